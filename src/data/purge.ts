// The view of a partition at a moment: what expired turns into tombstones, tombstones past gc_grace disappear, cells of
// dropped columns are hidden. Objects that need no change stay the same. Used by reads, repair and compaction.
// Test: test/storage/purge.test.ts. Cassandra: db/partitions/PurgeFunction, db/rows/BufferCell.purge, BTreeRow.purge.

import { hasLiveness, isCellLive, isDeleted, isLivenessLive } from './deletion.ts';
import type { Cell, ColumnData, DeletionTime, Liveness, PartitionData, Row } from './partition.ts';
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
  const rows = purgeRows(partition.rows, purger);
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

export function purgeRows(rows: readonly Row[], purger: Purger): readonly Row[] {
  let out: Row[] | null = null;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    const kept = purgeRow(row, purger);
    if (kept === row) {
      if (out !== null) out.push(row);
      continue;
    }
    out ??= rows.slice(0, i);
    if (kept !== null) out.push(kept);
  }
  return out ?? rows;
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

function purgeData(data: readonly ColumnData[], purger: Purger): readonly ColumnData[] {
  let out: ColumnData[] | null = null;
  for (let i = 0; i < data.length; i++) {
    const entry = data[i] as ColumnData;
    const kept = isComplexData(entry) ? purgeComplex(entry, purger) : purgeCell(entry, purger);
    if (kept === entry) {
      if (out !== null) out.push(entry);
      continue;
    }
    out ??= data.slice(0, i);
    if (kept !== null) out.push(kept);
  }
  return out ?? data;
}

function purgeComplex(
  entry: Extract<ColumnData, { cells: unknown }>,
  purger: Purger,
): ColumnData | null {
  const deletion = purgeDeletion(entry.deletion, purger);
  let out: Cell[] | null = null;
  const { cells } = entry;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as Cell;
    const kept = purgeCell(cell, purger);
    if (kept === cell) {
      if (out !== null) out.push(cell);
      continue;
    }
    out ??= cells.slice(0, i);
    if (kept !== null) out.push(kept);
  }
  if (out === null && deletion === entry.deletion) return entry;
  const kept = out ?? cells;
  if (kept.length === 0 && !isDeleted(deletion)) return null;
  return { column: entry.column, deletion, cells: kept };
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

/** Rows without cells of columns dropped after they were written, or no longer there. Usually the same array. */
export function hideDroppedColumns(rows: readonly Row[], table: TableMetadata): readonly Row[] {
  if (table.droppedColumns.size === 0) return rows;
  const out: Row[] = [];
  let isChanged = false;
  for (const row of rows) {
    const kept = hideDropped(row, table);
    if (kept !== row) isChanged = true;
    if (kept !== null) out.push(kept);
  }
  return isChanged ? out : rows;
}

/** One row as `hideDroppedColumns` leaves it; null when nothing is left. */
export function hideDropped(row: Row, table: TableMetadata): Row | null {
  if (table.droppedColumns.size === 0) return row;
  const data = row.data
    .map((entry) => hideDroppedColumn(entry, table))
    .filter((entry): entry is ColumnData => entry !== null);
  if (data.length === row.data.length && data.every((entry, i) => entry === row.data[i]))
    return row;
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
