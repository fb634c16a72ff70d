// Acknowledged writes lost: at the end, after healing, hints and repair, every acknowledged cart write is there or
// superseded by a newer version, and every order that won its slot still holds it. Rule K1 of the checks.

import type { CartOperation, OrderOperation } from '../load/history.ts';

export interface LostWrite {
  readonly key: string;
  readonly expected: string;
  readonly found: string;
}

export interface LostWritesResult {
  readonly checked: number;
  readonly violations: readonly LostWrite[];
}

/** `finalVersion`: the version a final read returns (0: no cart). */
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
  for (const [user, version] of acknowledged) {
    const found = finalVersion(user);
    if (found === undefined || found < version) {
      violations.push({ key: `cart ${user}`, expected: `version ${version}`, found: `version ${found ?? 0}` });
    }
  }
  return { checked: acknowledged.size, violations };
}

/** `finalOrder`: the order that holds a slot at the end (null: free). */
export function checkLostOrders(
  operations: readonly OrderOperation[],
  finalOrder: (slot: string) => string | null | undefined,
): LostWritesResult {
  const won = new Map<string, string>();
  for (const { kind, slot, order, winner, outcome } of operations) {
    if (kind === 'place-order' && outcome === 'ok' && slot !== null && winner === order) won.set(slot, order);
  }
  const violations: LostWrite[] = [];
  for (const [slot, order] of won) {
    const found = finalOrder(slot);
    if (found !== order) violations.push({ key: `order slot ${slot}`, expected: order, found: found ?? 'nothing' });
  }
  return { checked: won.size, violations };
}
