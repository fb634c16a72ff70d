// A node's commit log: appends records to segments and says when a write may be acknowledged. periodic: when it is in the
// page cache, unless the last sync is overdue by half; batch: when synced; group: when the window's sync is done. Appends
// gather while one is under way, so that a busy log writes few, large pieces. Test: test/storage/durability.test.ts.
// Cassandra: db/commitlog/{CommitLog, PeriodicCommitLogService, BatchCommitLogService, GroupCommitLogService}.

import type { Clock, Disk, DiskResult, Timer } from '../../world/ports.ts';
import type { NodeConfig } from '../node-config.ts';
import { fileHeader, HEADER_BYTES, markerRecord } from './log-format.ts';

/** Bytes waiting for the disk above which writes are refused. */
const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
/** A periodic log whose sync is this much later than its period holds writes back. */
const OVERDUE_FACTOR = 1.5;

export type CommitLogConfig = Pick<
  NodeConfig,
  | 'commitlog_sync'
  | 'commitlog_sync_period'
  | 'commitlog_sync_group_window'
  | 'commitlog_segment_size'
>;

export interface CommitLogOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly directory: string;
  readonly config: CommitLogConfig;
  /** The first segment this log writes; above every segment found at start. */
  readonly firstSegment: number;
  /** Called once for each failed operation. */
  readonly onFailure: (error: { readonly error: string; readonly path: string }) => void;
}

/** null: durable as the mode asks. Otherwise the system's word for why not. */
export type LogDone = (error: string | null) => void;

interface Waiter {
  /** Position that must be reached. */
  readonly position: number;
  readonly done: LogDone;
}

export function segmentName(id: number): string {
  return `commitlog-${String(id).padStart(10, '0')}.log`;
}

/** The id in a segment's file name, or null. */
export function segmentId(name: string): number | null {
  const match = /^commitlog-(\d{10,})\.log$/.exec(name);
  return match === null ? null : Number(match[1]);
}

export class CommitLog {
  private readonly options: CommitLogOptions;
  private segment: number;
  /** Bytes of the current segment handed to the disk. */
  private segmentBytes = 0;
  /** Of those, in the page cache for certain. */
  private segmentAppended = 0;
  /** Synced and not yet said so by a marker; 0: nothing new. */
  private segmentMarked = 0;
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  /** Positions count bytes over all segments: enqueued, in the page cache, durable. */
  private enqueued = 0;
  private appended = 0;
  private synced = 0;
  private appending = false;
  private syncing = false;
  private rotating: ((segment: number) => void)[] | null = null;
  /** Wait for a sync. */
  private waiters: Waiter[] = [];
  /** periodic: wait for the page cache, and for a sync that is overdue. */
  private writers: Waiter[] = [];
  private dirtySinceMs = 0;
  private timer: Timer | null = null;
  /** Somebody waits for a sync up to here outside the mode's rhythm. */
  private flushTo = 0;
  /** Stopped by stop_commit: takes nothing more. */
  isStopped = false;

  constructor(options: CommitLogOptions) {
    this.options = options;
    this.segment = options.firstSegment;
  }

  get currentSegment(): number {
    return this.segment;
  }

  get isOverloaded(): boolean {
    return this.queuedBytes > QUEUED_BYTES_MAX;
  }

  /** Begins the sync timer of periodic and group mode. */
  start(): void {
    const { config, clock } = this.options;
    if (config.commitlog_sync === 'batch' || this.timer !== null) return;
    const everyMs =
      config.commitlog_sync === 'periodic'
        ? config.commitlog_sync_period
        : config.commitlog_sync_group_window;
    const tick = () => {
      this.sync();
      this.timer = clock.after(everyMs, tick);
    };
    this.timer = clock.after(everyMs, tick);
  }

  /** Makes everything queued durable as soon as the disk can, whatever the mode. */
  flush(done: LogDone): void {
    if (this.enqueued === this.synced) {
      done(null);
      return;
    }
    this.flushTo = this.enqueued;
    this.waiters.push({ position: this.enqueued, done });
    this.pump();
    this.sync();
  }

  /** As `flush`, and no more timers; a marker says that all of it was durable, for whoever starts from it. */
  drain(done: LogDone): void {
    this.timer?.cancel();
    this.timer = null;
    this.flush((error) => {
      if (error === null) this.mark(done);
      else done(error);
    });
  }

  /**
   * Queues a record. `done` is called once, in the order of the records: when this one is as safe as the mode asks, or
   * cannot become it. Never before `append` returns.
   */
  append(record: Buffer, done: LogDone): void {
    if (this.enqueued === this.synced) this.dirtySinceMs = this.options.clock.nowMs();
    this.queue.push(record);
    this.queuedBytes += record.length;
    this.enqueued += record.length;
    const waiting = this.options.config.commitlog_sync === 'periodic' ? this.writers : this.waiters;
    waiting.push({ position: this.enqueued, done });
    this.pump();
  }

  /** Makes everything appended so far durable, in time; waiters hear of it. */
  sync(): void {
    if (this.syncing || this.rotating !== null || this.appended === this.synced) return;
    this.syncing = true;
    const target = this.appended;
    const durableBytes = this.segmentAppended;
    const path = this.pathOf(this.segment);
    this.options.disk.sync(path, (result) => {
      this.syncing = false;
      if (!result.ok) {
        this.fail(result);
        return;
      }
      this.segmentMarked = durableBytes;
      this.onSynced(target);
      if (this.syncsAtOnce()) this.sync();
      this.pump();
    });
  }

  /** Ends the current segment; `done` hears the new one's id once the old is durable. */
  rotate(done: (segment: number) => void): void {
    if (this.rotating !== null) {
      this.rotating.push(done);
      return;
    }
    if (this.appending || this.syncing) {
      this.rotating = [done];
      return;
    }
    this.rotating = [done];
    this.finishSegment();
  }

  pathOf(segment: number): string {
    return `${this.options.directory}/${segmentName(segment)}`;
  }

  private syncsAtOnce(): boolean {
    return this.options.config.commitlog_sync === 'batch' || this.flushTo > this.synced;
  }

  private isOverdue(): boolean {
    const { clock, config } = this.options;
    return clock.nowMs() - this.dirtySinceMs > config.commitlog_sync_period * OVERDUE_FACTOR;
  }

  private pump(): void {
    if (this.appending || (this.syncing && this.rotating !== null)) return;
    if (this.rotating !== null) {
      this.finishSegment();
      return;
    }
    if (this.queue.length === 0 || this.isStopped) return;
    if (this.segmentBytes > this.options.config.commitlog_segment_size) {
      this.rotating = [];
      if (!this.syncing) this.finishSegment();
      return;
    }
    const batch = this.queue;
    const batchBytes = this.queuedBytes;
    const position = this.appended + batchBytes;
    this.queue = [];
    this.queuedBytes = 0;
    if (this.segmentBytes === 0) batch.unshift(fileHeader(this.segment));
    else if (this.segmentMarked > 0) batch.unshift(markerRecord(this.segmentMarked));
    this.segmentMarked = 0;
    const bytes = batch.length === 1 ? (batch[0] as Buffer) : Buffer.concat(batch);
    this.appending = true;
    this.segmentBytes += bytes.length;
    this.options.disk.append(this.pathOf(this.segment), bytes, (result) => {
      this.appending = false;
      this.appended = position;
      this.segmentAppended += bytes.length;
      if (!result.ok) {
        this.fail(result);
        return;
      }
      if (!this.isOverdue()) this.release('writers', position);
      if (this.syncsAtOnce()) this.sync();
      this.pump();
    });
  }

  /** Appends the marker that otherwise comes with the next records. */
  private mark(done: LogDone): void {
    if (this.segmentMarked === 0 || this.appending || this.rotating !== null) {
      done(null);
      return;
    }
    const marker = markerRecord(this.segmentMarked);
    this.segmentMarked = 0;
    this.appending = true;
    this.segmentBytes += marker.length;
    this.options.disk.append(this.pathOf(this.segment), marker, (result) => {
      this.appending = false;
      this.segmentAppended += marker.length;
      if (!result.ok) this.fail(result);
      done(result.ok ? null : result.error);
      this.pump();
    });
  }

  /** Syncs the segment, marks it as whole and goes on with the next. */
  private finishSegment(): void {
    if (this.segmentBytes <= HEADER_BYTES) {
      this.beginSegment(false);
      return;
    }
    const path = this.pathOf(this.segment);
    const target = this.appended;
    this.syncing = true;
    this.options.disk.sync(path, (result) => {
      this.syncing = false;
      if (!result.ok) {
        this.fail(result);
        return;
      }
      this.options.disk.append(path, markerRecord(this.segmentBytes), () => undefined);
      this.onSynced(target);
      this.beginSegment(true);
    });
  }

  private beginSegment(isNew: boolean): void {
    if (isNew) this.newSegment();
    const waiting = this.rotating ?? [];
    this.rotating = null;
    for (const done of waiting) done(this.segment);
    this.pump();
  }

  private newSegment(): void {
    this.segment++;
    this.segmentBytes = 0;
    this.segmentAppended = 0;
    this.segmentMarked = 0;
  }

  private onSynced(position: number): void {
    this.synced = position;
    this.dirtySinceMs = this.options.clock.nowMs();
    this.release('waiters', position);
    this.release('writers', this.appended);
  }

  /** Tells those up to a position, in order. They may append. */
  private release(who: 'waiters' | 'writers', position: number): void {
    const waiting = this[who];
    let ready = 0;
    while (ready < waiting.length && (waiting[ready] as Waiter).position <= position) ready++;
    if (ready === 0) return;
    this[who] = waiting.slice(ready);
    for (let at = 0; at < ready; at++) (waiting[at] as Waiter).done(null);
  }

  /** Everybody who waits hears of the failure; later records try again, in a new segment. */
  private fail(result: Extract<DiskResult, { ok: false }>): void {
    const waiting = [...this.writers, ...this.waiters];
    this.writers = [];
    this.waiters = [];
    const rotations = this.rotating ?? [];
    this.rotating = null;
    this.newSegment();
    this.synced = this.appended;
    this.options.onFailure({ error: result.error, path: result.path });
    for (const { done } of waiting) done(result.error);
    for (const done of rotations) done(this.segment);
  }
}
