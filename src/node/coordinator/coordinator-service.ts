// The coordinator of one node: the parts that serve client requests, put together. It only distributes: every path
// has its own file. Test: test/coordinator/. Cassandra: service/StorageProxy.

import { required } from '../../base/assert.ts';
import { compactMutation } from '../../data/compact-mutation.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isSerial } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { PartitionRangeRead, SinglePartitionRead } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { CounterCache } from '../replica/counter-cache.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { PaxosStore } from '../replica/paxos-store.ts';
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
import { AdditionalWrites } from './additional-writes.ts';
import { Batchlog } from './batchlog.ts';
import { CounterService } from './counters.ts';
import { DataReader } from './data-read.ts';
import { invalidRequest } from './errors.ts';
import { OrderedAnswers } from './ordered-answers.ts';
import { PaxosService } from './paxos.ts';
import { PaxosCleanup } from './paxos-cleanup.ts';
import { PlanCache } from './plan-cache.ts';
import { RangeReadService } from './range-read.ts';
import { ReadRepair } from './read-repair.ts';
import { ReadService } from './read-service.ts';
import { emptyFor } from './partition-lists.ts';
import { truncateEverywhere } from './truncate.ts';
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
  readonly store: LocalStore;
  readonly counterCache: CounterCache;
}

export class CoordinatorService implements Coordinator {
  readonly writes: WriteService;
  readonly reads: ReadService;
  readonly ranges: RangeReadService;
  readonly counters: CounterService;
  readonly batchlog: Batchlog;
  readonly paxos: PaxosService;
  readonly paxosCleanup: PaxosCleanup;
  private readonly parts: CoordinatorParts;

  constructor(parts: CoordinatorParts) {
    this.parts = parts;
    const plans = new PlanCache(parts.cluster);
    const reader = new DataReader(parts.messaging);
    const additionalWrites = new AdditionalWrites(parts.clock, parts.config);
    const readRepair = new ReadRepair({ ...parts, plans, reader, additionalWrites });
    this.writes = new WriteService({ ...parts, plans, additionalWrites });
    this.reads = new ReadService({ ...parts, plans, readRepair });
    this.ranges = new RangeReadService({ ...parts, plans, readRepair });
    const { writes, reads } = this;
    this.counters = new CounterService({ ...parts, plans, writes });
    this.batchlog = new Batchlog({ ...parts, writes });
    const paxosStore = new PaxosStore(parts.store, parts.clock, this.tableById, {
      policy: parts.config.paxos_state_purging,
      graceMs: parts.config.paxos_purge_grace_period,
    });
    this.paxos = new PaxosService({ ...parts, plans, reads, writes, paxosStore });
    this.paxosCleanup = new PaxosCleanup(this.paxos);
  }

  /** Begins to serve what other coordinators ask of this node beyond plain writes and reads. */
  serve(): void {
    this.counters.serve();
    this.batchlog.serve();
    this.paxos.serve();
    this.paxosCleanup.serve();
  }

  /** Begins the periodic work: batchlog replay. */
  start(): void {
    this.batchlog.start(this.tableById);
  }

  stop(): void {
    this.batchlog.stop();
  }

  write(
    mutations: readonly Mutation[],
    options: { readonly kind: WriteKind; readonly consistency: ConsistencyLevel },
    context: RequestContext,
    done: WriteDone,
  ): void {
    const { kind, consistency } = options;
    const { trace } = context;
    trace?.event('Determining replicas for mutation');
    const only = mutations[0];
    if (only === undefined) done(null);
    else if (kind === 'counter' || kind === 'counter-batch') {
      this.writeCounters(mutations, consistency, context, done);
    } else if (mutations.length === 1) {
      this.writes.write(
        compactMutation(only),
        consistency,
        'SIMPLE',
        trace,
        this.witnessed(mutations, done),
      );
    } else if (kind === 'logged-batch') {
      this.batchlog.write(
        mutations.map(compactMutation),
        consistency,
        trace,
        this.witnessed(mutations, done),
      );
    } else this.writeAll(mutations, consistency, context, this.witnessed(mutations, done));
  }

  /** `done`, having told the witness of acknowledged writes where there is one. */
  private witnessed(mutations: readonly Mutation[], done: WriteDone): WriteDone {
    const { witness } = this.parts.telemetry;
    if (witness === undefined || witness === null) return done;
    return (error) => {
      if (error === null) witness.acknowledged(mutations);
      done(error);
    };
  }

  read(
    commands: readonly SinglePartitionRead[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: ReadResult) => void,
  ): void {
    const only = commands[0];
    if (only !== undefined && commands.length === 1 && isPlainRead(consistency)) {
      this.reads.read(only, consistency, context, (partitions, error) => {
        if (partitions === null) done({ ok: false, error: required(error, 'an error') });
        else
          done({ ok: true, partitions: partitions.length === 1 ? partitions : [emptyFor(only)] });
      });
      return;
    }
    if (consistency === 'ANY') done({ ok: false, error: anyRead() });
    else if (!isSerial(consistency)) this.readAll(commands, consistency, context, done);
    else if (only === undefined || commands.length > 1) {
      done({ ok: false, error: invalidRequest(SERIAL_PARTITIONS) });
    } else {
      this.paxos.read(only, consistency, context, (partitions, error) => {
        if (partitions === null) done({ ok: false, error: required(error, 'an error') });
        else done({ ok: true, partitions: [partitions[0] ?? emptyFor(only)] });
      });
    }
  }

  readRange(
    command: PartitionRangeRead,
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: RangeResult) => void,
  ): void {
    if (consistency === 'ANY') done({ ok: false, error: anyRead() });
    else this.ranges.read(command, consistency, context, done);
  }

  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void {
    this.paxos.cas(request, context, done);
  }

  truncate(table: TableMetadata, context: RequestContext, done: WriteDone): void {
    this.parts.telemetry.witness?.truncated(table);
    truncateEverywhere(this.parts, table, context, done);
  }

  private readonly tableById = (id: string): TableMetadata | undefined => {
    for (const keyspace of this.parts.schema.current.keyspaces.values()) {
      for (const table of keyspace.tables.values()) if (table.id === id) return table;
    }
    return undefined;
  };

  private writeCounters(
    mutations: readonly Mutation[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: WriteDone,
  ): void {
    const answers = new OrderedAnswers(mutations.length, done);
    for (const [at, mutation] of mutations.entries()) {
      this.counters.write(compactMutation(mutation), consistency, context.trace, (error) =>
        answers.set(at, error),
      );
    }
  }

  /** Every partition is a write of its own; the first that fails, in order, is the answer. */
  private writeAll(
    mutations: readonly Mutation[],
    consistency: ConsistencyLevel,
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
      this.writes.execute(plan, compact, 'UNLOGGED_BATCH', context.trace, (error) =>
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

const SERIAL_PARTITIONS =
  'SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time';

function isPlainRead(level: ConsistencyLevel): boolean {
  return level !== 'ANY' && !isSerial(level);
}

function anyRead(): CqlError {
  return invalidRequest('ANY ConsistencyLevel is only supported for writes');
}
