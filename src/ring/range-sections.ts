// What is known of ranges of the ring, where the greater value covers the lesser: when they were repaired, up to which
// ballot. Test: test/ring/token-range.test.ts. Cassandra: repair/consistent/RepairedState, service/paxos/PaxosRepairHistory.

import type { TokenRange } from './token-range.ts';
import { normalizeRanges, subtractRanges } from './token-range.ts';

export interface RangeSection<T> {
  /** Unwrapped and sorted; no other section covers any of it. */
  readonly ranges: readonly TokenRange[];
  readonly value: T;
}

/** Sections with another over them, greatest value first. */
export function overlay<T>(
  sections: readonly RangeSection<T>[],
  added: RangeSection<T>,
  compare: (a: T, b: T) => number,
): readonly RangeSection<T>[] {
  let covered: readonly TokenRange[] = [];
  return [...sections, added]
    .sort((a, b) => compare(b.value, a.value))
    .flatMap(({ ranges, value }) => {
      const visible = subtractRanges(ranges, covered);
      covered = normalizeRanges([...covered, ...ranges]);
      return visible.length === 0 ? [] : [{ ranges: visible, value }];
    });
}
