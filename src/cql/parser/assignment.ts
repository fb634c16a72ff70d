// One assignment of UPDATE ... SET, and the rule that a column is set once.

import type { Assignment, Term } from '../ast.ts';
import { constant, term } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import { CALL_NAMES, QUALIFIERS } from './term-sets.ts';
import { COLUMN_NAMES, T, TERM_STARTS_NOT_NAMES } from './tokens.ts';

/** Takes an assignment that goes with those before it. */
export function columnOperation(reader: TokenReader, assigned: AssignedColumns): Assignment {
  const assignment = parseOperation(reader);
  assigned.add(reader, assignment);
  return assignment;
}

function parseOperation(reader: TokenReader): Assignment {
  const column = reader.columnName();
  switch (reader.kind) {
    case T.EQ:
      reader.next();
      return normalOperation(reader, column);
    case T.PLUS_EQ:
      reader.next();
      return { kind: 'add', column, value: term(reader) };
    case T.MINUS_EQ:
      reader.next();
      return { kind: 'subtract', column, value: term(reader) };
    case T.LEFT_BRACKET: {
      reader.next();
      const key = term(reader);
      reader.expect(T.RIGHT_BRACKET);
      reader.expect(T.EQ);
      return { kind: 'set-element', column, key, value: term(reader) };
    }
    case T.DOT: {
      reader.next();
      const field = reader.name();
      reader.expect(T.EQ);
      return { kind: 'set-field', column, field, value: term(reader) };
    }
    default:
      throw reader.noViable();
  }
}

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
  if (second === T.PLUS || second === T.MINUS || second === T.INTEGER) {
    reader.touch(2);
    return true;
  }
  if (second === T.DOT && kind !== T.EMPTY_QUOTED_NAME) {
    if (CALL_NAMES[kind] === 1 || QUALIFIERS[kind] === 1) return false;
  }
  if (second === T.LEFT_PAREN && CALL_NAMES[kind] === 1) return false;
  throw reader.noViable(1);
}

/**
 * The columns an UPDATE has assigned so far: all of each (null), or which fields among its parts.
 */
export class AssignedColumns {
  readonly #fieldsOf = new Map<string, Set<string> | null>();

  /**
   * Fails when an assignment does not go with an earlier one. Source:
   * cql3/Operation.RawUpdate.isCompatibleWith.
   */
  add(reader: TokenReader, assignment: Assignment): void {
    const { column } = assignment;
    const fields = this.#fieldsOf.get(column);
    const field = assignment.kind === 'set-field' ? assignment.field : null;
    if (fields === undefined) {
      this.#fieldsOf.set(
        column,
        assignment.kind === 'set' ? null : new Set(field === null ? [] : [field]),
      );
    } else if (
      fields === null ||
      assignment.kind === 'set' ||
      (field !== null && fields.has(field))
    ) {
      throw reader.semanticError(`Multiple incompatible setting of column ${column}`);
    } else if (field !== null) {
      fields.add(field);
    }
  }
}
