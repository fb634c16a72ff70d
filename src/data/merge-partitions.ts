// Merging the content of partitions: a replica applies an update, a coordinator merges answers, repair merges streams.
// What goes in must be canonical (nothing shadowed by a larger deletion is kept; builders see to it), what comes out
// is. Test: test/storage/merge.test.ts. Cassandra: db/rows/UnfilteredRowIterators.merge.

import { keepEach } from '../base/keep-each.ts';
import { required } from '../base/assert.ts';
import type { ClusteringOrder } from './clustering-order.ts';
import { clusteringOrder } from './clustering-order.ts';
import { isDeleted, laterDeletion, supersedes } from './deletion.ts';
import type {
  Clustering,
  DecoratedKey,
  DeletionTime,
  PartitionData,
  RangeTombstone,
  Row,
} from './partition.ts';
import { LIVE } from './partition.ts';
import { mergeRanges, NO_RANGES, rangeDeletionAt, rangesNotShadowed } from './range-tombstones.ts';
import { mergeRows, shadowRow } from './reconcile.ts';
import type { TableMetadata } from './schema.ts';

export const NO_ROWS: readonly Row[] = Object.freeze([]);

export function emptyPartition(table: TableMetadata, key: DecoratedKey): PartitionData {
  return {
    table,
    key,
    deletion: LIVE,
    staticRow: null,
    rows: NO_ROWS,
    rangeTombstones: NO_RANGES,
  };
}

/** No rows, no static content, no deletion of any kind. */
export function isEmptyPartition(partition: PartitionData): boolean {
  return (
    partition.rows.length === 0 &&
    partition.staticRow === null &&
    partition.rangeTombstones.length === 0 &&
    !isDeleted(partition.deletion)
  );
}

/** Any number of versions of one partition, at least one, merged. */
export function mergeAllPartitions(versions: readonly PartitionData[]): PartitionData {
  let merged = required(versions[0], 'nothing to merge');
  for (let i = 1; i < versions.length; i++) {
    merged = mergePartitions(merged, versions[i] as PartitionData);
  }
  return merged;
}

/** Two versions of one partition. Gives `a` or `b` itself when the outcome equals it. */
export function mergePartitions(a: PartitionData, b: PartitionData): PartitionData {
  if (a === b) return a;
  const deletion = laterDeletion(a.deletion, b.deletion);
  const order = clusteringOrder(b.table);
  const rangeTombstones = mergeRanges(
    order,
    rangesNotShadowed(a.rangeTombstones, deletion),
    rangesNotShadowed(b.rangeTombstones, deletion),
  );
  const staticRow = mergeStatic(a.staticRow, b.staticRow, deletion);
  const rows =
    deletion === LIVE && rangeTombstones.length === 0
      ? mergeRowLists(order, a.rows, b.rows)
      : mergeShadowedRows(order, a, b, { deletion, rangeTombstones });
  if (isSame(a, deletion, staticRow, rows, rangeTombstones)) return a;
  if (isSame(b, deletion, staticRow, rows, rangeTombstones)) return b;
  return { table: b.table, key: a.key, deletion, staticRow, rows, rangeTombstones };
}

/** The partition with whatever its own deletions shadow taken out; itself when it is canonical already. */
export function canonicalPartition(partition: PartitionData): PartitionData {
  const { deletion, rows } = partition;
  const order = clusteringOrder(partition.table);
  const rangeTombstones = rangesNotShadowed(partition.rangeTombstones, deletion);
  const kept = shadowRows(rows, new ActiveDeletions(order, { deletion, rangeTombstones }));
  const { staticRow } = partition;
  const shadowedStatic = staticRow === null ? null : shadowRow(staticRow, deletion);
  if (isSame(partition, deletion, shadowedStatic, kept, rangeTombstones)) return partition;
  return { ...partition, staticRow: shadowedStatic, rows: kept, rangeTombstones };
}

function isSame(
  one: PartitionData,
  deletion: DeletionTime,
  staticRow: Row | null,
  rows: readonly Row[],
  ranges: readonly RangeTombstone[],
): boolean {
  return (
    rows === one.rows &&
    staticRow === one.staticRow &&
    deletion === one.deletion &&
    ranges === one.rangeTombstones
  );
}

function mergeStatic(a: Row | null, b: Row | null, deletion: DeletionTime): Row | null {
  if (a === null) return b === null ? null : shadowRow(b, deletion);
  return b === null ? shadowRow(a, deletion) : mergeRows(a, b, deletion);
}

/** No deletion above row level is in force. */
function mergeRowLists(
  order: ClusteringOrder,
  a: readonly Row[],
  b: readonly Row[],
): readonly Row[] {
  if (b.length === 0 || a === b) return a;
  if (a.length === 0) return b;
  if (b.length === 1) return withRow(order, a, b);
  return zipRows(order, a, b, null);
}

/** One row among many: the frequent update. */
function withRow(
  order: ClusteringOrder,
  rows: readonly Row[],
  update: readonly Row[],
): readonly Row[] {
  const row = update[0] as Row;
  const at = findRow(order, rows, row.clustering);
  if (at < 0) return rows.toSpliced(~at, 0, row);
  const existing = rows[at] as Row;
  const merged = mergeRows(existing, row, LIVE);
  if (merged === existing) return rows;
  if (merged === row && rows.length === 1) return update;
  if (rows.length === 1) return merged === null ? NO_ROWS : [merged];
  return merged === null ? rows.toSpliced(at, 1) : rows.with(at, merged);
}

/** The index of a row, or the complement (~) of where it would stand. */
export function findRow(
  order: ClusteringOrder,
  rows: readonly Row[],
  clustering: Clustering,
): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const comparison = order.compare((rows[middle] as Row).clustering, clustering);
    if (comparison === 0) return middle;
    if (comparison < 0) low = middle + 1;
    else high = middle;
  }
  return ~low;
}

function mergeShadowedRows(
  order: ClusteringOrder,
  a: PartitionData,
  b: PartitionData,
  by: Pick<PartitionData, 'deletion' | 'rangeTombstones'>,
): readonly Row[] {
  const active = new ActiveDeletions(order, by);
  if (b.rows.length === 0) {
    const isAsBefore = by.deletion === a.deletion && by.rangeTombstones === a.rangeTombstones;
    return isAsBefore ? a.rows : shadowRows(a.rows, active);
  }
  if (a.rows.length > 0) return zipRows(order, a.rows, b.rows, active);
  const kept = shadowRows(b.rows, active);
  return kept.length === 0 ? a.rows : kept;
}

function zipRows(
  order: ClusteringOrder,
  a: readonly Row[],
  b: readonly Row[],
  active: ActiveDeletions | null,
): readonly Row[] {
  const out: Row[] = [];
  let likeA = true;
  let likeB = true;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    const compared =
      x === undefined ? 1 : y === undefined ? -1 : order.compare(x.clustering, y.clustering);
    const row = (compared <= 0 ? x : y) as Row;
    const deletion = active === null ? LIVE : active.at(row.clustering);
    const merged = compared === 0 ? mergeRows(row, y as Row, deletion) : shadowRow(row, deletion);
    if (compared <= 0) i++;
    if (compared >= 0) j++;
    likeA &&= merged === (compared > 0 ? null : x);
    likeB &&= merged === (compared < 0 ? null : y);
    if (merged !== null) out.push(merged);
  }
  return likeA ? a : likeB ? b : out;
}

function shadowRows(rows: readonly Row[], active: ActiveDeletions): readonly Row[] {
  return keepEach(rows, shadowUnder, active);
}

function shadowUnder(row: Row, active: ActiveDeletions): Row | null {
  return shadowRow(row, active.at(row.clustering));
}

/** The deletion in force row by row, asked in clustering order. */
export class ActiveDeletions {
  private readonly order: ClusteringOrder;
  private readonly partition: DeletionTime;
  private readonly ranges: readonly RangeTombstone[];

  constructor(order: ClusteringOrder, by: Pick<PartitionData, 'deletion' | 'rangeTombstones'>) {
    this.order = order;
    this.partition = by.deletion;
    this.ranges = by.rangeTombstones;
  }

  at(clustering: Clustering): DeletionTime {
    if (this.ranges.length === 0) return this.partition;
    const deletion = rangeDeletionAt(this.order, this.ranges, clustering);
    return supersedes(deletion, this.partition) ? deletion : this.partition;
  }
}
