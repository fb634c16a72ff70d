// How large data counts in statistics and limits: the bytes of keys and values with Cassandra's per-cell overheads,
// not what the process really spends on them. Test: test/storage/table-store.test.ts.

import type { Cell, Clustering, ColumnData, PartitionData, Row } from '../../data/partition.ts';
import { isComplexData } from '../../data/partition.ts';

const CELL_OVERHEAD = 8 + 4;
const ROW_OVERHEAD = 8;
const PARTITION_OVERHEAD = 12;

/** Bytes. */
export function partitionSize(partition: PartitionData): number {
  let size = partitionBaseSize(partition);
  for (let i = 0; i < partition.rows.length; i++) size += rowSize(partition.rows[i] as Row);
  return size;
}

/** Everything but the rows. */
export function partitionBaseSize(
  partition: Pick<PartitionData, 'key' | 'staticRow' | 'rangeTombstones'>,
): number {
  let size = PARTITION_OVERHEAD + partition.key.bytes.length;
  if (partition.staticRow !== null) size += rowSize(partition.staticRow);
  if (partition.rangeTombstones.length > 0) {
    for (const { start, end } of partition.rangeTombstones) {
      size += 12 + clusteringSize(start.prefix) + clusteringSize(end.prefix);
    }
  }
  return size;
}

export function rowSize(row: Row): number {
  let size = ROW_OVERHEAD + clusteringSize(row.clustering);
  const { data } = row;
  for (let i = 0; i < data.length; i++) {
    const entry = data[i] as ColumnData;
    if (isComplexData(entry)) {
      for (const cell of entry.cells) size += cellSize(cell);
    } else size += cellSize(entry);
  }
  return size;
}

function cellSize(cell: Cell): number {
  return CELL_OVERHEAD + cell.value.length + (cell.path === null ? 0 : cell.path.length);
}

function clusteringSize(clustering: Clustering): number {
  let size = 0;
  for (let i = 0; i < clustering.length; i++) size += 2 + (clustering[i]?.length ?? 0);
  return size;
}
