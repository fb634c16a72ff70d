// The options of CREATE ROLE and ALTER ROLE.

import { syntaxError } from '../../data/cql-error.ts';
import type { RoleOptions } from '../ast.ts';
import { textMap } from './properties.ts';
import { crashed } from './syntax-failure.ts';
import type { TokenReader } from './token-reader.ts';
import { T } from './tokens.ts';

type Draft = { -readonly [Key in keyof RoleOptions]: RoleOptions[Key] };

/** Takes `WITH option AND option ...` if it is there. */
export function roleOptions(reader: TokenReader): RoleOptions {
  const draft: Draft = {
    password: null,
    hashedPassword: null,
    superuser: null,
    login: null,
    options: null,
    datacenters: null,
    cidrs: null,
  };
  if (reader.take(T.K_WITH)) {
    do roleOption(reader, draft);
    while (reader.take(T.K_AND));
  }
  if (draft.password !== null && draft.hashedPassword !== null) {
    throw syntaxError("Options 'password' and 'hashed password' are mutually exclusive");
  }
  return draft;
}

function roleOption(reader: TokenReader, draft: Draft): void {
  switch (reader.kind) {
    case T.K_PASSWORD:
      reader.next();
      reader.expect(T.EQ);
      draft.password = once('PASSWORD', draft.password, reader.string());
      return;
    case T.K_HASHED:
      reader.next();
      reader.expect(T.K_PASSWORD);
      reader.expect(T.EQ);
      draft.hashedPassword = once('HASHED PASSWORD', draft.hashedPassword, reader.string());
      return;
    case T.K_OPTIONS:
      reader.next();
      reader.expect(T.EQ);
      draft.options = once('OPTIONS', draft.options, textMap(reader));
      return;
    case T.K_SUPERUSER:
      reader.next();
      reader.expect(T.EQ);
      draft.superuser = once('SUPERUSER', draft.superuser, flag(reader));
      return;
    case T.K_LOGIN:
      reader.next();
      reader.expect(T.EQ);
      draft.login = once('LOGIN', draft.login, flag(reader));
      return;
    case T.K_ACCESS:
      access(reader, draft);
      return;
    default:
      throw reader.noViable();
  }
}

function once<V>(name: string, earlier: V | null, value: V): V {
  if (earlier === null) return value;
  throw syntaxError(`Multiple definition for property '${name}'`);
}

function flag(reader: TokenReader): boolean {
  if (reader.kind !== T.BOOLEAN) throw reader.mismatched(T.BOOLEAN);
  const value = reader.nameValue() === 'true';
  reader.next();
  return value;
}

/** `ACCESS TO [ALL] DATACENTERS {...}` and `ACCESS FROM [ALL] CIDRS {...}`. */
function access(reader: TokenReader, draft: Draft): void {
  const second = reader.ahead(1);
  if (second !== T.K_TO && second !== T.K_FROM) throw reader.noViable(1);
  const third = reader.ahead(2);
  const subject = second === T.K_TO ? T.K_DATACENTERS : T.K_CIDRS;
  if (third !== T.K_ALL && third !== subject) throw reader.noViable(2);
  reader.touch(3);
  reader.next();
  reader.next();
  const key = second === T.K_TO ? 'datacenters' : 'cidrs';
  if (reader.take(T.K_ALL)) {
    reader.expect(subject);
    if (Array.isArray(draft[key]))
      throw alreadySet(reader, second === T.K_TO ? 'DCs' : 'CIDR Groups');
    draft[key] = 'all';
    return;
  }
  reader.next();
  reader.expect(T.LEFT_BRACE);
  const earlier = draft[key];
  const names = new Set<string>(earlier === 'all' || earlier === null ? [] : earlier);
  do {
    names.add(reader.string());
    if (earlier === 'all')
      throw crashed(reader.text, 'statement', 'IllegalArgumentException All has been set');
  } while (reader.take(T.COMMA));
  reader.expect(T.RIGHT_BRACE);
  draft[key] = [...names];
}

function alreadySet(reader: TokenReader, what: string): Error {
  return crashed(
    reader.text,
    'statement',
    `IllegalArgumentException ${what} have already been set`,
  );
}
