// A view's WHERE clause as a filter on base columns: what is left of it without IS NOT NULL.
// Cassandra: db/view/View.getReadQuery, ViewUpdateGenerator.

import type { Relation, Term } from '../../cql/ast.ts';
import { parseWhereClause } from '../../cql/parse.ts';
import type { FilterOperator, RowFilter, RowFilterExpression } from '../../data/read-command.ts';
import type { ColumnMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import { bareScope, termBytes } from '../query/ddl/literals.ts';

/** null: the clause asks for nothing but IS NOT NULL. */
export function viewFilter(
  view: TableMetadata,
  base: TableMetadata,
  schema: Schema,
): RowFilter | null {
  if (view.view === null) return null;
  const scope = bareScope(view.keyspace, schema, 0);
  const bytes = (column: ColumnMetadata, term: Term): Buffer | null =>
    termBytes(term, column.type, scope);
  const expressions = parseWhereClause(view.view.whereClause).relations.flatMap((relation) =>
    expressionsOf(relation, base, bytes),
  );
  return expressions.length === 0 ? null : { expressions };
}

function expressionsOf(
  relation: Relation,
  base: TableMetadata,
  bytes: (column: ColumnMetadata, term: Term) => Buffer | null,
): readonly RowFilterExpression[] {
  if (relation.kind === 'single') {
    const column = base.columns.get(relation.column);
    if (column === undefined || relation.operator === 'IS NOT' || relation.operator === 'LIKE')
      return [];
    return compared(column, relation.operator, bytes(column, relation.value));
  }
  if (relation.kind === 'in') {
    const column = base.columns.get(relation.column);
    if (column === undefined) return [];
    const values = relation.values.flatMap((term) => bytes(column, term) ?? []);
    return [{ kind: 'column', column, operator: 'IN', value: Buffer.alloc(0), values }];
  }
  if (relation.kind === 'multi' && relation.value.kind === 'tuple' && relation.operator === '=') {
    const { elements } = relation.value;
    return relation.columns.flatMap((name, at) => {
      const column = base.columns.get(name);
      const term = elements[at];
      return column === undefined || term === undefined
        ? []
        : compared(column, '=', bytes(column, term));
    });
  }
  return [];
}

function compared(
  column: ColumnMetadata,
  operator: FilterOperator,
  value: Buffer | null,
): readonly RowFilterExpression[] {
  return value === null ? [] : [{ kind: 'column', column, operator, value }];
}
