// The short forms here must be the bytes that the codecs of the same types write.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { mapOf, setOf } from '../../src/data/type-names.ts';
import {
  doubleValue,
  inetValue,
  intValue,
  longValue,
  readInet,
  readText,
  readTextList,
  readTextMap,
  readUuid,
  textListValue,
  textMapValue,
  textSetValue,
  textValue,
  uuidValue,
} from '../../src/node/schema/row-values.ts';

function bytesOf(type: CqlType, text: string): string {
  return codecFor(type).fromString(text, 0).toString('hex');
}

it('writes numbers, uuids and addresses as their codecs do', () => {
  fc.assert(
    fc.property(fc.integer(), fc.maxSafeInteger(), fc.uuid(), (int, long, uuid) => {
      expect(intValue(int).toString('hex')).toBe(bytesOf(NATIVE.int, String(int)));
      expect(longValue(long).toString('hex')).toBe(bytesOf(NATIVE.bigint, String(long)));
      expect(uuidValue(uuid).toString('hex')).toBe(bytesOf(NATIVE.uuid, uuid));
      expect(readUuid(uuidValue(uuid))).toBe(uuid);
    }),
  );
  expect(doubleValue(0.01).toString('hex')).toBe(bytesOf(NATIVE.double, '0.01'));
});

it.each(['127.0.1.1', '255.0.0.9', '::1', 'fe80::1:2', '2001:db8:0:1:2:3:4:5'])(
  'writes the address %s',
  (address) => {
    expect(inetValue(address).toString('hex')).toBe(bytesOf(NATIVE.inet, address));
    expect(inetValue(readInet(inetValue(address)))).toEqual(inetValue(address));
  },
);

it('reads collections back', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(texts, (list) => {
      expect(readTextList(textListValue(list))).toEqual(list);
      const set = [...new Set(list)];
      const sorted = set.map(textValue).sort(Buffer.compare).map(readText);
      expect(readTextList(textSetValue(set))).toEqual(sorted);
      const map = new Map(set.map((text, index) => [text, String(index)]));
      expect(readTextMap(textMapValue(map))).toEqual(map);
    }),
  );
});

it('writes sets and maps in the order of their codecs', () => {
  const set = codecFor(setOf(NATIVE.text, true));
  expect(set.toText(textSetValue(['b', 'a']))).toBe("{'a', 'b'}");
  const map = codecFor(mapOf(NATIVE.text, NATIVE.text, true));
  expect(
    map.toText(
      textMapValue(
        new Map([
          ['b', '1'],
          ['a', '2'],
        ]),
      ),
    ),
  ).toBe("{'a': '2', 'b': '1'}");
});
