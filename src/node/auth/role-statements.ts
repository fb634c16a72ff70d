// CREATE, ALTER and DROP ROLE (and USER), GRANT and REVOKE of roles, identities: leave, checks and change in
// Cassandra's order and words. Test: test/facts-conformance/errors.test.ts. Cassandra: CreateRoleStatement,
// AlterRoleStatement, DropRoleStatement, RoleManagementStatement, AddIdentityStatement, CassandraRoleManager.

import type {
  AddIdentityStatement,
  AlterRoleStatement,
  CreateRoleStatement,
  DropIdentityStatement,
  DropRoleStatement,
  RoleGrantStatement,
  RoleOptions,
} from '../../cql/ast.ts';
import type { RoleChange } from './auth-store.ts';
import type { AuthContext } from './auth-context.ts';
import { forEachInTurn } from './auth-context.ts';
import { ALL_ROLES, applicablePermissions, resourceName, roleResource } from './resource.ts';
import { readRoles } from './user-cache.ts';

const ROLE_MANAGER = 'org.apache.cassandra.auth.CassandraRoleManager';
/** cassandra.password_update_min_interval_ms. */
const PASSWORD_INTERVAL_MS = 5_000;

export function createRole(statement: CreateRoleStatement, context: AuthContext): void {
  const { role, options } = statement;
  if (!context.requireOnRoles('CREATE', ALL_ROLES)) return;
  if (options.superuser === true && !context.isSuperuser) {
    return context.unauthorized('Only superusers can create a role with superuser status');
  }
  const problem = optionsProblem(options, context);
  if (problem !== null) return context.invalid(problem);
  if (role === '') return context.invalid("Role name can't be an empty string");
  if (!context.requireLogin()) return;
  return context.exists(role, (exists) => {
    if (exists) {
      if (statement.ifNotExists) context.void();
      else context.invalid(`${role} already exists`);
      return;
    }
    roleChange(options, context, (change) => {
      const canLogin = options.login ?? statement.user;
      const { store } = context.parts;
      store.createRole(role, { ...change, canLogin }, (outcome) =>
        context.take(outcome, () => grantToCreator(role, context)),
      );
    });
  });
}

function grantToCreator(role: string, context: AuthContext): void {
  const { user, parts } = context;
  if (user === null || parts.allowsAll) return context.changed();
  const resource = roleResource(role);
  return parts.store.grant(
    user.name,
    resourceName(resource),
    applicablePermissions(resource),
    (outcome) => context.take(outcome, () => context.changed()),
  );
}

/** What is wrong with the options themselves; null when nothing is. */
function optionsProblem(options: RoleOptions, context: AuthContext): string | null {
  const { hasPasswords, hasher, datacenters } = context.parts;
  const unsupported = hasPasswords ? [] : (['password', 'hashedPassword'] as const);
  for (const name of unsupported) {
    const option = name === 'password' ? 'PASSWORD' : 'HASHED_PASSWORD';
    if (options[name] !== null) return `${ROLE_MANAGER} doesn't support ${option}`;
  }
  if (options.options !== null) return `${ROLE_MANAGER} doesn't support OPTIONS`;
  if (options.hashedPassword !== null && !hasher.isHash(options.hashedPassword)) {
    return 'Invalid hashed password value. Please use jBcrypt.';
  }
  if (options.datacenters !== null && options.datacenters !== 'all') {
    const known = new Set(datacenters());
    if (options.datacenters.some((name) => !known.has(name))) {
      const list = options.datacenters.join(', ');
      return `Invalid value(s) for DATACENTERS '[${list}]',All values must be valid datacenters`;
    }
  }
  if (options.cidrs !== null && options.cidrs !== 'all') {
    const list = options.cidrs.join(', ');
    return `Invalid CIDR group(s): [${list}]. Available CIDR Groups are: []`;
  }
  return null;
}

/** The options as what is written; a password is hashed on the way. */
function roleChange(
  options: RoleOptions,
  context: AuthContext,
  next: (change: RoleChange) => void,
): void {
  const flags: RoleChange = {
    ...(options.superuser === null ? {} : { isSuperuser: options.superuser }),
    ...(options.login === null ? {} : { canLogin: options.login }),
    ...(options.hashedPassword === null ? {} : { saltedHash: options.hashedPassword }),
  };
  if (options.password === null) return next(flags);
  return context.parts.hasher.hash(options.password, (saltedHash) =>
    next({ ...flags, saltedHash }),
  );
}

export function alterRole(statement: AlterRoleStatement, context: AuthContext): void {
  const { role, options } = statement;
  const refusal = alterRefusal(statement, context);
  if (refusal !== null) return context.unauthorized(refusal);
  const problem = optionsProblem(options, context);
  if (problem !== null) return context.invalid(problem);
  if (Object.values(options).every((value) => value === null)) {
    return context.invalid("ALTER [ROLE|USER] can't be empty");
  }
  if (!context.requireLogin()) return;
  return context.parts.store.readRole(role, (outcome) =>
    context.take(outcome, (record) => {
      if (record === null) {
        if (statement.ifExists) context.void();
        else context.invalid(`Role ${role} doesn't exist`);
        return;
      }
      if (options.password !== null && isTooSoon(role, record.hashWrittenMicros, context)) {
        const message = `Password for role ${role} can only be changed every ${PASSWORD_INTERVAL_MS}ms.`;
        context.fail({ code: 'OVERLOADED', message });
        return;
      }
      applyAlteration(statement, context);
    }),
  );
}

function applyAlteration({ role, options }: AlterRoleStatement, context: AuthContext): void {
  roleChange(options, context, (change) => {
    const finish = (): void => {
      if (options.datacenters === null) return context.changed();
      context.parts.users.invalidate();
      return context.invalid(
        'ACCESS TO DATACENTERS operations not supported by AllowAllNetworkAuthorizer',
      );
    };
    if (Object.keys(change).length === 0) return finish();
    return context.parts.store.alterRole(role, change, (written) => context.take(written, finish));
  });
}

/** Why this user may not alter that role so; null when he may. */
function alterRefusal({ role, options }: AlterRoleStatement, context: AuthContext): string | null {
  const { user, isSuperuser } = context;
  if (options.superuser !== null && user?.roles.has(role) === true) {
    return "You aren't allowed to alter your own superuser status or that of a role granted to you";
  }
  if (options.superuser !== null && !isSuperuser) {
    return 'Only superusers are allowed to alter superuser status';
  }
  if (options.datacenters !== null && !isSuperuser) {
    return 'Only superusers are allowed to alter access to datacenters.';
  }
  if (options.cidrs !== null && !isSuperuser) {
    return 'Only superusers are allowed to alter access from CIDR groups.';
  }
  if (isSuperuser) return null;
  if (user?.name === role) {
    if (options.login !== null) return "You aren't allowed to alter LOGIN";
    if (options.options !== null) return "You aren't allowed to alter OPTIONS";
    return null;
  }
  if (context.isAllowed('ALTER', roleResource(role))) return null;
  return `User ${context.userName} does not have sufficient privileges to perform the requested operation`;
}

/** At most one change of a password in five seconds, through this node or as its last write shows. */
function isTooSoon(role: string, writtenMicros: number, context: AuthContext): boolean {
  const { clock, passwordChanges } = context.parts;
  const now = clock.nowMs();
  for (const [name, at] of passwordChanges) {
    if (now - at > PASSWORD_INTERVAL_MS) passwordChanges.delete(name);
  }
  if (passwordChanges.has(role)) return true;
  if (clock.wallMs() - writtenMicros / 1_000 <= PASSWORD_INTERVAL_MS) return true;
  passwordChanges.set(role, now);
  return false;
}

export function dropRole(statement: DropRoleStatement, context: AuthContext): void {
  const { role } = statement;
  if (!context.requireOnRoles('DROP', roleResource(role))) return;
  readRoles(context.parts.store, role, (outcome) =>
    context.take(outcome, (roles) => {
      const isSuperuser = [...roles.values()].some((record) => record.isSuperuser);
      if (isSuperuser && !context.isSuperuser && context.user !== null) {
        return context.unauthorized('Only superusers can drop a role with superuser status');
      }
      if (!context.requireLogin()) return;
      const exists = roles.has(role);
      if (!exists && !statement.ifExists) return context.invalid(`${role} doesn't exist`);
      if (context.user?.name === role) {
        return context.invalid('Cannot DROP primary role for current login');
      }
      return exists ? removeRole(role, context) : context.void();
    }),
  );
}

/** The role, its memberships both ways, its identities, grants to it and grants on it. */
function removeRole(role: string, context: AuthContext): void {
  const { store } = context.parts;
  const resource = resourceName(roleResource(role));
  store.readMembers(role, (membersRead) =>
    context.take(membersRead, (members) =>
      forEachInTurn(
        members,
        (member, next) =>
          store.setMembership(role, member, false, (done) => context.take(done, next)),
        () =>
          store.dropRole(role, (dropped) =>
            context.take(dropped, () => removeTraces(role, resource, context)),
          ),
      ),
    ),
  );
}

function removeTraces(role: string, resource: string, context: AuthContext): void {
  const { store } = context.parts;
  store.readIdentitiesOf(role, (identitiesRead) =>
    context.take(identitiesRead, (identities) =>
      forEachInTurn(
        identities,
        (identity, next) => store.setIdentity(identity, null, (done) => context.take(done, next)),
        () =>
          store.readGrants(role, (grantsRead) =>
            context.take(grantsRead, (grants) =>
              store.revokeAllFrom(role, [...grants.keys()], (revoked) =>
                context.take(revoked, () =>
                  store.readRolesGrantedOn(resource, (rolesRead) =>
                    context.take(rolesRead, (roles) =>
                      store.revokeAllOn(resource, roles, (done) =>
                        context.take(done, () => context.changed()),
                      ),
                    ),
                  ),
                ),
              ),
            ),
          ),
      ),
    ),
  );
}

export function grantOrRevokeRole(statement: RoleGrantStatement, context: AuthContext): void {
  const { role, grantee } = statement;
  if (!context.requireOnRoles('AUTHORIZE', roleResource(role))) return;
  if (!context.requireLogin()) return;
  const { store } = context.parts;
  readRoles(store, role, (roleRead) =>
    context.take(roleRead, (rolesOfRole) => {
      if (!rolesOfRole.has(role)) return context.invalid(`${role} doesn't exist`);
      return readRoles(store, grantee, (granteeRead) =>
        context.take(granteeRead, (rolesOfGrantee) => {
          if (!rolesOfGrantee.has(grantee)) return context.invalid(`${grantee} doesn't exist`);
          if (statement.kind === 'grant-role') {
            if (rolesOfGrantee.has(role)) {
              return context.invalid(`${grantee} is a member of ${role}`);
            }
            if (rolesOfRole.has(grantee)) {
              return context.invalid(`${role} is a member of ${grantee}`);
            }
          } else {
            const direct = rolesOfGrantee.get(grantee)?.memberOf ?? [];
            if (role !== grantee && !direct.includes(role)) {
              return context.invalid(`${grantee} is not a member of ${role}`);
            }
          }
          const isMember = statement.kind === 'grant-role';
          return store.setMembership(role, grantee, isMember, (done) =>
            context.take(done, () => context.changed()),
          );
        }),
      );
    }),
  );
}

export function addIdentity(statement: AddIdentityStatement, context: AuthContext): void {
  const { identity, role } = statement;
  const { store } = context.parts;
  if (!context.requireOnRoles('CREATE', ALL_ROLES)) return;
  store.readRole(role, (outcome) =>
    context.take(outcome, (record) => {
      if (record?.isSuperuser === true && !context.isSuperuser) {
        return context.unauthorized(
          'Only superusers can bind identities to a role with superuser status',
        );
      }
      if (!context.requireLogin()) return;
      if (record === null) {
        return context.invalid(`Can not add identity for non-existent role '${role}'`);
      }
      return store.readIdentity(identity, (identityRead) =>
        context.take(identityRead, (existing) => {
          if (existing !== null) {
            if (statement.ifNotExists) return context.void();
            return context.invalid(`${identity} already exists`);
          }
          return store.setIdentity(identity, role, (done) =>
            context.take(done, () => context.void()),
          );
        }),
      );
    }),
  );
}

export function dropIdentity(statement: DropIdentityStatement, context: AuthContext): void {
  const { identity } = statement;
  const { store } = context.parts;
  store.readIdentity(identity, (identityRead) =>
    context.take(identityRead, (role) => {
      const resource = role === null ? ALL_ROLES : roleResource(role);
      if (!context.requireOnRoles('DROP', resource)) return;
      if (!context.requireLogin()) return;
      if (role === null) {
        if (statement.ifExists) return context.void();
        return context.invalid(`identity '${identity}' doesn't exist`);
      }
      return readRoles(store, role, (outcome) =>
        context.take(outcome, (roles) => {
          const isSuperuser = [...roles.values()].some((record) => record.isSuperuser);
          if (isSuperuser && !context.isSuperuser) {
            return context.unauthorized(
              'Only superusers can remove identity bindings from a role with superuser status',
            );
          }
          return store.setIdentity(identity, null, (done) =>
            context.take(done, () => context.void()),
          );
        }),
      );
    }),
  );
}
