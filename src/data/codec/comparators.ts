// The order of values, as bytes, of every native type. Empty values come first. Nothing here
// allocates or uses BigInt except for decimals. Test: test/types/driver-parity.test.ts. Cassandra:
// db/marshal/*.compareCustom.

import { compareDecimals, decimalFromBytes } from '../big-number.ts';

/** Unsigned bytes, the shorter first. */
export function compareBytes(a: Buffer, b: Buffer): number {
  const length = a.length < b.length ? a.length : b.length;
  // Short keys and early differences are the rule: a native call costs more than these few steps.
  const near = length < 24 ? length : 24;
  for (let i = 0; i < near; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return near === length ? a.length - b.length : Buffer.compare(a, b);
}

/** Two's complement of any one width. */
export function compareSigned(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  // Flipping the sign bit turns the signed order of the first byte into the unsigned one.
  const first = ((a[0] as number) ^ 0x80) - ((b[0] as number) ^ 0x80);
  if (first !== 0) return first;
  for (let i = 1; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function compareBoolean(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  return (a[0] === 0 ? 0 : 1) - (b[0] === 0 ? 0 : 1);
}

export function compareFloat(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  return compareJavaFloats(a.readFloatBE(0), b.readFloatBE(0));
}

export function compareDouble(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  return compareJavaFloats(a.readDoubleBE(0), b.readDoubleBE(0));
}

/** -0.0 before 0.0, every NaN equal and last. */
function compareJavaFloats(x: number, y: number): number {
  if (x < y) return -1;
  if (x > y) return 1;
  if (x === y) return x !== 0 ? 0 : (Object.is(x, -0) ? 0 : 1) - (Object.is(y, -0) ? 0 : 1);
  return (Number.isNaN(x) ? 1 : 0) - (Number.isNaN(y) ? 1 : 0);
}

/** Varints of any length, superfluous sign bytes included. */
export function compareVarint(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  const startA = mostSignificant(a);
  const startB = mostSignificant(b);
  const lengthA = a.length - startA;
  const lengthB = b.length - startB;
  const negativeA = (a[startA] as number) >= 0x80;
  const negativeB = (b[startB] as number) >= 0x80;
  if (negativeA !== negativeB) return negativeA ? -1 : 1;
  if (lengthA !== lengthB) return negativeA ? lengthB - lengthA : lengthA - lengthB;
  for (let i = 0; i < lengthA; i++) {
    const difference = (a[startA + i] as number) - (b[startB + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Index of the first byte that is needed: sign bytes before it say nothing. */
function mostSignificant(bytes: Buffer): number {
  const sign = (bytes[0] as number) >= 0x80 ? 0xff : 0;
  let i = 0;
  while (i < bytes.length - 1 && bytes[i] === sign && ((bytes[i + 1] as number) ^ sign) < 0x80) i++;
  return i;
}

export function compareDecimal(a: Buffer, b: Buffer): number {
  if (a.length === 0 || b.length === 0) return a.length - b.length;
  return compareDecimals(decimalFromBytes(a), decimalFromBytes(b));
}

/** Version first, then the time of version 1, else unsigned bytes. */
export function compareUuid(a: Buffer, b: Buffer): number {
  if (a.length !== 16 || b.length !== 16) return a.length - b.length;
  const version = ((a[6] as number) >> 4) - ((b[6] as number) >> 4);
  if (version !== 0) return version;
  if ((a[6] as number) >> 4 === 1) {
    const time = compareTime(a, b);
    if (time !== 0) return time;
    return compareRange(a, b, 8, 0);
  }
  return compareRange(a, b, 0, 0);
}

/** Time first, then the last eight bytes as signed bytes. */
export function compareTimeUuid(a: Buffer, b: Buffer): number {
  if (a.length !== 16 || b.length !== 16) return a.length - b.length;
  const time = compareTime(a, b);
  return time !== 0 ? time : compareRange(a, b, 8, 0x80);
}

/** Bytes of a version 1 UUID in the order of their weight in its time. */
const TIME_BYTES = [6, 7, 4, 5, 0, 1, 2, 3] as const;

function compareTime(a: Buffer, b: Buffer): number {
  for (const i of TIME_BYTES) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Bytes `from`..15; `flip` 0x80 compares them as signed. */
function compareRange(a: Buffer, b: Buffer, from: number, flip: number): number {
  for (let i = from; i < 16; i++) {
    const difference = ((a[i] as number) ^ flip) - ((b[i] as number) ^ flip);
    if (difference !== 0) return difference;
  }
  return 0;
}
