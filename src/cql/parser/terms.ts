// Terms: values where no column may be named. Which of set, map, UDT, tuple, cast or call begins is decided as
// Cassandra's parser does, by at most six tokens of lookahead, so that errors name the same token.
// Recursive; TokenReader bounds the depth.

import type { ArithmeticOperator, LiteralTerm, MarkerTerm, NullTerm, Term, TupleTerm, UdtTerm } from '../ast.ts';
import { functionName } from './names.ts';
import type { TokenReader } from './token-reader.ts';
import {
  CONSTANTS, FUNCTION_NAMES, kindSet, NAMES, NATIVE_WORDS, NOT_FUNCTION_WORDS, T, TERM_STARTS_NOT_NAMES, without,
} from './tokens.ts';
import type { Kind } from './tokens.ts';
import { nativeTypeName, type } from './types.ts';

/** What may follow a complete term. Anything else is "no viable alternative" at that token. */
const AFTER_TERM = kindSet([
  T.RIGHT_PAREN, T.COMMA, T.COLON, T.SEMICOLON, T.RIGHT_BRACKET, T.RIGHT_BRACE, T.EOF, T.K_ALLOW, T.K_AND,
  T.K_APPLY, T.K_ASC, T.K_DELETE, T.K_DESC, T.K_GROUP, T.K_IF, T.K_INSERT, T.K_LIMIT, T.K_ORDER, T.K_PER,
  T.K_PRIMARY, T.K_UPDATE, T.K_WHERE, T.RANGE,
]);
const OPERATORS = [T.PLUS, T.MINUS, T.STAR, T.SLASH, T.PERCENT];
/** What may follow a `?` or `:name` inside a term. */
const AFTER_MARKER = kindSet(AFTER_TERM, OPERATORS, T.K_AS);
const CALL_NAMES = kindSet(FUNCTION_NAMES, T.K_CAST);
const QUALIFIERS = without(NOT_FUNCTION_WORDS, T.K_COUNT, T.K_CAST);
const ARGUMENT_STARTS = kindSet(TERM_STARTS_NOT_NAMES, NAMES);

/** Takes a term with its operators. */
export function term(reader: TokenReader): Term {
  let left = product(reader);
  for (let operators = 1; ; operators++) {
    const { kind } = reader;
    if (AFTER_TERM[kind] === 1) return left;
    if (kind === T.PLUS) {
      if (!additionContinues(reader)) return left;
    } else if (kind !== T.MINUS) {
      throw reader.noViable();
    }
    reader.next();
    reader.checkChain(operators);
    left = { kind: 'operation', operator: kind === T.PLUS ? '+' : '-', left, right: product(reader) };
  }
}

/** `v = 1 + v` ends the term before the plus: a column name follows, then `,` or WHERE. */
function additionContinues(reader: TokenReader): boolean {
  const second = reader.ahead(1);
  if (TERM_STARTS_NOT_NAMES[second] === 1) return true;
  if (second === T.EMPTY_QUOTED_NAME) return false;
  const callable = CALL_NAMES[second] === 1;
  if (!callable && QUALIFIERS[second] !== 1) throw reader.noViable(1);
  const third = reader.ahead(2);
  if (third === T.COMMA || third === T.K_WHERE) return false;
  if (third === T.DOT || (callable && third === T.LEFT_PAREN)) return true;
  throw reader.noViable(2);
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
    case T.STAR: return '*';
    case T.SLASH: return '/';
    case T.PERCENT: return '%';
    default: return null;
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
      if (second === T.DOT) return call(reader);
      if (AFTER_MARKER[second] !== 1) throw reader.noViable(1);
      return marker(reader);
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
    case T.STRING_LITERAL: result = { kind: 'literal', type: 'STRING', text: reader.stringValue() }; break;
    case T.INTEGER: result = { kind: 'literal', type: 'INTEGER', text: reader.source() }; break;
    case T.FLOAT: result = { kind: 'literal', type: 'FLOAT', text: reader.source() }; break;
    case T.BOOLEAN: result = { kind: 'literal', type: 'BOOLEAN', text: reader.source() }; break;
    case T.DURATION: result = { kind: 'literal', type: 'DURATION', text: reader.source() }; break;
    case T.UUID: result = { kind: 'literal', type: 'UUID', text: reader.source() }; break;
    case T.HEXNUMBER: result = { kind: 'literal', type: 'HEX', text: reader.source() }; break;
    case T.K_POSITIVE_NAN:
    case T.K_NEGATIVE_NAN: result = { kind: 'literal', type: 'FLOAT', text: 'NaN' }; break;
    case T.K_POSITIVE_INFINITY: result = { kind: 'literal', type: 'FLOAT', text: 'Infinity' }; break;
    case T.K_NEGATIVE_INFINITY: result = { kind: 'literal', type: 'FLOAT', text: '-Infinity' }; break;
    default: throw reader.noViable();
  }
  reader.next();
  return result;
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
  if (third === T.COLON) return true;
  if (third === T.DOT || (callable && third === T.LEFT_PAREN)) return false;
  throw reader.noViable(2);
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
export function fullMapLiteral(reader: TokenReader): readonly { readonly key: Term; readonly value: Term }[] {
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

/** `name(` or `ks.name(` and then an argument or `)`: decided as a whole before the name is taken. */
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
}

function castOrCall(reader: TokenReader): Term {
  const second = reader.ahead(1);
  if (second === T.DOT) return call(reader);
  if (second !== T.LEFT_PAREN) throw reader.noViable(1);
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

const TUPLE_STARTS = without(TERM_STARTS_NOT_NAMES, T.STRING_LITERAL);
const TYPE_WORDS = kindSet([T.K_FROZEN, T.K_LIST, T.K_MAP, T.K_TUPLE, T.K_VECTOR]);
const PLAIN_TYPE_NAMES = without(FUNCTION_NAMES, T.K_FROZEN, T.K_LIST, T.K_MAP, T.K_TUPLE, T.K_VECTOR, T.K_COUNT);
const FUNCTION_ONLY = kindSet(NATIVE_WORDS, T.K_COUNT, T.K_TOKEN);
const TYPE_OR_FUNCTION = without(FUNCTION_NAMES, T.K_COUNT);

/** `(`: a type hint or a tuple? */
function beginsTypeHint(reader: TokenReader): boolean {
  const first = reader.ahead(1);
  if (TUPLE_STARTS[first] === 1) return false;
  if (first === T.K_SET) return true;
  if (first === T.STRING_LITERAL) return stringBeginsTypeHint(reader);
  const second = reader.ahead(2);
  if (second === T.DOT && NAMES[first] === 1) return qualifiedBeginsTypeHint(reader);
  if (TYPE_WORDS[first] === 1) {
    if (second === T.LT || second === T.RIGHT_PAREN) return true;
    if (second === T.LEFT_PAREN) return false;
  } else if (PLAIN_TYPE_NAMES[first] === 1) {
    if (second === T.RIGHT_PAREN) return true;
    if (second === T.LEFT_PAREN) return false;
  } else if (first === T.K_CAST || first === T.K_COUNT) {
    if (second === T.LEFT_PAREN) return false;
  } else if (first === T.K_KEY) {
    if (second === T.RIGHT_PAREN) return true;
  } else if (NAMES[first] !== 1) {
    throw reader.noViable(1);
  }
  throw reader.noViable(2);
}

/** `(ks.x`: a user type when `)` follows, a call when `(` does. */
function qualifiedBeginsTypeHint(reader: TokenReader): boolean {
  const third = reader.ahead(3);
  if (third === T.K_KEY) return true;
  if (FUNCTION_ONLY[third] === 1) return false;
  if (TYPE_OR_FUNCTION[third] !== 1) throw reader.noViable(3);
  const fourth = reader.ahead(4);
  if (fourth === T.RIGHT_PAREN) return true;
  if (fourth === T.LEFT_PAREN) return false;
  throw reader.noViable(4);
}

const AFTER_STRING = kindSet(OPERATORS, T.COMMA);
const AFTER_TUPLE = without(kindSet(AFTER_TERM, OPERATORS), T.COLON, T.RIGHT_BRACE, T.K_GROUP, T.K_PER);
const HINTED_TERM_STARTS = kindSet(
  without(NAMES, T.K_AS, T.K_PER, T.K_GROUP), CONSTANTS,
  [T.LEFT_PAREN, T.LEFT_BRACKET, T.LEFT_BRACE, T.K_NULL, T.K_TOKEN, T.QMARK],
);
const AFTER_NAMED_MARKER = kindSet(AFTER_MARKER);

/** `('...`: the string may be a custom type's class. */
function stringBeginsTypeHint(reader: TokenReader): boolean {
  const second = reader.ahead(2);
  if (AFTER_STRING[second] === 1) return false;
  if (second !== T.RIGHT_PAREN) throw reader.noViable(2);
  const third = reader.ahead(3);
  if (AFTER_TUPLE[third] === 1) return false;
  if (HINTED_TERM_STARTS[third] === 1) return true;
  const fourth = reader.ahead(4);
  switch (third) {
    case T.K_PER:
      if (fourth === T.K_PARTITION) return false;
      break;
    case T.K_GROUP:
      if (fourth === T.K_BY) return false;
      break;
    case T.K_AS:
      if (NATIVE_WORDS[fourth] === 1) return false;
      break;
    case T.COLON:
      return colonBeginsMarker(reader);
    default:
      throw reader.noViable(3);
  }
  if (fourth === T.LEFT_PAREN || fourth === T.DOT) return true;
  throw reader.noViable(4);
}

/** `('...') :x`: a hinted marker, unless the colon separates a map's key from its value. */
function colonBeginsMarker(reader: TokenReader): boolean {
  const name = reader.ahead(4);
  if (TERM_STARTS_NOT_NAMES[name] === 1) return false;
  const callable = CALL_NAMES[name] === 1;
  if (!callable && QUALIFIERS[name] !== 1) throw reader.noViable(4);
  const after = reader.ahead(5);
  if (after === T.DOT || (callable && after === T.LEFT_PAREN)) return false;
  if (AFTER_NAMED_MARKER[after] === 1) return true;
  throw reader.noViable(5);
}
