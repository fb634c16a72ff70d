// Which executor a statement goes to. A table over the closed union, so that a new kind must take a place here.

import type { AuthStatement, Statement, StatementKind } from '../../cql/ast.ts';

type Place = 'query' | 'schema' | 'auth' | 'describe';

const PLACES = {
  select: 'query',
  insert: 'query',
  'insert-json': 'query',
  update: 'query',
  delete: 'query',
  batch: 'query',
  use: 'query',
  truncate: 'query',
  'create-keyspace': 'schema',
  'alter-keyspace': 'schema',
  'drop-keyspace': 'schema',
  'create-table': 'schema',
  'alter-table': 'schema',
  'drop-table': 'schema',
  'create-type': 'schema',
  'alter-type': 'schema',
  'drop-type': 'schema',
  'create-index': 'schema',
  'drop-index': 'schema',
  'create-view': 'schema',
  'alter-view': 'schema',
  'drop-view': 'schema',
  'create-function': 'schema',
  'create-aggregate': 'schema',
  'drop-function': 'schema',
  'drop-aggregate': 'schema',
  'create-trigger': 'schema',
  'drop-trigger': 'schema',
  'grant-permissions': 'auth',
  'revoke-permissions': 'auth',
  'grant-role': 'auth',
  'revoke-role': 'auth',
  'list-permissions': 'auth',
  'list-roles': 'auth',
  'list-users': 'auth',
  'create-role': 'auth',
  'alter-role': 'auth',
  'drop-role': 'auth',
  'add-identity': 'auth',
  'drop-identity': 'auth',
  describe: 'describe',
} as const satisfies Readonly<Record<StatementKind, Place>>;

export function isAuthStatement(statement: Statement): statement is AuthStatement {
  return PLACES[statement.kind] === 'auth';
}
