// Floating point as Java reads, prints and narrows it. Test: test/types/java-number.test.ts.
// Java: Double.toString, Float.toString, Double.parseDouble, JLS 5.1.3.

import { compareDecimals, parseDecimal } from './big-number.ts';

/** As Double.toString of Java 17: `1.0`, `1.0E10`, `4.9E-324`, `NaN`, `-Infinity`. */
export function doubleText(value: number): string {
  return javaText(value, DOUBLE);
}

/** As Float.toString of Java 17; `value` is a float32. */
export function floatText(value: number): string {
  return javaText(value, FLOAT);
}

interface Format {
  /** Bits of the significand, the hidden one included. */
  readonly bits: number;
  /** The exponent of the smallest normal number. */
  readonly exponentMin: number;
}
const DOUBLE: Format = { bits: 53, exponentMin: -1022 };
const FLOAT: Format = { bits: 24, exponentMin: -126 };

function javaText(value: number, format: Format): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  // Small whole numbers are the common case, and have no choice of digits.
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return `${value}.0`;
  const { digits, exponent } = javaDigits(Math.abs(value), format);
  const sign = value < 0 ? '-' : '';
  if (exponent >= -3 && exponent < 7) return sign + plain(digits, exponent);
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
}

interface Digits {
  /** Without trailing zeros. */
  readonly digits: string;
  /** Of the first digit. */
  readonly exponent: number;
}

/**
 * The digits Java chooses. Up to version 18 they are not always the shortest: whole numbers keep
 * digits that only their last bits need, and the exponent form always computes two.
 */
function javaDigits(value: number, { bits, exponentMin }: Format): Digits {
  const binary = binaryOf(value);
  const width = binary.significand.toString(2).length;
  const exponent = binary.exponent + width - 1;
  const significant = exponent >= exponentMin ? bits : bits - (exponentMin - exponent);
  const tinyBits = Math.max(0, width - exponent - 1);
  if (tinyBits === 0 && exponent <= 62 && width < 64)
    return wholeDigits(BigInt(value), exponent, significant);
  return fractionDigits(binary, { width, exponent, significant, tinyBits });
}

/** Scratch: written and read within one call. */
const words = new DataView(new ArrayBuffer(8));

/** value = significand * 2^exponent with an odd significand; value > 0. */
function binaryOf(value: number): { significand: bigint; exponent: number } {
  words.setFloat64(0, value);
  const top = words.getUint32(0);
  const low = words.getUint32(4);
  const biased = top >>> 20;
  const high = (top & 0xf_ffff) | (biased > 0 ? 0x10_0000 : 0);
  const zeros = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
  const significand = ((BigInt(high) << 32n) | BigInt(low)) >> BigInt(zeros);
  return { significand, exponent: Math.max(1, biased) - 1075 + zeros };
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** A whole number: its own digits, less those its binary form says nothing about. */
function wholeDigits(value: bigint, exponent: number, significant: number): Digits {
  const spare = exponent > significant ? exponent - significant - 1 : 0;
  const dropped = spare > 1 ? Math.floor(spare * Math.log10(2)) : 0;
  const unit = 10n ** BigInt(dropped);
  let rounded = value / unit;
  if (dropped > 0 && (value % unit) * 2n >= unit) rounded++;
  const text = rounded.toString();
  return { digits: text.replace(/0+$/, ''), exponent: text.length - 1 + dropped };
}

interface BinaryShape {
  readonly width: number;
  readonly exponent: number;
  readonly significant: number;
  readonly tinyBits: number;
}

/** Bits of 5^n, as far as Java has them in a table; beyond it reckons three a power. */
const FIVES = [
  0, 3, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28, 31, 33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56,
  59, 61,
];
const bitsOfFive = (power: number): number => FIVES[power] ?? power * 3;

/** Digit by digit until what is left lies within half a unit of the last binary place. */
function fractionDigits(
  binary: { significand: bigint; exponent: number },
  shape: BinaryShape,
): Digits {
  const { width, exponent, significant, tinyBits } = shape;
  const mantissa = Number(binary.significand) / 2 ** (width - 1);
  let decimal = Math.floor(
    (mantissa - 1.5) * 0.289529654 + 0.176091259 + exponent * 0.301029995663981,
  );
  const five = Math.max(0, -decimal);
  const scaleFive = Math.max(0, decimal);
  let two = five + tinyBits + exponent;
  let scaleTwo = scaleFive + tinyBits;
  let marginTwo = two - significant;
  two -= width - 1;
  const common = Math.min(two, scaleTwo);
  two -= common;
  scaleTwo -= common;
  marginTwo -= common;
  // Below a power of two the next number is only half as far.
  if (width === 1) marginTwo--;
  if (marginTwo < 0) {
    two -= marginTwo;
    scaleTwo -= marginTwo;
    marginTwo = 0;
  }
  // Java reckons in int, long or big integers by the bits it expects, and lets sums overflow in the
  // first two.
  const needed = Math.max(width + two + bitsOfFive(five), scaleTwo + 1 + bitsOfFive(scaleFive + 1));
  const generator = new DigitGenerator({
    rest: (binary.significand * 5n ** BigInt(five)) << BigInt(two),
    margin: (5n ** BigInt(five)) << BigInt(marginTwo),
    scale: (5n ** BigInt(scaleFive)) << BigInt(scaleTwo),
    register: needed < 32 ? 32 : needed < 64 ? 64 : 0,
  });
  let digits = '';
  const first = generator.next();
  if (first === 0n && !generator.high) decimal--;
  else digits = first.toString();
  if (decimal < -3 || decimal >= 8) digits += generator.next().toString();
  while (!generator.done()) digits += generator.next().toString();
  return generator.roundsUp(digits)
    ? roundedUp(digits, decimal)
    : { digits: digits.replace(/0+$/, '') || '0', exponent: decimal };
}

/** A fraction rest / scale, its digits one by one, and how far they may be wrong. */
class DigitGenerator {
  /** What is left is less than the margin: the digits so far may stand. */
  low = false;
  /** What is left is within the margin of the next digit up. */
  high = false;
  private rest: bigint;
  private margin: bigint;
  private readonly scale: bigint;
  /** Bits of Java's integers; 0 for big ones. */
  private readonly register: number;

  constructor(start: { rest: bigint; margin: bigint; scale: bigint; register: number }) {
    this.rest = start.rest;
    this.margin = start.margin;
    this.scale = start.scale;
    this.register = start.register;
  }

  next(): bigint {
    const digit = this.rest / this.scale;
    const tens = this.scale * 10n;
    this.rest = 10n * (this.rest % this.scale);
    this.margin = this.wrapped(this.margin * 10n);
    const sum = this.wrapped(this.rest + this.margin);
    this.low = this.margin <= 0n || this.rest < this.margin;
    this.high = this.margin <= 0n || (this.register === 0 ? sum >= tens : sum > tens);
    return digit;
  }

  done(): boolean {
    return this.low || this.high;
  }

  /** When both neighbours are near enough, the nearer one; of two equally near the even one. */
  roundsUp(digits: string): boolean {
    if (!this.high || !this.low) return this.high;
    const twice = this.rest * 2n;
    const tens = this.scale * 10n;
    return twice > tens || (twice === tens && Number(digits.at(-1)) % 2 === 1);
  }

  private wrapped(value: bigint): bigint {
    return this.register === 0 ? value : BigInt.asIntN(this.register, value);
  }
}

function roundedUp(digits: string, exponent: number): Digits {
  const text = (BigInt(digits) + 1n).toString().padStart(digits.length, '0');
  return { digits: text.replace(/0+$/, ''), exponent: exponent + text.length - digits.length };
}

function plain(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
}

const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const SPECIAL_TEXT = /^([+-]?)(NaN|Infinity)$/;
const HEX_TEXT = /^([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?[pP]([+-]?\d+)[fFdD]?$/;

/** Null for what Double.parseDouble refuses. */
export function parseJavaDouble(source: string): number | null {
  const text = trimJava(source);
  if (NUMBER_TEXT.test(text)) return Number(text.replace(/[fFdD]$/, ''));
  const special = SPECIAL_TEXT.exec(text);
  if (special !== null) {
    if (special[2] === 'NaN') return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = HEX_TEXT.exec(text);
  if (hex === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = hex;
  if (whole + fraction === '') return null;
  const magnitude =
    Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -magnitude : magnitude;
}

/** Null for what Float.parseFloat refuses. Rounds once, from the text to the float. */
export function parseJavaFloat(source: string): number | null {
  const value = parseJavaDouble(source);
  if (value === null || !Number.isFinite(value)) return value;
  const near = Math.fround(value);
  if (near === value || !Number.isFinite(near)) return near;
  const other = neighbour(near, value > near);
  if (value - near !== other - value) return near;
  // The double lies halfway between two floats: which side the text is on decides.
  const exact = parseDecimal(trimJava(source).replace(/[fFdD]$/, ''));
  const middle = exactDecimal(value);
  if (exact === null || middle === null) return near;
  const order = compareDecimals(exact, middle);
  if (order === 0) return near;
  return order > 0 === other > near ? other : near;
}

/** Scratch: written and read within one call. */
const scratch = new DataView(new ArrayBuffer(4));

/** The next float above or below. */
function neighbour(value: number, up: boolean): number {
  if (value === 0) return up ? 2 ** -149 : -(2 ** -149);
  scratch.setFloat32(0, value);
  scratch.setInt32(0, scratch.getInt32(0) + (up === value > 0 ? 1 : -1));
  return scratch.getFloat32(0);
}

function exactDecimal(value: number): ReturnType<typeof parseDecimal> {
  let scaled = value;
  let scale = 0;
  while (!Number.isInteger(scaled) && scale < 1100) {
    scaled *= 2;
    scale++;
  }
  // value = scaled / 2^scale = scaled * 5^scale / 10^scale
  return { unscaled: BigInt(scaled) * 5n ** BigInt(scale), scale };
}

/** String.trim of Java: drops everything up to the blank. */
function trimJava(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
  return text.slice(start, end);
}

/** (int) of a double: truncates, saturates, NaN is 0. */
export function doubleToInt(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.trunc(Math.max(-0x8000_0000, Math.min(0x7fff_ffff, value))) + 0;
}

/** (long) of a double: truncates, saturates, NaN is 0. */
export function doubleToLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 0x8000_0000_0000_0000) return 0x7fff_ffff_ffff_ffffn;
  if (value <= -0x8000_0000_0000_0000) return -0x8000_0000_0000_0000n;
  return BigInt(Math.trunc(value));
}

/** Math.round of a double or float before it is clamped to its integer type: half up, never -0. */
export function roundHalfUp(value: number): number {
  return Math.round(value) + 0;
}
