// Moves rows between nodes: bootstrap, decommission, rebuild and repair come here with ranges. The source sends
// portions at the throttle's speed, the destination applies and acknowledges each; a peer that dies ends the stream.
// Test: test/repair/streaming.test.ts. Cassandra: streaming/StreamSession, StreamTransferTask.

import type { PartitionData } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { normalizeRanges } from '../../ring/token-range.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type {
  RangeStreaming,
  StreamPlan,
  StreamProgress,
  StreamTask,
} from '../membership/range-streaming.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { SchemaView } from '../schema-view.ts';
import { partitionSize } from '../storage/data-size.ts';
import type { Telemetry } from '../telemetry.ts';
import type { StreamResponse } from './repair-messages.ts';
import { RangeScan } from './range-scan.ts';

const ROWS_PER_PORTION = 500;
const STREAM_TIMEOUT_MS = 24 * 3_600_000;
const WATCH_MS = 1_000;
/** stream_throughput_outbound: 24 MiB/s. */
const BYTES_PER_SECOND = 24 * 1024 * 1024;

export type StreamTotals = StreamResponse;

/** `totals` null when it failed; what arrived before stays, streams are idempotent. */
export type StreamDone = (totals: StreamTotals | null, error: string | null) => void;

export interface StreamSpec {
  readonly session: string;
  readonly keyspace: string;
  /** null: all tables of the keyspace. */
  readonly tables: readonly string[] | null;
  readonly ranges: readonly TokenRange[];
}

export interface StreamingParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly store: LocalStore;
  readonly telemetry: Telemetry;
}

export class Streaming implements RangeStreaming {
  private readonly parts: StreamingParts;
  private bytesPerSecond = BYTES_PER_SECOND;
  private nextStream = 1;
  private freeAtMs = 0;
  /** Who counts the rows of this node's plans, by session. */
  private readonly portions = new Map<string, (rows: number) => void>();
  private readonly watchers = new Map<Endpoint, Set<() => void>>();

  constructor(parts: StreamingParts) {
    this.parts = parts;
  }

  /** Bytes a second; 0: unlimited. */
  get throughput(): number {
    return this.bytesPerSecond;
  }

  /** Bytes a second, over all streams of this node together; 0: unlimited. */
  setThroughput(bytesPerSecond: number): void {
    this.bytesPerSecond = bytesPerSecond;
  }

  serve(): void {
    const { messaging } = this.parts;
    messaging.serve('STREAM_REQ', (message, from) => this.onRequest(message, from));
    messaging.serve('STREAM_ROWS_REQ', (message, from) => this.onRows(message, from));
  }

  /** Moves the data of a plan, task after task and peers side by side. */
  stream(
    plan: StreamPlan,
    progress: (progress: StreamProgress) => void,
    done: (error: string | null) => void,
  ): void {
    const { tasks, operation } = plan;
    const rangesTotal = tasks.reduce((sum, task) => sum + task.ranges.length, 0);
    let ranges = 0;
    let rows = 0;
    let left = tasks.length;
    let isOver = left === 0;
    if (isOver) done(null);
    for (const task of tasks) {
      const session = `${operation} ${this.parts.messaging.self} ${this.nextStream++}`;
      this.portions.set(session, (count) => {
        rows += count;
        if (!isOver) progress({ ranges, rangesTotal, rows });
      });
      this.runTask(task, session, (totals, error) => {
        this.portions.delete(session);
        if (isOver) return;
        if (totals === null) {
          isOver = true;
          done(error);
          return;
        }
        ranges += task.ranges.length;
        progress({ ranges, rangesTotal, rows });
        left--;
        isOver = left === 0;
        if (isOver) done(null);
      });
    }
  }

  /** Asks a peer for its rows and applies them here. */
  fetch(from: Endpoint, spec: StreamSpec, done: StreamDone): void {
    const { messaging } = this.parts;
    const { session: stream, keyspace, tables, ranges } = spec;
    const watch = this.watch(from, done);
    messaging.ask(
      from,
      'STREAM_REQ',
      { stream, keyspace, tables, ranges },
      (answer) => {
        if (answer === null) watch(null, `Stream failed: no answer from /${from}`);
        else watch((answer as Message<'STREAM_RSP'>).payload, null);
      },
      STREAM_TIMEOUT_MS,
    );
  }

  /**
   * Sends this node's rows to a peer. `isAsked`: the peer asked for them, so that it is there whatever gossip says: a node
   * that replaces another under its address hibernates.
   */
  send(to: Endpoint, spec: StreamSpec, done: StreamDone, isAsked = false): void {
    const keyspace = this.parts.schema.current.keyspaces.get(spec.keyspace);
    if (keyspace === undefined) {
      done(null, `Unknown keyspace ${spec.keyspace}`);
      return;
    }
    const tables = [...keyspace.tables.values()].filter(
      ({ name }) => spec.tables === null || spec.tables.includes(name),
    );
    const finish = this.watch(to, done, isAsked);
    const totals = { rows: 0, bytes: 0, partitions: 0 };
    const next = (): void => {
      const table = tables.shift();
      if (table === undefined) {
        finish(totals, null);
        return;
      }
      new TableStream(this, this.parts, { table, to, spec }, (sent, error) => {
        if (sent === null) {
          finish(null, error);
          return;
        }
        totals.rows += sent.rows;
        totals.bytes += sent.bytes;
        totals.partitions += sent.partitions;
        next();
      }).step();
    };
    next();
  }

  /** Milliseconds to wait before a portion of so many bytes may leave. */
  reserve(bytes: number): number {
    if (this.bytesPerSecond <= 0) return 0;
    const now = this.parts.clock.nowMs();
    const from = Math.max(now, this.freeAtMs);
    this.freeAtMs = from + (bytes / this.bytesPerSecond) * 1000;
    return from - now;
  }

  /** A portion of a session has been applied. */
  onPortion(session: string, partitions: readonly PartitionData[]): void {
    const counter = this.portions.get(session);
    if (counter === undefined) return;
    let rows = 0;
    for (const partition of partitions) rows += partition.rows.length;
    counter(rows);
  }

  private runTask(task: StreamTask, session: string, done: StreamDone): void {
    const { keyspace, ranges, peer, direction } = task;
    const spec = { session, keyspace, tables: null, ranges };
    if (direction === 'fetch') this.fetch(peer, spec, done);
    else this.send(peer, spec, done);
  }

  private onRequest(message: Message<'STREAM_REQ'>, from: Endpoint): void {
    const { messaging } = this.parts;
    const { stream, keyspace, tables, ranges } = message.payload;
    const answer: StreamDone = (totals) => {
      if (totals === null) messaging.fail(message, from, 'UNKNOWN');
      else messaging.respond(message, from, 'STREAM_RSP', totals);
    };
    this.send(from, { session: stream, keyspace, tables, ranges }, answer, true);
  }

  private onRows(message: Message<'STREAM_ROWS_REQ'>, from: Endpoint): void {
    const { messaging, store, clock } = this.parts;
    const { keyspace, partitions } = message.payload;
    const createdAtMs = clock.wallMs();
    for (const partition of partitions) {
      const mutation = { keyspace, key: partition.key, updates: [partition], createdAtMs };
      const failure = store.apply(mutation);
      if (failure !== null) {
        messaging.fail(message, from, failure);
        return;
      }
    }
    this.onPortion(message.payload.session, partitions);
    messaging.respond(message, from, 'STREAM_ROWS_RSP', null);
  }

  /** A peer died, or was started again: what was streamed with it is over. */
  onPeerDead(peer: Endpoint): void {
    for (const end of this.watchers.get(peer) ?? []) end();
  }

  /** `done`, once: also when the peer dies first. */
  private watch(peer: Endpoint, done: StreamDone, isThere = false): StreamDone {
    const { clock, cluster } = this.parts;
    let isOver = false;
    let wasAlive = !isThere || cluster.isAlive(peer);
    const finish: StreamDone = (totals, error) => {
      if (isOver) return;
      isOver = true;
      this.watchers.get(peer)?.delete(end);
      done(totals, error);
    };
    const end = (): void => finish(null, `Stream failed: /${peer} died`);
    const watchers = this.watchers.get(peer) ?? new Set();
    this.watchers.set(peer, watchers.add(end));
    const look = (): void => {
      if (isOver) return;
      const isAlive = cluster.isAlive(peer);
      if (wasAlive && !isAlive) {
        end();
        return;
      }
      wasAlive = isAlive;
      clock.after(WATCH_MS, look);
    };
    look();
    return finish;
  }
}

interface TableStreamSpec {
  readonly table: TableMetadata;
  readonly to: Endpoint;
  readonly spec: StreamSpec;
}

/** One table's rows on their way to one node. */
class TableStream {
  private readonly streaming: Streaming;
  private readonly parts: StreamingParts;
  private readonly what: TableStreamSpec;
  private readonly done: StreamDone;
  private readonly scan: RangeScan;
  private rows = 0;
  private bytes = 0;
  private partitions = 0;

  constructor(
    streaming: Streaming,
    parts: StreamingParts,
    what: TableStreamSpec,
    done: StreamDone,
  ) {
    this.streaming = streaming;
    this.parts = parts;
    this.what = what;
    this.done = done;
    const ranges = normalizeRanges(what.spec.ranges);
    const nowSeconds = Math.floor(parts.clock.wallMs() / 1000);
    this.scan = new RangeScan(parts.store, what.table, ranges, nowSeconds);
  }

  step(): void {
    const page = this.scan.nextPage(ROWS_PER_PORTION);
    if (page === null) {
      this.finish();
      return;
    }
    const bytes = page.reduce((sum, partition) => sum + partitionSize(partition), 0);
    const waitMs = this.streaming.reserve(bytes);
    if (waitMs > 0) this.parts.clock.after(waitMs, () => this.sendPage(page, bytes));
    else this.sendPage(page, bytes);
  }

  private sendPage(page: readonly PartitionData[], bytes: number): void {
    const { table, to, spec } = this.what;
    const { session, keyspace } = spec;
    const rows = { session, keyspace, table: table.name, partitions: page };
    this.parts.messaging.ask(to, 'STREAM_ROWS_REQ', rows, (answer, reason) => {
      if (answer === null) {
        this.done(null, `Stream failed: ${reason} from /${to}`);
        return;
      }
      this.bytes += bytes;
      this.partitions += page.length;
      for (const partition of page) this.rows += partition.rows.length;
      this.streaming.onPortion(session, page);
      this.step();
    });
  }

  private finish(): void {
    const { rows, bytes, partitions } = this;
    const { table, to, spec } = this.what;
    if (partitions > 0) {
      const { telemetry, messaging } = this.parts;
      const { session } = spec;
      const from = messaging.self;
      telemetry.emit({ kind: 'rows-streamed', session, from, to, table: table.name, rows, bytes });
    }
    this.done({ rows, bytes, partitions }, null);
  }
}
