// Faults on a running cluster: overlapping ones are counted, healing twice does nothing, every kind
// takes effect.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCluster } from '../../src/index.ts';
import type { RunningCluster } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';

let cluster: RunningCluster;
beforeAll(async () => {
  cluster = await startCluster({
    regions: { dc: { zones: 3 } },
    addressBlock: await freeBlock(),
    cassandra: { gossip_interval: '250ms' },
  });
});
afterEach(async () => {
  await cluster.healAll();
  await cluster.settled();
});
afterAll(() => cluster?.stop());

const stateOf = (place: string): string | undefined =>
  cluster.nodes.find((node) => node.place === place)?.state;

test('a node stays down until the last fault that holds it is healed', async () => {
  const zone = await cluster.fault({ kind: 'outage', at: 'dc/b' });
  const kill = await cluster.fault({ kind: 'kill', at: 'dc/b/1' });
  await zone.heal();
  expect(stateOf('dc/b/1')).toBe('down');
  await zone.heal();
  expect(stateOf('dc/b/1')).toBe('down');
  await kill.heal();
  expect(stateOf('dc/b/1')).toBe('up');
});

test('pause and drain are seen as such, and lifted', async () => {
  const pause = await cluster.fault({ kind: 'pause', at: 'dc/a/1' });
  const drain = await cluster.fault({ kind: 'drain', at: 'dc/b/1' });
  expect([stateOf('dc/a/1'), stateOf('dc/b/1')]).toEqual(['paused', 'drained']);
  await pause.heal();
  await drain.heal();
  expect([stateOf('dc/a/1'), stateOf('dc/b/1')]).toEqual(['up', 'up']);
});

test('faults that come while another heals wait for it', async () => {
  const first = await cluster.fault({ kind: 'kill', at: 'dc/c/1' });
  const healing = first.heal();
  const second = await cluster.fault({ kind: 'kill', at: 'dc/c/1' });
  await healing;
  expect(stateOf('dc/c/1')).toBe('down');
  await second.heal();
  expect(stateOf('dc/c/1')).toBe('up');
});

test('a fault that does not fit its place leaves nothing behind', async () => {
  await expect(cluster.fault({ kind: 'kill', at: 'dc/a' })).rejects.toThrow(/outage dc\/a/);
  expect(cluster.nodes.every(({ state }) => state === 'up')).toBe(true);
});
