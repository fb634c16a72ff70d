// GRANT and REVOKE of permissions; LIST of permissions, roles and users. Test: test/facts-conformance/errors.test.ts.
// Cassandra: PermissionsManagementStatement, ListPermissionsStatement, ListRolesStatement, ListUsersStatement.

import type {
  ListPermissionsStatement,
  ListRolesStatement,
  Permission,
  PermissionStatement,
  RawResource,
} from '../../cql/ast.ts';
import { PERMISSIONS } from '../../cql/ast.ts';
import { packMap } from '../../data/codec/packing.ts';
import { CqlException, serverError, syntaxError } from '../../data/cql-error.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { mapOf, typesEqual } from '../../data/type-names.ts';
import type { ResultRow } from '../../protocol/responses/rows.ts';
import { addWarning } from '../coordinator/coordinator.ts';
import { prepareType } from '../query/ddl/prepare-type.ts';
import { keyspaceOf } from '../query/schema-lookup.ts';
import { booleanValue, textValue } from '../schema/row-values.ts';
import { isLocalSystemKeyspace, isReplicatedSystemKeyspace } from '../schema/system-keyspaces.ts';
import type { AuthContext } from './auth-context.ts';
import { authColumns, forEachInTurn, TEXT } from './auth-context.ts';
import type { Grants, RoleRecord } from './auth-store.ts';
import type { Resource } from './resource.ts';
import {
  ALL_FUNCTIONS,
  ALL_KEYSPACES,
  ALL_MBEANS,
  ALL_ROLES,
  allTablesResource,
  functionResource,
  keyspaceFunctionsResource,
  keyspaceResource,
  parseResourceName,
  resourceChain,
  resourceName,
  resourceText,
  roleResource,
  tableResource,
} from './resource.ts';
import { readRoles } from './user-cache.ts';

export function grantOrRevokePermissions(
  statement: PermissionStatement,
  context: AuthContext,
): void {
  const { permissions, role } = statement;
  const resource = namedResource(statement.resource, context);
  for (const permission of ['AUTHORIZE', ...permissions] as const) {
    if (!context.isAllowed(permission, resource)) {
      const text = resourceText(resource);
      return context.unauthorized(
        `User ${context.userName} has no ${permission} permission on ${text} or any of its parents`,
      );
    }
  }
  if (!context.requireLogin()) return;
  return context.exists(role, (exists) => {
    if (!exists) return context.invalid(`Role ${role} doesn't exist`);
    return resourceExists(resource, context, (found) => {
      if (!found) return context.invalid(`Resource ${resourceText(resource)} doesn't exist`);
      if (statement.kind === 'grant-permissions' && isRefusedOnSystem(permissions, resource)) {
        return context.unauthorized(
          'Granting permissions on system keyspaces is strictly limited, this operation is not permitted',
        );
      }
      if (context.parts.allowsAll) {
        const verb = statement.kind === 'grant-permissions' ? 'GRANT' : 'REVOKE';
        const text = `${verb} operation is not supported by AllowAllAuthorizer`;
        return context.fail(serverError(`java.lang.UnsupportedOperationException: ${text}`).error);
      }
      return changeGrants(statement, resource, context);
    });
  });
}

const GRANTABLE_ON_SYSTEM: ReadonlySet<Permission> = new Set(['SELECT', 'DESCRIBE', 'ALTER']);

function isRefusedOnSystem(permissions: readonly Permission[], resource: Resource): boolean {
  if (resource.kind !== 'data' || resource.level === 'root') return false;
  const { keyspace } = resource;
  const isSystem = isLocalSystemKeyspace(keyspace) || isReplicatedSystemKeyspace(keyspace);
  return isSystem && permissions.some((permission) => !GRANTABLE_ON_SYSTEM.has(permission));
}

/** Writes only what changes; warns of the rest, unless everything there is was named. */
function changeGrants(
  { kind, permissions, role }: PermissionStatement,
  resource: Resource,
  context: AuthContext,
): void {
  const { store } = context.parts;
  const name = resourceName(resource);
  store.readGrants(role, (outcome) =>
    context.take(outcome, (grants) => {
      const held = grants.get(name) ?? new Set<Permission>();
      const isGrant = kind === 'grant-permissions';
      const changing = permissions.filter((permission) => held.has(permission) !== isGrant);
      const idle = permissions.filter((permission) => held.has(permission) === isGrant);
      if (idle.length > 0 && permissions.length < PERMISSIONS.length) {
        const what = isGrant ? 'already granted' : 'not granted';
        addWarning(
          context.call.context,
          `Role '${role}' was ${what} ${idle.join(', ')} on ${resourceText(resource)}`,
        );
      }
      if (changing.length === 0) return context.changed();
      const write = isGrant ? store.grant.bind(store) : store.revoke.bind(store);
      return write(role, name, changing, (done) => context.take(done, () => context.changed()));
    }),
  );
}

/** Throws CqlException when the name cannot be resolved. */
function namedResource(raw: RawResource, context: AuthContext): Resource {
  switch (raw.kind) {
    case 'all-keyspaces':
      return ALL_KEYSPACES;
    case 'keyspace':
      return keyspaceResource(raw.keyspace);
    case 'table':
      return tableResource(keyspaceOf(raw.table, context.call.keyspace), raw.table.name);
    case 'all-tables':
      return allTablesResource(raw.keyspace);
    case 'all-roles':
      return ALL_ROLES;
    case 'role':
      return roleResource(raw.role);
    case 'all-functions':
      return ALL_FUNCTIONS;
    case 'keyspace-functions':
      return keyspaceFunctionsResource(raw.keyspace);
    case 'function':
      return namedFunction(raw, context);
    case 'all-mbeans':
      return ALL_MBEANS;
    case 'mbean':
      return { kind: 'mbean', bean: raw.name };
  }
}

/** Cassandra looks a function up while it parses, and says so when there is none. */
function namedFunction(
  raw: Extract<RawResource, { kind: 'function' }>,
  context: AuthContext,
): Resource {
  const keyspaceName = keyspaceOf(raw.function, context.call.keyspace);
  const keyspace = context.parts.schema.current.keyspaces.get(keyspaceName);
  const types =
    keyspace === undefined
      ? []
      : raw.argumentTypes.map((type) => prepareType(type, keyspaceName, keyspace.types));
  const found = [...(keyspace?.functions ?? []), ...(keyspace?.aggregates ?? [])].find(
    ({ name, argumentTypes }) =>
      name === raw.function.name &&
      argumentTypes.length === types.length &&
      argumentTypes.every((type, i) => {
        const other = types[i];
        return other !== undefined && typesEqual(type, other);
      }),
  );
  if (found !== undefined) return functionResource(found);
  const reason = 'NoSuchElementException No value present';
  throw syntaxError(`Failed parsing statement: [${context.call.text ?? ''}] reason: ${reason}`);
}

function resourceExists(
  resource: Resource,
  context: AuthContext,
  next: (exists: boolean) => void,
): void {
  const { keyspaces } = context.parts.schema.current;
  switch (resource.kind) {
    case 'data':
      if (resource.level === 'root') return next(true);
      if (resource.level !== 'table') return next(keyspaces.has(resource.keyspace));
      return next(keyspaces.get(resource.keyspace)?.tables.has(resource.table) === true);
    case 'function':
      return next(resource.level === 'root' || keyspaces.has(resource.keyspace));
    case 'role':
      return resource.role === null ? next(true) : context.exists(resource.role, next);
    case 'mbean':
      return next(true);
  }
}

const PERMISSION_COLUMNS = authColumns('permissions', {
  role: TEXT,
  username: TEXT,
  resource: TEXT,
  permission: TEXT,
});

export function listPermissions(statement: ListPermissionsStatement, context: AuthContext): void {
  if (!context.requireLogin()) return;
  const resource = statement.resource === null ? null : namedResource(statement.resource, context);
  const withResource = (): void => {
    const { grantee } = statement;
    if (grantee === null) return list(statement, resource, context);
    return context.exists(grantee, (exists) => {
      if (exists) list(statement, resource, context);
      else context.invalid(`${resourceText(roleResource(grantee))} doesn't exist`);
    });
  };
  if (resource === null) return withResource();
  return resourceExists(resource, context, (exists) => {
    if (exists) withResource();
    else context.invalid(`${resourceText(resource)} doesn't exist`);
  });
}

function list(
  statement: ListPermissionsStatement,
  resource: Resource | null,
  context: AuthContext,
): void {
  const { grantee } = statement;
  if (context.parts.allowsAll) {
    return context.invalid('LIST PERMISSIONS operation is not supported by AllowAllAuthorizer');
  }
  const user = context.user;
  const mayList =
    context.isSuperuser ||
    (grantee !== null && user?.roles.has(grantee) === true) ||
    user?.has('DESCRIBE', ALL_ROLES) === true ||
    (grantee !== null && user?.has('DESCRIBE', roleResource(grantee)) === true);
  if (!mayList) {
    return context.unauthorized(
      `You are not authorized to view ${grantee ?? 'everyone'}'s permissions`,
    );
  }
  return grantsOf(grantee, context, (grants) => {
    const wanted =
      resource === null
        ? null
        : new Set((statement.recursive ? resourceChain(resource) : [resource]).map(resourceName));
    const rows = permissionRows(statement.permissions, grants, wanted);
    if (rows.length === 0) return context.void();
    return context.finish({ kind: 'rows', metadata: { columns: PERMISSION_COLUMNS }, rows });
  });
}

/** Of everybody, or of a role with those it has. */
function grantsOf(
  grantee: string | null,
  context: AuthContext,
  next: (grants: ReadonlyMap<string, Grants>) => void,
): void {
  const { store } = context.parts;
  if (grantee === null) {
    return store.readAllGrants((outcome) => context.take(outcome, next));
  }
  return readRoles(store, grantee, (outcome) =>
    context.take(outcome, (roles) => {
      const grants = new Map<string, Grants>();
      forEachInTurn(
        [...roles.keys()],
        (role, step) =>
          store.readGrants(role, (read) =>
            context.take(read, (found) => {
              grants.set(role, found);
              step();
            }),
          ),
        () => next(grants),
      );
    }),
  );
}

function permissionRows(
  permissions: readonly Permission[],
  grants: ReadonlyMap<string, Grants>,
  wanted: ReadonlySet<string> | null,
): ResultRow[] {
  const rows: ResultRow[] = [];
  for (const role of [...grants.keys()].sort()) {
    const held = grants.get(role) ?? new Map<string, ReadonlySet<Permission>>();
    for (const name of [...held.keys()].sort()) {
      const resource = parseResourceName(name);
      if (resource === null || (wanted !== null && !wanted.has(name))) continue;
      for (const permission of PERMISSIONS) {
        if (!permissions.includes(permission) || held.get(name)?.has(permission) !== true) continue;
        rows.push([role, role, resourceText(resource), permission].map(textValue));
      }
    }
  }
  return rows;
}

const ROLE_COLUMNS = authColumns('roles', {
  role: TEXT,
  super: NATIVE.boolean,
  login: NATIVE.boolean,
  options: mapOf(TEXT, TEXT),
  datacenters: TEXT,
});
const USER_COLUMNS = authColumns('users', {
  name: TEXT,
  super: NATIVE.boolean,
  datacenters: TEXT,
});

export function listRoles(
  statement: Pick<ListRolesStatement, 'grantee' | 'recursive'>,
  usersOnly: boolean,
  context: AuthContext,
): void {
  const { grantee, recursive } = statement;
  if (!context.requireLogin()) return;
  const proceed = (): void => {
    const mayListAll = context.parts.allowsAll || context.user?.has('DESCRIBE', ALL_ROLES) === true;
    if (mayListAll && grantee === null) {
      return context.parts.store.readAllRoles((outcome) =>
        context.take(outcome, (roles) => answer(roles, usersOnly, context)),
      );
    }
    if (!mayListAll && grantee !== null && context.user?.roles.has(grantee) !== true) {
      return context.unauthorized(`You are not authorized to view roles granted to ${grantee} `);
    }
    const of = grantee ?? context.userName;
    return readRoles(context.parts.store, of, (outcome) =>
      context.take(outcome, (roles) => {
        const direct = new Set([of, ...(roles.get(of)?.memberOf ?? [])]);
        const shown = [...roles.values()].filter(({ name }) => recursive || direct.has(name));
        answer(shown, usersOnly, context);
      }),
    );
  };
  if (grantee === null) return proceed();
  return context.exists(grantee, (exists) => {
    if (exists) proceed();
    else context.invalid(`${resourceText(roleResource(grantee))} doesn't exist`);
  });
}

function answer(roles: readonly RoleRecord[], usersOnly: boolean, context: AuthContext): void {
  if (roles.length === 0) return context.void();
  const sorted = [...roles].sort((a, b) => (a.name < b.name ? -1 : 1));
  const all = textValue('ALL');
  if (!usersOnly) {
    const rows = sorted.map((role) => [
      textValue(role.name),
      booleanValue(role.isSuperuser),
      booleanValue(role.canLogin),
      packMap([]),
      all,
    ]);
    return context.finish({ kind: 'rows', metadata: { columns: ROLE_COLUMNS }, rows });
  }
  const rows: ResultRow[] = [];
  return forEachInTurn(
    sorted.filter(({ canLogin }) => canLogin),
    (role, next) =>
      readRoles(context.parts.store, role.name, (outcome) =>
        context.take(outcome, (closure) => {
          const isSuper = [...closure.values()].some(({ isSuperuser }) => isSuperuser);
          rows.push([textValue(role.name), booleanValue(isSuper), all]);
          next();
        }),
      ),
    () => context.finish({ kind: 'rows', metadata: { columns: USER_COLUMNS }, rows }),
  );
}

/** Runs `step`; what it throws as a CqlException fails the statement. */
export function guarded(context: AuthContext, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof CqlException)) throw error;
    context.fail(error.error);
  }
}
