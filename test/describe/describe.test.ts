import { describe, expect, it } from 'vitest';
import type { DescribeStatement } from '../../src/cql/ast.ts';
import { DescribeStatements } from '../../src/node/query/describe/describe-executor.ts';
import { DdlWorld } from '../schema/ddl-world.ts';
import { factText, recordedErrors } from '../read-facts.ts';

const SAMPLES = factText('describe-samples.cql');
const [ddl = '', ...sections] = SAMPLES.split(/^-- ==== /m).slice(1);
const SETUP = ddl
  .split('\n')
  .filter((line) => /^(CREATE|ALTER)/.test(line))
  .map((line) => line.replace(/;$/, ''));

interface Sample {
  readonly cql: string;
  readonly rows: readonly (readonly string[])[];
}

/** `DESCRIBE x  (3 rows)`, then rows: `-- [ks | type | name]` with a text under each, or bare `-- a | b | c`. */
function parseSection(section: string): Sample {
  const [head = '', ...lines] = section.split('\n');
  const cql = /^(.*?) {2}\(\d+ rows\)$/.exec(head)?.[1] ?? '';
  const rows: string[][] = [];
  for (const line of lines) {
    const element = /^-- \[(.*)\]$/.exec(line);
    const listed = /^-- (.*)$/.exec(line);
    if (element !== null) rows.push([...(element[1] ?? '').split(' | '), '']);
    else if (listed !== null) rows.push((listed[1] ?? '').split(' | '));
    else if (rows.at(-1)?.length === 4) rows[rows.length - 1] = append(rows.at(-1) ?? [], line);
  }
  return { cql, rows: rows.map((row) => row.map((cell) => cell.trimEnd())) };
}

function append(
  [keyspace = '', type = '', name = '', text = '']: string[],
  line: string,
): string[] {
  return [keyspace, type, name, text === '' ? line : `${text}\n${line}`];
}

/** Ids and drop times are of the day. */
function comparable(cell: string): string {
  return cell
    .replaceAll(/ID = [0-9a-f-]{36}/g, 'ID = <id>')
    .replaceAll(/USING TIMESTAMP \d+/g, 'USING TIMESTAMP <time>');
}

function describeWorld(world: DdlWorld): DescribeStatements {
  return new DescribeStatements(world.schema, {
    clusterName: 'peer',
    partitioner: 'Murmur3Partitioner',
    snitch: 'DynamicEndpointSnitch',
    rangeOwnership: () => [{ token: '-1152921504606845975', endpoints: ['/127.0.1.1:7000'] }],
  });
}

function rowsOf(world: DdlWorld, cql: string): string[][] {
  const executor = describeWorld(world);
  const response = world.respond(cql, (statement, call, done) =>
    executor.execute(statement as DescribeStatement, call, done),
  );
  if (response.kind === 'error') throw new Error(response.error.message);
  if (response.kind !== 'rows') throw new Error(response.kind);
  return response.rows.map((row) => row.map((cell) => comparable(cell?.toString() ?? '')));
}

describe('DESCRIBE equals Cassandra', () => {
  const world = new DdlWorld();
  world.setUp(...SETUP);
  world.setUp("CREATE KEYSPACE e WITH replication = {'class': 'SimpleStrategy'}");
  const samples = sections.map(parseSection).filter(({ cql }) => cql !== 'DESCRIBE CLUSTER');
  it.each(samples)('$cql', ({ cql, rows }) => {
    world.client.keyspace = cql === 'DESCRIBE KEYSPACES' ? null : 'ds';
    expect(rowsOf(world, cql)).toEqual(rows.map((row) => row.map(comparable)));
  });

  it('describes the cluster, with ranges when a user keyspace is in use', () => {
    world.client.keyspace = null;
    expect(rowsOf(world, 'DESC CLUSTER')).toEqual([
      ['peer', 'Murmur3Partitioner', 'DynamicEndpointSnitch'],
    ]);
    world.client.keyspace = 'ds';
    expect(rowsOf(world, 'DESC CLUSTER')[0]?.[3]).toContain('-1152921504606845975');
  });
});

describe('DESCRIBE of the system keyspaces', () => {
  const texts = factText('system-schema.cql');
  const world = new DdlWorld();
  const names = [...world.schema.current.keyspaces.keys()].sort();
  const created = [
    ...texts.matchAll(/^-- ==== (\w+) \(\d+ elements\)\n([\s\S]*?)(?=^-- ====|$(?![\s\S]))/gm),
  ];
  it.each(created.map(([, keyspace = '', text = '']) => ({ keyspace, text })))(
    '$keyspace',
    ({ keyspace, text }) => {
      expect(names).toContain(keyspace);
      const described = rowsOf(world, `DESCRIBE KEYSPACE ${keyspace}`).map((row) => row[3]);
      // An index that only Cassandra's own Paxos uses.
      const expected = text.replace(/^CREATE CUSTOM INDEX "PaxosUncommittedIndex".*\n\n/m, '');
      expect(`${described.join('\n\n')}\n`).toBe(`${expected.trimEnd()}\n`);
    },
  );
});

describe('DESCRIBE of what is not there', () => {
  const rows = recordedErrors().filter(({ cql }) => cql.startsWith('DESC'));
  const world = new DdlWorld();
  world.setUp("CREATE KEYSPACE e WITH replication = {'class': 'SimpleStrategy'}");
  world.client.keyspace = 'e';
  const executor = describeWorld(world);
  it.each(rows)('$cql', ({ cql, name, message }) => {
    const response = world.respond(cql, (statement, call, done) =>
      executor.execute(statement as DescribeStatement, call, done),
    );
    expect(response.kind === 'error' ? response.error : null).toEqual({ code: name, message });
  });
});

describe('paging', () => {
  it('gives every row once and refuses to go on after a schema change', () => {
    const world = new DdlWorld();
    world.setUp(...SETUP);
    const executor = describeWorld(world);
    const page = (pagingState: Buffer | null, pageSize: number) =>
      world.respond('DESCRIBE KEYSPACE ds', (statement, call, done) =>
        executor.execute(statement as DescribeStatement, { ...call, pageSize, pagingState }, done),
      );
    const names: string[] = [];
    let state: Buffer | null = null;
    for (let i = 0; i < 10; i++) {
      const response = page(state, 7);
      if (response.kind !== 'rows') throw new Error('rows expected');
      names.push(...response.rows.map((row) => row[2]?.toString() ?? ''));
      state = response.metadata.pagingState ?? null;
      if (state === null) break;
    }
    expect(names).toEqual(rowsOf(world, 'DESCRIBE KEYSPACE ds').map((row) => row[2]));
    const first = page(null, 7);
    if (first.kind !== 'rows') throw new Error('rows expected');
    world.setUp('CREATE TABLE ds.more (k int PRIMARY KEY)');
    const second = page(first.metadata.pagingState ?? null, 7);
    expect(second.kind === 'error' ? second.error.message : '').toMatch(/^The schema has changed/);
  });
});
