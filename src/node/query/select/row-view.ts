// One row as selectors see it: key, clustering, cells and static cells at a moment.
// Cassandra: cql3/selection/ResultSetBuilder, Selector.InputRow, SelectStatement.processPartition.

import { splitCompositeKey } from '../../../data/partition-key.ts';
import { counterTotal } from '../../../data/counter-context.ts';
import { int64Bytes } from '../../../base/int64.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { valueOf } from '../../../data/live-view.ts';
import type { Row } from '../../../data/partition.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';

export interface RowView {
  /** Components of the partition key. */
  readonly key: readonly Buffer[];
  /** null: the partition has static content only. */
  readonly row: Row | null;
  readonly staticRow: Row | null;
  readonly nowSeconds: number;
}

/** The components of a partition's key. */
export function keyComponents(table: TableMetadata, bytes: Buffer): readonly Buffer[] {
  return splitCompositeKey(bytes, table.partitionKey.length);
}

/** A column's value as the wire carries it. */
export function columnValue(view: RowView, column: ColumnMetadata): Buffer | null {
  switch (column.kind) {
    case 'partition_key':
      return view.key[column.position] ?? null;
    case 'clustering':
      return view.row === null ? null : (view.row.clustering[column.position] ?? null);
    case 'regular':
      return view.row === null ? null : cellValue(view.row, column, view.nowSeconds);
    case 'static':
      return view.staticRow === null ? null : cellValue(view.staticRow, column, view.nowSeconds);
  }
}

function cellValue(row: Row, column: ColumnMetadata, nowSeconds: number): Buffer | null {
  const value = valueOf(row, column, nowSeconds);
  if (value === null || column.type !== NATIVE.counter) return value;
  return int64Bytes(counterTotal(value));
}
