// Finding what a statement names, with the words in which Cassandra says that it is not there.
// Cassandra: schema/SchemaProvider.validateTable, TableMetadata.getExistingColumn.

import type { QualifiedName } from '../../cql/ast.ts';
import { invalid } from '../../data/cql-error.ts';
import { qualifiedText, quoteIfNeeded } from '../../data/identifier.ts';
import type { ColumnMetadata, Schema, TableMetadata } from '../../data/schema.ts';

/** The keyspace a name belongs to. Throws when neither the name nor the connection gives one. */
export function keyspaceOf(name: QualifiedName, current: string | null): string {
  const keyspace = name.keyspace ?? current;
  if (keyspace !== null) return keyspace;
  throw invalid(
    'No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename',
  );
}

/** Throws INVALID `keyspace x does not exist` or `table x does not exist`. */
export function existingTable(schema: Schema, keyspaceName: string, name: string): TableMetadata {
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) throw invalid(`keyspace ${keyspaceName} does not exist`);
  const table = keyspace.tables.get(name);
  if (table === undefined) throw invalid(`table ${name} does not exist`);
  return table;
}

/** Throws INVALID `Undefined column name x in table ks.t`. */
export function existingColumn(table: TableMetadata, name: string): ColumnMetadata {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  throw invalid(`Undefined column name ${quoteIfNeeded(name)} in table ${qualifiedText(table)}`);
}
