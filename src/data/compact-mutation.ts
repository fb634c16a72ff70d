// Copies a mutation's bytes out of the frame it came in, once, before it is fanned out to replicas: a value that
// stays a slice would keep its whole frame alive for as long as the row lives.
// Test: test/storage/mutation-serializer.test.ts.

import { isComplexData } from './partition.ts';
import type {
  Cell,
  Clustering,
  ClusteringBound,
  ColumnData,
  DecoratedKey,
  Mutation,
  PartitionData,
  Row,
} from './partition.ts';

/** Slices of memory no larger than this are left alone: they pin little (Node's pool has 8 KiB). */
const PINNED_BYTES_MAX = 16 * 1024;

/** The same mutation over bytes of its own; the same object when nothing pinned more than it needed. */
export function compactMutation(mutation: Mutation): Mutation {
  if (!isPinning(mutation)) return mutation;
  const key = compactKey(mutation.key);
  return {
    ...mutation,
    key,
    updates: mutation.updates.map((update) => compactUpdate(update, key)),
  };
}

function compactKey(key: DecoratedKey): DecoratedKey {
  const bytes = compactBytes(key.bytes);
  return bytes === key.bytes ? key : { high: key.high, low: key.low, bytes, id: key.id };
}

/** The bytes themselves when they fill their memory or share a small one, else a copy. */
function compactBytes(bytes: Buffer): Buffer {
  return pins(bytes) ? Buffer.from(bytes) : bytes;
}

function pins(bytes: Buffer): boolean {
  const held = bytes.buffer.byteLength;
  return held > PINNED_BYTES_MAX && held > bytes.length * 2;
}

function isPinning(mutation: Mutation): boolean {
  if (pins(mutation.key.bytes)) return true;
  for (const update of mutation.updates) {
    if (update.staticRow !== null && isRowPinning(update.staticRow)) return true;
    if (update.rangeTombstones.length > 0) return true;
    for (const row of update.rows) if (isRowPinning(row)) return true;
  }
  return false;
}

function isRowPinning(row: Row): boolean {
  for (const value of row.clustering) if (value !== null && pins(value)) return true;
  for (const entry of row.data) {
    if (isComplexData(entry)) {
      for (const cell of entry.cells) if (isCellPinning(cell)) return true;
    } else if (isCellPinning(entry)) return true;
  }
  return false;
}

function isCellPinning(cell: Cell): boolean {
  return pins(cell.value) || (cell.path !== null && pins(cell.path));
}

function compactUpdate(update: PartitionData, key: DecoratedKey): PartitionData {
  return {
    table: update.table,
    key,
    deletion: update.deletion,
    staticRow: update.staticRow === null ? null : compactRow(update.staticRow),
    rows: update.rows.map(compactRow),
    rangeTombstones:
      update.rangeTombstones.length === 0
        ? update.rangeTombstones
        : update.rangeTombstones.map((range) => ({
            start: compactBound(range.start),
            end: compactBound(range.end),
            deletion: range.deletion,
          })),
  };
}

function compactBound(bound: ClusteringBound): ClusteringBound {
  return { prefix: compactClustering(bound.prefix), inclusive: bound.inclusive };
}

function compactClustering(clustering: Clustering): Clustering {
  if (clustering.every((value) => value === null || !pins(value))) return clustering;
  return clustering.map((value) => (value === null ? null : compactBytes(value)));
}

function compactRow(row: Row): Row {
  if (!isRowPinning(row)) return row;
  return {
    clustering: compactClustering(row.clustering),
    liveness: row.liveness,
    deletion: row.deletion,
    data: row.data.map(compactColumn),
  };
}

function compactColumn(entry: ColumnData): ColumnData {
  if (!isComplexData(entry)) return compactCell(entry);
  return { column: entry.column, deletion: entry.deletion, cells: entry.cells.map(compactCell) };
}

function compactCell(cell: Cell): Cell {
  if (!isCellPinning(cell)) return cell;
  return {
    column: cell.column,
    timestamp: cell.timestamp,
    ttl: cell.ttl,
    localDeletionTime: cell.localDeletionTime,
    value: compactBytes(cell.value),
    path: cell.path === null ? null : compactBytes(cell.path),
  };
}
