// Counters as sets of shards: merging is commutative, associative and idempotent, and totals add
// up.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Int64 } from '../../src/base/int64.ts';
import {
  addCounterDelta,
  counterClockAndCount,
  counterShard,
  counterTotal,
  counterUpdate,
  isCounterContext,
  isCounterUpdate,
  mergeCounterContexts,
} from '../../src/data/counter-context.ts';

const id = (n: number): Buffer => Buffer.alloc(16, n);

/** A context built from arbitrary shards, some of the same id. */
const contexts = fc
  .array(
    fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), fc.maxSafeInteger()),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((shards) =>
    shards
      .map(([n, clock, count]) => counterShard(id(n), clock, count))
      .reduce(mergeCounterContexts),
  );

test('the layout', () => {
  expect(counterShard(id(1), 2, 3).toString('hex')).toBe(
    `00018000${'01'.repeat(16)}00000000000000020000000000000003`,
  );
  expect(counterUpdate(5).toString('hex')).toBe(
    `00010000${'00'.repeat(8)}c0${'00'.repeat(7)}00000000000000010000000000000005`,
  );
});

test('merge laws', () => {
  fc.assert(
    fc.property(contexts, contexts, contexts, (a, b, c) => {
      const merged = mergeCounterContexts(a, b);
      expect(mergeCounterContexts(b, a)).toEqual(merged);
      expect(mergeCounterContexts(merged, a)).toEqual(merged);
      expect(mergeCounterContexts(a, mergeCounterContexts(b, c))).toEqual(
        mergeCounterContexts(merged, c),
      );
      expect(isCounterContext(merged)).toBe(true);
    }),
  );
});

test('a context that holds the other is itself the result', () => {
  const small = counterShard(id(1), 1, 1);
  const large = mergeCounterContexts(small, counterShard(id(2), 1, 5));
  expect(mergeCounterContexts(small, large)).toBe(large);
  expect(mergeCounterContexts(large, small)).toBe(large);
});

describe('shards', () => {
  test('the larger clock wins, the larger count on a tie', () => {
    expect(
      counterTotal(mergeCounterContexts(counterShard(id(1), 2, 10), counterShard(id(1), 3, -4))),
    ).toBe(-4);
    expect(
      counterTotal(mergeCounterContexts(counterShard(id(1), 2, 10), counterShard(id(1), 2, 11))),
    ).toBe(11);
  });

  test('increments through several leaders sum up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer())),
        (increments) => {
          let context: Buffer | null = null;
          let sum = 0;
          for (const [leader, delta] of increments) {
            const shard = addCounterDelta(context, id(leader), delta);
            context = context === null ? shard : mergeCounterContexts(context, shard);
            sum += delta;
          }
          expect(context === null ? 0 : counterTotal(context)).toBe(sum);
        },
      ),
    );
  });

  test('a total wraps at 64 bits', () => {
    const max: Int64 = 2n ** 63n - 1n;
    const context = mergeCounterContexts(counterShard(id(1), 1, max), counterShard(id(2), 1, 1));
    expect(counterTotal(context)).toBe(-(2n ** 63n));
  });

  test('updates of one mutation add up and are known as such', () => {
    const update = mergeCounterContexts(counterUpdate(5), counterUpdate(-2));
    expect(isCounterUpdate(update)).toBe(true);
    expect(counterTotal(update)).toBe(3);
    expect(isCounterUpdate(counterShard(id(1), 1, 1))).toBe(false);
    expect(counterClockAndCount(counterShard(id(1), 7, 9), id(1))).toEqual({ clock: 7, count: 9 });
    expect(counterClockAndCount(counterShard(id(1), 7, 9), id(2))).toEqual({ clock: 0, count: 0 });
  });
});
