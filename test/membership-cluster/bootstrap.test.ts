// Nodes that come into a running cluster under load: one, a zone, a region. No request fails, all data is where it
// belongs, cleanup drops the rest.

import { expect, test } from 'vitest';
import {
  addNode,
  addNodes,
  addRegion,
  cleanupAll,
  extensionStatements,
  newNodes,
  newRegion,
} from '../../src/cluster/membership-changes.ts';
import type { TelemetryEvent } from '../../src/node/telemetry.ts';
import { ClusterWorld, filledWorld, Load } from './world.ts';

const KEYS = 300;

test.each([1, 2, 3])('a seventh node bootstraps under load (seed %i)', (seed) => {
  const world = filledWorld({ seed }, KEYS);
  const progress: TelemetryEvent[] = [];
  world.cluster.on((event) => {
    if (event.kind === 'streaming-progressed') progress.push(event);
  });
  const load = new Load(world, { from: KEYS });
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'a' }, 1);
  if (placement === undefined) throw new Error('no placement');
  expect(placement).toMatchObject({
    place: 'us-east-1/a/3',
    address: '127.0.1.7',
    endpoint: '127.0.1.7:7000',
  });
  world.until((done) => addNode(world.cluster, placement, {}, done));
  world.loop.runFor(20_000);
  load.stop();
  world.settle();
  expect(load.failures).toEqual([]);
  expect(load.requests).toBeGreaterThan(1_000);
  expect(world.missingCopies(load.written)).toEqual([]);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
  expect(progress.at(-1)).toMatchObject({
    node: '127.0.1.7:7000',
    operation: 'Bootstrap',
    status: 'complete',
  });
  expect(world.surplusCopies()).toBeGreaterThan(0);
  let dropped = 0;
  world.until((done) =>
    cleanupAll(world.cluster, (error, result) => {
      dropped = result.partitionsDropped;
      done(error);
    }),
  );
  expect(dropped).toBeGreaterThan(0);
  expect(world.surplusCopies()).toBe(0);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
});

test('a fourth zone comes in under load, node by node', () => {
  const world = filledWorld(
    { seed: 4, regions: { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 1 } } },
    KEYS,
  );
  const load = new Load(world, { from: KEYS, everyMs: 250 });
  const added: string[] = [];
  const placements = newNodes(world.cluster, { region: 'us-east-1', zone: 'd' }, 2);
  world.until((done) =>
    addNodes(
      world.cluster,
      placements,
      { onAdded: (host) => added.push(host.placement.rack) },
      done,
    ),
  );
  world.loop.runFor(20_000);
  load.stop();
  expect(added).toEqual(['us-east-1d', 'us-east-1d']);
  expect(load.failures).toEqual([]);
  expect(world.missingCopies(load.written)).toEqual([]);
  expect(world.unreadable(load.written, 'ALL')).toEqual([]);
});

test('a whole region comes in under load: nodes, ALTER KEYSPACE, rebuild', () => {
  const world = filledWorld(
    { seed: 5, regions: { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 1 } } },
    KEYS,
  );
  const load = new Load(world, { from: KEYS, everyMs: 250, regions: ['us-east-1'] });
  const placements = newRegion(world.cluster, 'us-west-2', ['a', 'b', 'c'], 1);
  expect(placements.map(({ endpoint }) => endpoint)).toEqual([
    '127.0.2.1:7000',
    '127.0.2.2:7000',
    '127.0.2.3:7000',
  ]);
  world.until((done) =>
    addRegion(
      world.cluster,
      {
        placements,
        sourceDatacenter: 'us-east-1',
        alterKeyspaces: (altered) =>
          world.alter(extensionStatements(world.cluster, 'us-west-2', 3), altered),
      },
      done,
    ),
  );
  world.loop.runFor(20_000);
  load.stop();
  expect(load.failures).toEqual([]);
  expect(world.missingCopies(load.written)).toEqual([]);
  const west = world.up.filter((host) => host.placement.region === 'us-west-2');
  expect(west).toHaveLength(3);
  expect(world.unreadable(load.written, 'LOCAL_QUORUM', west)).toEqual([]);
});

test('a bootstrap whose source dies fails, is resumed, and serves', () => {
  const world = filledWorld({ seed: 6 }, KEYS);
  const [placement] = newNodes(world.cluster, { region: 'us-east-1', zone: 'b' }, 1);
  if (placement === undefined) throw new Error('no placement');
  let error: string | null | undefined;
  const host = addNode(world.cluster, placement, {}, (result) => {
    error = result;
  });
  expect(
    world.loop.runUntilTrue(
      () => host.node?.membership.metadata.isJoining(placement.endpoint) === true,
      60_000,
    ),
  ).toBe(true);
  world.host('us-east-1/b/2').kill();
  world.loop.runUntilTrue(() => error !== undefined, 10 * 60_000);
  expect(error).toMatch(
    /^Necessary replicas for strict consistency were removed by source filters: Filtered Full\(\/127\.0\.1\.5:7000,/,
  );
  expect(host.state).toBe('starting');
  expect(host.node?.membership.mode).toBe('JOINING_FAILED');
  world.until((done) => world.host('us-east-1/b/2').start(done));
  world.loop.runFor(30_000);
  world.until((done) => host.resumeBootstrap(done));
  expect(host.state).toBe('up');
  world.loop.runFor(5_000);
  world.settle();
  expect(world.missingCopies(KEYS)).toEqual([]);
  expect(world.unreadable(KEYS, 'ALL')).toEqual([]);
  expect(world.outcome((done) => host.resumeBootstrap(done))).toBe(
    'Resuming bootstrap is requested, but the node is already bootstrapped.',
  );
});

test('two nodes cannot bootstrap at once', () => {
  const world = new ClusterWorld({ seed: 7 });
  const [first, second] = newNodes(world.cluster, { region: 'us-east-1', zone: 'c' }, 2);
  if (first === undefined || second === undefined) throw new Error('no placements');
  let isFirstIn = false;
  addNode(world.cluster, first, {}, () => {
    isFirstIn = true;
  });
  world.loop.runFor(15_000);
  const refused = world.outcome((done) => addNode(world.cluster, second, {}, done));
  expect(refused).toBe(
    'Other bootstrapping/leaving/moving nodes detected, cannot bootstrap while cassandra.consistent.rangemovement is true',
  );
  expect(isFirstIn).toBe(false);
});
