// varint and decimal: bytes to bigint and back, and decimals as an unscaled bigint with a scale,
// computed as Java's BigDecimal does. Elementary functions are decimal-math.ts. Not for the hot
// path: bytes stay bytes there. Test: test/types/driver-parity.test.ts. Java: BigInteger.toByteArray,
// BigDecimal.

import { serverError } from './cql-error.ts';

/** unscaled * 10^-scale. 1.0 and 1.00 are different decimals that compare equal. */
export interface Decimal {
  readonly unscaled: bigint;
  /** int32 */
  readonly scale: number;
}

export type Rounding = 'HALF_UP' | 'HALF_EVEN' | 'DOWN';

export const DECIMAL_ZERO: Decimal = Object.freeze({ unscaled: 0n, scale: 0 });

/** The shortest two's complement big-endian bytes; at least one. */
export function varintBytes(value: bigint): Buffer {
  if (value >= -128n && value <= 127n) return Buffer.of(Number(value) & 0xff);
  let hex = (value < 0n ? ~value : value).toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  const bytes = Buffer.from(hex, 'hex');
  if (value < 0n) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] as number) & 0xff;
  return bytes;
}

/** The value of two's complement bytes; no bytes are 0. */
export function varintFromBytes(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  if (bytes.length <= 6) return BigInt(bytes.readIntBE(0, bytes.length));
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

export function decimalBytes(value: Decimal): Buffer {
  const unscaled = varintBytes(value.unscaled);
  const bytes = Buffer.allocUnsafe(4 + unscaled.length);
  bytes.writeInt32BE(value.scale, 0);
  unscaled.copy(bytes, 4);
  return bytes;
}

/** `bytes` has at least four bytes. */
export function decimalFromBytes(bytes: Buffer): Decimal {
  return { unscaled: varintFromBytes(bytes.subarray(4)), scale: bytes.readInt32BE(0) };
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Null for a text that java.math.BigDecimal(String) refuses. */
export function parseDecimal(text: string): Decimal | null {
  const match = DECIMAL_TEXT.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  if (digits === '') return null;
  const scale = fraction.length - Number(exponent);
  if (Math.abs(Number(exponent)) > 0x7fff_ffff || scale > 0x7fff_ffff || scale < -0x8000_0000)
    return null;
  const unscaled = BigInt(digits);
  return { unscaled: sign === '-' ? -unscaled : unscaled, scale };
}

/** Null for a text that java.math.BigInteger(String) refuses. */
export function parseVarint(text: string): bigint | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  return BigInt(text.startsWith('+') ? text.slice(1) : text);
}

/** As BigDecimal.toString prints: `1E+3`, `0.00`, `1E-10`. */
export function decimalText(value: Decimal): string {
  const { unscaled, scale } = value;
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString();
  const sign = negative ? '-' : '';
  if (scale === 0) return sign + digits;
  const adjusted = digits.length - 1 - scale;
  if (scale > 0 && adjusted >= -6) {
    const padded = digits.padStart(scale + 1, '0');
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  }
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  if (adjusted === 0) return sign + mantissa;
  return `${sign}${mantissa}E${adjusted > 0 ? '+' : ''}${adjusted}`;
}

/** Digits of the unscaled value; 1 for zero. */
export function precision(value: Decimal): number {
  return digitsOf(value.unscaled);
}

export function digitsOf(value: bigint): number {
  return (value < 0n ? -value : value).toString().length;
}

/** More digits than any sensible number has; beyond it Java runs out of memory. */
const EXPONENT_MAX = 5_000_000;

/** 10^n for n >= 0. Throws SERVER_ERROR instead of exhausting memory. */
export function pow10(n: number): bigint {
  if (n > EXPONENT_MAX) {
    throw serverError('java.lang.ArithmeticException: BigInteger would overflow supported range');
  }
  return 10n ** BigInt(n);
}

/** By value: 1.0 equals 1.00. Cheap also where the scales are far apart. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.scale === b.scale) return a.unscaled < b.unscaled ? -1 : a.unscaled > b.unscaled ? 1 : 0;
  const signA = a.unscaled < 0n ? -1 : a.unscaled > 0n ? 1 : 0;
  const signB = b.unscaled < 0n ? -1 : b.unscaled > 0n ? 1 : 0;
  if (signA !== signB) return signA < signB ? -1 : 1;
  if (signA === 0) return 0;
  const magnitude = precision(a) - a.scale - (precision(b) - b.scale);
  if (magnitude !== 0) return magnitude > 0 ? signA : -signA;
  const x = a.scale < b.scale ? a.unscaled * pow10(b.scale - a.scale) : a.unscaled;
  const y = b.scale < a.scale ? b.unscaled * pow10(a.scale - b.scale) : b.unscaled;
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Exact; the larger scale. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { unscaled: withScale(a, scale) + withScale(b, scale), scale };
}

export function negateDecimal(a: Decimal): Decimal {
  return { unscaled: -a.unscaled, scale: a.scale };
}

/** The sum rounded half up to `digits`, as BigDecimal.add(augend, MathContext). */
export function addRounded(a: Decimal, b: Decimal, digits: number): Decimal {
  if (a.unscaled === 0n || b.unscaled === 0n) return addZero(a, b, digits);
  let [x, y] = [a, b];
  if (x.scale !== y.scale) {
    const [big, small] = x.scale < y.scale ? [x, y] : [y, x];
    const condensed = condense(big, small, digits);
    [x, y] = [big, condensed];
  }
  return roundDecimal(addDecimals(x, y), digits, 'HALF_UP');
}

function addZero(a: Decimal, b: Decimal, digits: number): Decimal {
  const preferred = Math.max(a.scale, b.scale);
  if (a.unscaled === 0n && b.unscaled === 0n) return { unscaled: 0n, scale: preferred };
  const result = roundDecimal(a.unscaled === 0n ? b : a, digits, 'HALF_UP');
  if (result.scale === preferred) return result;
  if (result.scale > preferred) return stripZeros(result, preferred);
  const room = digits - precision(result);
  const scale = Math.min(preferred, result.scale + room);
  return { unscaled: withScale(result, scale), scale };
}

/**
 * A small operand far below the last digit that counts becomes a mere 1 there
 * (BigDecimal.preAlign).
 */
function condense(big: Decimal, small: Decimal, digits: number): Decimal {
  const resultScale = big.scale - precision(big) + digits;
  const smallHigh = small.scale - precision(small) + 1;
  if (smallHigh > big.scale + 2 && smallHigh > resultScale + 2) {
    return {
      unscaled: small.unscaled < 0n ? -1n : 1n,
      scale: Math.max(big.scale, resultScale) + 3,
    };
  }
  return small;
}

/** The product rounded half up to `digits`. */
export function multiplyRounded(a: Decimal, b: Decimal, digits: number): Decimal {
  return roundDecimal(
    { unscaled: a.unscaled * b.unscaled, scale: checkScale(a.scale + b.scale) },
    digits,
    'HALF_UP',
  );
}

/** a / b at the given scale. `b` is not zero. */
export function divideDecimals(a: Decimal, b: Decimal, scale: number, rounding: Rounding): Decimal {
  const shift = scale - a.scale + b.scale;
  const numerator = shift > 0 ? a.unscaled * pow10(shift) : a.unscaled;
  const denominator = shift < 0 ? b.unscaled * pow10(-shift) : b.unscaled;
  return { unscaled: divideRounded(numerator, denominator, rounding), scale };
}

/**
 * The remainder of the truncated quotient, as BigDecimal.remainder: its scale is that of a -
 * quotient * b, the quotient having the scale Java prefers. `b` is not zero.
 */
export function remainderDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  const x = withScale(a, scale);
  const y = withScale(b, scale);
  const quotient = x / y;
  const preferred = a.scale - b.scale;
  const zeros = quotient === 0n ? -preferred : trailingZeros(quotient);
  const quotientScale = preferred >= 0 ? preferred : -Math.min(zeros, -preferred);
  return setScale({ unscaled: x % y, scale }, Math.max(a.scale, quotientScale + b.scale), 'DOWN');
}

function trailingZeros(value: bigint): number {
  const text = value.toString();
  return text.length - text.replace(/0+$/, '').length;
}

/** Rounds to at most `digits` significant digits. */
export function roundDecimal(value: Decimal, digits: number, rounding: Rounding): Decimal {
  let current = value;
  for (let drop = precision(current) - digits; drop > 0; drop = precision(current) - digits) {
    current = {
      unscaled: divideRounded(current.unscaled, pow10(drop), rounding),
      scale: checkScale(current.scale - drop),
    };
  }
  return current;
}

/** The value at another scale. */
export function setScale(value: Decimal, scale: number, rounding: Rounding): Decimal {
  if (scale >= value.scale) return { unscaled: withScale(value, scale), scale };
  const drop = value.scale - scale;
  // Below half of the last place nothing is left; this also keeps monstrous scales cheap.
  if (drop > precision(value) + 1) return { unscaled: 0n, scale };
  return { unscaled: divideRounded(value.unscaled, pow10(drop), rounding), scale };
}

/**
 * Drops trailing zeros down to `preferredScale` (default: all of them; zero becomes 0 with scale
 * 0).
 */
export function stripZeros(value: Decimal, preferredScale = -0x8000_0000): Decimal {
  let { unscaled, scale } = value;
  if (unscaled === 0n)
    return preferredScale === -0x8000_0000 ? DECIMAL_ZERO : { unscaled, scale: preferredScale };
  const zeros = Math.min(trailingZeros(unscaled), scale - preferredScale);
  if (zeros > 0) {
    unscaled /= pow10(zeros);
    scale -= zeros;
  }
  return { unscaled, scale };
}

/** The integer part as BigDecimal.longValue gives it: wrapped to 64 bits. */
export function decimalToLong(value: Decimal): bigint {
  if (value.unscaled === 0n || value.scale <= -64 || precision(value) - value.scale <= 0) return 0n;
  return BigInt.asIntN(64, decimalToVarint(value));
}

/** The integer part. */
export function decimalToVarint(value: Decimal): bigint {
  return setScale(value, 0, 'DOWN').unscaled;
}

function withScale(value: Decimal, scale: number): bigint {
  return scale === value.scale || value.unscaled === 0n
    ? value.unscaled
    : value.unscaled * pow10(scale - value.scale);
}

function checkScale(scale: number): number {
  if (scale > 0x7fff_ffff) throw serverError('java.lang.ArithmeticException: Underflow');
  if (scale < -0x8000_0000) throw serverError('java.lang.ArithmeticException: Overflow');
  return scale;
}

function divideRounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator;
  const remainder = numerator % denominator;
  if (remainder === 0n || rounding === 'DOWN') return quotient;
  const twice = (remainder < 0n ? -remainder : remainder) * 2n;
  const whole = denominator < 0n ? -denominator : denominator;
  const up = twice > whole || (twice === whole && (rounding === 'HALF_UP' || quotient % 2n !== 0n));
  if (!up) return quotient;
  return numerator < 0n === denominator < 0n ? quotient + 1n : quotient - 1n;
}
