// Variable-length integers against a bit-by-bit reading of their definition.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  readUnsignedVint,
  readUnsignedVint32,
  unZigZag,
  unsignedVintBytes,
  unsignedVintSize,
  vintLengthAt,
  writeUnsignedVint,
  zigZag,
} from '../../src/data/vint.ts';

/** Leading ones count the bytes that follow; every other bit after the first zero is the value. */
function naive(bytes: Buffer): bigint {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const ones = /^1*/.exec(bits.slice(0, 8))?.[0].length ?? 0;
  expect(bytes.length).toBe(ones + 1);
  return BigInt(`0b${bits.slice(Math.min(8, ones + 1)) || '0'}`);
}

const anyLong = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anySize = fc
  .tuple(fc.integer({ min: 0, max: 64 }), anyLong)
  .map(([shift, value]) => value >> BigInt(shift));

test('unsigned', () => {
  fc.assert(
    fc.property(anySize, (value) => {
      const bytes = unsignedVintBytes(value);
      expect(naive(bytes)).toBe(value);
      expect(readUnsignedVint(Buffer.concat([Buffer.of(9), bytes]), 1)).toBe(value);
      expect(vintLengthAt(bytes, 0)).toBe(bytes.length);
    }),
  );
});

test('small ones as numbers', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 31 }),
      fc.integer({ min: 0, max: 2 ** 31 - 1 }),
      (shift, raw) => {
        const value = raw >> shift;
        const bytes = Buffer.alloc(9);
        const length = writeUnsignedVint(bytes, value, 0);
        expect(length).toBe(unsignedVintSize(value));
        expect(readUnsignedVint32(bytes, 0)).toBe(value);
      },
    ),
  );
  expect(readUnsignedVint32(Buffer.of(0x80), 0)).toBe(-1);
  expect(readUnsignedVint32(unsignedVintBytes(2n ** 31n), 0)).toBe(-1);
});

test('signed', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      expect(unZigZag(zigZag(value))).toBe(value);
    }),
  );
  expect([0n, -1n, 1n, -2n, 2n].map(zigZag)).toEqual([0n, 1n, 2n, 3n, 4n]);
});
