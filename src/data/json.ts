// Values as JSON text and back: SELECT JSON, to_json, INSERT JSON, from_json. A UDT's and a table's keys follow the
// same rule: case-sensitive names carry quotes inside the key. Test: test/types/json.test.ts.
// Cassandra: db/marshal/*.toJSONString and fromJSONObject, utils/JsonUtils.java, cql3/Json.java.

import { decimalFromBytes, decimalText, parseVarint, varintBytes, varintFromBytes } from './big-number.ts';
import { readInt64 } from '../base/int64.ts';
import { codecFor } from './codec/codec.ts';
import { EMPTY } from './codec/codec-interface.ts';
import { inetText } from './codec/inet-text.ts';
import { MarshalException, marshalError } from './codec/marshal-exception.ts';
import { doubleBytes, floatBytes } from './codec/native-codecs.ts';
import { packList, packMap, packTuple, unpackList, unpackMap, unpackTuple } from './codec/packing.ts';
import { dateText, timeText, timestampText } from './codec/timestamp-text.ts';
import { packVector, unpackVector } from './codec/vector-codec.ts';
import type { CqlType, NativeTypeName, UserType, VectorType } from './cql-type.ts';
import { invalid, serverError } from './cql-error.ts';
import { durationFromBytes, durationText } from './duration.ts';
import { doubleText, floatText } from './java-number.ts';
import {
  JsonNumber, JsonParseError, isJsonArray, isJsonObject, javaTextOf, javaTypeOf, parseJson, parseJsonObject,
} from './json-parser.ts';
import type { JsonObject, JsonValue } from './json-parser.ts';
import { uuidText } from './time-uuid.ts';

// ------------------------------------------------------------------------------------------------------- to JSON

/** The JSON text of a value; `bytes` is valid. Null is the caller's `null`. */
export function toJson(type: CqlType, bytes: Buffer): string {
  switch (type.kind) {
    case 'native':
      return NATIVE_TO_JSON[type.name](bytes);
    case 'list':
    case 'set':
      return jsonArray(type.element, unpackList(bytes));
    case 'map':
      return mapToJson(type.key, type.value, unpackMap(bytes));
    case 'tuple': {
      const values = unpackTuple(bytes, type.elements.length);
      return `[${values.map((value, i) => nullableToJson(type.elements[i] as CqlType, value)).join(', ')}]`;
    }
    case 'udt': {
      const values = unpackTuple(bytes, type.fieldNames.length);
      const fields = type.fieldNames.map(
        (name, i) => `${jsonKey(name)}: ${nullableToJson(type.fieldTypes[i] as CqlType, values[i] ?? null)}`,
      );
      return `{${fields.join(', ')}}`;
    }
    case 'vector':
      return jsonArray(type.element, unpackVector(bytes, type.dimension, codecFor(type.element).fixedLength));
    case 'custom':
      return `"0x${bytes.toString('hex')}"`;
  }
}

/** As toJson, and `null` for null. */
export function nullableToJson(type: CqlType, bytes: Buffer | null): string {
  return bytes === null ? 'null' : toJson(type, bytes);
}

/** The key of a column or UDT field, quoted: `"k"`; with upper-case letters `"\"K\""`. */
export function jsonKey(name: string): string {
  return quoteJson(name === name.toLowerCase() ? name : `"${name}"`);
}

/** A JSON string literal: control characters escaped as Jackson does. */
export function quoteJson(text: string): string {
  // eslint-disable-next-line no-control-regex
  return `"${text.replaceAll(/["\\\u0000-\u001f]/g, escapeJson)}"`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t',
};

function escapeJson(char: string): string {
  return SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function jsonArray(element: CqlType, values: readonly (Buffer | null)[]): string {
  return `[${values.map((value) => nullableToJson(element, value)).join(', ')}]`;
}

function mapToJson(key: CqlType, value: CqlType, flat: readonly (Buffer | null)[]): string {
  const entries: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = nullableToJson(key, flat[i] ?? null);
    const quoted = name.startsWith('"') ? name : quoteJson(name);
    entries.push(`${quoted}: ${nullableToJson(value, flat[i + 1] ?? null)}`);
  }
  return `{${entries.join(', ')}}`;
}

type ToJson = (bytes: Buffer) => string;
const orEmpty = (text: ToJson): ToJson => (bytes) => (bytes.length === 0 ? '""' : text(bytes));
const quoted = (text: ToJson): ToJson => (bytes) => `"${bytes.length === 0 ? '' : text(bytes)}"`;
const finite = (value: number, text: (value: number) => string): string =>
  Number.isFinite(value) ? text(value) : 'null';
/** Where Cassandra meets a null pointer on an empty value. */
const strict = (text: ToJson): ToJson => (bytes) => {
  if (bytes.length === 0) throw serverError('java.lang.NullPointerException');
  return text(bytes);
};

const NATIVE_TO_JSON = {
  ascii: (bytes) => quoteJson(bytes.toString('latin1')),
  text: (bytes) => quoteJson(bytes.toString('utf8')),
  blob: (bytes) => `"0x${bytes.toString('hex')}"`,
  empty: () => '""',
  boolean: strict((bytes) => (bytes[0] === 0 ? 'false' : 'true')),
  tinyint: strict((bytes) => String(bytes.readInt8(0))),
  smallint: orEmpty((bytes) => String(bytes.readInt16BE(0))),
  int: orEmpty((bytes) => String(bytes.readInt32BE(0))),
  bigint: orEmpty((bytes) => String(readInt64(bytes, 0))),
  counter: strict((bytes) => String(readInt64(bytes, 0))),
  varint: orEmpty((bytes) => varintFromBytes(bytes).toString()),
  decimal: orEmpty((bytes) => decimalText(decimalFromBytes(bytes))),
  float: orEmpty((bytes) => finite(bytes.readFloatBE(0), floatText)),
  double: orEmpty((bytes) => finite(bytes.readDoubleBE(0), doubleText)),
  timestamp: quoted((bytes) => timestampText(bytes.readBigInt64BE(0), ' ')),
  date: quoted((bytes) => dateText(bytes.readUInt32BE(0))),
  time: quoted((bytes) => timeText(Number(readInt64(bytes, 0)))),
  duration: quoted((bytes) => durationText(durationFromBytes(bytes))),
  uuid: quoted(uuidText),
  timeuuid: quoted(uuidText),
  inet: quoted(inetText),
} as const satisfies Record<NativeTypeName, ToJson>;

// ----------------------------------------------------------------------------------------------------- from JSON

/**
 * The bytes of a parsed JSON value that is not null. `nowMs` is what the timestamp 'now' means. Throws MarshalException
 * with Cassandra's text (the caller may prefix it); texts about durations are plain INVALID errors, as there.
 */
export function fromJson(type: CqlType, value: JsonValue, nowMs: number): Buffer {
  switch (type.kind) {
    case 'native':
      return nativeFromJson(type.name, type, value, nowMs);
    case 'list':
    case 'set':
    case 'map':
      return collectionFromJson(type, decoded(value), nowMs);
    case 'tuple':
      return tupleFromJson(type.elements, decoded(value), nowMs);
    case 'udt':
      return userTypeFromJson(type, decoded(value), nowMs);
    case 'vector':
      return vectorFromJson(type, decoded(value), nowMs);
    case 'custom':
      return codecFor(type).fromString(javaTextOf(value), nowMs);
  }
}

/** A string in the place of a structure holds the structure's JSON. */
function decoded(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return value;
  try {
    return parseJson(value);
  } catch (error) {
    if (error instanceof JsonParseError) throw marshalError(`Error decoding JSON string: ${error.message}`);
    throw error;
  }
}

function got(expected: string, value: JsonValue): MarshalException {
  return marshalError(`Expected ${expected}, but got a ${javaTypeOf(value)}: ${javaTextOf(value)}`);
}

/** What the text of a type error expects of the types that only take a string. */
const EXPECTED_STRING = {
  ascii: 'an ascii string',
  text: 'a UTF-8 string',
  date: 'a string representation of a date value',
  duration: 'a string representation of a duration',
  inet: 'a string representation of an inet value',
  time: 'a string representation of a time value',
  timeuuid: 'a string representation of a timeuuid',
  uuid: 'a string representation of a uuid',
} as const;

function nativeFromJson(name: NativeTypeName, type: CqlType, value: JsonValue, nowMs: number): Buffer {
  const parse = (text: string): Buffer => codecFor(type).fromString(text, nowMs);
  switch (name) {
    case 'ascii':
    case 'text':
    case 'date':
    case 'duration':
    case 'inet':
    case 'time':
    case 'timeuuid':
    case 'uuid':
      if (typeof value !== 'string') throw got(EXPECTED_STRING[name], value);
      return parse(value);
    case 'blob':
      return blobFromJson(value, parse);
    case 'boolean':
      if (typeof value === 'string') return parse(value);
      if (typeof value !== 'boolean') throw got('a boolean value', value);
      return Buffer.of(value ? 1 : 0);
    case 'tinyint':
    case 'smallint':
      if (typeof value === 'string') return parse(value);
      if (!(value instanceof JsonNumber)) throw got(name === 'tinyint' ? 'a byte value' : 'a short value', value);
      return parse(value.text);
    case 'int':
      return integerFromJson(value, 'an int value', ['Integer'], parse);
    case 'bigint':
      return integerFromJson(value, 'a bigint value', ['Integer', 'Long'], parse);
    case 'counter':
      throw serverError('java.lang.UnsupportedOperationException');
    case 'timestamp':
      if (value instanceof JsonNumber && value.javaType === 'Long') return parse(value.text);
      if (typeof value === 'string') return parse(value);
      throw got('a long or a datestring representation of a timestamp value', value);
    default:
      return wideNumberFromJson(name, value, parse);
  }
}

type Parse = (text: string) => Buffer;

function blobFromJson(value: JsonValue, parse: Parse): Buffer {
  const text = javaTextOf(value);
  const refuse = (reason: string): MarshalException =>
    marshalError(`Value '${text}' is not a valid blob representation: ${reason}`);
  if (typeof value !== 'string') {
    const java = `java.${value instanceof JsonNumber ? (value.javaType === 'BigInteger' ? 'math' : 'lang') : typeof value === 'boolean' ? 'lang' : 'util'}.${javaTypeOf(value)}`;
    throw refuse(
      `class ${java} cannot be cast to class java.lang.String (${java} and java.lang.String are in module java.base of loader 'bootstrap')`,
    );
  }
  if (!value.startsWith('0x')) throw refuse(`String representation of blob is missing 0x prefix: ${value}`);
  try {
    return parse(value.slice(2));
  } catch (error) {
    if (error instanceof MarshalException) throw refuse(error.message);
    throw error;
  }
}

function integerFromJson(
  value: JsonValue,
  expected: string,
  accepted: readonly JsonNumber['javaType'][],
  parse: Parse,
): Buffer {
  if (typeof value === 'string') return parse(value);
  if (value instanceof JsonNumber && accepted.includes(value.javaType)) return parse(value.text);
  throw got(expected, value);
}

function wideNumberFromJson(name: 'float' | 'double' | 'decimal' | 'varint' | 'empty', value: JsonValue, parse: Parse): Buffer {
  const text = javaTextOf(value);
  switch (name) {
    case 'float':
    case 'double': {
      if (typeof value === 'string') return parse(value);
      if (!(value instanceof JsonNumber)) throw got(`a ${name} value`, value);
      const number = Number(text);
      return name === 'float' ? floatBytes(Math.fround(number)) : doubleBytes(number);
    }
    case 'decimal':
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof MarshalException)) throw error;
        throw marshalError(`Value '${text}' is not a valid representation of a decimal value`);
      }
    case 'varint': {
      const number = parseVarint(text);
      if (number === null) throw marshalError(`Value '${text}' is not a valid representation of a varint value`);
      return varintBytes(number);
    }
    case 'empty':
      if (typeof value !== 'string') throw marshalError(`Expected an empty string, but got: ${text}`);
      if (value !== '') throw marshalError(`'${value}' is not empty`);
      return EMPTY;
  }
}

type CollectionType = Extract<CqlType, { kind: 'list' | 'set' | 'map' }>;

function collectionFromJson(type: CollectionType, value: JsonValue, nowMs: number): Buffer {
  if (type.kind === 'map') {
    if (!isJsonObject(value)) throw got('a map', value);
    const entries: [Buffer, Buffer][] = [];
    for (const [key, inner] of value) {
      if (inner === null) throw marshalError('Invalid null value in map');
      entries.push([fromJson(type.key, key, nowMs), fromJson(type.value, inner, nowMs)]);
    }
    return packMap(sortedUnique(entries, codecFor(type.key).compare).flat());
  }
  if (!isJsonArray(value)) {
    throw got(type.kind === 'list' ? 'a list' : 'a list (representing a set)', value);
  }
  const elements = value.map((element) => {
    if (element === null) throw marshalError(`Invalid null element in ${type.kind}`);
    return fromJson(type.element, element, nowMs);
  });
  if (type.kind === 'list') return packList(elements);
  const single = elements.map((element): [Buffer] => [element]);
  return packList(sortedUnique(single, codecFor(type.element).compare).flat());
}

/** Sorted by the first of each entry; of equal ones the last stays. */
function sortedUnique<T extends readonly [Buffer, ...Buffer[]]>(
  entries: readonly T[],
  compare: (a: Buffer, b: Buffer) => number,
): T[] {
  const sorted = [...entries].sort((a, b) => compare(a[0], b[0]));
  return sorted.filter((entry, i) => {
    const next = sorted[i + 1];
    return next === undefined || compare(entry[0], next[0]) !== 0;
  });
}

function tupleFromJson(types: readonly CqlType[], value: JsonValue, nowMs: number): Buffer {
  if (!isJsonArray(value)) throw got('a list representation of a tuple', value);
  const text = javaTextOf(value);
  if (value.length > types.length) {
    throw marshalError(`Tuple contains extra items (expected ${types.length}): ${text}`);
  }
  if (value.length < types.length) throw marshalError(`Tuple is missing items (expected ${types.length}): ${text}`);
  return packTuple(value.map((item, i) => (item === null ? null : fromJson(types[i] as CqlType, item, nowMs))));
}

function userTypeFromJson(type: UserType, value: JsonValue, nowMs: number): Buffer {
  if (!isJsonObject(value)) throw got('a map', value);
  const fields = unquoteKeys(value);
  const values = type.fieldNames.map((name, i) => {
    const item = fields.get(name) ?? null;
    return item === null ? null : fromJson(type.fieldTypes[i] as CqlType, item, nowMs);
  });
  for (const name of fields.keys()) {
    if (!type.fieldNames.includes(name)) {
      throw marshalError(`Unknown field '${name}' in value of user defined type ${type.name}`);
    }
  }
  return packTuple(values);
}

function vectorFromJson(type: VectorType, value: JsonValue, nowMs: number): Buffer {
  if (!isJsonArray(value)) throw got('a list', value);
  if (value.length !== type.dimension) {
    throw marshalError(
      `List had incorrect size: expected ${type.dimension} but given ${value.length}; ${javaTextOf(value)}`,
    );
  }
  const elements = value.map((element) => {
    if (element === null) throw marshalError('Invalid null element in list');
    return fromJson(type.element, element, nowMs);
  });
  return packVector(elements, codecFor(type.element).fixedLength);
}

/** Keys folded to lower case unless quoted inside: the names of columns and fields. */
function unquoteKeys(object: JsonObject): Map<string, JsonValue> {
  const result = new Map(object);
  for (const key of object.keys()) {
    const name = key.length > 1 && key.startsWith('"') && key.endsWith('"') ? key.slice(1, -1) : key.toLowerCase();
    if (name === key) continue;
    const value = result.get(key) ?? null;
    result.delete(key);
    result.set(name, value);
  }
  return result;
}

/** One column of an INSERT JSON as it was given. Absent columns are not in the map. */
export type JsonColumns = ReadonlyMap<string, Buffer | null>;

/**
 * The columns of an INSERT JSON document. Throws INVALID: `Got null for INSERT JSON values`, `Could not decode JSON
 * string as a map: ..`, `Error decoding JSON value for k: ..`, `JSON values map contains unrecognized column: x`.
 */
export function jsonColumns(
  text: string,
  columns: Iterable<{ readonly name: string; readonly type: CqlType }>,
  nowMs: number,
): JsonColumns {
  const given = unquoteKeys(jsonDocument(text));
  const result = new Map<string, Buffer | null>();
  for (const { name, type } of columns) {
    const value = given.get(name);
    if (value === undefined) continue;
    given.delete(name);
    result.set(name, value === null ? null : columnFromJson(name, type, value, nowMs));
  }
  const unknown = given.keys().next();
  if (unknown.done !== true) throw invalid(`JSON values map contains unrecognized column: ${unknown.value}`);
  return result;
}

function jsonDocument(text: string): JsonObject {
  let object: JsonObject | null;
  try {
    object = parseJsonObject(text);
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw invalid(`Could not decode JSON string as a map: ${error.javaText}. (String was: ${text})`);
  }
  if (object === null) throw invalid('Got null for INSERT JSON values');
  return object;
}

function columnFromJson(name: string, type: CqlType, value: JsonValue, nowMs: number): Buffer {
  try {
    return fromJson(type, value, nowMs);
  } catch (error) {
    if (!(error instanceof MarshalException)) throw error;
    throw invalid(`Error decoding JSON value for ${name}: ${error.message}`);
  }
}
