// Reading a merged result: its live rows in the requested order, the limits, and the values in a row. What the query
// layer turns into a result set. Test: test/storage/read.test.ts.
// Cassandra: db/filter/DataLimits, db/rows/ComplexColumnData, cql3/selection/ResultSetBuilder.

import { packList, packMap, packTuple } from './codec/packing.ts';
import { enforcesStrictLiveness, isCellLive, isLive } from './deletion.ts';
import { NO_ROWS } from './merge-partitions.ts';
import type { Cell, ColumnData, ComplexData, PartitionData, Row } from './partition.ts';
import { NO_TTL } from './partition.ts';
import type { DataLimits, ReadCommand } from './read-command.ts';
import { goesOnIn } from './read-command.ts';
import type { ColumnMetadata } from './schema.ts';
import { compareColumns, isSameColumn } from './type-order.ts';

/**
 * Calls `visit` for each live row in the command's order with the partition's static row (null without live static
 * content); for a partition that has live static content and no live row once with a null row. Stops when `visit`
 * answers false. Limits are not applied here. Returns the number of calls.
 */
export function forEachLiveRow(
  partition: PartitionData,
  command: Pick<ReadCommand, 'nowSeconds' | 'clustering'>,
  visit: (row: Row | null, staticRow: Row | null) => boolean | void,
): number {
  const { nowSeconds } = command;
  const { rows } = partition;
  const strict = enforcesStrictLiveness(partition.table);
  const staticRow = liveStaticRow(partition, nowSeconds);
  const { reversed } = command.clustering;
  let visited = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[reversed ? rows.length - 1 - i : i] as Row;
    if (!isLive(row, nowSeconds, strict)) continue;
    visited++;
    if (visit(row, staticRow) === false) return visited;
  }
  if (visited === 0 && staticRow !== null) {
    visited++;
    visit(null, staticRow);
  }
  return visited;
}

/** The static row when anything in it lives. */
export function liveStaticRow(partition: PartitionData, nowSeconds: number): Row | null {
  const { staticRow } = partition;
  return staticRow !== null && isLive(staticRow, nowSeconds) ? staticRow : null;
}

/** What limits count: live rows, or one for live static content without them. */
export function countLiveRows(partition: PartitionData, nowSeconds: number): number {
  const strict = enforcesStrictLiveness(partition.table);
  let count = 0;
  for (const row of partition.rows) if (isLive(row, nowSeconds, strict)) count++;
  return count === 0 && liveStaticRow(partition, nowSeconds) !== null ? 1 : count;
}

/** Counts rows against a command's limits, partition by partition. */
export class LimitCounter {
  private readonly limits: DataLimits;
  /** Live rows counted so far. */
  counted = 0;
  private inPartition = 0;

  constructor(limits: DataLimits) {
    this.limits = limits;
  }

  /** Limits reached: no further row of any partition counts. */
  get isDone(): boolean {
    return this.counted >= this.limits.rows;
  }

  /** How many more rows the partition that was begun may give. */
  get room(): number {
    const { rows, perPartition, distinct } = this.limits;
    const perPartitionMax = distinct ? Math.min(1, perPartition) : perPartition;
    return Math.min(rows - this.counted, perPartitionMax - this.inPartition);
  }

  /** `isFirst`: the partition an earlier page ended in. */
  beginPartition(isFirst: boolean): void {
    this.inPartition = isFirst ? this.limits.countedInFirstPartition : 0;
  }

  count(rows: number): void {
    this.counted += rows;
    this.inPartition += rows;
  }
}

/**
 * Cuts merged partitions to the command's limits; partitions stay the same objects where nothing is cut. Dead rows
 * after the last counted one are left out. `limitReached` says whether there may be more.
 */
export function limitPartitions(
  partitions: readonly PartitionData[],
  command: ReadCommand,
): { readonly partitions: readonly PartitionData[]; readonly limitReached: boolean } {
  const counter = new LimitCounter(command.limits);
  const out: PartitionData[] = [];
  for (const partition of partitions) {
    if (counter.isDone) break;
    counter.beginPartition(goesOnIn(command, partition.key));
    out.push(limitPartition(partition, command, counter));
  }
  return { partitions: out, limitReached: counter.isDone };
}

function limitPartition(
  partition: PartitionData,
  command: Pick<ReadCommand, 'nowSeconds' | 'clustering'>,
  counter: LimitCounter,
): PartitionData {
  const { rows } = partition;
  const { nowSeconds, clustering } = command;
  const strict = enforcesStrictLiveness(partition.table);
  const room = counter.room;
  let live = 0;
  let taken = 0;
  while (taken < rows.length && live < room) {
    const row = rows[clustering.reversed ? rows.length - 1 - taken : taken] as Row;
    taken++;
    if (isLive(row, nowSeconds, strict)) live++;
  }
  const isStaticOnly = live === 0 && room > 0 && liveStaticRow(partition, nowSeconds) !== null;
  counter.count(isStaticOnly ? 1 : live);
  if (taken === rows.length) return partition;
  const kept = clustering.reversed ? rows.slice(rows.length - taken) : rows.slice(0, taken);
  return { ...partition, rows: kept.length === 0 ? NO_ROWS : kept };
}

/** The entry of a column, dead or alive, or undefined. */
export function columnData(row: Row, column: ColumnMetadata): ColumnData | undefined {
  const { data } = row;
  if (data.length <= 8) {
    for (let i = 0; i < data.length; i++) {
      const entry = data[i] as ColumnData;
      if (isSameColumn(entry.column, column)) return entry;
    }
    return undefined;
  }
  let low = 0;
  let high = data.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = data[middle] as ColumnData;
    const order = compareColumns(entry.column, column);
    if (order === 0) return entry;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** The live cell of a simple column, or null. */
export function cellOf(row: Row, column: ColumnMetadata, nowSeconds: number): Cell | null {
  const cell = columnData(row, column) as Cell | undefined;
  return cell !== undefined && isCellLive(cell, nowSeconds) ? cell : null;
}

/** A complex column's entry, or null. */
function complexOf(row: Row, column: ColumnMetadata): ComplexData | null {
  return (columnData(row, column) as ComplexData | undefined) ?? null;
}

/** The live cells of a complex column in path order; empty when there are none. */
export function liveCells(row: Row, column: ColumnMetadata, nowSeconds: number): readonly Cell[] {
  const data = complexOf(row, column);
  if (data === null) return [];
  return data.cells.every((cell) => isCellLive(cell, nowSeconds))
    ? data.cells
    : data.cells.filter((cell) => isCellLive(cell, nowSeconds));
}

/**
 * A static or regular column's value as the native protocol carries it, null when there is none. A counter's value is
 * its context (counter-context.ts); a collection or UDT of cells is packed.
 */
export function valueOf(row: Row, column: ColumnMetadata, nowSeconds: number): Buffer | null {
  const data = columnData(row, column);
  if (data === undefined) return null;
  if (!column.isComplex) {
    const cell = data as Cell;
    return isCellLive(cell, nowSeconds) ? cell.value : null;
  }
  return packCells(column, (data as ComplexData).cells, nowSeconds);
}

/** Seconds a cell still lives, null without a TTL. */
export function ttlOf(cell: Cell, nowSeconds: number): number | null {
  return cell.ttl === NO_TTL ? null : cell.localDeletionTime - nowSeconds;
}

/** Live cells of a complex column as one serialized collection or UDT; null when none lives. */
function packCells(
  column: ColumnMetadata,
  cells: readonly Cell[],
  nowSeconds: number,
): Buffer | null {
  const { type } = column;
  const live = cells.filter((cell) => isCellLive(cell, nowSeconds));
  if (live.length === 0) return null;
  switch (type.kind) {
    case 'set':
      return packList(live.map((cell) => cell.path));
    case 'map':
      return packMap(live.flatMap((cell) => [cell.path, cell.value]));
    case 'udt':
      return packFields(live, type.fieldNames.length);
    default:
      return packList(live.map((cell) => cell.value));
  }
}

function packFields(cells: readonly Cell[], fieldCount: number): Buffer {
  const fields: (Buffer | null)[] = Array.from({ length: fieldCount }, () => null);
  for (const cell of cells) {
    const index = (cell.path as Buffer).readInt16BE(0);
    if (index < fieldCount) fields[index] = cell.value;
  }
  return packTuple(fields);
}
