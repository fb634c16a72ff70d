// Constants of CQL text and the types that take them. Collections, tuples and UDT literals are
// statement preparation's. Test: test/types/constants.test.ts. Cassandra: cql3/Constants.Literal.

import { compareDecimals, parseDecimal } from './big-number.ts';
import { codecFor } from './codec/codec.ts';
import { hexBytes } from './codec/native-codecs.ts';
import type { CqlType, NativeTypeName } from './cql-type.ts';
import { NATIVE } from './cql-type.ts';
import { invalid } from './cql-error.ts';
import { doubleText } from './java-number.ts';
import { parseUuid } from './uuid.ts';
import type { Assignment } from './type-compatibility.ts';
import { typeName } from './type-names.ts';

export type ConstantKind = 'STRING' | 'INTEGER' | 'FLOAT' | 'BOOLEAN' | 'HEX' | 'UUID' | 'DURATION';

/** A constant as the lexer read it: a string without its quotes, HEX with its 0x. */
export interface Constant {
  readonly type: ConstantKind;
  readonly text: string;
}

/** The native types that take each kind of constant. */
const TAKERS = {
  STRING: ['ascii', 'text', 'inet', 'date', 'time', 'timestamp'],
  INTEGER: [
    'bigint',
    'counter',
    'date',
    'decimal',
    'double',
    'duration',
    'float',
    'int',
    'smallint',
    'time',
    'timestamp',
    'tinyint',
    'varint',
  ],
  UUID: ['uuid', 'timeuuid'],
  FLOAT: ['decimal', 'double', 'float'],
  BOOLEAN: ['boolean'],
  HEX: ['blob'],
  DURATION: ['duration'],
} as const satisfies Record<ConstantKind, readonly NativeTypeName[]>;

/**
 * Whether a receiver takes the constant. Tuples and custom types take any (their own text form is
 * tried then); collections, UDTs and vectors take none.
 */
export function constantAssignment(constant: Constant, receiver: CqlType): Assignment {
  if (receiver.kind === 'tuple' || receiver.kind === 'custom') return 'weak';
  if (receiver.kind !== 'native') return 'no';
  if (receiver.name === preferredType(constant).name) return 'exact';
  const takers: readonly NativeTypeName[] = TAKERS[constant.type];
  return takers.includes(receiver.name) ? 'weak' : 'no';
}

type NativeObject = (typeof NATIVE)[NativeTypeName];

/** The type a constant has by itself: what a function with several signatures prefers. */
export function preferredType(constant: Constant): NativeObject {
  const { text } = constant;
  switch (constant.type) {
    case 'STRING':
      // eslint-disable-next-line no-control-regex
      return /^[\u0000-\u007f]*$/.test(text) ? NATIVE.ascii : NATIVE.text;
    case 'INTEGER': {
      const value = BigInt(text);
      if (BigInt.asIntN(32, value) === value) return NATIVE.int;
      return BigInt.asIntN(64, value) === value ? NATIVE.bigint : NATIVE.varint;
    }
    case 'UUID':
      return (parseUuid(text)?.[6] ?? 0) >> 4 === 1 ? NATIVE.timeuuid : NATIVE.uuid;
    case 'FLOAT':
      return isExactDouble(text) ? NATIVE.double : NATIVE.decimal;
    case 'BOOLEAN':
      return NATIVE.boolean;
    case 'HEX':
      // Not blob: Cassandra 5.0 names ByteType here, where BytesType was meant.
      return NATIVE.tinyint;
    case 'DURATION':
      return NATIVE.duration;
  }
}

/** Whether the double nearest to the text prints as the same number. */
function isExactDouble(text: string): boolean {
  const written = parseDecimal(text);
  if (written === null) return true;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  const printed = parseDecimal(doubleText(value));
  return printed !== null && compareDecimals(written, printed) === 0;
}

/**
 * The bytes of a constant for a receiver. `nowMs` is what the timestamp 'now' means. Throws INVALID
 * `Invalid STRING constant (abc) for "k" of type int` or the type's own text (`Unable to make int
 * from '99999999999'`).
 */
export function constantToBytes(
  constant: Constant,
  receiver: CqlType,
  receiverName: string,
  nowMs: number,
): Buffer {
  if (constantAssignment(constant, receiver) === 'no') {
    throw invalid(
      `Invalid ${constant.type} constant (${constant.text}) for "${receiverName}" of type ${typeName(receiver)}`,
    );
  }
  if (constant.type === 'HEX') return hexBytes(constant.text.slice(2));
  return codecFor(receiver).fromString(constant.text, nowMs);
}

/** How error texts show a constant: strings in quotes, the rest as written. */
export function constantText(constant: Constant): string {
  return constant.type === 'STRING' ? `'${constant.text}'` : constant.text;
}
