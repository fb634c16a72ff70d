// Type descriptors: the round trip in every version. What a real node describes columns as:
// test/facts-conformance/codecs.test.ts.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { decodeTypeOption, encodeTypeOption } from '../../src/protocol/type-option.ts';
import { cqlType, VERSIONS } from './arbitraries.ts';

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
