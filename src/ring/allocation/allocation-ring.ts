// The ring an allocator works on: tokens with their owners, sorted, growing as tokens are chosen; and the splitting
// that starts a young ring. Test: test/ring/allocation.test.ts. Cassandra: dht/tokenallocator/TokenAllocatorBase.java.

import type { Endpoint } from '../../base/endpoint.ts';
import type { RandomSource } from '../../base/random-source.ts';
import { MAX_BIG, MIN_BIG, shareBetween, splitBetween } from '../token-arithmetic.ts';
import { JavaRandom } from './java-random.ts';

const SPLIT_RATIO_MIN = 1 - 1 / Math.sqrt(5);
const SPLIT_RATIO_MAX = SPLIT_RATIO_MIN + 0.075;

export interface OwnedToken {
  readonly token: bigint;
  readonly owner: Endpoint;
}

/** What an allocator needs to know about replication. */
export interface AllocationStrategy {
  readonly replicas: number;
  /** Replicas must be in different groups: the rack, or the node itself. */
  readonly groupOf: (endpoint: Endpoint) => string;
}

/** Sorted by token. */
export class AllocationRing {
  readonly entries: OwnedToken[];

  constructor(entries: readonly OwnedToken[]) {
    this.entries = [...entries].sort((a, b) =>
      a.token < b.token ? -1 : a.token > b.token ? 1 : 0,
    );
  }

  get size(): number {
    return this.entries.length;
  }

  get owners(): ReadonlySet<Endpoint> {
    return new Set(this.entries.map(({ owner }) => owner));
  }

  insert(token: bigint, owner: Endpoint): void {
    const at = this.entries.findIndex((entry) => entry.token >= token);
    const entry = { token, owner };
    if (at < 0) this.entries.push(entry);
    else this.entries.splice(at, this.entries[at]?.token === token ? 1 : 0, entry);
  }

  /** The widest span, the first of equals in token order. */
  widest(): { left: bigint; right: bigint } {
    let previous = (this.entries.at(-1) as OwnedToken).token;
    let widest = 0;
    let span = { left: previous, right: previous };
    for (const { token } of this.entries) {
      const size = shareBetween(previous, token);
      if (size > widest) {
        widest = size;
        span = { left: previous, right: token };
      }
      previous = token;
    }
    return span;
  }
}

/** Cuts the widest span again and again at varied ratios: spans of many sizes let later additions balance. */
export function generateSplits(
  ring: AllocationRing,
  owner: Endpoint,
  count: number,
  random: RandomSource,
): bigint[] {
  const sequence = new JavaRandom(ring.size);
  const tokens: bigint[] = [];
  const add = (token: bigint): void => {
    tokens.push(token);
    ring.insert(token, owner);
  };
  if (ring.size === 0) add(randomToken(random));
  while (tokens.length < count) {
    const { left, right } = ring.widest();
    const ratio = SPLIT_RATIO_MIN + (SPLIT_RATIO_MAX - SPLIT_RATIO_MIN) * sequence.nextDouble();
    add(splitBetween(left, right, ratio));
  }
  return tokens;
}

/** Uniform over the tokens a key can have. */
export function randomToken(random: RandomSource): bigint {
  const value = BigInt.asIntN(64, (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()));
  return value === MIN_BIG ? MAX_BIG : value;
}
