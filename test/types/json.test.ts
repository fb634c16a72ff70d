// INSERT JSON as a running server refuses it, and the rules of keys and strings.

import { describe, expect, test } from 'vitest';
import { CqlException, ERROR_CODES } from '../../src/data/cql-error.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { jsonColumns, jsonKey, quoteJson } from '../../src/data/json.ts';
import { recordedErrors } from '../read-facts.ts';
import { parseType } from './cql-text.ts';

const TABLES: Readonly<Record<string, string>> = {
  kv: 'k int, v int, t text',
  col: 'k int, l list<int>, st set<text>, m map<text,int>, u addr, tu tuple<int,text>, fl frozen<list<int>>, fm frozen<map<text,int>>, fu frozen<addr>',
  vec: 'k int, v vector<float,3>, w vector<int,2>, n int',
  ty: 'k int, a ascii, bi bigint, b blob, bo boolean, d date, de decimal, do double, du duration, f float, ip inet, si smallint, ti time, ts timestamp, tu timeuuid, tn tinyint, u uuid, vi varint, tx text',
};

function columnsOf(table: string): { name: string; type: ReturnType<typeof parseType> }[] {
  return (TABLES[table] ?? '').split(/, (?=\w+ )/).map((column) => {
    const [name = '', ...type] = column.split(' ');
    return { name, type: parseType(type.join('')) };
  });
}

const errors = recordedErrors();
const inserts = errors.flatMap((row) => {
  const match = /^INSERT INTO (kv|col|vec|ty) JSON '(.*)'$/s.exec(row.cql);
  // A missing key column is the statement's affair, not the document's.
  return match === null || /null value in condition|Invalid null/.test(row.message)
    ? []
    : [[row.cql, match[1] ?? '', match[2] ?? '', row] as const];
});

test('enough rows', () => expect(inserts.length).toBeGreaterThan(40));

describe('refused documents', () => {
  test.each(inserts)('%s', (_, table, text, row) => {
    let thrown: unknown;
    try {
      jsonColumns(text, columnsOf(table), 0);
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof CqlException)) throw new Error(`no refusal: ${String(thrown)}`);
    expect(thrown.message).toBe(row.message);
    expect(ERROR_CODES[thrown.error.code]).toBe(Number(row.protocolErrorCode));
  });
});

describe('accepted documents', () => {
  const columns = [
    { name: 'k', type: NATIVE.int },
    { name: 'Case', type: NATIVE.int },
    { name: 't', type: NATIVE.text },
  ];
  const read = (text: string): Record<string, string | null> =>
    Object.fromEntries(
      [...jsonColumns(text, columns, 0)].map(([name, value]) => [
        name,
        value?.toString('hex') ?? null,
      ]),
    );

  test.each([
    ['{"k": 1}', { k: '00000001' }],
    ['{"K": 1}', { k: '00000001' }],
    ['{"\\"Case\\"": 2, "k": "1"}', { k: '00000001', Case: '00000002' }],
    ['{"k": 1, "t": null}', { k: '00000001', t: null }],
    ['{"k": 1, "k": 2}', { k: '00000002' }],
    ['{"t": "\\u00e9\\n"}', { t: 'c3a90a' }],
    ['{"k": 1} and more', { k: '00000001' }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test('a case-sensitive column is not met by its plain name', () => {
    expect(() => read('{"Case": 1}')).toThrow('JSON values map contains unrecognized column: case');
  });
});

test('keys and strings', () => {
  expect([jsonKey('a'), jsonKey('Foo'), jsonKey('a"b'), jsonKey('weird col')]).toEqual([
    '"a"',
    '"\\"Foo\\""',
    '"a\\"b"',
    '"weird col"',
  ]);
  expect(quoteJson('\u0001\n\t\\"é\u007f')).toBe('"\\u0001\\n\\t\\\\\\"é\u007f"');
});
