// Ranges of tokens, (left, right], with the wrap-around and the algebra repair, streaming and paging need.
// left === right is the whole ring. Not for the request path. Test: test/ring/token-range.test.ts.
// Cassandra: dht/Range.java.

import type { Token } from './token.ts';
import { compareTokens, isMinToken, MIN_TOKEN, tokensEqual, tokenText } from './token.ts';

/** (left, right]: the left end is outside, the right end inside. */
export interface TokenRange {
  readonly left: Token;
  readonly right: Token;
}

export const FULL_RANGE: TokenRange = Object.freeze({ left: MIN_TOKEN, right: MIN_TOKEN });

/** Ends beyond the ring's end or containing it: `right` is the minimum or not above `left`. */
function isWrapAround(range: TokenRange): boolean {
  return compareTokens(range.left, range.right) >= 0;
}

export function rangeContains(range: TokenRange, token: Token): boolean {
  const afterLeft = compareTokens(token, range.left) > 0;
  const upToRight = compareTokens(token, range.right) <= 0;
  return isWrapAround(range) ? afterLeft || upToRight : afterLeft && upToRight;
}

export function rangesEqual(a: TokenRange, b: TokenRange): boolean {
  return tokensEqual(a.left, b.left) && tokensEqual(a.right, b.right);
}

/** `(left,right]`, as Cassandra prints ranges. */
export function rangeText(range: TokenRange): string {
  return `(${tokenText(range.left)},${tokenText(range.right)}]`;
}

/** As one or two ranges that do not wrap; a right end of the minimum token means up to and including the maximum. */
export function unwrap(range: TokenRange): readonly TokenRange[] {
  if (!isWrapAround(range) || isMinToken(range.right)) return [range];
  const upper = { left: range.left, right: MIN_TOKEN };
  return isMinToken(range.left) ? [range] : [upper, { left: MIN_TOKEN, right: range.right }];
}

/** Sorted, unwrapped, overlapping and touching ranges joined. */
export function normalizeRanges(ranges: readonly TokenRange[]): readonly TokenRange[] {
  const flat = ranges.flatMap(unwrap).sort(compareUnwrapped);
  const joined: TokenRange[] = [];
  for (const range of flat) {
    const last = joined.at(-1);
    if (last !== undefined && isMinToken(last.right)) break;
    if (last === undefined || compareTokens(range.left, last.right) > 0) {
      joined.push(range);
    } else if (compareEnds(range.right, last.right) > 0) {
      joined[joined.length - 1] = { left: last.left, right: range.right };
    }
  }
  return joined;
}

/** What both cover, unwrapped and sorted. */
export function intersectRanges(
  a: readonly TokenRange[],
  b: readonly TokenRange[],
): readonly TokenRange[] {
  const result: TokenRange[] = [];
  const right = normalizeRanges(b);
  for (const one of normalizeRanges(a)) {
    for (const other of right) {
      const left = compareTokens(one.left, other.left) >= 0 ? one.left : other.left;
      const end = compareEnds(one.right, other.right) <= 0 ? one.right : other.right;
      if (isMinToken(end) || compareTokens(left, end) < 0) result.push({ left, right: end });
    }
  }
  return normalizeRanges(result);
}

/** What `a` covers and `b` does not, unwrapped and sorted. */
export function subtractRanges(
  a: readonly TokenRange[],
  b: readonly TokenRange[],
): readonly TokenRange[] {
  let rest = normalizeRanges(a);
  for (const cut of normalizeRanges(b)) rest = rest.flatMap((range) => subtractOne(range, cut));
  return rest;
}

/** The share of the ring covered, in [0, 1]. */
export function coveredShare(ranges: readonly TokenRange[]): number {
  let share = 0;
  for (const { left, right } of normalizeRanges(ranges)) {
    const end = isMinToken(right) ? 2 ** 63 : right.high * 2 ** 32 + right.low;
    share += (end - (left.high * 2 ** 32 + left.low)) / 2 ** 64;
  }
  return share;
}

/** Both unwrapped. */
function subtractOne(range: TokenRange, cut: TokenRange): readonly TokenRange[] {
  const parts: TokenRange[] = [];
  const disjoint =
    (!isMinToken(cut.right) && compareTokens(cut.right, range.left) <= 0) ||
    (!isMinToken(range.right) && compareTokens(range.right, cut.left) <= 0);
  if (disjoint) return [range];
  if (compareTokens(range.left, cut.left) < 0) parts.push({ left: range.left, right: cut.left });
  if (compareEnds(cut.right, range.right) < 0) parts.push({ left: cut.right, right: range.right });
  return parts;
}

function compareUnwrapped(a: TokenRange, b: TokenRange): number {
  return compareTokens(a.left, b.left) || compareEnds(a.right, b.right);
}

/** As a right end the minimum token stands above every other. */
function compareEnds(a: Token, b: Token): number {
  const aEnd = isMinToken(a);
  const bEnd = isMinToken(b);
  if (aEnd || bEnd) return aEnd === bEnd ? 0 : aEnd ? 1 : -1;
  return compareTokens(a, b);
}
