// Reads merged rows of system tables: which rows live, what a column holds. Deletions count by timestamp only, since
// nothing in these tables expires. Test: test/schema/.

import type { Int64 } from '../../base/int64.ts';
import type { Cell, ComplexData, PartitionData, Row } from '../../data/partition.ts';
import { isComplexData, NO_DELETION_TIME } from '../../data/partition.ts';
import { readText } from './row-values.ts';

/** A live row, by column name. */
export class LiveRow {
  private readonly row: Row;
  private readonly deletedAt: Int64;

  constructor(row: Row, deletedAt: Int64) {
    this.row = row;
    this.deletedAt = deletedAt;
  }

  /** The value of a simple column; null when absent or deleted. */
  value(name: string): Buffer | null {
    return this.cell(name)?.value ?? null;
  }

  /** The cell of a simple column; null when absent or deleted. */
  cell(name: string): Cell | null {
    for (const data of this.row.data) {
      if (data.column.name === name && !isComplexData(data) && this.isLive(data)) return data;
    }
    return null;
  }

  text(name: string): string | null {
    const value = this.value(name);
    return value === null ? null : readText(value);
  }

  /** Live cells of a non-frozen collection, in path order. */
  elements(name: string): readonly Cell[] {
    const found = this.row.data.find(({ column }) => column.name === name);
    if (found === undefined || !isComplexData(found)) return [];
    return liveElements(found, this.deletedAt);
  }

  /** Every column that has a value, with its bytes, in storage order. */
  values(): [name: string, value: Buffer][] {
    const all: [string, Buffer][] = [];
    for (const data of this.row.data) {
      if (!isComplexData(data) && this.isLive(data)) all.push([data.column.name, data.value]);
    }
    return all;
  }

  /** The i-th clustering value. */
  clustering(index: number): Buffer {
    return this.row.clustering[index] ?? Buffer.alloc(0);
  }

  private isLive(cell: Cell): boolean {
    return isLiveCell(cell, this.deletedAt);
  }
}

/** Live rows of a partition in clustering order. */
export function liveRows(partition: PartitionData | null): LiveRow[] {
  if (partition === null) return [];
  const rows: LiveRow[] = [];
  for (const row of partition.rows) {
    const deletedAt = later(partition.deletion.markedForDeleteAt, row.deletion.markedForDeleteAt);
    const hasLiveCell = row.data.some((data) =>
      isComplexData(data) ? liveElements(data, deletedAt).length > 0 : isLiveCell(data, deletedAt),
    );
    if (row.liveness.timestamp > deletedAt || hasLiveCell) rows.push(new LiveRow(row, deletedAt));
  }
  return rows;
}

function liveElements(data: ComplexData, deletedAt: Int64): Cell[] {
  const deleted = later(data.deletion.markedForDeleteAt, deletedAt);
  return data.cells.filter((cell) => isLiveCell(cell, deleted));
}

function isLiveCell(cell: Cell, deletedAt: Int64): boolean {
  return cell.localDeletionTime === NO_DELETION_TIME && cell.timestamp > deletedAt;
}

function later(a: Int64, b: Int64): Int64 {
  return a > b ? a : b;
}
