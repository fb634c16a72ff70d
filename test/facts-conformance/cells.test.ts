// Conflicts between writes (cells.json), statement for statement, in both orders, and what time does to them: the rows
// a real node was left with. Each row under a key of its own; later is a time told with the request.

import { describe, expect, test } from 'vitest';
import type { QueryParameters } from '../../src/protocol/query-parameters.ts';
import { facts } from '../read-facts.ts';
import { plainNode } from './fact-node.ts';
import { showing } from './shown-value.ts';

type Row = Readonly<Record<string, unknown>>;

interface Case {
  readonly case: string;
  readonly select?: string;
  readonly rows?: readonly Row[];
  readonly outcomes?: readonly {
    readonly order: readonly string[];
    readonly rows: readonly Row[];
    readonly errors?: readonly string[];
  }[];
}

const CASES = facts<{ readonly cases: readonly Case[] }>('cells.json').cases;

const here = plainNode(
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

const shown = showing((name, bytes) => {
  if (name === 'int') return bytes.readInt32BE(0);
  if (name === 'bigint' || name === 'counter') return Number(bytes.readBigInt64BE(0));
  return bytes.toString('utf8');
});

async function read(cql: string, parameters: Partial<QueryParameters> = {}): Promise<Row[]> {
  const { metadata, rows } = await here.client.rows(cql, parameters);
  return rows.map((row) =>
    Object.fromEntries(
      metadata.columns.map(({ name, type }, i) => [name, shown(type, row[i] ?? null)]),
    ),
  );
}

/** The recorded rows, under the key of this run. */
function expected(rows: readonly Row[], key: string): Row[] {
  return rows.map((row) => (row['k'] === undefined ? row : { ...row, k: Number(key) }));
}

let nextKey = 1000;

describe.each(CASES.filter((c) => c.outcomes !== undefined))(
  '$case',
  ({ select = '', outcomes = [] }) => {
    test.each(outcomes)('$order', async ({ order, rows, errors = [] }) => {
      const key = String(nextKey++);
      const met: string[] = [];
      for (const cql of order) {
        const { response } = await here.client.query(cql.replaceAll('$K', key));
        if (response.kind === 'error') met.push(response.error.message);
      }
      expect(met).toEqual(errors);
      expect(await read(select.replaceAll('$K', key))).toEqual(expected(rows, key));
    });
  },
);

/** The statements behind the recorded cases that tell only what was left in the end. */
const EXPIRED: readonly {
  readonly about: RegExp;
  readonly select: string;
  readonly writes: readonly string[];
}[] = [
  {
    about: /^after expiry of INSERT TTL 2 with another column UPDATEd/,
    select: 'SELECT k,c,v,w,ttl(v) FROM t WHERE k=$K',
    writes: [
      "INSERT INTO t (k,c,v) VALUES ($K,1,'a') USING TTL 2",
      "UPDATE t SET w='w' WHERE k=$K AND c=1",
    ],
  },
  {
    about: /^after expiry of all cells and marker/,
    select: 'SELECT * FROM t WHERE k=$K',
    writes: ["INSERT INTO t (k,c,v) VALUES ($K,1,'a') USING TTL 2"],
  },
  {
    about: /^expired newer value does not reveal the older one/,
    select: 'SELECT * FROM t WHERE k=$K',
    writes: [
      "INSERT INTO t (k,c,v) VALUES ($K,1,'old') USING TIMESTAMP 10",
      "INSERT INTO t (k,c,v) VALUES ($K,1,'new') USING TIMESTAMP 11 AND TTL 2",
    ],
  },
];

test.each(CASES.filter((c) => c.outcomes === undefined))(
  '$case',
  async ({ case: name, rows = [] }) => {
    const [found, ...more] = EXPIRED.filter(({ about }) => about.test(name));
    if (found === undefined || more.length > 0) throw new Error(`no statements for: ${name}`);
    const key = String(nextKey++);
    const nowInSeconds = 1_800_000_000;
    for (const cql of found.writes) {
      const { response } = await here.client.query(cql.replaceAll('$K', key), { nowInSeconds });
      expect(response.kind).toBe('void');
    }
    const select = found.select.replaceAll('$K', key);
    expect(await read(select, { nowInSeconds: nowInSeconds + 2 })).toEqual(expected(rows, key));
  },
);

test('the file is whole', () => {
  const outcomes = CASES.flatMap((c) => c.outcomes ?? []);
  expect([CASES.length, outcomes.length]).toEqual([78, 131]);
});
