// Sends mutations to all their replicas and answers when the level is reached; stores hints for those that are dead,
// fail or stay silent. One message goes to each remote datacenter, whose receiver forwards it. Drives write-operation.
// Test: test/traces/write-*.trace. Cassandra: service/StorageProxy.sendToHintedReplicas.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError, FailureReason, WriteType } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import { FULL_RANGE, rangeContains, rangeText } from '../../ring/token-range.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import { newMessage } from '../messaging/message.ts';
import type { Exchange, ExchangeHandler, Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { AdditionalWrites } from './additional-writes.ts';
import type { Trace, WriteDone } from './coordinator.ts';
import { invalidRequest, tooManyHints } from './errors.ts';
import type { CommitRequest } from './paxos-messages.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Unavailable, WritePlan } from './replica-plan.ts';
import type { WriteStep } from './write-operation.ts';
import { WriteOperation } from './write-operation.ts';

/** Hints that wait for the disk, of all hosts and of the one a write goes to. */
export interface HintOverload {
  readonly total: number;
  readonly destination: number;
}

/** Where hints go. Implemented by node/hints. */
export interface HintSink {
  /** Stores a hint when the rules allow one; false when they do not. */
  store(node: Endpoint, mutation: Mutation): boolean;
  /** Why no further write to `node` is accepted; null when it is. */
  overload(node: Endpoint): HintOverload | null;
  /** True while `overload` could answer anything but null. */
  readonly isBusy: boolean;
}

export class WriteService implements ExchangeHandler<WriteOperation> {
  private readonly messaging: Messaging;
  private readonly plans: PlanCache;
  private readonly schema: SchemaView;
  private readonly hints: HintSink;
  private readonly config: NodeConfig;
  private readonly random: Random;
  private readonly telemetry: Telemetry;
  private readonly clock: Clock;
  private readonly cluster: ClusterState;
  private readonly additionalWrites: AdditionalWrites;

  constructor(parts: {
    readonly clock: Clock;
    readonly cluster: ClusterState;
    readonly additionalWrites: AdditionalWrites;
    readonly messaging: Messaging;
    readonly plans: PlanCache;
    readonly schema: SchemaView;
    readonly hints: HintSink;
    readonly config: NodeConfig;
    readonly random: Random;
    readonly telemetry: Telemetry;
  }) {
    this.messaging = parts.messaging;
    this.plans = parts.plans;
    this.schema = parts.schema;
    this.hints = parts.hints;
    this.config = parts.config;
    this.telemetry = parts.telemetry;
    this.clock = parts.clock;
    this.cluster = parts.cluster;
    this.additionalWrites = parts.additionalWrites;
    this.random = parts.random.fork('write forwarders');
  }

  /** Plans, or gives the error, without sending anything. */
  plan(mutation: Mutation, level: ConsistencyLevel): WritePlan | Unavailable {
    const keyspace = this.schema.current.keyspaces.get(mutation.keyspace);
    if (keyspace === undefined) {
      return { kind: 'unavailable', error: unknownKeyspace(mutation.keyspace) };
    }
    return this.plans.write(keyspace, mutation.key, level);
  }

  /** One mutation to its replicas at a level. `done` is called once. */
  write(
    mutation: Mutation,
    level: ConsistencyLevel,
    writeType: WriteType,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const plan = this.plan(mutation, level);
    if (plan.kind === 'unavailable') done(plan.error);
    else this.execute(plan, mutation, writeType, trace, done);
  }

  /** Sends a planned mutation. `done` is called once. */
  execute(
    plan: WritePlan,
    mutation: Mutation,
    writeType: WriteType,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    if (this.hints.isBusy) {
      const error = this.overload(plan, mutation);
      if (error !== null) {
        done(error);
        return;
      }
    }
    const operation = new WriteOperation(plan, mutation, writeType, true, done);
    if (plan.dead.length > 0) this.hintDead(operation);
    if (plan.contacts.length > 0) this.send(operation, trace);
    else if (!operation.answered) this.messaging.open(this, operation, this.timeoutMs);
  }

  /** Commits a decided Paxos proposal: counted and hinted like a write of type SIMPLE. */
  commit(
    plan: WritePlan,
    mutation: Mutation,
    request: CommitRequest,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const { witness } = this.telemetry;
    const operation = new WriteOperation(plan, mutation, 'SIMPLE', true, (error) => {
      if (error === null) witness?.acknowledged([mutation]);
      done(error);
    });
    if (plan.dead.length > 0) this.hintDead(operation);
    const exchange = this.messaging.open(this, operation, this.config.write_request_timeout);
    for (const node of plan.contacts) {
      this.messaging.request(exchange, node, 'PAXOS_COMMIT_REQ', request, trace);
    }
  }

  onResponse(
    operation: WriteOperation,
    from: Endpoint,
    _message: Message,
    exchange: Exchange,
  ): void {
    const step = operation.onAck(from);
    if (step !== 'wait') {
      this.record(operation, exchange);
      this.answer(operation, step);
    }
    if (operation.isComplete) this.messaging.close(exchange);
  }

  onFailure(
    operation: WriteOperation,
    from: Endpoint,
    reason: FailureReason,
    exchange: Exchange,
  ): void {
    const step = operation.onFailure(from, reason);
    if (operation.hinted) this.hint(operation, from);
    if (step !== 'wait') this.answer(operation, step);
    if (operation.isComplete) this.messaging.close(exchange);
  }

  onExpired(operation: WriteOperation): void {
    const step = operation.onExpired();
    if (operation.hinted) {
      for (const node of operation.outstanding()) this.hint(operation, node);
    }
    if (step === 'wait' || operation.answered) return;
    for (const { table } of operation.mutation.updates) {
      this.additionalWrites.record(table, this.timeoutMs);
    }
    this.answer(operation, step);
  }

  /** What `additional_write_policy` learns from. The exchange knows when it began. */
  private record({ mutation, writeType }: WriteOperation, { deadlineMs }: Exchange): void {
    if (writeType === 'COUNTER') return;
    const ms = this.clock.nowMs() - (deadlineMs - this.timeoutMs);
    for (const { table } of mutation.updates) this.additionalWrites.record(table, ms);
  }

  private send(operation: WriteOperation, trace: Trace | null): void {
    const { plan, mutation } = operation;
    const { messaging } = this;
    const exchange = messaging.open(this, operation, this.timeoutMs);
    const { id, expiresAtMs } = exchange;
    if (plan.localCount > 0) {
      const message = newMessage('MUTATION_REQ', id, expiresAtMs, mutation, null, null, trace);
      for (let at = 0; at < plan.localCount; at++) {
        messaging.send(plan.contacts[at] as Endpoint, message);
      }
    }
    for (const group of plan.remoteGroups) {
      const isAlone = group.length === 1;
      const all = isAlone ? null : group;
      const message = newMessage('MUTATION_REQ', id, expiresAtMs, mutation, all, null, trace);
      const chosen = isAlone ? 0 : this.random.below(group.length);
      messaging.send(group[chosen] as Endpoint, message);
    }
  }

  /** At ANY whatever failed has been hinted by now, which is all that level asks. */
  private answer(operation: WriteOperation, step: WriteStep): void {
    operation.answered = true;
    const isApplied = step === 'succeed' || operation.plan.level === 'ANY';
    operation.done(isApplied ? null : operation.error());
  }

  private hintDead(operation: WriteOperation): void {
    for (const node of operation.plan.dead) this.hint(operation, node);
  }

  private hint(operation: WriteOperation, node: Endpoint): void {
    if (!this.hints.store(node, operation.mutation)) return;
    const step = operation.onHintStored();
    if (step !== 'wait') this.answer(operation, step);
  }

  private overload(plan: WritePlan, mutation: Mutation): CqlError | null {
    for (const node of [...plan.contacts, ...plan.dead]) {
      const why = this.hints.overload(node);
      if (why !== null) return tooManyHints(why, `Full(/${node},${this.rangeText(mutation)})`);
    }
    return null;
  }

  /** The part of the ring the mutation falls into, as Cassandra names a replica's range. */
  private rangeText({ keyspace, key }: Mutation): string {
    const metadata = this.schema.current.keyspaces.get(keyspace);
    if (metadata === undefined) return '';
    const { ranges } = this.cluster.replication(metadata);
    return rangeText(ranges.find((range) => rangeContains(range, key)) ?? FULL_RANGE);
  }

  /** Also of a counter's shards, which are mutations like others: only its leader has longer. */
  private get timeoutMs(): number {
    return this.config.write_request_timeout;
  }
}

export function unknownKeyspace(name: string): CqlError {
  return invalidRequest(`Keyspace '${name}' does not exist`);
}
