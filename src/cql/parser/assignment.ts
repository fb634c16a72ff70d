// One assignment of UPDATE ... SET, and the rule that a column is set once.

import type { Assignment, Term } from '../ast.ts';
import { constant, term } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import {
  COLUMN_NAMES, FUNCTION_NAMES, kindSet, NOT_FUNCTION_WORDS, T, TERM_STARTS_NOT_NAMES, without,
} from './tokens.ts';

/** Takes an assignment and adds it to `assignments`. */
export function columnOperation(reader: TokenReader, assignments: Assignment[]): void {
  const column = reader.columnName();
  switch (reader.kind) {
    case T.EQ:
      reader.next();
      add(reader, assignments, normalOperation(reader, column));
      return;
    case T.PLUS_EQ:
      reader.next();
      add(reader, assignments, { kind: 'add', column, value: term(reader) });
      return;
    case T.MINUS_EQ:
      reader.next();
      add(reader, assignments, { kind: 'subtract', column, value: term(reader) });
      return;
    case T.LEFT_BRACKET: {
      reader.next();
      const key = term(reader);
      reader.expect(T.RIGHT_BRACKET);
      reader.expect(T.EQ);
      add(reader, assignments, { kind: 'set-element', column, key, value: term(reader) });
      return;
    }
    case T.DOT: {
      reader.next();
      const field = reader.name();
      reader.expect(T.EQ);
      add(reader, assignments, { kind: 'set-field', column, field, value: term(reader) });
      return;
    }
    default:
      throw reader.noViable();
  }
}

const CALL_NAMES = kindSet(FUNCTION_NAMES, T.K_CAST);
const QUALIFIERS = without(NOT_FUNCTION_WORDS, T.K_COUNT, T.K_CAST);

/** What follows `c =`: a term, `term + c`, `c + term`, `c - term`, or `c -3`. */
function normalOperation(reader: TokenReader, column: string): Assignment {
  if (!beginsWithColumn(reader)) return settingOrPrepending(reader, column, term(reader));
  const named = reader.columnName();
  const { kind } = reader;
  if (kind === T.INTEGER) {
    const sign = reader.source().startsWith('-') ? '-' : '+';
    const value = constant(reader);
    if (named !== column) throw onlyForm(reader, `X = X ${sign} <value>`);
    return { kind: 'add', column, value };
  }
  reader.next();
  const value = term(reader);
  const plus = kind === T.PLUS;
  if (named !== column) throw onlyForm(reader, `X = X ${plus ? '+' : '-'}<value>`);
  return { kind: plus ? 'add' : 'subtract', column, value };
}

function settingOrPrepending(reader: TokenReader, column: string, value: Term): Assignment {
  if (!reader.take(T.PLUS)) return { kind: 'set', column, value };
  const named = reader.columnName();
  if (named !== column) throw onlyForm(reader, 'X = <value> + X');
  return { kind: 'prepend', column, value };
}

function onlyForm(reader: TokenReader, form: string): Error {
  return reader.semanticError(`Only expressions of the form ${form} are supported.`);
}

function beginsWithColumn(reader: TokenReader): boolean {
  const { kind } = reader;
  if (TERM_STARTS_NOT_NAMES[kind] === 1) return false;
  if (COLUMN_NAMES[kind] !== 1) throw reader.noViable();
  const second = reader.ahead(1);
  if (second === T.PLUS || second === T.MINUS || second === T.INTEGER) return true;
  if (second === T.DOT && kind !== T.EMPTY_QUOTED_NAME) {
    if (CALL_NAMES[kind] === 1 || QUALIFIERS[kind] === 1) return false;
  }
  if (second === T.LEFT_PAREN && CALL_NAMES[kind] === 1) return false;
  throw reader.noViable(1);
}

function add(reader: TokenReader, assignments: Assignment[], assignment: Assignment): void {
  for (const earlier of assignments) {
    if (earlier.column === assignment.column && !compatible(earlier, assignment)) {
      const name = quoteForMessage(assignment.column);
      throw reader.semanticError(`Multiple incompatible setting of column ${name}`);
    }
  }
  assignments.push(assignment);
}

/** Messages name a column as it is stored, without quotes. */
function quoteForMessage(column: string): string {
  return column;
}

/** Whether a statement may hold both. Source: cql3/Operation.RawUpdate.isCompatibleWith of the earlier one. */
function compatible(earlier: Assignment, later: Assignment): boolean {
  switch (earlier.kind) {
    case 'set':
      return false;
    case 'set-field':
      return later.kind === 'set-field' && later.field !== earlier.field;
    default:
      return later.kind !== 'set';
  }
}

