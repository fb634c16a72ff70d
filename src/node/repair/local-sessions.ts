// The incremental repair sessions this node takes part in, and what they have repaired: in memory and in system.repairs,
// so that a restart knows both. Test: test/repair/local-sessions.test.ts, test/traces/repair-incremental.trace.
// Cassandra: repair/consistent/LocalSessions, LocalSession, RepairedState.

import { required } from '../../base/assert.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { parseUuid, uuidText } from '../../data/uuid.ts';
import { endpointAddress, endpointPort } from '../../protocol/inet-address.ts';
import type { RangeSection } from '../../ring/range-sections.ts';
import { overlay } from '../../ring/range-sections.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { subtractRanges } from '../../ring/token-range.ts';
import { tokenBytes, tokenFromBytes } from '../../ring/token.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import { endpoint } from '../../world/ports.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { applyAcknowledged } from '../replica/local-store.ts';
import type { LiveRow } from '../schema/row-reader.ts';
import { liveRows } from '../schema/row-reader.ts';
import { inetValue, intValue, longValue, readInet, textValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { readTable } from '../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../schema/system-keyspaces.ts';

const REPAIRS: TableMetadata = required(SYSTEM_KEYSPACE.tables.get('repairs'), 'system.repairs');

/** In the order of their numbers in system.repairs. */
const STATES = [
  'PREPARING',
  'PREPARED',
  'REPAIRING',
  'FINALIZE_PROMISED',
  'FINALIZED',
  'FAILED',
] as const;

export type SessionState = (typeof STATES)[number];

export interface LocalSession {
  /** A time UUID as text. */
  readonly id: string;
  readonly state: SessionState;
  readonly coordinator: Endpoint;
  readonly participants: readonly Endpoint[];
  readonly tableIds: readonly string[];
  readonly ranges: readonly TokenRange[];
  /** What its data counts as repaired at; 0: a forced repair, which proves nothing. */
  readonly repairedAtMs: number;
  readonly startedAtSeconds: number;
  readonly updatedAtSeconds: number;
}

/** Ranges of a table, and when they were repaired, wall clock. */
export type RepairedSection = RangeSection<number>;

/** Sessions kept at most; the oldest that tells nothing any more is dropped. */
const SESSIONS_MAX = 1_000;
const CHECK_AFTER_SECONDS = 3_600;
const FAIL_AFTER_SECONDS = 24 * 3_600;
const DELETE_AFTER_SECONDS = 24 * 3_600;

export class LocalSessions {
  private readonly store: LocalStore;
  private readonly clock: Clock;
  private readonly sessions = new Map<string, LocalSession>();
  /** Repaired ranges by table, newest first, without those a newer session covers. */
  private readonly repaired = new Map<string, readonly RepairedSection[]>();
  private lastTimestamp = 0;

  constructor(store: LocalStore, clock: Clock) {
    this.store = store;
    this.clock = clock;
  }

  get(id: string): LocalSession | undefined {
    return this.sessions.get(id);
  }

  all(): readonly LocalSession[] {
    return [...this.sessions.values()];
  }

  /** Newest first. */
  repairedOf(tableId: string): readonly RepairedSection[] {
    return this.repaired.get(tableId) ?? [];
  }

  /** Reads what an earlier life left; what it had not promised to end has failed. Call once, before serving. */
  load(): void {
    for (const partition of readTable(this.store, REPAIRS, this.nowSeconds())) {
      const row = liveRows(partition)[0];
      const session = row === undefined ? null : sessionOf(uuidText(partition.key.bytes), row);
      if (session === null) continue;
      this.sessions.set(session.id, session);
      this.note(session);
    }
    for (const { id, state } of this.all()) {
      if (state !== 'FINALIZE_PROMISED' && !isCompleted(state)) this.move(id, 'FAILED');
    }
  }

  begin(session: Omit<LocalSession, 'state' | 'startedAtSeconds' | 'updatedAtSeconds'>): void {
    this.makeRoom();
    const now = this.nowSeconds();
    this.set({ ...session, state: 'PREPARING', startedAtSeconds: now, updatedAtSeconds: now });
  }

  /** Goes on to a later state; `done` when that is durable. False: the session is unknown or over. */
  move(id: string, state: SessionState, done: () => void = () => undefined): boolean {
    const session = this.sessions.get(id);
    if (session === undefined || isCompleted(session.state)) return false;
    if (STATES.indexOf(state) < STATES.indexOf(session.state)) return false;
    if (session.state === state) done();
    else this.set({ ...session, state, updatedAtSeconds: this.nowSeconds() }, done);
    return true;
  }

  /** Ends what waited for a day, forgets what ended a day ago; returns those whose state others should be asked for. */
  cleanUp(): readonly LocalSession[] {
    const toAsk: LocalSession[] = [];
    const now = this.nowSeconds();
    for (const session of this.all()) {
      const { id, state } = session;
      const idleSeconds = now - session.updatedAtSeconds;
      if (isCompleted(state)) {
        if (idleSeconds > DELETE_AFTER_SECONDS && !this.isTelling(session)) this.remove(id);
      } else if (idleSeconds > FAIL_AFTER_SECONDS) this.move(id, 'FAILED');
      else if (idleSeconds > CHECK_AFTER_SECONDS) toAsk.push(session);
    }
    return toAsk;
  }

  /** Some range of it has been repaired by no later session. */
  private isTelling({ state, tableIds, ranges, repairedAtMs }: LocalSession): boolean {
    if (state !== 'FINALIZED' || repairedAtMs === 0) return false;
    return tableIds.some((tableId) => {
      const newer = this.repairedOf(tableId).filter((one) => one.value > repairedAtMs);
      const covered = newer.flatMap((one) => [...one.ranges]);
      return subtractRanges(ranges, covered).length > 0;
    });
  }

  private makeRoom(): void {
    if (this.sessions.size < SESSIONS_MAX) return;
    const all = this.all();
    const victim = all.find((one) => isCompleted(one.state) && !this.isTelling(one)) ?? all[0];
    if (victim !== undefined) this.remove(victim.id);
  }

  private set(session: LocalSession, done: () => void = () => undefined): void {
    this.sessions.set(session.id, session);
    this.note(session);
    applyAcknowledged(this.store, rowOf(session, this.writer(session.id)).build(), done);
  }

  private remove(id: string): void {
    this.sessions.delete(id);
    const writer = this.writer(id);
    writer.deletePartition(REPAIRS);
    this.store.apply(writer.build());
  }

  private note({ state, tableIds, ranges, repairedAtMs }: LocalSession): void {
    if (state !== 'FINALIZED' || repairedAtMs === 0) return;
    for (const tableId of tableIds) {
      const added = { ranges, value: repairedAtMs };
      this.repaired.set(
        tableId,
        overlay(this.repairedOf(tableId), added, (a, b) => a - b),
      );
    }
  }

  private writer(id: string): RowWriter {
    this.lastTimestamp = Math.max(this.clock.wallMicros(), this.lastTimestamp + 1);
    const key = required(parseUuid(id), 'a session id');
    const nowMs = this.clock.wallMs();
    return new RowWriter({ keyspace: 'system', key, timestamp: this.lastTimestamp, nowMs });
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.wallMs() / 1000);
  }
}

export function isCompleted(state: SessionState): boolean {
  return state === 'FINALIZED' || state === 'FAILED';
}

function rowOf(session: LocalSession, writer: RowWriter): RowWriter {
  const set = (values: readonly Buffer[]): { path: Buffer; value: Buffer }[] =>
    values.map((path) => ({ path, value: Buffer.alloc(0) }));
  const { coordinator, participants, tableIds, ranges } = session;
  writer
    .row(REPAIRS)
    .set('coordinator', inetValue(endpointAddress(coordinator)))
    .set('coordinator_port', intValue(endpointPort(coordinator)))
    .set('started_at', longValue(session.startedAtSeconds * 1000))
    .set('last_update', longValue(session.updatedAtSeconds * 1000))
    .set('repaired_at', longValue(session.repairedAtMs))
    .set('state', intValue(STATES.indexOf(session.state)))
    .set('cfids', set(tableIds.map((id) => required(parseUuid(id), 'a table id'))))
    .set('participants', set([...new Set(participants.map(endpointAddress))].map(inetValue)))
    .set('participants_wp', set(participants.map(textValue)))
    .set('ranges', set(ranges.map(rangeBytes)));
  return writer;
}

/** null: not a whole session. */
function sessionOf(id: string, row: LiveRow): LocalSession | null {
  const number = (name: string): number => Number(row.value(name)?.readBigInt64BE(0) ?? 0n);
  const state = STATES[row.value('state')?.readInt32BE(0) ?? -1];
  const address = row.value('coordinator');
  const port = row.value('coordinator_port')?.readInt32BE(0);
  if (state === undefined || address === null || port === undefined) return null;
  const paths = (name: string): readonly Buffer[] =>
    row.elements(name).flatMap(({ path }) => (path === null ? [] : [path]));
  return {
    id,
    state,
    coordinator: endpoint(readInet(address), port),
    participants: paths('participants_wp').map((text) => text.toString() as Endpoint),
    tableIds: paths('cfids').map(uuidText),
    ranges: paths('ranges').map(rangeFrom),
    repairedAtMs: number('repaired_at'),
    startedAtSeconds: number('started_at') / 1000,
    updatedAtSeconds: number('last_update') / 1000,
  };
}

/** Both tokens, each behind its length: dht/Token.TokenSerializer. */
function rangeBytes({ left, right }: TokenRange): Buffer {
  return Buffer.concat([intValue(8), tokenBytes(left), intValue(8), tokenBytes(right)]);
}

function rangeFrom(bytes: Buffer): TokenRange {
  return { left: tokenFromBytes(bytes, 4), right: tokenFromBytes(bytes, 16) };
}
