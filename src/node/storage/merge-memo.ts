// Replicas that held the same object and receive the same update get the same outcome object: six replicas of an
// overwritten row still cost one. A cache of recent merges by identity; merging is pure, so a hit is never wrong.
// Test: test/storage/table-store.test.ts.

import { mergePartitions } from '../../data/merge-partitions.ts';
import type { DeletionTime, PartitionData, Row } from '../../data/partition.ts';
import { LIVE } from '../../data/partition.ts';
import { mergeRows } from '../../data/reconcile.ts';
import { partitionSize, rowSize } from './data-size.ts';

const SLOTS = 4096;
/** What a slot may keep from being freed; larger content shares its cells at least. */
const REMEMBERED_BYTES_MAX = 8 * 1024;

interface Memo<T, R> {
  readonly existing: (T | undefined)[];
  readonly update: (T | undefined)[];
  readonly outcome: (R | undefined)[];
}

function memo<T, R>(): Memo<T, R> {
  return {
    existing: Array.from({ length: SLOTS }),
    update: Array.from({ length: SLOTS }),
    outcome: Array.from({ length: SLOTS }),
  };
}

/** What a merge came to, and how much larger it is than what was there, as data-size.ts counts. */
export interface Merged {
  readonly partition: PartitionData;
  readonly growth: number;
}

/** Caches shared by the nodes of a process; they hold at most SLOTS merges each. */
const partitions = memo<PartitionData, Merged>();
const rows = memo<Row, Row | null>();

/** As `mergePartitions`. A hit does not touch the content at all. */
export function mergePartitionsOnce(existing: PartitionData, update: PartitionData): Merged {
  const slot = update.key.low & (SLOTS - 1);
  if (partitions.existing[slot] === existing && partitions.update[slot] === update) {
    return partitions.outcome[slot] as Merged;
  }
  const size = partitionSize(existing);
  const partition = mergePartitions(existing, update);
  const outcome = {
    partition,
    growth: partition === existing ? 0 : partitionSize(partition) - size,
  };
  if (size > REMEMBERED_BYTES_MAX) return outcome;
  partitions.existing[slot] = existing;
  partitions.update[slot] = update;
  partitions.outcome[slot] = outcome;
  return outcome;
}

/** As `mergeRows`. */
export function mergeRowsOnce(existing: Row, update: Row, active: DeletionTime): Row | null {
  if (active !== LIVE) return mergeRows(existing, update, active);
  const slot = rowHint(update) & (SLOTS - 1);
  if (rows.existing[slot] === existing && rows.update[slot] === update) {
    return rows.outcome[slot] as Row | null;
  }
  const outcome = mergeRows(existing, update, active);
  if (rowSize(existing) > REMEMBERED_BYTES_MAX) return outcome;
  rows.existing[slot] = existing;
  rows.update[slot] = update;
  rows.outcome[slot] = outcome;
  return outcome;
}

/** Tells neighbouring rows apart: the last bytes of the last clustering value. */
function rowHint(row: Row): number {
  const value = row.clustering.at(-1);
  if (value === undefined || value === null || value.length < 2) return value?.[0] ?? 0;
  return ((value[value.length - 2] as number) << 8) | (value[value.length - 1] as number);
}
