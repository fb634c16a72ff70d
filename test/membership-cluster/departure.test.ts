// Nodes that go: decommission under load hands on data and hints, removenode and assassinate of a dead one,
// replacement at the same and at another address.

import { expect, test } from 'vitest';
import {
  addNode,
  assassinateNode,
  decommissionNode,
  extensionStatements,
  newNodes,
  removeNode,
  replaceAtSameAddress,
} from '../../src/cluster/membership-changes.ts';
import { ClusterWorld, filledWorld, Load } from './world.ts';

const KEYS = 300;

function filled(seed: number): ClusterWorld {
  return filledWorld({ seed }, KEYS);
}

test.each([1, 2, 3])('decommission under load hands data on (seed %i)', (seed) => {
  const world = filled(seed);
  const load = new Load(world, { from: KEYS });
  world.until((done) => decommissionNode(world.cluster, 'us-east-1/b/2', {}, done));
  world.loop.runFor(10_000);
  load.stop();
  expect(load.failures).toEqual([]);
  expect(world.cluster.host('us-east-1/b/2')).toBeUndefined();
  const [gone] = world.cluster.departed;
  expect(gone?.node?.membership.mode).toBe('DECOMMISSIONED');
  world.settle();
  expect(world.missingCopies(load.written)).toEqual([]);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
  for (const { node } of world.up) expect(node?.membership.endpoints()).toHaveLength(5);
});

test('decommission hands its hints to another node, which delivers them', () => {
  const world = filled(8);
  world.until((done) => world.alter(extensionStatements(world.cluster, 'us-east-1', 3), done));
  world.killAndConvict('us-east-1/c/1');
  const leaver = world.host('us-east-1/a/2');
  for (let k = 0; k < KEYS; k++) world.cql(`INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, leaver);
  const stored = leaver.node?.hints.pendingHints()[0]?.count ?? 0;
  expect(stored).toBeGreaterThan(50);
  world.until((done) => decommissionNode(world.cluster, 'us-east-1/a/2', { force: true }, done));
  expect(leaver.node?.hints.pendingHints()).toEqual([]);
  const taken = world.up.reduce(
    (sum, { node }) => sum + (node?.hints.pendingHints()[0]?.count ?? 0),
    0,
  );
  expect(taken).toBe(stored);
  world.until((done) => world.host('us-east-1/c/1').start(done));
  world.loop.runFor(60_000);
  expect(world.up.flatMap(({ node }) => node?.hints.pendingHints() ?? [])).toEqual([]);
});

test('decommission is refused when the factor would not hold', () => {
  const world = new ClusterWorld({
    seed: 9,
    regions: { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 1 } },
  });
  world.createTable({ 'us-east-1': 3 });
  expect(
    world.outcome((done) => decommissionNode(world.cluster, 'us-east-1/a/1', {}, done)),
  ).toMatch(
    /^Not enough live nodes to maintain replication factor in keyspace \w+ \(RF = \d, N = 3\)\. Perform a forceful decommission to ignore\.$/,
  );
});

test('removenode restores the lost copies', () => {
  const world = filled(10);
  world.killAndConvict('us-east-1/b/1');
  world.until((done) => removeNode(world.cluster, 'us-east-1/b/1', done));
  world.loop.runFor(10_000);
  expect(world.missingCopies(KEYS)).toEqual([]);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
  for (const { node } of world.up) expect(node?.membership.endpoints()).toHaveLength(5);
});

test('removenode refuses a live node and an unknown host', () => {
  const world = filled(11);
  const { endpoint } = world.host('us-east-1/b/1').placement;
  expect(world.outcome((done) => removeNode(world.cluster, 'us-east-1/b/1', done))).toBe(
    `Node /${endpoint} is alive and owns this ID. Use decommission command to remove it from the ring`,
  );
});

test('assassinate forgets a dead node and restores nothing', () => {
  const world = filled(12);
  world.killAndConvict('us-east-1/c/2');
  world.until((done) => assassinateNode(world.cluster, 'us-east-1/c/2', done));
  world.loop.runFor(10_000);
  for (const { node } of world.up) expect(node?.membership.endpoints()).toHaveLength(5);
  expect(world.missingCopies(KEYS).length).toBeGreaterThan(0);
  expect(world.unreadable(KEYS, 'LOCAL_QUORUM')).toEqual([]);
});

test('a dead node is replaced by one at another address', () => {
  const world = filled(13);
  const dead = world.host('us-east-1/a/1');
  const hostId = world.up[1]?.node?.membership.metadata.hostId(dead.placement.endpoint);
  world.killAndConvict('us-east-1/a/1');
  const load = new Load(world, { from: KEYS });
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'a' }, 1);
  if (placement === undefined) throw new Error('no placement');
  world.until((done) =>
    addNode(world.cluster, placement, { replaceAddress: dead.placement.endpoint }, done),
  );
  world.loop.runFor(20_000);
  load.stop();
  expect(load.failures).toEqual([]);
  world.settle();
  expect(world.cluster.host('us-east-1/a/1')).toBeUndefined();
  expect(world.missingCopies(load.written)).toEqual([]);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
  for (const { node } of world.up) {
    expect(node?.membership.endpoints()).toHaveLength(6);
    expect(node?.membership.metadata.hostId(placement.endpoint)).not.toBe(hostId);
  }
});

test('a dead node is replaced at its own address, keeps its host id and gets its hints', () => {
  const world = filled(14);
  const dead = world.host('us-east-1/b/2');
  const { endpoint } = dead.placement;
  const hostId = world.up[0]?.node?.membership.metadata.hostId(endpoint);
  world.killAndConvict('us-east-1/b/2');
  world.fill(KEYS, KEYS + 100);
  world.until((done) => replaceAtSameAddress(world.cluster, 'us-east-1/b/2', done));
  world.settle();
  world.loop.runFor(60_000);
  expect(world.missingCopies(KEYS + 100)).toEqual([]);
  expect(world.unreadable(KEYS + 100, 'ALL')).toEqual([]);
  for (const { node } of world.up) expect(node?.membership.metadata.hostId(endpoint)).toBe(hostId);
});

test('a live node is not replaced', () => {
  const world = filled(15);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'a' }, 1);
  if (placement === undefined) throw new Error('no placement');
  const replaceAddress = world.host('us-east-1/a/1').placement.endpoint;
  expect(world.outcome((done) => addNode(world.cluster, placement, { replaceAddress }, done))).toBe(
    'Cannot replace a live node... ',
  );
});

test('a single-token node moves under load', () => {
  const world = new ClusterWorld({ seed: 16, config: { num_tokens: 1 } });
  world.createTable({ 'us-east-1': 3 });
  world.until((done) => world.alter(extensionStatements(world.cluster, 'us-east-1', 3), done));
  world.fill(0, KEYS);
  const load = new Load(world, { from: KEYS });
  const node = world.host('us-east-1/a/2').node;
  const token = BigInt(node?.membership.localTokens[0] ?? '0');
  world.until((done) => node?.lifecycle.move(String(token / 2n + 12_345n), done));
  world.loop.runFor(10_000);
  load.stop();
  expect(load.failures).toEqual([]);
  expect(node?.membership.localTokens).toEqual([String(token / 2n + 12_345n)]);
  expect(world.missingCopies(load.written)).toEqual([]);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
});
