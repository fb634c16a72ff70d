// What a statement asks of the one who sends it, as data: the authorizer checks requirements in order and answers with
// the first that does not hold. Every statement kind states its own. Cassandra: CQLStatement.authorize.

import type { Permission } from '../../cql/ast.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Resource } from './resource.ts';

export type Requirement =
  /** A permission on the resource or one above it. */
  | { readonly kind: 'permission'; readonly permission: Permission; readonly resource: Resource }
  | { readonly kind: 'superuser'; readonly message: string }
  /** Refused whatever the role may do, where permissions are looked at; AllowAllAuthorizer passes it. */
  | { readonly kind: 'refused'; readonly error: CqlError };

export function permissionOn(permission: Permission, resource: Resource): Requirement {
  return { kind: 'permission', permission, resource };
}
