// The entry to the CQL parser: text in, plain data out, or a CqlException whose text is Cassandra's
// to the letter. Pure and synchronous; bounded in stack (nesting limit) and linear in time. Story:
// test/cql-parser/.

import type { ParsedStatement, RawType, Term, WhereClause } from './ast.ts';
import { statement } from './parser/statement.ts';
import { failureToException, SyntaxFailure } from './parser/syntax-failure.ts';
import { term } from './parser/terms.ts';
import { TokenReader } from './parser/token-reader.ts';
import { T } from './parser/tokens.ts';
import { type } from './parser/types.ts';
import { whereClause } from './parser/where.ts';

export { isReservedWord, quoteIdentifier } from './identifier.ts';

/**
 * Parses one CQL statement, with any number of `;` after it. Throws CqlException: SYNTAX_ERROR, or
 * INVALID for the few errors that Cassandra raises while it parses (a column declared twice).
 * Source: QueryProcessor.parseStatement.
 */
export function parseStatement(text: string): ParsedStatement {
  return parseWhole(text, 'statement', (reader) => {
    const parsed = statement(reader);
    while (reader.kind === T.SEMICOLON) reader.next();
    return { statement: parsed, bindMarkers: reader.markers, text };
  });
}

/**
 * Parses a term that stands alone: an initial condition or a mask's argument as the schema tables
 * store it.
 */
export function parseTerm(text: string): Term {
  return parseWhole(text, 'CQL term', term);
}

/** Parses a type that stands alone: `frozen<list<int>>` as the schema tables store it. */
export function parseType(text: string): RawType {
  return parseWhole(text, 'CQL type', type);
}

/**
 * Parses the WHERE clause of a view as the schema tables store it; empty text is an empty clause.
 */
export function parseWhereClause(text: string): WhereClause {
  if (text === '') return { relations: [], expressions: [] };
  return parseWhole(text, 'WHERE clause', whereClause);
}

function parseWhole<R>(text: string, meaning: string, parse: (reader: TokenReader) => R): R {
  try {
    const reader = new TokenReader(text);
    const result = parse(reader);
    reader.expect(T.EOF);
    return result;
  } catch (error) {
    if (error instanceof SyntaxFailure) throw failureToException(text, error.detail, meaning);
    throw error;
  }
}
