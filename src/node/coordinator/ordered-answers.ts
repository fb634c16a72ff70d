// Several writes or reads as one answer to the client.

import type { CqlError } from '../../data/cql-error.ts';

/** Waits for all answers in order: the first error in order ends it as soon as all before it are good. */
export class OrderedAnswers {
  private readonly answers: (CqlError | null | undefined)[];
  private readonly done: (error: CqlError | null) => void;
  private at = 0;

  constructor(count: number, done: (error: CqlError | null) => void) {
    this.answers = Array.from({ length: count });
    this.done = done;
    if (count === 0) done(null);
  }

  /** Ends it at once. */
  fail(error: CqlError): void {
    if (this.at === Infinity) return;
    this.at = Infinity;
    this.done(error);
  }

  set(index: number, answer: CqlError | null): void {
    this.answers[index] = answer;
    while (this.at < this.answers.length) {
      const next = this.answers[this.at];
      if (next === undefined) return;
      this.at = next === null ? this.at + 1 : Infinity;
      if (next !== null) this.done(next);
      else if (this.at === this.answers.length) this.done(null);
    }
  }
}
