// The order of rows and of the ends of slices within a partition. An end stands between rows: before all rows that
// begin with its prefix, or after them. Test: test/storage/clustering-order.test.ts.
// Cassandra: db/ClusteringComparator, db/ClusteringBound.

import type { Clustering, ClusteringBound, Slice } from './partition.ts';
import { NO_CLUSTERING } from './partition.ts';
import type { ColumnMetadata, TableMetadata } from './schema.ts';
import type { BytesComparator } from './type-order.ts';
import { comparatorFor } from './type-order.ts';

/** A place between rows: before (-1) or after (1) every row that begins with `prefix`. */
export interface Position {
  readonly prefix: Clustering;
  readonly side: -1 | 1;
}

export const BOTTOM: Position = Object.freeze({ prefix: NO_CLUSTERING, side: -1 });
export const TOP: Position = Object.freeze({ prefix: NO_CLUSTERING, side: 1 });
export const OPEN_BOUND: ClusteringBound = Object.freeze({
  prefix: NO_CLUSTERING,
  inclusive: true,
});
export const FULL_SLICE: Slice = Object.freeze({ start: OPEN_BOUND, end: OPEN_BOUND });
export const ALL_SLICES: readonly Slice[] = Object.freeze([FULL_SLICE]);

export function startSide(bound: ClusteringBound): -1 | 1 {
  return bound.inclusive || bound.prefix.length === 0 ? -1 : 1;
}

export function endSide(bound: ClusteringBound): -1 | 1 {
  return bound.inclusive || bound.prefix.length === 0 ? 1 : -1;
}

export function startPosition(bound: ClusteringBound): Position {
  return { prefix: bound.prefix, side: startSide(bound) };
}

export function endPosition(bound: ClusteringBound): Position {
  return { prefix: bound.prefix, side: endSide(bound) };
}

/** The slice between two positions, `from` < `to`. */
export function sliceBetween(from: Position, to: Position): Slice {
  return {
    start: { prefix: from.prefix, inclusive: from.side < 0 },
    end: { prefix: to.prefix, inclusive: to.side > 0 },
  };
}

/** Comparisons for one table's clustering columns; all answer negative, zero or positive. */
export class ClusteringOrder {
  private readonly comparators: readonly BytesComparator[];
  private readonly only: BytesComparator | null;

  constructor(columns: readonly ColumnMetadata[]) {
    this.comparators = columns.map(componentComparator);
    this.only = this.comparators.length === 1 ? (this.comparators[0] ?? null) : null;
  }

  /** Of two full clusterings. */
  compare(a: Clustering, b: Clustering): number {
    if (a === b) return 0;
    if (this.only !== null) return compareComponent(this.only, a[0], b[0]);
    const { comparators } = this;
    for (let i = 0; i < comparators.length; i++) {
      const order = compareComponent(comparators[i] as BytesComparator, a[i], b[i]);
      if (order !== 0) return order;
    }
    return 0;
  }

  /** Negative when the row lies before the position, positive when after; never zero. */
  compareToPosition(clustering: Clustering, prefix: Clustering, side: -1 | 1): number {
    const { comparators } = this;
    for (let i = 0; i < prefix.length; i++) {
      const order = compareComponent(comparators[i] as BytesComparator, clustering[i], prefix[i]);
      if (order !== 0) return order;
    }
    return -side;
  }

  comparePositions(a: Position, b: Position): number {
    const { comparators } = this;
    const length = Math.min(a.prefix.length, b.prefix.length);
    for (let i = 0; i < length; i++) {
      const order = compareComponent(comparators[i] as BytesComparator, a.prefix[i], b.prefix[i]);
      if (order !== 0) return order;
    }
    if (a.prefix.length === b.prefix.length) return a.side - b.side;
    return a.prefix.length < b.prefix.length ? a.side : -b.side;
  }

  isBeforeStart(clustering: Clustering, start: ClusteringBound): boolean {
    return this.compareToPosition(clustering, start.prefix, startSide(start)) < 0;
  }

  isAfterEnd(clustering: Clustering, end: ClusteringBound): boolean {
    return this.compareToPosition(clustering, end.prefix, endSide(end)) > 0;
  }

  includes(slice: Slice, clustering: Clustering): boolean {
    return !this.isBeforeStart(clustering, slice.start) && !this.isAfterEnd(clustering, slice.end);
  }
}

/** A cache by the table's (immutable) list of clustering columns. */
const orders = new WeakMap<readonly ColumnMetadata[], ClusteringOrder>();

export function clusteringOrder(table: TableMetadata): ClusteringOrder {
  let order = orders.get(table.clustering);
  if (order === undefined) {
    order = new ClusteringOrder(table.clustering);
    orders.set(table.clustering, order);
  }
  return order;
}

function componentComparator(column: ColumnMetadata): BytesComparator {
  const comparator = comparatorFor(column.type);
  return column.reversed ? (a, b) => comparator(b, a) : comparator;
}

/** An absent component sorts first, as in Cassandra. */
function compareComponent(
  comparator: BytesComparator,
  a: Buffer | null | undefined,
  b: Buffer | null | undefined,
): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return comparator(a, b);
}
