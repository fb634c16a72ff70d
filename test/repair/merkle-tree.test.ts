// Trees over random partitions: they differ exactly where the data does, whatever their depths.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MerkleTree, merkleDepth } from '../../src/node/repair/merkle-tree.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';
import { FULL_RANGE, rangeContains } from '../../src/ring/token-range.ts';
import { MAX_TOKEN, MIN_TOKEN, tokenFromBigInt } from '../../src/ring/token.ts';
import type { Token } from '../../src/ring/token.ts';

const RANGES: readonly TokenRange[] = [
  FULL_RANGE,
  { left: tokenFromBigInt(-1000n), right: tokenFromBigInt(1000n) },
  { left: tokenFromBigInt(5n), right: tokenFromBigInt(6n) },
  { left: tokenFromBigInt(123_456_789_012_345n), right: MIN_TOKEN },
];

function digest(seed: number): Buffer {
  const bytes = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 4)
    bytes.writeInt32BE(Math.imul(seed + 1, 0x9e37_79b1 + at) | 0, at);
  return bytes;
}

/** A token within the range: a share of the way through it. */
function within(range: TokenRange, share: number): Token {
  const left = toBig(range.left);
  const right =
    range.right === MIN_TOKEN || toBig(range.right) === -(1n << 63n)
      ? (1n << 63n) - 1n
      : toBig(range.right);
  const size = right - left;
  return tokenFromBigInt(
    left + 1n + ((size - 1n) * BigInt(Math.floor(share * 1_000_000))) / 1_000_000n,
  );
}

function toBig({ high, low }: Token): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

describe('Merkle tree', () => {
  it('differs where and only where the data does', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RANGES),
        fc.array(
          fc.record({
            share: fc.double({ min: 0, max: 1, noNaN: true }),
            on: fc.integer({ min: 1, max: 3 }),
          }),
          { maxLength: 40 },
        ),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 8 }),
        (range, partitions, depthA, depthB) => {
          const a = new MerkleTree(range, depthA);
          const b = new MerkleTree(range, depthB);
          const seen = new Set<string>();
          const lonely: Token[] = [];
          partitions.forEach(({ share, on }, at) => {
            const token = within(range, share);
            const id = toBig(token).toString();
            if (seen.has(id)) return;
            seen.add(id);
            if (on !== 2) a.add(token, digest(at));
            if (on !== 1) b.add(token, digest(at));
            if (on !== 3) lonely.push(token);
          });
          const found = a.difference(b);
          expect(b.difference(a)).toEqual(found);
          for (const token of lonely) {
            expect(found.some((one) => rangeContains(one, token))).toBe(true);
          }
          expect(found.length === 0).toBe(lonely.length === 0);
          expect(a.root() === b.root()).toBe(lonely.length === 0);
          for (const one of found) {
            expect(lonely.some((token) => rangeContains(one, token))).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes tokens at both ends', () => {
    const tree = new MerkleTree(FULL_RANGE, 4);
    tree.add(MAX_TOKEN, digest(1));
    tree.add(tokenFromBigInt(-(1n << 63n) + 1n), digest(2));
    expect(tree.difference(new MerkleTree(FULL_RANGE, 4)).length).toBe(2);
  });

  it('is as deep as the data asks and the memory allows', () => {
    const space = 32 * 1024 * 1024;
    expect(merkleDepth(0, space, 3)).toBe(0);
    expect(merkleDepth(1, space, 3)).toBe(0);
    expect(merkleDepth(1_000, space, 3)).toBe(10);
    expect(merkleDepth(1_000_000_000, space, 3)).toBe(18);
    expect(merkleDepth(1_000_000_000, space * 1_000, 3)).toBe(20);
  });
});
