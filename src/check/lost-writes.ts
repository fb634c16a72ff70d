// Acknowledged writes lost: at the end, after healing, hints and repair, every acknowledged cart
// write is there or superseded by a newer version, and every order that won its slot still holds
// it. Rule K1 of the checks. Test: test/check/carts.test.ts.

import type { CartOperation, OrderOperation } from '../load/history.ts';

export interface LostWrite {
  readonly key: string;
  readonly expected: string;
  readonly found: string;
}

export interface LostWritesResult {
  readonly checked: number;
  readonly violations: readonly LostWrite[];
  /** Acknowledged writes that could not be read back: neither safe nor lost. */
  readonly unread: number;
}

/**
 * `finalVersion`: the version a final read returns (0: no cart); undefined when the read failed.
 */
export function checkLostCarts(
  operations: readonly CartOperation[],
  finalVersion: (user: string) => number | undefined,
): LostWritesResult {
  const acknowledged = new Map<string, number>();
  for (const { kind, user, version, outcome } of operations) {
    if (kind !== 'write-cart' || outcome !== 'ok') continue;
    acknowledged.set(user, Math.max(version, acknowledged.get(user) ?? 0));
  }
  const violations: LostWrite[] = [];
  let unread = 0;
  for (const [user, version] of acknowledged) {
    const found = finalVersion(user);
    if (found === undefined) unread++;
    else if (found < version)
      violations.push({
        key: `cart ${user}`,
        expected: `version ${version}`,
        found: `version ${found}`,
      });
  }
  return { checked: acknowledged.size - unread, violations, unread };
}

/**
 * `finalOrder`: the order that holds a slot at the end (null: free); undefined when the read
 * failed.
 */
export function checkLostOrders(
  operations: readonly OrderOperation[],
  finalOrder: (slot: string) => string | null | undefined,
): LostWritesResult {
  // Two winners of one slot: at least one of them is lost.
  const won = new Map<string, Set<string>>();
  for (const { kind, slot, order, winner, outcome } of operations) {
    if (kind !== 'place-order' || outcome !== 'ok' || slot === null || winner !== order) continue;
    const winners = won.get(slot);
    if (winners === undefined) won.set(slot, new Set([order]));
    else winners.add(order);
  }
  const violations: LostWrite[] = [];
  let checked = 0;
  let unread = 0;
  for (const [slot, orders] of won) {
    const found = finalOrder(slot);
    for (const order of orders) {
      if (found === undefined) unread++;
      else {
        checked++;
        if (found !== order)
          violations.push({
            key: `order slot ${slot}`,
            expected: order,
            found: found ?? 'nothing',
          });
      }
    }
  }
  return { checked, violations, unread };
}
