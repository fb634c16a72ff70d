// Phi accrual: how suspicious a peer's silence is, given how often it was heard before. A machine: it is told of
// arrivals and asked for verdicts. Test: test/gossip/failure-detector.test.ts.
// Cassandra: gms/FailureDetector.java, gms/ArrivalWindow.

import type { Endpoint } from '../../world/ports.ts';

export interface FailureDetectorOptions {
  /** cassandra.yaml phi_convict_threshold. */
  readonly phiConvictThreshold: number;
  /** The first sample of a peer: an interval nobody has measured yet. Longer ones are not counted: silence is no habit. */
  readonly initialIntervalMs: number;
  /** A longer gap between two checks is our own pause, not the peers' silence. */
  readonly localPauseMs: number;
}

const WINDOW_SAMPLES = 1000;
/** 1 / ln 10: makes phi a power of ten. */
const PHI_FACTOR = 1 / Math.LN10;

export class FailureDetector {
  private readonly options: FailureDetectorOptions;
  private readonly windows = new Map<Endpoint, ArrivalWindow>();
  private lastCheckMs: number | null = null;
  private pausedAtMs = -Infinity;

  constructor(options: FailureDetectorOptions) {
    this.options = options;
  }

  /** A newer heartbeat of the peer has arrived, from wherever. */
  onHeartbeat(peer: Endpoint, nowMs: number): void {
    const window = this.windows.get(peer);
    if (window === undefined) {
      this.windows.set(peer, new ArrivalWindow(nowMs, this.options.initialIntervalMs));
    } else {
      window.add(nowMs);
    }
  }

  /** Begins a round of verdicts; false when none may be given because this process has just been standing still. */
  beginCheck(nowMs: number): boolean {
    const gap = nowMs - (this.lastCheckMs ?? nowMs);
    this.lastCheckMs = nowMs;
    const { localPauseMs } = this.options;
    if (gap > localPauseMs) this.pausedAtMs = nowMs;
    return nowMs - this.pausedAtMs >= localPauseMs;
  }

  /** The phi that convicts the peer, or null while it is not above the threshold. Call between beginCheck and its end. */
  convicts(peer: Endpoint, nowMs: number): number | null {
    const phi = this.phi(peer, nowMs);
    return phi > this.options.phiConvictThreshold ? phi : null;
  }

  /** Suspicion now; 0 for a peer never heard of. */
  phi(peer: Endpoint, nowMs: number): number {
    const window = this.windows.get(peer);
    return window === undefined ? 0 : PHI_FACTOR * window.silence(nowMs);
  }

  /** Mean of the arrival intervals, milliseconds; for tools. */
  meanIntervalMs(peer: Endpoint): number {
    return this.windows.get(peer)?.mean ?? 0;
  }

  forget(peer: Endpoint): void {
    this.windows.delete(peer);
  }
}

/** The last intervals between arrivals, in a circle. */
class ArrivalWindow {
  private intervals: Float64Array = new Float64Array(16);
  private count = 0;
  private at = 0;
  private sum = 0;
  private lastMs: number;
  private readonly longestMs: number;

  constructor(nowMs: number, initialIntervalMs: number) {
    this.lastMs = nowMs;
    this.longestMs = initialIntervalMs;
    this.push(initialIntervalMs);
  }

  get mean(): number {
    return this.sum / this.count;
  }

  add(nowMs: number): void {
    const interval = nowMs - this.lastMs;
    if (interval <= this.longestMs) this.push(interval);
    this.lastMs = nowMs;
  }

  /** The silence in mean intervals. */
  silence(nowMs: number): number {
    return (nowMs - this.lastMs) / this.mean;
  }

  private push(interval: number): void {
    if (this.count === WINDOW_SAMPLES) {
      this.sum -= this.intervals[this.at] as number;
    } else {
      if (this.count === this.intervals.length) this.grow();
      this.count++;
    }
    this.intervals[this.at] = interval;
    this.sum += interval;
    this.at = (this.at + 1) % WINDOW_SAMPLES;
  }

  private grow(): void {
    const larger = new Float64Array(Math.min(WINDOW_SAMPLES, this.intervals.length * 4));
    larger.set(this.intervals);
    this.intervals = larger;
  }
}
