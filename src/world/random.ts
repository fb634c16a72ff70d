// Seeded, forkable random streams (pure-rand's xoroshiro128+). Both worlds use it: a real run prints its seed too.
// A fork's draws depend on the seed and its name alone, never on what other streams have drawn.

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Random } from './ports.ts';

export class SeededRandom implements Random {
  private readonly seed: number;
  private readonly generator: RandomGenerator;

  /** `seed`: any integer; its lower 32 bits count. */
  constructor(seed: number) {
    this.seed = seed | 0;
    this.generator = xoroshiro128plus(this.seed);
  }

  fork(name: string): Random {
    return new SeededRandom(mixName(this.seed, name));
  }

  float(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 2 ** 53;
  }

  below(below: number): number {
    return below <= 1 ? 0 : Math.floor(this.float() * below);
  }

  uint32(): number {
    return this.generator.next() >>> 0;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.uint32() & 0xff;
    return bytes;
  }
}

/** FNV-1a over the name, started from the seed, finished with an avalanche. */
function mixName(seed: number, name: string): number {
  let hash = (seed ^ 0x811c_9dc5) | 0;
  for (let at = 0; at < name.length; at++)
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x0100_0193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85eb_ca6b);
  hash ^= hash >>> 13;
  return hash | 0;
}
