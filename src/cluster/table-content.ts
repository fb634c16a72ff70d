// What one replica holds of a table, as digests by partition key: asked of the replica itself, for the convergence check.

import { digestPartition } from '../data/digest.ts';
import { enforcesStrictLiveness } from '../data/deletion.ts';
import { isEmptyPartition } from '../data/merge-partitions.ts';
import { purgePartition } from '../data/purge.ts';
import type { CassandraNode } from '../node/node.ts';
import { WHOLE_RING } from '../node/storage/table-store.ts';

/** Partition key (latin1 text of its bytes) -> digest, of the partitions with any live or deleted content. */
export function tableContent(
  node: CassandraNode,
  keyspace: string,
  table: string,
): ReadonlyMap<string, string> {
  const metadata = node.schema.current.keyspaces.get(keyspace)?.tables.get(table);
  const contents = new Map<string, string>();
  const store = metadata === undefined ? undefined : node.storage.store(metadata.id);
  if (metadata === undefined || store === undefined) return contents;
  const nowSeconds = Math.floor(node.options.world.clock.wallMs() / 1_000);
  const purger = {
    nowSeconds,
    gcBefore: nowSeconds - metadata.params.gc_grace_seconds,
    strict: enforcesStrictLiveness(metadata),
  };
  store.forEachPartition(WHOLE_RING, (partition) => {
    const purged = purgePartition(partition, purger);
    if (!isEmptyPartition(purged))
      contents.set(partition.key.id, digestPartition(purged).toString('hex'));
  });
  return contents;
}
