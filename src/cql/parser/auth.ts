// Roles, users, identities, permissions: CREATE, ALTER, DROP, GRANT, REVOKE, LIST.

import { invalid } from '../../data/cql-error.ts';
import { PERMISSIONS } from '../ast.ts';
import type {
  AddIdentityStatement, AlterRoleStatement, CreateRoleStatement, DropIdentityStatement, DropRoleStatement,
  ListPermissionsStatement, ListRolesStatement, Permission, PermissionStatement, RawResource, RoleGrantStatement,
  RoleOptions,
} from '../ast.ts';
import { functionName, keyspaceName, roleName, tableName } from './names.ts';
import { resourceProblem } from './resource.ts';
import { roleOptions } from './role-options.ts';
import { argumentTypes } from './schema.ts';
import type { TokenReader } from './token-reader.ts';
import { kindSet, NAMES, T } from './tokens.ts';
import type { Kind } from './tokens.ts';

const PERMISSION_KINDS: ReadonlyMap<Kind, Permission> = new Map(
  PERMISSIONS.map((permission): [Kind, Permission] => [T[`K_${permission}`], permission]),
);

/** True when GRANT or REVOKE is about permissions, false when about a role; decided by up to three tokens. */
function namesPermissions(reader: TokenReader, roleEnd: Kind): boolean {
  const second = reader.ahead(1);
  if (second === T.K_ALL || second === T.K_UNMASK || second === T.K_SELECT_MASKED) {
    const third = reader.ahead(2);
    if (third === roleEnd) return false;
    if (third === T.K_ON) return true;
    const word = second === T.K_ALL ? third === T.K_PERMISSIONS : third === T.K_PERMISSION || third === T.COMMA;
    if (word) return true;
    throw reader.noViable(2);
  }
  if (PERMISSION_KINDS.has(second)) return true;
  if (ROLE_STARTS[second] === 1) return false;
  throw reader.noViable(1);
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
    if (permission === undefined) throw reader.mismatched('set');
    reader.next();
    found.add(permission);
    reader.take(T.K_PERMISSION);
  } while (reader.take(T.COMMA));
  return PERMISSIONS.filter((permission) => found.has(permission));
}

interface Applicability {
  readonly className: string;
  readonly permissions: readonly Permission[];
}

const ROOT_DATA: readonly Permission[] = [
  'CREATE', 'ALTER', 'DROP', 'SELECT', 'MODIFY', 'AUTHORIZE', 'UNMASK', 'SELECT_MASKED',
];
const TABLE_DATA: readonly Permission[] = [
  'ALTER', 'DROP', 'SELECT', 'MODIFY', 'AUTHORIZE', 'UNMASK', 'SELECT_MASKED',
];

/** Which permissions a resource knows. Source: auth/*Resource.applicablePermissions. */
function applicability(resource: RawResource): Applicability {
  switch (resource.kind) {
    case 'all-keyspaces':
    case 'keyspace':
    case 'all-tables':
      return { className: 'DataResource', permissions: ROOT_DATA };
    case 'table':
      return { className: 'DataResource', permissions: TABLE_DATA };
    case 'all-roles':
      return {
        className: 'RoleResource',
        permissions: ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'DESCRIBE'],
      };
    case 'role':
      return { className: 'RoleResource', permissions: ['ALTER', 'DROP', 'AUTHORIZE'] };
    case 'all-functions':
    case 'keyspace-functions':
      return {
        className: 'FunctionResource',
        permissions: ['CREATE', 'ALTER', 'DROP', 'AUTHORIZE', 'EXECUTE'],
      };
    case 'function':
      return { className: 'FunctionResource', permissions: ['ALTER', 'DROP', 'AUTHORIZE', 'EXECUTE'] };
    case 'all-mbeans':
    case 'mbean':
      return {
        className: 'JMXResource',
        permissions: ['AUTHORIZE', 'DESCRIBE', 'EXECUTE', 'MODIFY', 'SELECT'],
      };
  }
}

function applicable(
  reader: TokenReader,
  wanted: readonly Permission[],
  resource: RawResource,
): readonly Permission[] {
  const known = applicability(resource);
  const kept = wanted.filter((permission) => known.permissions.includes(permission));
  if (kept.length === 0) {
    throw reader.semanticError(
      `Resource type ${known.className} does not support any of the requested permissions`,
    );
  }
  return kept;
}

const AFTER_RESOURCE_TABLE = kindSet([
  T.DOT, T.SEMICOLON, T.EOF, T.K_FROM, T.K_NORECURSIVE, T.K_OF, T.K_TO,
]);
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
        reader.next();
        return { kind: 'role', role: roleName(reader) };
      }
      break;
    case T.K_FUNCTION:
      if (FUNCTION_STARTS[second] === 1) return functionResource(reader);
      break;
    case T.K_MBEAN:
    case T.K_MBEANS:
      if (second === T.STRING_LITERAL) return mbean(reader);
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
      return { kind: 'table', table: tableName(reader) };
  }
}

function twoWords(reader: TokenReader, resource: RawResource): RawResource {
  reader.next();
  reader.next();
  return resource;
}

const AFTER_ALL_FUNCTIONS = kindSet([
  T.K_IN, T.SEMICOLON, T.EOF, T.K_FROM, T.K_NORECURSIVE, T.K_OF, T.K_TO,
]);

function allFunctions(reader: TokenReader): RawResource {
  reader.require(AFTER_ALL_FUNCTIONS, 2);
  twoWords(reader, { kind: 'all-functions' });
  if (!reader.take(T.K_IN)) return { kind: 'all-functions' };
  reader.expect(T.K_KEYSPACE);
  return { kind: 'keyspace-functions', keyspace: keyspaceName(reader) };
}

function functionResource(reader: TokenReader): RawResource {
  reader.next();
  const name = functionName(reader);
  const types = argumentTypes(reader);
  if (name.keyspace === null) {
    throw reader.semantic(invalid('In this context function name must be explictly qualified by a keyspace'));
  }
  if (name.keyspace === 'system') {
    throw reader.semantic(invalid('Altering permissions on builtin functions is not supported'));
  }
  return { kind: 'function', function: name, argumentTypes: types };
}

function mbean(reader: TokenReader): RawResource {
  const plural = reader.kind === T.K_MBEANS;
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
    reader.next();
    reader.next();
    return { kind: 'list-users' };
  }
  if (second === T.K_ROLES) {
    reader.next();
    reader.next();
    return { kind: 'list-roles', ...granteeAndDepth(reader) };
  }
  if (second !== T.K_ALL && !PERMISSION_KINDS.has(second)) throw reader.noViable(1);
  reader.next();
  const wanted = permissions(reader);
  const resource = reader.take(T.K_ON) ? resourceClause(reader) : null;
  return { kind: 'list-permissions', permissions: wanted, resource, ...granteeAndDepth(reader) };
}

function granteeAndDepth(reader: TokenReader): { grantee: string | null; recursive: boolean } {
  const grantee = reader.take(T.K_OF) ? roleName(reader) : null;
  return { grantee, recursive: !reader.take(T.K_NORECURSIVE) };
}

/** Takes what follows CREATE ROLE. */
export function createRole(reader: TokenReader): CreateRoleStatement {
  const ifNotExists = reader.ifNotExists();
  const role = roleName(reader);
  const options = roleOptions(reader);
  return {
    kind: 'create-role', role, ifNotExists, user: false,
    options: { ...options, login: options.login ?? false, superuser: options.superuser ?? false },
  };
}

/** Takes what follows ALTER ROLE. */
export function alterRole(reader: TokenReader): AlterRoleStatement {
  const ifExists = reader.ifExists();
  const role = roleName(reader);
  return { kind: 'alter-role', role, ifExists, options: roleOptions(reader), user: false };
}

/** Takes what follows DROP ROLE. */
export function dropRole(reader: TokenReader): DropRoleStatement {
  const ifExists = reader.ifExists();
  return { kind: 'drop-role', role: roleName(reader), ifExists, user: false };
}

const NO_OPTIONS: RoleOptions = {
  password: null, hashedPassword: null, superuser: null, login: null, options: null, datacenters: null, cidrs: null,
};

/** Takes what follows CREATE USER. */
export function createUser(reader: TokenReader): CreateRoleStatement {
  const ifNotExists = reader.ifNotExists();
  const role = userName(reader);
  const options = userOptions(reader);
  return {
    kind: 'create-role', role, ifNotExists, user: true,
    options: { ...options, login: true, superuser: options.superuser ?? false, datacenters: 'all', cidrs: 'all' },
  };
}

/** Takes what follows ALTER USER. */
export function alterUser(reader: TokenReader): AlterRoleStatement {
  const ifExists = reader.ifExists();
  const role = userName(reader);
  return { kind: 'alter-role', role, ifExists, options: userOptions(reader), user: true };
}

/** Takes what follows DROP USER. */
export function dropUser(reader: TokenReader): DropRoleStatement {
  const ifExists = reader.ifExists();
  return { kind: 'drop-role', role: userName(reader), ifExists, user: true };
}

function userOptions(reader: TokenReader): RoleOptions {
  let { password, hashedPassword, superuser } = NO_OPTIONS;
  if (reader.take(T.K_WITH)) {
    if (reader.take(T.K_PASSWORD)) {
      password = reader.string();
    } else if (reader.take(T.K_HASHED)) {
      reader.expect(T.K_PASSWORD);
      hashedPassword = reader.string();
    } else {
      throw reader.noViable();
    }
  }
  if (reader.take(T.K_SUPERUSER)) superuser = true;
  else if (reader.take(T.K_NOSUPERUSER)) superuser = false;
  return { ...NO_OPTIONS, password, hashedPassword, superuser };
}

/** A user's name keeps its case, even without quotes. */
function userName(reader: TokenReader): string {
  return plainText(
    reader, 'Quoted strings are are not supported for user names and USER is deprecated, please use ROLE',
  );
}

function plainText(reader: TokenReader, quotedMessage: string): string {
  let name: string;
  if (reader.kind === T.IDENT) name = reader.source();
  else if (reader.kind === T.STRING_LITERAL) name = reader.stringValue();
  else if (reader.kind === T.QUOTED_NAME) {
    reader.next();
    throw reader.semanticError(quotedMessage);
  } else {
    throw reader.noViable();
  }
  reader.next();
  return name;
}

/** Takes what follows ADD IDENTITY. */
export function addIdentity(reader: TokenReader): AddIdentityStatement {
  const ifNotExists = reader.ifNotExists();
  const identity = identityText(reader);
  reader.expect(T.K_TO);
  reader.expect(T.K_ROLE);
  return { kind: 'add-identity', identity, role: identityText(reader), ifNotExists };
}

/** Takes what follows DROP IDENTITY. */
export function dropIdentity(reader: TokenReader): DropIdentityStatement {
  const ifExists = reader.ifExists();
  return { kind: 'drop-identity', identity: identityText(reader), ifExists };
}

function identityText(reader: TokenReader): string {
  return plainText(reader, 'Quoted strings are are not supported for identity');
}

