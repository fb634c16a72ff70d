// `expr(index, value)` in a WHERE clause: only custom indexes that know such expressions take it, and none here does.
// Cassandra: cql3/restrictions/CustomIndexExpression, IndexRestrictions.

import type { CustomExpression } from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { IndexRegistry } from './index-support.ts';

export interface CustomIndexExpression {
  readonly indexName: string;
  readonly value: PreparedTerm;
}

/** Refuses what names no index, an index of another kind or one without expressions. */
export function prepareCustomExpressions(
  expressions: readonly CustomExpression[],
  table: TableMetadata,
  indexes: IndexRegistry,
  _scope: TermScope,
): readonly CustomIndexExpression[] {
  const expression = expressions[0];
  if (expressions.length > 1 || expression === undefined) {
    throw invalid('Multiple custom index expressions in a single query are not supported');
  }
  const { keyspace, name } = expression.index;
  const tableName = `${table.keyspace}.${table.name}`;
  if (keyspace !== null && keyspace !== table.keyspace) {
    throw invalid(`Target index ${name} cannot be used to query ${tableName}`);
  }
  const index = indexes.indexes.find((candidate) => candidate.metadata.name === name);
  if (index === undefined)
    throw invalid(`Invalid index expression, index ${name} not found for ${tableName}`);
  if (index.metadata.kind !== 'CUSTOM') {
    throw invalid(
      `Only CUSTOM indexes may be used in custom index expressions, ${name} is not valid`,
    );
  }
  throw invalid(`Index ${name} does not support custom expressions`);
}
