// Floating point text as Java 17 prints it, and text to float rounded once.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  doubleText,
  doubleToInt,
  doubleToLong,
  floatText,
  parseJavaDouble,
  parseJavaFloat,
} from '../../src/data/java-number.ts';
import { facts } from '../read-facts.ts';

const numbers = facts<{
  doubles: [string, string][];
  floats: [string, string][];
}>('recorded/java-numbers.json');

describe('recorded', () => {
  test('doubles', () => {
    for (const [hex, text] of numbers.doubles) {
      expect(`${hex} ${doubleText(Buffer.from(hex, 'hex').readDoubleBE(0))}`).toBe(
        `${hex} ${text}`,
      );
    }
  });

  test('floats', () => {
    for (const [hex, text] of numbers.floats) {
      expect(`${hex} ${floatText(Buffer.from(hex, 'hex').readFloatBE(0))}`).toBe(`${hex} ${text}`);
    }
  });
});

test('what is printed reads back as the same number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(parseJavaDouble(doubleText(value))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      expect(parseJavaFloat(floatText(value))).toBe(value);
    }),
  );
});

test('narrowing saturates', () => {
  const cases: [number, number, bigint][] = [
    [Number.NaN, 0, 0n],
    [1e30, 0x7fff_ffff, 0x7fff_ffff_ffff_ffffn],
    [-1e30, -0x8000_0000, -0x8000_0000_0000_0000n],
    [-1.9, -1, -1n],
    [-0.5, 0, 0n],
    [2 ** 53, 0x7fff_ffff, 2n ** 53n],
  ];
  for (const [value, int, long] of cases) {
    expect(doubleToInt(value)).toBe(int);
    expect(doubleToLong(value)).toBe(long);
  }
});
