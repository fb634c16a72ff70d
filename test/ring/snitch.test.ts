// Proximity order and the dynamic snitch.

import { describe, expect, test } from 'vitest';
import { DynamicSnitch } from '../../src/ring/dynamic-snitch.ts';
import { inferLocation, ringOrder, topologyOrder } from '../../src/ring/snitch.ts';
import type { Location } from '../../src/ring/snitch.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { endpoint } from '../../src/world/ports.ts';

const [a, b, c, d] = [1, 2, 3, 4].map((n) => endpoint(`127.0.1.${n}`, 7000));
const nodes = [a, b, c, d].flatMap((node) => (node === undefined ? [] : [node]));
const places: readonly Location[] = [
  { datacenter: 'dc1', rack: 'r1' },
  { datacenter: 'dc2', rack: 'r1' },
  { datacenter: 'dc1', rack: 'r2' },
  { datacenter: 'dc1', rack: 'r1' },
];
const locate = (node: string) => places[nodes.findIndex((one) => one === node)];
const pick = (...indices: number[]) => indices.flatMap((i) => nodes[i] ?? []);

describe('topologyOrder', () => {
  test('self, same rack, same datacenter, the rest', () => {
    const [self] = nodes;
    if (self === undefined) return;
    const order = topologyOrder(self, locate);
    expect(order(pick(1, 2, 3, 0))).toEqual(pick(0, 3, 2, 1));
    const list = Object.freeze(pick(1, 2));
    expect(order(list)).toBe(order(list));
  });

  test('places from addresses', () => {
    expect(inferLocation('10.20.30.40')).toEqual({ datacenter: '20', rack: '30' });
  });
});

describe('DynamicSnitch', () => {
  const feed = (snitch: DynamicSnitch, latencies: readonly number[], nowMs: number): void => {
    latencies.forEach((latency, i) => {
      const node = nodes[i];
      for (let n = 0; node !== undefined && n < 20; n++) snitch.onLatency(node, latency, nowMs + n);
    });
  };

  test('keeps the order while nobody is much worse', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1));
    feed(snitch, [10, 11, 15], 1000);
    expect(snitch.order(pick(2, 1, 0), ringOrder, 1200)).toEqual(pick(2, 1, 0));
  });

  test('orders by score when a replica is more than twice as slow as the best at its place', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1));
    feed(snitch, [50, 11, 12], 1000);
    expect(snitch.order(pick(0, 1, 2), ringOrder, 1200)).toEqual(pick(1, 2, 0));
    expect(snitch.scoreOf(nodes[0] ?? endpoint('x', 1))).toBe(1);
  });

  test('unknown replicas score 0 and go first', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1));
    feed(snitch, [50, 11], 1000);
    expect(snitch.order(pick(0, 1, 3), ringOrder, 1200)).toEqual(pick(3, 1, 0));
  });

  test('recomputes only after the interval and forgets after the reset', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1), {
      updateIntervalMs: 100,
      resetIntervalMs: 1000,
      badnessThreshold: 1,
    });
    feed(snitch, [50, 11], 1000);
    expect(snitch.order(pick(0, 1), ringOrder, 1100)).toEqual(pick(1, 0));
    feed(snitch, [1, 400], 1101);
    expect(snitch.order(pick(0, 1), ringOrder, 1150)).toEqual(pick(1, 0));
    feed(snitch, [5, 300], 3000);
    expect(snitch.order(pick(0, 1), ringOrder, 3100)).toEqual(pick(0, 1));
  });

  test('the recent outweighs the old', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1));
    feed(snitch, [100, 20], 0);
    feed(snitch, [10, 20], 20_000);
    expect(snitch.order(pick(1, 0), ringOrder, 20_200)).toEqual(pick(1, 0));
    expect(snitch.scoreOf(nodes[0] ?? endpoint('x', 1))).toBeCloseTo(0.5);
  });

  test('merging ranges', () => {
    const snitch = new DynamicSnitch(new SeededRandom(1));
    expect(snitch.isWorthMerging(pick(0), pick(1), pick(2))).toBe(true);
    feed(snitch, [100, 10, 10], 1000);
    snitch.order(pick(0, 1), ringOrder, 1200);
    expect(snitch.isWorthMerging(pick(0), pick(1), pick(2))).toBe(false);
    expect(snitch.isWorthMerging(pick(1), pick(1), pick(2))).toBe(true);
  });
});
