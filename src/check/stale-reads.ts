// Stale reads: a read that started after a write was acknowledged returns that write or a newer
// one, when both were served in one region at LOCAL_QUORUM (or at levels whose replicas overlap).
// One writer a cart, so versions only grow. Rule K2 of the checks; must not be asserted across
// regions at LOCAL_QUORUM. Test: test/check/carts.test.ts.

import type { CartOperation } from '../load/history.ts';

export interface StaleRead {
  readonly user: string;
  readonly region: string;
  readonly read: number;
  readonly acknowledged: number;
  readonly atMs: number;
}

export interface StaleReadsResult {
  readonly checked: number;
  readonly violations: readonly StaleRead[];
  /** Reads in another region than the last write: legal, counted for the report. */
  readonly behindInOtherRegion: number;
}

/** `operations` in any order; each user does one thing at a time. */
export function checkStaleReads(operations: readonly CartOperation[]): StaleReadsResult {
  const byUser = new Map<string, CartOperation[]>();
  for (const operation of operations) {
    const list = byUser.get(operation.user);
    if (list === undefined) byUser.set(operation.user, [operation]);
    else list.push(operation);
  }
  const violations: StaleRead[] = [];
  let checked = 0;
  let behindInOtherRegion = 0;
  for (const [user, list] of byUser) {
    list.sort((a, b) => a.startMs - b.startMs);
    const acknowledged = new Map<string, number>();
    let newest = 0;
    for (const { kind, region, outcome, version, startMs } of list) {
      if (outcome !== 'ok' || region === null) continue;
      if (kind === 'write-cart') {
        acknowledged.set(region, Math.max(version, acknowledged.get(region) ?? 0));
        newest = Math.max(newest, version);
        continue;
      }
      checked++;
      const expected = acknowledged.get(region) ?? 0;
      if (version < expected)
        violations.push({ user, region, read: version, acknowledged: expected, atMs: startMs });
      else if (version < newest) behindInOtherRegion++;
      // What was read at a quorum stays visible there (monotonic quorum reads).
      acknowledged.set(region, Math.max(expected, version));
    }
  }
  return { checked, violations, behindInOtherRegion };
}
