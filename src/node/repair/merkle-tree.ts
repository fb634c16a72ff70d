// A binary tree of hashes over a token range: where two replicas' trees differ, their data does. Every half of a range
// is split in the middle, so that trees of different depth can be compared at the shallower one. Pure.
// Test: test/repair/merkle-tree.test.ts. Cassandra: utils/MerkleTree.

import { assert } from '../../base/assert.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import type { Token } from '../../ring/token.ts';
import { isMinToken, tokenFromBigInt, tokenToBigInt } from '../../ring/token.ts';

const MERKLE_DEPTH_MAX = 20;
const WORDS = 4;
const RING_END = 1n << 63n;

/** How deep a tree must be for so many partitions; `spaceBytes` bounds what all replicas' trees may take. */
export function merkleDepth(partitions: number, spaceBytes: number, replicas: number): number {
  const byData = Math.ceil(Math.log2(Math.max(1, partitions)));
  const leavesMax = Math.max(1, spaceBytes / Math.max(1, replicas) / 32);
  return Math.max(0, Math.min(byData, Math.floor(Math.log2(leavesMax)), MERKLE_DEPTH_MAX));
}

export class MerkleTree {
  /** Not wrapping; a right end at the minimum token means the ring's end. */
  readonly range: TokenRange;
  readonly depth: number;
  partitions = 0;
  private readonly left: bigint;
  private readonly size: bigint;
  private readonly leaves: Int32Array;

  constructor(range: TokenRange, depth: number) {
    this.range = range;
    this.depth = depth;
    this.left = tokenToBigInt(range.left);
    this.size = (isMinToken(range.right) ? RING_END : tokenToBigInt(range.right)) - this.left;
    assert(this.size > 0n, 'a Merkle tree needs a range that does not wrap');
    this.leaves = new Int32Array(WORDS * 2 ** depth);
  }

  get leafCount(): number {
    return 2 ** this.depth;
  }

  /** Adds a partition by the 16-byte digest of its content. The order does not matter. */
  add(token: Token, digest: Buffer): void {
    const at = this.leafOf(token) * WORDS;
    for (let word = 0; word < WORDS; word++) {
      this.leaves[at + word] = (this.leaves[at + word] ?? 0) ^ digest.readInt32BE(word * 4);
    }
    this.partitions++;
  }

  /** The ranges in which the two differ; neighbours are joined. Both trees must be of the same range. */
  difference(other: MerkleTree): readonly TokenRange[] {
    const depth = Math.min(this.depth, other.depth);
    const mine = this.folded(depth);
    const theirs = other.folded(depth);
    const ranges: TokenRange[] = [];
    let from = -1;
    const leaves = 2 ** depth;
    for (let leaf = 0; leaf <= leaves; leaf++) {
      const differs = leaf < leaves && !isSameLeaf(mine, theirs, leaf);
      if (differs && from < 0) from = leaf;
      if (!differs && from >= 0) {
        ranges.push({ left: this.boundary(from, depth), right: this.boundary(leaf, depth) });
        from = -1;
      }
    }
    return ranges;
  }

  /** The hash over everything; equal trees have equal roots. */
  root(): string {
    return Buffer.from(this.folded(0).buffer).toString('hex');
  }

  private leafOf(token: Token): number {
    const offset = tokenToBigInt(token) - this.left;
    return Number(((offset << BigInt(this.depth)) - 1n) / this.size);
  }

  private boundary(leaf: number, depth: number): Token {
    if (leaf === 2 ** depth) return this.range.right;
    return tokenFromBigInt(this.left + ((this.size * BigInt(leaf)) >> BigInt(depth)));
  }

  /** Leaves joined two by two until the tree has the given depth. */
  private folded(depth: number): Int32Array {
    let { leaves } = this;
    for (let at = this.depth; at > depth; at--) {
      const half = new Int32Array(leaves.length / 2);
      for (let word = 0; word < half.length; word++) {
        const leaf = Math.floor(word / WORDS) * 2 * WORDS + (word % WORDS);
        half[word] = (leaves[leaf] ?? 0) ^ (leaves[leaf + WORDS] ?? 0);
      }
      leaves = half;
    }
    return leaves;
  }
}

function isSameLeaf(a: Int32Array, b: Int32Array, leaf: number): boolean {
  const at = leaf * WORDS;
  for (let word = at; word < at + WORDS; word++) if (a[word] !== b[word]) return false;
  return true;
}
