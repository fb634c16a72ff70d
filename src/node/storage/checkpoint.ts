// Checkpoints: all of a node's data written to chunk files so that old commit log segments can go. Written in small
// steps between other events; writes go on meanwhile, and what they change is in the segments from the checkpoint's
// on. A manifest, written last, makes it valid. Test: test/storage/durability.test.ts. Cassandra: a memtable flush.

import type { Clock, Disk, DiskResult } from '../../world/ports.ts';
import type { DecoratedKey, PartitionData } from '../../data/partition.ts';
import { LargePartition } from './large-partition.ts';
import type { CommitLog } from './commit-log.ts';
import { segmentId, segmentName } from './commit-log.ts';
import { endRecord, fileHeader, mutationRecord, truncationRecord } from './log-format.ts';
import type { StoredPartition } from './partition-read.ts';
import type { TableStore } from './table-store.ts';
import { WHOLE_RING } from './table-store.ts';

/** Bytes a chunk file is closed at. */
const CHUNK_BYTES = 32 * 1024 * 1024;
/** Partitions and bytes written in one event. */
const STEP_PARTITIONS = 500;
const STEP_BYTES = 512 * 1024;
/** Rows of one partition in one record. */
const RECORD_ROWS = 5_000;

export interface CheckpointOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: CommitLog;
  readonly dataDirectory: string;
  readonly logDirectory: string;
  readonly stores: () => Iterable<TableStore>;
  /** When tables were last truncated, by id. */
  readonly truncations: ReadonlyMap<string, number>;
}

export function chunkName(checkpoint: number, chunk: number): string {
  return `checkpoint-${String(checkpoint).padStart(10, '0')}-${String(chunk).padStart(5, '0')}.db`;
}

export function manifestName(checkpoint: number): string {
  return `checkpoint-${String(checkpoint).padStart(10, '0')}.manifest`;
}

/** The checkpoint a manifest's name belongs to, or null. */
export function manifestId(name: string): number | null {
  const match = /^checkpoint-(\d{10,})\.manifest$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** Starts a checkpoint; `done` hears null or the first failure. One at a time. */
export function writeCheckpoint(
  options: CheckpointOptions,
  done: (failure: Extract<DiskResult, { ok: false }> | null) => void,
): void {
  options.log.rotate((segment) => new CheckpointWriter(options, segment, done).step());
}

class CheckpointWriter {
  private readonly options: CheckpointOptions;
  private readonly id: number;
  private readonly done: (failure: Extract<DiskResult, { ok: false }> | null) => void;
  private readonly stores: TableStore[];
  private store = 0;
  private after: DecoratedKey | null = null;
  private records: Buffer[] = [];
  private recordBytes = 0;
  private chunks = 0;

  constructor(
    options: CheckpointOptions,
    id: number,
    done: (failure: Extract<DiskResult, { ok: false }> | null) => void,
  ) {
    this.options = options;
    this.id = id;
    this.done = done;
    // What the node knows of itself stands in chunks of its own: damage to data leaves it readable.
    const stores = [...options.stores()];
    this.stores = [...stores.filter(isSystem), ...stores.filter((store) => !isSystem(store))];
    for (const [tableId, atMs] of options.truncations) this.add(truncationRecord(tableId, atMs));
  }

  /** Serializes some partitions, then lets other events run. */
  step(): void {
    const store = this.stores[this.store];
    if (store === undefined) {
      this.writeChunk(() => this.writeManifest());
      return;
    }
    const startBytes = this.recordBytes;
    let count = 0;
    let last: DecoratedKey | null = null;
    const range = { ...WHOLE_RING, startKey: this.after, startKeyInclusive: false };
    store.forEachStored(range, (stored) => {
      for (const part of partsOf(stored)) this.addPartition(part);
      last = stored.key;
      return ++count < STEP_PARTITIONS && this.recordBytes - startBytes < STEP_BYTES;
    });
    this.after = last;
    if (last === null) this.store++;
    const after = this.stores[this.store];
    const endsSystem = last === null && isSystem(store) && after !== undefined && !isSystem(after);
    const next = () => void this.options.clock.after(0, () => this.step());
    if (this.recordBytes >= CHUNK_BYTES || endsSystem) this.writeChunk(next);
    else next();
  }

  private addPartition(partition: PartitionData): void {
    const { table, key } = partition;
    const { keyspace } = table;
    this.add(mutationRecord({ keyspace, key, updates: [partition], createdAtMs: 0 }));
  }

  private add(record: Buffer): void {
    this.records.push(record);
    this.recordBytes += record.length;
  }

  private writeChunk(next: () => void): void {
    const { disk, dataDirectory } = this.options;
    const bytes = Buffer.concat([fileHeader(this.id), ...this.records, endRecord()]);
    const path = `${dataDirectory}/${chunkName(this.id, this.chunks++)}`;
    this.records = [];
    this.recordBytes = 0;
    disk.replace(path, bytes, (result) => {
      if (result.ok) next();
      else this.done(result);
    });
  }

  private writeManifest(): void {
    const { disk, dataDirectory } = this.options;
    const bytes = Buffer.from(
      JSON.stringify({ version: 1, checkpoint: this.id, chunks: this.chunks }),
    );
    disk.replace(`${dataDirectory}/${manifestName(this.id)}`, bytes, (result) => {
      if (result.ok) this.removeOld();
      this.done(result.ok ? null : result);
    });
  }

  /** Segments and checkpoints this one stands for; a file that stays costs space only. */
  private removeOld(): void {
    const { disk, dataDirectory, logDirectory } = this.options;
    for (const name of disk.listSync(logDirectory)) {
      const segment = segmentId(name);
      if (segment !== null && segment < this.id) {
        disk.remove(`${logDirectory}/${segmentName(segment)}`, () => undefined);
      }
    }
    const own = manifestName(this.id).slice(0, -'.manifest'.length);
    for (const name of disk.listSync(dataDirectory)) {
      if (name.startsWith('checkpoint-') && !name.startsWith(own)) {
        disk.remove(`${dataDirectory}/${name}`, () => undefined);
      }
    }
  }
}

function isSystem({ table }: TableStore): boolean {
  return table.keyspace === 'system' || table.keyspace === 'system_schema';
}

/** A large partition in several updates. */
function* partsOf(stored: StoredPartition): Generator<PartitionData> {
  if (!(stored instanceof LargePartition)) {
    yield stored;
    return;
  }
  const whole = stored.snapshot();
  yield { ...whole, rows: whole.rows.slice(0, RECORD_ROWS) };
  for (let at = RECORD_ROWS; at < whole.rows.length; at += RECORD_ROWS) {
    const rows = whole.rows.slice(at, at + RECORD_ROWS);
    yield { ...whole, staticRow: null, rangeTombstones: [], rows };
  }
}
