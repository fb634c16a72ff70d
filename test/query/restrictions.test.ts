// WHERE, ORDER BY and limits against a naive reading of the same conditions: whatever is accepted gives exactly the
// rows for which every condition holds, in clustering order, for keys, slices, tuples, IN and filters; in pages too.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SingleNode } from './single-node.ts';

const COLUMNS = ['k', 'a', 'b', 'c', 'v'] as const;
type Name = (typeof COLUMNS)[number];
type Values = Readonly<Record<Name, number>>;

interface Condition {
  readonly cql: string;
  holds(row: Values): boolean;
}

const node = new SingleNode();
node.setUp(
  "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
  'USE ks',
  'CREATE TABLE t (k int, a int, b int, c int, v int, PRIMARY KEY (k,a,b,c)) WITH CLUSTERING ORDER BY (a ASC, b DESC, c ASC)',
  'CREATE TABLE i (k int, a int, b int, c int, v int, PRIMARY KEY (k,a,b,c)) WITH CLUSTERING ORDER BY (a ASC, b DESC, c ASC)',
  'CREATE INDEX ON i(v)',
);
for (let n = 0; n < 81; n++) {
  const [k, a, b, c] = [Math.floor(n / 27), Math.floor(n / 9) % 3, Math.floor(n / 3) % 3, n % 3];
  if ((n * 7) % 5 === 0) continue;
  for (const table of ['t', 'i']) {
    node.setUp(`INSERT INTO ${table} (k,a,b,c,v) VALUES (${k},${a},${b},${c},${n % 4})`);
  }
}

function valuesOf(row: readonly (Buffer | null)[]): Values {
  const values = row.map((value) => value?.readInt32BE(0) ?? -1);
  return { k: values[0], a: values[1], b: values[2], c: values[3], v: values[4] } as Values;
}

function read(cql: string): readonly Values[] {
  return node.rows(cql).rows.map(valuesOf);
}

function readPages(cql: string, pageSize: number): readonly Values[] {
  const all: Values[] = [];
  let pagingState: Buffer | null = null;
  do {
    const { rows, metadata } = node.rows(cql, { pageSize, pagingState });
    for (const row of rows) all.push(valuesOf(row));
    pagingState = metadata.pagingState ?? null;
  } while (pagingState !== null);
  return all;
}

/** In reading order: partitions by token, rows by clustering. */
const ALL = read('SELECT k,a,b,c,v FROM t');

const OPERATORS = ['=', '<', '<=', '>', '>='] as const;
type Operator = (typeof OPERATORS)[number];

function satisfies(operator: Operator, comparison: number): boolean {
  if (operator === '=') return comparison === 0;
  if (operator === '<') return comparison < 0;
  if (operator === '<=') return comparison <= 0;
  return operator === '>' ? comparison > 0 : comparison >= 0;
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  for (const [i, x] of a.entries()) if (x !== b[i]) return x - (b[i] as number);
  return 0;
}

const number = fc.integer({ min: -1, max: 3 });
const operator = fc.constantFrom(...OPERATORS);

const single = (name: Name): fc.Arbitrary<Condition> =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.tuple(operator, number) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constant('IN' as const), fc.array(number, { maxLength: 3 })),
      },
    )
    .map(([op, value]) =>
      op === 'IN'
        ? {
            cql: `${name} IN (${(value as number[]).join(',')})`,
            holds: (row) => (value as number[]).includes(row[name]),
          }
        : {
            cql: `${name}${op}${value as number}`,
            holds: (row) => satisfies(op, row[name] - (value as number)),
          },
    );

const TUPLES = [['a', 'b'], ['a', 'b', 'c'], ['b', 'c'], ['a']] as const satisfies Name[][];

const multi: fc.Arbitrary<Condition> = fc
  .tuple(fc.constantFrom<readonly Name[]>(...TUPLES), operator, fc.tuple(number, number, number))
  .map(([names, op, all]) => {
    const values = all.slice(0, names.length);
    return {
      cql: `(${names.join(',')}) ${op} (${values.join(',')})`,
      holds: (row) =>
        satisfies(
          op,
          compareLists(
            names.map((name) => row[name]),
            values,
          ),
        ),
    };
  });

const multiIn: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom<readonly Name[]>(['a', 'b'], ['a', 'b', 'c']),
    fc.array(fc.tuple(number, number, number), { maxLength: 3 }),
  )
  .map(([names, lists]) => {
    const tuples = lists.map((list) => list.slice(0, names.length));
    return {
      cql: `(${names.join(',')}) IN (${tuples.map((tuple) => `(${tuple.join(',')})`).join(',')})`,
      holds: (row) =>
        tuples.some(
          (tuple) =>
            compareLists(
              names.map((name) => row[name]),
              tuple,
            ) === 0,
        ),
    };
  });

const key = fc.oneof(
  fc.constant<readonly Condition[]>([]),
  single('k').map((condition) => [condition]),
  number.map((k) => [{ cql: `k=${k}`, holds: (row: Values) => row.k === k }]),
);

const clustering = fc.oneof(
  fc.array(fc.constantFrom<Name>('a', 'b', 'c').chain(single), { maxLength: 3 }),
  fc.tuple(multi).map((conditions): readonly Condition[] => conditions),
  fc.tuple(multi, multi).map((conditions): readonly Condition[] => conditions),
  fc.tuple(multiIn).map((conditions): readonly Condition[] => conditions),
  fc.tuple(single('a'), multi).map((conditions): readonly Condition[] => conditions),
);

const query = fc.record({
  table: fc.constantFrom('t', 'i'),
  key,
  clustering,
  other: fc.oneof(
    fc.constant<readonly Condition[]>([]),
    single('v').map((condition) => [condition]),
  ),
  reversed: fc.boolean(),
  limit: fc.option(fc.integer({ min: 1, max: 20 })),
  perPartition: fc.option(fc.integer({ min: 1, max: 5 })),
  pageSize: fc.integer({ min: 1, max: 30 }),
});

function naive(
  conditions: readonly Condition[],
  by: {
    readonly reversed: boolean;
    readonly limit: number | null;
    readonly perPartition: number | null;
  },
  sortsKeys: boolean,
): readonly Values[] {
  const keys = [...new Set(ALL.map(({ k }) => k))];
  if (sortsKeys) keys.sort((x, y) => x - y);
  const rows: Values[] = [];
  for (const k of keys) {
    const own = ALL.filter((row) => row.k === k);
    const ordered = by.reversed ? own.toReversed() : own;
    const found = ordered.filter((row) => conditions.every(({ holds }) => holds(row)));
    rows.push(...found.slice(0, by.perPartition ?? found.length));
  }
  return rows.slice(0, by.limit ?? rows.length);
}

test('gives what a naive reading gives', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      query,
      ({ table, key: keys, clustering: rows, other, reversed, limit, perPartition, pageSize }) => {
        const conditions = [...keys, ...rows, ...other];
        const isOneKey = keys.length === 1 && keys[0]?.cql.startsWith('k=') === true;
        const isIn = keys.length === 1 && keys[0]?.cql.startsWith('k IN') === true;
        const cql = [
          `SELECT k,a,b,c,v FROM ${table}`,
          conditions.length === 0
            ? ''
            : ` WHERE ${conditions.map((condition) => condition.cql).join(' AND ')}`,
          isOneKey && reversed ? ' ORDER BY a DESC, b ASC, c DESC' : '',
          perPartition === null ? '' : ` PER PARTITION LIMIT ${perPartition}`,
          limit === null ? '' : ` LIMIT ${limit}`,
          ' ALLOW FILTERING',
        ].join('');
        const { response } = node.query(cql);
        if (response.kind === 'error') {
          expect(response.error.code).toBe('INVALID');
          refused++;
          return;
        }
        accepted++;
        const expected = naive(
          conditions,
          { reversed: isOneKey && reversed, limit, perPartition },
          isIn,
        );
        expect(read(cql), cql).toEqual(expected);
        expect(readPages(cql, pageSize), `${cql} in pages of ${pageSize}`).toEqual(expected);
      },
    ),
    { numRuns: 2000 },
  );
  expect(accepted).toBeGreaterThan(refused / 2);
});
