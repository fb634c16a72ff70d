// The restrictions of one kind of columns (partition key, clustering, the others), in the columns' order.
// Immutable: adding gives a new set. Cassandra: cql3/restrictions/RestrictionSet, ClusteringColumnRestrictions.

import { invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { IndexRegistry } from './index-support.ts';
import type { Restriction } from './restriction.ts';
import { firstColumn, lastColumn, mergeRestrictions } from './restriction.ts';

/** Statics and regular columns together, by name. Cassandra: RestrictionSet.COLUMN_DEFINITION_COMPARATOR. */
function compareRestricted(a: ColumnMetadata, b: ColumnMetadata): number {
  return a.position - b.position || Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}

export class RestrictionSet {
  static readonly EMPTY = new RestrictionSet(new Map());

  readonly hasIn: boolean;
  readonly hasSlice: boolean;
  readonly hasContains: boolean;
  readonly onlyEqualities: boolean;
  readonly ann: Restriction | null;
  /** Each once, in column order. */
  readonly all: readonly Restriction[];
  /** Restricted columns in order. */
  readonly columns: readonly ColumnMetadata[];
  private readonly byColumn: ReadonlyMap<ColumnMetadata, Restriction>;

  private constructor(byColumn: ReadonlyMap<ColumnMetadata, Restriction>) {
    this.byColumn = byColumn;
    this.columns = [...byColumn.keys()].sort(compareRestricted);
    this.all = [...new Set(this.columns.map((column) => byColumn.get(column) as Restriction))];
    this.hasIn = this.all.some((r) => r.kind === 'in');
    this.hasSlice = this.all.some((r) => r.kind === 'slice');
    this.hasContains = this.all.some((r) => r.kind === 'contains');
    this.onlyEqualities = this.all.every((r) => r.kind === 'eq' || r.kind === 'in');
    this.ann = this.all.find((r) => r.kind === 'ann') ?? null;
  }

  get size(): number {
    return this.columns.length;
  }
  get isEmpty(): boolean {
    return this.columns.length === 0;
  }
  of(column: ColumnMetadata): Restriction | undefined {
    return this.byColumn.get(column);
  }
  /** The restriction of the last restricted column. */
  get last(): Restriction | undefined {
    return this.all[this.all.length - 1];
  }

  add(restriction: Restriction): RestrictionSet {
    const map = new Map(this.byColumn);
    const known = new Set<Restriction>();
    for (const column of restriction.columns) {
      const existing = this.byColumn.get(column);
      if (existing !== undefined) known.add(existing);
    }
    if (known.size === 0) for (const column of restriction.columns) map.set(column, restriction);
    for (const existing of known) {
      const merged = mergeRestrictions(existing, restriction);
      for (const column of merged.columns) map.set(column, merged);
    }
    return new RestrictionSet(map);
  }

  /** Adds to clustering restrictions, with the refusal of what follows a slice. */
  addClustering(
    restriction: Restriction,
    allowFiltering: boolean,
    indexes: IndexRegistry,
  ): RestrictionSet {
    const next = this.add(restriction);
    const last = this.last;
    if (last === undefined || allowFiltering || indexes.supports(restriction)) return next;
    const lastStart = firstColumn(last);
    const start = firstColumn(restriction);
    if (last.kind === 'slice' && start.position > lastStart.position) {
      throw invalid(
        `Clustering column "${start.name}" cannot be restricted (preceding column "${lastStart.name}" is restricted ` +
          'by a non-EQ relation)',
      );
    }
    if (restriction.kind === 'slice' && start.position < lastStart.position) {
      const following =
        this.columns.find((column) => column.position > start.position) ?? lastStart;
      throw invalid(
        `PRIMARY KEY column "${following.name}" cannot be restricted (preceding column "${start.name}" is restricted ` +
          'by a non-EQ relation)',
      );
    }
    return next;
  }
}

/** True when a clustering restriction cannot narrow the slices read and must be checked row by row. */
export function isLeftToFilter(restriction: Restriction, position: number): boolean {
  return (
    restriction.kind === 'contains' ||
    restriction.kind === 'like' ||
    firstColumn(restriction).position !== position
  );
}

/** The clustering restrictions that must be checked row by row (without those an index answers). */
export function clusteringFilters(set: RestrictionSet): readonly Restriction[] {
  const left: Restriction[] = [];
  let position = 0;
  for (const restriction of set.all) {
    if (isLeftToFilter(restriction, position)) left.push(restriction);
    else if (restriction.kind !== 'slice') position = lastColumn(restriction).position + 1;
  }
  return left;
}
