// Membership changes of nodes whose data is on disk: what was dropped or wiped does not come back with a restart; a node
// that came later restarts with its tokens.

import { expect, test } from 'vitest';
import {
  addNode,
  addNodes,
  cleanupAll,
  newNodes,
  replaceAtSameAddress,
} from '../../src/cluster/membership-changes.ts';
import type { ClusterWorld } from './world.ts';
import { filledWorld } from './world.ts';

const KEYS = 200;

function filled(seed: number): ClusterWorld {
  return filledWorld({ seed, hasDisks: true }, KEYS);
}

function restart(world: ClusterWorld, place: string): void {
  world.host(place).kill();
  world.until((done) => world.host(place).start(done));
  world.settle();
}

test('a node that joined restarts with its tokens and data', () => {
  const world = filled(1);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'a' }, 1);
  if (placement === undefined) throw new Error('no placement');
  world.until((done) => addNodes(world.cluster, [placement], {}, done));
  const host = world.host(placement.place);
  const tokens = host.node?.membership.localTokens.toSorted();
  const hostId = host.node?.membership.hostId;
  restart(world, placement.place);
  expect(host.node?.membership.localTokens.toSorted()).toEqual(tokens);
  expect(host.node?.membership.hostId).toBe(hostId);
  expect(world.missingCopies(KEYS)).toEqual([]);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
});

test('what cleanup dropped does not come back', () => {
  const world = filled(2);
  world.until((done) =>
    addNodes(
      world.cluster,
      newNodes(world.cluster, { region: 'us-east-1', zone: 'b' }, 1),
      {},
      done,
    ),
  );
  expect(world.surplusCopies()).toBeGreaterThan(0);
  world.until((done) => cleanupAll(world.cluster, done));
  expect(world.surplusCopies()).toBe(0);
  for (const place of ['us-east-1/b/1', 'us-east-1/b/2']) restart(world, place);
  expect(world.surplusCopies()).toBe(0);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
});

test('a machine replaced at its address starts empty and is filled', () => {
  const world = filled(3);
  const place = 'us-east-1/c/1';
  world.killAndConvict(place);
  world.until((done) => replaceAtSameAddress(world.cluster, place, done));
  world.settle();
  expect(world.missingCopies(KEYS)).toEqual([]);
  restart(world, place);
  expect(world.missingCopies(KEYS)).toEqual([]);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
});

test('a node killed while it bootstraps begins again, and joins', () => {
  const world = filled(4);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'c' }, 1);
  if (placement === undefined) throw new Error('no placement');
  const host = addNode(world.cluster, placement, {}, () => undefined);
  world.loop.runUntilTrue(
    () => host.node?.membership.metadata.isJoining(placement.endpoint) === true,
    60_000,
  );
  world.loop.runFor(5_000);
  host.kill();
  world.loop.runFor(90_000);
  for (const { node } of world.up) expect(node?.membership.cluster.movements.joining).toEqual([]);
  world.until((done) => host.start(done));
  world.loop.runFor(5_000);
  world.settle();
  expect(world.missingCopies(KEYS)).toEqual([]);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
});
