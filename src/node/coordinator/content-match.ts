// Do two replicas hold the same? What Cassandra finds out by comparing MD5 digests is found here by comparing content:
// in one process equal content shares its rows and cells, so that mostly references are compared. Where objects differ
// the digests decide. Test: test/coordinator/content-match.test.ts. Cassandra: service/reads/DigestResolver.

import { deletionsEqual, livenessEqual } from '../../data/deletion.ts';
import { digestPartition } from '../../data/digest.ts';
import type { PartitionData, Row } from '../../data/partition.ts';

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

/** True only when they are surely equal. */
function isSamePartition(a: PartitionData, b: PartitionData): boolean {
  if (a === b) return true;
  if (a.rows.length !== b.rows.length) return false;
  if (a.rangeTombstones !== b.rangeTombstones) {
    if (a.rangeTombstones.length > 0 || b.rangeTombstones.length > 0) return false;
  }
  if (a.key !== b.key && !a.key.bytes.equals(b.key.bytes)) return false;
  if (!deletionsEqual(a.deletion, b.deletion)) return false;
  if (a.staticRow !== b.staticRow) {
    if (a.staticRow === null || b.staticRow === null) return false;
    if (!isSameRow(a.staticRow, b.staticRow)) return false;
  }
  const { rows } = a;
  if (rows === b.rows) return true;
  for (let i = 0; i < rows.length; i++) {
    if (!isSameRow(rows[i] as Row, b.rows[i] as Row)) return false;
  }
  return true;
}

function isSameRow(a: Row, b: Row): boolean {
  if (a === b) return true;
  if (!livenessEqual(a.liveness, b.liveness) || !deletionsEqual(a.deletion, b.deletion)) {
    return false;
  }
  if (a.data.length !== b.data.length) return false;
  if (a.clustering !== b.clustering && !isSameClustering(a, b)) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

function isSameClustering(a: Row, b: Row): boolean {
  if (a.clustering.length !== b.clustering.length) return false;
  return a.clustering.every((value, i) => {
    const other = b.clustering[i] ?? null;
    return value === null || other === null ? value === other : value.equals(other);
  });
}
