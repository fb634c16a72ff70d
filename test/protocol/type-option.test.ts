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
import { wireTypeName } from '../wire-type-name.ts';
import { parseType } from '../types/cql-text.ts';
import { cqlType, VERSIONS } from './arbitraries.ts';

const { wireTypes } = facts<{ wireTypes: Record<string, Record<'v3' | 'v4' | 'v5', string>> }>(
  'codecs.json',
);

function described(type: CqlType, version: ProtocolVersion): string {
  const writer = new BodyWriter();
  encodeTypeOption(writer, type, version);
  const reader = new BodyReader(writer.written());
  const decoded = decodeTypeOption(reader);
  expect(reader.remaining).toBe(0);
  return wireTypeName(decoded);
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
