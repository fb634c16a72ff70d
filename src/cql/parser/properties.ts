// `WITH name = value AND name = {'k': 'v'}`, role OPTIONS, and column masks.

import type { PropertyMap, RawColumnMask, Term } from '../ast.ts';
import { printTerm } from '../print.ts';
import { functionName } from './names.ts';
import { beginsTerm, constant, fullMapLiteral, term } from './terms.ts';
import type { TokenReader } from './token-reader.ts';
import { CONSTANTS, FUNCTION_NAMES, kindSet, NAMES, T, UNRESERVED } from './tokens.ts';

/** Properties while they are collected. */
export type Properties = Map<string, string | ReadonlyMap<string, string>>;

/** Takes `property AND property ...`. */
export function properties(reader: TokenReader): PropertyMap {
  const found: Properties = new Map();
  do property(reader, found);
  while (reader.take(T.K_AND));
  return found;
}

const VALUE_STARTS = kindSet(CONSTANTS, UNRESERVED, T.LEFT_BRACE);

/** Takes one property and adds it. */
export function property(reader: TokenReader, found: Properties): void {
  if (NAMES[reader.kind] !== 1) throw reader.noViable();
  if (reader.ahead(1) !== T.EQ) throw reader.noViable(1);
  reader.require(VALUE_STARTS, 2);
  reader.touch(3);
  const name = reader.name();
  reader.next();
  const value = reader.kind === T.LEFT_BRACE ? textMap(reader) : propertyValue(reader);
  if (found.has(name)) throw reader.semanticError(`Multiple definitions for property '${name}'`);
  found.set(name, value);
}

function propertyValue(reader: TokenReader): string {
  if (CONSTANTS[reader.kind] === 1) return constant(reader).text;
  const word = reader.source();
  reader.next();
  return word;
}

/** Takes `{'k': 'v'}` as raw texts. */
export function textMap(reader: TokenReader): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { key, value } of fullMapLiteral(reader)) {
    if (key.kind !== 'literal')
      throw refused(reader, `Invalid property name: ${printTerm(key)}`, key);
    if (value.kind !== 'literal') {
      throw refused(
        reader,
        `Invalid property value: ${printTerm(value)} for property: ${printTerm(key)}`,
        value,
      );
    }
    if (texts.has(key.text))
      throw reader.semanticError(`Multiple definition for property ${key.text}`);
    texts.set(key.text, value.text);
  }
  return texts;
}

function refused(reader: TokenReader, message: string, part: Term): Error {
  const reason = part.kind === 'marker' ? ' (bind variables are not supported in DDL queries)' : '';
  return reader.semanticError(message + reason);
}

const MASK_FUNCTIONS = kindSet(FUNCTION_NAMES, NAMES, [T.K_TOKEN, T.QMARK]);
const AFTER_DEFAULT_MASK = kindSet([T.RIGHT_PAREN, T.COMMA, T.SEMICOLON, T.EOF, T.K_PRIMARY]);

/** Takes `MASKED WITH f(args)` or `MASKED WITH DEFAULT`; the current token is MASKED. */
export function columnMask(reader: TokenReader): RawColumnMask {
  if (reader.kind !== T.K_MASKED) throw reader.noViable();
  if (reader.ahead(1) !== T.K_WITH) throw reader.noViable(1);
  const third = reader.ahead(2);
  if (third === T.K_DEFAULT) {
    const fourth = reader.ahead(3);
    if (AFTER_DEFAULT_MASK[fourth] === 1) {
      for (let i = 0; i < 3; i++) reader.next();
      return { function: { keyspace: 'system', name: 'mask_default' }, args: [] };
    }
    if (fourth !== T.LEFT_PAREN && fourth !== T.DOT) throw reader.noViable(3);
  } else if (MASK_FUNCTIONS[third] !== 1) {
    throw reader.noViable(2);
  }
  reader.next();
  reader.next();
  const name = functionName(reader);
  return { function: name, args: maskArguments(reader) };
}

function maskArguments(reader: TokenReader): readonly Term[] {
  if (reader.kind !== T.LEFT_PAREN) throw reader.noViable();
  const second = reader.ahead(1);
  if (second !== T.RIGHT_PAREN && !beginsTerm(second)) throw reader.noViable(1);
  reader.next();
  if (reader.take(T.RIGHT_PAREN)) return [];
  const args = [term(reader)];
  while (reader.take(T.COMMA)) args.push(term(reader));
  reader.expect(T.RIGHT_PAREN);
  return args;
}
