// Tokens against Cassandra's own vectors, the node driver's tokenizer and a BigInt oracle.

import { createRequire } from 'node:module';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compositeKey, splitCompositeKey } from '../../src/data/partition-key.ts';
import { murmur3Hash128, murmur3Token } from '../../src/base/murmur3.ts';
import { decorateKey, tokenText } from '../../src/ring/token.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sequence = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: to - from + 1 }, (_, i) => from + i));

// name, key bytes, token: printed by Cassandra's MurmurHash.
const VECTORS: readonly [string, Buffer, string][] = [
  ['empty', hex(''), '-9223372036854775808'],
  ["'a'", hex('61'), '-8839064797231613815'],
  ["'abc'", hex('616263'), '-5434086359492102041'],
  ["'user_1'", hex('757365725f31'), '-8688952809613614893'],
  ["'é'", hex('c3a9'), '5461403030378599040'],
  ["'héllo wörld'", hex('68c3a96c6c6f2077c3b6726c64'), '2840380605349454238'],
  ['15 x ff', Buffer.alloc(15, 0xff), '-2195530867418009455'],
  ['16 x ff', Buffer.alloc(16, 0xff), '-2824192546314762522'],
  ['17 x 80', Buffer.alloc(17, 0x80), '-7492040465024918340'],
  ['Japanese text', Buffer.from('日本語テキスト'), '-4696617625605886511'],
  ['int 0', hex('00000000'), '-3485513579396041028'],
  ['int 1', hex('00000001'), '-4069959284402364209'],
  ['int -1', hex('ffffffff'), '7297452126230313552'],
  ['int 42', hex('0000002a'), '-7160136740246525330'],
  ['int 128', hex('00000080'), '-9081975895656599623'],
  ['int 255', hex('000000ff'), '-8423851636648339959'],
  ['int max', hex('7fffffff'), '-765994672030311617'],
  ['int min', hex('80000000'), '-420533958509279465'],
  ['bigint 0', hex('0000000000000000'), '2945182322382062539'],
  ['bigint 1', hex('0000000000000001'), '6292367497774912474'],
  ['bigint -1', hex('ffffffffffffffff'), '7071048584287372947'],
  ['bigint', hex('0000011f71fb04cb'), '8056999751681019901'],
  ['uuid', hex('123e4567e89b12d3a456426655440000'), '-6129097125723764871'],
  ['composite (1, a)', compositeKey([hex('00000001'), hex('61')]), '6516349416904725244'],
  ['true', hex('01'), '8849112093580131862'],
  ['0x80', hex('80'), '-5284281814142962636'],
  ['0xff', hex('ff'), '-4442228696663692417'],
  ['31 bytes 00..1e', sequence(0, 0x1e), '377690909827715220'],
  ['31 bytes e1..ff', sequence(0xe1, 0xff), '-6986946148457157719'],
  [
    '1000 bytes',
    Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256)),
    '-8723895030037628296',
  ],
];

describe('murmur3Token', () => {
  test.each(VECTORS)('%s', (_, key, token) => {
    expect(tokenText(murmur3Token(key))).toBe(token);
    expect(tokenText(decorateKey(key))).toBe(token);
  });

  test('equals the node driver for 100,000 random keys', () => {
    const require = createRequire(import.meta.url);
    const { Murmur3Tokenizer } = require('cassandra-driver/lib/tokenizer.js') as {
      Murmur3Tokenizer: new () => { hash(key: Buffer): { getValue(): { toString(): string } } };
    };
    const tokenizer = new Murmur3Tokenizer();
    let state = 0x9e3779b9;
    const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
    let wrong = 0;
    for (let i = 0; i < 100_000; i++) {
      const key = Buffer.from(Array.from({ length: 1 + (i % 40) }, next));
      if (tokenizer.hash(key).getValue().toString() !== tokenText(murmur3Token(key))) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test('the minimum is never a token of a key', () => {
    expect(murmur3Token(hex('00'))).not.toEqual(murmur3Token(hex('')));
  });
});

describe('murmur3Hash128', () => {
  test('equals the published algorithm for any bytes and seed', () => {
    const out = new Int32Array(4);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(), (bytes, seed) => {
        murmur3Hash128(bytes, seed, out);
        const [h1, h2] = oracle(bytes, BigInt(seed));
        const words = [...out].map((word) => BigInt(word >>> 0)) as [
          bigint,
          bigint,
          bigint,
          bigint,
        ];
        expect((words[0] << 32n) | words[1]).toBe(h1);
        expect((words[2] << 32n) | words[3]).toBe(h2);
      }),
    );
  });
});

test('a composite key splits into its components', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
      (parts) => {
        const buffers = parts.map((part) => Buffer.from(part));
        expect(splitCompositeKey(compositeKey(buffers), buffers.length)).toEqual(buffers);
      },
    ),
  );
});

const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => U64(value << by) | (value >> (64n - by));
const C1 = 0x87c37b91114253d5n;
const C2 = 0x4cf5ad432745937fn;

function mix(value: bigint): bigint {
  let k = value ^ (value >> 33n);
  k = U64(k * 0xff51afd7ed558ccdn);
  k ^= k >> 33n;
  k = U64(k * 0xc4ceb9fe1a85ec53n);
  return k ^ (k >> 33n);
}

/** MurmurHash3 x64 128, straight from its description. */
function oracle(bytes: Uint8Array, seed: bigint): [bigint, bigint] {
  let h1 = seed;
  let h2 = seed;
  const whole = bytes.length & ~15;
  const read = (from: number, to: number): bigint => {
    let value = 0n;
    for (let i = Math.min(to, bytes.length) - 1; i >= from; i--)
      value = (value << 8n) | BigInt(bytes[i] ?? 0);
    return value;
  };
  const first = (k: bigint): bigint => U64(rotate(U64(k * C1), 31n) * C2);
  const second = (k: bigint): bigint => U64(rotate(U64(k * C2), 33n) * C1);
  for (let at = 0; at < whole; at += 16) {
    h1 = U64((rotate(h1 ^ first(read(at, at + 8)), 27n) + h2) * 5n + 0x52dce729n);
    h2 = U64((rotate(h2 ^ second(read(at + 8, at + 16)), 31n) + h1) * 5n + 0x38495ab5n);
  }
  h2 ^= second(read(whole + 8, bytes.length));
  h1 ^= first(read(whole, whole + 8));
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = U64(h1 + h2);
  h2 = U64(h2 + h1);
  h1 = mix(h1);
  h2 = mix(h2);
  h1 = U64(h1 + h2);
  return [h1, U64(h2 + h1)];
}
