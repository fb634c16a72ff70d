// After `(`: does a type hint `(type)term` begin, or a tuple? Decided as Cassandra's parser does,
// by looking up to six tokens ahead and no further, so that a wrong token is reported where
// Cassandra reports it.

import { AFTER_MARKER, AFTER_TERM, CALL_NAMES, OPERATORS, QUALIFIERS } from './term-sets.ts';
import type { TokenReader } from './token-reader.ts';
import {
  CONSTANTS,
  FUNCTION_NAMES,
  kindSet,
  NAMES,
  NATIVE_WORDS,
  T,
  TERM_STARTS_NOT_NAMES,
  without,
} from './tokens.ts';

const TUPLE_STARTS = without(TERM_STARTS_NOT_NAMES, T.STRING_LITERAL);
const TYPE_WORDS = kindSet([T.K_FROZEN, T.K_LIST, T.K_MAP, T.K_TUPLE, T.K_VECTOR]);
const PLAIN_TYPE_NAMES = without(
  FUNCTION_NAMES,
  T.K_FROZEN,
  T.K_LIST,
  T.K_MAP,
  T.K_TUPLE,
  T.K_VECTOR,
  T.K_COUNT,
);
const FUNCTION_ONLY = kindSet(NATIVE_WORDS, T.K_COUNT, T.K_TOKEN);
const TYPE_OR_FUNCTION = without(FUNCTION_NAMES, T.K_COUNT);

/** True when the `(` that is the current token begins a type hint, false when a tuple. */
export function beginsTypeHint(reader: TokenReader): boolean {
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
const AFTER_TUPLE = without(kindSet(AFTER_TERM, OPERATORS), T.COLON, T.K_GROUP, T.K_PER);
const HINTED_TERM_STARTS = kindSet(without(NAMES, T.K_AS, T.K_PER, T.K_GROUP), CONSTANTS, [
  T.LEFT_PAREN,
  T.LEFT_BRACKET,
  T.LEFT_BRACE,
  T.K_NULL,
  T.K_TOKEN,
  T.QMARK,
]);

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
  if (AFTER_MARKER[after] === 1) return true;
  throw reader.noViable(5);
}
