// The kinds of CQL tokens as small numbers, the keyword table, and the sets of kinds that decide
// between alternatives of the grammar. Names are those of Cassandra's token vocabulary, because
// error texts print them. Must never look at text beyond recognising keywords.

const PUNCTUATION = [
  ['SEMICOLON', "';'"],
  ['LEFT_PAREN', "'('"],
  ['RIGHT_PAREN', "')'"],
  ['COMMA', "','"],
  ['DOT', "'.'"],
  ['LEFT_BRACKET', "'['"],
  ['RIGHT_BRACKET', "']'"],
  ['LEFT_BRACE', "'{'"],
  ['RIGHT_BRACE', "'}'"],
  ['COLON', "':'"],
  ['PLUS', "'+'"],
  ['MINUS', "'-'"],
  ['STAR', "'\\*'"],
  ['SLASH', "'/'"],
  ['PERCENT', "'%'"],
  ['EQ', "'='"],
  ['PLUS_EQ', "'+='"],
  ['MINUS_EQ', "'-='"],
  ['LT', "'<'"],
  ['LTE', "'<='"],
  ['GT', "'>'"],
  ['GTE', "'>='"],
  ['NEQ', "'!='"],
  ['EXPR', "'expr('"],
] as const;

const VARIABLE = [
  'EOF',
  'IDENT',
  'QUOTED_NAME',
  'EMPTY_QUOTED_NAME',
  'STRING_LITERAL',
  'INTEGER',
  'FLOAT',
  'BOOLEAN',
  'DURATION',
  'UUID',
  'HEXNUMBER',
  'QMARK',
  'RANGE',
  'K_NEGATIVE_NAN',
  'K_NEGATIVE_INFINITY',
  'HIDDEN',
  'ERROR',
] as const;

/** Keywords no identifier may be. */
const RESERVED = [
  'SELECT',
  'FROM',
  'WHERE',
  'AND',
  'ENTRIES',
  'FULL',
  'INSERT',
  'UPDATE',
  'WITH',
  'LIMIT',
  'USING',
  'USE',
  'SET',
  'BEGIN',
  'UNLOGGED',
  'BATCH',
  'APPLY',
  'TRUNCATE',
  'DELETE',
  'IN',
  'CREATE',
  'SCHEMA',
  'KEYSPACE',
  'COLUMNFAMILY',
  'MATERIALIZED',
  'VIEW',
  'INDEX',
  'ON',
  'TO',
  'DROP',
  'PRIMARY',
  'INTO',
  'ALTER',
  'RENAME',
  'ADD',
  'ORDER',
  'BY',
  'ASC',
  'DESC',
  'ALLOW',
  'IF',
  'IS',
  'GRANT',
  'OF',
  'REVOKE',
  'MODIFY',
  'AUTHORIZE',
  'DESCRIBE',
  'EXECUTE',
  'NORECURSIVE',
  'TOKEN',
  'NULL',
  'NOT',
  'POSITIVE_NAN',
  'POSITIVE_INFINITY',
  'OR',
] as const;

/** Unreserved keywords that may name anything, functions and types too. */
const BASIC = [
  'KEYS',
  'AS',
  'CLUSTER',
  'CLUSTERING',
  'COMPACT',
  'STORAGE',
  'TABLES',
  'TYPE',
  'TYPES',
  'VALUES',
  'MAP',
  'LIST',
  'FILTERING',
  'PERMISSION',
  'PERMISSIONS',
  'KEYSPACES',
  'ALL',
  'USER',
  'USERS',
  'ROLE',
  'ROLES',
  'IDENTITY',
  'SUPERUSER',
  'NOSUPERUSER',
  'LOGIN',
  'NOLOGIN',
  'OPTIONS',
  'PASSWORD',
  'HASHED',
  'EXISTS',
  'CUSTOM',
  'TRIGGER',
  'CONTAINS',
  'INTERNALS',
  'ONLY',
  'STATIC',
  'FROZEN',
  'TUPLE',
  'FUNCTION',
  'FUNCTIONS',
  'AGGREGATE',
  'AGGREGATES',
  'SFUNC',
  'STYPE',
  'FINALFUNC',
  'INITCOND',
  'RETURNS',
  'LANGUAGE',
  'CALLED',
  'INPUT',
  'LIKE',
  'PER',
  'PARTITION',
  'GROUP',
  'DATACENTERS',
  'CIDRS',
  'ACCESS',
  'DEFAULT',
  'MBEAN',
  'MBEANS',
  'REPLACE',
  'UNSET',
  'MASKED',
  'UNMASK',
  'SELECT_MASKED',
  'VECTOR',
  'ANN',
] as const;

/** Native type names: unreserved, may name functions but not user types. */
const NATIVE = [
  'ASCII',
  'BIGINT',
  'BLOB',
  'BOOLEAN',
  'COUNTER',
  'DECIMAL',
  'DOUBLE',
  'DURATION',
  'FLOAT',
  'INET',
  'INT',
  'SMALLINT',
  'TINYINT',
  'TEXT',
  'UUID',
  'VARCHAR',
  'VARINT',
  'TIMEUUID',
  'DATE',
  'TIME',
  'TIMESTAMP',
] as const;

/** Unreserved keywords that may not name a function. */
const NOT_FUNCTION = [
  'TTL',
  'COUNT',
  'WRITETIME',
  'MAXWRITETIME',
  'KEY',
  'CAST',
  'JSON',
  'DISTINCT',
] as const;

type Keyword =
  | (typeof RESERVED)[number]
  | (typeof BASIC)[number]
  | (typeof NATIVE)[number]
  | (typeof NOT_FUNCTION)[number];
type TokenName = (typeof VARIABLE)[number] | (typeof PUNCTUATION)[number][0] | `K_${Keyword}`;

/** A token's kind: the index of its name in TOKEN_DISPLAY. */
export type Kind = number;

const names: TokenName[] = [
  ...VARIABLE,
  ...PUNCTUATION.map(([name]) => name),
  ...[...RESERVED, ...BASIC, ...NATIVE, ...NOT_FUNCTION].map((word): TokenName => `K_${word}`),
];

/** Kind numbers by name: `T.K_SELECT`, `T.LEFT_PAREN`. */
export const T = Object.freeze(
  Object.fromEntries(names.map((name, kind) => [name, kind])),
) as Readonly<Record<TokenName, Kind>>;

const punctuationDisplay = new Map<string, string>(PUNCTUATION);

/** How error texts print an expected kind. */
export const TOKEN_DISPLAY: readonly string[] = names.map(
  (name) => punctuationDisplay.get(name) ?? name,
);

/** Spellings that differ from the keyword's name. */
const SPELLINGS: readonly (readonly [string, Kind])[] = [
  ['table', T.K_COLUMNFAMILY],
  ['columnfamilies', T.K_TABLES],
  ['nan', T.K_POSITIVE_NAN],
  ['infinity', T.K_POSITIVE_INFINITY],
  ['true', T.BOOLEAN],
  ['false', T.BOOLEAN],
];

function spellings(): [string, Kind][] {
  const words = [...RESERVED, ...BASIC, ...NATIVE, ...NOT_FUNCTION]
    .filter((word) => !word.startsWith('POSITIVE_'))
    .map((word): [string, Kind] => [word.toLowerCase(), T[`K_${word}`]]);
  return [...words, ...SPELLINGS.map(([word, kind]): [string, Kind] => [word, kind])];
}

const KEYWORD_SLOTS = 2048;
const LONGEST_KEYWORD = 14;
const slotWords: string[] = Array.from({ length: KEYWORD_SLOTS }, () => '');
const slotKinds = new Uint8Array(KEYWORD_SLOTS);

/** One step of the keyword hash; `lower` is the character with the case bit set. */
export function hashStep(hash: number, lower: number): number {
  return (Math.imul(hash, 31) + lower) | 0;
}

for (const [word, kind] of spellings()) {
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i) | 32);
  let slot = hash & (KEYWORD_SLOTS - 1);
  while (slotKinds[slot] !== 0) slot = (slot + 1) & (KEYWORD_SLOTS - 1);
  slotWords[slot] = word;
  slotKinds[slot] = kind;
}

/**
 * The keyword at text[start, end) whose hash is `hash`, or T.IDENT. Case does not matter.
 */
export function keywordKind(text: string, start: number, end: number, hash: number): Kind {
  const length = end - start;
  if (length < 2 || length > LONGEST_KEYWORD) return T.IDENT;
  for (let slot = hash & (KEYWORD_SLOTS - 1); ; slot = (slot + 1) & (KEYWORD_SLOTS - 1)) {
    const kind = slotKinds[slot] as number;
    if (kind === 0) return T.IDENT;
    const word = slotWords[slot] as string;
    if (word.length === length && equalsIgnoringCase(text, start, word)) return kind;
  }
}

function equalsIgnoringCase(text: string, start: number, word: string): boolean {
  for (let i = 0; i < word.length; i++) {
    const code = text.charCodeAt(start + i);
    const expected = word.charCodeAt(i);
    if (code !== expected && (code | 32) !== expected) return false;
    // `_` (0x5f) and DEL differ in the case bit too; the lexer admits no DEL here.
  }
  return true;
}

/** A set of kinds with constant-time membership. */
export type KindSet = Uint8Array;

export function kindSet(...groups: readonly (Kind | readonly Kind[] | KindSet)[]): KindSet {
  const set = new Uint8Array(names.length);
  for (const group of groups) {
    if (typeof group === 'number') set[group] = 1;
    else if (group instanceof Uint8Array)
      group.forEach((member, kind) => member === 1 && (set[kind] = 1));
    else for (const kind of group) set[kind] = 1;
  }
  return set;
}

function kinds(words: readonly Keyword[]): Kind[] {
  return words.map((word) => T[`K_${word}`]);
}

/** Kinds without some of their members. */
export function without(set: KindSet, ...removed: readonly Kind[]): KindSet {
  const rest = set.slice();
  for (const kind of removed) rest[kind] = 0;
  return rest;
}

export const BASIC_WORDS = kindSet(kinds(BASIC));
export const NATIVE_WORDS = kindSet(kinds(NATIVE));
export const NOT_FUNCTION_WORDS = kindSet(kinds(NOT_FUNCTION));
/** Every keyword that is also a name. */
export const UNRESERVED = kindSet(BASIC_WORDS, NATIVE_WORDS, NOT_FUNCTION_WORDS);
/** Starts a name that is not a column: identifiers, quoted names, unreserved words. */
export const NAMES = kindSet(UNRESERVED, T.IDENT, T.QUOTED_NAME);
/** Starts a column name: the empty quoted name too. */
export const COLUMN_NAMES = kindSet(NAMES, T.EMPTY_QUOTED_NAME);
/** Names that may be an unqualified function, CAST aside. */
export const FUNCTION_NAMES = kindSet(BASIC_WORDS, NATIVE_WORDS, T.IDENT, T.QUOTED_NAME, T.K_COUNT);
export const CONSTANTS = kindSet([
  T.STRING_LITERAL,
  T.INTEGER,
  T.FLOAT,
  T.BOOLEAN,
  T.DURATION,
  T.UUID,
  T.HEXNUMBER,
  T.K_POSITIVE_NAN,
  T.K_NEGATIVE_NAN,
  T.K_POSITIVE_INFINITY,
  T.K_NEGATIVE_INFINITY,
]);
/** What may begin a term, names aside. */
export const TERM_STARTS_NOT_NAMES = kindSet(CONSTANTS, [
  T.LEFT_PAREN,
  T.MINUS,
  T.COLON,
  T.LEFT_BRACKET,
  T.LEFT_BRACE,
  T.K_NULL,
  T.K_TOKEN,
  T.QMARK,
]);
export const RELATION_OPERATORS = kindSet([T.EQ, T.LT, T.LTE, T.GT, T.GTE, T.NEQ]);
