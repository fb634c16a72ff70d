// CassandraAuthorizer: permissions granted to roles in system_auth. Test: test/facts-conformance/errors.test.ts.
// Cassandra: auth/CassandraAuthorizer, service/ClientState.ensurePermission, AuthSchemaChangeListener.

import type { CqlError } from '../../data/cql-error.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import { isSystemKeyspace } from '../schema/system-keyspaces.ts';
import type { AuthStore } from './auth-store.ts';
import type { Authorizer } from './authorizer.ts';
import { isAlwaysReadable, refusedAlways, unauthorizedError } from './authorizer.ts';
import type { Requirement } from './requirement.ts';
import type { Resource } from './resource.ts';
import { applicablePermissions, resourceChain, resourceName, resourceText } from './resource.ts';
import type { User, UserCache } from './user-cache.ts';

export class CassandraAuthorizer implements Authorizer {
  private readonly store: AuthStore;
  private readonly users: UserCache;

  constructor(store: AuthStore, users: UserCache) {
    this.store = store;
    this.users = users;
  }

  check(
    client: ClientState,
    requirements: readonly Requirement[],
    done: (error: CqlError | null) => void,
  ): void {
    if (client.user === null) return done(unauthorizedError('You have not logged in'));
    return this.users.user(client.user, (outcome) => {
      if (!outcome.ok) return done(unavailable(outcome.error));
      for (const requirement of requirements) {
        const error = refusalOf(requirement, outcome.value);
        if (error !== null) return done(error);
      }
      return done(null);
    });
  }

  holds(client: ClientState, requirement: Requirement, done: (holds: boolean) => void): void {
    this.check(client, [requirement], (error) => done(error === null));
  }

  grantToCreator(
    client: ClientState,
    resources: readonly Resource[],
    done: (error: CqlError | null) => void,
  ): void {
    const [resource, ...rest] = resources;
    if (client.user === null || resource === undefined) {
      this.users.invalidate();
      return done(null);
    }
    const permissions = applicablePermissions(resource);
    return this.store.grant(client.user, resourceName(resource), permissions, (outcome) => {
      if (!outcome.ok) return done(outcome.error);
      return this.grantToCreator(client, rest, done);
    });
  }

  revokeAllOn(resources: readonly Resource[]): void {
    for (const resource of resources) {
      const name = resourceName(resource);
      this.store.readRolesGrantedOn(name, (outcome) => {
        if (!outcome.ok || outcome.value.length === 0) return;
        this.store.revokeAllOn(name, outcome.value, () => this.users.invalidate());
      });
    }
  }
}

function unavailable(error: CqlError): CqlError {
  return unauthorizedError(`Unable to perform authorization of permissions: ${error.message}`);
}

function refusalOf(requirement: Requirement, user: User): CqlError | null {
  switch (requirement.kind) {
    case 'superuser':
      return user.isSuperuser ? null : unauthorizedError(requirement.message);
    case 'refused':
      return requirement.error;
    case 'permission': {
      const refused = refusedAlways(requirement);
      if (refused !== null) return refused;
      if (isAlwaysReadable(requirement) || isAllowed(requirement, user)) return null;
      const { permission, resource } = requirement;
      return unauthorizedError(
        `User ${user.name} has no ${permission} permission on ${resourceText(resource)} or any of its parents`,
      );
    }
  }
}

type PermissionRequirement = Extract<Requirement, { kind: 'permission' }>;

function isAllowed({ permission, resource }: PermissionRequirement, user: User): boolean {
  if (resource.kind === 'function' && resource.level !== 'root') {
    if (resource.keyspace === 'system') return true;
  }
  return grantingChain(resource, user).some((above) => user.has(permission, above));
}

/** A grant on all keyspaces does not reach into system keyspaces. */
function grantingChain(resource: Resource, user: User): readonly Resource[] {
  const chain = resourceChain(resource);
  const isSystem =
    resource.kind === 'data' && resource.level !== 'root' && isSystemKeyspace(resource.keyspace);
  return isSystem && !user.isSuperuser ? chain.slice(0, -1) : chain;
}
