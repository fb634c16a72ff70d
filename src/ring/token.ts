// Positions on the Murmur3 ring: comparing, printing, hashing a partition key into one, and the arithmetic of ranges.
// BigInt is for topology work only; whatever a request calls compares halves. Test: test/ring/token.test.ts.
// Cassandra: dht/Murmur3Partitioner.java, db/DecoratedKey.java.

import type { Int64 } from '../base/int64.ts';
import { int64 } from '../base/int64.ts';
import { murmur3Token } from '../base/murmur3.ts';
import { configError, invalid } from '../data/cql-error.ts';
import type { DecoratedKey, Token } from '../data/partition.ts';
import { MAX_BIG, MIN_BIG, RING_SIZE, shareBetween } from './token-arithmetic.ts';

export type { DecoratedKey, Token } from '../data/partition.ts';

export const PARTITIONER_CLASS = 'org.apache.cassandra.dht.Murmur3Partitioner';

/** -2^63: owned by no key but the empty one; the open start of the full range. */
export const MIN_TOKEN: Token = Object.freeze({ high: -0x8000_0000, low: 0 });
/** 2^63-1. */
export const MAX_TOKEN: Token = Object.freeze({ high: 0x7fff_ffff, low: 0xffff_ffff });

const KEY_BYTES_MAX = 65_535;

/** Negative, zero or positive, as signed int64s compare. */
export function compareTokens(a: Token, b: Token): number {
  return a.high !== b.high ? a.high - b.high : a.low - b.low;
}

export function tokensEqual(a: Token, b: Token): boolean {
  return a.low === b.low && a.high === b.high;
}

export function isMinToken(token: Token): boolean {
  return token.high === -0x8000_0000 && token.low === 0;
}

/** The order of partitions: by token, then by key bytes, unsigned. */
export function compareKeys(a: DecoratedKey, b: DecoratedKey): number {
  if (a.high !== b.high) return a.high - b.high;
  if (a.low !== b.low) return a.low - b.low;
  return Buffer.compare(a.bytes, b.bytes);
}

/** Hashes a serialized partition key. Keeps `bytes`; the caller must not change them. */
export function decorateKey(bytes: Buffer): DecoratedKey {
  const { high, low } = murmur3Token(bytes);
  return { high, low, bytes, id: bytes.toString('latin1') };
}

/** Refuses a key no partition can have: throws CqlException INVALID with Cassandra's words. */
export function checkKey(key: Buffer): void {
  if (key.length === 0) throw invalid('Key may not be empty');
  if (key.length > KEY_BYTES_MAX) {
    throw invalid(`Key length of ${key.length} is longer than maximum of ${KEY_BYTES_MAX}`);
  }
}

export function tokenToBigInt(token: Token): bigint {
  return (BigInt(token.high) << 32n) | BigInt(token.low);
}

/** Wraps to 64 bits. */
export function tokenFromBigInt(value: bigint): Token {
  const wrapped = BigInt.asIntN(64, value);
  return { high: Number(wrapped >> 32n), low: Number(wrapped & 0xffff_ffffn) };
}

/** What CQL's `token(...)` returns. */
export function tokenToInt64(token: Token): Int64 {
  const { high, low } = token;
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + low;
    if (Number.isSafeInteger(value)) return value;
  }
  return int64(tokenToBigInt(token));
}

/** From a bound bigint; -2^63 stays, it means the ring's start in a restriction. */
export function tokenFromInt64(value: Int64): Token {
  if (typeof value === 'bigint') return tokenFromBigInt(value);
  const high = Math.floor(value / 0x1_0000_0000);
  return { high, low: value - high * 0x1_0000_0000 };
}

export function tokenFromBytes(bytes: Buffer, offset = 0): Token {
  return { high: bytes.readInt32BE(offset), low: bytes.readUInt32BE(offset + 4) };
}

/** What `tokenFromBytes` reads. */
export function tokenBytes({ high, low }: Token): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeInt32BE(high, 0);
  bytes.writeUInt32BE(low, 4);
  return bytes;
}

/** Decimal text, as in system.local.tokens. */
export function tokenText(token: Token): string {
  return tokenToBigInt(token).toString();
}

/** Parses decimal text; throws CqlException CONFIG_ERROR on anything but an int64. */
export function parseToken(text: string): Token {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : null;
  if (value === null || value < MIN_BIG || value > MAX_BIG) {
    throw configError(
      `Invalid token for Murmur3Partitioner. Got ${text} but expected a long value (unsigned 8 bytes integer).`,
    );
  }
  return tokenFromBigInt(value);
}

/** The next token, wrapping as a Java long does. */
export function nextToken(token: Token): Token {
  if (token.low < 0xffff_ffff) return { high: token.high, low: token.low + 1 };
  return { high: (token.high + 1) | 0, low: 0 };
}

/** The previous token, wrapping as a Java long does. */
export function previousToken(token: Token): Token {
  if (token.low > 0) return { high: token.high, low: token.low - 1 };
  return { high: (token.high - 1) | 0, low: 0xffff_ffff };
}

/** The share of the ring in (left, right], in (0, 1]; equal tokens mean the whole ring. */
export function rangeShare(left: Token, right: Token): number {
  return shareBetween(tokenToBigInt(left), tokenToBigInt(right));
}

/** Tokens that cut the ring into `count` equal parts; for single-token clusters. */
export function evenTokens(count: number): Token[] {
  const tokens: Token[] = [];
  for (let i = 0n; i < BigInt(count); i++) {
    tokens.push(tokenFromBigInt((RING_SIZE / BigInt(count)) * i + MIN_BIG));
  }
  return tokens;
}
