// ROWS: recorded flags, the cached description, and bytes counted beside bytes written.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NATIVE } from '../../src/data/cql-type.ts';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { encodeColumns } from '../../src/protocol/responses/result-metadata.ts';
import type { RowsResult } from '../../src/protocol/responses/rows.ts';
import { decodeRows, encodeRows } from '../../src/protocol/responses/rows.ts';
import { columns, maybeBytes, version } from './arbitraries.ts';

function hex(result: RowsResult, v: ProtocolVersion): string {
  const writer = new BodyWriter();
  encodeRows(writer, result, v);
  return writer.written().toString('hex');
}

const COLUMNS = [
  { keyspace: 'ks', table: 't', name: 'k', type: NATIVE.int },
  { keyspace: 'ks', table: 't', name: 'v', type: NATIVE.text },
];
const SPEC = '00026b73' + '000174' + '00016b' + '0009' + '000176' + '000d';
const ROWS = [
  [Buffer.from('00000001', 'hex'), null],
  [null, Buffer.from('ab')],
];
const CELLS = '00000002' + '0000000400000001' + 'ffffffff' + 'ffffffff' + '000000026162';

test('columns of one table share its name', () => {
  const result = { kind: 'rows', metadata: { columns: COLUMNS }, rows: ROWS } as const;
  expect(hex(result, 4)).toBe('00000001' + '00000002' + SPEC + CELLS);
});

test('columns of two tables name theirs', () => {
  const mixed = [
    { keyspace: 'a', table: 'b', name: 'c', type: NATIVE.int },
    { keyspace: 'a', table: 'd', name: 'e', type: NATIVE.int },
  ];
  const result = { kind: 'rows', metadata: { columns: mixed }, rows: [] } as const;
  expect(hex(result, 4)).toBe(
    '00000000' + '00000002' + '00016100016200016300090001610001640001650009' + '00000000',
  );
});

test('skipped metadata keeps count, flags and paging state', () => {
  const metadata = { columns: COLUMNS, noMetadata: true, pagingState: Buffer.from('ff', 'hex') };
  expect(hex({ kind: 'rows', metadata, rows: [] }, 4)).toBe(
    '00000007' + '00000002' + '00000001ff' + '00000000',
  );
});

test('changed metadata goes with its id in version 5, even when skipping was asked', () => {
  const metadata = { columns: COLUMNS, noMetadata: true, changedId: Buffer.from('abcd', 'hex') };
  const result = { kind: 'rows', metadata, rows: [] } as const;
  expect(hex(result, 5)).toBe('00000009' + '00000002' + '0002abcd' + SPEC + '00000000');
  expect(hex(result, 4)).toBe('00000005' + '00000002' + '00000000');
});

test('the description of a column array is encoded once a version', () => {
  expect(encodeColumns(COLUMNS, 4)).toBe(encodeColumns(COLUMNS, 4));
  expect(encodeColumns(COLUMNS, 5)).not.toBe(encodeColumns(COLUMNS, 4));
});

test('any rows read back, appended to a buffer that must grow', () => {
  const result = version.chain((v) =>
    columns(v, 1).chain((list) =>
      fc.record({
        v: fc.constant(v),
        list: fc.constant(list),
        rows: fc.array(fc.array(maybeBytes, { minLength: list.length, maxLength: list.length })),
      }),
    ),
  );
  fc.assert(
    fc.property(result, fc.nat({ max: 300 }), ({ v, list, rows }, before) => {
      const writer = new BodyWriter();
      writer.raw(Buffer.alloc(before, 0xee));
      encodeRows(writer, { kind: 'rows', metadata: { columns: list }, rows }, v);
      const written = writer.written();
      expect(written.subarray(0, before).every((byte) => byte === 0xee)).toBe(true);
      expect(decodeRows(new BodyReader(written.subarray(before))).rows).toEqual(rows);
    }),
  );
});

test('a row count that cannot be is refused before anything is allocated', () => {
  const body = Buffer.from('00000001' + '00000002' + SPEC + '7fffffff', 'hex');
  expect(() => decodeRows(new BodyReader(body))).toThrow('Invalid row count 2147483647');
});
