// Values and types as a recording shows them: exact, one spelling for each value, and written
// without the codecs under test. Null is `null`, zero bytes are `<empty>` unless they are a text or
// a blob; a tuple or UDT shows the fields that were sent.

import { inspectAddress } from './inet.ts';
import type { CqlType, NativeTypeName } from '../../src/data/cql-type.ts';
import { parseClassName } from '../../src/data/parse-class-name.ts';

const MARSHAL = 'org.apache.cassandra.db.marshal.';

/** The type as result metadata tells it; frozen does not show there. */
export function printType(type: CqlType): string {
  switch (type.kind) {
    case 'native':
      return type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${printType(type.element)}>`;
    case 'map':
      return `map<${printType(type.key)}, ${printType(type.value)}>`;
    case 'tuple':
      return `tuple<${type.elements.map(printType).join(', ')}>`;
    case 'vector':
      return `vector<${printType(type.element)}, ${type.dimension}>`;
    case 'udt': {
      const members = type.fieldNames.map(
        (name, i) => `${name} ${printType(type.fieldTypes[i] as CqlType)}`,
      );
      return `${type.keyspace}.${type.name}{${members.join(', ')}}`;
    }
    case 'custom':
      return `'${type.className.replaceAll(MARSHAL, '')}'`;
  }
}

/** As a CQL literal; bytes that are no value of the type as they are. */
export function printValue(type: CqlType, bytes: Buffer | null): string {
  if (bytes === null) return 'null';
  try {
    return printPresent(type, bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `0x${bytes.toString('hex')}`;
  }
}

function printPresent(type: CqlType, bytes: Buffer): string {
  switch (type.kind) {
    case 'native':
      return printNative(type.name, bytes);
    case 'list':
    case 'set': {
      if (bytes.length === 0) return EMPTY;
      const items = elements(bytes, 1).map((item) => printValue(type.element, item));
      return type.kind === 'list' ? `[${items.join(', ')}]` : `{${items.join(', ')}}`;
    }
    case 'map':
      return bytes.length === 0 ? EMPTY : printMap(type.key, type.value, elements(bytes, 2));
    case 'tuple': {
      if (bytes.length === 0) return EMPTY;
      const items = fields(bytes).map((item, i) => printValue(type.elements[i] ?? BLOB, item));
      return `(${items.join(', ')})`;
    }
    case 'udt': {
      if (bytes.length === 0) return EMPTY;
      const items = fields(bytes).map(
        (item, i) =>
          `${type.fieldNames[i] ?? '?'}: ${printValue(type.fieldTypes[i] ?? BLOB, item)}`,
      );
      return `{${items.join(', ')}}`;
    }
    case 'vector':
      return `[${vectorElements(type.element, type.dimension, bytes)
        .map((v) => printValue(type.element, v))
        .join(', ')}]`;
    case 'custom': {
      const parsed = parseClassName(type.className);
      return parsed.kind === 'custom' ? hex(bytes) : printValue(parsed, bytes);
    }
  }
}

const EMPTY = '<empty>';
const BLOB: CqlType = { kind: 'native', name: 'blob' };

function printMap(key: CqlType, value: CqlType, flat: readonly (Buffer | null)[]): string {
  const entries: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    entries.push(`${printValue(key, flat[i] ?? null)}: ${printValue(value, flat[i + 1] ?? null)}`);
  }
  return `{${entries.join(', ')}}`;
}

/** The parts of a list, set (width 1) or map (width 2). */
function elements(bytes: Buffer, width: number): readonly (Buffer | null)[] {
  return slices(bytes, 4, bytes.readInt32BE(0) * width);
}

function fields(bytes: Buffer): readonly (Buffer | null)[] {
  return slices(bytes, 0, Infinity);
}

function slices(bytes: Buffer, from: number, count: number): readonly (Buffer | null)[] {
  const parts: (Buffer | null)[] = [];
  let at = from;
  while (parts.length < count && at + 4 <= bytes.length) {
    const length = bytes.readInt32BE(at);
    at += 4;
    parts.push(length < 0 ? null : bytes.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return parts;
}

/** Bytes of a vector's element, or null when each carries its length. */
export function fixedLength(type: CqlType): number | null {
  if (type.kind === 'vector') {
    const element = fixedLength(type.element);
    return element === null ? null : element * type.dimension;
  }
  if (type.kind !== 'native') return null;
  return FIXED_LENGTHS[type.name] ?? null;
}

const FIXED_LENGTHS: Partial<Record<NativeTypeName, number>> = {
  boolean: 1,
  int: 4,
  float: 4,
  bigint: 8,
  double: 8,
  timestamp: 8,
  uuid: 16,
  timeuuid: 16,
};

function vectorElements(element: CqlType, dimension: number, bytes: Buffer): readonly Buffer[] {
  const fixed = fixedLength(element);
  const parts: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    let length = fixed;
    if (length === null) {
      const [read, size] = readVint(bytes, at);
      length = Number(read);
      at += size;
    }
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

/** An unsigned vint and its size in bytes. */
function readVint(bytes: Buffer, at: number): readonly [bigint, number] {
  const first = bytes[at] ?? 0;
  let extra = 0;
  while (extra < 8 && (first & (0x80 >> extra)) !== 0) extra++;
  let value = extra >= 8 ? 0n : BigInt(first & (0xff >> extra));
  for (let i = 1; i <= extra; i++) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return [value, extra + 1];
}

function printNative(name: NativeTypeName, bytes: Buffer): string {
  if (bytes.length === 0 && name !== 'text' && name !== 'ascii' && name !== 'blob') return EMPTY;
  switch (name) {
    case 'text':
    case 'ascii':
      return printText(bytes);
    case 'blob':
    case 'empty':
      return hex(bytes);
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
    case 'counter':
      return String(signed(bytes));
    case 'varint':
      return isMinimal(bytes) ? String(signed(bytes)) : `${signed(bytes)} /* ${hex(bytes)} */`;
    case 'decimal':
      return printDecimal(signed(bytes.subarray(4)), bytes.readInt32BE(0));
    case 'boolean':
      return bytes[0] === 0 ? 'false' : 'true';
    case 'float':
      return printNumber(shortestFloat(bytes.readFloatBE(0)));
    case 'double':
      return printNumber(bytes.readDoubleBE(0));
    case 'uuid':
    case 'timeuuid':
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    case 'inet':
      return `'${inspectAddress(bytes)}'`;
    case 'timestamp':
      return printTimestamp(signed(bytes));
    case 'date':
      return printDate(bytes.readUInt32BE(0));
    case 'time':
      return printTime(signed(bytes));
    case 'duration':
      return printDuration(bytes);
  }
}

function hex(bytes: Buffer): string {
  return `0x${bytes.toString('hex')}`;
}

function signed(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(bytes.length * 8, BigInt(hex(bytes)));
}

function isMinimal(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes;
  return (
    bytes.length < 2 || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
  );
}

/** Line breaks stay, other control characters and what is not UTF-8 do not. */
function printText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes)) return `<not text ${hex(bytes)}>`;
  const quoted = text.replaceAll("'", "''").replaceAll('\\', '\\\\');
  return `'${[...quoted].map(printCharacter).join('')}'`;
}

function printCharacter(character: string): string {
  const isSeen = character === '\n' || !/[\p{Cc}\u2028\u2029\ufeff]/u.test(character);
  if (isSeen) return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** As many digits behind the point as the scale says; far from the point with an exponent. */
function printDecimal(unscaled: bigint, scale: number): string {
  if (scale < 0 || scale > 40) return `${unscaled}E${scale > 0 ? '-' : '+'}${Math.abs(scale)}`;
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function shortestFloat(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function printNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

const DATE_MS_MAX = 8_640_000_000_000_000n;

function printTimestamp(ms: bigint): string {
  if (ms > DATE_MS_MAX || ms < -DATE_MS_MAX) return String(ms);
  return `'${new Date(Number(ms)).toISOString()}'`;
}

function printDate(days: number): string {
  const ms = (BigInt(days) - 0x8000_0000n) * 86_400_000n;
  if (ms > DATE_MS_MAX || ms < -DATE_MS_MAX) return String(days);
  return `'${new Date(Number(ms)).toISOString().replace(/T.*$/, '')}'`;
}

function printTime(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = String(ns % 1_000_000_000n).padStart(9, '0');
  return `'${two(seconds / 3_600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}'`;
}

/** At least two digits. */
function two(n: bigint): string {
  return String(n).padStart(2, '0');
}

function printDuration(bytes: Buffer): string {
  const parts: bigint[] = [];
  for (let at = 0; at < bytes.length;) {
    const [value, size] = readVint(bytes, at);
    parts.push((value >> 1n) ^ -(value & 1n));
    at += size;
  }
  const [months = 0n, days = 0n, ns = 0n] = parts;
  return `${months}mo${days}d${ns}ns`;
}
