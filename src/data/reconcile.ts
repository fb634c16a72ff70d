// Which of two versions of a cell, a row or a collection holds. Commutative, associative, idempotent: replicas that
// have seen the same writes in any order hold the same. Never looks at a clock: what expired stays until purge.ts.
// Partitions are merged in merge-partitions.ts. Test: test/storage/reconcile.test.ts, facts/cells.json.
// Cassandra: db/rows/Cells, db/rows/Row.Merger, db/rows/Rows.

import { keepEach } from '../base/keep-each.ts';
import { mergeCounterContexts } from './counter-context.ts';
import {
  hasLiveness,
  isDeleted,
  isShadowed,
  isTombstone,
  laterDeletion,
  livenessSupersedes,
  supersedes,
} from './deletion.ts';
import type { Cell, ColumnData, ComplexData, DeletionTime, Row } from './partition.ts';
import { isComplexData, LIVE, NO_DELETION_TIME, NO_LIVENESS, NO_TTL } from './partition.ts';
import { isSameClustering } from './same-content.ts';
import type { BytesComparator } from './type-order.ts';
import { compareColumns, pathComparator } from './type-order.ts';

/**
 * The winner of two cells of one column (and path). `a` on a tie, so that equal content keeps its object; only for
 * counters a new cell may come out.
 */
export function reconcileCells(a: Cell, b: Cell): Cell {
  if (a === b) return a;
  const { type } = a.column;
  if (type.kind === 'native' && type.name === 'counter' && !(isTombstone(a) && isTombstone(b))) {
    return reconcileCounters(a, b);
  }
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp ? a : b;
  const aEnds = a.localDeletionTime !== NO_DELETION_TIME;
  const bEnds = b.localDeletionTime !== NO_DELETION_TIME;
  if (aEnds || bEnds) {
    if (aEnds !== bEnds) return aEnds ? a : b;
    const aExpires = a.ttl !== NO_TTL;
    if (aExpires !== (b.ttl !== NO_TTL)) return aExpires ? b : a;
    if (a.localDeletionTime !== b.localDeletionTime) {
      return a.localDeletionTime > b.localDeletionTime ? a : b;
    }
    if (a.ttl !== b.ttl) return a.ttl < b.ttl ? a : b;
  }
  return Buffer.compare(a.value, b.value) >= 0 ? a : b;
}

/** A tombstone beats counter shards of any timestamp (CASSANDRA-7346); shards merge by their clocks. */
function reconcileCounters(a: Cell, b: Cell): Cell {
  const aDeleted = isTombstone(a);
  if (aDeleted || isTombstone(b)) return aDeleted ? a : b;
  if (a.value.length === 0 || b.value.length === 0) {
    if (a.value.length !== b.value.length) return a.value.length === 0 ? a : b;
    return a.timestamp >= b.timestamp ? a : b;
  }
  const value = mergeCounterContexts(a.value, b.value);
  const timestamp = a.timestamp >= b.timestamp ? a.timestamp : b.timestamp;
  if (timestamp === a.timestamp && (value === a.value || value.equals(a.value))) return a;
  if (timestamp === b.timestamp && (value === b.value || value.equals(b.value))) return b;
  const { column, path } = a;
  return { column, timestamp, ttl: NO_TTL, localDeletionTime: NO_DELETION_TIME, value, path };
}

/**
 * Two versions of one row, under a deletion of its partition or range. null: nothing is left. Gives `a` or `b` itself
 * when the outcome equals it.
 */
export function mergeRows(a: Row, b: Row, active: DeletionTime): Row | null {
  if (a === b && active === LIVE) return a;
  let liveness = livenessSupersedes(b.liveness, a.liveness) ? b.liveness : a.liveness;
  let deletion = laterDeletion(a.deletion, b.deletion);
  let shadow = active;
  if (supersedes(deletion, active)) shadow = deletion;
  else deletion = LIVE;
  if (isShadowed(liveness.timestamp, shadow)) liveness = NO_LIVENESS;
  const data = mergeData(a.data, b.data, shadow);
  if (data === a.data && liveness === a.liveness && deletion === a.deletion) return a;
  if (
    data === b.data &&
    liveness === b.liveness &&
    deletion === b.deletion &&
    // A row keeps the first spelling of its clustering.
    isSameClustering(a.clustering, b.clustering)
  )
    return b;
  if (data.length === 0 && !hasLiveness(liveness) && !isDeleted(deletion)) return null;
  return { clustering: a.clustering, liveness, deletion, data };
}

/** A row without what `active` shadows; the row itself when nothing is, null when nothing is left. */
export function shadowRow(row: Row, active: DeletionTime): Row | null {
  if (active === LIVE) return row;
  let { liveness, deletion } = row;
  if (supersedes(deletion, active)) return row;
  deletion = LIVE;
  if (isShadowed(liveness.timestamp, active)) liveness = NO_LIVENESS;
  const data = shadowData(row.data, active);
  if (data === row.data && liveness === row.liveness && deletion === row.deletion) return row;
  if (data.length === 0 && !hasLiveness(liveness)) return null;
  return { clustering: row.clustering, liveness, deletion, data };
}

function mergeData(
  a: readonly ColumnData[],
  b: readonly ColumnData[],
  shadow: DeletionTime,
): readonly ColumnData[] {
  if (a === b) return shadowData(a, shadow);
  const out: ColumnData[] = [];
  let likeA = true;
  let likeB = true;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    const order = x === undefined ? 1 : y === undefined ? -1 : compareColumns(x.column, y.column);
    let merged: ColumnData | null;
    if (order < 0) {
      merged = shadowColumn(x as ColumnData, shadow);
      i++;
    } else if (order > 0) {
      merged = shadowColumn(y as ColumnData, shadow);
      j++;
    } else {
      merged = mergeColumn(x as ColumnData, y as ColumnData, shadow);
      i++;
      j++;
    }
    likeA &&= merged === (order > 0 ? null : x);
    likeB &&= merged === (order < 0 ? null : y);
    if (merged !== null) out.push(merged);
  }
  return likeA ? a : likeB ? b : out;
}

function mergeColumn(a: ColumnData, b: ColumnData, shadow: DeletionTime): ColumnData | null {
  if (isComplexData(a)) return mergeComplex(a, b as ComplexData, shadow);
  return mergeUnderShadow(a, b as Cell, shadow);
}

/** Shadowed versions do not take part: a counter's old tombstone must not beat a shard. */
function mergeUnderShadow(a: Cell, b: Cell, shadow: DeletionTime): Cell | null {
  if (isShadowed(a.timestamp, shadow)) return isShadowed(b.timestamp, shadow) ? null : b;
  return isShadowed(b.timestamp, shadow) ? a : reconcileCells(a, b);
}

function mergeComplex(a: ComplexData, b: ComplexData, shadow: DeletionTime): ComplexData | null {
  let deletion = laterDeletion(a.deletion, b.deletion);
  let cellShadow = shadow;
  if (supersedes(deletion, shadow)) cellShadow = deletion;
  else deletion = LIVE;
  const cells = mergeCells(a.cells, b.cells, cellShadow, pathComparator(a.column));
  if (cells === a.cells && deletion === a.deletion) return a;
  if (cells === b.cells && deletion === b.deletion) return b;
  if (cells.length === 0 && !isDeleted(deletion)) return null;
  return { column: b.column, deletion, cells };
}

function mergeCells(
  a: readonly Cell[],
  b: readonly Cell[],
  shadow: DeletionTime,
  compare: BytesComparator,
): readonly Cell[] {
  if (a === b) return shadowCells(a, shadow);
  const out: Cell[] = [];
  let likeA = true;
  let likeB = true;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i];
    const y = b[j];
    const order =
      x === undefined ? 1 : y === undefined ? -1 : compare(x.path as Buffer, y.path as Buffer);
    let kept: Cell | null;
    if (order === 0) kept = mergeUnderShadow(x as Cell, y as Cell, shadow);
    else {
      const cell = (order < 0 ? x : y) as Cell;
      kept = isShadowed(cell.timestamp, shadow) ? null : cell;
    }
    if (order <= 0) i++;
    if (order >= 0) j++;
    likeA &&= kept === (order > 0 ? null : x);
    likeB &&= kept === (order < 0 ? null : y);
    if (kept !== null) out.push(kept);
  }
  return likeA ? a : likeB ? b : out;
}

function shadowData(data: readonly ColumnData[], shadow: DeletionTime): readonly ColumnData[] {
  return shadow === LIVE ? data : keepEach(data, shadowColumn, shadow);
}

function shadowColumn(entry: ColumnData, shadow: DeletionTime): ColumnData | null {
  if (!isComplexData(entry)) return isShadowed(entry.timestamp, shadow) ? null : entry;
  if (shadow === LIVE || supersedes(entry.deletion, shadow)) return entry;
  const cells = shadowCells(entry.cells, shadow);
  if (cells.length === 0) return null;
  if (cells === entry.cells && !isDeleted(entry.deletion)) return entry;
  return { column: entry.column, deletion: LIVE, cells };
}

function shadowCells(cells: readonly Cell[], shadow: DeletionTime): readonly Cell[] {
  for (const cell of cells) {
    if (isShadowed(cell.timestamp, shadow)) {
      return cells.filter((other) => !isShadowed(other.timestamp, shadow));
    }
  }
  return cells;
}
