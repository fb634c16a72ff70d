// Runs the statements about roles and permissions: finds out who asks, then hands over. Test: test/auth/.
// Cassandra: cql3/statements/Authentication- and AuthorizationStatement.

import type { AuthStatement } from '../../cql/ast.ts';
import { unreachable } from '../../base/assert.ts';
import type { AuthExecutor, ExecutorDone, StatementCall } from '../query/executors.ts';
import type { AuthParts } from './auth-context.ts';
import { AuthContext } from './auth-context.ts';
import {
  grantOrRevokePermissions,
  guarded,
  listPermissions,
  listRoles,
} from './permission-statements.ts';
import {
  addIdentity,
  alterRole,
  createRole,
  dropIdentity,
  dropRole,
  grantOrRevokeRole,
} from './role-statements.ts';
import type { User } from './user-cache.ts';

export class AuthStatements implements AuthExecutor {
  private readonly parts: AuthParts;

  constructor(parts: AuthParts) {
    this.parts = parts;
  }

  execute(statement: AuthStatement, call: StatementCall, done: ExecutorDone): void {
    const run = (user: User | null): void => {
      const context = new AuthContext(this.parts, call, user, done);
      guarded(context, () => dispatch(statement, context));
    };
    if (call.client.user === null) return run(null);
    return this.parts.users.user(call.client.user, (outcome) => {
      if (outcome.ok) run(outcome.value);
      else done({ kind: 'error', error: outcome.error });
    });
  }
}

function dispatch(statement: AuthStatement, context: AuthContext): void {
  switch (statement.kind) {
    case 'create-role':
      return createRole(statement, context);
    case 'alter-role':
      return alterRole(statement, context);
    case 'drop-role':
      return dropRole(statement, context);
    case 'grant-role':
    case 'revoke-role':
      return grantOrRevokeRole(statement, context);
    case 'grant-permissions':
    case 'revoke-permissions':
      return grantOrRevokePermissions(statement, context);
    case 'list-permissions':
      return listPermissions(statement, context);
    case 'list-roles':
      return listRoles(statement, false, context);
    case 'list-users':
      return listRoles({ grantee: null, recursive: false }, true, context);
    case 'add-identity':
      return addIdentity(statement, context);
    case 'drop-identity':
      return dropIdentity(statement, context);
    default:
      return unreachable(statement);
  }
}
