// Terms: values where no column may be named. Which of set, map, UDT, tuple, cast or call begins is
// decided as Cassandra's parser does, by at most six tokens of lookahead, so that errors name the
// same token. Recursive; TokenReader bounds the depth.

import type {
  ArithmeticOperator,
  LiteralTerm,
  MarkerTerm,
  NullTerm,
  Term,
  TupleTerm,
  UdtTerm,
} from '../ast.ts';
import { floatProblem } from './float-text.ts';
import { functionName } from './names.ts';
import type { TokenReader } from './token-reader.ts';
import { AFTER_MARKER, AFTER_TERM, ARGUMENT_STARTS, CALL_NAMES, QUALIFIERS } from './term-sets.ts';
import { CONSTANTS, FUNCTION_NAMES, kindSet, NAMES, T, TERM_STARTS_NOT_NAMES } from './tokens.ts';
import { beginsTypeHint } from './type-hint-lookahead.ts';
import type { Kind } from './tokens.ts';
import { nativeTypeName, type } from './types.ts';

/** Takes a term with its operators. */
export function term(reader: TokenReader): Term {
  let left = product(reader);
  for (let operators = 1; ; operators++) {
    const { kind } = reader;
    if (AFTER_TERM[kind] === 1) {
      reader.touch(1);
      return left;
    }
    if (kind === T.PLUS) {
      if (!additionContinues(reader)) return left;
    } else if (kind !== T.MINUS) {
      throw reader.noViable();
    }
    reader.next();
    reader.checkChain(operators);
    left = {
      kind: 'operation',
      operator: kind === T.PLUS ? '+' : '-',
      left,
      right: product(reader),
    };
  }
}

/** `v = 1 + v` ends the term before the plus: a column name follows, then `,` or WHERE. */
function additionContinues(reader: TokenReader): boolean {
  const second = reader.ahead(1);
  if (TERM_STARTS_NOT_NAMES[second] === 1 || second === T.EMPTY_QUOTED_NAME) {
    reader.touch(2);
    return second !== T.EMPTY_QUOTED_NAME;
  }
  const callable = CALL_NAMES[second] === 1;
  if (!callable && QUALIFIERS[second] !== 1) throw reader.noViable(1);
  const third = reader.ahead(2);
  const continues = third === T.DOT || (callable && third === T.LEFT_PAREN);
  if (!continues && third !== T.COMMA && third !== T.K_WHERE) throw reader.noViable(2);
  reader.touch(3);
  return continues;
}

function product(reader: TokenReader): Term {
  let left = signed(reader);
  for (let operators = 1; ; operators++) {
    const operator = multiplication(reader.kind);
    if (operator === null) return left;
    reader.next();
    reader.checkChain(operators);
    left = { kind: 'operation', operator, left, right: signed(reader) };
  }
}

/** The multiplicative operator a token is, or null. */
export function multiplication(kind: Kind): ArithmeticOperator | null {
  switch (kind) {
    case T.STAR:
      return '*';
    case T.SLASH:
      return '/';
    case T.PERCENT:
      return '%';
    default:
      return null;
  }
}

function signed(reader: TokenReader): Term {
  if (!reader.take(T.MINUS)) return simpleTerm(reader);
  return { kind: 'negation', operand: simpleTerm(reader) };
}

/** Takes a value, a call, `(type)term` or `CAST(term AS type)`. */
function simpleTerm(reader: TokenReader): Term {
  const { kind } = reader;
  if (CONSTANTS[kind] === 1) return constant(reader);
  switch (kind) {
    case T.QMARK: {
      const second = reader.ahead(1);
      if (second !== T.DOT && AFTER_MARKER[second] !== 1) throw reader.noViable(1);
      reader.touch(2);
      return second === T.DOT ? call(reader) : marker(reader);
    }
    case T.COLON:
      return marker(reader);
    case T.K_NULL:
      reader.next();
      return NULL;
    case T.LEFT_BRACKET:
      return listLiteral(reader);
    case T.LEFT_BRACE:
      return braceLiteral(reader);
    case T.LEFT_PAREN:
      return beginsTypeHint(reader) ? typeHint(reader) : tupleLiteral(reader);
    case T.K_CAST:
      return castOrCall(reader);
    default:
      if (kind === T.K_TOKEN || NAMES[kind] === 1) return call(reader);
      throw reader.noViable();
  }
}

const NULL: NullTerm = { kind: 'null' };

/** Takes a constant (`constant` of the grammar). */
export function constant(reader: TokenReader): LiteralTerm {
  const { kind } = reader;
  let result: LiteralTerm;
  switch (kind) {
    case T.STRING_LITERAL:
      result = { kind: 'literal', type: 'STRING', text: reader.stringValue() };
      break;
    case T.INTEGER:
      result = { kind: 'literal', type: 'INTEGER', text: reader.source() };
      break;
    case T.FLOAT:
      result = { kind: 'literal', type: 'FLOAT', text: floatText(reader) };
      break;
    case T.BOOLEAN:
      result = { kind: 'literal', type: 'BOOLEAN', text: reader.source() };
      break;
    case T.DURATION:
      result = { kind: 'literal', type: 'DURATION', text: reader.source() };
      break;
    case T.UUID:
      result = { kind: 'literal', type: 'UUID', text: reader.source() };
      break;
    case T.HEXNUMBER:
      result = { kind: 'literal', type: 'HEX', text: reader.source() };
      break;
    case T.K_POSITIVE_NAN:
    case T.K_NEGATIVE_NAN:
      result = { kind: 'literal', type: 'FLOAT', text: 'NaN' };
      break;
    case T.K_POSITIVE_INFINITY:
      result = { kind: 'literal', type: 'FLOAT', text: 'Infinity' };
      break;
    case T.K_NEGATIVE_INFINITY:
      result = { kind: 'literal', type: 'FLOAT', text: '-Infinity' };
      break;
    default:
      throw reader.noViable();
  }
  reader.next();
  return result;
}

function floatText(reader: TokenReader): string {
  const text = reader.source();
  const problem = floatProblem(text);
  if (problem !== null) reader.crash(problem);
  return text;
}

/** Takes `?` or `:name`; the current token is one of the two. */
export function marker(reader: TokenReader): MarkerTerm {
  let name: string | null = null;
  if (reader.take(T.COLON)) name = reader.name();
  else reader.next();
  const index = reader.markers.push(name) - 1;
  return { kind: 'marker', index, name };
}

/** Takes an integer or a marker (`intValue` of the grammar). */
export function integerOrMarker(reader: TokenReader): Term {
  if (reader.kind === T.INTEGER) return constant(reader);
  if (reader.kind === T.QMARK || reader.kind === T.COLON) return marker(reader);
  throw reader.noViable();
}

/** Takes terms separated by commas up to `close`, which is taken too. */
function termsUntil(reader: TokenReader, close: Kind, terms: Term[]): Term[] {
  while (reader.take(T.COMMA)) terms.push(term(reader));
  reader.expect(close);
  return terms;
}

function listLiteral(reader: TokenReader): Term {
  reader.enter();
  reader.next();
  const elements: Term[] = [];
  if (ARGUMENT_STARTS[reader.kind] === 1) {
    elements.push(term(reader));
    termsUntil(reader, T.RIGHT_BRACKET, elements);
  } else {
    reader.expect(T.RIGHT_BRACKET);
  }
  reader.leave();
  return { kind: 'list', elements };
}

/** Takes `(a, b)` (`tupleLiteral` of the grammar). */
export function tupleLiteral(reader: TokenReader): TupleTerm {
  reader.enter();
  reader.expect(T.LEFT_PAREN);
  const elements = termsUntil(reader, T.RIGHT_PAREN, [term(reader)]);
  reader.leave();
  return { kind: 'tuple', elements };
}

/** A set, map or UDT literal; the current token is `{`. */
function braceLiteral(reader: TokenReader): Term {
  const second = reader.ahead(1);
  if (second === T.RIGHT_BRACE) {
    reader.touch(2);
    reader.next();
    reader.next();
    return { kind: 'set', elements: [] };
  }
  reader.enter();
  const result = beginsUdt(reader, second) ? udtLiteral(reader) : setOrMapLiteral(reader);
  reader.leave();
  return result;
}

function beginsUdt(reader: TokenReader, second: Kind): boolean {
  if (TERM_STARTS_NOT_NAMES[second] === 1) return false;
  const callable = CALL_NAMES[second] === 1;
  if (!callable && QUALIFIERS[second] !== 1) throw reader.noViable(1);
  const third = reader.ahead(2);
  const udt = third === T.COLON;
  if (!udt && third !== T.DOT && !(callable && third === T.LEFT_PAREN)) throw reader.noViable(2);
  reader.touch(3);
  return udt;
}

function udtLiteral(reader: TokenReader): UdtTerm {
  const fields = new Map<string, Term>();
  do {
    reader.next();
    const name = reader.name();
    reader.expect(T.COLON);
    fields.set(name, term(reader));
  } while (reader.kind === T.COMMA);
  reader.expect(T.RIGHT_BRACE);
  return { kind: 'udt', fields: Array.from(fields, ([name, value]) => ({ name, value })) };
}

function setOrMapLiteral(reader: TokenReader): Term {
  reader.next();
  const first = term(reader);
  if (reader.kind === T.COLON) return mapLiteral(reader, first);
  if (reader.kind !== T.COMMA && reader.kind !== T.RIGHT_BRACE) throw reader.noViable();
  return { kind: 'set', elements: termsUntil(reader, T.RIGHT_BRACE, [first]) };
}

function mapLiteral(reader: TokenReader, first: Term): Term {
  reader.expect(T.COLON);
  const entries = [{ key: first, value: term(reader) }];
  while (reader.take(T.COMMA)) {
    const key = term(reader);
    reader.expect(T.COLON);
    entries.push({ key, value: term(reader) });
  }
  reader.expect(T.RIGHT_BRACE);
  return { kind: 'map', entries };
}

/** Takes `{k: v, ...}`, possibly empty (`fullMapLiteral` of the grammar). */
export function fullMapLiteral(
  reader: TokenReader,
): readonly { readonly key: Term; readonly value: Term }[] {
  const entries: { key: Term; value: Term }[] = [];
  reader.expect(T.LEFT_BRACE);
  if (ARGUMENT_STARTS[reader.kind] !== 1) {
    reader.expect(T.RIGHT_BRACE);
    return entries;
  }
  do {
    const key = term(reader);
    reader.expect(T.COLON);
    entries.push({ key, value: term(reader) });
  } while (reader.take(T.COMMA));
  reader.expect(T.RIGHT_BRACE);
  return entries;
}

/** True where a term may begin. */
export function beginsTerm(kind: Kind): boolean {
  return ARGUMENT_STARTS[kind] === 1;
}

function call(reader: TokenReader): Term {
  checkCall(reader);
  const name = functionName(reader);
  reader.enter();
  reader.expect(T.LEFT_PAREN);
  const args = reader.kind === T.RIGHT_PAREN ? [] : [term(reader)];
  termsUntil(reader, T.RIGHT_PAREN, args);
  reader.leave();
  return { kind: 'call', function: name, args };
}

const AFTER_QUALIFIER = kindSet(FUNCTION_NAMES, T.K_TOKEN);
const AFTER_OPEN_CALL = kindSet(ARGUMENT_STARTS, T.RIGHT_PAREN);

/**
 * `name(` or `ks.name(` and then an argument or `)`: decided as a whole before the name is taken.
 */
function checkCall(reader: TokenReader): void {
  const { kind } = reader;
  let at = 1;
  const second = reader.ahead(1);
  if (kind !== T.K_TOKEN) {
    if (second === T.DOT) {
      reader.require(AFTER_QUALIFIER, 2);
      at = 3;
    } else if (FUNCTION_NAMES[kind] !== 1) {
      throw reader.noViable(1);
    }
  }
  if (reader.ahead(at) !== T.LEFT_PAREN) throw reader.noViable(at);
  reader.require(AFTER_OPEN_CALL, at + 1);
  reader.touch(at + 2);
}

function castOrCall(reader: TokenReader): Term {
  const second = reader.ahead(1);
  if (second !== T.DOT && second !== T.LEFT_PAREN) throw reader.noViable(1);
  reader.touch(2);
  if (second === T.DOT) return call(reader);
  reader.enter();
  reader.next();
  reader.next();
  const inner = simpleTerm(reader);
  reader.expect(T.K_AS);
  const typeName = nativeTypeName(reader);
  reader.expect(T.RIGHT_PAREN);
  reader.leave();
  return { kind: 'cast', term: inner, type: typeName };
}

function typeHint(reader: TokenReader): Term {
  reader.enter();
  reader.next();
  const hint = type(reader);
  reader.expect(T.RIGHT_PAREN);
  const inner = simpleTerm(reader);
  reader.leave();
  return { kind: 'type-hint', type: hint, term: inner };
}
