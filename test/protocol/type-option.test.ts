// Type descriptors: what a running Cassandra described each column type as, per version; and the
// round trip.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE, NATIVE_TYPE_NAMES } from '../../src/data/cql-type.ts';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { decodeTypeOption, encodeTypeOption } from '../../src/protocol/type-option.ts';
import { cqlType, VERSIONS } from './arbitraries.ts';

const facts = JSON.parse(
  readFileSync(new URL('../facts/codecs.json', import.meta.url), 'utf8'),
) as { wireTypes: Record<string, Record<'v3' | 'v4' | 'v5', string>> };

const udt = (name: string, fields: Record<string, CqlType>): CqlType => ({
  kind: 'udt',
  keyspace: 'cod',
  name,
  frozen: false,
  fieldNames: Object.keys(fields),
  fieldTypes: Object.values(fields),
});
const USER_TYPES: Record<string, CqlType> = {
  pt: udt('pt', { x: NATIVE.int, y: NATIVE.int }),
  addr: udt('addr', {
    street: NATIVE.text,
    num: NATIVE.int,
    tags: { kind: 'set', element: NATIVE.text, frozen: true },
  }),
};

/** A small parser of the fixture's CQL types. */
function parseType(text: string): CqlType {
  const open = text.indexOf('<');
  const name = open < 0 ? text : text.slice(0, open);
  const args = open < 0 ? [] : splitArguments(text.slice(open + 1, -1));
  const [first = '', second = ''] = args;
  switch (name) {
    case 'list':
    case 'set':
      return { kind: name, element: parseType(first), frozen: false };
    case 'map':
      return { kind: 'map', key: parseType(first), value: parseType(second), frozen: false };
    case 'tuple':
      return { kind: 'tuple', elements: args.map(parseType) };
    case 'vector':
      return { kind: 'vector', element: parseType(first), dimension: Number(second) };
    case 'frozen': {
      const type = parseType(first);
      return 'frozen' in type ? { ...type, frozen: true } : type;
    }
    default: {
      const native = NATIVE_TYPE_NAMES.find((candidate) => candidate === name);
      const type = native === undefined ? USER_TYPES[name] : NATIVE[native];
      if (type === undefined) throw new Error(`unknown type ${name}`);
      return type;
    }
  }
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '<') depth++;
    if (char === '>') depth--;
    if (i < text.length && (char !== ',' || depth > 0)) continue;
    parts.push(text.slice(from, i).trim());
    from = i + 1;
  }
  return parts;
}

/** As the fixture prints descriptors. */
function printed(type: CqlType): string {
  switch (type.kind) {
    case 'native':
      return type.name === 'text' ? 'varchar' : type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${printed(type.element)}>`;
    case 'map':
      return `map<${printed(type.key)},${printed(type.value)}>`;
    case 'tuple':
      return `tuple<${type.elements.map(printed).join(',')}>`;
    case 'custom':
      return `custom:${type.className}`;
    case 'udt': {
      const fields = type.fieldNames.map(
        (f, i) => `${f}:${printed(type.fieldTypes[i] as CqlType)}`,
      );
      return `udt:${type.keyspace}.${type.name}{${fields.join(',')}}`;
    }
    default:
      throw new Error(`${type.kind} is never described as such`);
  }
}

function described(type: CqlType, version: ProtocolVersion): string {
  const writer = new BodyWriter();
  encodeTypeOption(writer, type, version);
  const reader = new BodyReader(writer.written());
  const decoded = decodeTypeOption(reader);
  expect(reader.remaining).toBe(0);
  return printed(decoded);
}

test.each(Object.entries(facts.wireTypes))('%s is described as recorded', (name, wire) => {
  const type = parseType(name);
  expect({ v3: described(type, 3), v4: described(type, 4), v5: described(type, 5) }).toEqual(wire);
});

test.each(VERSIONS)('version %i: every descriptor reads back', (version) => {
  fc.assert(
    fc.property(cqlType(version), (type) => {
      const writer = new BodyWriter();
      encodeTypeOption(writer, type, version);
      expect(decodeTypeOption(new BodyReader(writer.written()))).toEqual(type);
    }),
  );
});

test('a descriptor nested without end is refused', () => {
  const body = Buffer.from('0020'.repeat(1000), 'hex');
  expect(() => decodeTypeOption(new BodyReader(body))).toThrow('nested too deeply');
});
