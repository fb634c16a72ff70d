// What is known of a user: the roles it has by itself and through others, whether one of them is a superuser, and all
// their grants. Read once and kept for a while, as Cassandra's roles and permissions caches do; whoever asks meanwhile
// waits for the same read. Test: test/auth/. Cassandra: auth/Roles, RolesCache, PermissionsCache.

import type { Permission } from '../../cql/ast.ts';
import type { Clock } from '../../world/ports.ts';
import type { AuthStore, Done, Grants, Outcome, RoleRecord } from './auth-store.ts';
import { mapOutcome } from './auth-store.ts';
import type { Resource } from './resource.ts';
import { applicablePermissions, resourceName } from './resource.ts';

/** roles_validity and permissions_validity. */
export const AUTH_CACHE_VALIDITY_MS = 2_000;
const USERS_MAX = 1_000;

export class User {
  readonly name: string;
  /** By name: the user's own role first, then those granted to it, directly or not. */
  readonly roles: ReadonlyMap<string, RoleRecord>;
  readonly isSuperuser: boolean;
  private readonly grants: readonly Grants[];

  constructor(name: string, roles: ReadonlyMap<string, RoleRecord>, grants: readonly Grants[]) {
    this.name = name;
    this.roles = roles;
    this.grants = grants;
    this.isSuperuser = [...roles.values()].some((role) => role.isSuperuser);
  }

  /** On exactly this resource; a superuser has whatever there is. */
  has(permission: Permission, resource: Resource): boolean {
    if (this.isSuperuser) return applicablePermissions(resource).includes(permission);
    const name = resourceName(resource);
    return this.grants.some((grants) => grants.get(name)?.has(permission) === true);
  }
}

interface Entry {
  readonly user: User;
  readonly readAtMs: number;
}

export class UserCache {
  private readonly store: AuthStore;
  private readonly clock: Clock;
  private readonly entries = new Map<string, Entry>();
  private readonly waiting = new Map<string, Done<User>[]>();
  private epoch = 0;

  constructor(store: AuthStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  /** At once when known and fresh. */
  user(name: string, done: Done<User>): void {
    const entry = this.entries.get(name);
    if (entry !== undefined && this.clock.nowMs() - entry.readAtMs < AUTH_CACHE_VALIDITY_MS) {
      return done({ ok: true, value: entry.user });
    }
    const waiting = this.waiting.get(name);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    this.waiting.set(name, [done]);
    const { epoch } = this;
    readUser(this.store, name, (outcome) => {
      if (outcome.ok && epoch === this.epoch) this.remember(name, outcome.value);
      const dones = this.waiting.get(name) ?? [];
      this.waiting.delete(name);
      for (const waiter of dones) waiter(outcome);
    });
  }

  /** Forgets everything: a role or a grant has changed through this node. */
  invalidate(): void {
    this.epoch++;
    this.entries.clear();
  }

  private remember(name: string, user: User): void {
    this.entries.delete(name);
    this.entries.set(name, { user, readAtMs: this.clock.nowMs() });
    if (this.entries.size <= USERS_MAX) return;
    const [oldest] = this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
  }
}

function readUser(store: AuthStore, name: string, done: Done<User>): void {
  readRoles(store, name, (found) => {
    if (!found.ok) return done(found);
    const roles = found.value;
    if ([...roles.values()].some((role) => role.isSuperuser)) {
      return done({ ok: true, value: new User(name, roles, []) });
    }
    return readAllGrants(store, [...roles.keys()], [], (outcome) =>
      done(mapOutcome(outcome, (grants) => new User(name, roles, grants))),
    );
  });
}

/** A role and all it is a member of, itself first; empty when there is no such role. */
export function readRoles(
  store: AuthStore,
  name: string,
  done: Done<ReadonlyMap<string, RoleRecord>>,
): void {
  const roles = new Map<string, RoleRecord>();
  const next = (pending: readonly string[]): void => {
    const [first, ...rest] = pending;
    if (first === undefined) return done({ ok: true, value: roles });
    if (roles.has(first)) return next(rest);
    return store.readRole(first, (outcome) => {
      if (!outcome.ok) return done(outcome);
      if (outcome.value === null) return next(rest);
      roles.set(first, outcome.value);
      return next([...rest, ...outcome.value.memberOf]);
    });
  };
  next([name]);
}

function readAllGrants(
  store: AuthStore,
  roles: readonly string[],
  read: readonly Grants[],
  done: Done<readonly Grants[]>,
): void {
  const [first, ...rest] = roles;
  if (first === undefined) return done({ ok: true, value: read });
  return store.readGrants(first, (outcome: Outcome<Grants>) => {
    if (!outcome.ok) return done(outcome);
    return readAllGrants(store, rest, [...read, outcome.value], done);
  });
}
