// A toy local store: partitions in a map, merged as the real storage merges them. No commit log, no limits.

import { emptyPartition, mergePartitions } from '../../src/data/merge-partitions.ts';
import type { Mutation, PartitionData } from '../../src/data/partition.ts';
import type { ReadCommand } from '../../src/data/read-command.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import type { LocalStore } from '../../src/node/replica/local-store.ts';
import type { ReplicaResult } from '../../src/node/storage/replica-result.ts';
import { compareKeys } from '../../src/ring/token.ts';

export class MapStore implements LocalStore {
  readonly applyDurably = null;
  private readonly tables = new Map<string, Map<string, PartitionData>>();

  apply(mutation: Mutation): null {
    for (const update of mutation.updates) {
      const partitions = this.partitions(update.table);
      const { id } = mutation.key;
      const old = partitions.get(id) ?? emptyPartition(update.table, mutation.key);
      partitions.set(id, mergePartitions(old, update));
    }
    return null;
  }

  read(command: ReadCommand): ReplicaResult {
    const partitions = this.partitions(command.table);
    if (command.kind === 'range') {
      const sorted = [...partitions.values()].sort((a, b) => compareKeys(a.key, b.key));
      return found(sorted);
    }
    const partition = partitions.get(command.key.id);
    return found(partition === undefined ? [] : [partition]);
  }

  truncate(table: TableMetadata, done: (failure: null) => void): void {
    this.partitions(table).clear();
    done(null);
  }

  private partitions(table: TableMetadata): Map<string, PartitionData> {
    const name = `${table.keyspace}.${table.name}`;
    let partitions = this.tables.get(name);
    if (partitions === undefined) {
      partitions = new Map();
      this.tables.set(name, partitions);
    }
    return partitions;
  }
}

function found(partitions: readonly PartitionData[]): ReplicaResult {
  return {
    kind: 'data',
    partitions,
    liveRows: 0,
    tombstones: 0,
    limitReached: false,
    scanned: null,
  };
}
