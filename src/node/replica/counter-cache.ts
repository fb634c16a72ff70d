// The shards that this node wrote last for counters it leads, so that an increment need not read them back. A counter
// whose row was deleted counts on from here, as in Cassandra. Bounded: the counter longest not counted goes first.
// Test: test/facts-conformance/cells.test.ts. Cassandra: cache/CounterCacheKey, ColumnFamilyStore.getCachedCounter.

import type { Clustering, DecoratedKey } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';

/** About 4 MiB; Cassandra takes 2.5 % of its heap, at most 50 MiB. */
const COUNTERS_MAX = 32_768;

/** Where counters lie; a column's name completes it. */
export interface CounterPlace {
  readonly table: TableMetadata;
  readonly key: DecoratedKey;
  readonly clustering: Clustering;
}

export class CounterCache {
  private readonly shards = new Map<string, Buffer>();

  /** The id of a counter in this cache. */
  idOf({ table, key, clustering }: CounterPlace, column: string): string {
    const values = clustering.map((value) =>
      value === null ? '-' : `${value.length}:${value.toString('latin1')}`,
    );
    return `${table.id}${column}\0${values.join('')}\0${key.id}`;
  }

  get(id: string): Buffer | null {
    return this.shards.get(id) ?? null;
  }

  set(id: string, shard: Buffer): void {
    const { shards } = this;
    shards.delete(id);
    shards.set(id, shard);
    if (shards.size <= COUNTERS_MAX) return;
    for (const oldest of shards.keys()) {
      shards.delete(oldest);
      return;
    }
  }

  /** Forgets a table's counters: it was truncated. */
  forget(table: TableMetadata): void {
    for (const id of this.shards.keys()) if (id.startsWith(table.id)) this.shards.delete(id);
  }
}
