// Lists of range tombstones: sorted, not overlapping, neighbours of equal deletion joined. In this form two lists
// that delete the same are equal, whatever order the deletions came in. Test: test/storage/range-tombstones.test.ts.
// Cassandra: db/RangeTombstoneList.

import type { ClusteringOrder, Position } from './clustering-order.ts';
import { endPosition, endSide, sliceBetween, startPosition } from './clustering-order.ts';
import { deletionsEqual, laterDeletion, supersedes } from './deletion.ts';
import type { Clustering, DeletionTime, RangeTombstone, Slice } from './partition.ts';
import { LIVE } from './partition.ts';

export const NO_RANGES: readonly RangeTombstone[] = Object.freeze([]);

/** The deletion that covers a row, LIVE when none does. */
export function rangeDeletionAt(
  order: ClusteringOrder,
  ranges: readonly RangeTombstone[],
  clustering: Clustering,
): DeletionTime {
  if (ranges.length === 0) return LIVE;
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { end } = ranges[middle] as RangeTombstone;
    if (order.compareToPosition(clustering, end.prefix, endSide(end)) > 0) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  if (range === undefined || order.isBeforeStart(clustering, range.start)) return LIVE;
  return range.deletion;
}

/** The union; where two overlap the later deletion holds. Gives `a` itself when `b` adds nothing. */
export function mergeRanges(
  order: ClusteringOrder,
  a: readonly RangeTombstone[],
  b: readonly RangeTombstone[],
): readonly RangeTombstone[] {
  const first = b[0];
  const last = b.at(-1);
  if (first === undefined || last === undefined || a === b) return a;
  if (a.length === 0) return b;
  const from = firstEndingAtOrAfter(order, a, startPosition(first.start));
  const to = firstStartingAfter(order, a, endPosition(last.end));
  if (from >= to) return [...a.slice(0, from), ...b, ...a.slice(from)];
  const merged = sweep(order, a.slice(from, to), b);
  if (isSameList(order, merged, a, from, to)) return a;
  if (from === 0 && to === a.length) {
    return isSameList(order, merged, b, 0, b.length) ? b : merged;
  }
  return [...a.slice(0, from), ...merged, ...a.slice(to)];
}

/** Without what the partition's own deletion covers. */
export function rangesNotShadowed(
  ranges: readonly RangeTombstone[],
  partition: DeletionTime,
): readonly RangeTombstone[] {
  if (ranges.length === 0 || partition === LIVE) return ranges;
  if (ranges.every((range) => supersedes(range.deletion, partition))) return ranges;
  return ranges.filter((range) => supersedes(range.deletion, partition));
}

/** The parts within a slice; a range wholly inside stays the same object. */
export function clipRanges(
  order: ClusteringOrder,
  ranges: readonly RangeTombstone[],
  slice: Slice,
): readonly RangeTombstone[] {
  if (ranges.length === 0) return ranges;
  const start = startPosition(slice.start);
  const end = endPosition(slice.end);
  const clipped: RangeTombstone[] = [];
  for (let i = firstEndingAtOrAfter(order, ranges, start); i < ranges.length; i++) {
    const range = ranges[i] as RangeTombstone;
    const rangeStart = startPosition(range.start);
    const rangeEnd = endPosition(range.end);
    if (order.comparePositions(rangeStart, end) >= 0) break;
    if (order.comparePositions(rangeEnd, start) <= 0) continue;
    const from = order.comparePositions(rangeStart, start) < 0 ? start : rangeStart;
    const to = order.comparePositions(rangeEnd, end) > 0 ? end : rangeEnd;
    if (from === rangeStart && to === rangeEnd) clipped.push(range);
    else clipped.push({ ...sliceBetween(from, to), deletion: range.deletion });
  }
  return clipped.length === ranges.length && clipped.every((range, i) => range === ranges[i])
    ? ranges
    : clipped;
}

export function rangesEqual(
  order: ClusteringOrder,
  a: readonly RangeTombstone[],
  b: readonly RangeTombstone[],
): boolean {
  return a.length === b.length && a.every((range, i) => isSameRange(order, range, b[i]));
}

export function isSameRange(
  order: ClusteringOrder,
  a: RangeTombstone,
  b: RangeTombstone | undefined,
): boolean {
  if (a === b) return true;
  if (b === undefined || !deletionsEqual(a.deletion, b.deletion)) return false;
  return (
    order.comparePositions(startPosition(a.start), startPosition(b.start)) === 0 &&
    order.comparePositions(endPosition(a.end), endPosition(b.end)) === 0
  );
}

function firstEndingAtOrAfter(
  order: ClusteringOrder,
  ranges: readonly RangeTombstone[],
  position: Position,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const end = endPosition((ranges[middle] as RangeTombstone).end);
    if (order.comparePositions(end, position) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function firstStartingAfter(
  order: ClusteringOrder,
  ranges: readonly RangeTombstone[],
  position: Position,
): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = startPosition((ranges[middle] as RangeTombstone).start);
    if (order.comparePositions(start, position) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSameList(
  order: ClusteringOrder,
  merged: readonly RangeTombstone[],
  list: readonly RangeTombstone[],
  from: number,
  to: number,
): boolean {
  return (
    merged.length === to - from &&
    merged.every((range, i) => isSameRange(order, range, list[from + i]))
  );
}

/** What is left of the range a list stands at. */
interface Remainder {
  readonly list: readonly RangeTombstone[];
  at: number;
  start: Position | null;
}

/** Walks both lists from left to right, cutting where one begins or ends inside the other. */
function sweep(
  order: ClusteringOrder,
  a: readonly RangeTombstone[],
  b: readonly RangeTombstone[],
): readonly RangeTombstone[] {
  const out = new RangeWriter(order);
  const left: Remainder = { list: a, at: 0, start: null };
  const right: Remainder = { list: b, at: 0, start: null };
  for (;;) {
    const x = left.list[left.at];
    const y = right.list[right.at];
    if (x === undefined && y === undefined) return out.ranges;
    if (x === undefined || y === undefined) {
      takeRest(out, x === undefined ? right : left);
      continue;
    }
    const xStart = left.start ?? startPosition(x.start);
    const yStart = right.start ?? startPosition(y.start);
    const xEnd = endPosition(x.end);
    const yEnd = endPosition(y.end);
    if (order.comparePositions(xEnd, yStart) <= 0) {
      takeRest(out, left);
      continue;
    }
    if (order.comparePositions(yEnd, xStart) <= 0) {
      takeRest(out, right);
      continue;
    }
    const starts = order.comparePositions(xStart, yStart);
    if (starts < 0) {
      out.write(xStart, yStart, x.deletion);
      left.start = yStart;
      continue;
    }
    if (starts > 0) {
      out.write(yStart, xStart, y.deletion);
      right.start = xStart;
      continue;
    }
    const ends = order.comparePositions(xEnd, yEnd);
    const winner = supersedes(y.deletion, x.deletion) ? y : x;
    out.write(xStart, ends < 0 ? xEnd : yEnd, laterDeletion(x.deletion, y.deletion), winner);
    advance(left, ends <= 0, yEnd);
    advance(right, ends >= 0, xEnd);
  }
}

function takeRest(out: RangeWriter, from: Remainder): void {
  const range = from.list[from.at] as RangeTombstone;
  out.write(
    from.start ?? startPosition(range.start),
    endPosition(range.end),
    range.deletion,
    range,
  );
  from.at++;
  from.start = null;
}

function advance(side: Remainder, isDone: boolean, end: Position): void {
  if (isDone) {
    side.at++;
    side.start = null;
  } else side.start = end;
}

/** Joins neighbours of equal deletion and keeps a source object that is exactly what is written. */
class RangeWriter {
  readonly ranges: RangeTombstone[] = [];
  private readonly order: ClusteringOrder;

  constructor(order: ClusteringOrder) {
    this.order = order;
  }

  write(from: Position, to: Position, deletion: DeletionTime, source?: RangeTombstone): void {
    const { order, ranges } = this;
    const last = ranges.at(-1);
    if (
      last !== undefined &&
      deletionsEqual(last.deletion, deletion) &&
      order.comparePositions(endPosition(last.end), from) === 0
    ) {
      ranges[ranges.length - 1] = {
        start: last.start,
        end: sliceBetween(from, to).end,
        deletion: last.deletion,
      };
      return;
    }
    if (
      source !== undefined &&
      order.comparePositions(startPosition(source.start), from) === 0 &&
      order.comparePositions(endPosition(source.end), to) === 0
    ) {
      ranges.push(source);
    } else ranges.push({ ...sliceBetween(from, to), deletion });
  }
}
