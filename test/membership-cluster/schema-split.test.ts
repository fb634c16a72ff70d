// Two sides of a cut link both change the schema; healed, all nodes agree and have both tables.

import { expect, test } from 'vitest';
import { ClusterWorld, MINUTES } from './world.ts';

function region(endpoint: string): string {
  return endpoint.split('.')[2] ?? '';
}

const REGIONS = {
  'us-east-1': { zones: ['a', 'b'], nodesPerZone: 1 },
  'us-west-2': { zones: ['a', 'b'], nodesPerZone: 1 },
};

test.each([1, 2, 3, 4, 5])('schema converges after a split (seed %i)', (seed) => {
  const world = new ClusterWorld({ seed, regions: REGIONS });
  world.createTable({ 'us-east-1': 2, 'us-west-2': 2 });
  world.cluster.links.add({
    name: 'split',
    matches: (from, to) => region(from) !== region(to),
    effect: { kind: 'cut' },
  });
  world.loop.runFor(MINUTES);
  world.cql('CREATE TABLE ks.east (k int PRIMARY KEY, v int)', world.host('us-east-1/a/1'));
  world.cql('CREATE TABLE ks.west (k int PRIMARY KEY, v int)', world.host('us-west-2/b/1'));
  world.cql('ALTER TABLE ks.t ADD e text', world.host('us-east-1/b/1'));
  world.cql('ALTER TABLE ks.t ADD w text', world.host('us-west-2/a/1'));
  world.loop.runFor(5_000);
  const versions = (): ReadonlySet<string> =>
    new Set(world.up.map(({ node }) => node?.schema.current.version ?? ''));
  expect(versions().size).toBe(2);
  world.cluster.links.remove('split');
  expect(world.loop.runUntilTrue(() => world.cluster.isWhole(), 5 * MINUTES)).toBe(true);
  expect(versions().size).toBe(1);
  for (const host of world.up) {
    const tables = host.node?.schema.current.keyspaces.get('ks')?.tables;
    expect([...(tables?.keys() ?? [])].sort()).toEqual(['east', 't', 'west']);
    expect(world.rows('SELECT k, v, e, w FROM ks.t', host)).toEqual([]);
    world.cql('INSERT INTO ks.east (k, v) VALUES (1, 1)', host);
    world.cql('INSERT INTO ks.west (k, v) VALUES (1, 1)', host);
  }
});
