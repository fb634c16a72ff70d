// A seeded stream of choices: the same seed makes the same scripts anywhere.

import { mulberry32 } from '../mulberry32.mjs';

export class Choices {
  #next;

  constructor(seed) {
    this.#next = mulberry32(seed ^ 0x9e3779b9);
    for (let i = 0; i < 4; i++) this.#next();
  }

  /** 0 .. n - 1. */
  below(n) {
    return this.#next() % n;
  }

  /** True in `percent` of a hundred. */
  chance(percent) {
    return this.below(1000) < percent * 10;
  }

  one(items) {
    return items[this.below(items.length)];
  }

  /** `[weight, item]` pairs. */
  weighted(pairs) {
    let left = this.below(pairs.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, item] of pairs) {
      left -= weight;
      if (left < 0) return item;
    }
    return pairs[0][1];
  }

  some(items, percent) {
    return items.filter(() => this.chance(percent));
  }

  shuffled(items) {
    const all = [...items];
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [all[i], all[j]] = [all[j], all[i]];
    }
    return all;
  }

  times(n, make) {
    return Array.from({ length: n }, (_, i) => make(i));
  }
}
