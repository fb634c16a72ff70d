// Values from parsed JSON: INSERT JSON and from_json. Every type takes a string in its own text
// form, structures take a string that holds their JSON. Test: test/types/recorded.test.ts.
// Cassandra: db/marshal/*.fromJSONObject.

import { parseVarint, varintBytes } from './big-number.ts';
import { codecFor } from './codec/codec.ts';
import { EMPTY } from './codec/codec-interface.ts';
import { MarshalException, marshalError } from './codec/marshal-exception.ts';
import { doubleBytes, floatBytes } from './codec/native-codecs.ts';
import { packList, packMap, packTuple } from './codec/packing.ts';
import { packVector } from './codec/vector-codec.ts';
import type { CqlType, NativeTypeName, UserType, VectorType } from './cql-type.ts';
import { serverError } from './cql-error.ts';
import { JsonParseError, parseJson } from './json-parser.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { JsonNumber, isJsonArray, isJsonObject, javaTextOf, javaTypeOf } from './json-value.ts';

/**
 * The bytes of a parsed JSON value that is not null. `nowMs` is what the timestamp 'now' means.
 * Throws MarshalException with Cassandra's text (the caller may prefix it); texts about durations
 * are plain INVALID errors, as there.
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
    if (error instanceof JsonParseError)
      throw marshalError(`Error decoding JSON string: ${error.message}`);
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

function nativeFromJson(
  name: NativeTypeName,
  type: CqlType,
  value: JsonValue,
  nowMs: number,
): Buffer {
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
      if (!(value instanceof JsonNumber))
        throw got(name === 'tinyint' ? 'a byte value' : 'a short value', value);
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
  if (!value.startsWith('0x'))
    throw refuse(`String representation of blob is missing 0x prefix: ${value}`);
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

function wideNumberFromJson(
  name: 'float' | 'double' | 'decimal' | 'varint' | 'empty',
  value: JsonValue,
  parse: Parse,
): Buffer {
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
      if (number === null)
        throw marshalError(`Value '${text}' is not a valid representation of a varint value`);
      return varintBytes(number);
    }
    case 'empty':
      if (typeof value !== 'string')
        throw marshalError(`Expected an empty string, but got: ${text}`);
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
  if (value.length < types.length)
    throw marshalError(`Tuple is missing items (expected ${types.length}): ${text}`);
  return packTuple(
    value.map((item, i) => (item === null ? null : fromJson(types[i] as CqlType, item, nowMs))),
  );
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

/** An element of a vector that stands for no value. */
export class NullInVector extends Error {
  constructor() {
    super('null is not supported inside vectors');
  }
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
  const { fixedLength } = codecFor(type.element);
  if (fixedLength > 0 && elements.some((element) => element.length === 0)) throw new NullInVector();
  return packVector(elements, fixedLength);
}

/** Keys folded to lower case unless quoted inside: the names of columns and fields. */
export function unquoteKeys(object: JsonObject): Map<string, JsonValue> {
  const result = new Map(object);
  for (const key of object.keys()) {
    const name =
      key.length > 1 && key.startsWith('"') && key.endsWith('"')
        ? key.slice(1, -1)
        : key.toLowerCase();
    if (name === key) continue;
    const value = result.get(key) ?? null;
    result.delete(key);
    result.set(name, value);
  }
  return result;
}
