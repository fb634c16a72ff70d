// Floating point as Java reads, prints and narrows it. Test: test/types/java-number.test.ts.
// Java: Double.toString, Float.toString, Double.parseDouble, JLS 5.1.3.

import { compareDecimals, parseDecimal } from './big-number.ts';

/** As Double.toString: `1.0`, `1.0E10`, `4.9E-324`, `NaN`, `-Infinity`. */
export function doubleText(value: number): string {
  return javaText(value, (x) => x.toExponential(), (x, digits) => x.toExponential(digits), Number);
}

/** As Float.toString; `value` is a float32. */
export function floatText(value: number): string {
  return javaText(
    value,
    (x) => {
      for (let digits = 0; digits < 9; digits++) {
        const text = x.toExponential(digits);
        if (Math.fround(Number(text)) === x) return text;
      }
      return x.toExponential();
    },
    (x, digits) => x.toExponential(digits),
    (text) => Math.fround(Number(text)),
  );
}

/** Java wants a digit after the point, and of all two-digit texts the closest: 4.9E-324, not 5.0E-324. */
function javaText(
  value: number,
  shortest: (x: number) => string,
  withDigits: (x: number, fractionDigits: number) => string,
  parse: (text: string) => number,
): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const sign = value < 0 ? '-' : '';
  const magnitude = Math.abs(value);
  let text = shortest(magnitude);
  if (!text.includes('.')) {
    const two = withDigits(magnitude, 1);
    if (parse(two) === magnitude) text = two;
  }
  const [mantissa = '', exponentText = '0'] = text.split('e');
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '').replace(/0+$/, '') || '0';
  if (exponent >= -3 && exponent < 7) return sign + plain(digits, exponent);
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
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
  const magnitude = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
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
