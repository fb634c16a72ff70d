// What this node does for coordinators: applies mutations, reads, passes mutations on within its datacenter. One
// handler a verb; every handler answers or fails, a request that came too late is dropped before it gets here.
// Test: test/traces/. Cassandra: db/MutationVerbHandler, ReadCommandVerbHandler and their kin.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Trace } from '../coordinator/coordinator.ts';
import type { Message } from '../messaging/message.ts';
import { newMessage } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { ResponseVerb } from '../messaging/verb.ts';
import type { NodeConfig } from '../node-config.ts';
import { isSystemKeyspace } from '../schema/system-keyspaces.ts';
import type { SchemaView } from '../schema-view.ts';
import { partitionSize } from '../storage/data-size.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';
import type { ApplyDone, LocalStore } from './local-store.ts';
import { applyAcknowledged } from './local-store.ts';
import type { ReadNotes } from './replica-messages.ts';

type ReadSizeThresholds = Pick<
  NodeConfig,
  'local_read_size_warn_threshold' | 'local_read_size_fail_threshold'
>;

type EmptyResponse = 'MUTATION_RSP' | 'READ_REPAIR_RSP';

export class Replica {
  private readonly messaging: Messaging;
  private readonly store: LocalStore;
  private readonly schema: SchemaView;
  private readonly onTruncated: (table: TableMetadata) => void;
  private readonly thresholds: ReadSizeThresholds;

  constructor(parts: {
    readonly messaging: Messaging;
    readonly store: LocalStore;
    readonly schema: SchemaView;
    /** A table's copy here is empty now. */
    readonly onTruncated: (table: TableMetadata) => void;
    readonly thresholds: ReadSizeThresholds;
  }) {
    this.messaging = parts.messaging;
    this.store = parts.store;
    this.schema = parts.schema;
    this.onTruncated = parts.onTruncated;
    this.thresholds = parts.thresholds;
  }

  /** Starts serving. */
  serve(): void {
    const { messaging } = this;
    messaging.serve('MUTATION_REQ', (message, from) => this.onMutation(message, from));
    messaging.serve('READ_REPAIR_REQ', (message, from) => {
      this.applyAndRespond(message.payload, message, from, 'READ_REPAIR_RSP');
    });
    messaging.serve('READ_REQ', (message, from) => this.onRead(message, from));
    messaging.serve('RANGE_REQ', (message, from) => this.onRead(message, from));
    messaging.serve('TRUNCATE_REQ', (message, from) => this.onTruncate(message, from));
  }

  private onMutation(message: Message<'MUTATION_REQ'>, from: Endpoint): void {
    if (message.forwardTo !== null) this.forward(message, message.forwardTo, from);
    this.applyAndRespond(message.payload, message, from, 'MUTATION_RSP');
  }

  /** The others of this datacenter answer to the coordinator directly, under the same id. */
  private forward(
    message: Message<'MUTATION_REQ'>,
    nodes: readonly Endpoint[],
    from: Endpoint,
  ): void {
    const { id, expiresAtMs, payload, trace } = message;
    const copy = newMessage('MUTATION_REQ', id, expiresAtMs, payload, null, from, trace);
    for (const node of nodes) if (node !== this.messaging.self) this.messaging.send(node, copy);
  }

  private applyAndRespond(
    mutation: Mutation,
    message: Message,
    from: Endpoint,
    response: EmptyResponse,
  ): void {
    if (message.trace !== null) this.traceMutation(message, from, mutation);
    const { store } = this;
    if (store.applyDurably !== null) this.applyAndWait(mutation, message, from, response);
    else this.acknowledge(store.apply(mutation), message, from, response);
  }

  /** Apart from the frequent case, which has no disk to wait for and so goes without a closure and its context. */
  private applyAndWait(
    mutation: Mutation,
    message: Message,
    from: Endpoint,
    response: EmptyResponse,
  ): void {
    applyAcknowledged(this.store, mutation, (failure) => {
      this.acknowledge(failure, message, from, response);
    });
  }

  private acknowledge(
    failure: FailureReason | null,
    message: Message,
    from: Endpoint,
    response: EmptyResponse,
  ): void {
    if (failure === null) this.messaging.respond(message, from, response, null);
    else this.messaging.fail(message, from, failure);
  }

  private traceMutation(message: Message, from: Endpoint, mutation: Mutation): void {
    const { self } = this.messaging;
    const trace = traceAt(message, self);
    trace?.event('Appending to commitlog');
    for (const { table } of mutation.updates) trace?.event(`Adding to ${table.name} memtable`);
    if (from !== self) trace?.event(`Enqueuing response to /${message.respondTo ?? from}`);
  }

  private onRead(message: Message<'READ_REQ' | 'RANGE_REQ'>, from: Endpoint): void {
    const { command, digest } = message.payload;
    const trace = traceAt(message, this.messaging.self);
    if (trace !== null && command.kind === 'partition') {
      trace.event(`Executing single-partition query on ${command.table.name}`);
    }
    const result = this.store.read(command);
    const notes = this.notesOf(command, result);
    const response: ResponseVerb = command.kind === 'partition' ? 'READ_RSP' : 'RANGE_RSP';
    if (notes !== null && notes.failure !== null) {
      this.messaging.respond(message, from, response, { partitions: [], digest, notes });
      return;
    }
    if (result.kind === 'failure') {
      this.messaging.fail(message, from, result.reason);
      return;
    }
    if (trace !== null) {
      const { liveRows, tombstones, scanned } = result;
      const more = scanned === null ? '' : ' (see tombstone_warn_threshold)';
      trace.event(`Read ${liveRows} live rows and ${tombstones} tombstone cells${more}`);
      if (from !== this.messaging.self) trace.event(`Enqueuing response to /${from}`);
    }
    const { partitions } = result;
    this.messaging.respond(message, from, response, { partitions, digest, notes });
  }

  /** What is above a threshold, and too much of it; null: nothing is. */
  private notesOf(command: ReadCommand, result: ReplicaResult): ReadNotes | null {
    const { scanned = null } = result;
    if (result.kind === 'failure') {
      if (scanned === null) return null;
      return { scanned, bytes: 0, failure: result.reason };
    }
    const bytes = command.isTracked === true ? this.bytesAbove(command, result.partitions) : 0;
    if (scanned === null && bytes === 0) return null;
    const { local_read_size_fail_threshold: fail } = this.thresholds;
    return { scanned, bytes, failure: fail !== null && bytes >= fail ? 'READ_SIZE' : null };
  }

  /** 0: less than the lower threshold, or none is set. */
  private bytesAbove({ table }: ReadCommand, partitions: readonly PartitionData[]): number {
    const { local_read_size_warn_threshold: warn, local_read_size_fail_threshold: fail } =
      this.thresholds;
    const least = Math.min(warn ?? Infinity, fail ?? Infinity);
    if (least === Infinity || isSystemKeyspace(table.keyspace)) return 0;
    const bytes = partitions.reduce((sum, partition) => sum + partitionSize(partition), 0);
    return bytes >= least ? bytes : 0;
  }

  private onTruncate(message: Message<'TRUNCATE_REQ'>, from: Endpoint): void {
    const { keyspace, table } = message.payload;
    const tables = this.schema.current.keyspaces.get(keyspace)?.tables;
    const metadata = tables?.get(table);
    if (tables === undefined || metadata === undefined) {
      this.messaging.fail(message, from, 'INCOMPATIBLE_SCHEMA');
      return;
    }
    const views = [...tables.values()].filter(({ view }) => view?.baseTableId === metadata.id);
    this.truncateAll([metadata, ...views], (failure) => {
      if (failure === null) this.messaging.respond(message, from, 'TRUNCATE_RSP', null);
      else this.messaging.fail(message, from, failure);
    });
  }

  /** A table and its views, one after another. ColumnFamilyStore.truncateBlocking. */
  private truncateAll(tables: readonly TableMetadata[], done: ApplyDone): void {
    const [first, ...rest] = tables;
    if (first === undefined) {
      done(null);
      return;
    }
    this.store.truncate(first, (failure) => {
      if (failure !== null) {
        done(failure);
        return;
      }
      this.onTruncated(first);
      this.truncateAll(rest, done);
    });
  }
}

/** The request's trace as this node tells it; null when it is not traced. */
export function traceAt(message: Message, self: Endpoint): Trace | null {
  const { trace } = message;
  if (trace === null) return null;
  return trace.at === undefined ? trace : trace.at(self);
}
