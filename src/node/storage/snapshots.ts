// Snapshots: a table's content of one moment under a tag. Kept by reference in memory and, with a disk, as a file per
// table under snapshots/<tag>/ beside a manifest.json, so that a copy of the folder can be brought back on any node.
// Test: test/durability-cluster/snapshots.test.ts. Cassandra: service/snapshot/SnapshotManager, db/SSTableImporter.

import type { PartitionData } from '../../data/partition.ts';
import { readMutation } from '../../data/mutation-serializer.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock, Disk, DiskResult } from '../../world/ports.ts';
import { partitionSize } from './data-size.ts';
import { endRecord, fileHeader, mutationRecord, readLog } from './log-format.ts';
import type { TableStore } from './table-store.ts';
import { WHOLE_RING } from './table-store.ts';

/** Snapshots kept in memory without a disk; the oldest goes first. */
const SNAPSHOTS_MAX = 64;
const FOLDER = 'snapshots';
const MANIFEST = 'manifest.json';
const STEP_PARTITIONS = 500;

/** What is known of a snapshot without its content. */
export interface SnapshotEntry {
  readonly tag: string;
  readonly keyspace: string;
  readonly tableName: string;
  readonly tableId: string;
  readonly createdAtMs: number;
  readonly dataBytes: number;
}

export interface TableSnapshot extends SnapshotEntry {
  /** By reference; empty for one that an earlier process took. */
  readonly partitions: readonly PartitionData[];
}

export type DiskFailure = Extract<DiskResult, { ok: false }>;

export class Snapshots {
  private readonly disk: Disk | null;
  private readonly clock: Clock;
  private readonly onFailure: (failure: DiskFailure) => void;
  private taken: TableSnapshot[];

  constructor(parts: {
    readonly disk: Disk | null;
    readonly clock: Clock;
    readonly onFailure: (failure: DiskFailure) => void;
  }) {
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.onFailure = parts.onFailure;
    this.taken = parts.disk === null ? [] : earlierSnapshots(parts.disk);
  }

  get all(): readonly TableSnapshot[] {
    return this.taken;
  }

  /** Keeps the table's content of now. `done` when it is on disk, at once without one; a failure is told to the node. */
  take(tag: string, store: TableStore, done: () => void = () => undefined): void {
    const partitions: PartitionData[] = [];
    store.forEachPartition(WHOLE_RING, (partition) => void partitions.push(partition));
    let dataBytes = 0;
    for (const partition of partitions) dataBytes += partitionSize(partition);
    const { keyspace, name, id } = store.table;
    const createdAtMs = this.clock.wallMs();
    const snapshot = {
      tag,
      keyspace,
      tableName: name,
      tableId: id,
      createdAtMs,
      dataBytes,
      partitions,
    };
    this.taken = this.taken.filter((one) => one.tag !== tag || one.tableId !== id);
    this.taken.push(snapshot);
    if (this.disk !== null) this.write(this.disk, snapshot, done);
    else {
      if (this.taken.length > SNAPSHOTS_MAX) this.taken.shift();
      done();
    }
  }

  /** Both null: all of them. */
  clear(tag: string | null, keyspace: string | null): void {
    const isCleared = (one: TableSnapshot): boolean =>
      (tag === null || one.tag === tag) && (keyspace === null || one.keyspace === keyspace);
    const cleared = this.taken.filter(isCleared);
    this.taken = this.taken.filter((one) => !isCleared(one));
    const { disk } = this;
    if (disk === null) return;
    for (const one of cleared) disk.remove(pathOf(one), this.heard);
    for (const one of new Set(cleared.map((snapshot) => snapshot.tag)))
      this.writeManifest(disk, one, () => undefined);
  }

  /**
   * Gives the partitions of a table's snapshot to `visit`, as partitions of `table`. The text of why not: no such
   * snapshot, or a file that cannot be read.
   */
  read(
    tag: string,
    table: TableMetadata,
    visit: (partition: PartitionData) => void,
  ): string | null {
    const known = this.taken.find(
      (one) => one.tag === tag && one.keyspace === table.keyspace && one.tableName === table.name,
    );
    if (this.disk === null) {
      for (const partition of known?.partitions ?? []) visit({ ...partition, table });
      return known === undefined
        ? `There is no snapshot ${tag} of ${table.keyspace}.${table.name} on this node.`
        : null;
    }
    // A folder that was copied here has files and perhaps no entry.
    const prefix = `${table.keyspace}-${table.name}-`;
    const names = this.disk
      .listSync(`${FOLDER}/${tag}`)
      .filter((name) => name.startsWith(prefix) && name.endsWith('.db'));
    if (names.length === 0)
      return `There is no snapshot ${tag} of ${table.keyspace}.${table.name} on this node.`;
    for (const name of names) {
      const error = readFile(this.disk, `${FOLDER}/${tag}/${name}`, table, visit);
      if (error !== null) return error;
    }
    return null;
  }

  private readonly heard = (result: DiskResult): void => {
    if (!result.ok) this.onFailure(result);
  };

  /** Serializes in portions between other events: the partitions are immutable. */
  private write(disk: Disk, snapshot: TableSnapshot, done: () => void): void {
    const { partitions, keyspace } = snapshot;
    const records = [fileHeader(0)];
    let at = 0;
    const portion = (): void => {
      for (const end = Math.min(partitions.length, at + STEP_PARTITIONS); at < end; at++) {
        const partition = partitions[at] as PartitionData;
        records.push(
          mutationRecord({ keyspace, key: partition.key, updates: [partition], createdAtMs: 0 }),
        );
      }
      if (at < partitions.length) {
        this.clock.after(0, portion);
        return;
      }
      records.push(endRecord());
      disk.replace(pathOf(snapshot), Buffer.concat(records), (result) => {
        this.heard(result);
        if (result.ok) this.writeManifest(disk, snapshot.tag, done);
        else done();
      });
    };
    portion();
  }

  private writeManifest(disk: Disk, tag: string, done: () => void): void {
    const path = `${FOLDER}/${tag}/${MANIFEST}`;
    const snapshots = this.taken.filter((one) => one.tag === tag).map(entryOf);
    const heard = (result: DiskResult): void => {
      this.heard(result);
      done();
    };
    if (snapshots.length === 0) disk.remove(path, heard);
    else disk.replace(path, Buffer.from(JSON.stringify({ version: 1, snapshots }, null, 1)), heard);
  }
}

function entryOf(snapshot: TableSnapshot): SnapshotEntry {
  const { tag, keyspace, tableName, tableId, createdAtMs, dataBytes } = snapshot;
  return { tag, keyspace, tableName, tableId, createdAtMs, dataBytes };
}

function pathOf({ tag, keyspace, tableName, tableId }: SnapshotEntry): string {
  return `${FOLDER}/${tag}/${keyspace}-${tableName}-${tableId.replaceAll('-', '')}.db`;
}

function readFile(
  disk: Disk,
  path: string,
  table: TableMetadata,
  visit: (partition: PartitionData) => void,
): string | null {
  const file = disk.readSync(path);
  if (!file.ok) return `Cannot read ${path}: ${file.error}`;
  let isWhole = false;
  const end = readLog(file.value, (record) => {
    isWhole = record.kind === 'end';
    // The table may have been made anew since: whatever id the file names, its rows are this table's.
    if (record.kind === 'mutation')
      for (const update of readMutation(record.reader, () => table)?.updates ?? []) visit(update);
  });
  if (end.kind === 'clean' && isWhole) return null;
  return `Checksum failure at ${end.kind === 'clean' ? file.value.length : end.at} in ${path}`;
}

function earlierSnapshots(disk: Disk): TableSnapshot[] {
  return disk.listSync(FOLDER).flatMap((tag) => {
    const file = disk.readSync(`${FOLDER}/${tag}/${MANIFEST}`);
    return file.ok ? entriesOf(file.value).map((entry) => ({ ...entry, tag, partitions: [] })) : [];
  });
}

function entriesOf(bytes: Buffer): readonly SnapshotEntry[] {
  try {
    const manifest = JSON.parse(bytes.toString('utf8')) as {
      readonly snapshots?: readonly SnapshotEntry[];
    } | null;
    return Array.isArray(manifest?.snapshots)
      ? manifest.snapshots.filter((one) => typeof one.tableName === 'string')
      : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
