// Whether two partitions are equal to the last timestamp. Replicas that read the same content back from their own files
// then share one object again, as they do while they run. Test: test/durability-cluster/restart.test.ts.

import type {
  Cell,
  Clustering,
  ColumnData,
  DeletionTime,
  PartitionData,
  Row,
} from '../../data/partition.ts';
import { isComplexData } from '../../data/partition.ts';

/** Errs on the side of no: what has range tombstones is not looked at. */
export function isSameContent(a: PartitionData, b: PartitionData): boolean {
  if (a.table !== b.table || a.rows.length !== b.rows.length) return false;
  if (a.rangeTombstones.length > 0 || b.rangeTombstones.length > 0) return false;
  if (!isSameDeletion(a.deletion, b.deletion) || !a.key.bytes.equals(b.key.bytes)) return false;
  if (a.staticRow === null || b.staticRow === null) {
    if (a.staticRow !== b.staticRow) return false;
  } else if (!isSameRow(a.staticRow, b.staticRow)) return false;
  return a.rows.every((row, at) => isSameRow(row, b.rows[at] as Row));
}

function isSameRow(a: Row, b: Row): boolean {
  return (
    a.data.length === b.data.length &&
    a.liveness.timestamp === b.liveness.timestamp &&
    a.liveness.ttl === b.liveness.ttl &&
    a.liveness.localExpirationTime === b.liveness.localExpirationTime &&
    isSameDeletion(a.deletion, b.deletion) &&
    isSameClustering(a.clustering, b.clustering) &&
    a.data.every((entry, at) => isSameColumn(entry, b.data[at] as ColumnData))
  );
}

function isSameColumn(a: ColumnData, b: ColumnData): boolean {
  if (a.column !== b.column) return false;
  if (!isComplexData(a)) return !isComplexData(b) && isSameCell(a, b);
  return (
    isComplexData(b) &&
    a.cells.length === b.cells.length &&
    isSameDeletion(a.deletion, b.deletion) &&
    a.cells.every((cell, at) => isSameCell(cell, b.cells[at] as Cell))
  );
}

function isSameCell(a: Cell, b: Cell): boolean {
  return (
    a.column === b.column &&
    a.timestamp === b.timestamp &&
    a.ttl === b.ttl &&
    a.localDeletionTime === b.localDeletionTime &&
    isSameBytes(a.value, b.value) &&
    isSameBytes(a.path, b.path)
  );
}

function isSameClustering(a: Clustering, b: Clustering): boolean {
  return a.length === b.length && a.every((value, at) => isSameBytes(value, b[at] ?? null));
}

function isSameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

function isSameDeletion(a: DeletionTime, b: DeletionTime): boolean {
  return (
    a === b ||
    (a.markedForDeleteAt === b.markedForDeleteAt && a.localDeletionTime === b.localDeletionTime)
  );
}
