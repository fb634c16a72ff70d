// What reading and writing statements require: SELECT, MODIFY, EXECUTE of the functions they call; a view is read by
// leave of its base table. Test: test/facts-conformance/errors.test.ts. Cassandra: authorize() of SelectStatement,
// ModificationStatement, BatchStatement, TruncateStatement.

import type { ModificationStatement, QualifiedName, Statement } from '../../cql/ast.ts';
import type { FunctionSignature } from '../../cql/functions/function.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Schema, TableMetadata } from '../../data/schema.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { StatementAuthorizer, StatementCall } from '../query/executors.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Authorizer } from './authorizer.ts';
import type { Requirement } from './requirement.ts';
import { permissionOn } from './requirement.ts';
import { functionResource, tableResource } from './resource.ts';

export class AuthorizedStatements implements StatementAuthorizer {
  readonly isNeeded: boolean;
  private readonly authorizer: Authorizer;
  private readonly schema: SchemaView;

  constructor(authorizer: Authorizer, schema: SchemaView, isNeeded: boolean) {
    this.authorizer = authorizer;
    this.schema = schema;
    this.isNeeded = isNeeded;
  }

  authorize(
    statement: Statement,
    call: StatementCall,
    functions: readonly FunctionSignature[],
    done: (error: CqlError | null) => void,
  ): void {
    if (!this.isNeeded) return done(null);
    const requirements = [
      ...requirementsOf(statement, { schema: this.schema.current, keyspace: call.keyspace }),
      ...functions
        .filter(({ keyspace }) => keyspace !== 'system')
        .map((called) => permissionOn('EXECUTE', functionResource(called))),
    ];
    return this.authorizer.check(call.client, requirements, done);
  }

  unmasks(client: ClientState, table: TableMetadata, done: (unmasks: boolean) => void): void {
    const requirement = permissionOn('UNMASK', tableResource(table.keyspace, table.name));
    this.authorizer.holds(client, requirement, done);
  }

  selectsMasked(client: ClientState, table: TableMetadata, done: (selects: boolean) => void): void {
    const requirement = permissionOn('SELECT_MASKED', tableResource(table.keyspace, table.name));
    this.authorizer.holds(client, requirement, done);
  }
}

interface Scope {
  readonly schema: Schema;
  readonly keyspace: string | null;
}

/** Of statements whose tables are known to exist. */
function requirementsOf(statement: Statement, scope: Scope): readonly Requirement[] {
  switch (statement.kind) {
    case 'select': {
      const table = tableOf(statement.table, scope);
      if (table === null) return [];
      const read = table.view === null ? table.name : table.view.baseTable;
      return [permissionOn('SELECT', tableResource(table.keyspace, read))];
    }
    case 'insert':
    case 'insert-json':
    case 'update':
    case 'delete':
      return modificationRequirements(statement, scope);
    case 'batch':
      return statement.statements.flatMap((inner) => modificationRequirements(inner, scope));
    case 'truncate': {
      const keyspace = statement.table.keyspace ?? scope.keyspace;
      if (keyspace === null) return [];
      return [permissionOn('MODIFY', tableResource(keyspace, statement.table.name))];
    }
    default:
      return [];
  }
}

function modificationRequirements(
  statement: ModificationStatement,
  scope: Scope,
): readonly Requirement[] {
  const table = tableOf(statement.table, scope);
  if (table === null) return [];
  const resource = tableResource(table.keyspace, table.name);
  const views = [...(scope.schema.keyspaces.get(table.keyspace)?.tables.values() ?? [])].filter(
    ({ view }) => view?.baseTableId === table.id,
  );
  const reads = isConditional(statement) || views.length > 0;
  return [
    permissionOn('MODIFY', resource),
    ...(reads ? [permissionOn('SELECT', resource)] : []),
    ...views.map((view) => permissionOn('MODIFY', tableResource(view.keyspace, view.name))),
  ];
}

function isConditional(statement: ModificationStatement): boolean {
  if ('ifNotExists' in statement) return statement.ifNotExists;
  return statement.ifExists || statement.conditions.length > 0;
}

function tableOf(name: QualifiedName, { schema, keyspace }: Scope): TableMetadata | null {
  const found = schema.keyspaces.get(name.keyspace ?? keyspace ?? '');
  return found?.tables.get(name.name) ?? null;
}
