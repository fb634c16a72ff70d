// Keeps account of the writes that coordinators acknowledged, merged by partition, and tells which
// of them no replica holds any more: the embedded engine's answer to "was an acknowledged write
// lost?", whatever client wrote it. Counters are left out: their acknowledgements do not merge.
// Test: test/api/lost-writes.test.ts.

import { difference } from '../data/difference.ts';
import { enforcesStrictLiveness } from '../data/deletion.ts';
import { mergePartitions } from '../data/merge-partitions.ts';
import type { Mutation, PartitionData } from '../data/partition.ts';
import { purgePartition } from '../data/purge.ts';
import type { TableMetadata } from '../data/schema.ts';
import { WHOLE_RING } from '../node/storage/table-store.ts';
import type { WriteWitness } from '../node/telemetry.ts';
import type { NodeHost } from './node-host.ts';

/** Partitions of which account is kept; beyond, `dropped` counts. */
const PARTITIONS_MAX = 200_000;

export interface LostWritesReport {
  /** Partitions with acknowledged writes that were looked at. */
  readonly checked: number;
  /** `keyspace.table key`: something acknowledged of it is on no running replica. */
  readonly lost: readonly string[];
  /** Acknowledged writes of which no account was kept. */
  readonly dropped: number;
}

export class AcknowledgedWrites implements WriteWitness {
  /** Table id -> partition key -> all that was acknowledged. */
  private readonly tables = new Map<string, Map<string, PartitionData>>();
  private partitions = 0;
  private dropped = 0;

  acknowledged(mutations: readonly Mutation[]): void {
    for (const { updates } of mutations) for (const update of updates) this.add(update);
  }

  truncated(table: TableMetadata): void {
    this.partitions -= this.tables.get(table.id)?.size ?? 0;
    this.tables.delete(table.id);
  }

  /** Looks at what the running nodes hold now. */
  lost(hosts: readonly NodeHost[]): LostWritesReport {
    const lost: string[] = [];
    let checked = 0;
    for (const [id, expected] of this.tables) {
      const [sample] = expected.values();
      if (sample === undefined || !isKnown(sample.table, hosts)) continue;
      const found = this.contentOf(id, expected, hosts);
      const nowSeconds = wallSeconds(hosts);
      for (const [key, partition] of expected) {
        checked++;
        if (isLost(partition, found.get(key), nowSeconds)) {
          lost.push(
            `${partition.table.keyspace}.${partition.table.name} ${keyText(partition.key.bytes)}`,
          );
        }
      }
    }
    return { checked, lost, dropped: this.dropped };
  }

  private add(update: PartitionData): void {
    let table = this.tables.get(update.table.id);
    if (table === undefined) {
      table = new Map();
      this.tables.set(update.table.id, table);
    }
    const before = table.get(update.key.id);
    if (before !== undefined) table.set(update.key.id, mergePartitions(before, update));
    else if (this.partitions >= PARTITIONS_MAX) this.dropped++;
    else {
      this.partitions++;
      table.set(update.key.id, update);
    }
  }

  /** What all running replicas hold together of the expected partitions. */
  private contentOf(
    id: string,
    expected: ReadonlyMap<string, PartitionData>,
    hosts: readonly NodeHost[],
  ): ReadonlyMap<string, PartitionData> {
    const found = new Map<string, PartitionData>();
    for (const { node } of hosts) {
      node?.storage.store(id)?.forEachPartition(WHOLE_RING, (partition) => {
        const key = partition.key.id;
        if (!expected.has(key)) return;
        const before = found.get(key);
        found.set(key, before === undefined ? partition : mergePartitions(before, partition));
      });
    }
    return found;
  }
}

/** By the running nodes' own clock. */
function wallSeconds(hosts: readonly NodeHost[]): number {
  const running = hosts.find(({ world }) => world !== null);
  return Math.floor((running?.world?.clock.wallMs() ?? 0) / 1_000);
}

/** A dropped table has lost nothing: that was asked for. */
function isKnown(table: TableMetadata, hosts: readonly NodeHost[]): boolean {
  return hosts.some(
    ({ node }) =>
      node?.schema.current.keyspaces.get(table.keyspace)?.tables.get(table.name)?.id === table.id,
  );
}

function isLost(
  expected: PartitionData,
  found: PartitionData | undefined,
  nowSeconds: number,
): boolean {
  const { table } = expected;
  // What expired, and tombstones beyond gc_grace, may be gone.
  const purger = {
    nowSeconds,
    gcBefore: nowSeconds - table.params.gc_grace_seconds,
    strict: enforcesStrictLiveness(table),
  };
  const merged = purgePartition(
    found === undefined ? expected : mergePartitions(found, expected),
    purger,
  );
  return difference(merged, found === undefined ? null : purgePartition(found, purger)) !== null;
}

function keyText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return /^[\x20-\x7e]+$/.test(text) ? text : `0x${bytes.toString('hex')}`;
}
