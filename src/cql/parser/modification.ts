// INSERT, UPDATE, DELETE and BATCH.

import type {
  Assignment,
  Attributes,
  BatchStatement,
  ColumnCondition,
  DeleteStatement,
  Deletion,
  InsertJsonStatement,
  InsertStatement,
  LiteralTerm,
  MarkerTerm,
  ModificationStatement,
  QualifiedName,
  Term,
  UpdateStatement,
} from '../ast.ts';
import { AssignedColumns, columnOperation } from './assignment.ts';
import { tableName } from './names.ts';
import { integerOrMarker, marker, term } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import { COLUMN_NAMES, kindSet, RELATION_OPERATORS, T } from './tokens.ts';
import { conditions, whereClause } from './where.ts';

const NO_ATTRIBUTES: Attributes = { timestamp: null, ttl: null };

/** Takes an INSERT; the current token is INSERT. */
export function insertStatement(reader: TokenReader): InsertStatement | InsertJsonStatement {
  reader.next();
  reader.expect(T.K_INTO);
  const table = tableName(reader);
  if (reader.kind === T.LEFT_PAREN) return normalInsert(reader, table);
  if (reader.take(T.K_JSON)) return jsonInsert(reader, table);
  throw reader.noViable();
}

function normalInsert(reader: TokenReader, table: QualifiedName): InsertStatement {
  reader.next();
  const columns = [reader.columnName()];
  while (reader.take(T.COMMA)) columns.push(reader.columnName());
  reader.expect(T.RIGHT_PAREN);
  reader.expect(T.K_VALUES);
  reader.expect(T.LEFT_PAREN);
  const values = [term(reader)];
  while (reader.take(T.COMMA)) values.push(term(reader));
  reader.expect(T.RIGHT_PAREN);
  const ifNotExists = reader.ifNotExists();
  return { kind: 'insert', table, columns, values, ifNotExists, attributes: usingClause(reader) };
}

function jsonInsert(reader: TokenReader, table: QualifiedName): InsertJsonStatement {
  const json = jsonValue(reader);
  let defaultUnset = false;
  if (reader.take(T.K_DEFAULT)) {
    if (reader.take(T.K_UNSET)) defaultUnset = true;
    else if (!reader.take(T.K_NULL)) throw reader.noViable();
  }
  const ifNotExists = reader.ifNotExists();
  return {
    kind: 'insert-json',
    table,
    json,
    defaultUnset,
    ifNotExists,
    attributes: usingClause(reader),
  };
}

function jsonValue(reader: TokenReader): LiteralTerm | MarkerTerm {
  if (reader.kind === T.STRING_LITERAL)
    return { kind: 'literal', type: 'STRING', text: reader.string() };
  if (reader.kind === T.QMARK || reader.kind === T.COLON) return marker(reader);
  throw reader.noViable();
}

/**
 * Takes `USING TIMESTAMP n AND TTL n` if it is there; of an attribute written twice the last
 * counts.
 */
function usingClause(reader: TokenReader): Attributes {
  if (!reader.take(T.K_USING)) return NO_ATTRIBUTES;
  let timestamp: Term | null = null;
  let ttl: Term | null = null;
  do {
    if (reader.take(T.K_TIMESTAMP)) timestamp = integerOrMarker(reader);
    else if (reader.take(T.K_TTL)) ttl = integerOrMarker(reader);
    else throw reader.noViable();
  } while (reader.take(T.K_AND));
  return { timestamp, ttl };
}

interface Guard {
  readonly ifExists: boolean;
  readonly conditions: readonly ColumnCondition[];
}

const UNGUARDED: Guard = { ifExists: false, conditions: [] };
const AFTER_STATEMENT = kindSet([
  T.EOF,
  T.SEMICOLON,
  T.K_INSERT,
  T.K_UPDATE,
  T.K_DELETE,
  T.K_APPLY,
]);
const CONDITION_TAILS = kindSet(RELATION_OPERATORS, [T.K_IN, T.K_CONTAINS, T.LEFT_BRACKET, T.DOT]);

/** Takes `IF EXISTS` or `IF conditions` if it is there; EXISTS may also be a column. */
function guard(reader: TokenReader): Guard {
  if (!reader.take(T.K_IF)) return UNGUARDED;
  if (reader.kind === T.K_EXISTS) {
    const second = reader.ahead(1);
    if (AFTER_STATEMENT[second] === 1) {
      reader.next();
      return { ifExists: true, conditions: [] };
    }
    if (CONDITION_TAILS[second] !== 1) throw reader.noViable(1);
  } else if (COLUMN_NAMES[reader.kind] !== 1) {
    throw reader.noViable();
  }
  return { ifExists: false, conditions: conditions(reader) };
}

/** Takes an UPDATE; the current token is UPDATE. */
export function updateStatement(reader: TokenReader): UpdateStatement {
  reader.next();
  const table = tableName(reader);
  const attributes = usingClause(reader);
  reader.expect(T.K_SET);
  const assignments: Assignment[] = [];
  const assigned = new AssignedColumns();
  do assignments.push(columnOperation(reader, assigned));
  while (reader.take(T.COMMA));
  reader.expect(T.K_WHERE);
  const where = whereClause(reader);
  return { kind: 'update', table, attributes, assignments, where, ...guard(reader) };
}

/** Takes a DELETE; the current token is DELETE. */
export function deleteStatement(reader: TokenReader): DeleteStatement {
  reader.next();
  const deletions: Deletion[] = [];
  if (COLUMN_NAMES[reader.kind] === 1) {
    do deletions.push(deletion(reader));
    while (reader.take(T.COMMA));
  }
  reader.expect(T.K_FROM);
  const table = tableName(reader);
  let attributes = NO_ATTRIBUTES;
  if (reader.take(T.K_USING)) {
    reader.expect(T.K_TIMESTAMP);
    attributes = { timestamp: integerOrMarker(reader), ttl: null };
  }
  reader.expect(T.K_WHERE);
  const where = whereClause(reader);
  return { kind: 'delete', table, deletions, attributes, where, ...guard(reader) };
}

const AFTER_DELETED_COLUMN = kindSet([T.COMMA, T.K_FROM, T.LEFT_BRACKET, T.DOT]);

function deletion(reader: TokenReader): Deletion {
  if (COLUMN_NAMES[reader.kind] !== 1) throw reader.noViable();
  reader.require(AFTER_DELETED_COLUMN, 1);
  reader.touch(2);
  const column = reader.columnName();
  if (reader.take(T.LEFT_BRACKET)) {
    const key = term(reader);
    reader.expect(T.RIGHT_BRACKET);
    return { kind: 'element', column, key };
  }
  if (reader.take(T.DOT)) return { kind: 'field', column, field: reader.name() };
  return { kind: 'column', column };
}

/** Takes a BATCH; the current token is BEGIN. */
export function batchStatement(reader: TokenReader): BatchStatement {
  reader.next();
  let type: BatchStatement['type'] = 'LOGGED';
  if (reader.take(T.K_UNLOGGED)) type = 'UNLOGGED';
  else if (reader.take(T.K_COUNTER)) type = 'COUNTER';
  reader.expect(T.K_BATCH);
  const attributes = usingClause(reader);
  const statements: ModificationStatement[] = [];
  for (let next = batched(reader); next !== null; next = batched(reader)) {
    statements.push(next);
    reader.take(T.SEMICOLON);
  }
  reader.expect(T.K_APPLY);
  reader.expect(T.K_BATCH);
  return { kind: 'batch', type, attributes, statements };
}

function batched(reader: TokenReader): ModificationStatement | null {
  switch (reader.kind) {
    case T.K_INSERT:
      return insertStatement(reader);
    case T.K_UPDATE:
      return updateStatement(reader);
    case T.K_DELETE:
      return deleteStatement(reader);
    default:
      return null;
  }
}
