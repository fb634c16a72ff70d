// Roles and permissions as rows of system_auth, read and written through the coordinator like any data: a role is known
// where its replicas can be reached. The default superuser is read at QUORUM, everything else near by.
// Test: test/auth/. Cassandra: auth/CassandraRoleManager, CassandraAuthorizer.

import type { Permission } from '../../cql/ast.ts';
import { PERMISSIONS } from '../../cql/ast.ts';
import { required } from '../../base/assert.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock } from '../../world/ports.ts';
import type { Coordinator } from '../coordinator/coordinator.ts';
import { ownContext } from '../coordinator/coordinator.ts';
import type { LiveRow } from '../schema/row-reader.ts';
import { liveRows } from '../schema/row-reader.ts';
import { readText, textValue } from '../schema/row-values.ts';
import type { RowDraft } from '../schema/row-writer.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { partitionCommand, tableCommand } from '../schema/stored-rows.ts';
import { REPLICATED_SYSTEM_KEYSPACES } from '../schema/system-keyspaces.ts';

export const DEFAULT_SUPERUSER = 'cassandra';
/** auth_read_consistency_level and auth_write_consistency_level. */
const READ_LEVEL: ConsistencyLevel = 'LOCAL_QUORUM';
const WRITE_LEVEL: ConsistencyLevel = 'EACH_QUORUM';
const SUPERUSER_LEVEL: ConsistencyLevel = 'QUORUM';

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CqlError };
export type Done<T> = (outcome: Outcome<T>) => void;

export interface RoleRecord {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly canLogin: boolean;
  readonly saltedHash: string | null;
  /** Microseconds; when the hash was written. */
  readonly hashWrittenMicros: number;
  readonly memberOf: readonly string[];
}

/** Resource name -> permissions, of one role without those it inherits. */
export type Grants = ReadonlyMap<string, ReadonlySet<Permission>>;

export interface RoleChange {
  readonly isSuperuser?: boolean;
  readonly canLogin?: boolean;
  readonly saltedHash?: string;
}

export interface AuthStoreOptions {
  readonly coordinator: Coordinator;
  readonly clock: Clock;
}

const [AUTH] = REPLICATED_SYSTEM_KEYSPACES;
const NOTHING = Buffer.alloc(0);

/** Metadata of the moment is the built-in one: nobody may alter these tables. */
function table(name: string): TableMetadata {
  return required(AUTH?.tables.get(name), `system_auth.${name}`);
}

const ROLES = table('roles');
const ROLE_MEMBERS = table('role_members');
const ROLE_PERMISSIONS = table('role_permissions');
const RESOURCE_INDEX = table('resource_role_permissons_index');
const IDENTITIES = table('identity_to_role');

export class AuthStore {
  private readonly options: AuthStoreOptions;
  private lastTimestamp = 0;

  constructor(options: AuthStoreOptions) {
    this.options = options;
  }

  /** null: no such role. */
  readRole(name: string, done: Done<RoleRecord | null>): void {
    this.readOne(ROLES, name, levelOf(name, READ_LEVEL), (outcome) =>
      done(mapOutcome(outcome, (rows) => (rows[0] === undefined ? null : roleOf(name, rows[0])))),
    );
  }

  readAllRoles(done: Done<readonly RoleRecord[]>): void {
    this.readAll(ROLES, 'QUORUM', (outcome) =>
      done(
        mapOutcome(outcome, (found) =>
          found.map(({ key, row }) => roleOf(key, row)).sort((a, b) => (a.name < b.name ? -1 : 1)),
        ),
      ),
    );
  }

  readMembers(role: string, done: Done<readonly string[]>): void {
    this.readOne(ROLE_MEMBERS, role, levelOf(role, READ_LEVEL), (outcome) =>
      done(mapOutcome(outcome, (rows) => rows.map((row) => readText(row.clustering(0))))),
    );
  }

  readGrants(role: string, done: Done<Grants>): void {
    this.readOne(ROLE_PERMISSIONS, role, READ_LEVEL, (outcome) =>
      done(mapOutcome(outcome, (rows) => new Map(rows.map(grantOf)))),
    );
  }

  /** Everybody's grants. */
  readAllGrants(done: Done<ReadonlyMap<string, Grants>>): void {
    this.readAll(ROLE_PERMISSIONS, READ_LEVEL, (outcome) =>
      done(
        mapOutcome(outcome, (found) => {
          const all = new Map<string, Map<string, ReadonlySet<Permission>>>();
          for (const { key, row } of found) {
            const grants = all.get(key) ?? new Map<string, ReadonlySet<Permission>>();
            grants.set(...grantOf(row));
            all.set(key, grants);
          }
          return all;
        }),
      ),
    );
  }

  readRolesGrantedOn(resource: string, done: Done<readonly string[]>): void {
    this.readOne(RESOURCE_INDEX, resource, READ_LEVEL, (outcome) =>
      done(mapOutcome(outcome, (rows) => rows.map((row) => readText(row.clustering(0))))),
    );
  }

  /** The role an identity stands for; null: none. */
  readIdentity(identity: string, done: Done<string | null>): void {
    this.readOne(IDENTITIES, identity, READ_LEVEL, (outcome) =>
      done(mapOutcome(outcome, (rows) => rows[0]?.text('role') ?? null)),
    );
  }

  readIdentitiesOf(role: string, done: Done<readonly string[]>): void {
    this.readAll(IDENTITIES, levelOf(role, READ_LEVEL), (outcome) =>
      done(
        mapOutcome(outcome, (found) =>
          found.filter(({ row }) => row.text('role') === role).map(({ key }) => key),
        ),
      ),
    );
  }

  createRole(name: string, change: RoleChange, done: Done<null>): void {
    const mutation = this.mutation(name, (writer) =>
      setRole(writer.row(ROLES), { isSuperuser: false, canLogin: false, ...change }),
    );
    this.write([mutation], levelOf(name, WRITE_LEVEL), done);
  }

  alterRole(name: string, change: RoleChange, done: Done<null>): void {
    const mutation = this.mutation(name, (writer) => setRole(writer.row(ROLES, [], false), change));
    this.write([mutation], levelOf(name, WRITE_LEVEL), done);
  }

  /** The role's row and its list of members; memberships and grants are the caller's. */
  dropRole(name: string, done: Done<null>): void {
    const mutation = this.mutation(name, (writer) => {
      writer.deletePartition(ROLES);
      writer.deletePartition(ROLE_MEMBERS);
    });
    this.write([mutation], levelOf(name, WRITE_LEVEL), done);
  }

  setMembership(role: string, grantee: string, isMember: boolean, done: Done<null>): void {
    const path = textValue(role);
    const membership = this.mutation(grantee, (writer) => {
      const row = writer.row(ROLES, [], false);
      if (isMember) row.add('member_of', [{ path, value: NOTHING }]);
      else row.remove('member_of', [path]);
    });
    const members = this.mutation(role, (writer) => {
      const row = writer.row(ROLE_MEMBERS, [textValue(grantee)], isMember);
      if (!isMember) row.delete();
    });
    this.write([membership, members], levelOf(grantee, WRITE_LEVEL), done);
  }

  grant(role: string, resource: string, added: readonly Permission[], done: Done<null>): void {
    const elements = added.map((name) => ({ path: textValue(name), value: NOTHING }));
    const grants = this.mutation(role, (writer) =>
      writer.row(ROLE_PERMISSIONS, [textValue(resource)], false).add('permissions', elements),
    );
    const index = this.mutation(resource, (writer) =>
      writer.row(RESOURCE_INDEX, [textValue(role)]),
    );
    this.write([grants, index], WRITE_LEVEL, done);
  }

  revoke(role: string, resource: string, removed: readonly Permission[], done: Done<null>): void {
    const grants = this.mutation(role, (writer) =>
      writer
        .row(ROLE_PERMISSIONS, [textValue(resource)], false)
        .remove('permissions', removed.map(textValue)),
    );
    const index = this.mutation(resource, (writer) =>
      writer.row(RESOURCE_INDEX, [textValue(role)], false).delete(),
    );
    this.write([grants, index], WRITE_LEVEL, done);
  }

  /** Every grant to a role, of which it had some on `resources`. */
  revokeAllFrom(role: string, resources: readonly string[], done: Done<null>): void {
    const mutations = [
      this.mutation(role, (writer) => writer.deletePartition(ROLE_PERMISSIONS)),
      ...resources.map((resource) =>
        this.mutation(resource, (writer) =>
          writer.row(RESOURCE_INDEX, [textValue(role)], false).delete(),
        ),
      ),
    ];
    this.write(mutations, WRITE_LEVEL, done);
  }

  /** Every grant on a resource, which some of `roles` had. */
  revokeAllOn(resource: string, roles: readonly string[], done: Done<null>): void {
    const mutations = [
      this.mutation(resource, (writer) => writer.deletePartition(RESOURCE_INDEX)),
      ...roles.map((role) =>
        this.mutation(role, (writer) =>
          writer.row(ROLE_PERMISSIONS, [textValue(resource)], false).delete(),
        ),
      ),
    ];
    this.write(mutations, WRITE_LEVEL, done);
  }

  /** role null: forgets the identity. */
  setIdentity(identity: string, role: string | null, done: Done<null>): void {
    const mutation = this.mutation(identity, (writer) => {
      if (role === null) writer.deletePartition(IDENTITIES);
      else writer.row(IDENTITIES).set('role', textValue(role));
    });
    this.write([mutation], WRITE_LEVEL, done);
  }

  /** The first role of a cluster, at timestamp 0 so that whatever was made of it since wins. */
  createDefaultSuperuser(saltedHash: string, done: Done<null>): void {
    const writer = this.writer(DEFAULT_SUPERUSER, 0);
    setRole(writer.row(ROLES), { isSuperuser: true, canLogin: true, saltedHash });
    this.write([writer.build()], SUPERUSER_LEVEL, done);
  }

  private mutation(key: string, build: (writer: RowWriter) => unknown): Mutation {
    this.lastTimestamp = Math.max(this.options.clock.wallMicros(), this.lastTimestamp + 1);
    const writer = this.writer(key, this.lastTimestamp);
    build(writer);
    return writer.build();
  }

  private writer(key: string, timestamp: number): RowWriter {
    const nowMs = this.options.clock.wallMs();
    return new RowWriter({ keyspace: 'system_auth', key: textValue(key), timestamp, nowMs });
  }

  private write(mutations: readonly Mutation[], level: ConsistencyLevel, done: Done<null>): void {
    const kind = mutations.length === 1 ? 'simple' : 'logged-batch';
    const options = { kind, consistency: level } as const;
    this.options.coordinator.write(mutations, options, ownContext(this.options.clock), (error) =>
      done(error === null ? { ok: true, value: null } : { ok: false, error }),
    );
  }

  private readOne(
    from: TableMetadata,
    key: string,
    level: ConsistencyLevel,
    done: Done<readonly LiveRow[]>,
  ): void {
    const command = partitionCommand(from, textValue(key), this.nowSeconds());
    this.options.coordinator.read([command], level, ownContext(this.options.clock), (result) => {
      if (!result.ok) return done(result);
      return done({ ok: true, value: liveRows(result.partitions[0] ?? null) });
    });
  }

  private readAll(
    from: TableMetadata,
    level: ConsistencyLevel,
    done: Done<readonly { readonly key: string; readonly row: LiveRow }[]>,
  ): void {
    const command = tableCommand(from, this.nowSeconds());
    this.options.coordinator.readRange(command, level, ownContext(this.options.clock), (result) => {
      if (!result.ok) return done(result);
      const rows = result.partitions.flatMap((partition: PartitionData) =>
        liveRows(partition).map((row) => ({ key: readText(partition.key.bytes), row })),
      );
      return done({ ok: true, value: rows });
    });
  }

  private nowSeconds(): number {
    return Math.floor(this.options.clock.wallMs() / 1_000);
  }
}

export function mapOutcome<T, R>(outcome: Outcome<T>, map: (value: T) => R): Outcome<R> {
  return outcome.ok ? { ok: true, value: map(outcome.value) } : outcome;
}

function levelOf(role: string, level: ConsistencyLevel): ConsistencyLevel {
  return role === DEFAULT_SUPERUSER ? SUPERUSER_LEVEL : level;
}

function roleOf(name: string, row: LiveRow): RoleRecord {
  const written = row.cell('salted_hash');
  return {
    name,
    isSuperuser: row.value('is_superuser')?.[0] === 1,
    canLogin: row.value('can_login')?.[0] === 1,
    saltedHash: row.text('salted_hash'),
    hashWrittenMicros: written === null ? 0 : Number(written.timestamp),
    memberOf: row.elements('member_of').map((cell) => readText(cell.path ?? NOTHING)),
  };
}

function grantOf(row: LiveRow): [string, ReadonlySet<Permission>] {
  const names = row.elements('permissions').map((cell) => readText(cell.path ?? NOTHING));
  const known = PERMISSIONS.filter((permission) => names.includes(permission));
  return [readText(row.clustering(0)), new Set(known)];
}

function setRole(row: RowDraft, change: RoleChange): void {
  row
    .set('is_superuser', flag(change.isSuperuser))
    .set('can_login', flag(change.canLogin))
    .set('salted_hash', change.saltedHash === undefined ? undefined : textValue(change.saltedHash));
}

function flag(value: boolean | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.from([value ? 1 : 0]);
}
