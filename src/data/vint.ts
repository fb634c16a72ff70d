// Variable-length integers: the leading one bits of the first byte count the bytes that follow.
// Signed ones are zig-zagged. Test: test/types/vint.test.ts. Cassandra: utils/vint/VIntCoding.java.

/** Bytes of an unsigned vint below 2^53. */
export function unsignedVintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 0x8_0000_0000) return 5;
  if (value < 0x400_0000_0000) return 6;
  if (value < 0x2_0000_0000_0000) return 7;
  return 8;
}

/** Bytes the vint at `offset` occupies, by its first byte. */
export function vintLengthAt(bytes: Buffer, offset: number): number {
  const first = bytes[offset] ?? 0;
  return first < 0x80 ? 1 : Math.clz32(~(first << 24)) + 1;
}

/**
 * Reads an unsigned vint that fits 32 bits (lengths); -1 when the bytes end early or it is larger.
 */
export function readUnsignedVint32(bytes: Buffer, offset: number): number {
  const first = bytes[offset];
  if (first === undefined) return -1;
  if (first < 0x80) return first;
  const extra = vintLengthAt(bytes, offset) - 1;
  if (offset + extra >= bytes.length) return -1;
  const value = readUnsignedVint(bytes, offset);
  return value <= 0x7fff_ffffn ? Number(value) : -1;
}

/** Reads an unsigned 64-bit vint. `vintLengthAt` tells how many bytes it took. */
export function readUnsignedVint(bytes: Buffer, offset: number): bigint {
  const length = vintLengthAt(bytes, offset);
  const first = bytes.readUInt8(offset);
  if (length === 1) return BigInt(first);
  let value = length >= 8 ? 0n : BigInt(first & (0xff >> length));
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(bytes.readUInt8(offset + i));
  return value;
}

/** Writes an unsigned vint below 2^53 at `offset`; returns the bytes written. */
export function writeUnsignedVint(bytes: Buffer, value: number, offset: number): number {
  if (value < 0x80) {
    bytes[offset] = value;
    return 1;
  }
  return unsignedVintBytes(BigInt(value)).copy(bytes, offset);
}

/** The bytes of an unsigned 64-bit vint. */
export function unsignedVintBytes(value: bigint): Buffer {
  let length = 1;
  while (length < 9 && value >= 1n << BigInt(7 * length)) length++;
  const bytes = Buffer.alloc(length);
  let rest = value;
  for (let i = length - 1; i > 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[0] = length === 9 ? 0xff : Number(rest) | ((0xff00 >> (length - 1)) & 0xff);
  return bytes;
}

export function zigZag(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
}

export function unZigZag(value: bigint): bigint {
  return (value >> 1n) ^ -(value & 1n);
}
