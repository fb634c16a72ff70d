// How long a refused Paxos v2 operation waits before its next ballot, and whose turn it is at this coordinator.
// Test: test/coordinator/paxos-v2.test.ts. Cassandra: service/paxos/ContentionStrategy, PaxosState.lock.

import type { Clock, Random } from '../../world/ports.ts';
import { LatencyHistogram } from './speculative-retry.ts';

const MAX_WAIT_MS_MIN = 10;
const MAX_WAIT_MS = 100;
const SPREAD_MS_MIN = 5;
/** Percentiles are looked up anew so often. */
const SNAPSHOT_MS = 10_000;

export class ContentionBackoff {
  /** This node's own serial reads and conditional writes. */
  readonly reads = new LatencyHistogram();
  readonly writes = new LatencyHistogram();
  private readonly clock: Clock;
  private readonly random: Random;
  private p50Ms = 0;
  private p95Ms = 0;
  private snapshotAtMs = -Infinity;

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random.fork('contention');
  }

  /**
   * Milliseconds before attempt `attempts` + 1: from p50 × 0.66 to p95 × 1.8^attempts, that bound between 10 and
   * 100 ms; drawn by quantized exponential with power 1.5, so that the later draws of an operation are longer.
   */
  waitMs(attempts: number): number {
    this.lookUp();
    let min = this.p50Ms * 0.66;
    let max = Math.min(MAX_WAIT_MS, Math.max(MAX_WAIT_MS_MIN, this.p95Ms * 1.8 ** attempts));
    const spread = Math.max(SPREAD_MS_MIN, this.p50Ms * 0.5);
    if (min + spread > max) {
      max = min + spread;
      if (max > MAX_WAIT_MS) {
        max = MAX_WAIT_MS;
        min = Math.max(0, max - spread);
      }
    }
    if (attempts <= 1) return min + this.random.float() * (max - min);
    const quantum = (max - min) / attempts;
    const bucket = Math.floor(attempts * this.random.float() ** 1.5);
    return max - quantum * (bucket + this.random.float());
  }

  private lookUp(): void {
    const now = this.clock.nowMs();
    if (now - this.snapshotAtMs < SNAPSHOT_MS) return;
    this.snapshotAtMs = now;
    this.reads.fade(now);
    this.writes.fade(now);
    this.p50Ms = this.percentile(50);
    this.p95Ms = this.percentile(95);
  }

  private percentile(percentile: number): number {
    const of = (latencies: LatencyHistogram): number =>
      latencies.isEmpty ? 0 : latencies.percentileMs(percentile);
    return Math.max(of(this.reads), of(this.writes));
  }
}

/** One operation of this coordinator at a time works on a partition; the others wait in order. */
export class PartitionLocks {
  private readonly queues = new Map<string, (() => void)[]>();
  private readonly ready: (() => void)[] = [];
  private isRunning = false;

  /** Calls `enter` at once or when everybody before has left. Whoever entered, or gave up waiting, calls `leave`. */
  enter(id: string, enter: () => void): void {
    const queue = this.queues.get(id);
    if (queue === undefined) {
      this.queues.set(id, [enter]);
      enter();
    } else queue.push(enter);
  }

  leave(id: string, enter: () => void): void {
    const queue = this.queues.get(id);
    const at = queue?.indexOf(enter) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.splice(at, 1);
    const next = queue[0];
    if (next === undefined) this.queues.delete(id);
    else if (at === 0) this.run(next);
  }

  /** One after the other, not one within the other: who enters may leave again at once. */
  private run(enter: () => void): void {
    this.ready.push(enter);
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let next = this.ready.shift(); next !== undefined; next = this.ready.shift()) next();
    } finally {
      this.isRunning = false;
    }
  }
}
