// Reads single partitions: data from the nearest replica, digests from the others, one more replica when they are
// slow, full data from all and read repair when they disagree. Drives read-operation. Test: test/traces/read-*.trace.
// Cassandra: service/reads/AbstractReadExecutor, service/StorageProxy.fetchRows.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { FailureReason } from '../../data/cql-error.ts';
import { digestPartitions } from '../../data/digest.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { tokenText } from '../../ring/token.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import { DeadlineList } from '../messaging/deadline-list.ts';
import type { Message } from '../messaging/message.ts';
import type { Exchange, ExchangeHandler, Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { RequestContext } from './coordinator.ts';
import type { PlanCache } from './plan-cache.ts';
import type { PartitionsDone, ReadStep } from './read-operation.ts';
import { hearNotes } from './read-notes.ts';
import { ReadOperation } from './read-operation.ts';
import type { ReadRepair } from './read-repair.ts';
import type { SpeculativeRetry } from './speculative-retry.ts';
import {
  LatencyHistogram,
  parseSpeculativeRetry,
  speculationThresholdMs,
} from './speculative-retry.ts';
import { unknownKeyspace } from './write-service.ts';

/** What a table's reads have taught about when to ask one more replica. */
interface Speculation {
  text: string;
  policy: SpeculativeRetry;
  thresholdMs: number;
  updatedAtMs: number;
  retries: number;
  readonly latencies: LatencyHistogram;
  readonly waiting: DeadlineList<ReadOperation>;
}

export interface ReadServiceParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly plans: PlanCache;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly readRepair: ReadRepair;
}

export class ReadService implements ExchangeHandler<ReadOperation> {
  /** Reads whose replicas disagreed, since the start; for nodetool netstats. */
  mismatches = 0;
  private readonly parts: ReadServiceParts;
  private readonly clock: Clock;
  private readonly messaging: Messaging;
  private readonly speculations = new Map<string, Speculation>();

  constructor(parts: ReadServiceParts) {
    this.parts = parts;
    this.clock = parts.clock;
    this.messaging = parts.messaging;
  }

  /** Reads one partition at a level that is not serial; `done` is called once. */
  read(
    command: SinglePartitionRead,
    level: ConsistencyLevel,
    context: RequestContext,
    done: PartitionsDone,
  ): void {
    const { table, key } = command;
    const keyspace = this.parts.schema.current.keyspaces.get(table.keyspace);
    if (keyspace === undefined) {
      done(null, unknownKeyspace(table.keyspace));
      return;
    }
    const speculation = this.speculationOf(table);
    const always = speculation.policy.kind === 'always';
    const plan = this.parts.plans.read(keyspace, key, level, always);
    if (plan.kind === 'unavailable') {
      done(null, plan.error);
      return;
    }
    const now = this.clock.nowMs();
    const operation = new ReadOperation(plan, command, context, now, done);
    this.send(operation, always && plan.contacts.length > plan.blockFor ? 2 : 1);
    if (plan.spares.length === 0 || always || plan.level === 'EACH_QUORUM') return;
    const { thresholdMs } = speculation;
    if (thresholdMs <= this.parts.config.read_request_timeout) {
      speculation.waiting.add(operation, now + thresholdMs);
    }
  }

  onResponse(operation: ReadOperation, from: Endpoint, message: Message, exchange: Exchange): void {
    const { payload } = message as Message<'READ_RSP'>;
    this.parts.cluster.recordLatency(from, this.clock.nowMs() - operation.startedAtMs);
    if (payload.notes !== null) {
      const { context, command } = operation;
      const isSelf = from === this.messaging.self;
      const failure = hearNotes(context, command, { node: from, isSelf }, payload.notes);
      if (failure !== null) {
        this.onFailure(operation, from, failure, exchange);
        return;
      }
    }
    const step = operation.onResponse(from, payload);
    if (step === 'compare') this.compare(operation);
    if (operation.isComplete) this.messaging.close(exchange);
  }

  onFailure(
    operation: ReadOperation,
    from: Endpoint,
    reason: FailureReason,
    exchange: Exchange,
  ): void {
    this.react(operation, operation.onFailure(from, reason));
    if (operation.isComplete) this.messaging.close(exchange);
  }

  onExpired(operation: ReadOperation): void {
    const { read_request_timeout: timeoutMs } = this.parts.config;
    for (const node of operation.outstanding()) this.parts.cluster.recordLatency(node, timeoutMs);
    this.react(operation, operation.onExpired());
  }

  /** Median and other percentiles of this table's coordinator reads, milliseconds; for nodetool and tests. */
  latencies(table: TableMetadata): LatencyHistogram {
    return this.speculationOf(table).latencies;
  }

  /** How often one more replica was asked for reads of the table, since the start; for nodetool tablestats. */
  speculativeRetries(tableId: string): number {
    return this.speculations.get(tableId)?.retries ?? 0;
  }

  private send(operation: ReadOperation, dataRequests: number): void {
    const { command, context, contacts } = operation;
    const { trace } = context;
    const { messaging } = this;
    const { read_request_timeout: timeoutMs } = this.parts.config;
    const exchange = messaging.open(this, operation, timeoutMs);
    operation.exchange = exchange;
    for (let at = 0; at < contacts.length; at++) {
      const node = contacts[at] as Endpoint;
      const digest = at >= dataRequests;
      if (trace !== null) {
        trace.event(`reading ${digest ? 'digest' : 'data'} from /${node}`);
      }
      messaging.request(exchange, node, 'READ_REQ', { command, digest }, trace);
    }
  }

  private react(operation: ReadOperation, step: ReadStep): void {
    if (step !== 'fail') return;
    this.settle(operation);
    const { trace } = operation.context;
    const error = operation.error();
    if (trace !== null && 'received' in error) {
      const data = operation.dataPresent ? ' (including data)' : ' (only digests)';
      const word = error.code === 'READ_FAILURE' ? 'Failed' : 'Timed out';
      trace.event(`${word}; received ${error.received} of ${error.blockFor} responses${data}`);
    }
    operation.done(null, error);
  }

  private compare(operation: ReadOperation): void {
    this.settle(operation);
    if (operation.agrees()) {
      operation.done(operation.data(), null);
      return;
    }
    this.reportMismatch(operation);
    const { plan, command, contacts, context, done, startedAtMs } = operation;
    const { blockFor, level } = plan;
    this.parts.readRepair.readAndRepair(
      { command, level, contacts, blockFor, context, startedAtMs },
      (partitions, error) => done(partitions, error),
    );
  }

  private settle(operation: ReadOperation): void {
    operation.settled = true;
    const speculation = this.speculations.get(operation.command.table.id);
    if (speculation === undefined) return;
    speculation.waiting.remove(operation);
    speculation.latencies.record(this.clock.nowMs() - operation.startedAtMs);
  }

  private reportMismatch(operation: ReadOperation): void {
    this.mismatches++;
    const { telemetry, cluster } = this.parts;
    const { table, key } = operation.command;
    if (telemetry.detailed) {
      const { keyspace, name } = table;
      telemetry.emit({ kind: 'digest-mismatched', by: cluster.self, keyspace, table: name });
    }
    const { trace } = operation.context;
    if (trace === null) return;
    const digests = operation.answers().map((one) => digestPartitions(one).toString('hex'));
    const keyText = `DecoratedKey(${tokenText(key)}, ${key.bytes.toString('hex')})`;
    trace.event(`Digest mismatch: Mismatch for key ${keyText} (${digests.join(' vs ')})`);
  }

  /** One more replica is asked: for a digest when data is here already, else for data. */
  private speculate(operation: ReadOperation): void {
    const node = operation.plan.spares[0];
    const { exchange } = operation;
    if (operation.settled || node === undefined || exchange === null || !exchange.open) return;
    const { telemetry, cluster } = this.parts;
    const { command, context } = operation;
    const { trace } = context;
    const digest = operation.dataPresent;
    operation.speculate(node);
    const speculation = this.speculations.get(command.table.id);
    if (speculation !== undefined) speculation.retries++;
    trace?.event(`Speculating read retry on /${node}`);
    trace?.event(`reading ${digest ? 'digest' : 'data'} from /${node}`);
    if (telemetry.detailed) {
      telemetry.emit({ kind: 'speculative-retry-sent', by: cluster.self, to: node });
    }
    this.messaging.request(exchange, node, 'READ_REQ', { command, digest }, trace);
  }

  /** Thresholds are recomputed once a read timeout, as reads come. */
  private speculationOf(table: TableMetadata): Speculation {
    const { read_request_timeout: timeoutMs } = this.parts.config;
    let speculation = this.speculations.get(table.id);
    const text = table.params.speculative_retry;
    const now = this.clock.nowMs();
    if (speculation === undefined) {
      speculation = {
        text: '',
        policy: { kind: 'never' },
        thresholdMs: timeoutMs / 2,
        updatedAtMs: now,
        retries: 0,
        latencies: new LatencyHistogram(),
        waiting: new DeadlineList(this.clock, (operation: ReadOperation) =>
          this.speculate(operation),
        ),
      };
      this.speculations.set(table.id, speculation);
    }
    const isNew = speculation.text !== text;
    if (isNew) {
      speculation.text = text;
      speculation.policy = parseSpeculativeRetry(text) ?? { kind: 'percentile', percentile: 99 };
      speculation.thresholdMs = timeoutMs / 2;
    }
    if (isNew || now - speculation.updatedAtMs >= timeoutMs) {
      const { policy, latencies, thresholdMs } = speculation;
      speculation.updatedAtMs = now;
      speculation.thresholdMs = speculationThresholdMs(policy, latencies, thresholdMs);
      latencies.fade(now);
    }
    return speculation;
  }
}
