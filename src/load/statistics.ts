// Request statistics in Locust's words and with Locust's rounding, beside exact percentiles from an
// HDR histogram. Response times are in milliseconds from the intended start (no coordinated
// omission). Locust: stats.py. Test: test/load/statistics.test.ts.

import { build } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';

/** The percentiles of Locust's reports. */
export const PERCENTILES = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1] as const;

/** One line of statistics. */
export interface StatsRow {
  readonly method: string;
  readonly name: string;
  readonly requests: number;
  readonly failures: number;
  readonly median: number;
  readonly average: number;
  readonly min: number;
  readonly max: number;
  readonly averageSize: number;
  readonly requestsPerSecond: number;
  readonly failuresPerSecond: number;
  /** Rounded as Locust rounds, by PERCENTILES. */
  readonly percentiles: readonly number[];
  /** Exact to three digits, milliseconds. */
  readonly exact: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
}

/**
 * Locust's rounding: whole milliseconds below 100, then two significant digits; halves go to the
 * even neighbour.
 */
export function locustRound(ms: number): number {
  if (ms < 100) return roundHalfEven(ms);
  const step = ms < 1_000 ? 10 : ms < 10_000 ? 100 : 1_000;
  return roundHalfEven(ms / step) * step;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(value);
}

/** Counts of one request name, or of all. */
export class StatsEntry {
  readonly method: string;
  readonly name: string;
  requests = 0;
  failures = 0;
  private totalMs = 0;
  private totalBytes = 0;
  private min = Infinity;
  private max = 0;
  private firstAtMs = Infinity;
  private lastAtMs = 0;
  private readonly times = new Map<number, number>();
  private readonly histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
    bitBucketSize: 32,
  });

  constructor(method: string, name: string) {
    this.method = method;
    this.name = name;
  }

  /** `atMs`: when it ended, on any clock in milliseconds; `ms`: how long it took. */
  add(request: {
    readonly atMs: number;
    readonly ms: number;
    readonly bytes: number;
    readonly failed: boolean;
  }): void {
    const { atMs, ms, bytes, failed } = request;
    this.requests++;
    if (failed) this.failures++;
    this.totalMs += ms;
    this.totalBytes += bytes;
    this.min = Math.min(this.min, ms);
    this.max = Math.max(this.max, ms);
    this.firstAtMs = Math.min(this.firstAtMs, atMs - ms);
    this.lastAtMs = Math.max(this.lastAtMs, atMs);
    const rounded = locustRound(ms);
    this.times.set(rounded, (this.times.get(rounded) ?? 0) + 1);
    this.histogram.recordValue(Math.min(600_000_000, Math.max(1, Math.round(ms * 1_000))));
  }

  /**
   * `seconds`: over which the rates are taken; from the first start to the last end when absent.
   */
  row(seconds = Math.max(0.001, (this.lastAtMs - this.firstAtMs) / 1_000)): StatsRow {
    const none = this.requests === 0;
    const exact = (percent: number): number =>
      none ? 0 : this.histogram.getValueAtPercentile(percent) / 1_000;
    const percentiles = PERCENTILES.map((share) => this.percentile(share));
    return {
      method: this.method,
      name: this.name,
      requests: this.requests,
      failures: this.failures,
      median: this.median(),
      average: none ? 0 : this.totalMs / this.requests,
      min: none ? 0 : this.min,
      max: this.max,
      averageSize: none ? 0 : this.totalBytes / this.requests,
      requestsPerSecond: none ? 0 : this.requests / seconds,
      failuresPerSecond: none ? 0 : this.failures / seconds,
      percentiles,
      exact: { p50: exact(50), p95: exact(95), p99: exact(99), p999: exact(99.9), max: this.max },
    };
  }

  /** Locust walks the rounded times from the slowest down until no more than the share is left. */
  private percentile(share: number): number {
    const within = Math.floor(this.requests * share);
    let left = this.requests;
    for (const ms of [...this.times.keys()].sort((a, b) => b - a)) {
      left -= this.times.get(ms) ?? 0;
      if (left <= within) return ms;
    }
    return 0;
  }

  /** The middle of the rounded times, within the exact minimum and maximum. */
  private median(): number {
    if (this.requests === 0) return 0;
    let position = (this.requests - 1) / 2;
    let middle = 0;
    for (const ms of [...this.times.keys()].sort((a, b) => a - b)) {
      middle = ms;
      const count = this.times.get(ms) ?? 0;
      if (position < count) break;
      position -= count;
    }
    return Math.min(this.max, Math.max(this.min, middle));
  }
}

/** An error with its count, as Locust's failures table has it. */
export interface FailureRow {
  readonly method: string;
  readonly name: string;
  readonly error: string;
  readonly occurrences: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** Statistics per request name, and in total. */
export class Statistics {
  readonly total = new StatsEntry('', 'Aggregated');
  private readonly entries = new Map<string, StatsEntry>();
  private readonly errors = new Map<string, FailureRow>();

  /** `error`: null when it succeeded. */
  add(request: {
    readonly method: string;
    readonly name: string;
    readonly atMs: number;
    readonly ms: number;
    readonly bytes: number;
    readonly error: string | null;
  }): void {
    const { method, name, error } = request;
    const key = `${method} ${name}`;
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = new StatsEntry(method, name);
      this.entries.set(key, entry);
    }
    const counted = { ...request, failed: error !== null };
    entry.add(counted);
    this.total.add(counted);
    if (error !== null) this.addError(method, name, error, request.atMs);
  }

  /** Sorted by name and method, the total last. */
  rows(seconds?: number): readonly StatsRow[] {
    const sorted = [...this.entries.values()].sort(
      (a, b) => compare(a.name, b.name) || compare(a.method, b.method),
    );
    return [...sorted, this.total].map((entry) => entry.row(seconds));
  }

  failures(): readonly FailureRow[] {
    return [...this.errors.values()];
  }

  private addError(method: string, name: string, error: string, atMs: number): void {
    const key = `${method} ${name} ${error}`;
    const before = this.errors.get(key);
    this.errors.set(key, {
      method,
      name,
      error,
      occurrences: (before?.occurrences ?? 0) + 1,
      firstSeenMs: before?.firstSeenMs ?? atMs,
      lastSeenMs: atMs,
    });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
