// What a partition of a table WITH COMPACT STORAGE holds once the table is an ordinary one: rows without clustering
// become the static row, rows without a value get an empty one. Cassandra stores them that way from the start.
// Test: test/cql/compact-storage.cql. Cassandra: TableMetadata.CompactTableMetadata, AlterTableStatement.DropCompactStorage.

import type { ColumnData, PartitionData, Row } from '../../data/partition.ts';
import { isComplexData, LIVE, NO_CLUSTERING, NO_LIVENESS } from '../../data/partition.ts';
import { hasLiveness } from '../../data/deletion.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { isCompactTable } from '../schema/compact-tables.ts';

/** True when `after` is `before` without COMPACT STORAGE. */
export function dropsCompactStorage(before: TableMetadata, after: TableMetadata): boolean {
  return isCompactTable(before.flags) && !isCompactTable(after.flags);
}

/** The partition as `table`, which was `before`, shows it. */
export function withoutCompactStorage(
  partition: PartitionData,
  before: TableMetadata,
  table: TableMetadata,
): PartitionData {
  if (before.clustering.length === 0) {
    const [row] = partition.rows;
    return {
      ...partition,
      table,
      rows: [],
      staticRow: row === undefined ? null : toStatic(row, table),
    };
  }
  const [value] = table.regulars;
  if (before.regulars.length > 0 || value === undefined) return { ...partition, table };
  const rows = partition.rows.map((row): Row => {
    const { timestamp, ttl, localExpirationTime } = row.liveness;
    if (!hasLiveness(row.liveness)) return row;
    const cell = {
      column: value,
      timestamp,
      ttl,
      localDeletionTime: localExpirationTime,
      value: Buffer.alloc(0),
      path: null,
    };
    return { ...row, liveness: NO_LIVENESS, data: [cell] };
  });
  return { ...partition, table, rows };
}

function toStatic(row: Row, table: TableMetadata): Row {
  const data = row.data.flatMap((entry): ColumnData[] => {
    const column = table.columns.get(entry.column.name);
    if (column === undefined || isComplexData(entry)) return [];
    return [{ ...entry, column }];
  });
  return { clustering: NO_CLUSTERING, liveness: NO_LIVENESS, deletion: LIVE, data };
}
