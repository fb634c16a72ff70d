// system_virtual_schema: what the virtual keyspaces hold, since system_schema tells only of stored ones.
// Cassandra: db/virtual/VirtualSchemaKeyspace.

import { required } from '../../../base/assert.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { typeName } from '../../../data/type-names.ts';
import { VIRTUAL_KEYSPACES } from '../../schema/system-keyspaces.ts';
import type { VirtualRow, VirtualTable } from './virtual-tables.ts';

export function schemaViews(): VirtualTable[] {
  return [
    view('keyspaces', () => VIRTUAL_KEYSPACES.map(({ name }) => ({ keyspace_name: name }))),
    view('tables', () => allTables().map(tableRow)),
    view('columns', () => allTables().flatMap(columnRows)),
  ];
}

function view(name: string, rows: () => VirtualRow[]): VirtualTable {
  const keyspace = VIRTUAL_KEYSPACES.find((other) => other.name === 'system_virtual_schema');
  const table = required(keyspace?.tables.get(name), `system_virtual_schema.${name}`);
  return { table, rows, filtersImplicitly: true };
}

function allTables(): TableMetadata[] {
  return VIRTUAL_KEYSPACES.flatMap(({ tables }) => [...tables.values()]);
}

function tableRow({ keyspace, name, params }: TableMetadata): VirtualRow {
  return { keyspace_name: keyspace, table_name: name, comment: params.comment };
}

function columnRows(table: TableMetadata): VirtualRow[] {
  return [...table.columns.values()].map((column) => ({
    keyspace_name: table.keyspace,
    table_name: table.name,
    column_name: column.name,
    clustering_order: column.kind === 'clustering' ? (column.reversed ? 'desc' : 'asc') : 'none',
    column_name_bytes: Buffer.from(column.name),
    kind: column.kind,
    position: column.position,
    type: typeName(column.type),
  }));
}
