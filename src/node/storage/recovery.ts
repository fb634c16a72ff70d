// Reads back what a node kept: the last valid checkpoint, then the commit log segments from it on. A torn tail ends its
// segment; damage before a sync marker is an error with a name, unless the node is told to go on.
// Test: test/storage/durability.test.ts. Cassandra: db/commitlog/CommitLogReplayer.

import type { Disk } from '../../world/ports.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { peekKeyspace } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';
import { ByteReader } from '../../data/byte-writer.ts';
import { chunkName, manifestId, manifestName } from './checkpoint.ts';
import { segmentId, segmentName } from './commit-log.ts';
import type { DecodedRecords } from './decoded-records.ts';
import type { LogEnd, LogRecord, MutationRecord } from './log-format.ts';
import { endsMarked, markerRecord, readAgain, readLog } from './log-format.ts';

/** Why a node cannot start from its files. */
export interface RecoveryError {
  readonly kind: 'corrupt-segment' | 'corrupt-checkpoint' | 'unreadable-file';
  readonly path: string;
  /** Bytes into the file. */
  readonly at: number;
  readonly message: string;
}

export interface RecoveryPass {
  /** Mutations of other keyspaces are skipped undecoded: system tables first, then the schema's. */
  readonly wantsKeyspace: (keyspace: string) => boolean;
  readonly tableById: TableResolver;
  /** What other nodes read in the same start, and this one. */
  readonly decoded: DecodedRecords;
  /** `isShared`: another node holds the same object. */
  readonly apply: (mutation: Mutation, isShared: boolean) => void;
  readonly truncate: (tableId: string, atMs: number) => void;
}

export interface RecoveryResult {
  readonly mutations: number;
  /** Of tables that no longer exist. */
  readonly skipped: number;
  /** Segments that ended torn, with what was lost of each, in bytes. */
  readonly torn: readonly { readonly path: string; readonly bytes: number }[];
  /** Damage that a lenient replay went past. */
  readonly passed: readonly RecoveryError[];
  readonly error: RecoveryError | null;
}

/** What may be damaged without being an error. */
export interface Leniency {
  readonly log: boolean;
  readonly data: boolean;
}

/** Of a node's files so many bytes stay in memory between the replay of the system keyspaces and that of the rest. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;

/** A file as the first replay found it: checked, with the places of the records that it had no use for. */
interface ReadFile {
  readonly bytes: Buffer;
  readonly end: LogEnd;
  /** The last record closes a checkpoint chunk. */
  readonly isWhole: boolean;
  readonly places: readonly number[];
}

export class Recovery {
  private readonly disk: Disk;
  private readonly logDirectory: string;
  private readonly dataDirectory: string;
  private readonly checkpoint: { readonly id: number; readonly chunks: number } | null;
  private readonly segments: readonly number[];
  /** Size of the segments read by the last replay. */
  segmentBytes = 0;
  /** By path; given up when it is read again, or when the node starts. */
  private readonly kept = new Map<string, ReadFile>();
  private isFirstReplay = true;
  private keptBytes = 0;
  /** Segments whose readable part no marker of theirs covers yet, with its length. */
  private readonly unmarked = new Map<number, number>();

  constructor(disk: Disk, directories: { readonly log: string; readonly data: string }) {
    this.disk = disk;
    this.logDirectory = directories.log;
    this.dataDirectory = directories.data;
    this.checkpoint = this.findCheckpoint();
    const from = this.checkpoint?.id ?? 0;
    this.segments = disk
      .listSync(directories.log)
      .map(segmentId)
      .filter((id): id is number => id !== null && id >= from)
      .sort((a, b) => a - b);
  }

  /** Nothing was kept: a first start. */
  get isEmpty(): boolean {
    return this.checkpoint === null && this.segments.length === 0;
  }

  /** Above every segment there is. */
  get nextSegment(): number {
    return Math.max(0, this.checkpoint?.id ?? 0, ...this.segments) + 1;
  }

  /**
   * Reads everything; may be run again for other keyspaces, the second time mostly from memory. Lenient: damage ends its
   * file, not the start.
   */
  replay(pass: RecoveryPass, lenient: Leniency): RecoveryResult {
    const state = {
      mutations: 0,
      skipped: 0,
      torn: [] as { path: string; bytes: number }[],
      passed: [] as RecoveryError[],
    };
    const visit: Visit = (record) => {
      if (record.kind === 'mutation') return replayMutation(record, pass, state);
      if (record.kind === 'truncation') pass.truncate(record.tableId, record.atMs);
      return record.kind === 'end';
    };
    for (const error of this.readCheckpoint(visit)) {
      if (!lenient.data) return { ...state, error };
      state.passed.push(error);
    }
    for (const error of this.readSegments(visit, state.torn)) {
      if (!lenient.log) return { ...state, error };
      state.passed.push(error);
    }
    this.isFirstReplay = false;
    return { ...state, error: null };
  }

  /**
   * Makes the segments found durable, and marks them as that: what is unreadable in them later is damage. `done` hears
   * when all are (or cannot become it).
   */
  sync(done: () => void): void {
    this.kept.clear();
    let waiting = this.segments.length;
    if (waiting === 0) {
      done();
      return;
    }
    for (const id of this.segments) {
      const path = `${this.logDirectory}/${segmentName(id)}`;
      this.disk.sync(path, (result) => {
        const length = this.unmarked.get(id);
        if (result.ok && length !== undefined)
          this.disk.append(path, markerRecord(length), () => undefined);
        if (--waiting === 0) done();
      });
    }
  }

  private *readSegments(
    visit: Visit,
    torn: { path: string; bytes: number }[],
  ): Generator<RecoveryError> {
    this.segmentBytes = 0;
    for (const id of this.segments) {
      const path = `${this.logDirectory}/${segmentName(id)}`;
      const file = this.readFile(path, visit);
      if (typeof file === 'string') {
        yield unreadable(path, file);
        continue;
      }
      const { bytes, end } = file;
      this.segmentBytes += bytes.length;
      if (end.kind === 'torn') torn.push({ path, bytes: bytes.length - end.at });
      if (end.kind !== 'corrupt' && !endsMarked(bytes))
        this.unmarked.set(id, end.kind === 'torn' ? end.at : bytes.length);
      if (end.kind === 'corrupt')
        yield { kind: 'corrupt-segment', path, at: end.at, message: corruptText(path, end) };
    }
  }

  private *readCheckpoint(visit: Visit): Generator<RecoveryError> {
    if (this.checkpoint === null) return;
    const { id, chunks } = this.checkpoint;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const path = `${this.dataDirectory}/${chunkName(id, chunk)}`;
      const file = this.readFile(path, visit);
      if (typeof file === 'string') {
        yield unreadable(path, file);
        continue;
      }
      const { bytes, end, isWhole } = file;
      if (end.kind === 'clean' && isWhole) continue;
      const at = end.kind === 'clean' ? bytes.length : end.at;
      yield {
        kind: 'corrupt-checkpoint',
        path,
        at,
        message: `Checksum failure at ${at} in ${path}`,
      };
    }
  }

  /** From memory where the first replay kept it, else from the disk, every record's checksum verified. A text: why not. */
  private readFile(path: string, visit: Visit): ReadFile | string {
    const kept = this.kept.get(path);
    if (kept !== undefined) {
      this.kept.delete(path);
      this.keptBytes -= kept.bytes.length;
      const damage = readAgain(kept.bytes, kept.places, visit);
      return damage === null ? kept : { ...kept, end: damage };
    }
    const file = this.disk.readSync(path);
    if (!file.ok) return file.error;
    const bytes = file.value;
    const keeps = this.isFirstReplay && this.keptBytes + bytes.length <= KEPT_BYTES_MAX;
    const places: number[] = [];
    let isWhole = false;
    const end = readLog(bytes, (record, at) => {
      isWhole = record.kind === 'end';
      const isSettled = visit(record);
      if (keeps && !isSettled) places.push(at);
    });
    const read = { bytes, end, isWhole, places };
    if (keeps) {
      this.kept.set(path, read);
      this.keptBytes += bytes.length;
    }
    return read;
  }

  /** The newest manifest that can be read; older ones only remain when its removal was cut short. */
  private findCheckpoint(): { readonly id: number; readonly chunks: number } | null {
    const ids = this.disk
      .listSync(this.dataDirectory)
      .map(manifestId)
      .filter((id): id is number => id !== null)
      .sort((a, b) => b - a);
    for (const id of ids) {
      const file = this.disk.readSync(`${this.dataDirectory}/${manifestName(id)}`);
      const chunks = file.ok ? chunksOf(file.value) : null;
      if (chunks !== null) return { id, chunks };
    }
    return null;
  }
}

/** Of a record; false: another replay may want it. */
type Visit = (record: LogRecord) => boolean;

function replayMutation(
  record: MutationRecord,
  pass: RecoveryPass,
  counts: { mutations: number; skipped: number },
): boolean {
  const { reader } = record;
  const start = new ByteReader(reader.buffer, reader.at, reader.end);
  if (!pass.wantsKeyspace(peekKeyspace(start))) return false;
  const { decoded, tableById } = pass;
  const shared = decoded.find(record, tableById);
  const mutation = shared ?? decoded.decode(record, tableById);
  if (mutation === null) counts.skipped++;
  else {
    counts.mutations++;
    pass.apply(mutation, shared !== null);
  }
  return true;
}

function corruptText(path: string, end: Extract<LogEnd, { kind: 'corrupt' }>): string {
  return (
    `Commit log ${path} is damaged before its last sync: ${end.message}. ` +
    'Restore the file, or start with ignore_replay_errors to go on without the rest of it.'
  );
}

function unreadable(path: string, error: string): RecoveryError {
  return { kind: 'unreadable-file', path, at: 0, message: `Cannot read ${path}: ${error}` };
}

function chunksOf(bytes: Buffer): number | null {
  try {
    const manifest: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('chunks' in manifest)) return null;
    return typeof manifest.chunks === 'number' ? manifest.chunks : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
