// Everything a SELECT list may hold (selectors.json): names and types of the result, the first row, warnings.

import { expect, test } from 'vitest';
import { int64Bytes } from '../../src/base/int64.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { ERROR_CODES } from '../../src/data/cql-error.ts';
import { facts } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import { plainNode, rowsOf, SETUP } from './fact-node.ts';

interface Recorded {
  readonly cql: string;
  readonly columns?: readonly (readonly [string, string])[];
  readonly firstRow?: readonly (string | null)[];
  readonly rows?: number;
  readonly warnings?: readonly string[];
  readonly protocolErrorCode?: string;
  readonly message?: string;
}

const here = plainNode(
  ...SETUP,
  "UPDATE col SET l=[1,2], st={'a'}, m={'a':1,'b':2}, u={street:'s',num:3}, fu={street:'q'}, tu=(1,'x') WHERE k=1",
  "INSERT INTO ty (k,ts,d,ti,tu,f,de,vi,tx) VALUES (1,'2020-01-02 03:04:05+0000','2020-01-02','01:02:03'," +
    "50554d6e-29bb-11e5-b345-feff819cdc9f,1.5,2.5,7,'t')",
  'CREATE TABLE "Mixed" ("K" int PRIMARY KEY, "a""b" int, "weird col" text)',
  `INSERT INTO "Mixed" ("K","a""b","weird col") VALUES (1,2,'x')`,
);

/** Values that the moment or chance decides. */
const VARYING = /now|uuid\(\)|current|writetime/;

function shown(type: CqlType, value: Buffer | null): string | null {
  if (value === null) return null;
  const isText = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
  return isText ? value.toString() : `0x${value.toString('hex')}`;
}

test.each(facts<Recorded[]>('selectors.json'))('$cql', async (recorded) => {
  const { cql } = recorded;
  const values = cql.includes('(bigint)?') ? [int64Bytes(5)] : [];
  const { response, extras } = await here.client.query(cql, { values });
  if (recorded.message !== undefined) {
    const error = response.kind === 'error' ? response.error : null;
    expect(error?.message).toBe(recorded.message);
    expect(error === null ? null : ERROR_CODES[error.code]).toBe(
      Number(recorded.protocolErrorCode),
    );
    return;
  }
  const { metadata, rows } = rowsOf(cql, response);
  const { columns } = metadata;
  expect(columns.map(({ name, type }) => [name, wireTypeName(type)])).toEqual(recorded.columns);
  expect(rows.length).toBe(recorded.rows);
  expect(extras.warnings ?? []).toEqual(recorded.warnings);
  const [first] = rows;
  if (first === undefined) return;
  const found = columns.map(({ name, type }, i) =>
    VARYING.test(name) ? 'varies' : shown(type, first[i] ?? null),
  );
  const expected = columns.map(({ name }, i) =>
    VARYING.test(name) ? 'varies' : (recorded.firstRow?.[i] ?? null),
  );
  expect(found).toEqual(expected);
});
