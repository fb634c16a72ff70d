// WHERE relations and IF conditions.

import type {
  ColumnCondition,
  ComparisonOperator,
  ConditionValue,
  ContainsOperator,
  CustomExpression,
  MarkerTerm,
  Relation,
  Term,
  TupleTerm,
  WhereClause,
} from '../ast.ts';
import { plainIndexName } from './names.ts';
import { beginsTerm, marker, term, tupleLiteral } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import { COLUMN_NAMES, kindSet, RELATION_OPERATORS, T } from './tokens.ts';

interface Clause {
  readonly relations: Relation[];
  readonly expressions: CustomExpression[];
}

/** Takes `relation AND relation ...`. */
export function whereClause(reader: TokenReader): WhereClause {
  const clause: Clause = { relations: [], expressions: [] };
  do {
    if (reader.kind === T.EXPR) customExpression(reader, clause);
    else relation(reader, clause);
  } while (reader.take(T.K_AND));
  return clause;
}

export const NO_WHERE: WhereClause = { relations: [], expressions: [] };

function customExpression(reader: TokenReader, clause: Clause): void {
  reader.next();
  const index = { keyspace: null, name: plainIndexName(reader) };
  reader.expect(T.COMMA);
  const value = term(reader);
  reader.expect(T.RIGHT_PAREN);
  clause.expressions.push({ index, value });
}

const RELATION_TAILS = kindSet(RELATION_OPERATORS, [
  T.LEFT_BRACKET,
  T.K_CONTAINS,
  T.K_IN,
  T.K_IS,
  T.K_LIKE,
]);

function relation(reader: TokenReader, clause: Clause): void {
  const { kind } = reader;
  if (COLUMN_NAMES[kind] === 1) {
    clause.relations.push(columnRelation(reader));
    return;
  }
  if (kind === T.K_TOKEN) {
    clause.relations.push(tokenRelation(reader));
    return;
  }
  if (kind !== T.LEFT_PAREN) throw reader.noViable();
  if (beginsColumnTuple(reader)) {
    clause.relations.push(tupleRelation(reader));
    return;
  }
  reader.enter();
  reader.next();
  relation(reader, clause);
  reader.expect(T.RIGHT_PAREN);
  reader.leave();
}

/** `(a,` and `(a)` are column tuples, `(a =` is a relation in parentheses. */
function beginsColumnTuple(reader: TokenReader): boolean {
  const second = reader.ahead(1);
  if (second === T.LEFT_PAREN || second === T.K_TOKEN) {
    reader.touch(2);
    return false;
  }
  if (COLUMN_NAMES[second] !== 1) throw reader.noViable(1);
  const third = reader.ahead(2);
  const tuple = third === T.RIGHT_PAREN || third === T.COMMA;
  if (!tuple && RELATION_TAILS[third] !== 1) throw reader.noViable(2);
  reader.touch(3);
  return tuple;
}

function columnRelation(reader: TokenReader): Relation {
  const second = reader.ahead(1);
  if (RELATION_TAILS[second] === 1) reader.touch(2);
  if (RELATION_OPERATORS[second] === 1) {
    const column = reader.columnName();
    const operator = comparison(reader);
    return { kind: 'single', column, operator, value: term(reader) };
  }
  switch (second) {
    case T.K_IN:
      return inRelation(reader);
    case T.K_CONTAINS: {
      const column = reader.columnName();
      const operator = contains(reader);
      return { kind: 'single', column, operator, value: term(reader) };
    }
    case T.K_LIKE: {
      const column = reader.columnName();
      reader.next();
      return { kind: 'single', column, operator: 'LIKE', value: term(reader) };
    }
    case T.K_IS: {
      const column = reader.columnName();
      reader.next();
      reader.expect(T.K_NOT);
      reader.expect(T.K_NULL);
      return { kind: 'single', column, operator: 'IS NOT', value: { kind: 'null' } };
    }
    case T.LEFT_BRACKET: {
      const column = reader.columnName();
      reader.next();
      const key = term(reader);
      reader.expect(T.RIGHT_BRACKET);
      const operator = comparison(reader);
      return { kind: 'map-entry', column, key, operator, value: term(reader) };
    }
    default:
      throw reader.noViable(1);
  }
}

function inRelation(reader: TokenReader): Relation {
  const third = reader.ahead(2);
  if (third !== T.LEFT_PAREN && third !== T.QMARK && third !== T.COLON) throw reader.noViable(2);
  reader.touch(3);
  if (third === T.LEFT_PAREN) {
    const column = reader.columnName();
    reader.next();
    return { kind: 'in', column, values: inValues(reader) };
  }
  const column = reader.columnName();
  reader.next();
  return { kind: 'in-marker', column, marker: marker(reader) };
}

/** `(a, b)`, possibly empty (`singleColumnInValues` of the grammar). */
function inValues(reader: TokenReader): readonly Term[] {
  const values: Term[] = [];
  reader.expect(T.LEFT_PAREN);
  if (beginsTerm(reader.kind)) {
    do values.push(term(reader));
    while (reader.take(T.COMMA));
  }
  reader.expect(T.RIGHT_PAREN);
  return values;
}

function tokenRelation(reader: TokenReader): Relation {
  reader.next();
  const columns = columnTuple(reader);
  const operator = comparison(reader);
  return { kind: 'token', columns, operator, value: term(reader) };
}

function columnTuple(reader: TokenReader): readonly string[] {
  reader.expect(T.LEFT_PAREN);
  const columns = [reader.columnName()];
  while (reader.take(T.COMMA)) columns.push(reader.columnName());
  reader.expect(T.RIGHT_PAREN);
  return columns;
}

function tupleRelation(reader: TokenReader): Relation {
  const columns = columnTuple(reader);
  if (reader.kind === T.K_IN) return tupleInRelation(reader, columns);
  if (RELATION_OPERATORS[reader.kind] !== 1) throw reader.noViable();
  const second = reader.ahead(1);
  if (second === T.LEFT_PAREN) {
    reader.touch(2);
    const operator = comparison(reader);
    return { kind: 'multi', columns, operator, value: tupleLiteral(reader) };
  }
  if (second !== T.QMARK && second !== T.COLON) throw reader.noViable(1);
  reader.touch(2);
  const operator = comparison(reader);
  return { kind: 'multi', columns, operator, value: marker(reader) };
}

function tupleInRelation(reader: TokenReader, columns: readonly string[]): Relation {
  reader.next();
  if (reader.kind === T.QMARK || reader.kind === T.COLON) {
    return { kind: 'multi-in-marker', columns, marker: marker(reader) };
  }
  if (reader.kind !== T.LEFT_PAREN) throw reader.noViable();
  switch (reader.ahead(1)) {
    case T.RIGHT_PAREN:
      reader.next();
      reader.next();
      return { kind: 'multi-in', columns, values: [] };
    case T.LEFT_PAREN:
      return { kind: 'multi-in', columns, values: tupleValues(reader, tupleLiteral) };
    case T.QMARK:
    case T.COLON:
      return { kind: 'multi-in', columns, values: tupleValues(reader, tupleMarker) };
    default:
      throw reader.noViable(1);
  }
}

function tupleValues<V extends TupleTerm | MarkerTerm>(
  reader: TokenReader,
  value: (reader: TokenReader) => V,
): readonly V[] {
  reader.next();
  const values = [value(reader)];
  while (reader.take(T.COMMA)) values.push(value(reader));
  reader.expect(T.RIGHT_PAREN);
  return values;
}

function tupleMarker(reader: TokenReader): MarkerTerm {
  if (reader.kind !== T.QMARK && reader.kind !== T.COLON) throw reader.noViable();
  return marker(reader);
}

function comparison(reader: TokenReader): ComparisonOperator {
  const operator = comparisonOf(reader);
  reader.next();
  return operator;
}

function comparisonOf(reader: TokenReader): ComparisonOperator {
  switch (reader.kind) {
    case T.EQ:
      return '=';
    case T.LT:
      return '<';
    case T.LTE:
      return '<=';
    case T.GT:
      return '>';
    case T.GTE:
      return '>=';
    case T.NEQ:
      return '!=';
    default:
      throw reader.noViable();
  }
}

function contains(reader: TokenReader): ContainsOperator {
  reader.next();
  if (reader.kind !== T.K_KEY) return 'CONTAINS';
  // KEY may also qualify a function: `CONTAINS key.f()`.
  const second = reader.ahead(1);
  if (second === T.DOT) return 'CONTAINS';
  if (!beginsTerm(second)) throw reader.noViable(1);
  reader.next();
  return 'CONTAINS KEY';
}

/** Takes `condition AND condition ...` after IF. */
export function conditions(reader: TokenReader): readonly ColumnCondition[] {
  const found = [condition(reader)];
  while (reader.take(T.K_AND)) found.push(condition(reader));
  return found;
}

function condition(reader: TokenReader): ColumnCondition {
  const column = reader.columnName();
  if (reader.take(T.LEFT_BRACKET)) {
    const key = term(reader);
    reader.expect(T.RIGHT_BRACKET);
    return { column, target: { kind: 'element', key }, value: comparedValue(reader) };
  }
  if (reader.take(T.DOT)) {
    const field = reader.name();
    return { column, target: { kind: 'field', field }, value: comparedValue(reader) };
  }
  if (reader.kind === T.K_CONTAINS) {
    const operator = contains(reader);
    return { column, target: null, value: { kind: 'term', operator, term: term(reader) } };
  }
  return { column, target: null, value: comparedValue(reader) };
}

function comparedValue(reader: TokenReader): ConditionValue {
  if (reader.take(T.K_IN)) {
    if (reader.kind === T.LEFT_PAREN) return { kind: 'in', values: inValues(reader) };
    if (reader.kind !== T.QMARK && reader.kind !== T.COLON) throw reader.noViable();
    return { kind: 'in-marker', marker: marker(reader) };
  }
  const operator = comparison(reader);
  return { kind: 'term', operator, term: term(reader) };
}
