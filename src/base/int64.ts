// 64-bit integers without BigInt on the hot path. A value that a double holds exactly is a number, any other a
// bigint (the canonical form), so that `<` and `===` are right and microsecond timestamps cost nothing.
// Test: test/base/int64.test.ts

/** An int64 in canonical form: a number when it is a safe integer, else a bigint. Compare with `<`, `>`, `===`. */
export type Int64 = number | bigint;

const TWO_32 = 0x1_0000_0000;

/** Brings a bigint to canonical form, wrapped to 64 bits. */
export function int64(value: bigint): Int64 {
  const wrapped = BigInt.asIntN(64, value);
  const small = Number(wrapped);
  return Number.isSafeInteger(small) ? small : wrapped;
}

/** Reads a big-endian int64. */
export function readInt64(bytes: Buffer, offset: number): Int64 {
  const high = bytes.readInt32BE(offset);
  const low = bytes.readUInt32BE(offset + 4);
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * TWO_32 + low;
    if (Number.isSafeInteger(value)) return value;
  }
  return int64((BigInt(high) << 32n) | BigInt(low));
}

/** Writes a big-endian int64. */
export function writeInt64(bytes: Buffer, value: Int64, offset: number): void {
  if (typeof value === 'bigint') {
    bytes.writeBigInt64BE(value, offset);
    return;
  }
  const high = Math.floor(value / TWO_32);
  bytes.writeInt32BE(high, offset);
  bytes.writeUInt32BE(value - high * TWO_32, offset + 4);
}

/** The eight bytes of an int64, big-endian. */
export function int64Bytes(value: Int64): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  writeInt64(bytes, value, 0);
  return bytes;
}

/** a + b, wrapped to 64 bits as Java does. */
export function addInt64(a: Int64, b: Int64): Int64 {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return int64(BigInt(a) + BigInt(b));
}

/** -1, 0 or 1. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
