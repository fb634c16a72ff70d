// Permissions and role grants: GRANT, REVOKE, LIST, and the resources they name.

import { invalid } from '../../data/cql-error.ts';
import { PERMISSIONS } from '../ast.ts';
import { APPLICABLE_PERMISSIONS } from '../permissions.ts';
import type {
  ListPermissionsStatement,
  ListRolesStatement,
  Permission,
  PermissionStatement,
  RawResource,
  RoleGrantStatement,
} from '../ast.ts';
import { functionName, keyspaceName, roleName, tableName } from './names.ts';
import { resourceProblem } from './resource.ts';
import { argumentTypes } from './schema.ts';
import { crashed } from './syntax-failure.ts';
import type { TokenReader } from './token-reader.ts';
import { kindSet, NAMES, T } from './tokens.ts';
import type { Kind } from './tokens.ts';

const PERMISSION_KINDS: ReadonlyMap<Kind, Permission> = new Map(
  PERMISSIONS.map((permission): [Kind, Permission] => [T[`K_${permission}`], permission]),
);

/**
 * True when GRANT or REVOKE is about permissions, false when about a role; decided by up to three
 * tokens.
 */
function namesPermissions(reader: TokenReader, roleEnd: Kind): boolean {
  const second = reader.ahead(1);
  if (second === T.K_ALL || second === T.K_UNMASK || second === T.K_SELECT_MASKED) {
    const third = reader.ahead(2);
    const word =
      second === T.K_ALL
        ? third === T.K_PERMISSIONS
        : third === T.K_PERMISSION || third === T.COMMA;
    if (third !== roleEnd && third !== T.K_ON && !word) throw reader.noViable(2);
    reader.touch(3);
    return third !== roleEnd;
  }
  const permission = PERMISSION_KINDS.has(second);
  if (!permission && ROLE_STARTS[second] !== 1) throw reader.noViable(1);
  reader.touch(2);
  return permission;
}

const ROLE_STARTS = kindSet(NAMES, [T.STRING_LITERAL, T.QMARK]);

/** Takes a GRANT or a REVOKE; the current token is one of the two words. */
export function grantOrRevoke(reader: TokenReader): PermissionStatement | RoleGrantStatement {
  const grants = reader.kind === T.K_GRANT;
  const preposition = grants ? T.K_TO : T.K_FROM;
  if (!namesPermissions(reader, preposition)) {
    reader.next();
    const role = roleName(reader);
    reader.expect(preposition);
    return { kind: grants ? 'grant-role' : 'revoke-role', role, grantee: roleName(reader) };
  }
  reader.next();
  const wanted = permissions(reader);
  reader.expect(T.K_ON);
  const resource = resourceClause(reader);
  reader.expect(preposition);
  const role = roleName(reader);
  const kind = grants ? 'grant-permissions' : 'revoke-permissions';
  return { kind, permissions: applicable(reader, wanted, resource), resource, role };
}

function permissions(reader: TokenReader): readonly Permission[] {
  if (reader.take(T.K_ALL)) {
    reader.take(T.K_PERMISSIONS);
    return PERMISSIONS;
  }
  const found = new Set<Permission>();
  do {
    const permission = PERMISSION_KINDS.get(reader.kind);
    if (permission === undefined) throw lostPermission(reader);
    reader.next();
    found.add(permission);
    reader.take(T.K_PERMISSION);
  } while (reader.take(T.COMMA));
  return PERMISSIONS.filter((permission) => found.has(permission));
}

/** Cassandra fails at the missing permission before it can say what is wrong with the word. */
function lostPermission(reader: TokenReader): Error {
  const reason = 'NullPointerException Cannot invoke "Object.getClass()" because "e" is null';
  return crashed(reader.text, 'statement', reason);
}

interface Applicability {
  readonly className: string;
  readonly permissions: readonly Permission[];
}

/** Which permissions a resource knows, and its class, which error texts name. */
function applicability(resource: RawResource): Applicability {
  const { data, table, roles, role, functions, mbean } = APPLICABLE_PERMISSIONS;
  switch (resource.kind) {
    case 'all-keyspaces':
    case 'keyspace':
    case 'all-tables':
      return { className: 'DataResource', permissions: data };
    case 'table':
      return { className: 'DataResource', permissions: table };
    case 'all-roles':
      return { className: 'RoleResource', permissions: roles };
    case 'role':
      return { className: 'RoleResource', permissions: role };
    case 'all-functions':
    case 'keyspace-functions':
      return { className: 'FunctionResource', permissions: functions };
    case 'function':
      return { className: 'FunctionResource', permissions: APPLICABLE_PERMISSIONS.function };
    case 'all-mbeans':
    case 'mbean':
      return { className: 'JMXResource', permissions: mbean };
  }
}

function applicable(
  reader: TokenReader,
  wanted: readonly Permission[],
  resource: RawResource,
): readonly Permission[] {
  if (resource.kind === 'function' && resource.function.keyspace === 'system') {
    throw invalid('Altering permissions on builtin functions is not supported');
  }
  const known = applicability(resource);
  const kept = wanted.filter((permission) => known.permissions.includes(permission));
  if (kept.length === 0) {
    throw reader.semanticError(
      `Resource type ${known.className} does not support any of the requested permissions`,
    );
  }
  return kept;
}

const AFTER_RESOURCE = kindSet([T.SEMICOLON, T.EOF, T.K_FROM, T.K_NORECURSIVE, T.K_OF, T.K_TO]);
const AFTER_RESOURCE_TABLE = kindSet(AFTER_RESOURCE, T.DOT);
const TABLE_STARTS = kindSet(NAMES, T.QMARK);
const FUNCTION_STARTS = kindSet(TABLE_STARTS, T.K_TOKEN);

/** Takes a resource; ALL, ROLE, FUNCTION, MBEAN and MBEANS may also be a table's name. */
function resourceClause(reader: TokenReader): RawResource {
  const { kind } = reader;
  const second = reader.ahead(1);
  switch (kind) {
    case T.K_ALL:
      return allOrTable(reader);
    case T.K_ROLE:
      if (ROLE_STARTS[second] === 1) {
        reader.touch(2);
        reader.next();
        return { kind: 'role', role: roleName(reader) };
      }
      break;
    case T.K_FUNCTION:
      if (FUNCTION_STARTS[second] === 1) return functionResource(reader);
      break;
    case T.K_MBEAN:
    case T.K_MBEANS:
      if (second === T.STRING_LITERAL) return jmxBean(reader);
      break;
    case T.K_KEYSPACE:
      reader.next();
      return { kind: 'keyspace', keyspace: keyspaceName(reader) };
    case T.K_COLUMNFAMILY:
      reader.next();
      return { kind: 'table', table: tableName(reader) };
    default:
      if (TABLE_STARTS[kind] !== 1) throw reader.noViable();
      return { kind: 'table', table: tableName(reader) };
  }
  if (AFTER_RESOURCE_TABLE[second] !== 1) throw reader.noViable(1);
  reader.touch(2);
  return { kind: 'table', table: tableName(reader) };
}

function allOrTable(reader: TokenReader): RawResource {
  const second = reader.ahead(1);
  switch (second) {
    case T.K_KEYSPACES:
      return twoWords(reader, { kind: 'all-keyspaces' });
    case T.K_TABLES:
      twoWords(reader, { kind: 'all-keyspaces' });
      reader.expect(T.K_IN);
      reader.expect(T.K_KEYSPACE);
      return { kind: 'all-tables', keyspace: keyspaceName(reader) };
    case T.K_ROLES:
      return twoWords(reader, { kind: 'all-roles' });
    case T.K_MBEANS:
      return twoWords(reader, { kind: 'all-mbeans' });
    case T.K_FUNCTIONS:
      return allFunctions(reader);
    default:
      if (AFTER_RESOURCE_TABLE[second] !== 1) throw reader.noViable(1);
      reader.touch(2);
      return { kind: 'table', table: tableName(reader) };
  }
}

function twoWords(reader: TokenReader, resource: RawResource): RawResource {
  reader.touch(2);
  reader.next();
  reader.next();
  return resource;
}

const AFTER_ALL_FUNCTIONS = kindSet(AFTER_RESOURCE, T.K_IN);

function allFunctions(reader: TokenReader): RawResource {
  reader.require(AFTER_ALL_FUNCTIONS, 2);
  twoWords(reader, { kind: 'all-functions' });
  if (!reader.take(T.K_IN)) return { kind: 'all-functions' };
  reader.expect(T.K_KEYSPACE);
  return { kind: 'keyspace-functions', keyspace: keyspaceName(reader) };
}

function functionResource(reader: TokenReader): RawResource {
  reader.touch(2);
  reader.next();
  const name = functionName(reader);
  const types = argumentTypes(reader);
  if (name.keyspace === null) {
    throw invalid('In this context function name must be explictly qualified by a keyspace');
  }
  return { kind: 'function', function: name, argumentTypes: types };
}

function jmxBean(reader: TokenReader): RawResource {
  const plural = reader.kind === T.K_MBEANS;
  reader.touch(2);
  reader.next();
  const name = reader.string();
  const problem = resourceProblem(name, plural);
  if (problem !== null) throw reader.semanticError(problem);
  return { kind: 'mbean', name };
}

/** Takes a LIST; the current token is LIST. */
export function listStatement(
  reader: TokenReader,
): ListPermissionsStatement | ListRolesStatement | { readonly kind: 'list-users' } {
  const second = reader.ahead(1);
  if (second === T.K_USERS) {
    reader.touch(2);
    reader.next();
    reader.next();
    return { kind: 'list-users' };
  }
  if (second === T.K_ROLES) {
    reader.touch(2);
    reader.next();
    reader.next();
    return { kind: 'list-roles', ...granteeAndDepth(reader) };
  }
  if (second !== T.K_ALL && !PERMISSION_KINDS.has(second)) throw reader.noViable(1);
  reader.touch(2);
  reader.next();
  const wanted = permissions(reader);
  const resource = reader.take(T.K_ON) ? resourceClause(reader) : null;
  return { kind: 'list-permissions', permissions: wanted, resource, ...granteeAndDepth(reader) };
}

function granteeAndDepth(reader: TokenReader): { grantee: string | null; recursive: boolean } {
  const grantee = reader.take(T.K_OF) ? roleName(reader) : null;
  return { grantee, recursive: !reader.take(T.K_NORECURSIVE) };
}
