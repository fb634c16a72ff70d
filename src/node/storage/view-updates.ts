// What a write to a base table changes in a materialized view: entries made, moved, changed and deleted, from the rows
// before and after it. Timestamps and liveness follow Cassandra's rules, so that views converge whatever the order of
// updates. Who sends the updates is the coordinator's part. Test: test/storage/view-updates.test.ts.
// Cassandra: db/view/ViewUpdateGenerator.

import { compositeKey, partitionKeyComponent } from '../../data/partition-key.ts';
import type { Int64 } from '../../base/int64.ts';
import { clusteringOrder } from '../../data/clustering-order.ts';
import { isSameCell } from '../../data/same-content.ts';
import {
  EXPIRED_LIVENESS_TTL,
  isCellLive,
  isDeleted,
  isLive,
  isLivenessLive,
  isShadowed,
  laterDeletion,
} from '../../data/deletion.ts';
import { columnData } from '../../data/live-view.ts';
import { ActiveDeletions } from '../../data/merge-partitions.ts';
import { PartitionBuilder, RowBuilder } from '../../data/partition-builder.ts';
import type {
  Cell,
  Clustering,
  ColumnData,
  ComplexData,
  DecoratedKey,
  DeletionTime,
  Liveness,
  PartitionData,
  Row,
  Slice,
} from '../../data/partition.ts';
import {
  isComplexData,
  LIVE,
  NO_DELETION_TIME,
  NO_LIVENESS,
  NO_TTL,
} from '../../data/partition.ts';
import type { RowFilter } from '../../data/read-command.ts';
import { RowMatcher } from '../../data/row-filter.ts';
import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import { pathComparator } from '../../data/type-order.ts';
import { decorateKey } from '../../ring/token.ts';

export interface ViewUpdateInput {
  readonly base: TableMetadata;
  readonly view: TableMetadata;
  /** The touched rows of the base partition before and after the write; other rows may be there. */
  readonly before: PartitionData;
  readonly after: PartitionData;
  /** The view's WHERE clause without its IS NOT NULL parts, on base columns; null: none. */
  readonly filter: RowFilter | null;
  /** The clusterings that the WHERE clause selects. */
  readonly slices: readonly Slice[];
  readonly nowSeconds: number;
}

/** The updates of the view, one a view partition. */
export function viewUpdates(input: ViewUpdateInput): PartitionData[] {
  const generator = new ViewUpdateGenerator(input);
  const { before, after } = input;
  const order = clusteringOrder(input.base);
  const deletions = new ActiveDeletions(order, after);
  let i = 0;
  let j = 0;
  while (i < before.rows.length || j < after.rows.length) {
    const x = before.rows[i];
    const y = after.rows[j];
    const compared =
      x === undefined ? 1 : y === undefined ? -1 : order.compare(x.clustering, y.clustering);
    const existing = compared <= 0 ? (x as Row) : null;
    const merged = compared >= 0 ? (y as Row) : null;
    if (compared <= 0) i++;
    if (compared >= 0) j++;
    if (existing === merged) continue;
    const { clustering } = (existing ?? merged) as Row;
    generator.add(existing, withDeletion(merged, clustering, deletions.at(clustering)));
  }
  return generator.build();
}

function withDeletion(row: Row | null, clustering: Clustering, active: DeletionTime): Row {
  if (row === null) return { clustering, liveness: NO_LIVENESS, deletion: active, data: [] };
  return { ...row, deletion: laterDeletion(row.deletion, active) };
}

class ViewUpdateGenerator {
  private readonly input: ViewUpdateInput;
  private readonly matcher: RowMatcher;
  /** The regular base column in the view's key, or null when the keys have the same columns. */
  private readonly keyColumn: ColumnMetadata | null;
  private readonly builders = new Map<string, PartitionBuilder>();

  constructor(input: ViewUpdateInput) {
    this.input = input;
    const { base, view } = input;
    this.matcher = new RowMatcher(base, input.filter, input.nowSeconds);
    const keys = [...view.partitionKey, ...view.clustering];
    this.keyColumn =
      keys.map(({ name }) => base.columns.get(name)).find((column) => column?.kind === 'regular') ??
      null;
  }

  build(): PartitionData[] {
    return [...this.builders.values()].map((builder) => builder.build());
  }

  add(existing: Row | null, merged: Row): void {
    const was = existing !== null && this.hasEntry(existing);
    const is = this.hasEntry(merged);
    if (!was) {
      if (is) this.create(merged);
    } else if (!is) this.remove(existing, merged);
    else if (this.hasMoved(existing, merged)) {
      this.remove(existing, merged);
      this.create(merged);
    } else this.change(existing, merged);
  }

  private hasEntry(row: Row): boolean {
    const { nowSeconds } = this.input;
    const key = this.keyColumn;
    if (key === null) return isLive(row, nowSeconds);
    const cell = columnData(row, key) as Cell | undefined;
    return cell !== undefined && isCellLive(cell, nowSeconds);
  }

  private hasMoved(existing: Row, merged: Row): boolean {
    const key = this.keyColumn;
    if (key === null) return false;
    const before = columnData(existing, key) as Cell;
    const after = columnData(merged, key) as Cell;
    return !before.value.equals(after.value);
  }

  private matches(row: Row): boolean {
    const { key, staticRow } = this.input.after;
    const { base, slices } = this.input;
    const order = clusteringOrder(base);
    return (
      slices.some((slice) => order.includes(slice, row.clustering)) &&
      this.matcher.matchesPartition(key, staticRow) &&
      this.matcher.matchesRow(key, row, staticRow)
    );
  }

  private create(merged: Row): void {
    if (!this.matches(merged)) return;
    const entry = this.entry(merged).setLiveness(this.entryLiveness(merged));
    if (isDeleted(merged.deletion)) entry.deleteRow(merged.deletion);
    this.addCells(entry, null, merged);
    this.submit(merged, entry);
  }

  private change(existing: Row, merged: Row): void {
    if (!this.matches(existing)) return this.create(merged);
    if (!this.matches(merged)) return this.removeEntry(existing, merged);
    const entry = this.entry(merged).setLiveness(this.entryLiveness(merged));
    if (isDeleted(merged.deletion)) entry.deleteRow(merged.deletion);
    this.addCells(entry, existing, merged);
    this.submit(merged, entry);
  }

  private remove(existing: Row, merged: Row): void {
    if (this.matches(existing)) this.removeEntry(existing, merged);
  }

  /** A newer cause than the row's deletion is written as an expired marker, which lets later columns live again. */
  private removeEntry(existing: Row, merged: Row): void {
    const entry = this.entry(existing);
    const timestamp = this.removalTimestamp(existing, merged);
    if (timestamp > merged.deletion.markedForDeleteAt) {
      const localExpirationTime = this.input.nowSeconds;
      entry.setLiveness({ timestamp, ttl: EXPIRED_LIVENESS_TTL, localExpirationTime });
    }
    if (isDeleted(merged.deletion)) entry.deleteRow(merged.deletion);
    this.addCells(entry, existing, merged);
    this.submit(existing, entry);
  }

  /** Columns the view does not select keep an entry alive: their times count into its marker. */
  private entryLiveness(row: Row): Liveness {
    const { view, nowSeconds } = this.input;
    if (this.keyColumn !== null) {
      const cell = columnData(row, this.keyColumn) as Cell;
      const { timestamp, ttl, localDeletionTime } = cell;
      return { timestamp, ttl, localExpirationTime: localDeletionTime };
    }
    const marker = row.liveness;
    if (view.view?.includeAllColumns === true) return marker;
    let { timestamp } = marker;
    let hasLasting = isLivenessLive(marker, nowSeconds) && marker.ttl === NO_TTL;
    let longest: Cell | null = null;
    for (const cell of this.unselectedCells(row)) {
      if (!isCellLive(cell, nowSeconds)) continue;
      if (cell.timestamp > timestamp) timestamp = cell.timestamp;
      if (cell.ttl === NO_TTL) hasLasting = true;
      else if (longest === null || cell.localDeletionTime > longest.localDeletionTime)
        longest = cell;
    }
    if (hasLasting) return { timestamp, ttl: NO_TTL, localExpirationTime: NO_DELETION_TIME };
    if (longest === null) return marker;
    const outlives = longest.localDeletionTime > marker.localExpirationTime;
    if (!outlives && isLivenessLive(marker, nowSeconds)) return marker;
    return { timestamp, ttl: longest.ttl, localExpirationTime: longest.localDeletionTime };
  }

  private removalTimestamp(existing: Row, merged: Row): Int64 {
    const { deletion } = merged;
    if (this.keyColumn !== null) {
      const before = columnData(existing, this.keyColumn) as Cell;
      return isShadowed(before.timestamp, deletion) ? deletion.markedForDeleteAt : before.timestamp;
    }
    let timestamp = deletion.markedForDeleteAt;
    if (existing.liveness.timestamp > timestamp) timestamp = existing.liveness.timestamp;
    if (this.input.view.view?.includeAllColumns === true) return timestamp;
    for (const cell of this.unselectedCells(existing)) {
      if (cell.timestamp > timestamp) timestamp = cell.timestamp;
    }
    return timestamp;
  }

  private *unselectedCells(row: Row): Generator<Cell> {
    for (const entry of row.data) {
      if (this.input.view.columns.has(entry.column.name)) continue;
      if (isComplexData(entry)) yield* entry.cells;
      else yield entry;
    }
  }

  /** What differs from before, as cells of the view; what became part of the view's key is not a cell there. */
  private addCells(entry: RowBuilder, existing: Row | null, merged: Row): void {
    for (const data of merged.data) {
      const column = this.input.view.columns.get(data.column.name);
      if (column === undefined || column.kind !== 'regular') continue;
      const before = existing === null ? undefined : columnData(existing, data.column);
      if (before === data) continue;
      if (isComplexData(data)) addComplex(entry, column, before as ComplexData | undefined, data);
      else if (before === undefined || !isSameCell(before as Cell, data)) {
        entry.addCell({ ...data, column });
      }
    }
  }

  private entry(row: Row): RowBuilder {
    const { view } = this.input;
    return new RowBuilder(view.clustering.map((column) => this.keyValue(column, row)));
  }

  private submit(row: Row, entry: RowBuilder): void {
    const { view } = this.input;
    const key = this.viewKey(row);
    let builder = this.builders.get(key.id);
    if (builder === undefined) {
      builder = new PartitionBuilder(view, key);
      this.builders.set(key.id, builder);
    }
    builder.addRow(entry.build());
  }

  private viewKey(row: Row): DecoratedKey {
    const { partitionKey } = this.input.view;
    return decorateKey(compositeKey(partitionKey.map((column) => this.keyValue(column, row))));
  }

  /** The value a base row gives a key column of the view. */
  private keyValue(viewColumn: ColumnMetadata, row: Row): Buffer {
    const { base, after } = this.input;
    const column = base.columns.get(viewColumn.name);
    const value = column === undefined ? null : baseValue(column, base, after.key, row);
    return value ?? Buffer.alloc(0);
  }
}

function baseValue(
  column: ColumnMetadata,
  base: TableMetadata,
  key: DecoratedKey,
  row: Row,
): Buffer | null {
  switch (column.kind) {
    case 'partition_key':
      return partitionKeyComponent(key.bytes, column.position, base.partitionKey.length);
    case 'clustering':
      return row.clustering[column.position] ?? null;
    default: {
      const data: ColumnData | undefined = columnData(row, column);
      return data === undefined || isComplexData(data) ? null : data.value;
    }
  }
}

function addComplex(
  entry: RowBuilder,
  column: ColumnMetadata,
  before: ComplexData | undefined,
  data: ComplexData,
): void {
  const compare = pathComparator(data.column);
  const known = before?.cells ?? [];
  const cells = data.cells.filter((cell) => {
    const same = known.find((other) => compare(other.path as Buffer, cell.path as Buffer) === 0);
    return same === undefined || !isSameCell(same, cell);
  });
  const isNewDeletion = before === undefined || before.deletion !== data.deletion;
  entry.addComplex(
    column,
    isNewDeletion ? data.deletion : LIVE,
    cells.map((cell) => ({ ...cell, column })),
  );
}
