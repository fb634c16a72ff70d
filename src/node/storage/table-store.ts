// One table's data on one node: partitions by key, merged as updates arrive, read by commands. All in memory; the
// first write of a partition is kept as it came, shared with the other replicas. Durability is the commit log's.
// Test: test/storage/table-store.test.ts, test/storage/read.test.ts. Cassandra: db/ColumnFamilyStore, db/memtable/*.

import type { ClusteringOrder } from '../../data/clustering-order.ts';
import { clusteringOrder } from '../../data/clustering-order.ts';
import type { ClusteringFilter, PartitionRange, ReadCommand } from '../../data/read-command.ts';
import { LimitCounter } from '../../data/live-view.ts';
import { emptyPartition, isEmptyPartition } from '../../data/merge-partitions.ts';
import type { Clustering, DecoratedKey, PartitionData, Slice } from '../../data/partition.ts';
import { purgePartition } from '../../data/purge.ts';
import { enforcesStrictLiveness } from '../../data/deletion.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { isIndexableVector } from '../../data/vector-similarity.ts';
import { isSamePartition } from '../../data/same-content.ts';
import { similarityFunction } from '../../data/vector-similarity.ts';
import { partitionSize } from './data-size.ts';
import { dropsCompactStorage, withoutCompactStorage } from './drop-compact-storage.ts';
import { IndexManager } from './index-manager.ts';
import { isInRange, KeyIndex } from './key-index.ts';
import { LargePartition, SMALL_PARTITION_ROWS_MAX } from './large-partition.ts';
import { mergePartitionsOnce } from './merge-memo.ts';
import type { StoredPartition } from './partition-read.ts';
import {
  isWantedWhole,
  ReadExecution,
  readPartition,
  TombstonesExceeded,
} from './partition-read.ts';
import type { ReplicaResult, Scanned } from './replica-result.ts';
import { nearestRows } from './nearest-rows.ts';

export interface TableStoreOptions {
  /** tombstone_failure_threshold; Infinity for the node's own system tables. */
  readonly tombstoneFailureThreshold: number;
  /** tombstone_warn_threshold; absent: none. */
  readonly tombstoneWarnThreshold?: number;
}

export interface PartitionSampler {
  onRead(key: DecoratedKey): void;
  onWrite(key: DecoratedKey): void;
}

/** Every token. */
export const WHOLE_RING: PartitionRange = Object.freeze({
  left: null,
  leftInclusive: true,
  right: null,
  rightInclusive: true,
  startKey: null,
  startKeyInclusive: true,
  startAfter: null,
});

export class TableStore {
  readonly indexes: IndexManager;
  /** Bytes of the data, as data-size.ts counts. */
  dataBytes = 0;
  /** Since the node started; for nodetool tablestats. */
  reads = 0;
  writes = 0;
  /** Hears of every key read and written, while `nodetool toppartitions` samples. */
  sampler: PartitionSampler | null = null;
  private metadata: TableMetadata;
  private readonly options: TableStoreOptions;
  private readonly partitions = new Map<string, StoredPartition>();
  private readonly keys = new KeyIndex();
  private order: ClusteringOrder;

  constructor(table: TableMetadata, options: TableStoreOptions) {
    this.metadata = table;
    this.order = clusteringOrder(table);
    this.options = options;
    this.indexes = new IndexManager(table, this);
  }

  get table(): TableMetadata {
    return this.metadata;
  }

  /** After an ALTER: what is stored stays; indexes that are new are built, those gone are dropped. */
  setTable(table: TableMetadata): void {
    const before = this.metadata;
    if (dropsCompactStorage(before, table)) {
      for (const [id, stored] of this.partitions) {
        const partition = stored instanceof LargePartition ? stored.snapshot() : stored;
        this.partitions.set(id, asStored(withoutCompactStorage(partition, before, table)));
      }
    }
    this.metadata = table;
    this.order = clusteringOrder(table);
    this.indexes.setTable(table);
  }

  get partitionCount(): number {
    return this.partitions.size;
  }

  /** Merges an update into its partition. Keeps the update's objects: they must never change. */
  apply(update: PartitionData): void {
    this.writes++;
    if (this.sampler !== null) this.sampler.onWrite(update.key);
    if (this.indexes.isEmpty) this.merge(update);
    else this.indexes.watch(update, () => this.merge(update));
  }

  private merge(update: PartitionData): void {
    const { key } = update;
    const existing = this.partitions.get(key.id);
    if (existing === undefined) {
      if (isEmptyPartition(update)) return;
      this.partitions.set(key.id, asStored(update));
      this.keys.add(key);
      this.dataBytes += partitionSize(update);
    } else if (existing instanceof LargePartition) {
      this.dataBytes -= existing.size;
      existing.apply(update, null);
      this.dataBytes += existing.size;
    } else {
      const { partition, growth } = mergePartitionsOnce(existing, update);
      if (partition === existing) return;
      this.partitions.set(key.id, asStored(partition));
      this.dataBytes += growth;
    }
  }

  /** Takes others' objects in place of its own, of some partitions, where the content is the same: after a start. */
  shareWith(others: readonly TableStore[], ids: Iterable<string>): void {
    let hasChanged = false;
    for (const id of ids) {
      const own = this.partitions.get(id);
      if (own === undefined || own instanceof LargePartition) continue;
      const shared = sharedWith(own, others);
      if (shared === own) continue;
      this.partitions.set(id, shared);
      hasChanged = true;
    }
    if (!hasChanged) return;
    // With the partition its key is shared.
    this.keys.clear();
    for (const { key } of this.partitions.values()) this.keys.add(key);
  }

  /** Everything stored of a partition, as plain data; null when there is nothing. */
  partition(key: DecoratedKey): PartitionData | null {
    const stored = this.partitions.get(key.id);
    if (stored === undefined) return null;
    return stored instanceof LargePartition ? stored.snapshot() : stored;
  }

  /** As stored; for this folder only. */
  stored(id: string): StoredPartition | undefined {
    return this.partitions.get(id);
  }

  /** Answers a read command from this node's data. Cassandra: ReadCommand.executeLocally. */
  read(command: ReadCommand): ReplicaResult {
    this.reads++;
    if (this.sampler !== null && command.kind === 'partition') this.sampler.onRead(command.key);
    return this.readWhole(command) ?? this.readSelected(command);
  }

  /** The answer to a point read of a partition that is wanted as it is stored; null: not that simple. */
  private readWhole(command: ReadCommand): ReplicaResult | null {
    if (command.kind !== 'partition' || command.filter !== null || command.ann !== null)
      return null;
    if (command.indexName !== null) return null;
    const stored = this.partitions.get(command.key.id);
    if (stored === undefined) return NOTHING;
    const { limits } = command;
    if (stored instanceof LargePartition || limits.countedInFirstPartition > 0) return null;
    const rows = stored.rows.length;
    if (rows > limits.rows || rows > limits.perPartition || limits.rows < 1) return null;
    if (limits.distinct && rows > 1) return null;
    if (
      !isWantedWhole(
        stored,
        { command, table: this.metadata, order: this.order },
        command.clustering,
      )
    )
      return null;
    const liveRows = rows === 0 ? 1 : rows;
    const limitReached = liveRows >= limits.rows;
    const tombstones = 0;
    return {
      kind: 'data',
      partitions: [stored],
      liveRows,
      tombstones,
      limitReached,
      scanned: null,
    };
  }

  private readSelected(command: ReadCommand): ReplicaResult {
    const unavailable = this.indexes.unavailable(command);
    if (unavailable !== null) {
      return {
        kind: 'failure',
        reason: 'INDEX_NOT_AVAILABLE',
        message: `The secondary index '${unavailable}' is not yet available`,
      };
    }
    if (command.ann !== null) {
      const kind = similarityFunction(this.metadata, command.ann);
      if (!isIndexableVector(kind, command.ann.vector)) {
        const message = `Zero and near-zero vectors cannot be indexed or queried with ${kind} similarity`;
        return { kind: 'failure', reason: 'UNKNOWN', message };
      }
    }
    const counter = new LimitCounter(command.limits);
    const execution = new ReadExecution(command, {
      table: this.metadata,
      counter,
      tombstonesMax: this.options.tombstoneFailureThreshold,
    });
    try {
      const partitions = this.execute(command, execution);
      return {
        kind: 'data',
        partitions,
        liveRows: counter.counted,
        tombstones: execution.tombstones,
        limitReached: counter.isDone,
        scanned: this.scannedBy(execution),
      };
    } catch (error) {
      if (!(error instanceof TombstonesExceeded)) throw error;
      return {
        kind: 'failure',
        reason: 'READ_TOO_MANY_TOMBSTONES',
        message: `Scanned over ${execution.tombstones} tombstones`,
        scanned: this.scannedBy(execution),
      };
    }
  }

  private scannedBy({ liveRows, tombstones, key }: ReadExecution): Scanned | null {
    const { tombstoneWarnThreshold: threshold = Infinity } = this.options;
    if (key === null || tombstones <= threshold) return null;
    return { liveRows, tombstones, key };
  }

  private execute(command: ReadCommand, execution: ReadExecution): PartitionData[] {
    if (command.ann !== null) return nearestRows(this, command, execution);
    if (command.indexName !== null) return this.readIndexed(command, execution);
    if (command.kind === 'partition') {
      const stored = this.partitions.get(command.key.id);
      if (stored === undefined) return [];
      const isResumed = command.limits.countedInFirstPartition > 0;
      const read = readPartition(stored, execution, command.clustering, isResumed);
      return read === null ? [] : [read];
    }
    return this.readRange(command.range, command.clustering, execution);
  }

  private readRange(
    range: PartitionRange,
    clustering: ClusteringFilter,
    execution: ReadExecution,
  ): PartitionData[] {
    const out: PartitionData[] = [];
    this.keys.forEach(range, (key) => {
      if (execution.counter.isDone) return false;
      const stored = this.partitions.get(key.id);
      if (stored === undefined) return true;
      const isResumed = isResumedAt(key, range);
      const selection = isResumed
        ? selectionAfter(clustering, range.startAfter, execution)
        : clustering;
      const read = readPartition(stored, execution, selection, isResumed);
      if (read !== null) out.push(read);
      return true;
    });
    return out;
  }

  /** Reads the rows an index points to; the filter decides about each. */
  private readIndexed(command: ReadCommand, execution: ReadExecution): PartitionData[] {
    const out: PartitionData[] = [];
    const { range } = command.kind === 'range' ? command : { range: WHOLE_RING };
    for (const candidate of this.indexes.candidates(command)) {
      if (execution.counter.isDone) break;
      const { key } = candidate;
      if (command.kind === 'partition' ? key.id !== command.key.id : !isInRange(key, range))
        continue;
      const stored = this.partitions.get(key.id);
      if (stored === undefined) continue;
      const isResumed =
        command.kind === 'partition'
          ? command.limits.countedInFirstPartition > 0
          : isResumedAt(key, range);
      let selection = candidate.narrow(command.clustering, execution.order);
      if (isResumed) selection = selectionAfter(selection, range.startAfter, execution);
      const read = readPartition(stored, execution, selection, isResumed);
      if (read !== null && (read.rows.length > 0 || read.staticRow !== null)) out.push(read);
    }
    return out;
  }

  /** Visits everything stored within a range in (token, key) order; stops when `visit` answers false. */
  forEachPartition(
    range: PartitionRange,
    visit: (partition: PartitionData) => boolean | void,
  ): void {
    this.keys.forEach(range, (key) => {
      const stored = this.partitions.get(key.id);
      if (stored === undefined) return true;
      const partition = stored instanceof LargePartition ? stored.snapshot() : stored;
      return visit(partition) !== false;
    });
  }

  /** Visits stored partitions without copying large ones. */
  forEachStored(range: PartitionRange, visit: (stored: StoredPartition) => boolean | void): void {
    this.keys.forEach(range, (key) => {
      const stored = this.partitions.get(key.id);
      return stored === undefined || visit(stored) !== false;
    });
  }

  /** Forgets a partition (cleanup after a move); no tombstone remains. */
  remove(key: DecoratedKey): void {
    const stored = this.partitions.get(key.id);
    if (stored === undefined) return;
    this.indexes.forget(stored);
    this.dataBytes -= stored instanceof LargePartition ? stored.size : partitionSize(stored);
    this.partitions.delete(key.id);
    this.keys.remove(key);
  }

  /** Forgets everything. Snapshots taken before stay as they are. */
  truncate(): void {
    this.partitions.clear();
    this.keys.clear();
    this.indexes.clear();
    this.dataBytes = 0;
  }

  /**
   * Purges tombstones older than gc_grace and what expired before it, from up to `partitionsMax` partitions after
   * `from`; gives the key to go on from, null at the end. What Cassandra does in compaction.
   */
  compact(
    nowSeconds: number,
    from: DecoratedKey | null,
    partitionsMax: number,
  ): DecoratedKey | null {
    const keys: DecoratedKey[] = [];
    const range = { ...WHOLE_RING, startKey: from, startKeyInclusive: false };
    this.keys.forEach(range, (key) => keys.push(key) < partitionsMax);
    for (const key of keys) this.compactPartition(key, nowSeconds);
    return keys.length < partitionsMax ? null : (keys.at(-1) ?? null);
  }

  private compactPartition(key: DecoratedKey, nowSeconds: number): void {
    const before = this.partition(key);
    if (before === null) return;
    const after = purgePartition(before, {
      nowSeconds,
      gcBefore: nowSeconds - this.metadata.params.gc_grace_seconds,
      strict: enforcesStrictLiveness(this.metadata),
    });
    if (after === before) return;
    this.remove(key);
    if (isEmptyPartition(after)) return;
    this.apply(after);
    this.writes--;
  }

  /** A partition's content before a write, for views, counters and list operations; empty when absent. */
  current(key: DecoratedKey): PartitionData {
    return this.partition(key) ?? emptyPartition(this.metadata, key);
  }
}

function sharedWith(own: PartitionData, others: readonly TableStore[]): PartitionData {
  for (const other of others) {
    const theirs = other.stored(own.key.id);
    if (theirs === undefined || theirs instanceof LargePartition) continue;
    if (own.table === theirs.table && isSamePartition(own, theirs)) return theirs;
  }
  return own;
}

const NOTHING: ReplicaResult = Object.freeze({
  kind: 'data',
  partitions: Object.freeze([]),
  liveRows: 0,
  tombstones: 0,
  scanned: null,
  limitReached: false,
});

function asStored(partition: PartitionData): StoredPartition {
  return partition.rows.length > SMALL_PARTITION_ROWS_MAX
    ? new LargePartition(partition)
    : partition;
}

function isResumedAt(key: DecoratedKey, range: PartitionRange): boolean {
  return range.startAfter !== null && range.startKey !== null && range.startKey.id === key.id;
}

/** The selection without what lies up to and at a row already returned. */
function selectionAfter(
  selection: ClusteringFilter,
  after: Clustering | null,
  { order }: Pick<ReadExecution, 'order'>,
): ClusteringFilter {
  if (after === null) return selection;
  const { reversed } = selection;
  if (selection.kind === 'names') {
    const clusterings = selection.clusterings.filter((clustering) => {
      const comparison = order.compare(clustering, after);
      return reversed ? comparison < 0 : comparison > 0;
    });
    return { kind: 'names', clusterings, reversed };
  }
  const bound = { prefix: after, inclusive: false };
  const slices: Slice[] = [];
  for (const slice of selection.slices) {
    if (reversed) {
      if (order.isBeforeStart(after, slice.start)) continue;
      slices.push(order.isAfterEnd(after, slice.end) ? slice : { start: slice.start, end: bound });
    } else {
      if (order.isAfterEnd(after, slice.end)) continue;
      slices.push(
        order.isBeforeStart(after, slice.start) ? slice : { start: bound, end: slice.end },
      );
    }
  }
  return { kind: 'slices', slices, reversed };
}
