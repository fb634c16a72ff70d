// Type descriptors: what a running Cassandra described each column type as, per version; and the
// round trip.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CqlType } from '../../src/data/cql-type.ts';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { decodeTypeOption, encodeTypeOption } from '../../src/protocol/type-option.ts';
import { facts } from '../read-facts.ts';
import { parseType } from '../types/cql-text.ts';
import { cqlType, VERSIONS } from './arbitraries.ts';

const { wireTypes } = facts<{ wireTypes: Record<string, Record<'v3' | 'v4' | 'v5', string>> }>(
  'codecs.json',
);

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

test.each(Object.entries(wireTypes))('%s is described as recorded', (name, wire) => {
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
