// Values of a `@bind` directive: CQL literals, encoded for the marker's type without the codecs
// under test. Besides literals: `null`, `unset`, and `raw(0x..)` for bytes that no literal gives.

import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { UNSET } from '../../src/protocol/bound-value.ts';
import type { CqlType, NativeTypeName } from '../../src/data/cql-type.ts';
import { parseClassName } from '../../src/data/parse-class-name.ts';
import { int } from '../int-bytes.ts';
import { addressBytes } from './inet.ts';
import { fixedLength } from './print-value.ts';

/** Cuts at commas (or another mark) that lie outside of quotes and brackets. */
export function splitTop(text: string, mark = ','): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const next = text[at] as string;
    if (next === "'") isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if ('([{'.includes(next)) depth++;
    else if (')]}'.includes(next)) depth--;
    else if (next === mark && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = text.slice(start).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

/** Throws an Error when the text is no literal of the type. */
export function encodeValue(type: CqlType, text: string): BoundValue {
  if (text === 'unset') return UNSET;
  return encode(type, text);
}

function encode(type: CqlType, text: string): Buffer | null {
  if (text === 'null') return null;
  const raw = /^raw\((?:0x([0-9a-fA-F]*))?\)$/.exec(text);
  if (raw !== null) return Buffer.from(raw[1] ?? '', 'hex');
  switch (type.kind) {
    case 'native':
      return encodeNative(type.name, text);
    case 'list':
    case 'set': {
      const items = splitTop(inside(text)).map((item) => encode(type.element, item));
      return Buffer.concat([int(items.length), ...items.map(sized)]);
    }
    case 'map': {
      const entries = splitTop(inside(text)).map((entry) => splitTop(entry, ':'));
      const parts = entries.flatMap(([key = '', value = '']) => [
        encode(type.key, key),
        encode(type.value, value),
      ]);
      return Buffer.concat([int(entries.length), ...parts.map(sized)]);
    }
    case 'tuple': {
      const items = splitTop(inside(text)).map((item, i) =>
        encode(type.elements[i] as CqlType, item),
      );
      return Buffer.concat(items.map(sized));
    }
    case 'udt': {
      const given = new Map(
        splitTop(inside(text)).map((entry) => {
          const [name = '', value = ''] = splitTop(entry, ':');
          return [name, value];
        }),
      );
      return Buffer.concat(
        type.fieldNames.map((name, i) =>
          sized(encode(type.fieldTypes[i] as CqlType, given.get(name) ?? 'null')),
        ),
      );
    }
    case 'vector':
      return encodeVector(type.element, splitTop(inside(text)));
    case 'custom':
      return encode(parseClassName(type.className), text);
  }
}

function inside(text: string): string {
  return text.slice(1, -1);
}

function encodeVector(element: CqlType, items: readonly string[]): Buffer {
  const isFixed = fixedLength(element) !== null;
  return Buffer.concat(
    items.map((item) => {
      const bytes = encode(element, item) ?? Buffer.alloc(0);
      return isFixed ? bytes : Buffer.concat([unsignedVint(BigInt(bytes.length)), bytes]);
    }),
  );
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? int(-1) : Buffer.concat([int(bytes.length), bytes]);
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function unsignedVint(value: bigint): Buffer {
  let extra = 0;
  while (extra < 8 && value >= 1n << BigInt(7 * (extra + 1))) extra++;
  const bytes = Buffer.alloc(extra + 1);
  for (let i = extra, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  bytes[0] = (bytes[0] as number) | ((0xff << (8 - extra)) & 0xff);
  return bytes;
}

function varint(value: bigint): Buffer {
  let size = 1;
  while (BigInt.asIntN(8 * size, value) !== value) size++;
  return Buffer.from(
    BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, '0'),
    'hex',
  );
}

function encodeNative(name: NativeTypeName, text: string): Buffer {
  const quoted = /^'(.*)'$/s.exec(text)?.[1]?.replaceAll("''", "'");
  const bytes = Buffer.alloc(8);
  switch (name) {
    case 'text':
    case 'ascii':
      return Buffer.from(quoted ?? fail(name, text), 'utf8');
    case 'blob':
      return Buffer.from(text.replace(/^0x/, ''), 'hex');
    case 'empty':
      return Buffer.alloc(0);
    case 'tinyint':
      bytes.writeInt8(Number(text));
      return bytes.subarray(0, 1);
    case 'smallint':
      bytes.writeInt16BE(Number(text));
      return bytes.subarray(0, 2);
    case 'int':
      return int(Number(text));
    case 'bigint':
    case 'counter':
      return int64(BigInt(text));
    case 'varint':
      return varint(BigInt(text));
    case 'decimal':
      return encodeDecimal(text);
    case 'boolean':
      return Buffer.of(text === 'true' ? 1 : 0);
    case 'float':
      bytes.writeFloatBE(Number(text));
      return bytes.subarray(0, 4);
    case 'double':
      bytes.writeDoubleBE(Number(text));
      return bytes;
    case 'uuid':
    case 'timeuuid':
      return Buffer.from(text.replaceAll('-', ''), 'hex');
    case 'inet':
      return addressBytes(quoted ?? fail(name, text));
    case 'timestamp':
      return int64(quoted === undefined ? BigInt(text) : BigInt(Date.parse(quoted)));
    case 'date': {
      const days =
        quoted === undefined ? Number(text) : Date.parse(quoted) / 86_400_000 + 0x8000_0000;
      bytes.writeUInt32BE(days);
      return bytes.subarray(0, 4);
    }
    case 'time':
      return int64(quoted === undefined ? BigInt(text) : nanoseconds(quoted));
    case 'duration':
      return encodeDuration(text);
  }
}

function fail(name: string, text: string): never {
  throw new Error(`${text} is no ${name}`);
}

function encodeDecimal(text: string): Buffer {
  const [, digits = '', fraction = '', exponent = '0'] =
    /^(-?\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? fail('decimal', text);
  const scale = fraction.length - Number(exponent);
  return Buffer.concat([int(scale), varint(BigInt(digits + fraction))]);
}

function nanoseconds(text: string): bigint {
  const [hours = '0', minutes = '0', rest = '0'] = text.split(':');
  const [seconds = '0', fraction = ''] = rest.split('.');
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  return whole * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** `1mo2d3ns`, each part optional. */
function encodeDuration(text: string): Buffer {
  const [, sign, months = '0', days = '0', ns = '0'] =
    /^(-)?(?:(\d+)mo)?(?:(\d+)d)?(?:(\d+)ns)?$/.exec(text) ?? fail('duration', text);
  const zigzag = (part: string): Buffer => {
    const value = sign === undefined ? BigInt(part) : -BigInt(part);
    return unsignedVint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  };
  return Buffer.concat([zigzag(months), zigzag(days), zigzag(ns)]);
}
