// Roles, users and identities: CREATE, ALTER, DROP, ADD.

import type {
  AddIdentityStatement,
  AlterRoleStatement,
  CreateRoleStatement,
  DropIdentityStatement,
  DropRoleStatement,
  RoleOptions,
} from '../ast.ts';
import { roleName } from './names.ts';
import { roleOptions } from './role-options.ts';
import type { TokenReader } from './token-reader.ts';
import { T } from './tokens.ts';

/** Takes what follows CREATE ROLE. */
export function createRole(reader: TokenReader): CreateRoleStatement {
  const ifNotExists = reader.ifNotExists();
  const role = roleName(reader);
  const options = roleOptions(reader);
  return {
    kind: 'create-role',
    role,
    ifNotExists,
    user: false,
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
  password: null,
  hashedPassword: null,
  superuser: null,
  login: null,
  options: null,
  datacenters: null,
  cidrs: null,
};

/** Takes what follows CREATE USER. */
export function createUser(reader: TokenReader): CreateRoleStatement {
  const ifNotExists = reader.ifNotExists();
  const role = userName(reader);
  const options = userOptions(reader);
  return {
    kind: 'create-role',
    role,
    ifNotExists,
    user: true,
    options: {
      ...options,
      login: true,
      superuser: options.superuser ?? false,
      datacenters: 'all',
      cidrs: 'all',
    },
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
    reader,
    'Quoted strings are are not supported for user names and USER is deprecated, please use ROLE',
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
