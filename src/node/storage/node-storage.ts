// All data of one node: a store per table, the commit log before them, checkpoints behind. The node's other services
// come here to apply mutations and to read; schema changes create and drop stores. Without a disk nothing outlives
// the process. Test: test/storage/durability.test.ts. Cassandra: db/Keyspace.apply, db/commitlog/CommitLog.

import type { Clock, Disk, DiskResult } from '../../world/ports.ts';
import type { FailureReason } from '../../data/cql-error.ts';
import type { DecoratedKey, Mutation, PartitionData } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { NodeConfig } from '../node-config.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { CommitLog } from './commit-log.ts';
import { partitionSize } from './data-size.ts';
import type { FailureDecision } from './disk-failure-policy.ts';
import { onCommitFailure, onDiskFailure } from './disk-failure-policy.ts';
import { sharedMutationRecord, truncationRecord } from './log-format.ts';
import type { RecoveryPass, RecoveryResult } from './recovery.ts';
import { Recovery } from './recovery.ts';
import type { ReplicaResult } from './replica-result.ts';
import { TableStore, WHOLE_RING } from './table-store.ts';

/** Snapshots kept in memory, by reference; the oldest goes first. */
const SNAPSHOTS_MAX = 64;
const LOG_DIRECTORY = 'commitlog';
const DATA_DIRECTORY = 'data';
const LOCAL_SYSTEM_KEYSPACES: ReadonlySet<string> = new Set(['system', 'system_schema']);

export type StorageConfig = Pick<
  NodeConfig,
  | 'commitlog_sync'
  | 'commitlog_sync_period'
  | 'commitlog_sync_group_window'
  | 'commitlog_segment_size'
  | 'commit_failure_policy'
  | 'disk_failure_policy'
  | 'max_mutation_size'
  | 'tombstone_failure_threshold'
>;

export interface NodeStorageOptions {
  readonly clock: Clock;
  /** null: memory only. */
  readonly disk: Disk | null;
  readonly config: StorageConfig;
  /** A disk operation failed; the node does what the decision says. */
  readonly onFailure: (
    decision: FailureDecision,
    error: { readonly error: string; readonly path: string },
  ) => void;
  /** Bytes of data above which writes are refused. */
  readonly dataBytesMax?: number;
  /** Bytes of log above which a checkpoint is written. */
  readonly checkpointLogBytes?: number;
}

export type ApplyResult =
  | { readonly ok: true }
  /** `reason` of a write failure, or OVERLOADED: refused at the door. */
  | { readonly ok: false; readonly reason: FailureReason | 'OVERLOADED'; readonly message: string };

const APPLIED: ApplyResult = Object.freeze({ ok: true });

export interface TableSnapshot {
  readonly tag: string;
  readonly table: TableMetadata;
  readonly createdAtMs: number;
  readonly dataBytes: number;
  readonly partitions: readonly PartitionData[];
}

export class NodeStorage {
  private readonly options: NodeStorageOptions;
  private readonly tables = new Map<string, TableStore>();
  private readonly log: CommitLog | null;
  private readonly recovery: Recovery | null;
  private readonly truncations = new Map<string, number>();
  private snapshots: TableSnapshot[] = [];
  private loggedBytes = 0;
  private isCheckpointing = false;
  private readonly compacted: { table: number; key: DecoratedKey | null } = { table: 0, key: null };

  constructor(options: NodeStorageOptions) {
    const { disk, clock, config } = options;
    this.options = options;
    this.recovery =
      disk === null ? null : new Recovery(disk, { log: LOG_DIRECTORY, data: DATA_DIRECTORY });
    this.log =
      disk === null || this.recovery === null
        ? null
        : new CommitLog({
            disk,
            clock,
            directory: LOG_DIRECTORY,
            config,
            firstSegment: this.recovery.nextSegment,
            onFailure: (error) => this.onLogFailure(error),
          });
  }

  // ---- tables

  createTable(table: TableMetadata): TableStore {
    const existing = this.tables.get(table.id);
    if (existing !== undefined) {
      existing.setTable(table);
      return existing;
    }
    const isSystem = LOCAL_SYSTEM_KEYSPACES.has(table.keyspace);
    const { tombstone_failure_threshold: threshold } = this.options.config;
    const store = new TableStore(table, {
      tombstoneFailureThreshold: isSystem ? Infinity : threshold,
    });
    this.tables.set(table.id, store);
    return store;
  }

  /** After an ALTER, or a CREATE or DROP INDEX. */
  alterTable(table: TableMetadata): void {
    this.createTable(table);
  }

  dropTable(tableId: string): void {
    this.tables.delete(tableId);
    this.truncations.delete(tableId);
  }

  store(tableId: string): TableStore | undefined {
    return this.tables.get(tableId);
  }

  stores(): Iterable<TableStore> {
    return this.tables.values();
  }

  // ---- writing and reading

  /**
   * Applies a mutation atomically, logged first when `durable`. `done` is called exactly once, at once when the log
   * need not be waited for. The mutation's objects are kept: copy slices of frames out first (compactMutation).
   */
  apply(mutation: Mutation, durable: boolean, done: (result: ApplyResult) => void): void {
    const refusal = this.refusal(mutation);
    if (refusal !== null) {
      done(refusal);
      return;
    }
    if (this.log === null || !durable) {
      this.merge(mutation);
      done(APPLIED);
      return;
    }
    const record = sharedMutationRecord(mutation);
    if (record.length > this.options.config.max_mutation_size) {
      const message =
        `Encountered an oversized mutation (${record.length}/` +
        `${this.options.config.max_mutation_size}) for keyspace: ${mutation.keyspace}`;
      done({ ok: false, reason: 'UNKNOWN', message });
      return;
    }
    this.loggedBytes += record.length;
    const isFree = this.log.append(record, (error) => {
      if (error !== null) {
        done(logFailure(error));
        return;
      }
      this.merge(mutation);
      done(APPLIED);
    });
    if (isFree) {
      this.merge(mutation);
      done(APPLIED);
    }
    if (this.loggedBytes > (this.options.checkpointLogBytes ?? 256 * 2 ** 20)) this.checkpoint();
  }

  /** Applies without the log: streams and replays, whose source can be asked again. */
  merge(mutation: Mutation): void {
    const { updates } = mutation;
    for (let i = 0; i < updates.length; i++) {
      const update = updates[i] as PartitionData;
      this.tables.get(update.table.id)?.apply(update);
    }
  }

  read(command: ReadCommand): ReplicaResult {
    const store = this.tables.get(command.table.id);
    if (store !== undefined) return store.read(command);
    const { keyspace, name } = command.table;
    return {
      kind: 'failure',
      reason: 'INCOMPATIBLE_SCHEMA',
      message: `Couldn't find table with id ${command.table.id} (${keyspace}.${name})`,
    };
  }

  get dataBytes(): number {
    let bytes = 0;
    for (const store of this.tables.values()) bytes += store.dataBytes;
    return bytes;
  }

  // ---- truncation and snapshots

  /** Empties a table; `done` when the truncation is durable. Hints and batches written before it no longer count. */
  truncate(tableId: string, atMs: number, done: (result: ApplyResult) => void): void {
    if (this.log === null) {
      this.forget(tableId, atMs);
      done(APPLIED);
      return;
    }
    // In the order of the log: writes before it that still wait for their sync come first.
    const isFree = this.log.append(truncationRecord(tableId, atMs), (error) => {
      if (error === null) this.forget(tableId, atMs);
    });
    if (isFree) this.forget(tableId, atMs);
    this.log.flush((error) => done(error === null ? APPLIED : logFailure(error)));
  }

  /** Milliseconds of the last truncation, or -Infinity. */
  truncatedAtMs(tableId: string): number {
    return this.truncations.get(tableId) ?? -Infinity;
  }

  /** Keeps the table's content of now under a tag, by reference. */
  takeSnapshot(tag: string, tableId: string): void {
    const store = this.tables.get(tableId);
    if (store === undefined) return;
    const partitions: PartitionData[] = [];
    store.forEachPartition(WHOLE_RING, (partition) => void partitions.push(partition));
    let dataBytes = 0;
    for (const partition of partitions) dataBytes += partitionSize(partition);
    const createdAtMs = this.options.clock.wallMs();
    this.snapshots.push({ tag, table: store.table, createdAtMs, dataBytes, partitions });
    if (this.snapshots.length > SNAPSHOTS_MAX) this.snapshots.shift();
  }

  listSnapshots(): readonly TableSnapshot[] {
    return this.snapshots;
  }

  /** Both null: all of them. */
  clearSnapshots(tag: string | null, keyspace: string | null): void {
    this.snapshots = this.snapshots.filter(
      (one) =>
        (tag !== null && one.tag !== tag) || (keyspace !== null && one.table.keyspace !== keyspace),
    );
  }

  // ---- start and stop

  /** True when earlier data was found. */
  get hasEarlierData(): boolean {
    return this.recovery !== null && !this.recovery.isEmpty;
  }

  /**
   * Reads the kept mutations of some keyspaces into the stores that exist: first the system keyspaces, whose tables
   * are known, then, with the schema read from them, the rest. `isLenient`: go on past damage.
   */
  replay(wantsKeyspace: (keyspace: string) => boolean, isLenient = false): RecoveryResult {
    if (this.recovery === null) return { mutations: 0, skipped: 0, torn: [], error: null };
    const pass: RecoveryPass = {
      wantsKeyspace,
      tableById: (id) => this.tables.get(id)?.table,
      apply: (mutation) => this.merge(mutation),
      truncate: (tableId, atMs) => {
        const keyspace = this.tables.get(tableId)?.table.keyspace;
        if (keyspace !== undefined && wantsKeyspace(keyspace)) this.forget(tableId, atMs);
      },
    };
    const result = this.recovery.replay(pass, isLenient);
    this.loggedBytes = this.recovery.segmentBytes;
    return result;
  }

  /**
   * Begins the log's timers: after the replay, before the first write. What was replayed may be in the page cache only;
   * once `done` is called it is durable, and may be shown to others.
   */
  start(done: () => void = () => undefined): void {
    this.log?.start();
    if (this.recovery === null) done();
    else this.recovery.sync(done);
  }

  /** Makes everything durable; for drain and an orderly stop. */
  stop(done: () => void): void {
    if (this.log === null) done();
    else this.log.drain(() => done());
  }

  /** Writes all data to checkpoint files and removes the log before them. Does nothing while one is being written. */
  checkpoint(done: () => void = () => undefined): void {
    const { disk, clock } = this.options;
    if (disk === null || this.log === null || this.isCheckpointing) {
      done();
      return;
    }
    this.isCheckpointing = true;
    this.loggedBytes = 0;
    writeCheckpoint(
      {
        disk,
        clock,
        log: this.log,
        dataDirectory: DATA_DIRECTORY,
        logDirectory: LOG_DIRECTORY,
        stores: () => this.tables.values(),
        truncations: this.truncations,
      },
      (failure) => {
        this.isCheckpointing = false;
        if (failure !== null) this.onDataFailure(failure);
        done();
      },
    );
  }

  /**
   * Purges up to `partitionsMax` partitions, going round all tables call by call: what compactions do in the
   * background. `nowSeconds`: this node's clock.
   */
  compactSome(nowSeconds: number, partitionsMax: number): void {
    const stores = [...this.tables.values()];
    if (stores.length === 0) return;
    const store = stores[this.compacted.table % stores.length] as TableStore;
    const key = this.compacted.key;
    this.compacted.key = store.compact(nowSeconds, key, partitionsMax);
    if (this.compacted.key === null)
      this.compacted.table = (this.compacted.table + 1) % stores.length;
  }

  private forget(tableId: string, atMs: number): void {
    this.truncations.set(tableId, atMs);
    this.tables.get(tableId)?.truncate();
  }

  private refusal(mutation: Mutation): ApplyResult | null {
    if (this.log?.isOverloaded === true) {
      return { ok: false, reason: 'OVERLOADED', message: 'The commit log is behind' };
    }
    const max = this.options.dataBytesMax;
    if (max !== undefined && this.dataBytes > max) {
      return { ok: false, reason: 'OVERLOADED', message: `The node holds more than ${max} bytes` };
    }
    const { updates } = mutation;
    for (let i = 0; i < updates.length; i++) {
      const update = updates[i] as PartitionData;
      const store = this.tables.get(update.table.id);
      if (store === undefined) {
        const { id, keyspace, name } = update.table;
        const message = `Couldn't find table with id ${id} (${keyspace}.${name})`;
        return { ok: false, reason: 'INCOMPATIBLE_SCHEMA', message };
      }
      if (store.indexes.isEmpty) continue;
      const message = store.indexes.refusal(update);
      if (message !== null) return { ok: false, reason: 'UNKNOWN', message };
    }
    return null;
  }

  private onLogFailure(error: { readonly error: string; readonly path: string }): void {
    const decision = onCommitFailure(this.options.config.commit_failure_policy);
    if (decision !== 'go-on' && this.log !== null) this.log.isStopped = true;
    this.options.onFailure(decision, error);
  }

  private onDataFailure(failure: Extract<DiskResult, { ok: false }>): void {
    const decision = onDiskFailure(this.options.config.disk_failure_policy);
    this.options.onFailure(decision, { error: failure.error, path: failure.path });
  }
}

function logFailure(error: string): ApplyResult {
  return { ok: false, reason: 'UNKNOWN', message: `Commit log failure: ${error}` };
}
