// Materialized views through the coordinator: every replica of the base keeps its paired view replica up to date, also
// over a node's absence. Six nodes in virtual time.

import { expect, test } from 'vitest';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { ALWAYS_ON } from '../../src/topology/topology.ts';
import { VirtualLab } from '../virtual/virtual-lab.ts';

const NODE = 'us-east-1/a/1';

function lab(): VirtualLab {
  const world = new VirtualLab(
    { ...ALWAYS_ON, cassandra: { materialized_views_enabled: true } },
    5,
  );
  run(
    world,
    "CREATE KEYSPACE s WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 3, 'us-west-2': 3}",
  );
  run(world, 'CREATE TABLE s.users (id int PRIMARY KEY, mail text, age int)');
  return world;
}

function run(world: VirtualLab, query: string): StatementResponse {
  const response = world.run(NODE, query);
  if (response.kind === 'error') throw new Error(`${query}: ${response.error.message}`);
  return response;
}

function ints(world: VirtualLab, query: string): readonly (number | null)[][] {
  const response = run(world, query);
  if (response.kind !== 'rows') throw new Error('no rows');
  return response.rows.map((row) =>
    row.map((cell) => (cell === null ? null : cell.length === 4 ? cell.readInt32BE(0) : -1)),
  );
}

const VIEW =
  'CREATE MATERIALIZED VIEW s.by_age AS SELECT * FROM s.users WHERE age IS NOT NULL AND id IS NOT NULL PRIMARY KEY (age, id)';

test('rows move, change and go with their base', () => {
  const world = lab();
  run(world, "INSERT INTO s.users (id, mail, age) VALUES (1, 'a', 30)");
  run(world, VIEW);
  world.loop.runFor(1_000);
  expect(ints(world, 'SELECT age, id FROM s.by_age WHERE age = 30')).toEqual([[30, 1]]);
  run(world, 'UPDATE s.users SET age = 31 WHERE id = 1');
  run(world, "INSERT INTO s.users (id, mail, age) VALUES (2, 'b', 31)");
  world.loop.runFor(1_000);
  expect(ints(world, 'SELECT age, id FROM s.by_age WHERE age = 30')).toEqual([]);
  expect(ints(world, 'SELECT age, id FROM s.by_age WHERE age = 31')).toEqual([
    [31, 1],
    [31, 2],
  ]);
  run(world, 'DELETE FROM s.users WHERE id = 2');
  world.loop.runFor(1_000);
  expect(ints(world, 'SELECT age, id FROM s.by_age WHERE age = 31')).toEqual([[31, 1]]);
  expect(world.differences('s', 'by_age')).toEqual([]);
});

test('a condition on a key column decides who is in the view', () => {
  const world = lab();
  run(
    world,
    'CREATE MATERIALIZED VIEW s.later AS SELECT id, age FROM s.users WHERE age IS NOT NULL AND id IS NOT NULL AND id >= 2 PRIMARY KEY (age, id)',
  );
  for (const [id, age] of [
    [1, 17],
    [2, 18],
    [3, 70],
  ])
    run(world, `INSERT INTO s.users (id, age) VALUES (${id}, ${age})`);
  world.loop.runFor(1_000);
  expect(ints(world, 'SELECT id FROM s.later').flat().toSorted()).toEqual([2, 3]);
});

test('a view replica that was away gets its rows by hints', () => {
  const world = lab();
  run(world, VIEW);
  world.loop.runFor(1_000);
  world.kill('us-east-1/b/1');
  world.loop.runFor(60_000);
  for (let id = 0; id < 40; id++)
    run(world, `INSERT INTO s.users (id, age) VALUES (${id}, ${id % 5})`);
  world.restart('us-east-1/b/1');
  world.loop.runFor(120_000);
  expect(world.differences('s', 'users')).toEqual([]);
  expect(world.differences('s', 'by_age')).toEqual([]);
});
