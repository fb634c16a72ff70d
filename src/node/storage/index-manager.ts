// A table's secondary indexes on one node: kept up with every write, asked for candidate rows by reads. Legacy, SAI
// and SASI share one structure; vector search scans (nearest-rows.ts). Candidates are checked by the row filter.
// Test: test/storage/index-manager.test.ts. Cassandra: index/SecondaryIndexManager.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder, FULL_SLICE } from '../../data/clustering-order.ts';
import { isDeleted } from '../../data/deletion.ts';
import type { Clustering, DecoratedKey, PartitionData, Row } from '../../data/partition.ts';
import type {
  ClusteringFilter,
  ReadCommand,
  RowFilterExpression,
} from '../../data/read-command.ts';
import type { IndexMetadata, TableMetadata } from '../../data/schema.ts';
import { isIndexableVector, similarityOf } from '../../data/vector-similarity.ts';
import { compareKeys } from '../../ring/token.ts';
import type { IndexTarget } from './index-target.ts';
import {
  analyzed,
  entryTerm,
  indexTarget,
  isPartitionLevel,
  serves,
  termsOf,
} from './index-target.ts';
import type { StoredPartition } from './partition-read.ts';
import { forEachStoredRow, storedRow } from './partition-read.ts';
import type { Posting, Postings } from './term-index.ts';
import { TermIndex } from './term-index.ts';
import type { TableStore } from './table-store.ts';
import { WHOLE_RING } from './table-store.ts';

/** A partition an index points to. */
export interface IndexCandidate {
  readonly key: DecoratedKey;
  /** The command's selection, narrowed to the rows pointed to. */
  narrow(selection: ClusteringFilter, order: ClusteringOrder): ClusteringFilter;
}

interface BuiltIndex {
  readonly target: IndexTarget;
  readonly terms: TermIndex;
  isQueryable: boolean;
}

export class IndexManager {
  private readonly store: TableStore;
  private table: TableMetadata;
  private readonly built = new Map<string, BuiltIndex>();

  constructor(table: TableMetadata, store: TableStore) {
    this.store = store;
    this.table = table;
    for (const index of table.indexes) this.create(index);
  }

  get isEmpty(): boolean {
    return this.built.size === 0;
  }

  /** Builds indexes that are new, drops those gone. */
  setTable(table: TableMetadata): void {
    this.table = table;
    const wanted = new Map(table.indexes.map((index) => [index.name, index]));
    for (const [name, { target }] of this.built) {
      if (!isSameIndex(wanted.get(name), target.index)) this.built.delete(name);
    }
    for (const index of table.indexes) if (!this.built.has(index.name)) this.create(index);
  }

  isQueryable(name: string): boolean {
    return this.built.get(name)?.isQueryable ?? false;
  }

  /** An index that is being rebuilt or streamed refuses queries. */
  setQueryable(name: string, isQueryable: boolean): void {
    const built = this.built.get(name);
    if (built !== undefined) built.isQueryable = isQueryable;
  }

  /** The name of an index a command needs and cannot use; null when there is none. */
  unavailable(command: ReadCommand): string | null {
    if (command.indexName === null && command.ann === null) return null;
    for (const name of [command.indexName, command.ann?.indexName]) {
      if (name !== null && name !== undefined && !this.isQueryable(name)) return name;
    }
    return null;
  }

  /** Why a vector index cannot take an update (a zero or infinite vector); null: it can. */
  refusal(update: PartitionData): string | null {
    for (const { target } of this.built.values()) {
      if (target.className !== 'vector') continue;
      const kind = similarityOf(target.index.options);
      for (const row of update.rows) {
        const [vector] = termsOf(target, update.key, row);
        if (vector !== undefined && !isIndexableVector(kind, vector)) {
          return `Zero and near-zero vectors cannot be indexed or queried with ${kind} similarity`;
        }
      }
    }
    return null;
  }

  /** Builds an index anew from the table's data. */
  rebuild(name: string): void {
    const built = this.built.get(name);
    if (built === undefined) return;
    built.terms.clear();
    this.populate(built);
  }

  clear(): void {
    for (const { terms } of this.built.values()) terms.clear();
  }

  /** Runs `merge`, which applies `update`, and moves the terms of the rows it changed. */
  watch(update: PartitionData, merge: () => void): void {
    const { key } = update;
    const order = clusteringOrder(this.table);
    if (isDeleted(update.deletion) || update.rangeTombstones.length > 0) {
      const before = this.store.partition(key);
      merge();
      this.moveAll(key, before, this.store.partition(key));
      return;
    }
    const stored = this.store.stored(key.id);
    const rows = update.rows.map((row) => rowIn(stored, order, row.clustering));
    const staticBefore = stored?.staticRow ?? null;
    merge();
    const after = this.store.stored(key.id);
    if (stored === undefined) this.moveKey(key, false, true);
    this.move(key, 'static', staticBefore, after?.staticRow ?? null);
    for (const [i, row] of update.rows.entries()) {
      this.move(key, 'row', rows[i] ?? null, rowIn(after, order, row.clustering));
    }
  }

  /** Takes a partition's terms out, which is about to be removed. */
  forget(stored: StoredPartition): void {
    if (this.isEmpty) return;
    const { key } = stored;
    this.moveKey(key, true, false);
    this.move(key, 'static', stored.staticRow, null);
    const by = { reversed: false, order: clusteringOrder(this.table) };
    forEachStoredRow(stored, FULL_SLICE, by, (row) => {
      this.move(key, 'row', row, null);
      return true;
    });
  }

  /** Partitions that may hold matching rows, in (token, key) order. */
  candidates(command: ReadCommand): IndexCandidate[] {
    const postings = this.search(command.filter?.expressions ?? []);
    if (postings === null) return this.everyPartition();
    const byKey = new Map<string, Posting[]>();
    for (const list of postings) {
      for (const [id, posting] of list) {
        const known = byKey.get(id);
        if (known === undefined) byKey.set(id, [posting]);
        else known.push(posting);
      }
    }
    return [...byKey.values()]
      .map((list): IndexCandidate => {
        const { key } = list[0] as Posting;
        return { key, narrow: (selection, order) => narrow(list, selection, order) };
      })
      .sort((a, b) => compareKeys(a.key, b.key));
  }

  /** The postings of the condition that promises the fewest partitions; null when no index serves any. */
  private search(expressions: readonly RowFilterExpression[]): readonly Postings[] | null {
    let best: readonly Postings[] | null = null;
    let fewest = Infinity;
    for (const expression of expressions) {
      for (const { target, terms, isQueryable } of this.built.values()) {
        if (!isQueryable || !serves(target, expression)) continue;
        const found = lookUp(target, terms, expression);
        let size = 0;
        for (const postings of found) size += postings.size;
        if (size >= fewest) continue;
        fewest = size;
        best = found;
      }
    }
    return best;
  }

  private everyPartition(): IndexCandidate[] {
    const out: IndexCandidate[] = [];
    this.store.forEachStored(WHOLE_RING, ({ key }) => {
      out.push({ key, narrow: (selection) => selection });
    });
    return out;
  }

  private create(index: IndexMetadata): void {
    const target = indexTarget(this.table, index);
    if (target === null) return;
    const terms = new TermIndex(target.termType, clusteringOrder(this.table));
    const built = { target, terms, isQueryable: true };
    this.built.set(index.name, built);
    this.populate(built);
  }

  private populate(built: BuiltIndex): void {
    const { target } = built;
    if (target.className === 'vector') return;
    const by = { reversed: false, order: clusteringOrder(this.table) };
    this.store.forEachStored(WHOLE_RING, (stored) => {
      const { key } = stored;
      if (isPartitionLevel(target)) {
        moveTerms(built, key, null, termsOf(target, key, stored.staticRow));
        return;
      }
      forEachStoredRow(stored, FULL_SLICE, by, (row) => {
        moveTerms(built, key, row.clustering, termsOf(target, key, row));
        return true;
      });
    });
  }

  private moveAll(
    key: DecoratedKey,
    before: PartitionData | null,
    after: PartitionData | null,
  ): void {
    const order = clusteringOrder(this.table);
    this.moveKey(key, before !== null, after !== null);
    this.move(key, 'static', before?.staticRow ?? null, after?.staticRow ?? null);
    for (const row of before?.rows ?? []) {
      this.move(key, 'row', row, rowIn(after ?? undefined, order, row.clustering));
    }
    for (const row of after?.rows ?? []) {
      const known = rowIn(before ?? undefined, order, row.clustering);
      if (known === null) this.move(key, 'row', null, row);
    }
  }

  private moveKey(key: DecoratedKey, was: boolean, is: boolean): void {
    if (was === is) return;
    for (const built of this.built.values()) {
      if (built.target.column.kind !== 'partition_key') continue;
      for (const term of termsOf(built.target, key, null)) {
        if (is) built.terms.add(term, key, null);
        else built.terms.remove(term, key, null);
      }
    }
  }

  private move(
    key: DecoratedKey,
    kind: 'static' | 'row',
    before: Row | null,
    after: Row | null,
  ): void {
    if (before === after) return;
    for (const built of this.built.values()) {
      const { target } = built;
      if (target.className === 'vector' || target.column.kind === 'partition_key') continue;
      if ((target.column.kind === 'static') !== (kind === 'static')) continue;
      const clustering = kind === 'static' ? null : ((after ?? before)?.clustering ?? null);
      const old = before === null ? [] : termsOf(target, key, before);
      const now = after === null ? [] : termsOf(target, key, after);
      for (const term of old) {
        if (!now.some((other) => other.equals(term))) built.terms.remove(term, key, clustering);
      }
      moveTerms(built, key, clustering, now);
    }
  }
}

function isSameIndex(a: IndexMetadata | undefined, b: IndexMetadata): boolean {
  if (a === b) return true;
  if (a === undefined || a.kind !== b.kind || a.options.size !== b.options.size) return false;
  return [...a.options].every(([name, value]) => b.options.get(name) === value);
}

function moveTerms(
  built: BuiltIndex,
  key: DecoratedKey,
  clustering: Clustering | null,
  terms: readonly Buffer[],
): void {
  for (const term of terms) built.terms.add(term, key, clustering);
}

function rowIn(
  stored: StoredPartition | undefined,
  order: ClusteringOrder,
  clustering: Clustering,
): Row | null {
  return stored === undefined ? null : storedRow(stored, order, clustering);
}

function lookUp(
  target: IndexTarget,
  terms: TermIndex,
  expression: RowFilterExpression,
): readonly Postings[] {
  if (expression.kind === 'custom') return [];
  if (expression.kind === 'map-entry') {
    return terms.exact(entryTerm(expression.key, expression.value));
  }
  const { operator, value } = expression;
  const { analyzer } = target;
  switch (operator) {
    case 'IN':
      return (expression.values ?? []).flatMap((one) => equalTerms(target, terms, one));
    case '<':
    case '<=':
      return terms.between(null, value);
    case '>':
    case '>=':
      return terms.between(value, null);
    case 'LIKE_PREFIX':
    case 'LIKE_SUFFIX':
    case 'LIKE_CONTAINS':
    case 'LIKE_MATCHES': {
      const wanted = analyzer === null ? [value] : analyzed(analyzer, value);
      return terms.matching((term) => wanted.some((one) => isLike(operator, term, one)));
    }
    default:
      return equalTerms(target, terms, value);
  }
}

/** Of a text analyzed into several terms the first is looked up; the filter wants them all. */
function equalTerms({ analyzer, className }: IndexTarget, terms: TermIndex, value: Buffer) {
  // The entries of a legacy index are partitions: 1.0 and 1.00 are two.
  if (className === 'legacy') return terms.exact(value);
  if (analyzer === null) return terms.equal(value);
  const first = analyzed(analyzer, value)[0];
  return first === undefined ? [] : terms.equal(first);
}

function isLike(operator: string, term: Buffer, wanted: Buffer): boolean {
  switch (operator) {
    case 'LIKE_PREFIX':
      return term.subarray(0, wanted.length).equals(wanted);
    case 'LIKE_SUFFIX':
      return (
        term.length >= wanted.length && term.subarray(term.length - wanted.length).equals(wanted)
      );
    case 'LIKE_CONTAINS':
      return term.includes(wanted);
    default:
      return term.equals(wanted);
  }
}

function narrow(
  postings: readonly Posting[],
  selection: ClusteringFilter,
  order: ClusteringOrder,
): ClusteringFilter {
  if (postings.some((posting) => posting.whole)) return selection;
  const { reversed } = selection;
  let clusterings = postings.flatMap((posting) => posting.clusterings);
  if (postings.length > 1) {
    clusterings.sort((a, b) => order.compare(a, b));
    clusterings = clusterings.filter(
      (one, i) => i === 0 || order.compare(one, clusterings[i - 1] as Clustering) !== 0,
    );
  }
  const isWanted =
    selection.kind === 'names'
      ? (one: Clustering) => selection.clusterings.some((other) => order.compare(one, other) === 0)
      : (one: Clustering) => selection.slices.some((slice) => order.includes(slice, one));
  return { kind: 'names', clusterings: clusterings.filter(isWanted), reversed };
}
