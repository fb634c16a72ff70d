// How CQL prints an identifier: bare when it reads back as itself, else in double quotes. Reading
// identifiers is the parser's business (cql/parser). Cassandra: cql3/ColumnIdentifier.maybeQuote,
// cql3/ReservedKeywords.

/** Words that must be quoted to serve as an identifier, lower case. */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(
  (
    'add allow alter and apply asc authorize batch begin by columnfamily create delete desc describe drop entries ' +
    'execute from full grant if in index infinity insert into is keyspace limit materialized modify nan ' +
    'norecursive not null of on or order primary rename revoke schema select set table to token truncate unlogged ' +
    'update use using view where with'
  ).split(' '),
);

const UNQUOTED = /^[a-z][a-z0-9_]*$/;

/** The identifier as CQL text. */
export function quoteIfNeeded(name: string): string {
  if (UNQUOTED.test(name) && !RESERVED_WORDS.has(name)) return name;
  return `"${name.replaceAll('"', '""')}"`;
}

/** `keyspace.name` as CQL text. */
export function qualifiedText(named: { readonly keyspace: string; readonly name: string }): string {
  return `${quoteIfNeeded(named.keyspace)}.${quoteIfNeeded(named.name)}`;
}
