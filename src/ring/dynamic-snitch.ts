// Reorders replicas by how fast they answered reads lately. A machine: it is told latencies and the time, and asked
// for an order; it has no clock and no timer. Test: test/ring/snitch.test.ts.
// Cassandra: locator/DynamicEndpointSnitch.java.

import { Heap } from '../base/heap.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { RandomSource } from '../base/random-source.ts';
import type { ReplicaList } from './replica-table.ts';
import type { ProximityOrder } from './snitch.ts';

export interface DynamicSnitchOptions {
  /** cassandra.yaml dynamic_snitch_update_interval. */
  readonly updateIntervalMs: number;
  /** cassandra.yaml dynamic_snitch_reset_interval: all samples are forgotten this often. */
  readonly resetIntervalMs: number;
  /** cassandra.yaml dynamic_snitch_badness_threshold: how much worse than the best before the order is changed. */
  readonly badnessThreshold: number;
}

const DYNAMIC_SNITCH_DEFAULTS: DynamicSnitchOptions = Object.freeze({
  updateIntervalMs: 100,
  resetIntervalMs: 600_000,
  badnessThreshold: 1.0,
});

const RESERVOIR_SIZE = 100;
/** Weight of a sample grows by e^alpha a second, so that old ones give way to new ones. */
const RESERVOIR_ALPHA = 0.75;
const RANGE_MERGE_FACTOR = 1.5;

export class DynamicSnitch {
  private readonly random: RandomSource;
  private readonly options: DynamicSnitchOptions;
  private readonly samples = new Map<Endpoint, Reservoir>();
  private scores: ReadonlyMap<Endpoint, number> = new Map();
  private sorted = new WeakMap<ReplicaList, ReplicaList>();
  private isStale = false;
  /** Grows whenever an order given may differ from one given before. */
  private orderVersion = 0;
  private updatedAtMs = -Infinity;
  /** Set by the first event. */
  private resetAtMs: number | null = null;

  constructor(random: RandomSource, options: DynamicSnitchOptions = DYNAMIC_SNITCH_DEFAULTS) {
    this.random = random;
    this.options = options;
  }

  /** Callers that keep orders compare it. */
  version(nowMs: number): number {
    this.refresh(nowMs);
    return this.orderVersion;
  }

  /** A replica answered (or failed to answer) a read after `latencyMs`; whole milliseconds count, as in Cassandra. */
  onLatency(endpoint: Endpoint, latencyMs: number, nowMs: number): void {
    this.resetAtMs ??= nowMs;
    let reservoir = this.samples.get(endpoint);
    if (reservoir === undefined) {
      reservoir = new Reservoir(nowMs);
      this.samples.set(endpoint, reservoir);
    }
    reservoir.add(Math.floor(latencyMs), nowMs, this.random.float());
    this.isStale = true;
  }

  /**
   * `near` order, unless some replica is worse than the best at its place by more than the threshold: then by score
   * alone. The list returned is kept until the next update; do not change it.
   */
  order(replicas: ReplicaList, near: ProximityOrder, nowMs: number): ReplicaList {
    this.refresh(nowMs);
    const byProximity = near(replicas);
    if (replicas.length < 2 || this.scores.size === 0) return byProximity;
    const known = this.sorted.get(byProximity);
    if (known !== undefined) return known;
    const result = this.isBad(byProximity) ? this.byScore(byProximity) : byProximity;
    this.sorted.set(byProximity, result);
    return result;
  }

  /** Is one range read over both ranges' common replicas better than two? */
  isWorthMerging(merged: ReplicaList, first: ReplicaList, second: ReplicaList): boolean {
    const together = this.worst(merged);
    const one = this.worst(first);
    const two = this.worst(second);
    if (together < 0 || one < 0 || two < 0) return true;
    return together <= RANGE_MERGE_FACTOR * (one + two);
  }

  /** Scores in [0, 1], 1 the slowest; for tools. */
  scoreOf(endpoint: Endpoint): number {
    return this.scores.get(endpoint) ?? 0;
  }

  private refresh(nowMs: number): void {
    if (nowMs - (this.resetAtMs ??= nowMs) >= this.options.resetIntervalMs) {
      this.resetAtMs = nowMs;
      this.samples.clear();
      this.isStale = true;
    }
    if (nowMs - this.updatedAtMs < this.options.updateIntervalMs) return;
    this.updatedAtMs = nowMs;
    if (!this.isStale) return;
    this.isStale = false;
    const medians = new Map<Endpoint, number>();
    let slowest = 1;
    for (const [endpoint, reservoir] of this.samples) {
      const median = reservoir.median();
      medians.set(endpoint, median);
      slowest = Math.max(slowest, median);
    }
    const scores = new Map([...medians].map(([endpoint, median]) => [endpoint, median / slowest]));
    if (sameScores(scores, this.scores)) return;
    this.scores = scores;
    this.sorted = new WeakMap();
    this.orderVersion++;
  }

  private isBad(byProximity: ReplicaList): boolean {
    const scores = byProximity.map((endpoint) => this.scoreOf(endpoint));
    const best = [...scores].sort((a, b) => a - b);
    const allowed = 1 + this.options.badnessThreshold;
    return scores.some((score, i) => score > (best[i] as number) * allowed);
  }

  private byScore(byProximity: ReplicaList): ReplicaList {
    return Object.freeze([...byProximity].sort((a, b) => this.scoreOf(a) - this.scoreOf(b)));
  }

  private worst(replicas: ReplicaList): number {
    let worst = -1;
    for (const endpoint of replicas) {
      const score = this.scores.get(endpoint);
      if (score !== undefined && score > worst) worst = score;
    }
    return worst;
  }
}

function sameScores(a: ReadonlyMap<Endpoint, number>, b: ReadonlyMap<Endpoint, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [endpoint, score] of a) if (b.get(endpoint) !== score) return false;
  return true;
}

interface Sample {
  readonly value: number;
  readonly weight: number;
  readonly priority: number;
}

/** Forward-decaying priority sampling: keeps the samples of highest weight / random. */
class Reservoir {
  private readonly kept = new Heap<Sample>((a, b) => a.priority < b.priority);
  private readonly startMs: number;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  add(value: number, nowMs: number, random: number): void {
    const weight = Math.exp((RESERVOIR_ALPHA * (nowMs - this.startMs)) / 1000);
    const priority = weight / (1 - random);
    if (this.kept.size >= RESERVOIR_SIZE) {
      const least = this.kept.peek();
      if (least === undefined || least.priority >= priority) return;
      this.kept.pop();
    }
    this.kept.push({ value, weight, priority });
  }

  /** By weight. */
  median(): number {
    const sorted = this.kept.all.toSorted((a, b) => a.value - b.value);
    const half = sorted.reduce((sum, { weight }) => sum + weight, 0) / 2;
    let below = 0;
    for (const { value, weight } of sorted) {
      below += weight;
      if (below >= half) return value;
    }
    return 0;
  }
}
