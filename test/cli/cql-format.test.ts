// Values, tables and errors as cqlsh prints them.

import cassandra from 'cassandra-driver';
import { expect, test } from 'vitest';
import { errorText, tableLines, valueText } from '../../src/cli/commands/cql-format.ts';

const { types, errors } = cassandra;

test.each([
  [null, 'null'],
  ['text', 'text'],
  [true, 'True'],
  [7, '7'],
  [1.5, '1.5'],
  [Buffer.from('00ff', 'hex'), '0x00ff'],
  [new Date(0), '1970-01-01 00:00:00.000000+0000'],
  [types.Long.fromString('9007199254740993'), '9007199254740993'],
  [
    types.Uuid.fromString('00000000-0000-0000-0000-000000000001'),
    '00000000-0000-0000-0000-000000000001',
  ],
  [types.LocalDate.fromString('2026-01-02'), '2026-01-02'],
  [types.InetAddress.fromString('127.0.0.1'), '127.0.0.1'],
  [['a', "b'c"], "['a', 'b''c']"],
  [new Set(['x']), "{'x'}"],
  [new Map([['k', 1]]), "{'k': 1}"],
  [new types.Tuple('a', 1), "('a', 1)"],
  [{ street: 'Main', no: 5 }, "{street: 'Main', no: 5}"],
  [[[1], [2]], '[[1], [2]]'],
  [new Float32Array([0.5, 1]), '[0.5, 1]'],
] as const)('%j reads %s', (value, text) => {
  expect(valueText(value)).toBe(text);
});

test('a table: names to the left, values to the right, a count', () => {
  expect(
    tableLines(
      ['id', 'balance'],
      [
        ['ada', '7'],
        ['b', '12345678'],
      ],
    ),
  ).toEqual([
    '',
    ' id  | balance',
    '-----+----------',
    ' ada |        7',
    '   b | 12345678',
    '',
    '(2 rows)',
  ]);
  expect(tableLines(['k'], [])).toEqual(['', ' k', '---', '', '(0 rows)']);
});

test("an error with its code and cqlsh's words", () => {
  expect(errorText(new errors.ResponseError(0x2200, 'unconfigured table t'))).toBe(
    'InvalidRequest: Error from server: code=2200 [Invalid query] message="unconfigured table t"',
  );
  expect(errorText(new errors.ResponseError(0x1000, 'Cannot achieve'))).toMatch(
    /^Unavailable: .*code=1000/,
  );
  expect(errorText(new Error('no node'))).toBe('no node');
});
