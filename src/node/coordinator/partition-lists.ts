// Lists of partitions in ring order, and what remains to be read of a selection of rows. Pure.
// Test: test/coordinator/resolution.test.ts.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { endPosition, sliceBetween, startPosition } from '../../data/clustering-order.ts';
import { emptyPartition, mergePartitions } from '../../data/merge-partitions.ts';
import type { Clustering, DecoratedKey, PartitionData, Slice } from '../../data/partition.ts';
import type { ClusteringFilter, ReadCommand } from '../../data/read-command.ts';
import { compareKeys } from '../../ring/token.ts';

/** By binary search in ring order. */
export function findPartition(
  partitions: readonly PartitionData[],
  key: DecoratedKey,
): PartitionData | undefined {
  let low = 0;
  let high = partitions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const partition = partitions[middle] as PartitionData;
    const order = compareKeys(partition.key, key);
    if (order === 0) return partition;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

/** Adds to a list in ring order, merging with what is there of the partition. */
export function addPartition(partitions: PartitionData[], partition: PartitionData): void {
  const at = partitions.findIndex((known) => compareKeys(known.key, partition.key) >= 0);
  const known = at < 0 ? undefined : partitions[at];
  if (known === undefined) partitions.push(partition);
  else if (known.key.id === partition.key.id) partitions[at] = mergePartitions(known, partition);
  else partitions.splice(at, 0, partition);
}

/** Tells rows of a table apart. */
export function rowId(key: DecoratedKey, clustering: Clustering): string {
  const parts = clustering.map((value) => value?.toString('hex') ?? '-');
  return `${key.id}\u0000${parts.join(',')}`;
}

export function hasRow(
  order: ClusteringOrder,
  partition: PartitionData | undefined,
  clustering: Clustering,
): boolean {
  return partition?.rows.some((row) => order.compare(row.clustering, clustering) === 0) === true;
}

/** What remains of a clustering filter after a row, in reading order; all of it after static content only. */
export function clusteringsAfter(
  order: ClusteringOrder,
  filter: ClusteringFilter,
  after: Clustering | null,
): ClusteringFilter {
  if (after === null) return filter;
  const { reversed } = filter;
  if (filter.kind === 'names') {
    const clusterings = filter.clusterings.filter((clustering) => {
      const compared = order.compare(clustering, after);
      return reversed ? compared < 0 : compared > 0;
    });
    return { kind: 'names', clusterings, reversed };
  }
  const slices = filter.slices.flatMap((slice): Slice[] => {
    const start = startPosition(slice.start);
    const end = endPosition(slice.end);
    const point = { prefix: after, side: reversed ? (-1 as const) : (1 as const) };
    const from = !reversed && order.comparePositions(start, point) < 0 ? point : start;
    const to = reversed && order.comparePositions(end, point) > 0 ? point : end;
    return order.comparePositions(from, to) < 0 ? [sliceBetween(from, to)] : [];
  });
  return { kind: 'slices', slices, reversed };
}

/** An empty partition for a key that no replica has. */
export function emptyFor(command: ReadCommand & { readonly kind: 'partition' }): PartitionData {
  return emptyPartition(command.table, command.key);
}
