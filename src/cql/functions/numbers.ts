// Arithmetic on CQL numbers with Java's types and conversions: widths wrap, floats round to float,
// integers divide towards zero, decimals follow BigDecimal. Test:
// test/functions/recorded.test.ts. Cassandra: db/marshal/NumberType.java and its subclasses.

import { int64Bytes, int64 } from '../../base/int64.ts';
import type { Decimal } from '../../data/big-number.ts';
import {
  addRounded,
  decimalBytes,
  decimalFromBytes,
  decimalText,
  decimalToLong,
  decimalToVarint,
  divideDecimals,
  multiplyRounded,
  negateDecimal,
  parseDecimal,
  precision,
  remainderDecimals,
  setScale,
  stripZeros,
  varintBytes,
  varintFromBytes,
} from '../../data/big-number.ts';
import { doubleBytes, floatBytes } from '../../data/codec/native-codecs.ts';
import type { NativeType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { expDecimal, log10Decimal, logDecimal } from '../../data/decimal-math.ts';
import { doubleText, doubleToInt, doubleToLong, roundHalfUp } from '../../data/java-number.ts';

export const NUMERIC_NAMES = [
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'float',
  'double',
  'decimal',
  'varint',
  'counter',
] as const;
export type NumericName = (typeof NUMERIC_NAMES)[number];

/** A number as Java holds it. */
export type JavaNumber =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'float' | 'double'; readonly value: number }
  | { readonly kind: 'varint'; readonly value: bigint }
  | { readonly kind: 'decimal'; readonly value: Decimal };

/** What Java throws in arithmetic; callers turn it into FUNCTION_FAILURE or a server error. */
export class ArithmeticFailure extends Error {
  override readonly name = 'ArithmeticFailure';
  readonly javaClass: string;
  constructor(message: string, javaClass = 'java.lang.ArithmeticException') {
    super(message);
    this.javaClass = javaClass;
  }
}

export type BinaryName = 'add' | 'subtract' | 'multiply' | 'divide' | 'modulo';
export type UnaryName = 'negate' | 'abs' | 'exp' | 'log' | 'log10' | 'round';

export interface Numeric {
  readonly type: NativeType;
  readonly isFloating: boolean;
  /** Bytes of a value; Infinity for the unbounded types. */
  readonly size: number;
  readonly read: (bytes: Buffer) => JavaNumber;
  readonly binary: Readonly<Record<BinaryName, (left: JavaNumber, right: JavaNumber) => Buffer>>;
  readonly unary: Readonly<Record<UnaryName, (value: JavaNumber) => Buffer>>;
}

// ---------------------------------------------------------------------------------------------
// Java's conversions

export function intValue(n: JavaNumber): number {
  switch (n.kind) {
    case 'int':
      return n.value;
    case 'float':
    case 'double':
      return doubleToInt(n.value);
    default:
      return Number(BigInt.asIntN(32, longValue(n)));
  }
}

export function longValue(n: JavaNumber): bigint {
  switch (n.kind) {
    case 'int':
      return BigInt(n.value);
    case 'long':
      return n.value;
    case 'float':
    case 'double':
      return doubleToLong(n.value);
    case 'varint':
      return BigInt.asIntN(64, n.value);
    case 'decimal':
      return decimalToLong(n.value);
  }
}

export function doubleValue(n: JavaNumber): number {
  return n.kind === 'decimal' ? Number(decimalText(n.value)) : Number(n.value);
}

export function floatValue(n: JavaNumber): number {
  return Math.fround(doubleValue(n));
}

/** DecimalType.toBigDecimal: all but varint and decimal go through a double, so 1 becomes 1.0. */
export function decimalValue(n: JavaNumber): Decimal {
  if (n.kind === 'decimal') return n.value;
  if (n.kind === 'varint') return { unscaled: n.value, scale: 0 };
  const value = doubleValue(n);
  const numberFormat = 'java.lang.NumberFormatException';
  if (Number.isNaN(value))
    throw new ArithmeticFailure('A NaN cannot be converted into a decimal', numberFormat);
  if (!Number.isFinite(value)) {
    throw new ArithmeticFailure(
      'An infinite number cannot be converted into a decimal',
      numberFormat,
    );
  }
  return decimalOfDouble(value);
}

/** BigDecimal.valueOf(double), for a finite value. */
export function decimalOfDouble(value: number): Decimal {
  return parseDecimal(doubleText(value)) ?? { unscaled: 0n, scale: 0 };
}

function varintValue(n: JavaNumber): bigint {
  return n.kind === 'varint' ? n.value : longValue(n);
}

// ------------------------------------------------------------------------------------------------
// the types' rows

function smallInteger(name: 'tinyint' | 'smallint' | 'int', size: 1 | 2 | 4): Numeric {
  const write = (value: number): Buffer => {
    const bytes = Buffer.alloc(size);
    bytes.writeIntBE(Number(BigInt.asIntN(8 * size, BigInt(value))), 0, size);
    return bytes;
  };
  /** The operand as this type's width: byteValue(), shortValue(), intValue(). */
  const operand = (n: JavaNumber): number => (intValue(n) << (32 - 8 * size)) >> (32 - 8 * size);
  const binary =
    (compute: (a: number, b: number) => number) =>
    (left: JavaNumber, right: JavaNumber): Buffer =>
      write(compute(operand(left), operand(right)));
  const unary =
    (compute: (a: number) => number) =>
    (value: JavaNumber): Buffer =>
      write(compute(operand(value)));
  return {
    type: NATIVE[name],
    isFloating: false,
    size,
    read: (bytes) => ({ kind: 'int', value: bytes.readIntBE(0, size) }),
    binary: {
      add: binary((a, b) => a + b),
      subtract: binary((a, b) => a - b),
      multiply: binary(Math.imul),
      divide: binary((a, b) => Math.trunc(a / nonZero(b)) + 0),
      modulo: binary((a, b) => (a % nonZero(b)) + 0),
    },
    unary: {
      negate: unary((a) => -a + 0),
      abs: unary(Math.abs),
      exp: unary((a) => doubleToInt(Math.exp(a))),
      log: unary((a) => doubleToInt(Math.log(a))),
      log10: unary((a) => doubleToInt(Math.log10(a))),
      round: unary((a) => a),
    },
  };
}

function nonZero(divisor: number): number {
  if (divisor === 0) throw new ArithmeticFailure('/ by zero');
  return divisor;
}

function longBytes(value: bigint): Buffer {
  return int64Bytes(int64(value));
}

const longBinary =
  (compute: (a: bigint, b: bigint) => bigint) =>
  (left: JavaNumber, right: JavaNumber): Buffer =>
    longBytes(compute(longValue(left), longValue(right)));

const longUnary =
  (compute: (a: bigint) => bigint) =>
  (value: JavaNumber): Buffer =>
    longBytes(compute(longValue(value)));

function longInteger(name: 'bigint' | 'counter'): Numeric {
  return {
    type: NATIVE[name],
    isFloating: false,
    size: 8,
    read: (bytes) => ({ kind: 'long', value: bytes.readBigInt64BE(0) }),
    binary: {
      add: longBinary((a, b) => a + b),
      subtract: longBinary((a, b) => a - b),
      multiply: longBinary((a, b) => a * b),
      divide: longBinary((a, b) => a / nonZeroLong(b, '/ by zero')),
      modulo: longBinary((a, b) => a % nonZeroLong(b, '/ by zero')),
    },
    unary: {
      negate: longUnary((a) => -a),
      abs: longUnary((a) => (a < 0n ? -a : a)),
      exp: longUnary((a) => doubleToLong(Math.exp(Number(a)))),
      log: longUnary((a) => doubleToLong(Math.log(Number(a)))),
      log10: longUnary((a) => doubleToLong(Math.log10(Number(a)))),
      round: longUnary((a) => a),
    },
  };
}

function nonZeroLong(divisor: bigint, message: string): bigint {
  if (divisor === 0n) throw new ArithmeticFailure(message);
  return divisor;
}

function floating(name: 'float' | 'double'): Numeric {
  const isFloat = name === 'float';
  const operand = isFloat ? floatValue : doubleValue;
  const write = isFloat ? (value: number) => floatBytes(Math.fround(value)) : doubleBytes;
  const binary =
    (compute: (a: number, b: number) => number) =>
    (left: JavaNumber, right: JavaNumber): Buffer =>
      write(compute(operand(left), operand(right)));
  const unary =
    (compute: (a: number) => number) =>
    (value: JavaNumber): Buffer =>
      write(compute(operand(value)));
  const clampedRound = (a: number): number =>
    isFloat ? doubleToInt(roundHalfUp(a)) : Number(doubleToLong(roundHalfUp(a)));
  return {
    type: NATIVE[name],
    isFloating: true,
    size: isFloat ? 4 : 8,
    read: (bytes) =>
      isFloat
        ? { kind: 'float', value: bytes.readFloatBE(0) }
        : { kind: 'double', value: bytes.readDoubleBE(0) },
    binary: {
      add: binary((a, b) => a + b),
      subtract: binary((a, b) => a - b),
      multiply: binary((a, b) => a * b),
      divide: binary((a, b) => a / b),
      modulo: binary((a, b) => a % b),
    },
    unary: {
      negate: unary((a) => -a),
      abs: unary(Math.abs),
      exp: unary(Math.exp),
      log: unary(Math.log),
      log10: unary(Math.log10),
      round: unary(clampedRound),
    },
  };
}

const VARINT: Numeric = {
  type: NATIVE.varint,
  isFloating: false,
  size: Number.POSITIVE_INFINITY,
  read: (bytes) => ({ kind: 'varint', value: varintFromBytes(bytes) }),
  binary: {
    add: (l, r) => varintBytes(varintValue(l) + varintValue(r)),
    subtract: (l, r) => varintBytes(varintValue(l) - varintValue(r)),
    multiply: (l, r) => varintBytes(varintValue(l) * varintValue(r)),
    divide: (l, r) =>
      varintBytes(varintValue(l) / nonZeroLong(varintValue(r), 'BigInteger divide by zero')),
    modulo: (l, r) =>
      varintBytes(varintValue(l) % nonZeroLong(varintValue(r), 'BigInteger divide by zero')),
  },
  unary: {
    negate: (n) => varintBytes(-varintValue(n)),
    abs: (n) => varintBytes(varintValue(n) < 0n ? -varintValue(n) : varintValue(n)),
    exp: (n) => varintBytes(decimalToVarint(exp({ unscaled: varintValue(n), scale: 0 }))),
    log: (n) => varintBytes(decimalToVarint(log({ unscaled: varintValue(n), scale: 0 }))),
    log10: (n) => varintBytes(decimalToVarint(log10({ unscaled: varintValue(n), scale: 0 }))),
    round: (n) => varintBytes(varintValue(n)),
  },
};

/** MathContext of sums and products. */
const DIGITS_MAX = 10_000;
/** Significant digits a division or an elementary function gives at least. */
const DIGITS_MIN = 32;
const SCALE_MAX = 1000;

const DECIMAL: Numeric = {
  type: NATIVE.decimal,
  isFloating: true,
  size: Number.POSITIVE_INFINITY,
  read: (bytes) => ({ kind: 'decimal', value: decimalFromBytes(bytes) }),
  binary: {
    add: (l, r) => decimalBytes(addRounded(decimalValue(l), decimalValue(r), DIGITS_MAX)),
    subtract: (l, r) =>
      decimalBytes(addRounded(decimalValue(l), negateDecimal(decimalValue(r)), DIGITS_MAX)),
    multiply: (l, r) => decimalBytes(multiplyRounded(decimalValue(l), decimalValue(r), DIGITS_MAX)),
    divide: (l, r) => decimalBytes(divide(decimalValue(l), decimalValue(r))),
    modulo: (l, r) => decimalBytes(modulo(decimalValue(l), decimalValue(r))),
  },
  unary: {
    negate: (n) => decimalBytes(negateDecimal(decimalValue(n))),
    abs: (n) => {
      const value = decimalValue(n);
      return decimalBytes(value.unscaled < 0n ? negateDecimal(value) : value);
    },
    exp: (n) => decimalBytes(exp(decimalValue(n))),
    log: (n) => decimalBytes(log(decimalValue(n))),
    log10: (n) => decimalBytes(log10(decimalValue(n))),
    round: (n) => decimalBytes(setScale(decimalValue(n), 0, 'HALF_UP')),
  },
};

function divide(left: Decimal, right: Decimal): Decimal {
  const firstDigit = precision(left) - left.scale - (precision(right) - right.scale);
  const scale = Math.min(
    SCALE_MAX,
    Math.max(DIGITS_MIN - firstDigit, left.scale, right.scale, DIGITS_MIN),
  );
  if (right.unscaled === 0n)
    throw new ArithmeticFailure(divisionByZero(left, scale + right.scale - left.scale));
  return stripZeros(divideDecimals(left, right, scale, 'HALF_UP'));
}

/**
 * Java divides longs where the shifted dividend still is one, else big integers; each has its own
 * words.
 */
function divisionByZero(left: Decimal, shift: number): string {
  const shifted = shift < 19 ? left.unscaled * 10n ** BigInt(Math.max(0, shift)) : 1n << 64n;
  return BigInt.asIntN(64, shifted) === shifted ? '/ by zero' : 'BigInteger divide by zero';
}

function modulo(left: Decimal, right: Decimal): Decimal {
  if (right.unscaled === 0n)
    throw new ArithmeticFailure(left.unscaled === 0n ? 'Division undefined' : 'Division by zero');
  return remainderDecimals(left, right);
}

function digitsFor(value: Decimal): number {
  return Math.min(DIGITS_MAX, Math.max(DIGITS_MIN, precision(value)));
}

function exp(value: Decimal): Decimal {
  const result = expDecimal(value, digitsFor(value));
  if (result === null) throw new ArithmeticFailure('Overflow');
  return result;
}

function log(value: Decimal): Decimal {
  if (value.unscaled <= 0n) throw new ArithmeticFailure('Natural log of number zero or less');
  return logDecimal(value, digitsFor(value));
}

function log10(value: Decimal): Decimal {
  if (value.unscaled <= 0n) throw new ArithmeticFailure('Log10 of number zero or less');
  return log10Decimal(value, digitsFor(value));
}

export const NUMERICS = {
  tinyint: smallInteger('tinyint', 1),
  smallint: smallInteger('smallint', 2),
  int: smallInteger('int', 4),
  bigint: longInteger('bigint'),
  counter: longInteger('counter'),
  float: floating('float'),
  double: floating('double'),
  decimal: DECIMAL,
  varint: VARINT,
} as const satisfies Record<NumericName, Numeric>;

/** The type of an operation's result: the wider operand's size, floating when either is. */
export function resultNumeric(left: Numeric, right: Numeric): Numeric {
  const size = Math.max(left.size, right.size);
  if (left.isFloating || right.isFloating) {
    return size === 4 ? NUMERICS.float : size === 8 ? NUMERICS.double : NUMERICS.decimal;
  }
  switch (size) {
    case 1:
      return NUMERICS.tinyint;
    case 2:
      return NUMERICS.smallint;
    case 4:
      return NUMERICS.int;
    case 8:
      return NUMERICS.bigint;
    default:
      return NUMERICS.varint;
  }
}
