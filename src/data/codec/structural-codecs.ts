// Codecs of lists, sets, maps, tuples and UDTs over the codecs of what they hold. Comparing and
// validating walk the bytes in place. Vectors: vector-codec.ts. Test: test/types/codecs.test.ts.
// Cassandra: serializers/{List,Set,Map,Tuple,UserType}Serializer, CollectionType.compareListOrSet,
// TupleType.compareCustom.

import type { ListType, MapType, SetType, TupleType, UserType } from '../cql-type.ts';
import { quoteIfNeeded } from '../identifier.ts';
import { typeName } from '../type-names.ts';
import type { Codec } from './codec-interface.ts';
import { EMPTY } from './codec-interface.ts';
import { MarshalException, marshalError } from './marshal-exception.ts';
import { hexBytes } from './native-codecs.ts';
import { packTuple, unpackList, unpackMap } from './packing.ts';

type CollectionKind = 'list' | 'set' | 'map';

export function listOrSetCodec(type: ListType | SetType, element: Codec): Codec {
  const [open, close] = type.kind === 'list' ? ['[', ']'] : ['{', '}'];
  const literal = (bytes: Buffer): string =>
    open +
    unpackList(bytes)
      .map((value) => element.toCqlLiteral(value))
      .join(', ') +
    close;
  return {
    ...collectionDefaults(literal),
    type,
    validate: (bytes) => validateElements(bytes, type.kind, element, element),
    compare: (a, b) => compareElements(a, b, [element]),
  };
}

export function mapCodec(type: MapType, key: Codec, value: Codec): Codec {
  const literal = (bytes: Buffer): string => {
    const flat = unpackMap(bytes);
    const entries: string[] = [];
    for (let i = 0; i < flat.length; i += 2) {
      entries.push(
        `${key.toCqlLiteral(flat[i] ?? null)}: ${value.toCqlLiteral(flat[i + 1] ?? null)}`,
      );
    }
    return `{${entries.join(', ')}}`;
  };
  return {
    ...collectionDefaults(literal),
    type,
    validate: (bytes) => validateElements(bytes, 'map', key, value),
    compare: (a, b) => compareElements(a, b, [key, value]),
  };
}

function collectionDefaults(
  literal: (bytes: Buffer) => string,
): Omit<Codec, 'type' | 'validate' | 'compare'> {
  return {
    fixedLength: -1,
    allowsEmpty: false,
    isEmptyMeaningless: false,
    toCqlLiteral: (bytes) => (bytes === null ? 'null' : literal(bytes)),
    toText: literal,
    fromString: hexBytes,
    maskedValue: () => Buffer.alloc(4),
  };
}

/**
 * Checks a collection that a client bound. Cassandra reads it without validating it as a whole: a list may hold nulls, a
 * count below zero cannot be read. `codecs`: one for a list or set, two for a map's keys and values.
 */
export function validateBoundCollection(
  bytes: Buffer,
  kind: CollectionKind,
  codecs: readonly [Codec, Codec?],
): void {
  if (bytes.length >= 4 && bytes.readInt32BE(0) < 0)
    throw marshalError(`The data cannot be deserialized as a ${kind}`);
  const [first, second = first] = codecs;
  walkElements(bytes, kind, first, second, kind === 'list');
}

function validateElements(bytes: Buffer, kind: CollectionKind, first: Codec, second: Codec): void {
  walkElements(bytes, kind, first, second, false);
}

/** Walks `count` elements; a map's keys and values alternate between the two codecs. */
function walkElements(
  bytes: Buffer,
  kind: CollectionKind,
  first: Codec,
  second: Codec,
  mayHoldNulls: boolean,
): void {
  if (bytes.length < 4) throw marshalError(`Not enough bytes to read a ${kind}`);
  const count = bytes.readInt32BE(0) * (kind === 'map' ? 2 : 1);
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw marshalError(`Not enough bytes to read a ${kind}`);
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      if (mayHoldNulls) continue;
      throw marshalError('Null value read when not allowed');
    }
    if (at + length > bytes.length) throw marshalError(`Not enough bytes to read a ${kind}`);
    const codec = i % 2 === 0 ? first : second;
    codec.validate(bytes.subarray(at, at + length));
    at += length;
  }
  if (at < bytes.length) throw marshalError(`Unexpected extraneous bytes after ${kind} value`);
}

/** Element by element, then the shorter first. `codecs`: one for a list or set, two for a map's keys and values. */
function compareElements(a: Buffer, b: Buffer, codecs: readonly Codec[]): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  const sizeA = a.readInt32BE(0);
  const sizeB = b.readInt32BE(0);
  const count = Math.min(sizeA, sizeB) * codecs.length;
  let atA = 4;
  let atB = 4;
  for (let i = 0; i < count; i++) {
    const endA = atA + 4 + Math.max(0, a.readInt32BE(atA));
    const endB = atB + 4 + Math.max(0, b.readInt32BE(atB));
    const codec = codecs[i % codecs.length] as Codec;
    const order = codec.compare(a.subarray(atA + 4, endA), b.subarray(atB + 4, endB));
    if (order !== 0) return order;
    atA = endA;
    atB = endB;
  }
  return sizeA - sizeB;
}

export function tupleCodec(type: TupleType, fields: readonly Codec[]): Codec {
  return {
    ...tupleDefaults(fields),
    type,
    validate: (bytes) => {
      const end = walkFields(bytes, fields, 'component', '');
      if (end < bytes.length) throw marshalError('Invalid remaining data after end of tuple value');
    },
    toCqlLiteral: (bytes) => (bytes === null ? 'null' : tupleLiteral(bytes, fields)),
    toText: (bytes) => tupleLiteral(bytes, fields),
    fromString: (text, nowMs) => tupleFromString(text, type, fields, nowMs),
  };
}

export function userTypeCodec(type: UserType, fields: readonly Codec[]): Codec {
  const literal = (bytes: Buffer): string =>
    `{${writtenFields(bytes, fields)
      .map((text, i) => `${quoteIfNeeded(type.fieldNames[i] as string)}: ${text}`)
      .join(', ')}}`;
  return {
    ...tupleDefaults(fields),
    type,
    validate: (bytes) => {
      const end = walkFields(bytes, fields, 'field', type.fieldNames);
      if (end < bytes.length) throw marshalError('Invalid remaining data after end of UDT value');
    },
    toCqlLiteral: (bytes) => (bytes === null ? 'null' : literal(bytes)),
    toText: literal,
    fromString: (text, nowMs) => tupleFromString(text, type, fields, nowMs),
  };
}

function tupleDefaults(
  fields: readonly Codec[],
): Pick<Codec, 'compare' | 'fixedLength' | 'allowsEmpty' | 'isEmptyMeaningless' | 'maskedValue'> {
  return {
    compare: (a, b) => compareTuples(a, b, fields),
    fixedLength: -1,
    allowsEmpty: true,
    isEmptyMeaningless: false,
    maskedValue: () => packTuple(fields.map((field) => field.maskedValue())),
  };
}

/**
 * Validates the fields that are there; returns where they end. `names` is '' for a tuple's numbered
 * components.
 */
function walkFields(
  bytes: Buffer,
  fields: readonly Codec[],
  word: 'component' | 'field',
  names: readonly string[] | '',
): number {
  let at = 0;
  for (let i = 0; i < fields.length; i++) {
    if (at >= bytes.length) return at;
    const name = names === '' ? '' : ` ${names[i]}`;
    if (at + 4 > bytes.length)
      throw marshalError(`Not enough bytes to read size of ${i}th ${word}${name}`);
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) continue;
    if (at + length > bytes.length)
      throw marshalError(`Not enough bytes to read ${i}th ${word}${name}`);
    validateField(fields[i] as Codec, bytes.subarray(at, at + length), i, name);
    at += length;
  }
  return at;
}

function validateField(codec: Codec, bytes: Buffer, index: number, name: string): void {
  if (name === '') {
    codec.validate(bytes);
    return;
  }
  try {
    codec.validate(bytes);
  } catch (error) {
    if (!(error instanceof MarshalException)) throw error;
    throw marshalError(`Failure validating the ${index}th field${name}; ${error.message}`);
  }
}

/** Field by field, null before anything; missing trailing fields count as null. */
function compareTuples(a: Buffer, b: Buffer, fields: readonly Codec[]): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  let atA = 0;
  let atB = 0;
  for (let i = 0; i < fields.length && atA < a.length && atB < b.length; i++) {
    const lengthA = a.readInt32BE(atA);
    const lengthB = b.readInt32BE(atB);
    atA += 4;
    atB += 4;
    if (lengthA < 0 || lengthB < 0) {
      if (lengthA < 0 && lengthB < 0) continue;
      return lengthA < 0 ? -1 : 1;
    }
    const codec = fields[i] as Codec;
    const order = codec.compare(a.subarray(atA, atA + lengthA), b.subarray(atB, atB + lengthB));
    if (order !== 0) return order;
    atA += lengthA;
    atB += lengthB;
  }
  const restA = hasValueAfter(a, atA);
  const restB = hasValueAfter(b, atB);
  return restA === restB ? 0 : restA ? 1 : -1;
}

function hasValueAfter(bytes: Buffer, start: number): boolean {
  for (let at = start; at < bytes.length; at += 4) if (bytes.readInt32BE(at) >= 0) return true;
  return false;
}

function tupleLiteral(bytes: Buffer, fields: readonly Codec[]): string {
  return `(${writtenFields(bytes, fields).join(', ')})`;
}

/** The literals of the fields that are there. */
function writtenFields(bytes: Buffer, fields: readonly Codec[]): string[] {
  const texts: string[] = [];
  let at = 0;
  for (const field of fields) {
    if (at >= bytes.length) break;
    const length = bytes.readInt32BE(at);
    at += 4;
    texts.push(length < 0 ? 'null' : field.toCqlLiteral(bytes.subarray(at, at + length)));
    at += Math.max(0, length);
  }
  return texts;
}

/** `1:a:@`: fields separated by colons, @ for null, both escaped by a backslash. */
function tupleFromString(
  text: string,
  type: TupleType | UserType,
  fields: readonly Codec[],
  nowMs: number,
): Buffer {
  const parts = text === '' ? [] : text.split(/(?<!\\):/);
  if (parts.length > fields.length) {
    throw marshalError(
      `Invalid tuple literal: too many elements. Type ${typeName(type)} expects ${fields.length} but got ${parts.length}`,
    );
  }
  if (parts.length === 0) return EMPTY;
  return packTuple(
    parts.map((part, i) =>
      part === '@'
        ? null
        : (fields[i] as Codec).fromString(
            part.replaceAll('\\:', ':').replaceAll('\\@', '@'),
            nowMs,
          ),
    ),
  );
}
