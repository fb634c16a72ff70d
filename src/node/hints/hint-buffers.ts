// How far the disk is behind with hints: what is held in memory until it is written, as in Cassandra's three buffers.
// Hints that come while all are full are in flight; too many of those, and writes to their hosts are refused.
// Test: test/hints/hint-overload.test.ts. Cassandra: hints/HintsBufferPool, metrics/StorageMetrics.totalHintsInProgress.

import type { Hint } from './host-hints.ts';

/** Cassandra's buffer of 32 MiB. */
const BUFFER_BYTES = 32 * 1024 * 1024;
const BUFFERS = 3;

/** What is in one host's part of the buffers. */
interface Waiting {
  bytes: number;
  inFlight: number;
}

/** Given to the disk at once; settle it when the disk has answered. */
export interface Handed {
  readonly hostId: string;
  readonly count: number;
  readonly bytes: number;
  readonly inFlight: number;
}

export class HintBuffers {
  /** Hints that came while the buffers were full, all hosts together. */
  inFlight = 0;
  private readonly bufferBytes: number;
  /** Stored and not given to the disk, by host. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly inFlightByHost = new Map<string, number>();
  private waitingBytes = 0;
  private handedBytes = 0;
  /** The disk refused the last: it is tried again in the next round, not before. */
  private isRefused = false;

  constructor(bufferBytes = BUFFER_BYTES) {
    this.bufferBytes = bufferBytes;
  }

  /** True when a buffer is full and another is free: time to give it to the disk. */
  add(hostId: string, hint: Hint): boolean {
    let waiting = this.waiting.get(hostId);
    if (waiting === undefined) {
      waiting = { bytes: 0, inFlight: 0 };
      this.waiting.set(hostId, waiting);
    }
    waiting.bytes += hint.bytes;
    this.waitingBytes += hint.bytes;
    if (this.waitingBytes + this.handedBytes > this.bufferBytes * BUFFERS) {
      waiting.inFlight++;
      this.count(hostId, 1);
    }
    return this.waitingBytes >= this.bufferBytes && this.canHand && !this.isRefused;
  }

  /** False while the disk still has all it may have. */
  get canHand(): boolean {
    return this.handedBytes < this.bufferBytes * (BUFFERS - 1);
  }

  inFlightFor(hostId: string): number {
    return this.inFlightByHost.get(hostId) ?? 0;
  }

  /** A host's `count` hints leave for the disk. */
  hand(hostId: string, count: number): Handed {
    const { bytes, inFlight } = this.waiting.get(hostId) ?? { bytes: 0, inFlight: 0 };
    this.waiting.delete(hostId);
    this.waitingBytes -= bytes;
    this.handedBytes += bytes;
    return { hostId, count, bytes, inFlight };
  }

  /** They are written, or dropped. */
  settle({ hostId, bytes, inFlight }: Handed): void {
    this.isRefused = false;
    this.handedBytes -= bytes;
    this.count(hostId, -inFlight);
  }

  /** The disk could not write them: they wait again. */
  returned({ hostId, bytes, inFlight }: Handed): void {
    this.isRefused = true;
    this.handedBytes -= bytes;
    this.waitingBytes += bytes;
    const waiting = this.waiting.get(hostId) ?? { bytes: 0, inFlight: 0 };
    waiting.bytes += bytes;
    waiting.inFlight += inFlight;
    this.waiting.set(hostId, waiting);
  }

  private count(hostId: string, change: number): void {
    this.inFlight += change;
    const now = this.inFlightFor(hostId) + change;
    if (now > 0) this.inFlightByHost.set(hostId, now);
    else this.inFlightByHost.delete(hostId);
  }
}
