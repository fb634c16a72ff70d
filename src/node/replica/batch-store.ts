// The batches this node keeps for coordinators, in memory and in system.batches, so that they outlive a restart.
// Test: test/coordinator/durable-state.test.ts. Cassandra: batchlog/BatchlogManager.store, remove.

import type { Mutation } from '../../data/partition.ts';
import { deserializeMutation, serializeMutation } from '../../data/mutation-serializer.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { timeUuidAt, timeUuidUnixMs } from '../../data/time-uuid.ts';
import { parseUuid, uuidText } from '../../data/uuid.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { required } from '../../base/assert.ts';
import type { Clock } from '../../world/ports.ts';
import { liveRows } from '../schema/row-reader.ts';
import { intValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { readTable } from '../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../schema/system-keyspaces.ts';
import type { LocalStore } from './local-store.ts';

const BATCHES: TableMetadata = required(SYSTEM_KEYSPACE.tables.get('batches'), 'system.batches');
/** MessagingService.VERSION_40. */
const SERIALIZATION_VERSION = 12;

export interface StoredBatch {
  /** A time UUID as text. */
  readonly batchId: string;
  readonly createdAtMs: number;
  readonly mutations: readonly Mutation[];
}

export class BatchStore {
  private readonly store: LocalStore;
  private readonly clock: Clock;
  private readonly batches = new Map<string, StoredBatch>();
  private lastTimestamp = 0;

  constructor(store: LocalStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  get size(): number {
    return this.batches.size;
  }

  has(batchId: string): boolean {
    return this.batches.has(batchId);
  }

  /** In the order they were stored. */
  all(): readonly StoredBatch[] {
    return [...this.batches.values()];
  }

  add(batch: StoredBatch): void {
    this.batches.set(batch.batchId, batch);
    const writer = this.writer(batch.batchId);
    const micros = batch.createdAtMs * 1000;
    const elements = batch.mutations.map((mutation, at) => ({
      path: timeUuidAt(micros + at, Buffer.alloc(8)),
      value: serializeMutation(mutation),
    }));
    const version = intValue(SERIALIZATION_VERSION);
    writer.row(BATCHES).set('mutations', elements).set('version', version);
    this.store.apply(writer.build());
  }

  remove(batchId: string): void {
    if (!this.batches.delete(batchId)) return;
    const writer = this.writer(batchId);
    writer.deletePartition(BATCHES);
    this.store.apply(writer.build());
  }

  /** Reads what an earlier life of the node left. Call once, before serving. */
  load(tableById: TableResolver): void {
    const nowSeconds = Math.floor(this.clock.wallMs() / 1000);
    for (const partition of readTable(this.store, BATCHES, nowSeconds)) {
      const row = liveRows(partition)[0];
      if (row === undefined) continue;
      const mutations = row.elements('mutations').flatMap(({ value }) => {
        return deserializeMutation(value, tableById) ?? [];
      });
      const batchId = uuidText(partition.key.bytes);
      const createdAtMs = Number(timeUuidUnixMs(partition.key.bytes));
      this.batches.set(batchId, { batchId, createdAtMs, mutations });
    }
  }

  private writer(batchId: string): RowWriter {
    const key = required(parseUuid(batchId), 'a batch id');
    this.lastTimestamp = Math.max(this.clock.wallMicros(), this.lastTimestamp + 1);
    const timestamp = this.lastTimestamp;
    const nowMs = this.clock.wallMs();
    return new RowWriter({ keyspace: 'system', key, timestamp, nowMs });
  }
}
