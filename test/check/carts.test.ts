// Stale reads, lost writes, convergence: clean histories pass, every planted fault is caught.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkConvergence } from '../../src/check/convergence.ts';
import { checkLostCarts, checkLostOrders } from '../../src/check/lost-writes.ts';
import { checkStaleReads } from '../../src/check/stale-reads.ts';
import type { CartOperation, OrderOperation } from '../../src/load/history.ts';

let clock = 0;
function cart(
  kind: CartOperation['kind'],
  version: number,
  changes: Partial<CartOperation> = {},
): CartOperation {
  clock += 10;
  return {
    kind,
    user: 'ada',
    version,
    startMs: clock,
    endMs: clock + 5,
    outcome: 'ok',
    region: 'east',
    ...changes,
  };
}
const write = (version: number, changes: Partial<CartOperation> = {}): CartOperation =>
  cart('write-cart', version, changes);
const read = (version: number, changes: Partial<CartOperation> = {}): CartOperation =>
  cart('read-cart', version, changes);

describe('stale reads', () => {
  test.each([
    ['reads of the newest', [write(1), read(1), write(2), read(2)], 0],
    ['a read before any write', [read(0), write(1), read(1)], 0],
    ['planted: the version before', [write(1), write(2), read(1)], 1],
    ['planted: no cart after a write', [write(1), read(0)], 1],
    [
      'planted: a read that goes back',
      [write(1), write(2, { outcome: 'unknown' }), read(2), read(1)],
      1,
    ],
    ['an unknown write need not be seen', [write(1), write(2, { outcome: 'unknown' }), read(1)], 0],
    ['a failed read says nothing', [write(1), read(-1, { outcome: 'failed' })], 0],
    ['another region may lag', [write(1), read(0, { region: 'west' })], 0],
    [
      'another region that lags, then the own one that does',
      [write(1), read(0, { region: 'west' }), read(0)],
      1,
    ],
    [
      'planted: another region goes back',
      [write(1), read(1, { region: 'west' }), read(0, { region: 'west' })],
      1,
    ],
    ['users do not mix', [write(1), read(0, { user: 'bob' })], 0],
  ] as const)('%s', (_what, history, stale) => {
    expect(checkStaleReads(history).violations).toHaveLength(stale);
    expect(checkStaleReads(history.toReversed()).violations).toHaveLength(stale);
  });

  test('tells who, where, what and when, and counts what is legal', () => {
    const history = [write(1), write(2), read(1), read(1, { region: 'west' })];
    expect(checkStaleReads(history)).toEqual({
      checked: 2,
      behindInOtherRegion: 1,
      violations: [
        { user: 'ada', region: 'east', read: 1, acknowledged: 2, atMs: history[2]?.startMs },
      ],
    });
  });

  test('a register that is never stale passes; one read turned stale is caught', () => {
    const steps = fc.array(
      fc.record({ user: fc.constantFrom('a', 'b', 'c'), isRead: fc.boolean() }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.nat(), (list, pick) => {
        const versions = new Map<string, number>();
        const history = list.map(({ user, isRead }) => {
          const version = (versions.get(user) ?? 0) + (isRead ? 0 : 1);
          versions.set(user, version);
          return isRead ? read(version, { user }) : write(version, { user });
        });
        expect(checkStaleReads(history).violations).toEqual([]);
        const victims = history.filter(({ kind, version }) => kind === 'read-cart' && version > 0);
        const victim = victims[pick % Math.max(1, victims.length)];
        if (victim === undefined) return;
        const broken = history.map((operation) =>
          operation === victim ? { ...operation, version: operation.version - 1 } : operation,
        );
        expect(checkStaleReads(broken).violations).toMatchObject([
          { user: victim.user, read: victim.version - 1 },
        ]);
      }),
    );
  });
});

describe('lost writes', () => {
  const history = [write(1), write(2), write(3, { outcome: 'unknown' }), write(1, { user: 'bob' })];
  const final =
    (versions: Record<string, number>) =>
    (user: string): number | undefined =>
      versions[user];

  test('there, or superseded', () => {
    expect(checkLostCarts(history, final({ ada: 2, bob: 1 }))).toEqual({
      checked: 2,
      violations: [],
      unread: 0,
    });
    expect(checkLostCarts(history, final({ ada: 3, bob: 7 })).violations).toEqual([]);
  });
  test('planted: an older version, or none', () => {
    expect(checkLostCarts(history, final({ ada: 1, bob: 1 })).violations).toEqual([
      { key: 'cart ada', expected: 'version 2', found: 'version 1' },
    ]);
    expect(checkLostCarts(history, final({ ada: 2, bob: 0 })).violations).toEqual([
      { key: 'cart bob', expected: 'version 1', found: 'version 0' },
    ]);
  });
  test('what could not be read is neither safe nor lost', () => {
    expect(checkLostCarts(history, final({ ada: 2 }))).toEqual({
      checked: 1,
      violations: [],
      unread: 1,
    });
  });

  const placed = (order: string, slot: string, winner = order): OrderOperation => ({
    kind: 'place-order',
    slot,
    askedSlot: slot,
    order,
    winner,
    startMs: 0,
    endMs: 1,
    outcome: 'ok',
  });
  test('orders: a slot holds its winner; losers lose nothing', () => {
    const orders = [placed('o1', 'r:1'), placed('o2', 'r:1', 'o1'), placed('o3', 'r:2')];
    expect(checkLostOrders(orders, (slot) => ({ 'r:1': 'o1', 'r:2': 'o3' })[slot])).toEqual({
      checked: 2,
      violations: [],
      unread: 0,
    });
    expect(
      checkLostOrders(orders, (slot) => ({ 'r:1': 'o1', 'r:2': null })[slot]).violations,
    ).toEqual([{ key: 'order slot r:2', expected: 'o3', found: 'nothing' }]);
    expect(checkLostOrders(orders, () => undefined)).toEqual({
      checked: 0,
      violations: [],
      unread: 2,
    });
  });
  test('planted: two winners of a slot: one of them is lost, whichever came first', () => {
    const orders = [placed('o1', 'r:1'), placed('o2', 'r:1')];
    for (const kept of ['o1', 'o2'])
      expect(checkLostOrders(orders, () => kept).violations).toHaveLength(1);
  });
});

describe('convergence', () => {
  const content = (place: string, partitions: Record<string, string>) => ({
    place,
    partitions: new Map(Object.entries(partitions)),
  });
  const owners = (): readonly string[] => ['a', 'b'];
  test('equal replicas; who does not own a key may hold anything', () => {
    expect(
      checkConvergence(
        [content('a', { k: '1' }), content('b', { k: '1' }), content('c', { k: 'old' })],
        owners,
      ),
    ).toEqual({ partitions: 1, violations: [] });
  });
  test.each([
    ['another content', [content('a', { k: '1' }), content('b', { k: '2' })]],
    ['a missing partition', [content('a', { k: '1' }), content('b', {})]],
    ['a missing replica', [content('a', { k: '1' })]],
    [
      'on nobody who owns it but on another',
      [content('a', { k: '1' }), content('b', {}), content('c', { k: '1' })],
    ],
  ])('planted: %s', (_what, contents) => {
    expect(checkConvergence(contents, owners).violations).toEqual([
      { key: 'k', places: ['a', 'b'] },
    ]);
  });
});
