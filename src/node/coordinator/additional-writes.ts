// When the write-back of a read repair goes to one more replica: a table's `additional_write_policy` over the latencies
// of its plain writes at this coordinator. Plain writes themselves have nobody left to ask, because every live replica
// gets them at once; the option would serve them only with transient replicas, which there are none of here.
// Test: test/traces/read-repair-additional-write.trace. Cassandra: db/ColumnFamilyStore.additionalWriteLatencyMicros,
// service/AbstractWriteResponseHandler.maybeTryAdditionalReplicas, reads/repair/BlockingPartitionRepair.

import type { TableMetadata } from '../../data/schema.ts';
import type { Clock } from '../../world/ports.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SpeculativeRetry } from './speculative-retry.ts';
import {
  LatencyHistogram,
  parseSpeculativeRetry,
  speculationThresholdMs,
} from './speculative-retry.ts';

interface TableWrites {
  text: string;
  policy: SpeculativeRetry;
  thresholdMs: number;
  updatedAtMs: number;
  readonly latencies: LatencyHistogram;
}

export class AdditionalWrites {
  private readonly clock: Clock;
  private readonly config: NodeConfig;
  private readonly tables = new Map<string, TableWrites>();

  constructor(clock: Clock, config: NodeConfig) {
    this.clock = clock;
    this.config = config;
  }

  /** A write of the table was answered after `ms` milliseconds. */
  record(table: TableMetadata, ms: number): void {
    (this.tables.get(table.id) ?? this.add(table)).latencies.record(ms);
  }

  /** Milliseconds after which a write-back goes to further replicas; Infinity: never. */
  thresholdMs(table: TableMetadata): number {
    const writes = this.tables.get(table.id) ?? this.add(table);
    const now = this.clock.nowMs();
    const text = table.params.additional_write_policy;
    const isNew = writes.text !== text;
    if (isNew) {
      writes.text = text;
      writes.policy = parseSpeculativeRetry(text) ?? { kind: 'percentile', percentile: 99 };
      writes.thresholdMs = this.config.write_request_timeout / 2;
    }
    if (isNew || now - writes.updatedAtMs >= this.config.read_request_timeout) {
      const { policy, latencies, thresholdMs } = writes;
      writes.updatedAtMs = now;
      writes.thresholdMs = speculationThresholdMs(policy, latencies, thresholdMs);
      latencies.fade(now);
    }
    return writes.policy.kind === 'always' ? 0 : writes.thresholdMs;
  }

  private add(table: TableMetadata): TableWrites {
    const writes: TableWrites = {
      text: '',
      policy: { kind: 'never' },
      thresholdMs: Infinity,
      updatedAtMs: this.clock.nowMs(),
      latencies: new LatencyHistogram(),
    };
    this.tables.set(table.id, writes);
    return writes;
  }
}
