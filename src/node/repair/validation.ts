// Builds this node's Merkle trees over some ranges of a table, a portion an event. Test: test/traces/repair-*.trace.
// Cassandra: repair/Validator, db/repair/CassandraValidationIterator.

import { digestPartition } from '../../data/digest.ts';
import { mergePartitions } from '../../data/merge-partitions.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { rangeContains } from '../../ring/token-range.ts';
import type { Clock } from '../../world/ports.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { MerkleTree, merkleDepth } from './merkle-tree.ts';
import { RangeScan } from './range-scan.ts';

const ROWS_PER_EVENT = 2_000;

export interface ValidationWork {
  readonly table: TableMetadata;
  readonly ranges: readonly TokenRange[];
  readonly nowSeconds: number;
  /** repair_session_space, and among how many replicas' trees it is shared. */
  readonly spaceBytes: number;
  readonly replicas: number;
}

/** One tree a range, in the order of the ranges. The partitions are gone through twice: to count, then to hash. */
export function validate(
  parts: { readonly clock: Clock; readonly store: LocalStore },
  work: ValidationWork,
  done: (trees: readonly MerkleTree[]) => void,
): void {
  const { clock, store } = parts;
  const { table, ranges, nowSeconds } = work;
  const trees: MerkleTree[] = [];
  const nextRange = (): void => {
    const range = ranges[trees.length];
    if (range === undefined) {
      done(trees);
      return;
    }
    countPartitions(clock, new RangeScan(store, table, [range], nowSeconds), (count) => {
      const depth = merkleDepth(count, work.spaceBytes / ranges.length, work.replicas);
      const tree = new MerkleTree(range, depth);
      fill(clock, new RangeScan(store, table, [range], nowSeconds), tree, () => {
        trees.push(tree);
        nextRange();
      });
    });
  };
  nextRange();
}

function countPartitions(clock: Clock, scan: RangeScan, done: (count: number) => void): void {
  let count = 0;
  const step = (): void => {
    const page = scan.nextPage(ROWS_PER_EVENT);
    if (page === null) {
      done(count);
      return;
    }
    count += page.length;
    clock.after(0, step);
  };
  step();
}

/** A partition that spans pages is put together before it is hashed. */
function fill(clock: Clock, scan: RangeScan, tree: MerkleTree, done: () => void): void {
  let open: PartitionData | null = null;
  const add = (partition: PartitionData): void => {
    if (rangeContains(tree.range, partition.key)) {
      tree.add(partition.key, digestPartition(partition));
    }
  };
  const step = (): void => {
    const page = scan.nextPage(ROWS_PER_EVENT);
    if (page === null) {
      if (open !== null) add(open);
      done();
      return;
    }
    for (const partition of page) {
      if (open !== null && open.key.id === partition.key.id) {
        open = mergePartitions(open, partition);
        continue;
      }
      if (open !== null) add(open);
      open = partition;
    }
    clock.after(0, step);
  };
  step();
}
