// What a replica lacks: the smallest update that brings its answer to the merged one. Read repair sends it.
// merge(one, difference(merged, one)) equals merged. Test: test/storage/merge.test.ts.
// Cassandra: service/reads/repair/RowIteratorMergeListener, db/rows/Rows.diff.

import type { ClusteringOrder, Position } from './clustering-order.ts';
import { clusteringOrder, startPosition } from './clustering-order.ts';
import { deletionsEqual, hasLiveness, isDeleted, livenessEqual } from './deletion.ts';
import { isEmptyPartition, NO_ROWS } from './merge-partitions.ts';
import type {
  Cell,
  ColumnData,
  ComplexData,
  PartitionData,
  RangeTombstone,
  Row,
} from './partition.ts';
import { isComplexData, LIVE, NO_LIVENESS } from './partition.ts';
import type { CellRange, ColumnFilter } from './read-command.ts';
import { isSameRange, NO_RANGES } from './range-tombstones.ts';
import type { BytesComparator } from './type-order.ts';
import { compareColumns, pathComparator } from './type-order.ts';
import { isSameCell } from './same-content.ts';

/** null: `one` has all of it. `one` null: the replica has nothing. Only cells that `filter` asks for count. */
export function difference(
  merged: PartitionData,
  one: PartitionData | null,
  filter: ColumnFilter = EVERYTHING,
): PartitionData | null {
  const lacking = wholeDifference(merged, one);
  const isWhole = filter.queried === undefined;
  return lacking === null || isWhole ? lacking : onlyQueried(lacking, filter);
}

const EVERYTHING: ColumnFilter = Object.freeze({ fetched: null });

function onlyQueried(partition: PartitionData, filter: ColumnFilter): PartitionData | null {
  const keep = (row: Row): Row | null => {
    const data = row.data.flatMap((entry) => queriedData(entry, filter) ?? []);
    const isEmpty = data.length === 0 && !hasLiveness(row.liveness) && !isDeleted(row.deletion);
    return isEmpty ? null : { ...row, data };
  };
  const { staticRow } = partition;
  const rows = partition.rows.flatMap((row) => keep(row) ?? []);
  const result = {
    ...partition,
    staticRow: staticRow === null ? null : keep(staticRow),
    rows: rows.length === 0 ? NO_ROWS : rows,
  };
  return isEmptyPartition(result) ? null : result;
}

/** The cells asked for. A collection's deletion counts always: it tells which of its cells are there. */
function queriedData(entry: ColumnData, { queried, parts }: ColumnFilter): ColumnData | null {
  const { column } = entry;
  const isQueried = queried === undefined || queried.has(column.name);
  if (!isComplexData(entry)) return isQueried ? entry : null;
  const ranges = parts?.get(column.name);
  if (isQueried && ranges === undefined) return entry;
  const compare = pathComparator(column);
  const isWithin = ({ path }: Cell): boolean =>
    path !== null && ranges?.some((range) => isInRange(range, path, compare)) === true;
  const cells = isQueried ? entry.cells.filter(isWithin) : NO_CELLS;
  return cells.length === 0 && !isDeleted(entry.deletion) ? null : { ...entry, cells };
}

const NO_CELLS: readonly Cell[] = [];

function isInRange({ from, to }: CellRange, path: Buffer, compare: BytesComparator): boolean {
  return (from === null || compare(from, path) <= 0) && (to === null || compare(path, to) <= 0);
}

function wholeDifference(merged: PartitionData, one: PartitionData | null): PartitionData | null {
  if (merged === one) return null;
  if (one === null) return isEmptyPartition(merged) ? null : merged;
  const order = clusteringOrder(merged.table);
  const deletion = deletionsEqual(merged.deletion, one.deletion) ? LIVE : merged.deletion;
  const staticRow =
    merged.staticRow === null ? null : rowDifference(merged.staticRow, one.staticRow);
  const rows: Row[] = [];
  let i = 0;
  for (const row of merged.rows) {
    let comparison = 1;
    while (i < one.rows.length) {
      comparison = order.compare((one.rows[i] as Row).clustering, row.clustering);
      if (comparison >= 0) break;
      i++;
    }
    const known = i < one.rows.length && comparison === 0 ? (one.rows[i] as Row) : null;
    const lacking = rowDifference(row, known);
    if (lacking !== null) rows.push(lacking);
  }
  const ranges = lackingRanges(order, merged.rangeTombstones, one.rangeTombstones);
  const result: PartitionData = {
    table: merged.table,
    key: merged.key,
    deletion,
    staticRow,
    rows: rows.length === 0 ? NO_ROWS : rows,
    rangeTombstones: ranges.length === 0 ? NO_RANGES : ranges,
  };
  return isEmptyPartition(result) ? null : result;
}

/** Both lists are sorted and not overlapping: a range can only equal the one that starts where it starts. */
function lackingRanges(
  order: ClusteringOrder,
  merged: readonly RangeTombstone[],
  one: readonly RangeTombstone[],
): readonly RangeTombstone[] {
  if (one.length === 0) return merged;
  let at = 0;
  return merged.filter((range) => {
    const start = startPosition(range.start);
    while (at < one.length && startsBefore(order, one[at] as RangeTombstone, start)) at++;
    return !isSameRange(order, range, one[at]);
  });
}

function startsBefore(order: ClusteringOrder, range: RangeTombstone, position: Position): boolean {
  return order.comparePositions(startPosition(range.start), position) < 0;
}

function rowDifference(merged: Row, one: Row | null): Row | null {
  if (merged === one) return null;
  if (one === null) return merged;
  const liveness = livenessEqual(merged.liveness, one.liveness) ? NO_LIVENESS : merged.liveness;
  const deletion = deletionsEqual(merged.deletion, one.deletion) ? LIVE : merged.deletion;
  const data: ColumnData[] = [];
  let i = 0;
  for (const entry of merged.data) {
    while (i < one.data.length && compareEntries(one.data[i] as ColumnData, entry) < 0) i++;
    const other = one.data[i];
    const known = other !== undefined && compareEntries(other, entry) === 0 ? other : null;
    const lacking = columnDifference(entry, known);
    if (lacking !== null) data.push(lacking);
  }
  if (data.length === 0 && !hasLiveness(liveness) && !isDeleted(deletion)) return null;
  return { clustering: merged.clustering, liveness, deletion, data };
}

function compareEntries(a: ColumnData, b: ColumnData): number {
  return compareColumns(a.column, b.column);
}

function columnDifference(merged: ColumnData, one: ColumnData | null): ColumnData | null {
  if (merged === one) return null;
  if (one === null) return merged;
  if (!isComplexData(merged)) return isSameCell(merged, one as Cell) ? null : merged;
  const other = one as ComplexData;
  const compare = pathComparator(merged.column);
  const cells: Cell[] = [];
  let i = 0;
  for (const cell of merged.cells) {
    const path = cell.path as Buffer;
    while (i < other.cells.length && compare((other.cells[i] as Cell).path as Buffer, path) < 0)
      i++;
    const known = other.cells[i];
    if (known === undefined || !isSameCell(cell, known)) cells.push(cell);
  }
  const deletion = deletionsEqual(merged.deletion, other.deletion) ? LIVE : merged.deletion;
  if (cells.length === 0 && !isDeleted(deletion)) return null;
  return { column: merged.column, deletion, cells };
}
