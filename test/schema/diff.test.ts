// The events that clients and stores hear of each statement, first those that Cassandra sent for a script.

import { describe, expect, it } from 'vitest';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { factText } from '../read-facts.ts';
import { DdlWorld } from './ddl-world.ts';

const KEYSPACE = "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy'}";
const FUNCTION =
  "CREATE FUNCTION ks.f(x int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS 'return 1;'";
const STATE =
  'CREATE FUNCTION ks.sf(s int, x list<int>) CALLED ON NULL INPUT RETURNS int ' +
  "LANGUAGE java AS 'return 1;'";
const AGGREGATE = 'CREATE AGGREGATE ks.ag(list<int>) SFUNC sf STYPE int INITCOND 0';
const VIEW =
  'CREATE MATERIALIZED VIEW ks.mv AS SELECT * FROM ks.t ' +
  'WHERE k IS NOT NULL AND v IS NOT NULL PRIMARY KEY (v, k)';
const TABLE = 'CREATE TABLE ks.t (k int PRIMARY KEY, v int)';
const TYPE = 'CREATE TYPE ks.u (first int)';
const USER = 'CREATE TABLE ks.users (k int PRIMARY KEY, addr u, all list<frozen<u>>)';

interface Case {
  readonly before: readonly string[];
  readonly cql: string;
  readonly events: readonly string[];
}

const CASES: readonly Case[] = [
  { before: [], cql: KEYSPACE, events: ['CREATED KEYSPACE ks'] },
  {
    before: [KEYSPACE],
    cql: 'ALTER KEYSPACE ks WITH durable_writes = false',
    events: ['UPDATED KEYSPACE ks'],
  },
  { before: [KEYSPACE], cql: 'ALTER KEYSPACE ks WITH durable_writes = true', events: [] },
  { before: [KEYSPACE], cql: TABLE, events: ['CREATED TABLE ks.t'] },
  {
    before: [KEYSPACE, TABLE],
    cql: "ALTER TABLE ks.t WITH comment = 'x'",
    events: ['UPDATED TABLE ks.t'],
  },
  { before: [KEYSPACE, TABLE], cql: "ALTER TABLE ks.t WITH comment = ''", events: [] },
  {
    before: [KEYSPACE, TABLE],
    cql: 'CREATE INDEX ON ks.t (v)',
    events: ['UPDATED TABLE ks.t'],
  },
  {
    before: [KEYSPACE, TABLE, 'CREATE INDEX i ON ks.t (v)'],
    cql: 'DROP INDEX ks.i',
    events: ['UPDATED TABLE ks.t'],
  },
  { before: [KEYSPACE, TABLE], cql: VIEW, events: ['CREATED TABLE ks.mv'] },
  {
    before: [KEYSPACE, TABLE, VIEW],
    cql: 'ALTER TABLE ks.t ADD w int',
    events: ['UPDATED TABLE ks.t', 'UPDATED TABLE ks.mv'],
  },
  {
    before: [KEYSPACE, TABLE, VIEW],
    cql: 'DROP MATERIALIZED VIEW ks.mv',
    events: ['DROPPED TABLE ks.mv'],
  },
  { before: [KEYSPACE, TABLE], cql: 'DROP TABLE ks.t', events: ['DROPPED TABLE ks.t'] },
  { before: [KEYSPACE], cql: TYPE, events: ['CREATED TYPE ks.u'] },
  {
    before: [KEYSPACE, TYPE, USER],
    cql: 'ALTER TYPE ks.u ADD second int',
    events: ['UPDATED TYPE ks.u', 'UPDATED TABLE ks.users'],
  },
  { before: [KEYSPACE, TYPE], cql: 'DROP TYPE ks.u', events: ['DROPPED TYPE ks.u'] },
  { before: [KEYSPACE], cql: FUNCTION, events: ['CREATED FUNCTION ks.f(int)'] },
  {
    before: [KEYSPACE, FUNCTION],
    cql: FUNCTION.replace('CREATE', 'CREATE OR REPLACE').replace('return 1', 'return 2'),
    events: ['UPDATED FUNCTION ks.f(int)'],
  },
  {
    before: [KEYSPACE, FUNCTION],
    cql: 'DROP FUNCTION ks.f',
    events: ['DROPPED FUNCTION ks.f(int)'],
  },
  {
    before: [KEYSPACE, STATE],
    cql: AGGREGATE,
    events: ['CREATED AGGREGATE ks.ag(list<int>)'],
  },
  {
    before: [KEYSPACE, STATE, AGGREGATE],
    cql: 'DROP AGGREGATE ks.ag',
    events: ['DROPPED AGGREGATE ks.ag(list<int>)'],
  },
  {
    before: [KEYSPACE, TYPE, TABLE, VIEW, FUNCTION],
    cql: 'DROP KEYSPACE ks',
    events: [
      'DROPPED FUNCTION ks.f(int)',
      'DROPPED TABLE ks.mv',
      'DROPPED TABLE ks.t',
      'DROPPED TYPE ks.u',
      'DROPPED KEYSPACE ks',
    ],
  },
];

function textOf(change: SchemaChange): string {
  const { change: verb, target } = change;
  if (change.target === 'KEYSPACE') return `${verb} ${target} ${change.keyspace}`;
  const name = `${change.keyspace}.${change.name}`;
  if (!('argumentTypes' in change)) return `${verb} ${target} ${name}`;
  return `${verb} ${target} ${name}(${change.argumentTypes.join(', ')})`;
}

describe('events', () => {
  it.each(CASES)('$cql', ({ before, cql, events }) => {
    const world = new DdlWorld();
    world.setUp(...before);
    const heard: string[] = [];
    world.schema.subscribe(({ changes }) => heard.push(...changes.map(textOf)));
    world.setUp(cql);
    expect(heard).toEqual(events);
  });
});

interface Recorded {
  readonly cql: string;
  /** As recorded: VOID, CHANGE [...], INVALID "...". */
  readonly reply: string;
  readonly warnings: readonly string[];
  readonly events: readonly (readonly unknown[])[];
}

/** A list that Python printed. */
function pythonList(text: string): unknown[] {
  const json = text.replaceAll(
    /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g,
    (_all, single: string | undefined, double: string | undefined) =>
      `"${(single ?? double ?? '').replaceAll('"', '\\"')}"`,
  );
  return JSON.parse(json) as unknown[];
}

const SCRIPT =
  /^(?<cql>[A-Z].*)\n {3}reply (?<reply>.*) warn (?<warnings>\[.*\])\n {3}v5 (?<events>.*)$/gm;

const RECORDED: readonly Recorded[] = [...factText('raw-checks.txt').matchAll(SCRIPT)].map(
  ({ groups = {} }) => ({
    cql: groups['cql'] ?? '',
    reply: groups['reply'] ?? '',
    warnings: pythonList(groups['warnings'] ?? '[]') as string[],
    events: pythonList(groups['events'] ?? '[]') as unknown[][],
  }),
);

function listOf(change: SchemaChange): unknown[] {
  const name = 'name' in change ? [change.name] : [];
  const types = 'argumentTypes' in change ? [change.argumentTypes] : [];
  return [change.change, change.target, change.keyspace, ...name, ...types];
}

describe('a recorded script', () => {
  const script = RECORDED.filter(({ cql }) => !cql.startsWith('TRUNCATE'));
  expect(script.length).toBeGreaterThan(30);
  const world = new DdlWorld();
  it.each(script)('$cql', ({ cql, reply, warnings, events }) => {
    const heard: unknown[] = [];
    world.schema.subscribe(({ changes }) => heard.push(...changes.map(listOf)));
    const response = world.run(cql);
    if (response.kind === 'error') expect(`INVALID "${response.error.message}" `).toBe(reply);
    else if (response.kind === 'schema-change') {
      expect(listOf(response.change)).toEqual(pythonList(reply.replace('CHANGE ', '')));
    } else expect(`${response.kind.toUpperCase()}`).toBe(reply);
    expect(world.warnings).toEqual(warnings);
    expect(heard).toEqual(events.map((event) => event.slice(1)));
  });
});
