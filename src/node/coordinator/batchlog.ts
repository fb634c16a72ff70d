// Logged batches: stored on one or two other nodes first, then written, then removed there; whoever still holds one
// after a while replays it, so that a batch is applied wholly though its coordinator dies.
// Test: test/traces/batch-*.trace. Cassandra: service/StorageProxy.mutateAtomically, batchlog/BatchlogManager.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError, FailureReason } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { serializeMutation } from '../../data/mutation-serializer.ts';
import { TimeUuidGenerator } from '../../data/time-uuid.ts';
import { uuidText } from '../../data/uuid.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { StoredBatch } from '../replica/batch-store.ts';
import { BatchStore } from '../replica/batch-store.ts';
import type { Telemetry } from '../telemetry.ts';
import { planBatchlog } from './batchlog-plan.ts';
import type { Trace, WriteDone } from './coordinator.ts';
import { writeFailure, writeTimeout } from './errors.ts';
import { OrderedAnswers } from './ordered-answers.ts';
import type { WritePlan } from './replica-plan.ts';
import type { WriteService } from './write-service.ts';

export interface BatchlogParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly store: LocalStore;
  readonly writes: WriteService;
}

export class Batchlog {
  readonly stored: BatchStore;
  private readonly parts: BatchlogParts;
  private readonly random: Random;
  private readonly ids: TimeUuidGenerator;
  private isReplaying = false;
  private waiting: (() => void)[] = [];
  private isStopped = false;

  constructor(parts: BatchlogParts) {
    this.parts = parts;
    this.random = parts.random.fork('batchlog');
    this.ids = new TimeUuidGenerator(this.random.bytes(8));
    this.stored = new BatchStore(parts.store, parts.clock);
  }

  /** Serves BATCH_STORE_REQ and BATCH_REMOVE_REQ. */
  serve(): void {
    const { messaging } = this.parts;
    messaging.serve('BATCH_STORE_REQ', (message, from) => {
      this.stored.add(message.payload);
      messaging.respond(message, from, 'BATCH_STORE_RSP', null);
    });
    messaging.serve('BATCH_REMOVE_REQ', (message, from) => {
      this.stored.remove(message.payload.batchId);
      messaging.respond(message, from, 'BATCH_REMOVE_RSP', null);
    });
  }

  /** Begins the rounds of replay, the first after the ring delay. */
  start(tableById: TableResolver): void {
    this.stored.load(tableById);
    const { clock, config } = this.parts;
    const round = (): void => {
      if (this.isStopped) return;
      this.replay();
      clock.after(config.batchlog_replay_interval, round);
    };
    clock.after(config.ring_delay, round);
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Mutations of several partitions, all or nothing in the end. */
  write(
    mutations: readonly Mutation[],
    consistency: ConsistencyLevel,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const isAny = consistency === 'ANY';
    const log = planBatchlog(this.parts.cluster, this.random, isAny);
    if (log.kind === 'unavailable') {
      done(log.error);
      return;
    }
    const plans: WritePlan[] = [];
    for (const mutation of mutations) {
      const plan = this.parts.writes.plan(mutation, consistency);
      if (plan.kind === 'unavailable') {
        done(plan.error);
        return;
      }
      plans.push(plan);
    }
    const createdAtMs = this.parts.clock.wallMs();
    const batch = { batchId: uuidText(this.ids.next(createdAtMs)), createdAtMs, mutations };
    this.storeOn(log.endpoints, log.level, batch, trace, (error) => {
      if (error === null) this.apply(batch, plans, log.endpoints, trace, done);
      else done(error);
    });
  }

  /**
   * One round: whatever is older than two write timeouts is written again, no faster than the throttle, and forgotten.
   * Also `replaybatchlog`. `done` when it is over; a round that runs already counts.
   */
  replay(done: () => void = () => undefined): void {
    if (this.isReplaying) {
      this.waiting.push(done);
      return;
    }
    const { clock, config } = this.parts;
    const now = clock.wallMs();
    const due = this.stored
      .all()
      .filter((batch) => now - batch.createdAtMs >= 2 * config.write_request_timeout);
    if (due.length === 0) {
      done();
      return;
    }
    this.isReplaying = true;
    this.waiting.push(done);
    this.replayAll(due, now);
  }

  /** Each begins when the bytes of those before have had their time; they end in any order. */
  private replayAll(due: readonly StoredBatch[], now: number): void {
    const { clock } = this.parts;
    const bytesPerMs = this.replayRate() / 1000;
    let begun = 0;
    let open = 0;
    let freeAtMs = clock.nowMs();
    const endWhenDone = (): void => {
      if (open > 0 || begun < due.length) return;
      begun = Infinity;
      this.endRound();
    };
    const next = (): void => {
      while (begun < due.length && freeAtMs <= clock.nowMs()) {
        const batch = due[begun++] as StoredBatch;
        if (this.isStopped || !this.stored.has(batch.batchId)) continue;
        open++;
        freeAtMs = Math.max(freeAtMs, clock.nowMs()) + batchBytes(batch) / bytesPerMs;
        this.replayOne(batch, now, () => {
          open--;
          endWhenDone();
        });
      }
      if (begun < due.length) clock.after(freeAtMs - clock.nowMs(), next);
      else endWhenDone();
    };
    next();
  }

  /** Bytes a second: every node may replay towards the same one at once. A throttle of 0 is none. */
  private replayRate(): number {
    const { config, cluster } = this.parts;
    const { batchlog_replay_throttle: throttle } = config;
    return throttle <= 0 ? Infinity : throttle / Math.max(1, cluster.endpoints().length);
  }

  private endRound(): void {
    this.isReplaying = false;
    const { waiting } = this;
    this.waiting = [];
    for (const done of waiting) done();
  }

  /** Undeliverable replicas get hints, as the level ANY does; a batch past its gc_grace is dropped. */
  private replayOne(batch: StoredBatch, nowMs: number, done: () => void): void {
    const mutations = batch.mutations.filter((mutation) => {
      const graces = mutation.updates.map((update) => update.table.params.gc_grace_seconds);
      return nowMs - batch.createdAtMs < Math.min(...graces) * 1000;
    });
    const finish = (): void => {
      this.stored.remove(batch.batchId);
      done();
    };
    if (mutations.length === 0) {
      finish();
      return;
    }
    const { telemetry, cluster, writes } = this.parts;
    telemetry.emit({ kind: 'batch-replayed', by: cluster.self, mutations: mutations.length });
    let left = mutations.length;
    for (const mutation of mutations) {
      writes.write(mutation, 'ANY', 'UNLOGGED_BATCH', null, () => {
        left--;
        if (left === 0) finish();
      });
    }
  }

  private storeOn(
    endpoints: readonly Endpoint[],
    level: ConsistencyLevel,
    batch: StoredBatch,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const blockFor = endpoints.length;
    let received = 0;
    let isOver = false;
    for (const node of endpoints) {
      trace?.event(
        `Sending batchlog store request ${batch.batchId} to /${node} for ${batch.mutations.length} mutations`,
      );
      this.parts.messaging.ask(node, 'BATCH_STORE_REQ', batch, (answer, reason) => {
        if (isOver) return;
        if (answer !== null) {
          received++;
          isOver = received === blockFor;
          if (isOver) done(null);
          return;
        }
        isOver = true;
        done(storeError(level, received, blockFor, reason === 'TIMEOUT' ? null : [node, reason]));
      });
    }
  }

  private apply(
    batch: StoredBatch,
    plans: readonly WritePlan[],
    endpoints: readonly Endpoint[],
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const answers = new OrderedAnswers(plans.length, (error) => {
      if (error === null) this.removeFrom(endpoints, batch.batchId);
      done(error);
    });
    batch.mutations.forEach((mutation, at) => {
      const plan = plans[at] as WritePlan;
      this.parts.writes.execute(plan, mutation, 'BATCH', trace, (error) => answers.set(at, error));
    });
  }

  private removeFrom(endpoints: readonly Endpoint[], batchId: string): void {
    for (const node of endpoints) this.parts.messaging.tell(node, 'BATCH_REMOVE_REQ', { batchId });
  }
}

function batchBytes({ mutations }: StoredBatch): number {
  return mutations.reduce((sum, mutation) => sum + serializeMutation(mutation).length, 0);
}

function storeError(
  consistency: ConsistencyLevel,
  received: number,
  blockFor: number,
  failure: readonly [string, FailureReason] | null,
): CqlError {
  if (failure === null) return writeTimeout('BATCH_LOG', consistency, received, blockFor);
  const failures = new Map([failure]);
  return writeFailure({ writeType: 'BATCH_LOG', consistency, received, blockFor, failures });
}
