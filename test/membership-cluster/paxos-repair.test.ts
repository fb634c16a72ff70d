// Under paxos_variant v2 conditional writes are finished before ranges change hands; without a quorum of their replicas
// nothing changes hands.

import { expect, test } from 'vitest';
import { addNode, decommissionNode, newNodes } from '../../src/cluster/membership-changes.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { ClusterWorld } from './world.ts';

function opened(config: Partial<NodeConfig> = {}): ClusterWorld {
  const world = new ClusterWorld({
    seed: 3,
    regions: { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 2 } },
    config: { paxos_variant: 'v2', paxos_state_purging: 'repaired', ...config },
  });
  world.createTable({ 'us-east-1': 3 });
  for (let k = 0; k < 20; k++) world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, 0) IF NOT EXISTS`);
  return world;
}

/** Nodes that know Paxos of the table to be repaired. */
function repaired(world: ClusterWorld): readonly string[] {
  const cql = "SELECT points FROM system.paxos_repair_history WHERE keyspace_name = 'ks'";
  return world.up
    .filter((host) => world.rows(cql, host).length > 0)
    .map(({ placement }) => placement.place);
}

test('a node leaves and another joins: Paxos of their ranges is repaired first, and goes on after', () => {
  const world = opened();
  expect(repaired(world)).toEqual([]);
  world.until((done) => decommissionNode(world.cluster, 'us-east-1/b/2', {}, done));
  expect(repaired(world).length).toBeGreaterThan(2);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'b' }, 1);
  if (placement === undefined) throw new Error('no placement');
  world.until((done) => addNode(world.cluster, placement, {}, done));
  world.loop.runFor(10_000);
  world.settle();
  for (let k = 0; k < 20; k++) {
    const [[applied] = []] = world.rows(`UPDATE ks.t SET v = 1 WHERE k = ${k} IF v = 0`);
    expect(applied?.readUInt8(0)).toBe(1);
  }
});

test('nothing of it under v1, nor when it is to be skipped', () => {
  for (const config of [
    { paxos_variant: 'v1' },
    { paxos_repair_enabled: false },
    { skip_paxos_repair_on_topology_change: true },
    { skip_paxos_repair_on_topology_change_keyspaces: ['ks'] },
  ] as const) {
    const world = opened(config);
    world.until((done) => decommissionNode(world.cluster, 'us-east-1/b/2', {}, done));
    expect(repaired(world)).toEqual([]);
  }
});

test('without a quorum of the replicas a node does not leave', () => {
  const world = opened();
  for (const place of ['us-east-1/a/1', 'us-east-1/c/1']) world.killAndConvict(place);
  const refused = world.outcome((done) =>
    decommissionNode(world.cluster, 'us-east-1/b/2', { force: true }, done),
  );
  expect(refused).toMatch(
    /^Error while decommissioning node: Insufficient live nodes to repair paxos for \(.*\] in ks for decommission\. There must be enough live nodes to satisfy EACH_QUORUM, but the following nodes are down: \[\/127/,
  );
  expect(world.host('us-east-1/b/2').node?.membership.mode).toBe('DECOMMISSION_FAILED');
});
