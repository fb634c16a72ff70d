// The streaming plans this node has started (bootstrap, decommission, rebuild, move, removal), how far they are, and the
// last ones that ended: what `nodetool netstats` shows and telemetry tells. Moving rows is node/repair/streaming.ts.
// Test: test/membership-cluster/. Cassandra: streaming/StreamManager.

import type { Clock, Endpoint } from '../world/ports.ts';
import type {
  RangeStreaming,
  StreamOperation,
  StreamPlan,
  StreamProgress,
} from './membership/range-streaming.ts';
import type { Telemetry } from './telemetry.ts';

/** One plan, under way or over. */
export interface StreamPlanState {
  /** Counts the plans of this life of the node from 1. */
  readonly number: number;
  readonly operation: StreamOperation;
  /** Who gives to this node, and who gets from it, with the number of ranges. */
  readonly peers: readonly {
    readonly peer: Endpoint;
    readonly direction: 'fetch' | 'send';
    readonly keyspace: string;
    readonly ranges: number;
  }[];
  readonly startedAtMs: number;
  readonly progress: StreamProgress;
  /** undefined: under way; null: complete. */
  readonly error: string | null | undefined;
}

const FINISHED_KEPT = 20;

export class StreamPlans implements RangeStreaming {
  private readonly self: Endpoint;
  private readonly clock: Clock;
  private readonly telemetry: Telemetry;
  private readonly streaming: () => RangeStreaming;
  private plans: StreamPlanState[] = [];
  private started = 0;

  constructor(parts: {
    readonly self: Endpoint;
    readonly clock: Clock;
    readonly telemetry: Telemetry;
    readonly streaming: () => RangeStreaming;
  }) {
    this.self = parts.self;
    this.clock = parts.clock;
    this.telemetry = parts.telemetry;
    this.streaming = parts.streaming;
  }

  stream(
    plan: StreamPlan,
    progress: (progress: StreamProgress) => void,
    done: (error: string | null) => void,
  ): void {
    const number = ++this.started;
    const rangesTotal = plan.tasks.reduce((sum, task) => sum + task.ranges.length, 0);
    this.set({
      number,
      operation: plan.operation,
      peers: plan.tasks.map(({ peer, direction, keyspace, ranges }) => ({
        peer,
        direction,
        keyspace,
        ranges: ranges.length,
      })),
      startedAtMs: this.clock.nowMs(),
      progress: { ranges: 0, rangesTotal, rows: 0 },
      error: undefined,
    });
    this.tell(number);
    this.streaming().stream(
      plan,
      (next) => {
        this.change(number, { progress: next });
        this.tell(number);
        progress(next);
      },
      (error) => {
        this.change(number, { error });
        this.tell(number);
        done(error);
      },
    );
  }

  /** Oldest first. */
  active(): readonly StreamPlanState[] {
    return this.plans.filter(({ error }) => error === undefined);
  }

  /** The last that ended, oldest first. */
  finished(): readonly StreamPlanState[] {
    return this.plans.filter(({ error }) => error !== undefined);
  }

  private set(state: StreamPlanState): void {
    const over = this.finished();
    const dropped = over.length >= FINISHED_KEPT ? over[0]?.number : undefined;
    this.plans = [
      ...this.plans.filter(({ number }) => number !== dropped && number !== state.number),
      state,
    ];
    this.plans.sort((a, b) => a.number - b.number);
  }

  private change(number: number, change: Partial<StreamPlanState>): void {
    const state = this.plans.find((one) => one.number === number);
    if (state !== undefined) this.set({ ...state, ...change });
  }

  private tell(number: number): void {
    const state = this.plans.find((one) => one.number === number);
    if (state === undefined) return;
    const { operation, progress, error } = state;
    const status = error === undefined ? 'streaming' : error === null ? 'complete' : 'failed';
    this.telemetry.emit({
      kind: 'streaming-progressed',
      node: this.self,
      operation,
      status,
      ...progress,
    });
  }
}
