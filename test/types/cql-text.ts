// Just enough CQL for the tables of these tests: type names, and literals of any depth turned into
// bytes with the pieces under test. The product's parser is not involved.

import { codecFor } from '../../src/data/codec/codec.ts';
import { packList, packMap, packTuple } from '../../src/data/codec/packing.ts';
import { packVector } from '../../src/data/codec/vector-codec.ts';
import type { Constant, ConstantKind } from '../../src/data/constant.ts';
import { constantToBytes } from '../../src/data/constant.ts';
import type { CqlType, NativeTypeName, UserType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { freeze, listOf, mapOf, setOf, tupleOf, vectorOf } from '../../src/data/type-names.ts';

const pt: UserType = {
  kind: 'udt',
  keyspace: 'cod',
  name: 'pt',
  fieldNames: ['x', 'y'],
  fieldTypes: [NATIVE.int, NATIVE.int],
  frozen: false,
};
const addr: UserType = {
  kind: 'udt',
  keyspace: 'cod',
  name: 'addr',
  fieldNames: ['street', 'num', 'tags'],
  fieldTypes: [NATIVE.text, NATIVE.int, setOf(NATIVE.text, true)],
  frozen: false,
};
const USER_TYPES: Readonly<Record<string, UserType>> = { pt, addr };

export function parseType(text: string): CqlType {
  const [type, rest] = typeAt(text.replaceAll(' ', ''));
  if (rest !== '') throw new Error(`rest of type: ${rest}`);
  return type;
}

function typeAt(text: string): [CqlType, string] {
  const name = /^[a-z]+/.exec(text)?.[0] ?? '';
  let rest = text.slice(name.length);
  const args: CqlType[] = [];
  let dimension = 0;
  if (rest.startsWith('<')) {
    do {
      const number = /^[<,](\d+)/.exec(rest);
      if (number !== null) {
        dimension = Number(number[1]);
        rest = rest.slice(number[0].length);
      } else {
        const [arg, after] = typeAt(rest.slice(1));
        args.push(arg);
        rest = after;
      }
    } while (rest.startsWith(','));
    rest = rest.slice(1);
  }
  return [build(name, args, dimension), rest];
}

function build(name: string, args: CqlType[], dimension: number): CqlType {
  const [first = NATIVE.int, second = NATIVE.int] = args;
  switch (name) {
    case 'list':
      return listOf(first);
    case 'set':
      return setOf(first);
    case 'map':
      return mapOf(first, second);
    case 'tuple':
      return tupleOf(args.map(freeze));
    case 'vector':
      return vectorOf(freeze(first), dimension);
    case 'frozen':
      return freeze(first);
    case 'varchar':
      return NATIVE.text;
    default:
      return USER_TYPES[name] ?? NATIVE[name as NativeTypeName];
  }
}

type Literal =
  | Constant
  | { readonly type: 'NULL' }
  | {
      readonly type: 'LIST' | 'TUPLE' | 'BRACES';
      readonly items: Literal[];
      readonly keys: Literal[];
    }
  | { readonly type: 'NAME'; readonly text: string };

/** The bytes of a literal; an empty non-frozen collection is null, as it reads back. */
export function literalBytes(text: string, type: CqlType): Buffer | null {
  const reader = new LiteralReader(text);
  return toBytes(reader.literal(), type);
}

function toBytes(literal: Literal, type: CqlType): Buffer | null {
  if (literal.type === 'NULL') return null;
  if (literal.type === 'NAME') throw new Error(literal.text);
  if (!('items' in literal)) return constantToBytes(literal, type, 'v', 0);
  const required = (item: Literal, inner: CqlType): Buffer =>
    toBytes(item, inner) ?? Buffer.alloc(0);
  switch (type.kind) {
    case 'list':
      return emptyIsNull(
        type.frozen,
        packList(literal.items.map((item) => required(item, type.element))),
      );
    case 'set':
      return emptyIsNull(
        type.frozen,
        packList(
          sorted(
            literal.items.map((i) => [required(i, type.element)]),
            type.element,
          ),
        ),
      );
    case 'map': {
      const entries = literal.items.map((item, i) => [
        required(literal.keys[i] as Literal, type.key),
        required(item, type.value),
      ]);
      return emptyIsNull(type.frozen, packMap(sorted(entries, type.key)));
    }
    case 'tuple':
      return packTuple(literal.items.map((item, i) => toBytes(item, type.elements[i] as CqlType)));
    case 'vector':
      return packVector(
        literal.items.map((item) => required(item, type.element)),
        codecFor(type.element).fixedLength,
      );
    case 'udt':
      return packTuple(
        type.fieldNames.map((name, i) => {
          const at = literal.keys.findIndex((key) => key.type === 'NAME' && key.text === name);
          return at < 0
            ? null
            : toBytes(literal.items[at] as Literal, type.fieldTypes[i] as CqlType);
        }),
      );
    default:
      throw new Error(`${literal.type} for ${type.kind}`);
  }
}

function emptyIsNull(frozen: boolean, bytes: Buffer): Buffer | null {
  return !frozen && bytes.length === 4 ? null : bytes;
}

/** Sorted by the first of each entry, the first of equal ones kept, flat. */
function sorted(entries: Buffer[][], type: CqlType): Buffer[] {
  const { compare } = codecFor(type);
  const key = (entry: Buffer[] | undefined): Buffer => entry?.[0] ?? Buffer.alloc(0);
  const result = [...entries].sort((a, b) => compare(key(a), key(b)));
  return result
    .filter((entry, i) => i === 0 || compare(key(entry), key(result[i - 1])) !== 0)
    .flat();
}

const TOKENS: readonly (readonly [ConstantKind | 'NULL' | 'NAME', RegExp])[] = [
  ['UUID', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i],
  ['HEX', /^0x[0-9a-f]*/i],
  ['DURATION', /^-?(?:P[0-9YMDTHSW:-]+|(?:\d+(?:mo|ms|us|µs|ns|[ywdhms]))+)/],
  ['FLOAT', /^-?(?:NaN|Infinity|\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)/i],
  ['INTEGER', /^-?\d+/],
  ['BOOLEAN', /^(?:true|false)/],
  ['NULL', /^null/],
  ['NAME', /^[a-z]+/],
];

class LiteralReader {
  private rest: string;
  constructor(text: string) {
    this.rest = text;
  }

  literal(): Literal {
    const first = this.rest[0] ?? '';
    if (first === '[') return this.group('LIST', ']');
    if (first === '(') return this.group('TUPLE', ')');
    if (first === '{') return this.group('BRACES', '}');
    if (first === "'")
      return { type: 'STRING', text: this.quoted(/^'((?:[^']|'')*)'/).replaceAll("''", "'") };
    if (first === '$') return { type: 'STRING', text: this.quoted(/^\$\$(.*?)\$\$/) };
    for (const [type, pattern] of TOKENS) {
      const text = pattern.exec(this.rest)?.[0];
      if (text === undefined) continue;
      this.rest = this.rest.slice(text.length);
      return { type, text } as Literal;
    }
    throw new Error(`no literal: ${this.rest}`);
  }

  private quoted(pattern: RegExp): string {
    const match = pattern.exec(this.rest);
    this.rest = this.rest.slice(match?.[0].length ?? 0);
    return match?.[1] ?? '';
  }

  private group(type: 'LIST' | 'TUPLE' | 'BRACES', close: string): Literal {
    this.rest = this.rest.slice(1);
    const items: Literal[] = [];
    const keys: Literal[] = [];
    while (!this.rest.startsWith(close)) {
      const item = this.literal();
      if (this.rest.startsWith(':')) {
        this.rest = this.rest.slice(1);
        keys.push(item);
        items.push(this.literal());
      } else {
        items.push(item);
      }
      if (this.rest.startsWith(',')) this.rest = this.rest.slice(1);
    }
    this.rest = this.rest.slice(1);
    return { type, items, keys };
  }
}
