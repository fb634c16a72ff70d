// Reads a range of partitions: part after part of the ring, several at a time, until the limits are reached. Every
// part is full data from as many replicas as the level asks, merged and repaired. Test: test/traces/range-*.trace.
// Cassandra: service/reads/range/RangeCommands, RangeCommandIterator.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import { countLiveRows, limitPartitions } from '../../data/live-view.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { PartitionRangeRead } from '../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import type { Clock } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { SchemaView } from '../schema-view.ts';
import type { RangeResult, RequestContext } from './coordinator.ts';
import type { PlanCache } from './plan-cache.ts';
import type { RangeDatacenters, RangePart, RangeRequest } from './range-plan.ts';
import { mergeRequests, nextConcurrency, splitRange } from './range-plan.ts';
import type { ReadRepair } from './read-repair.ts';
import { unknownKeyspace } from './write-service.ts';

const CONCURRENCY_MAX = 20;

export interface RangeReadParts {
  readonly clock: Clock;
  readonly cluster: ClusterState;
  readonly plans: PlanCache;
  readonly schema: SchemaView;
  readonly readRepair: ReadRepair;
}

export class RangeReadService {
  private readonly parts: RangeReadParts;

  constructor(parts: RangeReadParts) {
    this.parts = parts;
  }

  read(
    command: PartitionRangeRead,
    level: ConsistencyLevel,
    context: RequestContext,
    done: (result: RangeResult) => void,
  ): void {
    const keyspace = this.parts.schema.current.keyspaces.get(command.table.keyspace);
    if (keyspace === undefined) {
      done({ ok: false, error: unknownKeyspace(command.table.keyspace) });
      return;
    }
    context.trace?.event('Computing ranges to query');
    const replication = this.parts.cluster.replication(keyspace);
    const isLocal = replication.strategy === 'LocalStrategy';
    const ring = replication.ranges;
    const last = ring.at(-1);
    const parts = splitRange(command.range, isLocal && last !== undefined ? [whole(last)] : ring);
    new RangeRead(this.parts, { command, level, context, keyspace, parts, done }).advance();
  }
}

function whole(last: { readonly right: RangePart['owner'] }) {
  return { left: last.right, right: last.right };
}

interface RangeReadSpec {
  readonly command: PartitionRangeRead;
  readonly level: ConsistencyLevel;
  readonly context: RequestContext;
  readonly keyspace: KeyspaceMetadata;
  readonly parts: readonly RangePart[];
  readonly done: (result: RangeResult) => void;
}

/** One range read under way. */
class RangeRead {
  private readonly parts: RangeReadParts;
  private readonly spec: RangeReadSpec;
  private readonly startedAtMs: number;
  private readonly found: PartitionData[] = [];
  private at = 0;
  private rowsFound = 0;
  private ahead: RangeRequest | null = null;

  constructor(parts: RangeReadParts, spec: RangeReadSpec) {
    this.parts = parts;
    this.spec = spec;
    this.startedAtMs = parts.clock.nowMs();
  }

  /** Sends the next batch of requests, or ends. */
  advance(): void {
    const { command, parts, context } = this.spec;
    const concurrency = nextConcurrency({
      rangesTotal: parts.length,
      rangesDone: this.at,
      rowsWanted: command.ann === null ? command.limits.rows : Infinity,
      rowsFound: this.rowsFound,
      concurrencyMax: CONCURRENCY_MAX,
    });
    if (this.at === 0) {
      context.trace?.event(
        `Submitting range requests on ${parts.length} ranges with a concurrency of ${concurrency}`,
      );
    }
    const batch: RangeRequest[] = [];
    while (batch.length < concurrency) {
      const next = this.nextRequest();
      if (next === null) break;
      if ('error' in next) {
        this.fail(next.error);
        return;
      }
      batch.push(next);
    }
    if (batch.length === 0) this.finish();
    else this.send(batch);
  }

  /** The next part of the ring with as many of its neighbours as can be asked together; null at the end. */
  private nextRequest(): RangeRequest | { readonly error: CqlError } | null {
    let request: RangeRequest | null = this.ahead;
    this.ahead = null;
    while (this.at < this.spec.parts.length) {
      const single = this.requestFor(this.spec.parts[this.at] as RangePart);
      if ('error' in single) return request ?? single;
      this.at++;
      if (request === null) {
        request = single;
        continue;
      }
      const merged = mergeRequests(request, single, this.datacenters);
      if (merged === null) {
        this.ahead = single;
        break;
      }
      request = merged;
    }
    return request;
  }

  private get datacenters(): RangeDatacenters {
    const { cluster } = this.parts;
    return {
      local: cluster.localDatacenter,
      datacenterOf: (node) => cluster.info(node)?.datacenter ?? '',
    };
  }

  private requestFor(part: RangePart): RangeRequest | { readonly error: CqlError } {
    const { keyspace, level } = this.spec;
    const plan = this.parts.plans.read(keyspace, part.owner, level, false);
    if (plan.kind === 'unavailable') return { error: plan.error };
    return { range: part.range, plan, parts: 1 };
  }

  private send(batch: readonly RangeRequest[]): void {
    const { command, level, context } = this.spec;
    const results: (readonly PartitionData[])[] = batch.map(() => []);
    let waiting = batch.length;
    let failed = false;
    const rows = command.ann === null ? command.limits.rows - this.rowsFound : command.limits.rows;
    context.trace?.event(`Submitted ${batch.length} concurrent range requests`);
    batch.forEach((request, index) => {
      const isFirst = this.found.length === 0 && index === 0;
      const counted = isFirst ? command.limits.countedInFirstPartition : 0;
      const limits = { ...command.limits, rows, countedInFirstPartition: counted };
      const { contacts, blockFor } = request.plan;
      const { startedAtMs } = this;
      for (const node of contacts) context.trace?.event(`Enqueuing request to /${node}`);
      this.parts.readRepair.readAndRepair(
        {
          command: { ...command, range: request.range, limits },
          level,
          contacts,
          blockFor,
          context,
          startedAtMs,
        },
        (partitions, error) => {
          if (failed) return;
          if (partitions === null) {
            failed = true;
            if (error !== null) this.fail(error);
            return;
          }
          results[index] = partitions;
          waiting--;
          if (waiting === 0) this.collect(results);
        },
      );
    });
  }

  private collect(results: readonly (readonly PartitionData[])[]): void {
    const { command } = this.spec;
    for (const partitions of results) {
      for (const partition of partitions) {
        this.found.push(partition);
        this.rowsFound += countLiveRows(partition, command.nowSeconds);
      }
    }
    const isOver = this.at >= this.spec.parts.length && this.ahead === null;
    const isEnough = command.ann === null && this.rowsFound >= command.limits.rows;
    if (isOver || isEnough) this.finish();
    else this.advance();
  }

  private finish(): void {
    const { command, done } = this.spec;
    if (command.ann !== null) done({ ok: true, partitions: this.found, limitReached: false });
    else done({ ok: true, ...limitPartitions(this.found, command) });
  }

  private fail(error: CqlError): void {
    this.spec.done({ ok: false, error });
  }
}
