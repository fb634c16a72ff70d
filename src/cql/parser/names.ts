// Names of tables, keyspaces, indexes, types, functions and roles. Each has its own idea of what
// may stand there and of what must follow, which decides the error of a name in the wrong place.

import type { QualifiedName } from '../ast.ts';
import type { TokenReader } from './token-reader.ts';
import {
  BASIC_WORDS,
  FUNCTION_NAMES,
  kindSet,
  NAMES,
  NATIVE_WORDS,
  NOT_FUNCTION_WORDS,
  T,
} from './tokens.ts';
import type { KindSet } from './tokens.ts';

const AFTER_TABLE = kindSet([
  T.LEFT_PAREN,
  T.SEMICOLON,
  T.EOF,
  T.K_ADD,
  T.K_ALLOW,
  T.K_ALTER,
  T.K_AS,
  T.K_DROP,
  T.K_FROM,
  T.K_GROUP,
  T.K_JSON,
  T.K_LIMIT,
  T.K_NORECURSIVE,
  T.K_OF,
  T.K_ORDER,
  T.K_PER,
  T.K_PRIMARY,
  T.K_RENAME,
  T.K_SET,
  T.K_TO,
  T.K_USING,
  T.K_WHERE,
  T.K_WITH,
]);
const AFTER_INDEX = kindSet([T.SEMICOLON, T.EOF]);
const AFTER_FUNCTION = kindSet([T.LEFT_PAREN, T.SEMICOLON, T.EOF, T.K_WITH]);
const NAMES_OR_MARKER = kindSet(NAMES, T.QMARK);

/** What a `?` in the place of a name is called in the error. */
type Named = 'keyspace' | 'table' | 'index' | 'role';

function nameOrMarker(reader: TokenReader, named: Named): string {
  if (reader.kind === T.QMARK) {
    reader.next();
    reader.refuse(`Bind variables cannot be used for ${named} names`);
    return '';
  }
  return reader.name();
}

export function keyspaceName(reader: TokenReader): string {
  return nameOrMarker(reader, 'keyspace');
}

/** `[ks.]table`, also the name of a view. */
export function tableName(reader: TokenReader): QualifiedName {
  return qualified(reader, 'table', AFTER_TABLE);
}

/** `[ks.]index` of DROP INDEX. */
export function indexName(reader: TokenReader): QualifiedName {
  return qualified(reader, 'index', AFTER_INDEX);
}

/** An index name without keyspace. */
export function plainIndexName(reader: TokenReader): string {
  return nameOrMarker(reader, 'index');
}

function qualified(reader: TokenReader, named: Named, after: KindSet): QualifiedName {
  if (NAMES_OR_MARKER[reader.kind] !== 1) throw reader.noViable();
  const second = reader.ahead(1);
  if (second !== T.DOT && after[second] !== 1) throw reader.noViable(1);
  reader.touch(2);
  if (second === T.DOT) {
    const keyspace = keyspaceName(reader);
    reader.next();
    return { keyspace, name: nameOrMarker(reader, named) };
  }
  return { keyspace: null, name: nameOrMarker(reader, named) };
}

/** True where a role name may begin. */
const ROLE_NAMES = kindSet(NAMES, T.STRING_LITERAL);

/** A role: an identifier, a quoted name or a string. */
export function roleName(reader: TokenReader): string {
  if (reader.kind === T.QMARK) return nameOrMarker(reader, 'role');
  if (ROLE_NAMES[reader.kind] !== 1) throw reader.noViable();
  const name = reader.kind === T.STRING_LITERAL ? reader.stringValue() : reader.nameValue();
  reader.next();
  return name;
}

const UNQUALIFIED_TYPE_WORDS = kindSet(BASIC_WORDS, T.IDENT, T.QUOTED_NAME, T.K_KEY);
const QUALIFIER_ONLY_WORDS = kindSet(NATIVE_WORDS, NOT_FUNCTION_WORDS);

/** Words a user type may not be called, unless quoted. */
const RESERVED_TYPE_NAMES = new Set([
  'byte',
  'complex',
  'enum',
  'date',
  'interval',
  'macaddr',
  'bitstring',
]);

/** `[ks.]type`. */
export function userTypeName(reader: TokenReader): QualifiedName {
  if (NAMES[reader.kind] !== 1) throw reader.noViable();
  const second = reader.ahead(1);
  const mayBeAlone = UNQUALIFIED_TYPE_WORDS[reader.kind] === 1;
  if (second === T.DOT || (!mayBeAlone && QUALIFIER_ONLY_WORDS[reader.kind] === 1)) {
    const keyspace = reader.name();
    reader.expect(T.DOT);
    return { keyspace, name: plainTypeName(reader) };
  }
  return { keyspace: null, name: plainTypeName(reader) };
}

function plainTypeName(reader: TokenReader): string {
  if (UNQUALIFIED_TYPE_WORDS[reader.kind] !== 1) throw reader.noViable();
  const source = reader.kind === T.IDENT ? reader.source() : '';
  const name = reader.nameValue();
  reader.next();
  if (RESERVED_TYPE_NAMES.has(source)) reader.refuse(`Invalid (reserved) user type name ${source}`);
  return name;
}

/** `[ks.]function`. */
export function functionName(reader: TokenReader): QualifiedName {
  const { kind } = reader;
  if (kind === T.K_TOKEN) return { keyspace: null, name: plainFunctionName(reader) };
  if (FUNCTION_NAMES[kind] === 1) {
    const second = reader.ahead(1);
    if (second !== T.DOT && AFTER_FUNCTION[second] !== 1) throw reader.noViable(1);
    reader.touch(2);
    if (second !== T.DOT) {
      return { keyspace: null, name: plainFunctionName(reader) };
    }
  } else if (NOT_FUNCTION_WORDS[kind] !== 1 && kind !== T.QMARK) {
    throw reader.noViable();
  }
  const keyspace = keyspaceName(reader);
  reader.expect(T.DOT);
  return { keyspace, name: plainFunctionName(reader) };
}

/** A function name without keyspace. */
export function plainFunctionName(reader: TokenReader): string {
  const { kind } = reader;
  if (FUNCTION_NAMES[kind] !== 1 && kind !== T.K_TOKEN) throw reader.noViable();
  // A keyword that names a function keeps the case it is written in.
  const name = BASIC_WORDS[kind] === 1 ? reader.source() : reader.nameValue();
  reader.next();
  return name;
}
