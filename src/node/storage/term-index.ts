// The terms of one index with the rows they point to: by hash for equality, in the type's order for ranges. May point
// to rows that no longer match (expired values); who reads through it checks the row.
// Test: test/storage/index-manager.test.ts.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import type { CqlType } from '../../data/cql-type.ts';
import type { Clustering, DecoratedKey } from '../../data/partition.ts';
import type { BytesComparator } from '../../data/type-order.ts';
import { comparatorFor } from '../../data/type-order.ts';
import { SortedChunks } from './sorted-chunks.ts';

/** Rows of one partition; `whole`: all of it (a static or partition key column). */
export interface Posting {
  readonly key: DecoratedKey;
  whole: boolean;
  /** Sorted. */
  readonly clusterings: Clustering[];
}

export type Postings = ReadonlyMap<string, Posting>;

interface Term {
  readonly bytes: Buffer;
  readonly postings: Map<string, Posting>;
}

/** Types whose equal values have equal bytes. */
const HASHED: ReadonlySet<string> = new Set([
  'ascii',
  'text',
  'int',
  'bigint',
  'smallint',
  'tinyint',
  'uuid',
  'timeuuid',
  'timestamp',
  'date',
  'time',
  'boolean',
  'blob',
  'inet',
]);

export class TermIndex {
  private readonly terms = new Map<string, Term>();
  /** Built by the first search that needs an order, kept up from then on. */
  private ordered: SortedChunks<Term> | null = null;
  private readonly compare: BytesComparator;
  private readonly isHashed: boolean;
  private readonly order: ClusteringOrder;

  constructor(type: CqlType, order: ClusteringOrder) {
    this.compare = comparatorFor(type);
    this.isHashed = type.kind === 'native' && HASHED.has(type.name);
    this.order = order;
  }

  get termCount(): number {
    return this.terms.size;
  }

  /** `clustering` null: the whole partition. */
  add(bytes: Buffer, key: DecoratedKey, clustering: Clustering | null): void {
    const id = bytes.toString('latin1');
    let term = this.terms.get(id);
    if (term === undefined) {
      term = { bytes, postings: new Map() };
      this.terms.set(id, term);
      this.ordered?.set(term, this.probeOf(term));
    }
    let posting = term.postings.get(key.id);
    if (posting === undefined) {
      posting = { key, whole: false, clusterings: [] };
      term.postings.set(key.id, posting);
    }
    if (clustering === null) posting.whole = true;
    else {
      const at = this.placeOf(posting.clusterings, clustering);
      const existing = posting.clusterings[at];
      if (existing === undefined || this.order.compare(existing, clustering) !== 0) {
        posting.clusterings.splice(at, 0, clustering);
      }
    }
  }

  remove(bytes: Buffer, key: DecoratedKey, clustering: Clustering | null): void {
    const id = bytes.toString('latin1');
    const term = this.terms.get(id);
    const posting = term?.postings.get(key.id);
    if (term === undefined || posting === undefined) return;
    if (clustering === null) posting.whole = false;
    else {
      const at = this.placeOf(posting.clusterings, clustering);
      const existing = posting.clusterings[at];
      if (existing !== undefined && this.order.compare(existing, clustering) === 0) {
        posting.clusterings.splice(at, 1);
      }
    }
    if (posting.whole || posting.clusterings.length > 0) return;
    term.postings.delete(key.id);
    if (term.postings.size > 0) return;
    this.terms.delete(id);
    this.ordered?.delete(this.probeOf(term));
  }

  clear(): void {
    this.terms.clear();
    this.ordered = null;
  }

  equal(bytes: Buffer): readonly Postings[] {
    if (this.isHashed) {
      const term = this.terms.get(bytes.toString('latin1'));
      return term === undefined ? [] : [term.postings];
    }
    return this.between(bytes, bytes);
  }

  /** By the exact bytes, whatever the type: map entries. */
  exact(bytes: Buffer): readonly Postings[] {
    const term = this.terms.get(bytes.toString('latin1'));
    return term === undefined ? [] : [term.postings];
  }

  /** Terms in [from, to]; null: open. */
  between(from: Buffer | null, to: Buffer | null): readonly Postings[] {
    const ordered = this.inOrder();
    const found: Postings[] = [];
    const cursor =
      from === null
        ? ordered.first()
        : ordered.cursor((term) => this.compare(term.bytes, from) || 1);
    for (let term = cursor.item; term !== undefined; term = cursor.item) {
      if (to !== null && this.compare(term.bytes, to) > 0) break;
      found.push(term.postings);
      cursor.next();
    }
    return found;
  }

  matching(test: (term: Buffer) => boolean): readonly Postings[] {
    const found: Postings[] = [];
    for (const term of this.terms.values()) if (test(term.bytes)) found.push(term.postings);
    return found;
  }

  private inOrder(): SortedChunks<Term> {
    if (this.ordered === null) {
      const sorted = [...this.terms.values()].sort((a, b) => this.compareTerms(a, b));
      this.ordered = SortedChunks.from(sorted);
    }
    return this.ordered;
  }

  private probeOf(term: Term) {
    return (other: Term) => this.compareTerms(other, term);
  }

  /** Values that are equal with different bytes (1.0 and 1.00) are different terms. */
  private compareTerms(a: Term, b: Term): number {
    return this.compare(a.bytes, b.bytes) || Buffer.compare(a.bytes, b.bytes);
  }

  private placeOf(clusterings: readonly Clustering[], clustering: Clustering): number {
    let low = 0;
    let high = clusterings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order.compare(clusterings[middle] as Clustering, clustering) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
