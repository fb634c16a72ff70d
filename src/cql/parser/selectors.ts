// What a SELECT list may hold: columns, terms, calls, arithmetic, elements, fields, hints,
// literals. Cassandra's grammar tries some readings before others; `speculate` does the same where
// lookahead cannot tell.

import type { Selector, SelectorItem, Term } from '../ast.ts';
import { functionName } from './names.ts';
import { constant, marker, multiplication, term } from './terms.ts';
import { speculate } from './token-reader.ts';
import type { TokenReader } from './token-reader.ts';
import {
  CONSTANTS,
  FUNCTION_NAMES,
  kindSet,
  NAMES,
  NOT_FUNCTION_WORDS,
  T,
  without,
} from './tokens.ts';
import { nativeTypeName, type } from './types.ts';

/** What may follow a selector without operators. */
const AFTER_SELECTOR = kindSet([
  T.PERCENT,
  T.RIGHT_PAREN,
  T.PLUS,
  T.COMMA,
  T.MINUS,
  T.SLASH,
  T.COLON,
  T.SEMICOLON,
  T.STAR,
  T.RIGHT_BRACKET,
  T.RIGHT_BRACE,
  T.EOF,
  T.K_ALLOW,
  T.K_AS,
  T.K_FROM,
  T.K_LIMIT,
  T.K_ORDER,
  T.K_PER,
]);
/**
 * After a field or an element a `;` does not fit, though a statement may end there: a slip of
 * Cassandra's grammar.
 */
const AFTER_MODIFIER = without(AFTER_SELECTOR, T.SEMICOLON);
const AFTER_COLUMN = kindSet(AFTER_SELECTOR, T.LEFT_BRACKET);
const AFTER_FIELD = kindSet(AFTER_COLUMN, T.DOT);
const GROUP_STARTS = kindSet(NAMES, CONSTANTS, [
  T.LEFT_PAREN,
  T.COLON,
  T.LEFT_BRACKET,
  T.LEFT_BRACE,
  T.K_NULL,
  T.K_TOKEN,
  T.QMARK,
]);
const SELECTOR_STARTS = kindSet(GROUP_STARTS, T.MINUS);

/** Takes `a AS x, b` or `*`; empty = `*`. */
export function selectorItems(reader: TokenReader): readonly SelectorItem[] {
  if (reader.take(T.STAR)) return [];
  const items: SelectorItem[] = [];
  do items.push(selectorItem(reader));
  while (reader.take(T.COMMA));
  return items;
}

function selectorItem(reader: TokenReader): SelectorItem {
  const parsed = selector(reader);
  const alias = reader.take(T.K_AS) ? reader.name() : null;
  return { selector: parsed, alias };
}

/** Takes a selector with its operators (`unaliasedSelector` of the grammar). */
export function selector(reader: TokenReader): Selector {
  let left = product(reader);
  for (let operators = 1; ; operators++) {
    const { kind } = reader;
    if (kind !== T.PLUS && kind !== T.MINUS) return left;
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

function product(reader: TokenReader): Selector {
  let left = group(reader);
  for (let operators = 1; ; operators++) {
    const operator = multiplication(reader.kind);
    if (operator === null) return left;
    reader.next();
    reader.checkChain(operators);
    left = { kind: 'operation', operator, left, right: group(reader) };
  }
}

function group(reader: TokenReader): Selector {
  if (reader.take(T.MINUS)) {
    reader.enter();
    const operand = group(reader);
    reader.leave();
    return { kind: 'negation', operand };
  }
  if (GROUP_STARTS[reader.kind] !== 1) throw reader.noViable();
  reader.touch(2);
  const base = groupWithoutField(reader);
  if (reader.kind !== T.DOT && reader.kind !== T.LEFT_BRACKET) return base;
  // Modifiers that do not parse to their end are left to the caller, who then fails at the first of
  // them.
  return speculate(reader, (attempt) => modified(attempt, base)) ?? base;
}

/**
 * Takes `.field`, `[key]` and `[a..b]` as often as they come (`selectorModifier` of the grammar).
 */
function modified(reader: TokenReader, base: Selector): Selector {
  let receiver = base;
  for (let modifiers = 1; ; modifiers++) {
    reader.checkChain(modifiers);
    if (reader.take(T.DOT)) receiver = { kind: 'field', receiver, field: reader.name() };
    else if (reader.kind === T.LEFT_BRACKET) receiver = subSelection(reader, receiver);
    else if (AFTER_MODIFIER[reader.kind] === 1) return receiver;
    else throw reader.noViable();
  }
}

function subSelection(reader: TokenReader, receiver: Selector): Selector {
  reader.next();
  let result: Selector;
  if (reader.take(T.RANGE)) {
    result = { kind: 'slice', receiver, from: null, to: term(reader) };
  } else {
    const from = term(reader);
    if (reader.take(T.RANGE)) {
      const to: Term | null = reader.kind === T.RIGHT_BRACKET ? null : term(reader);
      result = { kind: 'slice', receiver, from, to };
    } else {
      result = { kind: 'element', receiver, key: from };
    }
  }
  reader.expect(T.RIGHT_BRACKET);
  return result;
}

function groupWithoutField(reader: TokenReader): Selector {
  switch (reader.kind) {
    case T.LEFT_PAREN: {
      reader.touch(2);
      reader.enter();
      const hinted = mayBeTypeHint(reader) ? speculate(reader, typeHint) : null;
      const result = hinted ?? parenthesised(reader);
      reader.leave();
      return result;
    }
    case T.LEFT_BRACKET:
      return listLiteral(reader);
    case T.LEFT_BRACE:
      return braceLiteral(reader);
    default:
      return simpleSelector(reader);
  }
}

/** `(x)`, `(x.y)`, `(x<`, `('x')`: cheap to see, and anything else cannot be a type. */
function mayBeTypeHint(reader: TokenReader): boolean {
  const first = reader.ahead(1);
  if (NAMES[first] !== 1 && first !== T.STRING_LITERAL && first !== T.K_SET) return false;
  const second = reader.ahead(2);
  return second === T.RIGHT_PAREN || second === T.DOT || second === T.LT;
}

function typeHint(reader: TokenReader): Selector {
  reader.expect(T.LEFT_PAREN);
  const hint = type(reader);
  reader.expect(T.RIGHT_PAREN);
  if (GROUP_STARTS[reader.kind] !== 1) throw reader.noViable();
  return { kind: 'type-hint', type: hint, selector: groupWithoutField(reader) };
}

function selectorsUntil(reader: TokenReader, close: number): readonly Selector[] {
  const elements: Selector[] = [selector(reader)];
  while (reader.take(T.COMMA)) elements.push(selector(reader));
  reader.expect(close);
  return elements;
}

function parenthesised(reader: TokenReader): Selector {
  reader.expect(T.LEFT_PAREN);
  return { kind: 'tuple-or-parentheses', elements: selectorsUntil(reader, T.RIGHT_PAREN) };
}

function listLiteral(reader: TokenReader): Selector {
  reader.enter();
  reader.next();
  let elements: readonly Selector[] = [];
  if (SELECTOR_STARTS[reader.kind] === 1) elements = selectorsUntil(reader, T.RIGHT_BRACKET);
  else reader.expect(T.RIGHT_BRACKET);
  reader.leave();
  return { kind: 'list', elements };
}

function braceLiteral(reader: TokenReader): Selector {
  if (reader.ahead(1) === T.RIGHT_BRACE) {
    reader.next();
    reader.next();
    return { kind: 'set', elements: [] };
  }
  if (SELECTOR_STARTS[reader.ahead(1)] !== 1) throw reader.noViable(1);
  reader.enter();
  reader.next();
  const first = selector(reader);
  let result: Selector;
  if (reader.kind === T.COLON) result = mapOrUdt(reader, first);
  else if (reader.kind === T.COMMA || reader.kind === T.RIGHT_BRACE) result = setOf(reader, first);
  else throw reader.noViable();
  reader.leave();
  return result;
}

function setOf(reader: TokenReader, first: Selector): Selector {
  const elements = [first];
  while (reader.take(T.COMMA)) elements.push(selector(reader));
  reader.expect(T.RIGHT_BRACE);
  return { kind: 'set', elements };
}

function mapOrUdt(reader: TokenReader, first: Selector): Selector {
  reader.expect(T.COLON);
  const entries = [{ key: first, value: selector(reader) }];
  while (reader.take(T.COMMA)) {
    const key = selector(reader);
    reader.expect(T.COLON);
    entries.push({ key, value: selector(reader) });
  }
  reader.expect(T.RIGHT_BRACE);
  return { kind: 'map-or-udt', entries };
}

const COLUMN_ONLY = kindSet([T.K_DISTINCT, T.K_JSON, T.K_KEY]);
const QUALIFIED_COLUMN = without(NOT_FUNCTION_WORDS, T.K_COUNT);

/** A column, a constant, a marker or a call. */
function simpleSelector(reader: TokenReader): Selector {
  const { kind } = reader;
  if (NAMES[kind] === 1) {
    const second = reader.ahead(1);
    if (AFTER_COLUMN[second] === 1) {
      reader.touch(2);
      return column(reader);
    }
    if (second === T.LEFT_PAREN && COLUMN_ONLY[kind] !== 1) {
      reader.touch(2);
      return selectionFunction(reader);
    }
    if (second !== T.DOT) throw reader.noViable(1);
    return qualifiesFunction(reader) ? selectionFunction(reader) : column(reader);
  }
  if (CONSTANTS[kind] === 1) return { kind: 'term', term: constant(reader) };
  switch (kind) {
    case T.COLON:
      return { kind: 'term', term: marker(reader) };
    case T.K_NULL:
      reader.next();
      return { kind: 'term', term: { kind: 'null' } };
    case T.K_TOKEN:
      return selectionFunction(reader);
    case T.QMARK: {
      const second = reader.ahead(1);
      if (second === T.DOT ? qualifiesFunction(reader) : false) return selectionFunction(reader);
      if (second !== T.DOT && AFTER_COLUMN[second] !== 1) throw reader.noViable(1);
      reader.touch(2);
      return { kind: 'term', term: marker(reader) };
    }
    default:
      throw reader.noViable();
  }
}

function column(reader: TokenReader): Selector {
  return { kind: 'column', name: reader.name() };
}

/** `a.b`: a function when `(` follows, a field when anything that may follow a field does. */
function qualifiesFunction(reader: TokenReader): boolean {
  const third = reader.ahead(2);
  const fourth = reader.ahead(3);
  if (third === T.K_TOKEN || QUALIFIED_COLUMN[third] === 1) {
    reader.touch(3);
    return third === T.K_TOKEN;
  }
  if (FUNCTION_NAMES[third] !== 1) throw reader.noViable(2);
  if (fourth !== T.LEFT_PAREN && AFTER_FIELD[fourth] !== 1) throw reader.noViable(3);
  reader.touch(4);
  return fourth === T.LEFT_PAREN;
}

const COUNT_ARGUMENT = kindSet(SELECTOR_STARTS, T.RIGHT_PAREN);

/** A call in a selection, or one of the functions with a grammar of their own. */
function selectionFunction(reader: TokenReader): Selector {
  const { kind } = reader;
  const second = reader.ahead(1);
  if (second !== T.DOT) {
    switch (kind) {
      case T.K_COUNT: {
        const third = reader.ahead(2);
        if (third !== T.STAR && COUNT_ARGUMENT[third] !== 1) throw reader.noViable(2);
        reader.touch(3);
        if (third === T.STAR) return countRows(reader);
        break;
      }
      case T.K_MAXWRITETIME:
        return cellAttribute(reader, 'maxwritetime');
      case T.K_WRITETIME:
        return cellAttribute(reader, 'writetime');
      case T.K_TTL:
        return cellAttribute(reader, 'ttl');
      case T.K_CAST:
        return cast(reader);
      default:
    }
  }
  const name = functionName(reader);
  reader.enter();
  reader.expect(T.LEFT_PAREN);
  let args: readonly Selector[] = [];
  if (SELECTOR_STARTS[reader.kind] === 1) args = selectorsUntil(reader, T.RIGHT_PAREN);
  else reader.expect(T.RIGHT_PAREN);
  reader.leave();
  return { kind: 'call', function: name, args };
}

function countRows(reader: TokenReader): Selector {
  reader.next();
  reader.next();
  reader.next();
  reader.expect(T.RIGHT_PAREN);
  return { kind: 'count-rows' };
}

function cellAttribute(
  reader: TokenReader,
  attribute: 'writetime' | 'maxwritetime' | 'ttl',
): Selector {
  reader.next();
  reader.next();
  const name = reader.name();
  const parsed = modified(reader, { kind: 'column', name });
  reader.expect(T.RIGHT_PAREN);
  return { kind: 'cell-attribute', attribute, column: name, selector: parsed };
}

function cast(reader: TokenReader): Selector {
  reader.enter();
  reader.next();
  reader.next();
  const inner = selector(reader);
  reader.expect(T.K_AS);
  const isVarchar = reader.kind === T.K_VARCHAR;
  const target = nativeTypeName(reader);
  reader.expect(T.RIGHT_PAREN);
  reader.leave();
  if (isVarchar) return { kind: 'cast', selector: inner, type: target, written: 'varchar' };
  return { kind: 'cast', selector: inner, type: target };
}
