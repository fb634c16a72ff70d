// DESCRIBE in pages. Its texts: test/facts-conformance/describe.test.ts.

import { describe, expect, it } from 'vitest';
import type { DescribeStatement } from '../../src/cql/ast.ts';
import { DescribeStatements } from '../../src/node/query/describe/describe-executor.ts';
import { DdlWorld } from '../schema/ddl-world.ts';

const SETUP = [
  "CREATE KEYSPACE ds WITH replication = {'class': 'SimpleStrategy'}",
  'CREATE TYPE ds.pt (x int)',
  ...Array.from({ length: 20 }, (_, i) => `CREATE TABLE ds.t${i} (k int PRIMARY KEY, v text)`),
  'CREATE INDEX v ON ds.t0 (v)',
];

function describeWorld(world: DdlWorld): DescribeStatements {
  return new DescribeStatements(world.schema, {
    clusterName: 'peer',
    partitioner: 'Murmur3Partitioner',
    snitch: 'DynamicEndpointSnitch',
    rangeOwnership: () => [{ token: '-1152921504606845975', endpoints: ['/127.0.1.1:7000'] }],
  });
}

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
    const all = page(null, 5_000);
    if (all.kind !== 'rows') throw new Error('rows expected');
    expect(all.rows.length).toBe(23);
    expect(names).toEqual(all.rows.map((row) => row[2]?.toString()));
    const first = page(null, 7);
    if (first.kind !== 'rows') throw new Error('rows expected');
    world.setUp('CREATE TABLE ds.more (k int PRIMARY KEY)');
    const second = page(first.metadata.pagingState ?? null, 7);
    expect(second.kind === 'error' ? second.error.message : '').toMatch(/^The schema has changed/);
  });
});
