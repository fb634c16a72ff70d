// Builds rows and partitions from parts given in any order, canonical at the end: columns sorted, elements sorted,
// equal rows merged, nothing kept that a larger deletion shadows. For statements, streams and tests; a statement on
// the hot path that writes one row in column order may make the plain objects itself.
// Test: test/storage/merge.test.ts. Cassandra: db/rows/BTreeRow.Builder, db/partitions/PartitionUpdate.

import type { Int64 } from '../base/int64.ts';
import { clusteringOrder } from './clustering-order.ts';
import {
  hasLiveness,
  isDeleted,
  isShadowed,
  laterDeletion,
  livenessSupersedes,
} from './deletion.ts';
import { canonicalPartition, findRow } from './merge-partitions.ts';
import type {
  Cell,
  Clustering,
  ColumnData,
  ComplexData,
  DecoratedKey,
  DeletionTime,
  Liveness,
  PartitionData,
  RangeTombstone,
  Row,
} from './partition.ts';
import { LIVE, NO_CLUSTERING, NO_DELETION_TIME, NO_LIVENESS, NO_TTL } from './partition.ts';
import { mergeRanges, NO_RANGES } from './range-tombstones.ts';
import { mergeRows, reconcileCells } from './reconcile.ts';
import type { ColumnMetadata, TableMetadata } from './schema.ts';
import { compareColumns, isSameColumn, pathComparator } from './type-order.ts';

const NO_BYTES = Buffer.alloc(0);

/** When something is written: microseconds, seconds to live (0: none), the coordinator's clock in seconds. */
export interface WriteTime {
  readonly timestamp: Int64;
  readonly ttl: number;
  readonly nowSeconds: number;
}

export function liveCell(
  column: ColumnMetadata,
  value: Buffer,
  at: WriteTime,
  path: Buffer | null = null,
): Cell {
  const localDeletionTime = at.ttl === NO_TTL ? NO_DELETION_TIME : at.nowSeconds + at.ttl;
  return { column, timestamp: at.timestamp, ttl: at.ttl, localDeletionTime, value, path };
}

export function tombstoneCell(
  column: ColumnMetadata,
  deletion: { readonly timestamp: Int64; readonly nowSeconds: number },
  path: Buffer | null = null,
): Cell {
  const { timestamp, nowSeconds } = deletion;
  return { column, timestamp, ttl: NO_TTL, localDeletionTime: nowSeconds, value: NO_BYTES, path };
}

export function livenessOf(at: WriteTime): Liveness {
  const localExpirationTime = at.ttl === NO_TTL ? NO_DELETION_TIME : at.nowSeconds + at.ttl;
  return { timestamp: at.timestamp, ttl: at.ttl, localExpirationTime };
}

/** A partition of one row, or of a static row; canonical when the row is. */
export function singleRowPartition(
  table: TableMetadata,
  key: DecoratedKey,
  row: Row,
  isStatic = false,
): PartitionData {
  return {
    table,
    key,
    deletion: LIVE,
    staticRow: isStatic ? row : null,
    rows: isStatic ? [] : [row],
    rangeTombstones: NO_RANGES,
  };
}

/** One row's parts. */
export class RowBuilder {
  private readonly clustering: Clustering;
  private liveness: Liveness = NO_LIVENESS;
  private deletion: DeletionTime = LIVE;
  private readonly data: ColumnData[] = [];
  private isSorted = true;

  constructor(clustering: Clustering = NO_CLUSTERING) {
    this.clustering = clustering;
  }

  setLiveness(liveness: Liveness): this {
    if (livenessSupersedes(liveness, this.liveness)) this.liveness = liveness;
    return this;
  }

  deleteRow(deletion: DeletionTime): this {
    this.deletion = laterDeletion(this.deletion, deletion);
    return this;
  }

  /** Adds a cell of a simple column, or of a complex one with its path. */
  addCell(cell: Cell): this {
    this.push(
      cell.column.isComplex ? { column: cell.column, deletion: LIVE, cells: [cell] } : cell,
    );
    return this;
  }

  /** Adds a complex column's deletion and cells, the cells in any order. */
  addComplex(column: ColumnMetadata, deletion: DeletionTime, cells: readonly Cell[]): this {
    if (cells.length > 0 || isDeleted(deletion)) {
      this.push({ column, deletion, cells: sortedCells(column, deletion, cells) });
    }
    return this;
  }

  /** null when nothing was added (or nothing survives the row's own deletion). */
  build(): Row | null {
    const data = this.isSorted ? this.data : joined(this.data);
    const { clustering, deletion } = this;
    let { liveness } = this;
    if (isShadowed(liveness.timestamp, deletion)) liveness = NO_LIVENESS;
    if (data.length === 0 && !hasLiveness(liveness) && !isDeleted(deletion)) return null;
    const row: Row = { clustering, liveness, deletion, data };
    if (!isDeleted(deletion) || data.length === 0) return row;
    const empty: Row = { clustering, liveness: NO_LIVENESS, deletion, data: [] };
    return mergeRows(empty, row, LIVE);
  }

  private push(entry: ColumnData): void {
    const last = this.data.at(-1);
    if (last !== undefined && compareColumns(last.column, entry.column) >= 0) this.isSorted = false;
    this.data.push(entry);
  }
}

/** One partition's update: rows of equal clustering merge, later parts against earlier ones by their timestamps. */
export class PartitionBuilder {
  private readonly table: TableMetadata;
  private readonly key: DecoratedKey;
  private deletion: DeletionTime = LIVE;
  private staticRow: Row | null = null;
  private readonly rows: Row[] = [];
  private ranges: readonly RangeTombstone[] = NO_RANGES;

  constructor(table: TableMetadata, key: DecoratedKey) {
    this.table = table;
    this.key = key;
  }

  deletePartition(deletion: DeletionTime): this {
    this.deletion = laterDeletion(this.deletion, deletion);
    return this;
  }

  addRange(range: RangeTombstone): this {
    this.ranges = mergeRanges(clusteringOrder(this.table), this.ranges, [range]);
    return this;
  }

  addRow(row: Row | null): this {
    if (row === null) return this;
    const { rows } = this;
    const order = clusteringOrder(this.table);
    const last = rows.at(-1);
    if (last === undefined || order.compare(last.clustering, row.clustering) < 0) {
      rows.push(row);
      return this;
    }
    const at = findRow(order, rows, row.clustering);
    if (at < 0) rows.splice(~at, 0, row);
    else {
      const merged = mergeRows(rows[at] as Row, row, LIVE);
      if (merged === null) rows.splice(at, 1);
      else rows[at] = merged;
    }
    return this;
  }

  addStatic(row: Row | null): this {
    if (row !== null) {
      this.staticRow = this.staticRow === null ? row : mergeRows(this.staticRow, row, LIVE);
    }
    return this;
  }

  build(): PartitionData {
    const { table, key, deletion, staticRow, rows, ranges } = this;
    return canonicalPartition({ table, key, deletion, staticRow, rows, rangeTombstones: ranges });
  }
}

function sortedCells(
  column: ColumnMetadata,
  deletion: DeletionTime,
  cells: readonly Cell[],
): readonly Cell[] {
  const compare = pathComparator(column);
  const kept = cells.filter((cell) => !isShadowed(cell.timestamp, deletion));
  if (kept.length < 2) return kept;
  kept.sort((a, b) => compare(a.path as Buffer, b.path as Buffer));
  const out: Cell[] = [];
  for (const cell of kept) {
    const last = out.at(-1);
    if (last !== undefined && compare(last.path as Buffer, cell.path as Buffer) === 0) {
      out[out.length - 1] = reconcileCells(last, cell);
    } else out.push(cell);
  }
  return out;
}

/** Sorted by column, entries of one column merged. */
function joined(data: readonly ColumnData[]): readonly ColumnData[] {
  const out: ColumnData[] = [];
  for (const entry of data.toSorted((a, b) => compareColumns(a.column, b.column))) {
    const last = out.at(-1);
    if (last === undefined || !isSameColumn(last.column, entry.column)) {
      out.push(entry);
      continue;
    }
    out[out.length - 1] = entry.column.isComplex
      ? joinComplex(last as ComplexData, entry as ComplexData)
      : reconcileCells(last as Cell, entry as Cell);
  }
  return out;
}

function joinComplex(a: ComplexData, b: ComplexData): ComplexData {
  const deletion = laterDeletion(a.deletion, b.deletion);
  return {
    column: b.column,
    deletion,
    cells: sortedCells(b.column, deletion, [...a.cells, ...b.cells]),
  };
}
