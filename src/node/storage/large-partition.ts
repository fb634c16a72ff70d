// The mutable container of a partition with many rows; small partitions are immutable PartitionData, replaced whole.
// Rows in it are immutable and shared with other replicas. Test: test/storage/merge.test.ts.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder, endSide, startSide } from '../../data/clustering-order.ts';
import { isDeleted, laterDeletion } from '../../data/deletion.ts';
import { ActiveDeletions } from '../../data/merge-partitions.ts';
import type {
  Clustering,
  DecoratedKey,
  DeletionTime,
  PartitionData,
  RangeTombstone,
  Row,
  Slice,
} from '../../data/partition.ts';
import { LIVE } from '../../data/partition.ts';
import { mergeRanges, rangesNotShadowed } from '../../data/range-tombstones.ts';
import { mergeRows, shadowRow } from '../../data/reconcile.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { partitionBaseSize, rowSize } from './data-size.ts';
import { mergeRowsOnce } from './merge-memo.ts';
import { SortedChunks } from './sorted-chunks.ts';

/** Hears of every row that changed; null: was not, is not there. */
export type RowListener = (before: Row | null, after: Row | null) => void;

/** Above so many rows a partition is kept in this container. */
export const SMALL_PARTITION_ROWS_MAX = 48;

export class LargePartition {
  readonly key: DecoratedKey;
  table: TableMetadata;
  deletion: DeletionTime;
  staticRow: Row | null;
  rangeTombstones: readonly RangeTombstone[];
  /** As `partitionSize` counts. */
  size: number;
  private rows: SortedChunks<Row>;
  private readonly order: ClusteringOrder;

  constructor(partition: PartitionData) {
    this.key = partition.key;
    this.table = partition.table;
    this.deletion = partition.deletion;
    this.staticRow = partition.staticRow;
    this.rangeTombstones = partition.rangeTombstones;
    this.rows = SortedChunks.from(partition.rows);
    this.order = clusteringOrder(partition.table);
    this.size = partitionBaseSize(partition);
    for (const row of partition.rows) this.size += rowSize(row);
  }

  get rowCount(): number {
    return this.rows.length;
  }

  /** Merges an update in. */
  apply(update: PartitionData, listener: RowListener | null): void {
    this.size -= partitionBaseSize(this);
    this.table = update.table;
    if (isDeleted(update.deletion)) this.applyDeletion(update.deletion, listener);
    if (update.rangeTombstones.length > 0) this.applyRanges(update.rangeTombstones, listener);
    if (update.staticRow !== null) {
      this.staticRow =
        this.staticRow === null
          ? shadowRow(update.staticRow, this.deletion)
          : mergeRows(this.staticRow, update.staticRow, this.deletion);
    }
    if (update.rows.length > 0) {
      const active = new ActiveDeletions(this.order, this);
      for (const row of update.rows) this.applyRow(row, active.at(row.clustering), listener);
    }
    this.size += partitionBaseSize(this);
  }

  row(clustering: Clustering): Row | undefined {
    return this.rows.find((row) => this.order.compare(row.clustering, clustering));
  }

  /** Visits the rows of a slice in order, or from its end; stops when `visit` answers false. */
  forEachRow(slice: Slice, reversed: boolean, visit: (row: Row) => boolean): boolean {
    const { order } = this;
    if (!reversed) {
      const from = slice.start;
      const cursor =
        from.prefix.length === 0
          ? this.rows.first()
          : this.rows.cursor((row) =>
              order.compareToPosition(row.clustering, from.prefix, startSide(from)),
            );
      for (let row = cursor.item; row !== undefined; row = cursor.item) {
        if (slice.end.prefix.length > 0 && order.isAfterEnd(row.clustering, slice.end)) return true;
        if (!visit(row)) return false;
        cursor.next();
      }
      return true;
    }
    const to = slice.end;
    const cursor = this.endCursor(to);
    for (let row = cursor.item; row !== undefined; row = cursor.item) {
      if (slice.start.prefix.length > 0 && order.isBeforeStart(row.clustering, slice.start)) {
        return true;
      }
      if (!visit(row)) return false;
      cursor.previous();
    }
    return true;
  }

  /** A copy as plain data; the rows are the same objects. */
  snapshot(): PartitionData {
    const { table, key, deletion, staticRow, rangeTombstones } = this;
    return { table, key, deletion, staticRow, rows: this.rows.toArray(), rangeTombstones };
  }

  private endCursor(end: Slice['end']) {
    if (end.prefix.length === 0) return this.rows.last();
    const cursor = this.rows.cursor((row) =>
      this.order.compareToPosition(row.clustering, end.prefix, endSide(end)),
    );
    cursor.previous();
    return cursor;
  }

  private applyDeletion(deletion: DeletionTime, listener: RowListener | null): void {
    const later = laterDeletion(this.deletion, deletion);
    if (later === this.deletion) return;
    this.deletion = later;
    this.rangeTombstones = rangesNotShadowed(this.rangeTombstones, later);
    if (this.staticRow !== null) this.staticRow = shadowRow(this.staticRow, later);
    const kept: Row[] = [];
    for (const row of this.rows.toArray()) {
      const after = shadowRow(row, later);
      if (after !== null) kept.push(after);
      if (after !== row) this.changed(row, after, listener);
    }
    this.rows = SortedChunks.from(kept);
  }

  private applyRanges(ranges: readonly RangeTombstone[], listener: RowListener | null): void {
    const effective = rangesNotShadowed(ranges, this.deletion);
    this.rangeTombstones = mergeRanges(this.order, this.rangeTombstones, effective);
    for (const range of effective) {
      const within: Row[] = [];
      this.forEachRow(range, false, (row) => {
        within.push(row);
        return true;
      });
      for (const row of within) this.replace(row, shadowRow(row, range.deletion), listener);
    }
  }

  private applyRow(row: Row, active: DeletionTime, listener: RowListener | null): void {
    const { order } = this;
    const probe = (other: Row) => order.compare(other.clustering, row.clustering);
    const existing = this.rows.find(probe);
    if (existing === undefined) {
      const kept = active === LIVE ? row : shadowRow(row, active);
      if (kept === null) return;
      this.rows.set(kept, probe);
      this.changed(null, kept, listener);
      return;
    }
    this.replace(existing, mergeRowsOnce(existing, row, active), listener);
  }

  private replace(before: Row, after: Row | null, listener: RowListener | null): void {
    if (before === after) return;
    const probe = (other: Row) => this.order.compare(other.clustering, before.clustering);
    if (after === null) this.rows.delete(probe);
    else this.rows.set(after, probe);
    this.changed(before, after, listener);
  }

  private changed(before: Row | null, after: Row | null, listener: RowListener | null): void {
    this.size += (after === null ? 0 : rowSize(after)) - (before === null ? 0 : rowSize(before));
    if (listener !== null) listener(before, after);
  }
}
