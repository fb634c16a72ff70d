// Masking functions at work.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { typedArgument } from '../../src/cql/functions/function-argument.ts';
import { resolveFunction } from '../../src/cql/functions/resolve-function.ts';
import { parseType } from '../types/cql-text.ts';
import { int as intBytes } from '../int-bytes.ts';

const { text, int } = NATIVE;

function mask(name: string, args: [CqlType, Buffer | null][]): Buffer | null {
  const found = resolveFunction({
    keyspace: null,
    name,
    args: args.map(([type]) => typedArgument(type, 'x')),
    currentKeyspace: 'k',
    receiverType: null,
    table: null,
    userFunctions: () => [],
  });
  if (found?.kind !== 'scalar') throw new Error(name);
  return found.execute(
    args.map(([, value]) => value),
    { nowMs: 0, nextTimeUuid: () => Buffer.alloc(16), randomBytes: (n) => Buffer.alloc(n) },
  );
}
const number = (value: number): [CqlType, Buffer] => [int, intBytes(value)];
const string = (value: string): [CqlType, Buffer] => [text, Buffer.from(value)];

describe('parts of a text', () => {
  test.each([
    ['mask_inner', 'abcdef', 1, 2, null, 'a***ef'],
    ['mask_outer', 'abcdef', 1, 2, null, '*bcd**'],
    ['mask_inner', 'abcdef', 0, 0, '#', '######'],
    ['mask_outer', 'abcdef', 0, 0, '#', 'abcdef'],
    ['mask_inner', 'abc', 5, 0, null, 'abc'],
    ['mask_inner', 'abc', -1, -1, null, '***'],
    ['mask_outer', 'abc', 2, 2, null, '***'],
    ['mask_inner', '', 1, 1, null, ''],
  ])('%s(%s, %d, %d, %s) = %s', (name, value, begin, end, padding, expected) => {
    const args = [
      string(value),
      number(begin),
      number(end),
      ...(padding === null ? [] : [string(padding)]),
    ];
    expect(mask(name, args)?.toString()).toBe(expected);
  });

  test('null stays null, null bounds are 0', () => {
    expect(mask('mask_inner', [[text, null], number(1), number(1)])).toBeNull();
    expect(mask('mask_inner', [string('ab'), [int, null], [int, null]])?.toString()).toBe('**');
  });

  test('the padding is one character', () => {
    expect(() => mask('mask_inner', [string('t'), number(1), number(1), string('ab')])).toThrow(
      "The padding argument for function system.mask_inner should be single-character, but 'ab' has 2 characters.",
    );
  });
});

test('hashes by Java names', () => {
  const value = Buffer.from('t');
  expect(mask('mask_hash', [string('t')])).toEqual(createHash('sha256').update(value).digest());
  expect(mask('mask_hash', [string('t'), string('SHA-512')])).toEqual(
    createHash('sha512').update(value).digest(),
  );
  expect(mask('mask_hash', [string('t'), string('md5')])).toEqual(
    createHash('md5').update(value).digest(),
  );
  expect(mask('mask_hash', [[text, null]])).toBeNull();
  expect(() => mask('mask_hash', [string('t'), string('nope')])).toThrow(
    'Hash algorithm not found: nope',
  );
});

test('default, null and replacement', () => {
  expect(mask('mask_default', [[text, null]])?.toString()).toBe('****');
  expect(
    mask('mask_default', [[parseType('tuple<int,text>'), Buffer.alloc(8)]])?.toString('hex'),
  ).toBe('0000000400000000000000042a2a2a2a');
  expect(mask('mask_null', [number(5)])).toBeNull();
  expect(mask('mask_replace', [number(5), number(6)])).toEqual(number(6)[1]);
});

test('similarity refuses zero vectors by cosine only', () => {
  const vector = parseType('vector<float,2>');
  const zero: [CqlType, Buffer] = [vector, Buffer.alloc(8)];
  expect(() => mask('similarity_cosine', [zero, zero])).toThrow(
    "Function system.similarity_cosine doesn't support all-zero vectors.",
  );
  expect(mask('similarity_euclidean', [zero, zero])?.readFloatBE(0)).toBe(1);
  expect(mask('similarity_dot_product', [zero, [vector, null]])).toBeNull();
});
