// Where a balancer node sends a request: algorithms, cross-zone, slow start, fail open.

import { describe, expect, test } from 'vitest';
import type { Candidate, RoutingSettings } from '../../src/stack/routing.ts';
import { Router } from '../../src/stack/routing.ts';

const ROUND_ROBIN: RoutingSettings = { algorithm: 'round_robin', crossZone: true, slowStartMs: 0 };
const LEAST: RoutingSettings = { ...ROUND_ROBIN, algorithm: 'least_outstanding_requests' };

function target(
  zone: string,
  state: Candidate['state'] = 'healthy',
  outstanding = 0,
  healthyForMs = Infinity,
): Candidate {
  return { zone, state, outstanding, healthyForMs };
}

function picks(
  router: Router,
  targets: readonly Candidate[],
  count: number,
  zone = 'a',
  draw = 0,
): (number | string)[] {
  return Array.from({ length: count }, () => {
    const choice = router.choose(targets, zone, draw);
    return choice.kind === 'none'
      ? 'none'
      : choice.failOpen
        ? `${choice.index} open`
        : choice.index;
  });
}

const THREE = [target('a'), target('b'), target('c')];

test('round robin goes round', () => {
  expect(picks(new Router(ROUND_ROBIN), THREE, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('unhealthy and initial targets are left out', () => {
  expect(
    picks(
      new Router(ROUND_ROBIN),
      [target('a'), target('b', 'unhealthy'), target('c', 'initial')],
      3,
    ),
  ).toEqual([0, 0, 0]);
});

test('draining and unused targets get nothing, not even failing open', () => {
  expect(
    picks(
      new Router(ROUND_ROBIN),
      [target('a', 'draining'), target('b', 'unused'), target('c', 'unhealthy')],
      2,
    ),
  ).toEqual(['2 open', '2 open']);
  expect(picks(new Router(ROUND_ROBIN), [target('a', 'draining')], 1)).toEqual(['none']);
});

test('no healthy target: all registered ones, by the usual algorithm', () => {
  expect(
    picks(new Router(ROUND_ROBIN), [target('a', 'unhealthy'), target('b', 'initial')], 3),
  ).toEqual(['0 open', '1 open', '0 open']);
});

describe('cross-zone off', () => {
  const settings = { ...ROUND_ROBIN, crossZone: false };
  test('each node keeps to its zone', () => {
    expect(picks(new Router(settings), [target('a'), target('b'), target('b')], 4, 'b')).toEqual([
      1, 2, 1, 2,
    ]);
  });
  test('a zone with unhealthy targets only fails open within the zone', () => {
    expect(picks(new Router(settings), [target('a'), target('b', 'unhealthy')], 2, 'b')).toEqual([
      '1 open',
      '1 open',
    ]);
  });
  test('a zone without targets: 503', () => {
    expect(picks(new Router(settings), THREE, 1, 'd')).toEqual(['none']);
  });
});

test('least outstanding requests takes the idlest, and goes round among equals', () => {
  const router = new Router(LEAST);
  expect(
    picks(
      router,
      [target('a', 'healthy', 5), target('b', 'healthy', 1), target('c', 'healthy', 3)],
      3,
    ),
  ).toEqual([1, 1, 1]);
  expect(new Set(picks(router, THREE, 6))).toEqual(new Set([0, 1, 2]));
  expect(picks(router, [target('a', 'unhealthy', 0), target('b', 'healthy', 9)], 1)).toEqual([1]);
});

describe('slow start', () => {
  const settings = { ...ROUND_ROBIN, slowStartMs: 30_000 };
  const warm = target('a');
  test('takes part with a probability that grows linearly', () => {
    const shareAt = (healthyForMs: number): number => {
      const router = new Router(settings);
      const targets = [warm, target('b', 'healthy', 0, healthyForMs)];
      let taken = 0;
      for (let at = 0; at < 1_000; at++) {
        const choice = router.choose(targets, 'a', at / 1_000);
        if (choice.kind === 'target' && choice.index === 1) taken++;
      }
      return taken / 1_000;
    };
    expect(shareAt(0)).toBe(0);
    expect(shareAt(15_000)).toBeCloseTo(0.25, 1);
    expect(shareAt(30_000)).toBeCloseTo(0.5, 1);
  });
  test('does not apply when every healthy target is in it', () => {
    expect(
      new Set(
        picks(
          new Router(settings),
          [target('a', 'healthy', 0, 0), target('b', 'healthy', 0, 10)],
          4,
          'a',
          0.99,
        ),
      ),
    ).toEqual(new Set([0, 1]));
  });
});
