// The search for a linearization against brute force over all orders, and orders of the shop with
// planted faults.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RegisterOperation, RegisterValue } from '../../src/check/linearizability.ts';
import { checkRegister } from '../../src/check/linearizability.ts';
import { checkOrders } from '../../src/check/orders.ts';
import type { OrderOperation } from '../../src/load/history.ts';

function read(startMs: number, endMs: number, returned: RegisterValue): RegisterOperation {
  return { startMs, endMs, call: { kind: 'read', returned } };
}
function cas(
  startMs: number,
  endMs: number,
  change: [RegisterValue, RegisterValue],
  applied: boolean | null,
  found?: RegisterValue,
): RegisterOperation {
  const call = { kind: 'cas', from: change[0], to: change[1], applied } as const;
  return { startMs, endMs, call: found === undefined ? call : { ...call, found } };
}

describe('a register', () => {
  test.each([
    ['nothing', [], 'linearizable'],
    [
      'a read of what was written before',
      [cas(0, 1, [null, 'a'], true), read(2, 3, 'a')],
      'linearizable',
    ],
    [
      'a read of nothing after a write',
      [cas(0, 1, [null, 'a'], true), read(2, 3, null)],
      'violated',
    ],
    [
      'a read during the write may see either',
      [cas(0, 5, [null, 'a'], true), read(1, 2, null), read(3, 4, 'a')],
      'linearizable',
    ],
    [
      'reads that go back',
      [cas(0, 9, [null, 'a'], true), read(1, 2, 'a'), read(3, 4, null)],
      'violated',
    ],
    [
      'two winners of one slot',
      [cas(0, 5, [null, 'a'], true), cas(0, 5, [null, 'b'], true)],
      'violated',
    ],
    [
      'a loser that saw the winner',
      [cas(0, 5, [null, 'a'], true), cas(1, 6, [null, 'b'], false, 'a')],
      'linearizable',
    ],
    [
      'a loser that saw somebody else',
      [cas(0, 5, [null, 'a'], true), cas(1, 6, [null, 'b'], false, 'c')],
      'violated',
    ],
    ['a loser of a free slot', [cas(0, 5, [null, 'a'], false, null)], 'violated'],
    [
      'an unknown write that was seen',
      [cas(0, Infinity, [null, 'a'], null), read(9, 10, 'a')],
      'linearizable',
    ],
    [
      'an unknown write that never happened',
      [cas(0, Infinity, [null, 'a'], null), read(9, 10, null)],
      'linearizable',
    ],
    [
      'an unknown write cannot happen before it began',
      [read(0, 1, 'a'), cas(2, Infinity, [null, 'a'], null)],
      'violated',
    ],
    [
      'an unknown write that came and went',
      [cas(0, Infinity, [null, 'a'], null), read(9, 10, 'a'), read(11, 12, null)],
      'violated',
    ],
  ] as const)('%s: %s', (_what, history, verdict) => {
    expect(checkRegister(history)).toBe(verdict);
  });
});

/** Every order of every subset that holds all certain operations, tried. */
function bruteForce(operations: readonly RegisterOperation[]): boolean {
  const certain = (operation: RegisterOperation): boolean => operation.endMs !== Infinity;
  const step = (value: RegisterValue, { call }: RegisterOperation): RegisterValue | undefined => {
    if (call.kind === 'read') return call.returned === value ? value : undefined;
    const matches = value === call.from;
    if (call.applied === null) return matches ? call.to : value;
    if (call.applied) return matches ? call.to : undefined;
    return matches || (call.found !== undefined && call.found !== value) ? undefined : value;
  };
  const go = (value: RegisterValue, left: readonly RegisterOperation[]): boolean => {
    if (left.every((operation) => !certain(operation))) return true;
    return left.some((operation, at) => {
      const others = left.toSpliced(at, 1);
      // Real time: nobody who ended before this began may come after it.
      if (others.some((other) => other.endMs < operation.startMs)) return false;
      const next = step(value, operation);
      return next !== undefined && go(next, others);
    });
  };
  return go(null, operations);
}

test('agrees with brute force on tiny histories', () => {
  const value = fc.constantFrom<RegisterValue>(null, 'a', 'b');
  const times = fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 6 }));
  const operation = fc.oneof(
    fc
      .record({ times, returned: value })
      .map(({ times: [at, length], returned }) => read(at, at + length, returned)),
    fc
      .record({
        times,
        from: value,
        to: value,
        applied: fc.constantFrom(true, false, null),
        found: fc.option(value, { nil: undefined }),
      })
      .map(({ times: [at, length], from, to, applied, found }) =>
        cas(
          at,
          applied === null ? Infinity : at + length,
          [from, to],
          applied,
          applied === false ? found : undefined,
        ),
      ),
  );
  let violated = 0;
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (history) => {
      const expected = bruteForce(history) ? 'linearizable' : 'violated';
      if (expected === 'violated') violated++;
      expect(checkRegister(history)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(violated).toBeGreaterThan(200);
});

test('a history made by a real register is always linearizable', () => {
  const steps = fc.array(
    fc.record({
      isRead: fc.boolean(),
      to: fc.constantFrom('a', 'b', 'c'),
      slack: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(steps, (list) => {
      let value: RegisterValue = null;
      const history = list.map(({ isRead, to, slack }, at): RegisterOperation => {
        // Takes effect at 10 * at; began earlier, ended later.
        const [startMs, endMs] = [10 * at - slack, 10 * at + slack];
        if (isRead) return read(startMs, endMs, value);
        if (value !== null) return cas(startMs, endMs, [null, to], false, value);
        value = to;
        return cas(startMs, endMs, [null, to], true);
      });
      expect(checkRegister(history)).toBe('linearizable');
    }),
  );
});

test('a search beyond its budget is unknown, never linearizable', () => {
  const many = Array.from({ length: 30 }, (_, at) =>
    cas(0, Infinity, [at % 2 === 0 ? null : 'x', at % 3 === 0 ? 'x' : null], null),
  );
  expect(checkRegister([...many, read(0, 100, 'never written')])).toBe('unknown');
});

function order(
  id: string,
  winner: string | null,
  at: Partial<OrderOperation> = {},
): OrderOperation {
  return {
    kind: 'place-order',
    slot: 'r:1',
    askedSlot: '1',
    order: id,
    winner,
    startMs: 0,
    endMs: 5,
    outcome: 'ok',
    ...at,
  };
}

describe('orders of the shop', () => {
  test('one winner and losers that saw it', () => {
    const clean = [
      order('a', 'a'),
      order('b', 'a'),
      order('c', 'a', { startMs: 6, endMs: 7 }),
      order('d', 'd', { slot: 'r:2', askedSlot: '2' }),
    ];
    expect(checkOrders(clean)).toEqual({ keys: 2, operations: 4, violations: [], unknown: [] });
  });
  test('planted: two winners', () => {
    expect(
      checkOrders([order('a', 'a'), order('b', 'b', { startMs: 6, endMs: 7 })]).violations,
    ).toEqual(['r:1']);
  });
  test('planted: a winner that a later order did not see', () => {
    expect(
      checkOrders([order('a', 'a'), order('b', 'c', { startMs: 6, endMs: 7 })]).violations,
    ).toEqual(['r:1']);
  });
  test('an order without an answer may have won, in any region', () => {
    const unknown = order('a', null, { slot: null, outcome: 'unknown' });
    expect(checkOrders([unknown, order('b', 'a', { startMs: 1 })]).violations).toEqual([]);
    expect(checkOrders([order('b', 'a', { startMs: 1 })]).violations).toEqual(['r:1']);
  });
  test('what surely failed does not count, and a read without an answer says nothing', () => {
    const unread = order('', null, {
      kind: 'read-order',
      outcome: 'unknown',
      startMs: 8,
      endMs: 9,
    });
    expect(
      checkOrders([order('a', 'a'), order('b', null, { outcome: 'failed' }), unread]).violations,
    ).toEqual([]);
  });
});
