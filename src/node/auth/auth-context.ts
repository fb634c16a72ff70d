// What the role and permission statements share: who asks, what may be asked of the store, and answers.
// Cassandra: AuthenticationStatement, AuthorizationStatement.

import type { Permission } from '../../cql/ast.ts';
import type { CqlError } from '../../data/cql-error.ts';
import { NATIVE } from '../../data/cql-type.ts';
import type { CqlType } from '../../data/cql-type.ts';
import type { ResultColumn } from '../../protocol/responses/result-metadata.ts';
import type { StatementResponse } from '../../protocol/responses/response.ts';
import type { Clock } from '../../world/ports.ts';
import type { StatementCall } from '../query/executors.ts';
import type { SchemaView } from '../schema-view.ts';
import type { AuthStore, Outcome } from './auth-store.ts';
import { unauthorizedError } from './authorizer.ts';
import type { PasswordHasher } from './password-hasher.ts';
import type { Resource } from './resource.ts';
import { resourceChain } from './resource.ts';
import type { User, UserCache } from './user-cache.ts';

export interface AuthParts {
  readonly store: AuthStore;
  readonly users: UserCache;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly schema: SchemaView;
  /** AllowAllAuthorizer: permissions are not looked at. */
  readonly allowsAll: boolean;
  /** PasswordAuthenticator: roles have passwords. */
  readonly hasPasswords: boolean;
  readonly datacenters: () => readonly string[];
  /** Role -> monotonic milliseconds of its last password change through this node. */
  readonly passwordChanges: Map<string, number>;
}

/** One statement under way. `finish` is called exactly once. */
export class AuthContext {
  readonly parts: AuthParts;
  readonly call: StatementCall;
  /** null: anonymous. */
  readonly user: User | null;
  readonly finish: (response: StatementResponse) => void;

  constructor(
    parts: AuthParts,
    call: StatementCall,
    user: User | null,
    finish: (response: StatementResponse) => void,
  ) {
    this.parts = parts;
    this.call = call;
    this.user = user;
    this.finish = finish;
  }

  get isSuperuser(): boolean {
    return this.user?.isSuperuser === true;
  }

  fail(error: CqlError): void {
    this.finish({ kind: 'error', error });
  }

  invalid(message: string): void {
    this.fail({ code: 'INVALID', message });
  }

  unauthorized(message: string): void {
    this.fail(unauthorizedError(message));
  }

  void(): void {
    this.finish({ kind: 'void' });
  }

  /** After a change: nobody sees what was cached. */
  changed(): void {
    this.parts.users.invalidate();
    this.void();
  }

  /** On the resource or above it. */
  isAllowed(permission: Permission, resource: Resource): boolean {
    if (this.parts.allowsAll) return true;
    const { user } = this;
    if (user === null) return false;
    return resourceChain(resource).some((above) => user.has(permission, above));
  }

  /** Fails the statement for want of a permission on roles; true when it holds. */
  requireOnRoles(permission: Permission, resource: Resource): boolean {
    if (this.isAllowed(permission, resource)) return true;
    this.unauthorized(
      `User ${this.userName} does not have sufficient privileges to perform the requested operation`,
    );
    return false;
  }

  /** Fails the statement when nobody is logged in; true when somebody is. */
  requireLogin(): boolean {
    if (this.user !== null) return true;
    this.unauthorized('You have to be logged in and not anonymous to perform this request');
    return false;
  }

  get userName(): string {
    return this.user?.name ?? 'anonymous';
  }

  /** Goes on with the value, or fails the statement. */
  take<T>(outcome: Outcome<T>, next: (value: T) => void): void {
    if (outcome.ok) next(outcome.value);
    else this.fail(outcome.error);
  }

  /** Whether there is such a role. */
  exists(role: string, next: (exists: boolean) => void): void {
    this.parts.store.readRole(role, (outcome) =>
      this.take(outcome, (record) => next(record !== null)),
    );
  }
}

/** Columns of a made-up table of system_auth. */
export function authColumns(
  table: string,
  columns: Readonly<Record<string, CqlType>>,
): readonly ResultColumn[] {
  return Object.entries(columns).map(([name, type]) => ({
    keyspace: 'system_auth',
    table,
    name,
    type,
  }));
}

export const TEXT = NATIVE.text;

/** Runs `step` over items one after the other. */
export function forEachInTurn<T>(
  items: readonly T[],
  step: (item: T, next: () => void) => void,
  done: () => void,
): void {
  const [first, ...rest] = items;
  if (first === undefined) return done();
  return step(first, () => forEachInTurn(rest, step, done));
}
