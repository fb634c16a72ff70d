// Packing and unpacking collections and tuples.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  collectionSize,
  packList,
  packMap,
  packTuple,
  unpackList,
  unpackMap,
  unpackTuple,
} from '../../src/data/codec/packing.ts';
import { packVector, unpackVector } from '../../src/data/codec/vector-codec.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((value) => Buffer.from(value));
const nullable = fc.option(bytes);

test('what is packed is unpacked', () => {
  fc.assert(
    fc.property(fc.array(nullable), fc.array(fc.tuple(bytes, bytes)), (values, entries) => {
      expect(unpackList(packList(values))).toEqual(values);
      expect(collectionSize(packList(values))).toBe(values.length);
      expect(unpackMap(packMap(entries.flat()))).toEqual(entries.flat());
      expect(unpackTuple(packTuple(values), values.length)).toEqual(values);
      const elements = values.filter((value) => value !== null);
      expect(unpackVector(packVector(elements, -1), elements.length, -1)).toEqual(elements);
    }),
  );
});

test('fields that were not written are null; elements are slices', () => {
  const packed = packTuple([Buffer.of(1)]);
  expect(unpackTuple(packed, 3)).toEqual([Buffer.of(1), null, null]);
  const [field] = unpackTuple(packed, 1);
  expect(field?.buffer).toBe(packed.buffer);
});

test('truncated bytes are a RangeError', () => {
  expect(() => unpackList(packList([Buffer.alloc(9)]).subarray(0, 10))).toThrow(RangeError);
  expect(() => unpackTuple(packTuple([Buffer.alloc(9)]).subarray(0, 10), 1)).toThrow(RangeError);
});
