// The WHERE clause of a materialized view, checked as that of a SELECT on its base table.
// Test: test/cql/views-where.cql. Cassandra: CreateViewStatement.apply, db/view/View.getSelectStatement.

import type { WhereClause } from '../../../cql/ast.ts';
import type { Schema, TableMetadata } from '../../../data/schema.ts';
import { bareScope } from '../ddl/literals.ts';
import { StatementRestrictions } from './statement-restrictions.ts';

/** Throws INVALID for what a SELECT would not take either. */
export function viewRestrictions(
  where: WhereClause,
  base: TableMetadata,
  schema: Schema,
): StatementRestrictions {
  return new StatementRestrictions({
    type: 'SELECT',
    table: base,
    where,
    scope: { ...bareScope(base.keyspace, schema, 0), table: base },
    ann: null,
    selectsOnlyStatics: false,
    allowFiltering: true,
    filtersImplicitly: false,
    forView: true,
  });
}
