// Are two versions of something equal to the last timestamp, whichever objects carry it? Replicas in one process share
// most objects, so that mostly references are compared. Test: test/coordinator/content-match.test.ts,
// test/durability-cluster/restart.test.ts.

import { deletionsEqual, livenessEqual } from './deletion.ts';
import type { Cell, Clustering, ColumnData, PartitionData, Row } from './partition.ts';
import { isComplexData } from './partition.ts';

/** Errs on the side of no: different lists of range tombstones are not looked at. Tables are not compared. */
export function isSamePartition(a: PartitionData, b: PartitionData): boolean {
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
  if (a.data.length !== b.data.length || !isSameClustering(a.clustering, b.clustering)) {
    return false;
  }
  for (let i = 0; i < a.data.length; i++) {
    if (!isSameColumn(a.data[i] as ColumnData, b.data[i] as ColumnData)) return false;
  }
  return true;
}

function isSameColumn(a: ColumnData, b: ColumnData): boolean {
  if (a === b) return true;
  if (a.column !== b.column) return false;
  if (!isComplexData(a)) return !isComplexData(b) && isSameCell(a, b);
  return (
    isComplexData(b) &&
    a.cells.length === b.cells.length &&
    deletionsEqual(a.deletion, b.deletion) &&
    a.cells.every((cell, i) => isSameCell(cell, b.cells[i] as Cell))
  );
}

/** Of one column. */
export function isSameCell(a: Cell, b: Cell): boolean {
  return (
    a === b ||
    (a.timestamp === b.timestamp &&
      a.ttl === b.ttl &&
      a.localDeletionTime === b.localDeletionTime &&
      isSameValue(a.value, b.value) &&
      isSameValue(a.path, b.path))
  );
}

/** To the byte: equal clusterings may be spelled differently (decimal 1.5 and 1.50). */
export function isSameClustering(a: Clustering, b: Clustering): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (!isSameValue(a[i] ?? null, b[i] ?? null)) return false;
  }
  return true;
}

function isSameValue(a: Buffer | null, b: Buffer | null): boolean {
  return a === b || (a !== null && b !== null && a.equals(b));
}
