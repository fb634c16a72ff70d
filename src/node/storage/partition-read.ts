// Reading one stored partition for a command: the selected rows as they are at the command's moment, filtered, counted
// against limits and tombstone thresholds. Gives the stored object itself when the command wants all of it.
// Test: test/storage/read.test.ts. Cassandra: db/ReadCommand.executeLocally and the transformations it stacks.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder, FULL_SLICE, OPEN_BOUND } from '../../data/clustering-order.ts';
import {
  enforcesStrictLiveness,
  hasLiveness,
  isCellLive,
  isDeleted,
  isLive,
  isLivenessLive,
} from '../../data/deletion.ts';
import type { LimitCounter } from '../../data/live-view.ts';
import { findRow, isEmptyPartition, NO_ROWS } from '../../data/merge-partitions.ts';
import type {
  Cell,
  Clustering,
  ColumnData,
  DecoratedKey,
  DeletionTime,
  PartitionData,
  RangeTombstone,
  Row,
  Slice,
} from '../../data/partition.ts';
import {
  isComplexData,
  LIVE,
  NO_DELETION_TIME,
  NO_LIVENESS,
  NO_TTL,
} from '../../data/partition.ts';
import type { Purger } from '../../data/purge.ts';
import { hideDropped, purgeDeletion, purgeRow } from '../../data/purge.ts';
import { clipRanges, NO_RANGES, rangeDeletionAt } from '../../data/range-tombstones.ts';
import type { ClusteringFilter, ReadCommand } from '../../data/read-command.ts';
import { RowMatcher } from '../../data/row-filter.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { LargePartition } from './large-partition.ts';

export type StoredPartition = PartitionData | LargePartition;

/** Raised inside a read that meets too many tombstones; caught where the read began. */
export class TombstonesExceeded extends Error {
  override readonly name = 'TombstonesExceeded';
}

/** What one command's execution carries from partition to partition. */
export class ReadExecution {
  readonly command: ReadCommand;
  readonly table: TableMetadata;
  readonly order: ClusteringOrder;
  readonly purger: Purger;
  readonly counter: LimitCounter;
  readonly matcher: RowMatcher | null;
  tombstones = 0;
  /** Whatever a filter thinks of them. */
  liveRows = 0;
  /** The partition read last. */
  key: DecoratedKey | null = null;
  private readonly tombstonesMax: number;

  constructor(
    command: ReadCommand,
    by: {
      readonly table: TableMetadata;
      readonly counter: LimitCounter;
      readonly tombstonesMax: number;
    },
  ) {
    this.command = command;
    this.table = by.table;
    this.counter = by.counter;
    this.tombstonesMax = by.tombstonesMax;
    this.order = clusteringOrder(by.table);
    this.purger = {
      nowSeconds: command.nowSeconds,
      gcBefore: command.nowSeconds - by.table.params.gc_grace_seconds,
      strict: enforcesStrictLiveness(by.table),
    };
    this.matcher =
      command.filter === null ? null : new RowMatcher(by.table, command.filter, command.nowSeconds);
  }

  countTombstones(count: number): void {
    this.tombstones += count;
    if (this.tombstones <= this.tombstonesMax) return;
    // Cassandra counts one by one.
    this.tombstones = this.tombstonesMax + 1;
    throw new TombstonesExceeded();
  }
}

/**
 * The part of a stored partition a command asks for; null when there is nothing in it. `selection` replaces the
 * command's own (paging, indexes); `isResumed`: an earlier page ended within this partition.
 */
export function readPartition(
  stored: StoredPartition,
  execution: ReadExecution,
  selection: ClusteringFilter,
  isResumed: boolean,
): PartitionData | null {
  execution.counter.beginPartition(isResumed);
  execution.key = stored.key;
  const { room } = execution.counter;
  if (room <= 0) return null;
  if (
    execution.matcher === null &&
    !isResumed &&
    !(stored instanceof LargePartition) &&
    stored.rows.length <= room &&
    isWantedWhole(stored, execution, selection)
  ) {
    execution.counter.count(Math.max(stored.rows.length, stored.staticRow === null ? 0 : 1));
    execution.liveRows += stored.rows.length + (stored.staticRow === null ? 0 : 1);
    return stored;
  }
  return new PartitionRead(stored, execution, selection, room).run(isResumed);
}

/**
 * Whether a partition without conditions on it is wanted as it is stored: all of it selected, alive and free of
 * anything that moves with time. The common case, kept cheap.
 */
export function isWantedWhole(
  stored: PartitionData,
  by: {
    readonly command: ReadCommand;
    readonly table: TableMetadata;
    readonly order: ClusteringOrder;
  },
  selection: ClusteringFilter,
): boolean {
  const { command, table } = by;
  if (command.columns.onlyFetched === true) return false;
  if (stored.deletion !== LIVE || stored.rangeTombstones.length > 0) return false;
  if (table.droppedColumns.size > 0 || table.view !== null) return false;
  const gcBefore = command.nowSeconds - table.params.gc_grace_seconds;
  if (stored.staticRow !== null) {
    if (command.columns.fetched !== null || !isPlain(stored.staticRow, gcBefore)) return false;
  }
  const { rows } = stored;
  if (selection.kind === 'names') {
    const only = selection.clusterings[0];
    if (rows.length !== 1 || selection.clusterings.length !== 1 || only === undefined) return false;
    const { clustering } = rows[0] as Row;
    if (clustering.length > 0 && by.order.compare(clustering, only) !== 0) return false;
  } else {
    const slice = selection.slices[0];
    if (slice === undefined || selection.slices.length !== 1) return false;
    if (slice.start.prefix.length > 0 || slice.end.prefix.length > 0) return false;
  }
  for (let i = 0; i < rows.length; i++) if (!isPlain(rows[i] as Row, gcBefore)) return false;
  return true;
}

/** Alive, without tombstones, expiring parts or purgeable deletions. */
function isPlain(row: Row, gcBefore: number): boolean {
  if (row.deletion !== LIVE || row.liveness.ttl !== NO_TTL) return false;
  const { data } = row;
  let isAlive = hasLiveness(row.liveness);
  for (let i = 0; i < data.length; i++) {
    const entry = data[i] as ColumnData;
    if (isComplexData(entry)) {
      if (entry.deletion !== LIVE && entry.deletion.localDeletionTime < gcBefore) return false;
      for (const cell of entry.cells) {
        if (cell.localDeletionTime !== NO_DELETION_TIME) return false;
        isAlive = true;
      }
    } else {
      if (entry.localDeletionTime !== NO_DELETION_TIME) return false;
      isAlive = true;
    }
  }
  return isAlive;
}

/** One partition's read in the general case. */
class PartitionRead {
  private readonly stored: StoredPartition;
  private readonly execution: ReadExecution;
  private readonly selection: ClusteringFilter;
  private readonly room: number;
  private readonly rows: Row[] = [];
  private live = 0;
  private staticRow: Row | null = null;
  /** The row at which the limit stopped the read; deletions beyond it are not reported. */
  private stoppedAt: Clustering | null = null;

  constructor(
    stored: StoredPartition,
    execution: ReadExecution,
    selection: ClusteringFilter,
    room: number,
  ) {
    this.stored = stored;
    this.execution = execution;
    this.selection = selection;
    this.room = room;
  }

  run(isResumed: boolean): PartitionData | null {
    const { execution, stored, selection } = this;
    const { matcher, command, purger } = execution;
    this.staticRow = this.readStatic();
    const isStaticLive =
      this.staticRow !== null && isLive(this.staticRow, command.nowSeconds, false);
    if (isStaticLive) execution.liveRows++;
    if (matcher !== null) {
      if (!matcher.matchesPartition(stored.key, isStaticLive ? this.staticRow : null)) return null;
    }
    if (selection.kind === 'names') this.readNames(selection.clusterings);
    else this.readSlices(selection.slices);
    if (selection.reversed) this.rows.reverse();
    if (this.live > 0) execution.counter.count(this.live);
    else if (isStaticLive) {
      if (isResumed || (matcher !== null && matcher.hasRowConditions)) this.staticRow = null;
      else execution.counter.count(1);
    }
    const result: PartitionData = {
      table: execution.table,
      key: stored.key,
      deletion: purgeDeletion(stored.deletion, purger),
      staticRow: this.staticRow,
      rows: this.rows.length === 0 ? NO_ROWS : this.rows,
      rangeTombstones: selection.kind === 'names' ? NO_RANGES : this.readRanges(selection.slices),
    };
    return isEmptyPartition(result) ? null : result;
  }

  private readStatic(): Row | null {
    const { execution, stored } = this;
    const { fetched } = execution.command.columns;
    if (stored.staticRow === null) return null;
    let row = hideDropped(stored.staticRow, execution.table);
    if (row !== null && fetched !== null) {
      const data = row.data.filter((entry) => hasColumn(fetched, entry));
      if (data.length === 0) return null;
      if (data.length < row.data.length) row = { ...row, data };
    }
    if (row === null) return null;
    const purged = purgeRow(row, { ...execution.purger, strict: false });
    if (purged !== null)
      execution.countTombstones(cellTombstones(purged, execution.purger.nowSeconds));
    return purged;
  }

  private readSlices(slices: readonly Slice[]): void {
    const { reversed } = this.selection;
    const visit = (row: Row) => this.take(row);
    for (let i = 0; i < slices.length; i++) {
      const slice = slices[reversed ? slices.length - 1 - i : i] as Slice;
      if (!forEachStoredRow(this.stored, slice, { reversed, order: this.execution.order }, visit)) {
        return;
      }
    }
  }

  /** By name, what deletes a row travels as the row's own deletion. */
  private readNames(clusterings: readonly Clustering[]): void {
    const { stored, execution } = this;
    const { reversed } = this.selection;
    for (let i = 0; i < clusterings.length; i++) {
      const index = reversed ? clusterings.length - 1 - i : i;
      const clustering = clusterings[index] as Clustering;
      const row = storedRow(stored, execution.order, clustering);
      const deletion = rangeDeletionAt(execution.order, stored.rangeTombstones, clustering);
      const withDeletion = deletion === LIVE ? row : deletedRow(row, clustering, deletion);
      if (withDeletion !== null && !this.take(withDeletion)) return;
    }
  }

  /** Adds a row; false when the limit is reached. */
  private take(stored: Row): boolean {
    const { execution } = this;
    const { purger, matcher } = execution;
    const visible = this.fetchedOf(hideDropped(stored, execution.table));
    const row = visible === null ? null : purgeRow(visible, purger);
    if (row === null) return true;
    const tombstones = cellTombstones(row, purger.nowSeconds);
    const isAlive = isLive(row, purger.nowSeconds, purger.strict);
    if (tombstones > 0) execution.countTombstones(tombstones);
    else if (!isAlive && isDeletedRow(row, purger.nowSeconds)) execution.countTombstones(1);
    if (isAlive) execution.liveRows++;
    if (matcher !== null) {
      if (!isAlive || !matcher.matchesRow(this.stored.key, row, this.staticRow)) return true;
    }
    this.rows.push(row);
    if (!isAlive) return true;
    this.live++;
    if (this.live < this.room) return true;
    this.stoppedAt = row.clustering;
    return false;
  }

  /** The row, or what is left of it where other columns do not count. */
  private fetchedOf(row: Row | null): Row | null {
    const { fetched, onlyFetched } = this.execution.command.columns;
    if (row === null || fetched === null || onlyFetched !== true) return row;
    const data = row.data.filter((entry) => hasColumn(fetched, entry));
    const isEmpty = data.length === 0 && !hasLiveness(row.liveness) && !isDeleted(row.deletion);
    return isEmpty ? null : { ...row, data };
  }

  private readRanges(slices: readonly Slice[]): readonly RangeTombstone[] {
    const { stored, execution } = this;
    const { order, purger } = execution;
    if (stored.rangeTombstones.length === 0) return NO_RANGES;
    const parts = slices.map((slice) => clipRanges(order, stored.rangeTombstones, slice));
    let ranges = parts.length === 1 ? (parts[0] ?? NO_RANGES) : parts.flat();
    if (this.stoppedAt !== null) {
      const end = { prefix: this.stoppedAt, inclusive: true };
      const seen = this.selection.reversed
        ? { start: end, end: OPEN_BOUND }
        : { start: OPEN_BOUND, end };
      ranges = clipRanges(order, ranges, seen);
    }
    if (ranges.some((range) => range.deletion.localDeletionTime < purger.gcBefore)) {
      ranges = ranges.filter((range) => range.deletion.localDeletionTime >= purger.gcBefore);
    }
    if (ranges.length > 0) execution.countTombstones(2 * ranges.length);
    return ranges;
  }
}

function hasColumn(
  fetched: NonNullable<ReadCommand['columns']['fetched']>,
  entry: ColumnData,
): boolean {
  if (fetched.has(entry.column)) return true;
  for (const column of fetched) if (column.name === entry.column.name) return true;
  return false;
}

/** Visits stored rows of a slice in order, or from its end; false when `visit` stopped it. */
export function forEachStoredRow(
  stored: StoredPartition,
  slice: Slice,
  by: { readonly reversed: boolean; readonly order: ClusteringOrder },
  visit: (row: Row) => boolean,
): boolean {
  if (stored instanceof LargePartition) return stored.forEachRow(slice, by.reversed, visit);
  const { rows } = stored;
  const isWhole =
    slice === FULL_SLICE || (slice.start.prefix.length === 0 && slice.end.prefix.length === 0);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[by.reversed ? rows.length - 1 - i : i] as Row;
    if (!isWhole && !by.order.includes(slice, row.clustering)) continue;
    if (!visit(row)) return false;
  }
  return true;
}

export function storedRow(
  stored: StoredPartition,
  order: ClusteringOrder,
  clustering: Clustering,
): Row | null {
  if (stored instanceof LargePartition) return stored.row(clustering) ?? null;
  const at = findRow(order, stored.rows, clustering);
  return at < 0 ? null : (stored.rows[at] as Row);
}

function deletedRow(row: Row | null, clustering: Clustering, deletion: DeletionTime): Row {
  if (row === null) {
    return { clustering, liveness: NO_LIVENESS, deletion, data: [] };
  }
  return isDeleted(row.deletion) ? row : { ...row, deletion };
}

/** Cells that are dead, as tombstone thresholds count. */
function cellTombstones(row: Row, nowSeconds: number): number {
  let count = 0;
  for (const entry of row.data) {
    if (isComplexData(entry)) {
      for (const cell of entry.cells) if (isDead(cell, nowSeconds)) count++;
    } else if (isDead(entry, nowSeconds)) count++;
  }
  return count;
}

function isDead(cell: Cell, nowSeconds: number): boolean {
  return cell.localDeletionTime !== NO_DELETION_TIME && !isCellLive(cell, nowSeconds);
}

/** A dead row whose death is in its marker or its own deletions. */
function isDeletedRow(row: Row, nowSeconds: number): boolean {
  if (isLivenessLive(row.liveness, nowSeconds)) return false;
  return (
    isDeleted(row.deletion) ||
    row.liveness.ttl !== NO_TTL ||
    row.data.some((entry) => isComplexData(entry) && isDeleted(entry.deletion))
  );
}
