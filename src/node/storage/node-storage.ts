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
import { DecodedRecords } from './decoded-records.ts';
import type { FailureDecision } from './disk-failure-policy.ts';
import { onCommitFailure, onDiskFailure } from './disk-failure-policy.ts';
import { sharedMutationRecord, truncationRecord } from './log-format.ts';
import type { RecoveryPass, RecoveryResult } from './recovery.ts';
import { Recovery } from './recovery.ts';
import type { ReplicaResult } from './replica-result.ts';
import type { TableSnapshot } from './snapshots.ts';
import { Snapshots } from './snapshots.ts';
import { TableStore } from './table-store.ts';

const LOG_DIRECTORY = 'commitlog';
const DATA_DIRECTORY = 'data';
const LOCAL_SYSTEM_KEYSPACES: ReadonlySet<string> = new Set(['system', 'system_schema']);

export type StorageConfig = Pick<
  NodeConfig,
  | 'commitlog_sync'
  | 'commitlog_sync_period'
  | 'commitlog_sync_group_window'
  | 'commitlog_segment_size'
  | 'commitlog_total_space'
  | 'commit_failure_policy'
  | 'disk_failure_policy'
  | 'ignore_replay_errors'
  | 'max_mutation_size'
  | 'tombstone_failure_threshold'
  | 'tombstone_warn_threshold'
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
  /** While nodes start together: what others of this process have read. */
  readonly decoded?: () => DecodedRecords | null;
}

/** `reason` of a write failure, or OVERLOADED: refused at the door. */
export interface Refusal {
  readonly ok: false;
  readonly reason: FailureReason | 'OVERLOADED';
  readonly message: string;
}

export type ApplyResult = { readonly ok: true } | Refusal;

const APPLIED: ApplyResult = Object.freeze({ ok: true });

export class NodeStorage {
  private readonly options: NodeStorageOptions;
  private readonly tables = new Map<string, TableStore>();
  private readonly log: CommitLog | null;
  private readonly recovery: Recovery | null;
  private readonly truncations = new Map<string, number>();
  private readonly snapshots: Snapshots;
  private loggedBytes = 0;
  private isCheckpointing = false;
  private nextCheckpoint: (() => void)[] = [];
  private readonly replayedAlone = new Map<TableStore, Set<string>>();
  private readonly compacted: { table: number; key: DecoratedKey | null } = { table: 0, key: null };

  constructor(options: NodeStorageOptions) {
    const { disk, clock, config } = options;
    this.options = options;
    this.snapshots = new Snapshots({
      disk,
      clock,
      onFailure: (failure) => this.onDataFailure(failure),
    });
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
    const { tombstone_failure_threshold: fail, tombstone_warn_threshold: warn } =
      this.options.config;
    const store = new TableStore(table, {
      tombstoneFailureThreshold: isSystem ? Infinity : fail,
      tombstoneWarnThreshold: isSystem ? Infinity : warn,
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
   * Applies a mutation atomically, logged first when `durable`. `done` is called exactly once, at once when nothing is
   * logged. The mutation's objects are kept: copy slices of frames out first (compactMutation).
   */
  apply(mutation: Mutation, durable: boolean, done: (result: ApplyResult) => void): void {
    this.admit(mutation, durable, (refusal) => {
      if (refusal === null) this.merge(mutation);
      done(refusal ?? APPLIED);
    });
  }

  /**
   * Logs a mutation; `done` hears null once it may be merged and acknowledged, else why it is refused. Called exactly
   * once, in the order of the calls, at once when nothing is logged.
   */
  admit(mutation: Mutation, durable: boolean, done: (refusal: Refusal | null) => void): void {
    const refusal = this.refusal(mutation);
    if (refusal !== null || this.log === null || !durable) {
      done(refusal);
      return;
    }
    const record = this.recordOf(mutation);
    if (!Buffer.isBuffer(record)) done(record);
    else this.append(record, (error) => done(error === null ? null : logFailure(error)));
  }

  /** Logs and merges at once, without waiting for the log: what the node itself must read right away. */
  applyAtOnce(mutation: Mutation, durable: boolean): ApplyResult {
    const refusal = this.refusal(mutation);
    if (refusal !== null) return refusal;
    if (this.log !== null && durable) {
      const record = this.recordOf(mutation);
      if (!Buffer.isBuffer(record)) return record;
      this.append(record, () => undefined);
    }
    this.merge(mutation);
    return APPLIED;
  }

  /** Makes what was applied so far durable now, whatever commitlog_sync says: schema changes. */
  persist(done: (error: string | null) => void): void {
    if (this.log === null) done(null);
    else this.log.flush(done);
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
    // In the order of the log: writes before it that still wait come first.
    this.log.append(truncationRecord(tableId, atMs), (error) => {
      if (error === null) this.forget(tableId, atMs);
    });
    this.log.flush((error) => done(error === null ? APPLIED : logFailure(error)));
  }

  /** Milliseconds of the last truncation, or -Infinity. */
  truncatedAtMs(tableId: string): number {
    return this.truncations.get(tableId) ?? -Infinity;
  }

  /** Keeps the table's content of now under a tag; `done` when it is on disk, at once without one. */
  takeSnapshot(tag: string, tableId: string, done: () => void = () => undefined): void {
    const store = this.tables.get(tableId);
    if (store === undefined) done();
    else this.snapshots.take(tag, store, done);
  }

  listSnapshots(): readonly TableSnapshot[] {
    return this.snapshots.all;
  }

  /** Both null: all of them. */
  clearSnapshots(tag: string | null, keyspace: string | null): void {
    this.snapshots.clear(tag, keyspace);
  }

  /** Gives a snapshot's partitions to `visit`; the text of why not. */
  readSnapshot(
    tag: string,
    table: TableMetadata,
    visit: (partition: PartitionData) => void,
  ): string | null {
    return this.snapshots.read(tag, table, visit);
  }

  // ---- start and stop

  /** True when earlier data was found. */
  get hasEarlierData(): boolean {
    return this.recovery !== null && !this.recovery.isEmpty;
  }

  /**
   * Reads the kept mutations of some keyspaces into the stores that exist: first the system keyspaces, whose tables
   * are known, then, with the schema read from them, the rest. `isLenient`: go on past damage, as ignore_replay_errors
   * does for the log, best_effort and ignore of disk_failure_policy for checkpoints.
   */
  replay(wantsKeyspace: (keyspace: string) => boolean, isLenient = false): RecoveryResult {
    if (this.recovery === null)
      return { mutations: 0, skipped: 0, torn: [], passed: [], error: null };
    const pass: RecoveryPass = {
      wantsKeyspace,
      tableById: (id) => this.tables.get(id)?.table,
      decoded: this.options.decoded?.() ?? new DecodedRecords(0),
      apply: (mutation, isShared) => this.mergeReplayed(mutation, isShared),
      truncate: (tableId, atMs) => {
        const keyspace = this.tables.get(tableId)?.table.keyspace;
        if (keyspace !== undefined && wantsKeyspace(keyspace)) this.forget(tableId, atMs);
      },
    };
    const { disk_failure_policy: policy, ignore_replay_errors: ignoresLog } = this.options.config;
    const result = this.recovery.replay(pass, {
      log: isLenient || ignoresLog,
      data: isLenient || onDiskFailure(policy) === 'go-on',
    });
    this.loggedBytes = this.recovery.segmentBytes;
    return result;
  }

  /** After the replay: what other nodes of this process hold as well is held once. */
  shareWith(others: readonly NodeStorage[]): void {
    for (const [store, keys] of this.replayedAlone) {
      store.shareWith(
        others.flatMap((other) => other.store(store.table.id) ?? []),
        keys,
      );
    }
    this.replayedAlone.clear();
  }

  /** Notes the partitions whose object no other node can have: read by this node, or merged from several records. */
  private mergeReplayed(mutation: Mutation, isShared: boolean): void {
    for (const update of mutation.updates) {
      const store = this.tables.get(update.table.id);
      if (store === undefined) continue;
      const before = store.partitionCount;
      store.apply(update);
      if (isShared && store.partitionCount > before) continue;
      let keys = this.replayedAlone.get(store);
      if (keys === undefined) {
        keys = new Set();
        this.replayedAlone.set(store, keys);
      }
      keys.add(update.key.id);
    }
  }

  /**
   * Begins the log's timers: after the replay, before the first write. What was replayed may be in the page cache only;
   * once `done` is called it is durable, and may be shown to others.
   */
  start(done: () => void = () => undefined): void {
    this.replayedAlone.clear();
    this.log?.start();
    if (this.recovery === null) done();
    else this.recovery.sync(done);
  }

  /** Makes everything durable; for drain and an orderly stop. */
  stop(done: () => void): void {
    if (this.log === null) done();
    else this.log.drain(() => done());
  }

  /** Writes all data to checkpoint files and removes the log before them; one after another. */
  checkpoint(done: () => void = () => undefined): void {
    const { disk, clock } = this.options;
    if (disk === null || this.log === null) {
      done();
      return;
    }
    if (this.isCheckpointing) {
      // The one under way may have passed what was written just now.
      this.nextCheckpoint.push(done);
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
        const waiting = this.nextCheckpoint;
        this.nextCheckpoint = [];
        if (waiting.length > 0) this.checkpoint(() => waiting.forEach((heard) => heard()));
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

  private recordOf(mutation: Mutation): Buffer | Refusal {
    const record = sharedMutationRecord(mutation);
    const { max_mutation_size: max } = this.options.config;
    if (record.length <= max) return record;
    const message = `Encountered an oversized mutation (${record.length}/${max}) for keyspace: ${mutation.keyspace}`;
    return { ok: false, reason: 'UNKNOWN', message };
  }

  private append(record: Buffer, done: (error: string | null) => void): void {
    this.loggedBytes += record.length;
    this.log?.append(record, done);
    const isDue = this.loggedBytes > this.options.config.commitlog_total_space;
    if (isDue && !this.isCheckpointing) this.checkpoint();
  }

  private forget(tableId: string, atMs: number): void {
    this.truncations.set(tableId, atMs);
    this.tables.get(tableId)?.truncate();
  }

  private refusal(mutation: Mutation): Refusal | null {
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

function logFailure(error: string): Refusal {
  return { ok: false, reason: 'UNKNOWN', message: `Commit log failure: ${error}` };
}
