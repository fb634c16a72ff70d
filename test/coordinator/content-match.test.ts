// Comparing by reference must never differ from comparing digests.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { digestPartitions } from '../../src/data/digest.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import { isSameContent } from '../../src/node/coordinator/content-match.ts';
import { TableStore, WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { rowDeletion, toyTable, update } from './toy-schema.ts';

const table = toyTable();

const writes = fc.array(
  fc.record({
    c: fc.integer({ min: 0, max: 2 }),
    v: fc.option(fc.constantFrom('a', 'b'), { freq: 4 }),
    timestamp: fc.integer({ min: 1, max: 3 }),
    /** Both replicas, one, or both but each from bytes of its own. */
    how: fc.constantFrom('both', 'left', 'right', 'copies'),
  }),
  { maxLength: 8 },
);

function contents(store: TableStore): readonly PartitionData[] {
  const found: PartitionData[] = [];
  store.forEachPartition(WHOLE_RING, (partition) => void found.push(partition));
  return found;
}

describe('content match', () => {
  it('agrees with the digests', () => {
    fc.assert(
      fc.property(writes, (list) => {
        const left = new TableStore(table, { tombstoneFailureThreshold: Infinity });
        const right = new TableStore(table, { tombstoneFailureThreshold: Infinity });
        for (const { c, v, timestamp, how } of list) {
          const make = (): PartitionData =>
            v === null
              ? rowDeletion(table, { k: '1', c, timestamp, nowSeconds: 1 })
              : update(table, { k: '1', c, v, timestamp });
          const one = make();
          if (how !== 'right') left.apply(one);
          if (how !== 'left') right.apply(how === 'copies' ? make() : one);
        }
        const a = contents(left);
        const b = contents(right);
        expect(isSameContent(a, b)).toBe(digestPartitions(a).equals(digestPartitions(b)));
      }),
      { numRuns: 2000 },
    );
  });
});
