// java.util.Random's sequence of doubles: Cassandra seeds it with the number of tokens when it splits a young ring, so
// that every cluster's first nodes get the same ring up to a rotation. Test: test/ring/allocation.test.ts.

const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

/** The 48-bit linear congruential generator of the Java library. */
export class JavaRandom {
  private state: bigint;

  constructor(seed: number) {
    this.state = (BigInt(seed) ^ MULTIPLIER) & MASK;
  }

  /** Uniform in [0, 1), 53 bits. */
  nextDouble(): number {
    return (this.next(26) * 2 ** 27 + this.next(27)) * 2 ** -53;
  }

  private next(bits: number): number {
    this.state = (this.state * MULTIPLIER + 0xbn) & MASK;
    return Number(this.state >> BigInt(48 - bits));
  }
}
