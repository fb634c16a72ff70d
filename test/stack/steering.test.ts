// The accelerator's choice of a region: dials, failover that ignores them, fail open.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndpointGroup } from '../../src/stack/steering.ts';
import { steer } from '../../src/stack/steering.ts';

function group(region: string, dial = 1, healthy = true): EndpointGroup {
  return { region, dial, healthy };
}

/** Share of evenly spread draws by region. */
function shares(groups: readonly EndpointGroup[], draws = 1_000): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let at = 0; at < draws; at++) {
    const steering = steer(groups, (at + 0.5) / draws);
    const key = steering.kind === 'none' ? 'none' : steering.region;
    counts[key] = (counts[key] ?? 0) + 1 / draws;
  }
  return Object.fromEntries(
    Object.entries(counts).map(([key, share]) => [key, Number(share.toFixed(3))]),
  );
}

test('the nearest region takes all of its own', () => {
  expect(shares([group('east'), group('west')])).toEqual({ east: 1 });
  expect(steer([group('east'), group('west')], 0.3)).toEqual({
    kind: 'region',
    region: 'east',
    reason: 'nearest',
  });
});

test('two groups dialled to 50 %, 50 clients on each side: each serves 25 near and 25 far', () => {
  expect(shares([group('east', 0.5), group('west', 0.5)])).toEqual({ east: 0.5, west: 0.5 });
  expect(shares([group('west', 0.5), group('east', 0.5)])).toEqual({ west: 0.5, east: 0.5 });
  expect(shares([group('east', 0.5), group('west', 0.5, false)])).toEqual({ east: 1 });
});

test('a dial takes its share of the traffic that was steered there', () => {
  expect(shares([group('a', 0.8), group('b', 0.5), group('c')])).toEqual({
    a: 0.8,
    b: 0.1,
    c: 0.1,
  });
  expect(shares([group('a', 0), group('b')])).toEqual({ b: 1 });
  expect(steer([group('a', 0), group('b')], 0.5)).toMatchObject({
    region: 'b',
    reason: 'dialled-away',
  });
});

test('failover goes to the nearest healthy group, its dial ignored, even 0', () => {
  expect(shares([group('a', 1, false), group('b', 0), group('c', 0)])).toEqual({ b: 1 });
  expect(steer([group('a', 1, false), group('b', 1)], 0.5)).toMatchObject({
    region: 'b',
    reason: 'failover',
  });
});

test('no healthy group: fail open to the nearest', () => {
  expect(steer([group('a', 1, false), group('b', 1, false)], 0.5)).toEqual({
    kind: 'region',
    region: 'a',
    reason: 'fail-open',
  });
  expect(steer([], 0.5)).toEqual({ kind: 'none' });
});

test('a healthy group is always found while there is one', () => {
  const groups = fc.array(
    fc.record({ dial: fc.double({ min: 0, max: 1, noNaN: true }), healthy: fc.boolean() }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(
      groups,
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (list, draw) => {
        const named = list.map((one, at) => ({ ...one, region: `r${at}` }));
        const steering = steer(named, draw);
        if (steering.kind === 'none') throw new Error('there are groups');
        const chosen = named.find(({ region }) => region === steering.region);
        if (named.some(({ healthy }) => healthy)) expect(chosen?.healthy).toBe(true);
        else expect(steering).toMatchObject({ region: 'r0', reason: 'fail-open' });
      },
    ),
  );
});
