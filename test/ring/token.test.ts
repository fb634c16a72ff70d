// Printing, parsing and arithmetic of tokens.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenBytes } from '../../src/base/murmur3.ts';
import {
  checkKey,
  compareKeys,
  compareTokens,
  decorateKey,
  evenTokens,
  MAX_TOKEN,
  MIN_TOKEN,
  nextToken,
  parseToken,
  previousToken,
  rangeShare,
  tokenFromBigInt,
  tokenFromBytes,
  tokenFromInt64,
  tokenText,
  tokenToBigInt,
  tokenToInt64,
} from '../../src/ring/token.ts';
import { midpoint, splitBetween } from '../../src/ring/token-arithmetic.ts';

const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });

describe('a token', () => {
  test('survives text, bytes, int64 and bigint', () => {
    fc.assert(
      fc.property(fc.oneof(int64, fc.maxSafeInteger().map(BigInt)), (value) => {
        const token = tokenFromBigInt(value);
        expect(tokenToBigInt(token)).toBe(value);
        expect(parseToken(tokenText(token))).toEqual(token);
        expect(tokenFromBytes(tokenBytes(token))).toEqual(token);
        expect(tokenFromInt64(tokenToInt64(token))).toEqual(token);
        expect(BigInt(tokenToInt64(token))).toBe(value);
      }),
    );
  });

  test('compares and steps as an int64', () => {
    fc.assert(
      fc.property(int64, int64, (a, b) => {
        expect(Math.sign(compareTokens(tokenFromBigInt(a), tokenFromBigInt(b)))).toBe(
          a < b ? -1 : a > b ? 1 : 0,
        );
        expect(tokenToBigInt(nextToken(tokenFromBigInt(a)))).toBe(BigInt.asIntN(64, a + 1n));
        expect(tokenToBigInt(previousToken(tokenFromBigInt(a)))).toBe(BigInt.asIntN(64, a - 1n));
      }),
    );
  });

  test.each(['', 'x', '1.5', '9223372036854775808', '-9223372036854775809', '0x10'])(
    'refuses %j',
    (text) => {
      expect(() => parseToken(text)).toThrow(
        `Invalid token for Murmur3Partitioner. Got ${text} but expected a long value (unsigned 8 bytes integer).`,
      );
    },
  );

  test('has the ends of the ring', () => {
    expect(tokenText(MIN_TOKEN)).toBe('-9223372036854775808');
    expect(tokenText(MAX_TOKEN)).toBe('9223372036854775807');
    expect(evenTokens(4).map(tokenText)).toEqual([
      '-9223372036854775808',
      '-4611686018427387904',
      '0',
      '4611686018427387904',
    ]);
  });
});

describe('partition keys', () => {
  test('are ordered by token, then bytes', () => {
    const keys = ['a', 'b', 'c'].map((text) => decorateKey(Buffer.from(text)));
    const sorted = keys.toSorted(compareKeys).map(tokenToBigInt);
    expect(sorted).toEqual(sorted.toSorted((a, b) => (a < b ? -1 : 1)));
    const [a] = keys;
    if (a === undefined) return;
    expect(compareKeys(a, { ...a, bytes: Buffer.from('b') })).toBeLessThan(0);
  });

  test('that cannot be are refused', () => {
    expect(() => checkKey(Buffer.alloc(0))).toThrow('Key may not be empty');
    expect(() => checkKey(Buffer.alloc(65_536))).toThrow(
      'Key length of 65536 is longer than maximum of 65535',
    );
    expect(() => checkKey(Buffer.alloc(65_535))).not.toThrow();
  });
});

describe('arithmetic', () => {
  test('midpoint and split fall inside, the ratio is kept', () => {
    fc.assert(
      fc.property(
        int64,
        int64,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        (left, right, ratio) => {
          const size = BigInt.asUintN(64, right - left);
          if (size < 1_000_000n) return;
          const part = (token: bigint): number =>
            Number(BigInt.asUintN(64, token - left)) / Number(size);
          expect(part(midpoint(left, right))).toBeCloseTo(0.5, 5);
          expect(part(splitBetween(left, right, ratio))).toBeCloseTo(ratio, 5);
        },
      ),
    );
  });

  test('a range of equal ends is the whole ring', () => {
    expect(rangeShare(MIN_TOKEN, MIN_TOKEN)).toBe(1);
    expect(rangeShare(parseToken('0'), MIN_TOKEN)).toBe(0.5);
  });
});
