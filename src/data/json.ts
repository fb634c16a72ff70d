// Values as JSON text, and documents as rows: SELECT JSON, to_json, INSERT JSON. A UDT's and a
// table's keys follow the same rule: case-sensitive names carry quotes inside the key. Values from
// JSON: json-decode.ts. Test: test/types/json.test.ts, test/types/recorded.test.ts. Cassandra:
// db/marshal/*.toJSONString, utils/JsonUtils.java, cql3/Json.java.

import { readInt64 } from '../base/int64.ts';
import { decimalFromBytes, decimalText, varintFromBytes } from './big-number.ts';
import { codecFor } from './codec/codec.ts';
import { inetText } from './codec/inet-text.ts';
import { MarshalException } from './codec/marshal-exception.ts';
import { packTuple, unpackList, unpackMap, unpackTuple } from './codec/packing.ts';
import { dateText, timeText, timestampText } from './codec/timestamp-text.ts';
import { unpackVector } from './codec/vector-codec.ts';
import type { CqlType, NativeTypeName } from './cql-type.ts';
import { invalid, serverError } from './cql-error.ts';
import { durationFromBytes, durationText } from './duration.ts';
import { doubleText, floatText } from './java-number.ts';
import { fromJson, NullInVector, unquoteKeys } from './json-decode.ts';
import { JsonParseError, parseJsonObject } from './json-parser.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { uuidText } from './uuid.ts';

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
      // Cassandra stumbles over a tuple whose last fields were never written.
      if (packTuple(values).length > bytes.length)
        throw serverError('java.lang.IndexOutOfBoundsException');
      return `[${values.map((value, i) => nullableToJson(type.elements[i] as CqlType, value)).join(', ')}]`;
    }
    case 'udt': {
      const values = unpackTuple(bytes, type.fieldNames.length);
      const fields = type.fieldNames.map(
        (name, i) =>
          `${jsonKey(name)}: ${nullableToJson(type.fieldTypes[i] as CqlType, values[i] ?? null)}`,
      );
      return `{${fields.join(', ')}}`;
    }
    case 'vector':
      return jsonArray(
        type.element,
        unpackVector(bytes, type.dimension, codecFor(type.element).fixedLength),
      );
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
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapeJson(char: string): string {
  return (
    SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  );
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
const orEmpty =
  (text: ToJson): ToJson =>
  (bytes) =>
    bytes.length === 0 ? '""' : text(bytes);
const quoted =
  (text: ToJson): ToJson =>
  (bytes) =>
    `"${bytes.length === 0 ? '' : text(bytes)}"`;
const finite = (value: number, text: (value: number) => string): string =>
  Number.isFinite(value) ? text(value) : 'null';
/** Where Cassandra meets a null pointer on an empty value. */
const strict =
  (text: ToJson): ToJson =>
  (bytes) => {
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

/** One column of an INSERT JSON as it was given. Absent columns are not in the map. */
export type JsonColumns = ReadonlyMap<string, Buffer | null>;

/**
 * The columns of an INSERT JSON document. Throws INVALID: `Got null for INSERT JSON values`, `Could
 * not decode JSON string as a map: ..`, `Error decoding JSON value for k: ..`, `JSON values map
 * contains unrecognized column: x`.
 */
export function jsonColumns(
  text: string,
  columns: Iterable<{ readonly name: string; readonly type: CqlType }>,
  nowMs: number,
): JsonColumns {
  const given = unquoteKeys(jsonDocument(text));
  const result = new Map<string, Buffer | null>();
  // A vector with a hole is found out later than what is wrong with any column.
  let late: NullInVector | null = null;
  for (const { name, type } of columns) {
    const value = given.get(name);
    if (value === undefined) continue;
    given.delete(name);
    try {
      result.set(name, value === null ? null : columnFromJson(name, type, value, nowMs));
    } catch (error) {
      if (!(error instanceof NullInVector)) throw error;
      late ??= error;
    }
  }
  const unknown = given.keys().next();
  if (unknown.done !== true)
    throw invalid(`JSON values map contains unrecognized column: ${unknown.value}`);
  if (late !== null) throw invalid(late.message);
  return result;
}

function jsonDocument(text: string): JsonObject {
  let object: JsonObject | null;
  try {
    object = parseJsonObject(text);
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw invalid(
      `Could not decode JSON string as a map: ${error.javaText}. (String was: ${text})`,
    );
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
