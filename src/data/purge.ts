// The view of a partition at a moment: what expired turns into tombstones, tombstones past gc_grace disappear, cells of
// dropped columns are hidden. Objects that need no change stay the same. Used by reads, repair and compaction.
// Test: test/storage/purge.test.ts. Cassandra: db/partitions/PurgeFunction, db/rows/BufferCell.purge, BTreeRow.purge.

import { keepEach } from '../base/keep-each.ts';
import { hasLiveness, isCellLive, isDeleted, isLivenessLive } from './deletion.ts';
import type {
  Cell,
  ColumnData,
  ComplexData,
  DeletionTime,
  Liveness,
  PartitionData,
  Row,
} from './partition.ts';
import { isComplexData, LIVE, NO_DELETION_TIME, NO_LIVENESS, NO_TTL } from './partition.ts';
import { NO_RANGES } from './range-tombstones.ts';
import type { TableMetadata } from './schema.ts';

const NO_BYTES = Buffer.alloc(0);

/** Both in seconds since 1970. Tombstones with a local deletion time below `gcBefore` are purged. */
export interface Purger {
  readonly nowSeconds: number;
  readonly gcBefore: number;
  /** See `enforcesStrictLiveness`. */
  readonly strict: boolean;
}

/** The row at this moment; null when nothing is left of it. */
export function purgeRow(row: Row, purger: Purger): Row | null {
  const liveness = purgeLiveness(row.liveness, purger);
  const deletion = purgeDeletion(row.deletion, purger);
  if (purger.strict && !isDeleted(deletion) && !hasLiveness(liveness)) return null;
  const data = purgeData(row.data, purger);
  if (data === row.data && liveness === row.liveness && deletion === row.deletion) return row;
  if (data.length === 0 && !hasLiveness(liveness) && !isDeleted(deletion)) return null;
  return { clustering: row.clustering, liveness, deletion, data };
}

/** The partition at this moment; the same object when nothing changed. May come out empty. */
export function purgePartition(partition: PartitionData, purger: Purger): PartitionData {
  const deletion = purgeDeletion(partition.deletion, purger);
  const staticRow =
    partition.staticRow === null
      ? null
      : purgeRow(partition.staticRow, { ...purger, strict: false });
  const rows = keepEach(partition.rows, purgeRow, purger);
  let { rangeTombstones } = partition;
  if (rangeTombstones.some((range) => range.deletion.localDeletionTime < purger.gcBefore)) {
    const { gcBefore } = purger;
    rangeTombstones = rangeTombstones.filter(
      (range) => range.deletion.localDeletionTime >= gcBefore,
    );
    if (rangeTombstones.length === 0) rangeTombstones = NO_RANGES;
  }
  if (
    rows === partition.rows &&
    staticRow === partition.staticRow &&
    deletion === partition.deletion &&
    rangeTombstones === partition.rangeTombstones
  ) {
    return partition;
  }
  const { table, key } = partition;
  return { table, key, deletion, staticRow, rows, rangeTombstones };
}

/** The row with nothing but what lives at this moment; null when it is dead. For filters and view updates. */
export function liveRow(row: Row, nowSeconds: number, strict = false): Row | null {
  return purgeRow(row, { nowSeconds, gcBefore: Infinity, strict });
}

export function purgeDeletion(deletion: DeletionTime, purger: Purger): DeletionTime {
  return deletion.localDeletionTime < purger.gcBefore && isDeleted(deletion) ? LIVE : deletion;
}

function purgeLiveness(liveness: Liveness, purger: Purger): Liveness {
  if (liveness.ttl === NO_TTL || !hasLiveness(liveness)) return liveness;
  if (isLivenessLive(liveness, purger.nowSeconds)) return liveness;
  return liveness.localExpirationTime < purger.gcBefore ? NO_LIVENESS : liveness;
}

function purgeColumn(entry: ColumnData, purger: Purger): ColumnData | null {
  return isComplexData(entry) ? purgeComplex(entry, purger) : purgeCell(entry, purger);
}

/** Every row that is read comes by here: keepEach, with a call that the engine can inline until something changes. */
function purgeData(data: readonly ColumnData[], purger: Purger): readonly ColumnData[] {
  for (let i = 0; i < data.length; i++) {
    const entry = data[i] as ColumnData;
    if (purgeColumn(entry, purger) !== entry) return keepEach(data, purgeColumn, purger);
  }
  return data;
}

function purgeComplex(entry: ComplexData, purger: Purger): ColumnData | null {
  const deletion = purgeDeletion(entry.deletion, purger);
  const cells = keepEach(entry.cells, purgeCell, purger);
  if (cells === entry.cells && deletion === entry.deletion) return entry;
  if (cells.length === 0 && !isDeleted(deletion)) return null;
  return { column: entry.column, deletion, cells };
}

/** An expired cell becomes the tombstone its write would have been: dated when it was written. */
function purgeCell(cell: Cell, purger: Purger): Cell | null {
  if (cell.localDeletionTime === NO_DELETION_TIME || isCellLive(cell, purger.nowSeconds))
    return cell;
  if (cell.localDeletionTime < purger.gcBefore) return null;
  if (cell.ttl === NO_TTL) return cell;
  const { column, timestamp, path } = cell;
  const localDeletionTime = cell.localDeletionTime - cell.ttl;
  if (localDeletionTime < purger.gcBefore) return null;
  return { column, timestamp, ttl: NO_TTL, localDeletionTime, value: NO_BYTES, path };
}

/** The row without cells of columns dropped after they were written, or no longer there; null when nothing is left. */
export function hideDropped(row: Row, table: TableMetadata): Row | null {
  if (table.droppedColumns.size === 0) return row;
  const data = keepEach(row.data, hideDroppedColumn, table);
  if (data === row.data) return row;
  if (data.length === 0 && !hasLiveness(row.liveness) && !isDeleted(row.deletion)) return null;
  return { clustering: row.clustering, liveness: row.liveness, deletion: row.deletion, data };
}

function hideDroppedColumn(entry: ColumnData, table: TableMetadata): ColumnData | null {
  const { name } = entry.column;
  const dropped = table.droppedColumns.get(name);
  if (dropped === undefined) return entry;
  const current = table.columns.get(name);
  if (current === undefined || current.isComplex !== entry.column.isComplex) return null;
  const { droppedTimeMicros } = dropped;
  if (!isComplexData(entry)) return entry.timestamp <= droppedTimeMicros ? null : entry;
  const cells = entry.cells.filter((cell) => cell.timestamp > droppedTimeMicros);
  const deletion = entry.deletion.markedForDeleteAt <= droppedTimeMicros ? LIVE : entry.deletion;
  if (cells.length === 0 && !isDeleted(deletion)) return null;
  if (cells.length === entry.cells.length && deletion === entry.deletion) return entry;
  return { column: entry.column, deletion, cells };
}
