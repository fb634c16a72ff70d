// The algebra of ranges against membership of single tokens.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextToken, parseToken, tokenFromBigInt } from '../../src/ring/token.ts';
import type { Token } from '../../src/ring/token.ts';
import {
  coveredShare,
  FULL_RANGE,
  intersectRanges,
  normalizeRanges,
  rangeContains,
  rangeText,
  subtractRanges,
  unwrap,
} from '../../src/ring/token-range.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';

// Few distinct tokens, so that ends meet often.
const token = fc
  .constantFrom(-(1n << 63n), -5n, -1n, 0n, 3n, 8n, 12n, (1n << 63n) - 1n)
  .map(tokenFromBigInt);
const range = fc.record({ left: token, right: token });
const ranges = fc.array(range, { maxLength: 5 });
const probes: readonly Token[] = [
  -(1n << 63n),
  -6n,
  -5n,
  -4n,
  -1n,
  0n,
  1n,
  3n,
  7n,
  8n,
  12n,
  13n,
  (1n << 63n) - 1n,
].map(tokenFromBigInt);

const covers = (list: readonly TokenRange[], probe: Token): boolean =>
  list.some((one) => rangeContains(one, probe));

describe('ranges', () => {
  test('unwrap and normalize keep their tokens', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        for (const probe of probes) {
          const inside = covers(list, probe);
          expect(covers(list.flatMap(unwrap), probe)).toBe(inside);
          expect(covers(normalizeRanges(list), probe)).toBe(inside);
        }
      }),
    );
  });

  test('intersect and subtract as sets do', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        for (const probe of probes) {
          const inA = covers(a, probe);
          const inB = covers(b, probe);
          expect(covers(intersectRanges(a, b), probe)).toBe(inA && inB);
          expect(covers(subtractRanges(a, b), probe)).toBe(inA && !inB);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('normalized ranges are sorted and apart', () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const sorted = normalizeRanges(list);
        for (let i = 1; i < sorted.length; i++) {
          const before = sorted[i - 1];
          const here = sorted[i];
          if (before === undefined || here === undefined) continue;
          expect(rangeContains(before, nextToken(here.left))).toBe(false);
        }
      }),
    );
  });

  test('print and measure', () => {
    const half = { left: parseToken('0'), right: FULL_RANGE.right };
    expect(rangeText(half)).toBe('(0,-9223372036854775808]');
    expect(coveredShare([half])).toBe(0.5);
    expect(coveredShare([FULL_RANGE, half])).toBe(1);
    expect(coveredShare([])).toBe(0);
  });
});
