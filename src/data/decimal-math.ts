// exp, ln and log10 of decimals to a given number of significant digits, by fixed-point series on
// bigints. Test: test/types/decimal-math.test.ts. big-math: BigDecimalMath.exp, log, log10.

import type { Decimal } from './big-number.ts';
import {
  DECIMAL_ZERO,
  compareDecimals,
  decimalText,
  digitsOf,
  divideDecimals,
  pow10,
  precision,
  roundDecimal,
  setScale,
  stripZeros,
} from './big-number.ts';

const ONE: Decimal = { unscaled: 1n, scale: 0 };
/** Digits kept beyond those asked for, so that the last one is right. */
const GUARD = 15;

/**
 * e^x, rounded half even to `digits`. Null when it has no representation (a scale beyond 32 bits).
 */
export function expDecimal(x: Decimal, digits: number): Decimal | null {
  if (x.unscaled === 0n) return ONE;
  const magnitude = precision(x) - x.scale;
  if (magnitude > 11) return null;
  const work = digits + GUARD + Math.max(0, magnitude);
  const fixed = toFixed(x, work);
  const ln10 = ln10Fixed(work);
  const k = floorDivide(fixed, ln10);
  const mantissa = expFixed(fixed - k * ln10, work);
  const scale = work - Number(k);
  if (Math.abs(scale) > 0x7fff_ffff) return null;
  return roundDecimal({ unscaled: mantissa, scale }, digits, 'HALF_EVEN');
}

/** ln x for x > 0, rounded half even to `digits`. */
export function logDecimal(x: Decimal, digits: number): Decimal {
  if (isOne(x)) return DECIMAL_ZERO;
  // Near 1 the leading digits cancel: keep as many more as there are.
  const work = digits + GUARD + cancelled(x);
  return roundDecimal({ unscaled: lnFixed(x, work), scale: work }, digits, 'HALF_EVEN');
}

/**
 * log10 x for x > 0, rounded half even to `digits`: the quotient of two logarithms of two digits
 * more, so that an exact one is short (2, or 0E+33 for log10 1) and another shows its zeros
 * (3.000..0).
 */
export function log10Decimal(x: Decimal, digits: number): Decimal {
  const ten = logDecimal({ unscaled: 10n, scale: 0 }, digits + 2);
  return roundDecimal(
    divideToDigits(logDecimal(x, digits + 2), ten, digits + 2),
    digits,
    'HALF_EVEN',
  );
}

/**
 * BigDecimal.divide(divisor, MathContext): an exact quotient sheds zeros down to the difference of
 * the scales.
 */
function divideToDigits(a: Decimal, b: Decimal, digits: number): Decimal {
  const preferred = a.scale - b.scale;
  if (a.unscaled === 0n) return { unscaled: 0n, scale: preferred };
  const magnitude = precision(a) - a.scale - (precision(b) - b.scale);
  const quotient = divideDecimals(a, b, digits - magnitude + 1, 'DOWN');
  const exact =
    compareDecimals(
      { unscaled: quotient.unscaled * b.unscaled, scale: quotient.scale + b.scale },
      a,
    ) === 0;
  if (exact) return stripZeros(roundDecimal(quotient, digits, 'HALF_EVEN'), preferred);
  // One more digit, never zero, keeps the truncated quotient from looking like a tie.
  const sign = quotient.unscaled < 0n ? -1n : 1n;
  const sticky = { unscaled: quotient.unscaled * 10n + sign, scale: quotient.scale + 1 };
  return roundDecimal(sticky, digits, 'HALF_EVEN');
}

function isOne(x: Decimal): boolean {
  return stripZeros(x).unscaled === 1n && stripZeros(x).scale === 0;
}

function cancelled(x: Decimal): number {
  const scale = Math.max(0, x.scale);
  if (precision(x) - x.scale > 1 || precision(x) - x.scale < 0) return 12;
  const difference = setScale(x, scale, 'DOWN').unscaled - pow10(scale);
  return difference === 0n ? 12 : Math.max(12, scale - digitsOf(difference) + 2);
}

/** x * 10^work, truncated. */
function toFixed(x: Decimal, work: number): bigint {
  return setScale(x, work, 'DOWN').unscaled;
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** e^r for a fixed-point r of moderate size: halve r, sum the series, square back. */
function expFixed(r: bigint, work: number): bigint {
  const halvings = 8;
  const inner = work + halvings;
  const one = pow10(inner);
  const small = (r * pow10(halvings)) >> BigInt(halvings);
  let term = one;
  let sum = one;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * small) / (one * n);
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = (sum * sum) / one;
  return sum / pow10(halvings);
}

/** A cache by working precision: ln 10 is needed by every call. */
const ln10Cache = new Map<number, bigint>();

function ln10Fixed(work: number): bigint {
  const known = ln10Cache.get(work);
  if (known !== undefined) return known;
  if (ln10Cache.size > 64) ln10Cache.clear();
  // ln 10 = 3 ln 2 + ln 1.25, both by 2 atanh((y-1)/(y+1)).
  const inner = work + 8;
  const value = (3n * twiceAtanh(3n, inner) + twiceAtanh(9n, inner)) / pow10(8);
  ln10Cache.set(work, value);
  return value;
}

/** 2 atanh(1/n) in fixed point. */
function twiceAtanh(n: bigint, work: number): bigint {
  let power = pow10(work) / n;
  let sum = power;
  for (let k = 3n; power !== 0n; k += 2n) {
    power /= n * n;
    sum += power / k;
  }
  return 2n * sum;
}

/** ln x in fixed point: x = m * 10^k, and Halley's steps for ln m. */
function lnFixed(x: Decimal, work: number): bigint {
  const k = precision(x) - 1 - x.scale;
  const inner = work + 5;
  const m = setScale({ unscaled: x.unscaled, scale: x.scale + k }, inner, 'DOWN').unscaled;
  const near = Number(decimalText(roundDecimal({ unscaled: m, scale: inner }, 17, 'HALF_EVEN')));
  let y = toFixed({ unscaled: BigInt(Math.round(Math.log(near) * 1e15)), scale: 15 }, inner);
  for (let correct = 14; ; correct *= 3) {
    const e = expFixed(y, inner);
    y += (2n * (m - e) * pow10(inner)) / (m + e);
    if (correct > inner) break;
  }
  return (y + BigInt(k) * ln10Fixed(inner)) / pow10(5);
}
