// A range read visits every token of its range once, in order.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Token } from '../../src/data/partition.ts';
import type { PartitionRange } from '../../src/data/read-command.ts';
import { nextConcurrency, splitRange } from '../../src/node/coordinator/range-plan.ts';
import { isInRange } from '../../src/node/storage/key-index.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';
import { compareTokens, MIN_TOKEN, tokenFromBigInt } from '../../src/ring/token.ts';

const token = fc.integer({ min: -20, max: 20 }).map((n) => tokenFromBigInt(BigInt(n)));
const bound = fc.option(token);
const ring = fc
  .uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 8 })
  .map((numbers): TokenRange[] => {
    const tokens = numbers.sort((a, b) => a - b).map((n) => tokenFromBigInt(BigInt(n)));
    const ends = [...tokens, MIN_TOKEN];
    return ends.map((right, at) => ({ left: ends[at - 1] ?? MIN_TOKEN, right }));
  });

function ownerOf(ranges: readonly TokenRange[], one: Token): Token {
  const found = ranges.find(
    ({ left, right }) =>
      (left === MIN_TOKEN || compareTokens(one, left) > 0) &&
      (right === MIN_TOKEN || compareTokens(one, right) <= 0),
  );
  return found?.right ?? MIN_TOKEN;
}

describe('range plan', () => {
  it('splits at the tokens of the ring, missing none and repeating none', () => {
    fc.assert(
      fc.property(ring, bound, bound, fc.boolean(), fc.boolean(), (ranges, left, right, li, ri) => {
        const range: PartitionRange = {
          left,
          leftInclusive: li,
          right,
          rightInclusive: ri,
          startKey: null,
          startKeyInclusive: true,
          startAfter: null,
        };
        const parts = splitRange(range, ranges);
        for (let n = -25; n <= 25; n++) {
          const at = tokenFromBigInt(BigInt(n));
          const key = { ...at, bytes: Buffer.from(String(n)), id: String(n) };
          const holders = parts.filter((part) => isInRange(key, part.range));
          expect(holders.length).toBe(isInRange(key, range) ? 1 : 0);
          for (const { owner } of holders) expect(owner).toEqual(ownerOf(ranges, at));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('asks more at once as it learns how many rows a range gives', () => {
    const base = {
      rangesTotal: 100,
      rangesDone: 0,
      rowsWanted: 50,
      rowsFound: 0,
      concurrencyMax: 20,
    };
    expect(nextConcurrency(base)).toBe(1);
    expect(nextConcurrency({ ...base, rowsWanted: Infinity })).toBe(20);
    expect(nextConcurrency({ ...base, rangesDone: 1 })).toBe(20);
    expect(nextConcurrency({ ...base, rangesDone: 1, rowsFound: 10 })).toBe(4);
    expect(nextConcurrency({ ...base, rangesDone: 1, rowsFound: 49 })).toBe(1);
    expect(nextConcurrency({ ...base, rangesDone: 98, rowsFound: 1 })).toBe(2);
  });
});
