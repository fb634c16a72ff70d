// The coordinator of one node: the parts that serve client requests, put together. It only distributes: every path
// has its own file. Test: test/coordinator/. Cassandra: service/StorageProxy.

import { required } from '../../base/assert.ts';
import { compactMutation } from '../../data/compact-mutation.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isSerial } from '../../data/consistency.ts';
import type { CqlError, WriteType } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { PartitionRangeRead, SinglePartitionRead } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type {
  CasRequest,
  CasResult,
  Coordinator,
  RangeResult,
  ReadResult,
  RequestContext,
  WriteDone,
  WriteKind,
} from './coordinator.ts';
import { DataReader } from './data-read.ts';
import { invalidRequest } from './errors.ts';
import { PlanCache } from './plan-cache.ts';
import { ReadRepair } from './read-repair.ts';
import { ReadService } from './read-service.ts';
import { emptyFor } from './resolution.ts';
import type { HintSink } from './write-service.ts';
import { WriteService } from './write-service.ts';

export interface CoordinatorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly hints: HintSink;
}

export class CoordinatorService implements Coordinator {
  readonly writes: WriteService;
  readonly reads: ReadService;

  constructor(parts: CoordinatorParts) {
    const plans = new PlanCache(parts.cluster);
    const reader = new DataReader(parts.messaging);
    const readRepair = new ReadRepair({ ...parts, plans, reader });
    this.writes = new WriteService({ ...parts, plans });
    this.reads = new ReadService({ ...parts, plans, readRepair });
  }

  write(
    mutations: readonly Mutation[],
    options: { readonly kind: WriteKind; readonly consistency: ConsistencyLevel },
    context: RequestContext,
    done: WriteDone,
  ): void {
    const { kind, consistency } = options;
    context.trace?.event('Determining replicas for mutation');
    const only = mutations[0];
    if (only !== undefined && mutations.length === 1 && kind !== 'counter') {
      this.writes.write(compactMutation(only), consistency, 'SIMPLE', context.trace, done);
      return;
    }
    this.writeAll(mutations, consistency, 'UNLOGGED_BATCH', context, done);
  }

  read(
    commands: readonly SinglePartitionRead[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: ReadResult) => void,
  ): void {
    const only = commands[0];
    if (only !== undefined && commands.length === 1 && !isSerial(consistency)) {
      this.reads.read(only, consistency, context, (partitions, error) => {
        if (partitions === null) done({ ok: false, error: required(error, 'an error') });
        else done({ ok: true, partitions: partitions.length === 1 ? partitions : [emptyFor(only)] });
      });
      return;
    }
    this.readAll(commands, consistency, context, done);
  }

  readRange(
    _command: PartitionRangeRead,
    _consistency: ConsistencyLevel,
    _context: RequestContext,
    done: (result: RangeResult) => void,
  ): void {
    done({ ok: false, error: invalidRequest('not yet') });
  }

  cas(_request: CasRequest, _context: RequestContext, done: (result: CasResult) => void): void {
    done({ ok: false, error: invalidRequest('not yet') });
  }

  truncate(_table: TableMetadata, _context: RequestContext, done: WriteDone): void {
    done(null);
  }

  /** Every partition is a write of its own; the first that fails, in order, is the answer. */
  private writeAll(
    mutations: readonly Mutation[],
    consistency: ConsistencyLevel,
    writeType: WriteType,
    context: RequestContext,
    done: WriteDone,
  ): void {
    const answers = new OrderedAnswers(mutations.length, done);
    for (const [at, mutation] of mutations.entries()) {
      const plan = this.writes.plan(mutation, consistency);
      if (plan.kind === 'unavailable') {
        answers.fail(plan.error);
        return;
      }
      const compact = compactMutation(mutation);
      this.writes.execute(plan, compact, writeType, context.trace, (error) =>
        answers.set(at, error),
      );
    }
  }

  private readAll(
    commands: readonly SinglePartitionRead[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: ReadResult) => void,
  ): void {
    const results: PartitionData[] = commands.map((command) => emptyFor(command));
    const answers = new OrderedAnswers(commands.length, (error) => {
      if (error === null) done({ ok: true, partitions: results });
      else done({ ok: false, error });
    });
    commands.forEach((command, at) => {
      this.reads.read(command, consistency, context, (partitions, error) => {
        const partition = partitions?.[0];
        if (partition !== undefined) results[at] = partition;
        answers.set(at, error);
      });
    });
  }
}

/** Waits for all answers in order: the first error in order ends it as soon as all before it are good. */
class OrderedAnswers {
  private readonly answers: (CqlError | null | undefined)[];
  private readonly done: (error: CqlError | null) => void;
  private at = 0;

  constructor(count: number, done: (error: CqlError | null) => void) {
    this.answers = Array.from({ length: count });
    this.done = done;
    if (count === 0) done(null);
  }

  /** Ends it at once. */
  fail(error: CqlError): void {
    if (this.at === Infinity) return;
    this.at = Infinity;
    this.done(error);
  }

  set(index: number, answer: CqlError | null): void {
    this.answers[index] = answer;
    while (this.at < this.answers.length) {
      const next = this.answers[this.at];
      if (next === undefined) return;
      this.at = next === null ? this.at + 1 : Infinity;
      if (next !== null) this.done(next);
      else if (this.at === this.answers.length) this.done(null);
    }
  }
}
