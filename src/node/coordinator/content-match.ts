// Do two replicas hold the same? What Cassandra finds out by comparing MD5 digests is found here by comparing content:
// in one process equal content shares its rows and cells, so that mostly references are compared. Where objects differ
// the digests decide. Test: test/coordinator/content-match.test.ts. Cassandra: service/reads/DigestResolver.

import { digestPartition } from '../../data/digest.ts';
import type { PartitionData } from '../../data/partition.ts';
import { isSamePartition } from '../../data/same-content.ts';

/** Would the digests of these results be equal? */
export function isSameContent(a: readonly PartitionData[], b: readonly PartitionData[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const one = a[i] as PartitionData;
    const other = b[i] as PartitionData;
    if (!isSamePartition(one, other) && !digestPartition(one).equals(digestPartition(other))) {
      return false;
    }
  }
  return true;
}
