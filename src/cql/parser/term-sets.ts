// Sets of token kinds that the parsing of terms shares: what may begin, follow or qualify one.

import {
  FUNCTION_NAMES,
  kindSet,
  NAMES,
  NOT_FUNCTION_WORDS,
  T,
  TERM_STARTS_NOT_NAMES,
  without,
} from './tokens.ts';

/** What may follow a complete term. Anything else is "no viable alternative" at that token. */
export const AFTER_TERM = kindSet([
  T.RIGHT_PAREN,
  T.COMMA,
  T.COLON,
  T.SEMICOLON,
  T.RIGHT_BRACKET,
  T.RIGHT_BRACE,
  T.EOF,
  T.K_ALLOW,
  T.K_AND,
  T.K_APPLY,
  T.K_ASC,
  T.K_DELETE,
  T.K_DESC,
  T.K_GROUP,
  T.K_IF,
  T.K_INSERT,
  T.K_LIMIT,
  T.K_ORDER,
  T.K_PER,
  T.K_PRIMARY,
  T.K_UPDATE,
  T.K_WHERE,
  T.RANGE,
]);
/** Binary arithmetic. */
export const OPERATORS = [T.PLUS, T.MINUS, T.STAR, T.SLASH, T.PERCENT];
/** What may follow a `?` or `:name` inside a term. */
export const AFTER_MARKER = kindSet(AFTER_TERM, OPERATORS, T.K_AS);
/** Names that `(` may follow in a call. */
export const CALL_NAMES = kindSet(FUNCTION_NAMES, T.K_CAST);
/** Names that can only qualify a function: `ttl.f()`. */
export const QUALIFIERS = without(NOT_FUNCTION_WORDS, T.K_COUNT, T.K_CAST);
/** What may begin a term. */
export const ARGUMENT_STARTS = kindSet(TERM_STARTS_NOT_NAMES, NAMES);
