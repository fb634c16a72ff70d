// Merging, digests and repairs of whole partitions against an oracle that knows only the writes.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { difference } from '../../src/data/difference.ts';
import { digestPartitions } from '../../src/data/digest.ts';
import {
  emptyPartition,
  mergeAllPartitions,
  mergePartitions,
} from '../../src/data/merge-partitions.ts';
import { LargePartition } from '../../src/node/storage/large-partition.ts';
import {
  expectedContent,
  fingerprint,
  KEY,
  liveContent,
  operation,
  TABLE,
  updateOf,
} from './operations.ts';

const operations = fc.array(operation, { minLength: 1, maxLength: 14 });

test('writes in any order, merged in any grouping, give what the oracle says', () => {
  const orders = fc.tuple(operations, fc.infiniteStream(fc.nat()));
  fc.assert(
    fc.property(orders, ([list, random]) => {
      const draws = random[Symbol.iterator]();
      const draw = (below: number) => (draws.next().value as number) % below;
      const shuffled = [...list].sort(() => draw(3) - 1);
      const updates = shuffled.map((one) => updateOf([one]));
      while (updates.length > 1) {
        const [taken] = updates.splice(draw(updates.length), 1);
        const at = draw(updates.length);
        const other = updates[at];
        if (taken !== undefined && other !== undefined) updates[at] = mergePartitions(other, taken);
      }
      const merged = updates[0] ?? emptyPartition(TABLE, KEY);
      for (const after of [0, 150, 500]) {
        expect(liveContent(merged, after)).toEqual(expectedContent(list, after));
      }
      expect(fingerprint(merged)).toBe(fingerprint(updateOf(list)));
    }),
    { numRuns: 800 },
  );
});

test('merging is commutative, associative and idempotent, and knows when nothing changed', () => {
  fc.assert(
    fc.property(operations, operations, operations, (x, y, z) => {
      const [a, b, c] = [updateOf(x), updateOf(y), updateOf(z)] as const;
      const ab = mergePartitions(a, b);
      expect(fingerprint(mergePartitions(b, a))).toBe(fingerprint(ab));
      const left = mergePartitions(ab, c);
      expect(fingerprint(mergePartitions(a, mergePartitions(b, c)))).toBe(fingerprint(left));
      expect(mergePartitions(left, b)).toBe(left);
      expect(mergePartitions(left, left)).toBe(left);
      expect(digestPartitions([mergeAllPartitions([c, a, b])])).toEqual(digestPartitions([left]));
    }),
    { numRuns: 500 },
  );
});

test('a difference brings a stale replica up to the merged answer and holds nothing it has', () => {
  fc.assert(
    fc.property(operations, operations, (x, y) => {
      const [a, b] = [updateOf(x), updateOf(y)];
      const merged = mergePartitions(a, b);
      for (const one of [a, b]) {
        const repair = difference(merged, one);
        const repaired = repair === null ? one : mergePartitions(one, repair);
        expect(fingerprint(repaired)).toBe(fingerprint(merged));
        expect(difference(merged, repaired)).toBeNull();
      }
      expect(difference(merged, null)).toBe(merged);
    }),
    { numRuns: 500 },
  );
});

test('different content has different digests', () => {
  fc.assert(
    fc.property(operations, operations, (x, y) => {
      const [a, b] = [updateOf(x), updateOf(y)];
      const isEqual = digestPartitions([a]).equals(digestPartitions([b]));
      expect(isEqual).toBe(fingerprint(a) === fingerprint(b));
    }),
    { numRuns: 500 },
  );
  expect(digestPartitions([emptyPartition(TABLE, KEY)])).toEqual(digestPartitions([]));
});

test('a large partition merges as a small one does', () => {
  fc.assert(
    fc.property(fc.array(operations, { minLength: 1, maxLength: 6 }), (lists) => {
      const updates = lists.map(updateOf);
      const large = new LargePartition(emptyPartition(TABLE, KEY));
      for (const update of updates) large.apply(update, null);
      const small = mergeAllPartitions(updates);
      expect(fingerprint(large.snapshot())).toBe(fingerprint(small));
    }),
    { numRuns: 500 },
  );
});
