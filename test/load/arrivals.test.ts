// The open model's schedule: Poisson arrivals at a rate that may rise.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Arrivals, rateAt } from '../../src/load/arrivals.ts';
import { History } from '../../src/load/history.ts';
import { SeededRandom } from '../../src/world/random.ts';

test('constant: as many as the rate says, spaced as a Poisson process', () => {
  const random = new SeededRandom(7);
  const arrivals = new Arrivals({ kind: 'constant', rate: 200 }, () => random.float());
  const gaps: number[] = [];
  let last = 0;
  for (let at = 0; at < 20_000; at++) {
    const due = arrivals.next();
    gaps.push(due - last);
    last = due;
  }
  const mean = last / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  expect(mean).toBeCloseTo(5, 0);
  // The spread of an exponential distribution equals its mean.
  expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
});

test('a ramp rises and stays', () => {
  const ramp = { kind: 'ramp', from: 10, to: 110, overMs: 1_000 } as const;
  expect([0, 500, 1_000, 5_000].map((at) => rateAt(ramp, at))).toEqual([10, 60, 110, 110]);
});

test('time never goes back, whatever is drawn', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
        minLength: 1,
        maxLength: 50,
      }),
      (draws) => {
        let at = 0;
        const arrivals = new Arrivals(
          { kind: 'ramp', from: 0, to: 5, overMs: 100 },
          () => draws[at++ % draws.length] ?? 0,
        );
        let last = 0;
        for (let n = 0; n < 50; n++) {
          const due = arrivals.next();
          expect(due).toBeGreaterThanOrEqual(last);
          last = due;
        }
      },
    ),
  );
});

test('the history sorts operations by their kind and counts what it cannot keep', () => {
  const history = new History(2);
  const times = { startMs: 0, endMs: 1, outcome: 'ok' } as const;
  history.add({ kind: 'read-cart', user: 'u', version: 1, region: 'r', ...times });
  history.add({
    kind: 'place-order',
    slot: 'r:1',
    askedSlot: '1',
    order: 'o',
    winner: 'o',
    ...times,
  });
  history.add({ kind: 'read-cart', user: 'u', version: 1, region: 'r', ...times });
  expect([history.carts.length, history.orders.length, history.dropped]).toEqual([1, 1, 1]);
});
