// Drops what this node holds of ranges it does not own (any more): `nodetool cleanup`. Pending ranges count as owned.
// Goes through the tables in portions, so that the event loop is not held up. Test: test/membership-cluster/.
// Cassandra: db/compaction/CompactionManager.performCleanup.

import type { DecoratedKey } from '../data/partition.ts';
import type { KeyspaceMetadata } from '../data/schema.ts';
import { isDistributed } from '../ring/replication.ts';
import type { Clock } from '../world/ports.ts';
import type { ClusterState } from './cluster-state.ts';
import type { SchemaView } from './schema-view.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { TableStore } from './storage/table-store.ts';
import { WHOLE_RING } from './storage/table-store.ts';

const PARTITIONS_PER_PORTION = 2_000;

export interface CleanupParts {
  readonly clock: Clock;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly storage: NodeStorage;
}

export interface CleanupResult {
  readonly tables: number;
  readonly partitionsDropped: number;
}

/** null: every keyspace that is spread over nodes, every table of a keyspace. `done` is called once. */
export function cleanup(
  parts: CleanupParts,
  which: { readonly keyspace: string | null; readonly tables: readonly string[] | null },
  done: (result: CleanupResult) => void,
): void {
  const waiting = distributed(parts.schema, which.keyspace).flatMap((keyspace) =>
    [...keyspace.tables.values()]
      .filter(({ name }) => which.tables === null || which.tables.includes(name))
      .map((table) => ({ keyspace, id: table.id })),
  );
  const tables = waiting.length;
  let partitionsDropped = 0;
  const next = (): void => {
    const table = waiting.shift();
    if (table === undefined) {
      // The log before it still holds what was dropped.
      if (partitionsDropped > 0)
        parts.storage.checkpoint(() => done({ tables, partitionsDropped }));
      else done({ tables, partitionsDropped });
      return;
    }
    const store = parts.storage.store(table.id);
    if (store === undefined) {
      next();
      return;
    }
    cleanTable(parts, table.keyspace, store, (dropped) => {
      partitionsDropped += dropped;
      next();
    });
  };
  next();
}

function cleanTable(
  parts: CleanupParts,
  keyspace: KeyspaceMetadata,
  store: TableStore,
  done: (dropped: number) => void,
): void {
  let from: DecoratedKey | null = null;
  let dropped = 0;
  const portion = (): void => {
    const replication = parts.cluster.replication(keyspace);
    const { self } = parts.cluster;
    const foreign: DecoratedKey[] = [];
    let seen = 0;
    let last: DecoratedKey | null = null;
    store.forEachStored({ ...WHOLE_RING, startKey: from, startKeyInclusive: false }, ({ key }) => {
      last = key;
      const isOwner =
        replication.natural(key).includes(self) || replication.pending(key).includes(self);
      if (!isOwner) foreign.push(key);
      return ++seen < PARTITIONS_PER_PORTION;
    });
    for (const key of foreign) store.remove(key);
    dropped += foreign.length;
    if (seen < PARTITIONS_PER_PORTION) {
      done(dropped);
      return;
    }
    from = last;
    parts.clock.after(0, portion);
  };
  portion();
}

function distributed({ current }: SchemaView, name: string | null): readonly KeyspaceMetadata[] {
  return [...current.keyspaces.values()].filter(
    (keyspace) =>
      (name === null || keyspace.name === name) &&
      keyspace.kind === 'regular' &&
      isDistributed(keyspace),
  );
}
