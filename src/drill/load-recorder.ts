// Keeps what the load did: per phase, per second, in total; first attempts and what users saw
// apart.

import type { HistoryRow } from '../load/csv.ts';
import type { FinishedRequest } from '../load/shop-load.ts';
import { Statistics, StatsEntry } from '../load/statistics.ts';
import type { SecondPoint } from './drill-result.ts';
import type { FailedAttempt } from './failure-windows.ts';

export interface PhaseLoad {
  readonly attempts: Statistics;
  readonly users: Statistics;
  /** Failed first attempts, milliseconds of performance.now(). */
  readonly failed: FailedAttempt[];
}

interface Second {
  readonly entry: StatsEntry;
  userFailures: number;
  readonly byRegion: Record<string, number>;
}

/** Locust's "current" figures look back this far. */
const CURRENT_WINDOW_MS = 10_000;

interface Recent {
  readonly atMs: number;
  readonly ms: number;
  readonly bytes: number;
  readonly failed: boolean;
}

export class LoadRecorder {
  /** A row a second, for `_stats_history.csv`. */
  readonly history: HistoryRow[] = [];
  private recent: Recent[] = [];
  readonly total = newPhaseLoad();
  private current: PhaseLoad = newPhaseLoad();
  private readonly seconds = new Map<number, Second>();
  private originMs = Infinity;

  /** Requests that were due before this are not counted. */
  begin(originMs: number): void {
    this.originMs = originMs;
  }

  /** Requests that end from now on belong to a new phase. */
  nextPhase(): PhaseLoad {
    this.current = newPhaseLoad();
    return this.current;
  }

  add(request: FinishedRequest): void {
    const [first] = request.attempts;
    if (first === undefined || request.dueMs < this.originMs) return;
    const { method, name } = request;
    const waitedMs = Math.max(0, request.endMs - request.dueMs - sumMs(request));
    const attempt = {
      method,
      name,
      atMs: request.dueMs + waitedMs + first.ms,
      ms: waitedMs + first.ms,
      bytes: first.bytes,
      error: first.error,
    };
    const seen = {
      method,
      name,
      atMs: request.endMs,
      ms: request.endMs - request.dueMs,
      bytes: request.attempts.at(-1)?.bytes ?? 0,
      error: request.error,
    };
    for (const load of [this.current, this.total]) {
      load.attempts.add(attempt);
      load.users.add(seen);
      if (first.error !== null) load.failed.push({ dueMs: request.dueMs, endMs: attempt.atMs });
    }
    this.recent.push({
      atMs: request.endMs,
      ms: seen.ms,
      bytes: seen.bytes,
      failed: request.error !== null,
    });
    this.addSecond(request);
  }

  /** Adds the history row of this moment. */
  tick(nowMs: number, wallMs: number, users: number): void {
    this.recent = this.recent.filter(({ atMs }) => atMs > nowMs - CURRENT_WINDOW_MS);
    const current = new StatsEntry('', 'Aggregated');
    for (const request of this.recent) current.add(request);
    const seconds = Math.min(CURRENT_WINDOW_MS, Math.max(1_000, nowMs - this.originMs)) / 1_000;
    const elapsed = Math.max(1, (nowMs - this.originMs) / 1_000);
    this.history.push({
      timestamp: Math.floor(wallMs / 1_000),
      users,
      current: current.row(seconds),
      total: this.total.users.total.row(elapsed),
    });
  }

  points(): readonly SecondPoint[] {
    return [...this.seconds.entries()]
      .sort(([a], [b]) => a - b)
      .map(([second, { entry, userFailures, byRegion }]) => {
        const { exact, requests, failures } = entry.row(1);
        return {
          second,
          requests,
          failures,
          userFailures,
          p50: exact.p50,
          p99: exact.p99,
          max: exact.max,
          byRegion,
        };
      });
  }

  private addSecond(request: FinishedRequest): void {
    const at = Math.floor((request.dueMs - this.originMs) / 1_000);
    let second = this.seconds.get(at);
    if (second === undefined) {
      second = { entry: new StatsEntry('', ''), userFailures: 0, byRegion: {} };
      this.seconds.set(at, second);
    }
    const failed = request.attempts[0]?.error !== null;
    second.entry.add({ atMs: request.endMs, ms: request.endMs - request.dueMs, bytes: 0, failed });
    if (request.error !== null) second.userFailures++;
    const region = request.attempts.at(-1)?.region;
    if (region !== null && region !== undefined)
      second.byRegion[region] = (second.byRegion[region] ?? 0) + 1;
  }
}

function newPhaseLoad(): PhaseLoad {
  return { attempts: new Statistics(), users: new Statistics(), failed: [] };
}

function sumMs(request: FinishedRequest): number {
  return request.attempts.reduce((sum, { ms }) => sum + ms, 0);
}
