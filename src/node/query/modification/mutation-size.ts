// The size of mutations as batch thresholds count it: Cassandra's dataSize, to the byte.
// Cassandra: db/IMutation.dataSize, db/rows/BTreeRow.dataSize, db/partitions/PartitionUpdate.dataSize.

import type { ColumnData, Mutation, PartitionData, Row } from '../../../data/partition.ts';
import { isComplexData, NO_TTL } from '../../../data/partition.ts';

const DELETION = 12;
const ROW_DELETION = DELETION + 1;
const LIVENESS = 8;
const EXPIRING_LIVENESS = LIVENESS + 8;
const CELL = 8 + 4 + 4;
const EMPTY_ROW = LIVENESS + ROW_DELETION;

/** Bytes. */
export function mutationsSize(mutations: readonly Mutation[]): number {
  let size = 0;
  for (const mutation of mutations)
    for (const update of mutation.updates) size += updateSize(update);
  return size;
}

function updateSize(update: PartitionData): number {
  let size = DELETION + (update.staticRow === null ? EMPTY_ROW : rowSize(update.staticRow));
  for (const row of update.rows) size += rowSize(row);
  for (const { start, end } of update.rangeTombstones) {
    size += DELETION + prefixSize(start.prefix) + prefixSize(end.prefix);
  }
  return size;
}

function rowSize(row: Row): number {
  let size =
    prefixSize(row.clustering) +
    ROW_DELETION +
    (row.liveness.ttl === NO_TTL ? LIVENESS : EXPIRING_LIVENESS);
  for (const data of row.data) size += columnSize(data);
  return size;
}

function columnSize(data: ColumnData): number {
  if (!isComplexData(data)) return CELL + data.value.length;
  return data.cells.reduce(
    (sum, cell) => sum + CELL + cell.value.length + (cell.path?.length ?? 0),
    DELETION,
  );
}

function prefixSize(prefix: readonly (Buffer | null)[]): number {
  return prefix.reduce((sum, value) => sum + (value?.length ?? 0), 0);
}
