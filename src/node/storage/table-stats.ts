// Counts of a table for `nodetool tablestats` and system.size_estimates. Test: test/storage/table-store.test.ts.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder, FULL_SLICE } from '../../data/clustering-order.ts';
import { isCellLive, isDeleted } from '../../data/deletion.ts';
import type { Cell, ColumnData, Row } from '../../data/partition.ts';
import { isComplexData } from '../../data/partition.ts';
import type { PartitionRange } from '../../data/read-command.ts';
import { partitionSize } from './data-size.ts';
import { LargePartition } from './large-partition.ts';
import type { StoredPartition } from './partition-read.ts';
import { forEachStoredRow } from './partition-read.ts';
import type { TableStore } from './table-store.ts';
import { WHOLE_RING } from './table-store.ts';

export interface TableStats {
  readonly partitions: number;
  /** As data-size.ts counts. */
  readonly dataBytes: number;
  readonly rows: number;
  readonly liveCells: number;
  /** Dead cells, row, range and partition deletions. */
  readonly tombstones: number;
  readonly partitionBytesMin: number;
  readonly partitionBytesMax: number;
  readonly partitionBytesMean: number;
}

interface Counts {
  rows: number;
  liveCells: number;
  tombstones: number;
}

/** Looks at every cell. */
export function tableStats(store: TableStore, nowSeconds: number): TableStats {
  const order = clusteringOrder(store.table);
  const counts: Counts = { rows: 0, liveCells: 0, tombstones: 0 };
  const sizes = sizeEstimate(store, WHOLE_RING, (stored) => {
    countPartition(stored, { nowSeconds, order }, counts);
  });
  return { ...sizes, ...counts };
}

/** Number and sizes of the partitions in a range. */
export function sizeEstimate(
  store: TableStore,
  range: PartitionRange,
  visit: (stored: StoredPartition) => void = () => undefined,
): Omit<TableStats, keyof Counts> {
  let partitions = 0;
  let dataBytes = 0;
  let min = Infinity;
  let max = 0;
  store.forEachStored(range, (stored) => {
    const size = stored instanceof LargePartition ? stored.size : partitionSize(stored);
    partitions++;
    dataBytes += size;
    min = Math.min(min, size);
    max = Math.max(max, size);
    visit(stored);
  });
  return {
    partitions,
    dataBytes,
    partitionBytesMin: partitions === 0 ? 0 : min,
    partitionBytesMax: max,
    partitionBytesMean: partitions === 0 ? 0 : Math.round(dataBytes / partitions),
  };
}

function countPartition(
  stored: StoredPartition,
  by: { readonly nowSeconds: number; readonly order: ClusteringOrder },
  counts: Counts,
): void {
  if (isDeleted(stored.deletion)) counts.tombstones++;
  counts.tombstones += stored.rangeTombstones.length;
  if (stored.staticRow !== null) countRow(stored.staticRow, by.nowSeconds, counts);
  forEachStoredRow(stored, FULL_SLICE, { reversed: false, order: by.order }, (row) => {
    counts.rows++;
    countRow(row, by.nowSeconds, counts);
    return true;
  });
}

function countRow(row: Row, nowSeconds: number, counts: Counts): void {
  if (isDeleted(row.deletion)) counts.tombstones++;
  for (const entry of row.data) countColumn(entry, nowSeconds, counts);
}

function countColumn(entry: ColumnData, nowSeconds: number, counts: Counts): void {
  if (!isComplexData(entry)) {
    countCell(entry, nowSeconds, counts);
    return;
  }
  if (isDeleted(entry.deletion)) counts.tombstones++;
  for (const cell of entry.cells) countCell(cell, nowSeconds, counts);
}

function countCell(cell: Cell, nowSeconds: number, counts: Counts): void {
  if (isCellLive(cell, nowSeconds)) counts.liveCells++;
  else counts.tombstones++;
}
