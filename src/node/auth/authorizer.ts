// Whether a client may do what a statement requires. The two authorizers of cassandra.yaml implement it; what no
// authorizer allows (changing system keyspaces) and what all allow (reading what drivers read) is here.
// Test: test/auth/. Cassandra: service/ClientState.ensurePermission, auth/IAuthorizer, AllowAllAuthorizer.

import type { CqlError } from '../../data/cql-error.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import {
  isLocalSystemKeyspace,
  isReplicatedSystemKeyspace,
  isVirtualSystemKeyspace,
} from '../schema/system-keyspaces.ts';
import { SCHEMA_TABLE_NAMES } from '../schema/schema-tables.ts';
import type { Requirement } from './requirement.ts';
import type { Resource } from './resource.ts';
import { resourceName, resourceText } from './resource.ts';

export interface Authorizer {
  /** Checks in order; null: all hold. Answers at once unless roles or permissions must be read. */
  check(
    client: ClientState,
    requirements: readonly Requirement[],
    done: (error: CqlError | null) => void,
  ): void;
  /** Whether the client holds the permission (UNMASK, SELECT_MASKED ...); without an authorizer everybody does. */
  holds(client: ClientState, requirement: Requirement, done: (holds: boolean) => void): void;
  /** The creator of these resources receives every permission on them. */
  grantToCreator(
    client: ClientState,
    resources: readonly Resource[],
    done: (error: CqlError | null) => void,
  ): void;
  /** Permissions on dropped resources go with them. */
  revokeAllOn(resources: readonly Resource[]): void;
}

/** Lets everybody do everything but change system keyspaces. */
export const ALLOW_ALL: Authorizer = {
  check(_client, requirements, done) {
    for (const requirement of requirements) {
      const error = refusedAlways(requirement);
      if (error !== null) return done(error);
    }
    return done(null);
  },
  holds: (_client, _requirement, done) => done(true),
  grantToCreator: (_client, _resources, done) => done(null),
  revokeAllOn: () => undefined,
};

/** Schema changes of system keyspaces, which no role may make. */
export function refusedAlways(requirement: Requirement): CqlError | null {
  if (requirement.kind !== 'permission') return null;
  const { permission, resource } = requirement;
  if (permission !== 'ALTER' && permission !== 'DROP' && permission !== 'CREATE') return null;
  if (resource.kind !== 'data' || resource.level === 'root') return null;
  const { keyspace } = resource;
  if (isLocalSystemKeyspace(keyspace) || isVirtualSystemKeyspace(keyspace)) {
    return unauthorizedError(`${keyspace} keyspace is not user-modifiable.`);
  }
  if (!isReplicatedSystemKeyspace(keyspace)) return null;
  if (permission === 'ALTER' && resource.level === 'keyspace') return null;
  return unauthorizedError(`Cannot ${permission} ${resourceText(resource)}`);
}

/** Tables that every role may read: drivers and tools need them. */
export function isAlwaysReadable(requirement: Requirement): boolean {
  if (requirement.kind !== 'permission' || requirement.permission !== 'SELECT') return false;
  return READABLE.has(resourceName(requirement.resource));
}

const READABLE: ReadonlySet<string> = new Set([
  ...['local', 'peers', 'peers_v2', 'size_estimates', 'table_estimates'].map(
    (name) => `data/system/${name}`,
  ),
  ...SCHEMA_TABLE_NAMES.map((name) => `data/system_schema/${name}`),
  'data/system_traces/events',
  'data/system_traces/sessions',
  ...['keyspaces', 'tables', 'columns'].map((name) => `data/system_virtual_schema/${name}`),
]);

export function unauthorizedError(message: string): CqlError {
  return { code: 'UNAUTHORIZED', message };
}
