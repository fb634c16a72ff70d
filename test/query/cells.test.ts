// Conflicts between writes, statement for statement, as a real node decided them: same rows, whatever the order.

import { describe, expect, test } from 'vitest';
import { unpackList, unpackMap, unpackTuple } from '../../src/data/codec/packing.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { SingleNode } from './single-node.ts';
import { facts } from '../read-facts.ts';

interface Case {
  readonly case: string;
  readonly select?: string;
  readonly outcomes?: readonly {
    readonly order: readonly string[];
    readonly rows: readonly Readonly<Record<string, unknown>>[];
    readonly errors?: readonly string[];
  }[];
}

const CASES = facts<{ readonly cases: readonly Case[] }>('cells.json').cases;

const node = new SingleNode();
node.setUp(
  "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
  'USE ks',
  'CREATE TYPE ut (a text, b text)',
  'CREATE TABLE t (k int, c int, v text, w text, n int, PRIMARY KEY (k,c))',
  'CREATE TABLE d (k int PRIMARY KEY, v text) WITH default_time_to_live=1000',
  'CREATE TABLE s (k int, c int, s text static, v text, PRIMARY KEY (k,c))',
  'CREATE TABLE l (k int PRIMARY KEY, l list<text>, s set<text>, m map<text,text>, f frozen<list<text>>)',
  'CREATE TABLE u (k int PRIMARY KEY, u ut)',
  'CREATE TABLE n (k int PRIMARY KEY, a counter, b counter)',
  'CREATE TABLE p (k int, c1 int, c2 int, v int, PRIMARY KEY (k,c1,c2))',
);

/** A value as the recording shows it. */
function shown(type: CqlType, bytes: Buffer | null): unknown {
  if (bytes === null) return null;
  switch (type.kind) {
    case 'list':
    case 'set':
      return unpackList(bytes).map((element) => shown(type.element, element));
    case 'map': {
      const flat = unpackMap(bytes);
      const entries = flat.flatMap((value, i) =>
        i % 2 === 0 ? [[shown(type.key, value), shown(type.value, flat[i + 1] ?? null)]] : [],
      );
      return Object.fromEntries(entries) as unknown;
    }
    case 'udt':
      return unpackTuple(bytes, type.fieldTypes.length).map((field, i) =>
        shown(type.fieldTypes[i] as CqlType, field),
      );
    case 'native':
      if (type.name === 'int') return bytes.readInt32BE(0);
      if (type.name === 'bigint' || type.name === 'counter') return Number(bytes.readBigInt64BE(0));
      return bytes.toString('utf8');
    default:
      return bytes.toString('hex');
  }
}

let key = 1000;

describe.each(CASES.filter((c) => c.outcomes !== undefined))(
  '$case',
  ({ select, outcomes = [] }) => {
    test.each(outcomes)('$order', ({ order, rows, errors = [] }) => {
      const k = String(key++);
      const met: string[] = [];
      for (const cql of order) {
        const { response } = node.query(cql.replaceAll('$K', k));
        if (response.kind === 'error') met.push(response.error.message);
      }
      expect(met).toEqual(errors);
      const { response } = node.query((select ?? '').replaceAll('$K', k));
      if (response.kind !== 'rows') throw new Error(JSON.stringify(response));
      const { columns } = response.metadata;
      const found = response.rows.map((row) =>
        Object.fromEntries(columns.map(({ name, type }, i) => [name, shown(type, row[i] ?? null)])),
      );
      expect(found).toEqual(
        rows.map((row) => (row['k'] === undefined ? row : { ...row, k: Number(k) })),
      );
    });
  },
);

const later = (select: string, ...statements: readonly string[]): readonly unknown[] => {
  const k = String(key++);
  node.setUp(...statements.map((cql) => cql.replaceAll('$K', k)));
  const now = Math.floor(node.clock.wallMs() / 1000) + 10;
  return node.rows(select.replaceAll('$K', k), { nowInSeconds: now }).rows;
};

describe('expiry', () => {
  test('of an INSERT with TTL: a column UPDATEd without TTL keeps the row', () => {
    const rows = later(
      'SELECT v,w,ttl(v) FROM t WHERE k=$K',
      "INSERT INTO t (k,c,v) VALUES ($K,1,'a') USING TTL 2",
      "UPDATE t SET w='w' WHERE k=$K AND c=1",
    );
    expect(rows).toEqual([[null, Buffer.from('w'), null]]);
  });

  test('of all cells and the marker: the row is gone', () => {
    expect(
      later('SELECT * FROM t WHERE k=$K', "INSERT INTO t (k,c,v) VALUES ($K,1,'a') USING TTL 2"),
    ).toEqual([]);
  });

  test('of a newer value does not reveal the older one', () => {
    const rows = later(
      'SELECT * FROM t WHERE k=$K',
      "INSERT INTO t (k,c,v) VALUES ($K,1,'old') USING TIMESTAMP 10",
      "INSERT INTO t (k,c,v) VALUES ($K,1,'new') USING TIMESTAMP 11 AND TTL 2",
    );
    expect(rows).toEqual([]);
  });
});
