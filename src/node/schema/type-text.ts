// CQL type texts as system_schema stores them (`frozen<map<text, int>>`, `vector<float, 3>`, `addr`, quoted classes)
// back into types. The other direction is data/type-names.ts. Test: test/schema/type-text.test.ts.
// Cassandra: schema/CQLTypeParser.

import { assert } from '../../base/assert.ts';
import type { CqlType, NativeTypeName, UserType } from '../../data/cql-type.ts';
import { NATIVE, NATIVE_TYPE_NAMES } from '../../data/cql-type.ts';
import { parseClassName } from '../../data/parse-class-name.ts';
import { freeze } from '../../data/type-names.ts';

const NATIVES: ReadonlySet<string> = new Set(NATIVE_TYPE_NAMES);

/** Finds a user type by name: a Map does. */
export interface TypeLookup {
  get(name: string): UserType | undefined;
}

/** A user type that is not there (any more): both sides of a split may drop and use one. */
export class UnknownUserType extends Error {
  override readonly name = 'UnknownUserType';
}

/** A type as text spells it; UDTs are looked up in `types` (frozen as written). Throws UnknownUserType. */
export function parseTypeText(text: string, types: TypeLookup): CqlType {
  const parser: Parser = { text, at: 0, types };
  const type = parseType(parser);
  assert(parser.at === text.length, `a whole CQL type: ${text}`);
  return type;
}

interface Parser {
  readonly text: string;
  readonly types: TypeLookup;
  at: number;
}

function parseType(parser: Parser): CqlType {
  if (parser.text[parser.at] === "'") return parseClassName(quoted(parser, "'"));
  const isQuoted = parser.text[parser.at] === '"';
  const name = isQuoted ? quoted(parser, '"') : word(parser);
  if (!isQuoted && parser.text[parser.at] === '<') return parseParameters(parser, name);
  if (!isQuoted && name === 'varchar') return NATIVE.text;
  if (!isQuoted && NATIVES.has(name)) return NATIVE[name as NativeTypeName];
  const type = parser.types.get(name);
  if (type === undefined) throw new UnknownUserType(name);
  return { ...type, frozen: false };
}

function parseParameters(parser: Parser, name: string): CqlType {
  const arguments_: CqlType[] = [];
  let dimension = 0;
  for (;;) {
    parser.at++;
    while (parser.text[parser.at] === ' ') parser.at++;
    if (name === 'vector' && arguments_.length === 1) dimension = Number(word(parser));
    else arguments_.push(parseType(parser));
    if (parser.text[parser.at] !== ',') break;
  }
  assert(parser.text[parser.at] === '>', `a closed parameter list: ${parser.text}`);
  parser.at++;
  const [first, second] = arguments_;
  assert(first !== undefined, `parameters of ${name}`);
  switch (name) {
    case 'frozen':
      return freeze(first);
    case 'list':
      return { kind: 'list', element: first, frozen: false };
    case 'set':
      return { kind: 'set', element: first, frozen: false };
    case 'map':
      assert(second !== undefined, `two parameters of map: ${parser.text}`);
      return { kind: 'map', key: first, value: second, frozen: false };
    case 'vector':
      return { kind: 'vector', element: first, dimension };
    default:
      assert(name === 'tuple', `a known parametrised type: ${name}`);
      return { kind: 'tuple', elements: arguments_ };
  }
}

function word(parser: Parser): string {
  const start = parser.at;
  while (parser.at < parser.text.length && /[\w]/.test(parser.text.charAt(parser.at))) parser.at++;
  assert(parser.at > start, `a type name in ${parser.text}`);
  return parser.text.slice(start, parser.at);
}

function quoted(parser: Parser, quote: string): string {
  let name = '';
  for (parser.at++; parser.at < parser.text.length; parser.at++) {
    if (parser.text[parser.at] !== quote) name += parser.text.charAt(parser.at);
    else if (parser.text[parser.at + 1] === quote) name += parser.text.charAt(++parser.at);
    else break;
  }
  parser.at++;
  return name;
}
