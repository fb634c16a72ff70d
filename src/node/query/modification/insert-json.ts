// INSERT .. JSON: the columns' terms come from a document, known now or bound later. Absent columns are null, or left
// as they are with DEFAULT UNSET. Cassandra: cql3/Json.java.

import type { InsertJsonStatement } from '../../../cql/ast.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { jsonColumns } from '../../../data/json.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { columnHashOrder } from '../ddl/java-hash-order.ts';
import { existingColumn } from '../schema-lookup.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import { statementReceiver } from '../terms/receiver.ts';
import type { PreparedTerm } from '../terms/term.ts';
import { NULL_TERM, UNSET_TERM } from '../terms/term.ts';

/** The term of each column. Throws INVALID for a document that is no row of the table. */
export function jsonTerms(
  statement: InsertJsonStatement,
  table: TableMetadata,
  scope: TermScope,
): (column: ColumnMetadata) => PreparedTerm {
  const { json, defaultUnset } = statement;
  // Which fault is told depends on the order of a hash map: that of Cassandra's columns.
  const columns = columnHashOrder(table.columns.keys()).map((name) => existingColumn(table, name));
  if (json.kind === 'marker') {
    scope.variables.set(json.index, statementReceiver(table, '[json]', NATIVE.text));
    return (column) => ({ kind: 'json', marker: json.index, columns, column, defaultUnset });
  }
  const values = jsonColumns(json.text, columns, scope.nowMs);
  return (column) => {
    const value = values.get(column.name);
    if (value !== undefined) return { kind: 'constant', value };
    return defaultUnset ? UNSET_TERM : NULL_TERM;
  };
}
