// Random sequences of membership changes under load, one seed after another: whatever comes and goes, no request fails
// while at most one node is away, and in the end every owner has its data.

import { expect, test } from 'vitest';
import {
  addNode,
  addNodes,
  cleanupAll,
  decommissionNode,
  extensionStatements,
  newNodes,
  removeNode,
  replaceAtSameAddress,
  whenQuiet,
} from '../../src/cluster/membership-changes.ts';
import { DEFAULT_REPAIR } from '../../src/node/repair/repair-options.ts';
import { ClusterWorld, Load } from './world.ts';

const KEYS = 150;
const ZONES = ['a', 'b', 'c'];
const CHANGES = [
  'add',
  'decommission',
  'remove',
  'replace-same',
  'replace-other',
  'restart',
] as const;

/** Seeds to try; more with SEEDS=200. */
const SEEDS = Array.from({ length: Number(process.env['SEEDS'] ?? 8) }, (_, i) => i + 1);

test.each(SEEDS)('membership swarm, seed %i', (seed) => {
  const world = new ClusterWorld({ seed });
  const random = world.random.fork('changes');
  world.createTable({ 'us-east-1': 3 });
  world.until((done) => world.alter(extensionStatements(world.cluster, 'us-east-1', 3), done));
  world.fill(0, KEYS);
  const story: string[] = [];
  const kills: KillWindow[] = [];
  const load = new Load(world, { from: KEYS, everyMs: 400 });
  for (let round = 0; round < 4; round++) {
    const zone = ZONES[random.below(3)] as string;
    const inZone = world.up.filter((host) => host.placement.zone === zone);
    let change = CHANGES[random.below(CHANGES.length)] as (typeof CHANGES)[number];
    if (inZone.length < 2) change = 'add';
    const target = inZone[random.below(inZone.length)]?.placement;
    if (target === undefined) throw new Error('an empty zone');
    story.push(`${change} ${target.place}`);
    perform(world, change, target.place, zone, kills);
    world.until((done) => whenQuiet(world.cluster, () => done(null)));
    // Hints end with the node that keeps them: nobody goes before all are delivered.
    expect(
      world.loop.runUntilTrue(
        () => world.up.every(({ node }) => node?.hints.pendingHints().length === 0),
        120_000,
      ),
      story.join(', '),
    ).toBe(true);
  }
  load.stop();
  world.loop.runFor(30_000);
  const label = story.join(', ');
  expect(
    load.failures.filter((failure) => !isOfAKill(failure, kills)),
    label,
  ).toEqual([]);
  expect(world.missingCopies(load.acknowledged), label).toEqual([]);
  expect(world.unreadable(load.acknowledged, 'ALL'), label).toEqual([]);
  world.until((done) => cleanupAll(world.cluster, done));
  expect(world.surplusCopies(), label).toBe(0);
  expect(world.unreadable(load.acknowledged, 'ALL'), label).toEqual([]);
});

function perform(
  world: ClusterWorld,
  change: (typeof CHANGES)[number],
  place: string,
  zone: string,
  kills: KillWindow[],
): void {
  const { cluster } = world;
  const at = { region: 'us-east-1', zone };
  const kill = (): void => {
    const fromMs = world.loop.nowMs();
    world.killAndConvict(place);
    kills.push({ fromMs, toMs: world.loop.nowMs() });
  };
  switch (change) {
    case 'add':
      world.until((done) => addNodes(cluster, newNodes(cluster, at, 1), {}, done));
      return;
    case 'decommission':
      world.until((done) => decommissionNode(cluster, place, {}, done));
      return;
    case 'remove':
      kill();
      world.until((done) => removeNode(cluster, place, done));
      // Who has not heard of the removal yet writes hints for the dead node: as in Cassandra, it takes a repair.
      world.until((done) => whenQuiet(cluster, () => repairAll(world, done)));
      return;
    case 'restart':
      kill();
      world.until((done) => world.host(place).start(done));
      return;
    case 'replace-same':
      kill();
      world.until((done) => replaceAtSameAddress(cluster, place, done));
      return;
    case 'replace-other': {
      const replaceAddress = world.host(place).placement.endpoint;
      kill();
      const [placement] = newNodes(cluster, at, 1);
      if (placement !== undefined)
        world.until((done) => addNode(cluster, placement, { replaceAddress }, done));
    }
  }
}

function repairAll(world: ClusterWorld, done: (error: string | null) => void): void {
  const waiting = [...world.up];
  const next = (): void => {
    const host = waiting.shift();
    if (host === undefined || host.node === null) {
      done(null);
      return;
    }
    const options = {
      ...DEFAULT_REPAIR,
      keyspace: 'ks',
      kind: 'full' as const,
      primaryRange: true,
    };
    host.node.repair.repair(
      options,
      () => undefined,
      ({ ok, error }) => (ok ? next() : done(error)),
    );
  };
  next();
}

/** A timeout of a request sent before everybody knew of the kill: what the failure detector's delay costs. */
function isOfAKill(failure: string, kills: readonly KillWindow[]): boolean {
  const atMs = Number(failure.split(' ')[0]);
  return (
    failure.includes('_TIMEOUT') &&
    kills.some(({ fromMs, toMs }) => atMs >= fromMs - 5_000 && atMs <= toMs)
  );
}

/** From the kill until the last node knows of it. */
interface KillWindow {
  readonly fromMs: number;
  readonly toMs: number;
}
