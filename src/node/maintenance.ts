// What operators do to a node's stored data: flush, compact, garbage collect, snapshots, and the history of what was
// purged. There are no SSTables: flushing writes a checkpoint, compacting purges what may be purged.
// Test: test/nodetool/. Cassandra: db/compaction/CompactionManager, service/StorageService (snapshots).

import { TimeUuidGenerator } from '../data/time-uuid.ts';
import { uuidText } from '../data/uuid.ts';
import type { TableMetadata } from '../data/schema.ts';
import type { Clock, Random, Timer } from '../world/ports.ts';
import type { DecoratedKey } from '../data/partition.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { TableStore } from './storage/table-store.ts';

/** A row of `nodetool compactionhistory`. */
export interface CompactionRecord {
  readonly id: string;
  readonly keyspace: string;
  readonly table: string;
  readonly atMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Partitions looked at. */
  readonly partitions: number;
}

/** A compaction under way. */
export interface ActiveCompaction {
  readonly id: string;
  readonly kind: 'Compaction' | 'Cleanup' | 'Garbage collect';
  readonly keyspace: string;
  readonly table: string;
  completed: number;
  readonly total: number;
}

/** Rounds of the background purge, in which every partition is looked at once in about ROUND_MS. */
const PURGE_EVERY_MS = 10_000;
const ROUND_MS = 3_600_000;
const PURGED_AT_ONCE = { min: 200, max: 2_000 };
const HISTORY_KEPT = 100;
const PARTITIONS_PER_PORTION = 2_000;

export class Maintenance {
  readonly history: CompactionRecord[] = [];
  readonly active = new Map<string, ActiveCompaction>();
  completed = 0;
  bytesCompacted = 0;
  private timer: Timer | null = null;
  private readonly clock: Clock;
  private readonly storage: NodeStorage;
  private readonly ids: TimeUuidGenerator;

  constructor(parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly storage: NodeStorage;
  }) {
    this.clock = parts.clock;
    this.storage = parts.storage;
    this.ids = new TimeUuidGenerator(parts.random.fork('maintenance').bytes(8));
  }

  /** Begins to purge in the background, a little at a time, as compactions do. */
  start(): void {
    const round = (): void => {
      let partitions = 0;
      for (const store of this.storage.stores()) partitions += store.partitionCount;
      const share = Math.ceil((partitions * PURGE_EVERY_MS) / ROUND_MS);
      const count = Math.min(PURGED_AT_ONCE.max, Math.max(PURGED_AT_ONCE.min, share));
      this.storage.compactSome(Math.floor(this.clock.wallMs() / 1_000), count);
      this.timer = this.clock.after(PURGE_EVERY_MS, round);
    };
    this.stop();
    this.timer = this.clock.after(PURGE_EVERY_MS, round);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Everything in memory is on disk, without the log, when `done` is called; nothing to do without a disk. */
  flush(done: () => void): void {
    this.storage.checkpoint(done);
  }

  /** Purges what may be purged in these tables, one after another, in portions. */
  compact(
    tables: readonly TableMetadata[],
    kind: ActiveCompaction['kind'],
    done: () => void,
  ): void {
    const waiting = [...tables];
    const next = (): void => {
      const table = waiting.shift();
      if (table === undefined) {
        done();
        return;
      }
      const store = this.storage.store(table.id);
      if (store === undefined) next();
      else this.compactTable(store, kind, next);
    };
    next();
  }

  /** `done` when all are on disk; at once without one. */
  snapshot(
    tag: string,
    tables: readonly TableMetadata[],
    done: () => void = () => undefined,
  ): void {
    let left = tables.length;
    if (left === 0) done();
    for (const table of tables) {
      this.storage.takeSnapshot(tag, table.id, () => {
        if (--left === 0) done();
      });
    }
  }

  /** Brings a snapshot of this node back into its table, beside what is there; the text of why not. */
  restore(tag: string, table: TableMetadata, done: (error: string | null) => void): void {
    const error = this.storage.readSnapshot(tag, table, (partition) => {
      const { key } = partition;
      this.storage.merge({
        keyspace: table.keyspace,
        key,
        updates: [partition],
        createdAtMs: this.clock.wallMs(),
      });
    });
    if (error === null) this.storage.checkpoint(() => done(null));
    else done(error);
  }

  private compactTable(store: TableStore, kind: ActiveCompaction['kind'], done: () => void): void {
    const { keyspace, name: table } = store.table;
    const id = uuidText(this.ids.next(this.clock.wallMs()));
    const bytesIn = store.dataBytes;
    const total = store.partitionCount;
    const running: ActiveCompaction = { id, kind, keyspace, table, completed: 0, total };
    this.active.set(id, running);
    let from: DecoratedKey | null = null;
    const portion = (): void => {
      from = store.compact(Math.floor(this.clock.wallMs() / 1000), from, PARTITIONS_PER_PORTION);
      running.completed = Math.min(total, running.completed + PARTITIONS_PER_PORTION);
      if (from !== null) {
        this.clock.after(0, portion);
        return;
      }
      this.active.delete(id);
      this.completed++;
      this.bytesCompacted += bytesIn;
      this.history.push({
        id,
        keyspace,
        table,
        atMs: this.clock.wallMs(),
        bytesIn,
        bytesOut: store.dataBytes,
        partitions: total,
      });
      if (this.history.length > HISTORY_KEPT) this.history.shift();
      done();
    };
    portion();
  }
}
