// How many requests this node has coordinated and how long they took: what `nodetool proxyhistograms` and `tablestats`
// print. Wraps the coordinator, so that the services know nothing of it. Test: test/nodetool/.
// Cassandra: metrics/ClientRequestMetrics, metrics/DecayingEstimatedHistogramReservoir.

import type { ConsistencyLevel } from '../data/consistency.ts';
import { isSerial } from '../data/consistency.ts';
import type { Mutation } from '../data/partition.ts';
import type { PartitionRangeRead, SinglePartitionRead } from '../data/read-command.ts';
import type { TableMetadata } from '../data/schema.ts';
import type { Clock } from '../world/ports.ts';
import type {
  CasRequest,
  CasResult,
  Coordinator,
  RangeResult,
  ReadResult,
  RequestContext,
  WriteDone,
  WriteKind,
} from './coordinator/coordinator.ts';

const BUCKETS = 128;
const GROWTH = Math.log(1.2);

/** Latencies since the node started, in buckets that grow by a fifth, from a microsecond on. */
export class LatencySummary {
  count = 0;
  totalMs = 0;
  minMs = Infinity;
  maxMs = 0;
  private readonly counts = new Float64Array(BUCKETS);

  record(ms: number): void {
    this.count++;
    this.totalMs += ms;
    if (ms < this.minMs) this.minMs = ms;
    if (ms > this.maxMs) this.maxMs = ms;
    const micros = ms * 1000;
    const bucket = micros <= 1 ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(micros) / GROWTH));
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  /** NaN while there is none. */
  get meanMs(): number {
    return this.totalMs / this.count;
  }

  /** The upper end of the bucket that holds the percentile, microseconds; at most the maximum. 0 while there is none. */
  percentileMicros(percentile: number): number {
    const rank = (this.count * percentile) / 100;
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= rank && seen > 0) return Math.min(Math.exp(bucket * GROWTH), this.maxMs * 1000);
    }
    return 0;
  }
}

class RequestMetrics {
  readonly read = new LatencySummary();
  readonly write = new LatencySummary();
  readonly range = new LatencySummary();
  readonly casRead = new LatencySummary();
  readonly casWrite = new LatencySummary();
}

/** Measures from the request's arrival to its answer. */
export class MeteredCoordinator implements Coordinator {
  readonly metrics = new RequestMetrics();
  private readonly coordinator: Coordinator;
  private readonly clock: Clock;

  constructor(coordinator: Coordinator, clock: Clock) {
    this.coordinator = coordinator;
    this.clock = clock;
  }

  write(
    mutations: readonly Mutation[],
    options: { readonly kind: WriteKind; readonly consistency: ConsistencyLevel },
    context: RequestContext,
    done: WriteDone,
  ): void {
    this.coordinator.write(mutations, options, context, (error) => {
      this.metrics.write.record(this.clock.nowMs() - context.startedAtMs);
      done(error);
    });
  }

  read(
    commands: readonly SinglePartitionRead[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: ReadResult) => void,
  ): void {
    this.coordinator.read(commands, consistency, context, (result) => {
      const { read, casRead } = this.metrics;
      (isSerial(consistency) ? casRead : read).record(this.clock.nowMs() - context.startedAtMs);
      done(result);
    });
  }

  readRange(
    command: PartitionRangeRead,
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: RangeResult) => void,
  ): void {
    this.coordinator.readRange(command, consistency, context, (result) => {
      this.metrics.range.record(this.clock.nowMs() - context.startedAtMs);
      done(result);
    });
  }

  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void {
    this.coordinator.cas(request, context, (result) => {
      this.metrics.casWrite.record(this.clock.nowMs() - context.startedAtMs);
      done(result);
    });
  }

  truncate(table: TableMetadata, context: RequestContext, done: WriteDone): void {
    this.coordinator.truncate(table, context, done);
  }
}
