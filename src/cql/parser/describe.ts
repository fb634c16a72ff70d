// DESCRIBE.

import type { DescribeStatement, DescribeTarget } from '../ast.ts';
import { functionName, keyspaceName, tableName, userTypeName } from './names.ts';
import { crashed } from './syntax-failure.ts';
import { speculate } from './token-reader.ts';
import type { TokenReader } from './token-reader.ts';
import { kindSet, NAMES, T } from './tokens.ts';
import type { Kind } from './tokens.ts';

/** Takes a DESCRIBE; the current token is DESCRIBE or DESC. */
export function describeStatement(reader: TokenReader): DescribeStatement {
  reader.next();
  const target = describeTarget(reader);
  let withInternals = false;
  if (reader.take(T.K_WITH)) {
    reader.expect(T.K_INTERNALS);
    withInternals = true;
  }
  return { kind: 'describe', target, withInternals };
}

const LISTS: ReadonlyMap<Kind, DescribeTarget> = new Map<Kind, DescribeTarget>([
  [T.K_CLUSTER, { kind: 'cluster' }],
  [T.K_KEYSPACES, { kind: 'keyspaces' }],
  [T.K_TABLES, { kind: 'tables' }],
  [T.K_TYPES, { kind: 'types' }],
  [T.K_FUNCTIONS, { kind: 'functions' }],
  [T.K_AGGREGATES, { kind: 'aggregates' }],
]);
const AFTER_NAME = kindSet([T.SEMICOLON, T.EOF, T.K_WITH]);
const AFTER_GENERIC = kindSet(AFTER_NAME, T.DOT);
const FUNCTION_STARTS = kindSet(NAMES, [T.K_TOKEN, T.QMARK]);

function describeTarget(reader: TokenReader): DescribeTarget {
  const { kind } = reader;
  const list = LISTS.get(kind);
  if (list !== undefined) {
    reader.touch(2);
    reader.next();
    return list;
  }
  const second = reader.ahead(1);
  switch (kind) {
    case T.K_FULL:
      reader.next();
      reader.expect(T.K_SCHEMA);
      return { kind: 'schema', full: true };
    case T.K_SCHEMA:
      reader.next();
      return { kind: 'schema', full: false };
    case T.K_ONLY:
      if (second !== T.K_KEYSPACE) return generic(reader);
      reader.next();
      return keyspaceTarget(reader, true);
    case T.K_KEYSPACE:
      return keyspaceTarget(reader, false);
    case T.K_COLUMNFAMILY:
      reader.next();
      return { kind: 'table', name: tableName(reader) };
    case T.K_INDEX:
      reader.next();
      return { kind: 'index', name: tableName(reader) };
    case T.K_MATERIALIZED:
      reader.next();
      reader.expect(T.K_VIEW);
      return { kind: 'view', name: tableName(reader) };
    case T.K_TYPE:
      if (NAMES[second] !== 1) return generic(reader);
      reader.next();
      return describedType(reader);
    case T.K_FUNCTION:
    case T.K_AGGREGATE:
      if (FUNCTION_STARTS[second] !== 1) return generic(reader);
      reader.next();
      return described(reader, kind === T.K_FUNCTION ? 'function' : 'aggregate');
    default:
      return generic(reader);
  }
}

function keyspaceTarget(reader: TokenReader, only: boolean): DescribeTarget {
  reader.next();
  const named = NAMES[reader.kind] === 1 || reader.kind === T.QMARK;
  return { kind: 'keyspace', keyspace: named ? keyspaceName(reader) : null, only };
}

/** A malformed function name makes Cassandra's parser itself fail. */
function described(reader: TokenReader, kind: 'function' | 'aggregate'): DescribeTarget {
  const name = speculate(reader, functionName);
  if (name !== null) return { kind, name };
  const variable = kind === 'function' ? 'fn' : 'ag';
  throw nullPointer(reader, `Cannot read field "keyspace" because "${variable}" is null`);
}

function describedType(reader: TokenReader): DescribeTarget {
  const qualified = reader.ahead(1) === T.DOT;
  const name = speculate(reader, userTypeName);
  if (name !== null) return { kind: 'type', name };
  const call = qualified
    ? '"org.apache.cassandra.cql3.ColumnIdentifier.toString()" because "this.utName" is null'
    : '"org.apache.cassandra.cql3.UTName.getKeyspace()" because "tn" is null';
  throw nullPointer(reader, `Cannot invoke ${call}`);
}

function nullPointer(reader: TokenReader, message: string): Error {
  return crashed(reader.text, 'statement', `NullPointerException ${message}`);
}

/** `[ks.]name` of anything. */
function generic(reader: TokenReader): DescribeTarget {
  if (NAMES[reader.kind] !== 1) throw reader.noViable();
  reader.require(AFTER_GENERIC, 1);
  reader.touch(2);
  const first = reader.name();
  if (!reader.take(T.DOT)) return { kind: 'generic', name: { keyspace: null, name: first } };
  return { kind: 'generic', name: { keyspace: first, name: reader.name() } };
}
