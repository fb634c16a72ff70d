// The two checksums of version 5 segments. Cassandra: net/Crc.java. Test:
// test/protocol/segment.test.ts

import { crc32 as zlibCrc32 } from 'node:zlib';

const CRC24_INIT = 0x875060;
const CRC24_POLYNOMIAL = 0x1974f0b;

const CRC24_TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) {
    crc <<= 1;
    if ((crc & 0x1000000) !== 0) crc ^= CRC24_POLYNOMIAL;
  }
  CRC24_TABLE[byte] = crc;
}

/** CRC-24 of `length` header bytes from `offset` on, in wire order. */
export function crc24(bytes: Buffer, offset: number, length: number): number {
  let crc = CRC24_INIT;
  for (let i = 0; i < length; i++) {
    const index = ((crc >>> 16) ^ (bytes[offset + i] as number)) & 0xff;
    crc = ((crc << 8) ^ (CRC24_TABLE[index] as number)) & 0xffffff;
  }
  return crc;
}

/** The checksum after the four constant bytes that go before every payload. */
const SEED = zlibCrc32(Buffer.from([0xfa, 0x2d, 0x55, 0xca]));

/** CRC-32 of a payload as segments carry it. Unsigned. */
export function segmentCrc32(payload: Buffer): number {
  return zlibCrc32(payload, SEED);
}
