// Murmur3 x64 128-bit over 32-bit halves: no BigInt, no allocation beyond the result. Cassandra's tokens use it with
// a quirk in the tail (bytes are sign-extended there); Merkle hashes use the standard form with a seed.
// Test: test/ring/murmur3.test.ts. Cassandra: utils/MurmurHash.java.

/** A 128-bit hash as four signed 32-bit words: h1 high, h1 low, h2 high, h2 low. */
export type Hash128 = Int32Array;

const C1_HIGH = 0x87c37b91 | 0;
const C1_LOW = 0x114253d5;
const C2_HIGH = 0x4cf5ad43;
const C2_LOW = 0x2745937f;
const FMIX1_HIGH = 0xff51afd7 | 0;
const FMIX1_LOW = 0xed558ccd | 0;
const FMIX2_HIGH = 0xc4ceb9fe | 0;
const FMIX2_LOW = 0x1a85ec53;
const ADD1 = 0x52dce729;
const ADD2 = 0x38495ab5;

/** Scratch for murmur3Token: written and read within one synchronous call, never kept. */
const scratch: Hash128 = new Int32Array(4);

/** The token's halves are written here by the caller's choice of object; `high` signed, `low` unsigned. */
export interface TokenHalves {
  readonly high: number;
  readonly low: number;
}

/**
 * The Murmur3Partitioner token of a serialized partition key: the first 64 bits with the sign quirk, -2^63 replaced by
 * 2^63-1, and -2^63 for the empty key.
 */
export function murmur3Token(bytes: Uint8Array): TokenHalves {
  if (bytes.length === 0) return { high: -0x8000_0000, low: 0 };
  hash(bytes, 0, 0, true, scratch);
  const high = scratch[0] as number;
  const low = (scratch[1] as number) >>> 0;
  if (high === -0x8000_0000 && low === 0) return { high: 0x7fff_ffff, low: 0xffff_ffff };
  return { high, low };
}

/** A token as the 8 bytes of a CQL bigint. */
export function tokenBytes({ high, low }: TokenHalves): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeInt32BE(high, 0);
  bytes.writeUInt32BE(low, 4);
  return bytes;
}

/** The standard 128-bit hash (unsigned tail) with a 64-bit seed whose upper half is `seedHigh`; fills `out`. */
export function murmur3Hash128(bytes: Uint8Array, seed: number, out: Hash128): void {
  hash(bytes, Math.floor(seed / 0x1_0000_0000) | 0, seed | 0, false, out);
}

function hash(
  bytes: Uint8Array,
  seedHigh: number,
  seedLow: number,
  signedTail: boolean,
  out: Hash128,
): void {
  const length = bytes.length;
  const whole = length & ~15;
  let h1H = seedHigh;
  let h1L = seedLow;
  let h2H = seedHigh;
  let h2L = seedLow;

  for (let at = 0; at < whole; at += 16) {
    let kL = readLow(bytes, at);
    let kH = readLow(bytes, at + 4);
    let h = multiplyHigh(kH, kL, C1_HIGH, C1_LOW);
    let l = Math.imul(kL, C1_LOW);
    kH = (h << 31) | (l >>> 1);
    kL = (l << 31) | (h >>> 1);
    h1H ^= multiplyHigh(kH, kL, C2_HIGH, C2_LOW);
    h1L ^= Math.imul(kL, C2_LOW);

    h = (h1H << 27) | (h1L >>> 5);
    l = (h1L << 27) | (h1H >>> 5);
    h1L = (l + h2L) | 0;
    h1H = (h + h2H + (h1L >>> 0 < l >>> 0 ? 1 : 0)) | 0;
    h = multiplyHigh(h1H, h1L, 0, 5);
    l = Math.imul(h1L, 5);
    h1L = (l + ADD1) | 0;
    h1H = (h + (h1L >>> 0 < ADD1 ? 1 : 0)) | 0;

    kL = readLow(bytes, at + 8);
    kH = readLow(bytes, at + 12);
    h = multiplyHigh(kH, kL, C2_HIGH, C2_LOW);
    l = Math.imul(kL, C2_LOW);
    // Rotation by 33 = halves swapped, then rotation by 1.
    kH = (l << 1) | (h >>> 31);
    kL = (h << 1) | (l >>> 31);
    h2H ^= multiplyHigh(kH, kL, C1_HIGH, C1_LOW);
    h2L ^= Math.imul(kL, C1_LOW);

    h = (h2H << 31) | (h2L >>> 1);
    l = (h2L << 31) | (h2H >>> 1);
    h2L = (l + h1L) | 0;
    h2H = (h + h1H + (h2L >>> 0 < l >>> 0 ? 1 : 0)) | 0;
    h = multiplyHigh(h2H, h2L, 0, 5);
    l = Math.imul(h2L, 5);
    h2L = (l + ADD2) | 0;
    h2H = (h + (h2L >>> 0 < ADD2 ? 1 : 0)) | 0;
  }

  const rest = length - whole;
  if (rest > 8) {
    const kL = tailLow(bytes, whole + 8, rest - 8, signedTail);
    const kH = tailHigh(bytes, whole + 8, rest - 8, signedTail);
    const h = multiplyHigh(kH, kL, C2_HIGH, C2_LOW);
    const l = Math.imul(kL, C2_LOW);
    const turnedL = (h << 1) | (l >>> 31);
    h2H ^= multiplyHigh((l << 1) | (h >>> 31), turnedL, C1_HIGH, C1_LOW);
    h2L ^= Math.imul(turnedL, C1_LOW);
  }
  if (rest > 0) {
    const kL = tailLow(bytes, whole, rest, signedTail);
    const kH = tailHigh(bytes, whole, rest, signedTail);
    const h = multiplyHigh(kH, kL, C1_HIGH, C1_LOW);
    const l = Math.imul(kL, C1_LOW);
    const turnedL = (l << 31) | (h >>> 1);
    h1H ^= multiplyHigh((h << 31) | (l >>> 1), turnedL, C2_HIGH, C2_LOW);
    h1L ^= Math.imul(turnedL, C2_LOW);
  }
  finish(h1H, h1L ^ length, h2H, h2L ^ length, out);
}

/** Lower half of up to eight bytes, little-endian; a signed byte spreads its sign over what is above it. */
function tailLow(bytes: Uint8Array, at: number, count: number, signed: boolean): number {
  let low = 0;
  for (let i = count < 4 ? count - 1 : 3; i >= 0; i--) {
    const byte = bytes[at + i] as number;
    low ^= (signed ? (byte << 24) >> 24 : byte) << (8 * i);
  }
  return low;
}

/** The upper half of the same. */
function tailHigh(bytes: Uint8Array, at: number, count: number, signed: boolean): number {
  let high = 0;
  for (let i = count < 8 ? count - 1 : 7; i >= 0; i--) {
    const byte = bytes[at + i] as number;
    if (i >= 4) high ^= (signed ? (byte << 24) >> 24 : byte) << (8 * (i - 4));
    else if (signed) high ^= (byte << 24) >> 31;
  }
  return high;
}

/** h1 += h2; h2 += h1; fmix both; h1 += h2; h2 += h1. */
function finish(h1High: number, h1Low: number, h2High: number, h2Low: number, out: Hash128): void {
  let h1L = (h1Low + h2Low) | 0;
  let h1H = (h1High + h2High + (h1L >>> 0 < h2Low >>> 0 ? 1 : 0)) | 0;
  let h2L = (h2Low + h1L) | 0;
  let h2H = (h2High + h1H + (h2L >>> 0 < h1L >>> 0 ? 1 : 0)) | 0;

  // fmix64: xor-shift by 33 touches the low half only.
  h1L ^= h1H >>> 1;
  h1H = multiplyHigh(h1H, h1L, FMIX1_HIGH, FMIX1_LOW);
  h1L = Math.imul(h1L, FMIX1_LOW);
  h1L ^= h1H >>> 1;
  h1H = multiplyHigh(h1H, h1L, FMIX2_HIGH, FMIX2_LOW);
  h1L = Math.imul(h1L, FMIX2_LOW);
  h1L ^= h1H >>> 1;

  h2L ^= h2H >>> 1;
  h2H = multiplyHigh(h2H, h2L, FMIX1_HIGH, FMIX1_LOW);
  h2L = Math.imul(h2L, FMIX1_LOW);
  h2L ^= h2H >>> 1;
  h2H = multiplyHigh(h2H, h2L, FMIX2_HIGH, FMIX2_LOW);
  h2L = Math.imul(h2L, FMIX2_LOW);
  h2L ^= h2H >>> 1;

  h1L = (h1L + h2L) | 0;
  h1H = (h1H + h2H + (h1L >>> 0 < h2L >>> 0 ? 1 : 0)) | 0;
  h2L = (h2L + h1L) | 0;
  h2H = (h2H + h1H + (h2L >>> 0 < h1L >>> 0 ? 1 : 0)) | 0;
  out[0] = h1H;
  out[1] = h1L;
  out[2] = h2H;
  out[3] = h2L;
}

/** Bits 32..63 of the 64-bit product; bits 0..31 are Math.imul(aLow, bLow). */
function multiplyHigh(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
  const lower = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
  return (
    (Math.imul(a1, b1) +
      (middle >>> 16) +
      (lower >>> 16) +
      Math.imul(aHigh, bLow) +
      Math.imul(aLow, bHigh)) |
    0
  );
}

function readLow(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
