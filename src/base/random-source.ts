// What the layers below the ports draw from: the world's Random fits it.

/** A named, forkable stream of random numbers. */
export interface RandomSource {
  fork(name: string): RandomSource;
  /** Uniform in [0, 1). */
  float(): number;
  /** 32 random bits, unsigned. */
  uint32(): number;
}
