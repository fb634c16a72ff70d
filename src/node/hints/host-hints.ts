// The hints for one host: in memory in the order they came, the older ones on disk as well. Knows nothing of who is
// alive. Test: test/hints/hints.test.ts. Cassandra: hints/HintsStore, HintsBuffer, Hint.

import { serializedSize } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';

export interface Hint {
  readonly mutation: Mutation;
  /** Wall clock, milliseconds. */
  readonly createdAtMs: number;
  /** The smallest gc_grace of its tables when it was stored, seconds. */
  readonly gcGraceSeconds: number;
  /** As it is written to its file. */
  readonly bytes: number;
}

/** Before the mutation in a hint file: length, checksum, creation time, gc_grace, the record's size. */
export const HINT_HEADER_BYTES = 4 + 4 + 8 + 4 + 4;

/** A hint for a mutation, as of now. */
export function newHint(mutation: Mutation, createdAtMs: number): Hint {
  let gcGraceSeconds = Infinity;
  for (const update of mutation.updates) {
    gcGraceSeconds = Math.min(gcGraceSeconds, update.table.params.gc_grace_seconds);
  }
  const bytes = HINT_HEADER_BYTES + serializedSize(mutation);
  return { mutation, createdAtMs, gcGraceSeconds, bytes };
}

/** Past the smaller gc_grace of then and now a hint could bring deleted data back: it is dead. */
export function isHintExpired(
  hint: Hint,
  nowMs: number,
  gcGraceNow: (tableId: string) => number | undefined,
): boolean {
  let grace = hint.gcGraceSeconds;
  for (const { table } of hint.mutation.updates) {
    grace = Math.min(grace, gcGraceNow(table.id) ?? grace);
  }
  return nowMs >= hint.createdAtMs + grace * 1000;
}

export class HostHints {
  readonly hostId: string;
  bytes = 0;
  private hints: Hint[] = [];
  private head = 0;
  private unflushed = 0;

  constructor(hostId: string) {
    this.hostId = hostId;
  }

  get count(): number {
    return this.hints.length - this.head;
  }

  get oldest(): Hint | undefined {
    return this.hints[this.head];
  }

  get newest(): Hint | undefined {
    return this.count === 0 ? undefined : this.hints.at(-1);
  }

  add(hint: Hint): void {
    this.hints.push(hint);
    this.bytes += hint.bytes;
    this.unflushed++;
  }

  /** Takes hints read from disk. */
  restore(hints: readonly Hint[]): void {
    for (const hint of hints) {
      this.hints.push(hint);
      this.bytes += hint.bytes;
    }
  }

  /** What has not been given to the disk yet; afterwards it counts as given. */
  takeUnflushed(): readonly Hint[] {
    const count = Math.min(this.unflushed, this.count);
    this.unflushed = 0;
    return count === 0 ? [] : this.hints.slice(-count);
  }

  /** The disk did not take the last `count` given to it: they count as not given. */
  returnUnflushed(count: number): void {
    this.unflushed += count;
  }

  /** The oldest hints, up to a number and, after the first, up to `bytesMax`. They stay. */
  page(countMax: number, bytesMax: number): readonly Hint[] {
    let end = this.head;
    let bytes = 0;
    while (end < this.hints.length && end - this.head < countMax) {
      bytes += (this.hints[end] as Hint).bytes;
      if (bytes > bytesMax && end > this.head) break;
      end++;
    }
    return this.hints.slice(this.head, end);
  }

  /** Drops the oldest `count`; those of them in `kept` move to where they were read again next. */
  dropPage(count: number, kept: readonly Hint[]): void {
    for (let at = this.head; at < this.head + count; at++) this.bytes -= this.hints[at]?.bytes ?? 0;
    this.head += count - kept.length;
    kept.forEach((hint, at) => {
      this.hints[this.head + at] = hint;
      this.bytes += hint.bytes;
    });
    if (this.head > 1024 && this.head * 2 > this.hints.length) {
      this.hints = this.hints.slice(this.head);
      this.head = 0;
    }
  }

  /** Everything, oldest first. */
  all(): readonly Hint[] {
    return this.hints.slice(this.head);
  }
}
