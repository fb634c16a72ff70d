// The primitive notations, written and read back, and what a reader says of bytes that are not
// there.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { addressBytes, addressText, endpointAddress } from '../../src/protocol/inet-address.ts';
import { UNSET } from '../../src/protocol/bound-value.ts';
import { bytes, level, maybeBytes, text } from './arbitraries.ts';

test('every notation reads back what was written', () => {
  const stringMap = fc.array(fc.tuple(text, text), { maxLength: 4 }).map((e) => new Map(e));
  fc.assert(
    fc.property(
      fc.integer(),
      fc.nat({ max: 65535 }),
      text,
      bytes,
      maybeBytes,
      level,
      stringMap,
      fc.array(text, { maxLength: 5 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      (int, short, string, shortBytes, value, consistency, map, list, long) => {
        const writer = new BodyWriter();
        writer.int(int);
        writer.short(short);
        writer.string(string);
        writer.longString(string);
        writer.shortBytes(shortBytes);
        writer.bytesOrNull(value);
        writer.consistency(consistency);
        writer.stringMap(map);
        writer.stringList(list);
        writer.long(long);
        writer.values([value, UNSET]);
        const reader = new BodyReader(writer.written());
        expect(reader.int()).toBe(int);
        expect(reader.short()).toBe(short);
        expect(reader.string()).toBe(string);
        expect(reader.longString()).toBe(string);
        expect(reader.shortBytes()).toEqual(shortBytes);
        expect(reader.bytesOrNull()).toEqual(value);
        expect(reader.consistency()).toBe(consistency);
        expect(reader.stringMap()).toEqual(map);
        expect(reader.stringList()).toEqual(list);
        expect(BigInt(reader.long())).toBe(long);
        expect(reader.values(4)).toEqual([value, UNSET]);
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

const MALFORMED: readonly [string, string, (reader: BodyReader) => unknown, string][] = [
  [
    'short string',
    '0005616263',
    (r) => r.string(),
    'Not enough bytes to read an UTF8 serialized string preceded by its 2 bytes length',
  ],
  [
    'long string',
    '7fffffff6162',
    (r) => r.longString(),
    'Not enough bytes to read an UTF8 serialized string preceded by its 4 bytes length',
  ],
  [
    'negative long string',
    'ffffffff',
    (r) => r.longString(),
    'Not enough bytes to read an UTF8 serialized string preceded by its 4 bytes length',
  ],
  [
    'short bytes',
    '001000',
    (r) => r.shortBytes(),
    'Not enough bytes to read a byte array preceded by its 2 bytes length',
  ],
  [
    'value',
    '0000000501',
    (r) => r.value(4),
    'Cannot read value of length 5, only 1 bytes remaining in the message',
  ],
  [
    'huge value',
    '7fffffff01',
    (r) => r.value(4),
    'Cannot read value of length 2147483647, only 1 bytes remaining in the message',
  ],
  ['odd negative value', 'fffffffd', (r) => r.value(4), 'Invalid ByteBuf length -3'],
  ['consistency', '004d', (r) => r.consistency(), 'Unknown code 77 for a consistency level'],
  ['not UTF-8', '0002c328', (r) => r.string(), "Cannot decode string as UTF8: '\uFFFD('"],
  ['int', '000000', (r) => r.int(), 'Not enough bytes to read [int]: 4 expected, 3 remaining'],
  [
    'string list',
    'ffff',
    (r) => r.stringList(),
    'Not enough bytes to read an UTF8 serialized string preceded by its 2 bytes length',
  ],
  [
    'inet',
    '0701020304',
    (r) => r.inetAddress(),
    'Invalid IP address while deserializing inet address',
  ],
];

test.each(MALFORMED)('%s is refused', (_name, hex, read, message) => {
  expect(() => read(new BodyReader(Buffer.from(hex, 'hex')))).toThrow(message);
});

test('any negative length is null in version 3', () => {
  expect(new BodyReader(Buffer.from('fffffffe', 'hex')).value(3)).toBe(null);
  expect(new BodyReader(Buffer.from('fffffff0', 'hex')).value(3)).toBe(null);
  expect(new BodyReader(Buffer.from('fffffffe', 'hex')).value(4)).toBe(UNSET);
});

test('a real replacement character is text', () => {
  const writer = new BodyWriter();
  writer.string('a\uFFFDb');
  expect(new BodyReader(writer.written()).string()).toBe('a\uFFFDb');
});

test.each([
  ['127.0.0.1', '7f000001', '127.0.0.1'],
  ['::1', '00000000000000000000000000000001', '0:0:0:0:0:0:0:1'],
  ['[fe80::2%eth0]', 'fe800000000000000000000000000002', 'fe80:0:0:0:0:0:0:2'],
])('address %s', (address, hex, printed) => {
  expect(addressBytes(address).toString('hex')).toBe(hex);
  expect(addressText(Buffer.from(hex, 'hex'))).toBe(printed);
});

test('the address of an endpoint', () => {
  expect(endpointAddress('127.0.1.2:7000')).toBe('127.0.1.2');
  expect(endpointAddress('[::1]:7000')).toBe('[::1]');
});
