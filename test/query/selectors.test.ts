// Everything a SELECT list may hold: names and types of the result, the first row, warnings, as a real node answered.

import { expect, test } from 'vitest';
import { int64Bytes } from '../../src/base/int64.ts';
import { facts } from '../read-facts.ts';
import { wireTypeName } from './single-node.ts';
import { recordedNode } from './fixtures.ts';

interface Recorded {
  readonly cql: string;
  readonly columns?: readonly (readonly [string, string])[];
  readonly firstRow?: readonly (string | null)[];
  readonly rows?: number;
  readonly warnings?: readonly string[];
  readonly message?: string;
}

const node = recordedNode();
node.setUp(
  "UPDATE col SET l=[1,2], st={'a'}, m={'a':1,'b':2}, u={street:'s',num:3}, fu={street:'q'}, tu=(1,'x') WHERE k=1",
  "INSERT INTO ty (k,ts,d,ti,tu,f,de,vi,tx) VALUES (1,'2020-01-02 03:04:05+0000','2020-01-02','01:02:03'," +
    "50554d6e-29bb-11e5-b345-feff819cdc9f,1.5,2.5,7,'t')",
  'CREATE TABLE "Mixed" ("K" int PRIMARY KEY, "a""b" int, "weird col" text)',
  `INSERT INTO "Mixed" ("K","a""b","weird col") VALUES (1,2,'x')`,
);

/** Values that the moment or chance decides. */
const VARYING = /now|uuid|current|writetime/;

test.each(facts<Recorded[]>('selectors.json'))('$cql', (recorded) => {
  const values = recorded.cql.includes('(bigint)?') ? [int64Bytes(5)] : [];
  const { response, warnings } = node.query(recorded.cql, { values });
  if (recorded.message !== undefined) {
    expect(response).toMatchObject({ kind: 'error', error: { message: recorded.message } });
    return;
  }
  if (response.kind !== 'rows') throw new Error(JSON.stringify(response));
  const { columns } = response.metadata;
  expect(columns.map(({ name, type }) => [name, wireTypeName(type)])).toEqual(recorded.columns);
  expect(response.rows.length).toBe(recorded.rows);
  expect(warnings).toEqual(recorded.warnings);
  const expected = recorded.firstRow ?? [];
  const first = response.rows[0] ?? [];
  columns.forEach(({ name, type }, i) => {
    if (VARYING.test(name) || response.rows.length === 0) return;
    const value = first[i] ?? null;
    const isText = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
    const shown =
      value === null ? null : isText ? value.toString('utf8') : `0x${value.toString('hex')}`;
    expect([name, shown]).toEqual([name, expected[i] ?? null]);
  });
});
