// The value encodings of the native protocol, as hex: docs of the protocol in the form of a table.

import { describe, expect, test } from 'vitest';
import { codecFor } from '../../src/data/codec/codec.ts';
import { unsignedVintBytes } from '../../src/data/vint.ts';
import { literalBytes, parseType } from './cql-text.ts';

describe('values', () => {
  test.each([
    ['smallint', '-2', 'fffe'],
    ['tinyint', '-2', 'fe'],
    ['float', '1.5', '3fc00000'],
    ['double', '-2.25', 'c002000000000000'],
    ['boolean', 'true', '01'],
    ['varint', '0', '00'],
    ['varint', '127', '7f'],
    ['varint', '128', '0080'],
    ['varint', '255', '00ff'],
    ['varint', '-1', 'ff'],
    ['varint', '-128', '80'],
    ['varint', '-129', 'ff7f'],
    ['varint', '32768', '008000'],
    ['decimal', '1.5', '000000010f'],
    ['decimal', '-1.5', '00000001f1'],
    ['decimal', '1E+3', 'fffffffd01'],
    ['decimal', '0', '0000000000'],
    ['decimal', '0.00', '0000000200'],
    ['decimal', '123.456', '0000000301e240'],
    ['timestamp', "'1970-01-01'", '0000000000000000'],
    ['timestamp', "'2011-02-03 04:05+0000'", '0000012de9b1cde0'],
    ['date', "'1970-01-01'", '80000000'],
    ['date', "'1969-12-31'", '7fffffff'],
    ['date', "'2024-02-29'", '80004d46'],
    ['time', "'08:12:54.123456789'", '00001ae5c31f8915'],
    ['duration', '1y2mo3d4h5m6s7ms8us9ns', '1c06fc1ac004a5c612'],
    ['duration', '-1h', '0000fc068c61713fff'],
    ['duration', '0s', '000000'],
    ['duration', '1mo', '020000'],
    ['duration', '2w', '001c00'],
    ['duration', '89h4m48s', '0000fe024753fca5c000'],
    ['inet', "'127.0.0.1'", '7f000001'],
    ['frozen<list<int>>', '[1,2]', '0000000200000004000000010000000400000002'],
    [
      'frozen<map<text,int>>',
      "{'a':1,'b':2}",
      '000000020000000161000000040000000100000001620000000400000002',
    ],
    ['tuple<int,text>', '(1,null)', '0000000400000001ffffffff'],
    ['vector<float,3>', '[1,-2,0.5]', '3f800000c00000003f000000'],
    ['vector<text,2>', "['a','bcd']", '016103626364'],
    ['vector<smallint,2>', '[1,2]', '020001020002'],
    ['vector<date,1>', "['1970-01-01']", '0480000000'],
  ])('%s %s = %s', (type, literal, hex) => {
    expect(literalBytes(literal, parseType(type))?.toString('hex')).toBe(hex);
  });
});

describe('zero bytes', () => {
  const natives =
    'ascii text blob int bigint float double boolean uuid timeuuid timestamp varint decimal inet counter'.split(
      ' ',
    );
  test.each([...natives, 'tuple<int,text>', 'frozen<addr>', 'addr'])('%s accepts them', (name) => {
    const codec = codecFor(parseType(name));
    codec.validate(Buffer.alloc(0));
    expect(codec.allowsEmpty).toBe(true);
  });

  test.each([
    ['smallint', 'Expected 2 bytes for a smallint (0)'],
    ['tinyint', 'Expected 1 byte for a tinyint (0)'],
    ['date', 'Expected 4 byte long for date (0)'],
    ['time', 'Expected 8 byte long for time (0)'],
    ['duration', 'Expected at least 3 bytes for a duration (0)'],
    ['vector<float,3>', 'Invalid empty vector value'],
    ['list<int>', 'Not enough bytes to read a list'],
    ['map<int,int>', 'Not enough bytes to read a map'],
  ])('%s refuses them: %s', (name, message) => {
    const codec = codecFor(parseType(name));
    expect(() => codec.validate(Buffer.alloc(0))).toThrow(message);
    expect(codec.allowsEmpty).toBe(false);
  });
});

describe('texts', () => {
  test.each([
    ['int', '0001', 'Expected 4 or 0 byte int (2)'],
    ['text', 'ff', "String didn't validate."],
    ['ascii', 'ff', 'Invalid byte for ascii: -1'],
    ['vector<float,3>', '00000000', 'Not enough bytes to read a vector<float, 3>'],
    ['tuple<int,text>', '000000040000', 'Not enough bytes to read 0th component'],
    ['tuple<int>', '000000040000000100000000', 'Invalid remaining data after end of tuple value'],
    [
      'frozen<pt>',
      '0000000100',
      'Failure validating the 0th field x; Expected 4 or 0 byte int (1)',
    ],
  ])('%s %s: %s', (type, hex, message) => {
    expect(() => codecFor(parseType(type)).validate(Buffer.from(hex, 'hex'))).toThrow(message);
  });
});

test('vints', () => {
  const cases: [bigint, string][] = [
    [0n, '00'],
    [127n, '7f'],
    [128n, '8080'],
    [16_383n, 'bfff'],
    [16_384n, 'c04000'],
    [2n ** 64n - 1n, 'ffffffffffffffffff'],
  ];
  for (const [value, hex] of cases) expect(unsignedVintBytes(value).toString('hex')).toBe(hex);
});
