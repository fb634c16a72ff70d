// Tables made WITH COMPACT STORAGE. A "static compact" one (no clustering) is stored in system_schema with its columns
// as statics beside a hidden clustering and a hidden value; everywhere else in this program it is a plain table
// without clustering. A dense one without a value column has a hidden value of type empty, which stays out as well.
// Test: test/schema/. Cassandra: TableMetadata.CompactTableMetadata, CreateTableStatement.fixupCompactTable.

import { NATIVE } from '../../data/cql-type.ts';
import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import { internColumn } from '../../data/schema.ts';

/** True for any table that is not an ordinary CQL table. */
export function isCompactTable(flags: ReadonlySet<string>): boolean {
  return flags.has('dense') || flags.has('super') || !flags.has('compound');
}

/** No clustering columns of its own. */
export function isStaticCompactTable(flags: ReadonlySet<string>): boolean {
  return !flags.has('dense') && !flags.has('super') && !flags.has('compound');
}

/** The columns as system_schema.columns lists them. */
export function storedColumns(table: TableMetadata): readonly ColumnMetadata[] {
  const own = [...table.columns.values()];
  if (table.kind !== 'regular' || !isCompactTable(table.flags)) return own;
  if (!isStaticCompactTable(table.flags)) {
    return table.regulars.length > 0 ? own : [...own, hidden(table, 'regular', 'value', 'empty')];
  }
  return [
    ...table.partitionKey,
    ...table.regulars.map((column) => internColumn({ ...column, kind: 'static' })),
    hidden(table, 'clustering', 'column', 'text'),
    hidden(table, 'regular', 'value', table.isCounter ? 'counter' : 'blob'),
  ];
}

/** The other way: what a reader of the table sees of its stored columns. */
export function visibleColumns(
  stored: readonly ColumnMetadata[],
  flags: ReadonlySet<string>,
): readonly ColumnMetadata[] {
  if (!isCompactTable(flags)) return stored;
  if (isStaticCompactTable(flags)) {
    return stored
      .filter((column) => column.kind === 'partition_key' || column.kind === 'static')
      .map((column) =>
        column.kind === 'static' ? internColumn({ ...column, kind: 'regular' }) : column,
      );
  }
  return stored.filter(({ type }) => type.kind !== 'native' || type.name !== 'empty');
}

/** The first free of `column1`, `column2` ... for a clustering; of `value`, `value1` ... for a value. */
function hidden(
  table: TableMetadata,
  kind: 'clustering' | 'regular',
  base: 'column' | 'value',
  type: 'text' | 'blob' | 'counter' | 'empty',
): ColumnMetadata {
  let index = base === 'column' ? 1 : 0;
  const name = (): string => (index === 0 ? base : `${base}${index}`);
  while (table.columns.has(name())) index++;
  return internColumn({
    keyspace: table.keyspace,
    table: table.name,
    name: name(),
    type: NATIVE[type],
    kind,
    position: kind === 'clustering' ? 0 : -1,
    reversed: false,
    mask: null,
  });
}
