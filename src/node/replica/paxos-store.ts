// What this node has promised, accepted and committed, by partition: in memory, and in system.paxos so that a promise
// outlives a restart. Test: test/coordinator/durable-state.test.ts. Cassandra: service/paxos/PaxosState, SystemKeyspace.

import { required } from '../../base/assert.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { deserializeMutation, serializeMutation } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import { rangeContains } from '../../ring/token-range.ts';
import type { Clock } from '../../world/ports.ts';
import type { Ballot, PaxosKey, PrepareResponse, Proposal } from '../coordinator/paxos-messages.ts';
import { ballotOf, compareBallots, NO_BALLOT } from '../coordinator/paxos-messages.ts';
import type { PaxosStatePurging } from '../node-config.ts';
import type { LiveRow } from '../schema/row-reader.ts';
import { liveRows } from '../schema/row-reader.ts';
import { intValue, uuidValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { readPartition, readTable } from '../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../schema/system-keyspaces.ts';
import type { LocalStore } from './local-store.ts';
import { PaxosRepairHistory } from './paxos-repair-history.ts';

const PAXOS: TableMetadata = required(SYSTEM_KEYSPACE.tables.get('paxos'), 'system.paxos');
const SERIALIZATION_VERSION = 12;
/** Partitions whose state is kept in memory besides the table. */
const CACHED_MAX = 10_000;
const TTL_SECONDS_MIN = 3 * 3600;

/** A replica's registers for one partition, as of one moment. */
export interface PaxosSnapshot {
  /** The newest ballot promised, to read or to write. */
  readonly promised: Ballot;
  /** The newest ballot promised to write; at most `promised`. */
  readonly promisedWrite: Ballot;
  /** Null when it is known to be committed. */
  readonly accepted: Proposal | null;
  readonly committed: Proposal | null;
}

/** How a request for a promise ends. */
export type MaybePromise =
  | { readonly kind: 'promise'; readonly before: PaxosSnapshot; readonly after: PaxosSnapshot }
  /** No promise, but no write the reader could miss is under way either: it may read. */
  | { readonly kind: 'permit-read'; readonly before: PaxosSnapshot; readonly latest: Ballot }
  | { readonly kind: 'reject'; readonly before: PaxosSnapshot; readonly latest: Ballot };

interface PaxosState {
  snapshot: PaxosSnapshot;
  savedAtMs: number;
}

const EMPTY: PaxosSnapshot = Object.freeze({
  promised: NO_BALLOT,
  promisedWrite: NO_BALLOT,
  accepted: null,
  committed: null,
});

/** When a replica may forget. */
export interface PaxosPurging {
  /** paxos_state_purging. */
  readonly policy: PaxosStatePurging;
  /** paxos_purge_grace_period, milliseconds. */
  readonly graceMs: number;
}

/** A partition whose last promise or proposal of a write nobody is known to have finished. */
export interface UncommittedKey {
  readonly at: PaxosKey;
  readonly ballot: Ballot;
}

export class PaxosStore {
  readonly history: PaxosRepairHistory;
  private readonly store: LocalStore;
  private readonly purging: PaxosPurging;
  /** No older ballot is promised or accepted any more: set while a repair looks for what is unfinished. */
  private lowBound = NO_BALLOT;
  /** The newest ballot witnessed. */
  private highBound = NO_BALLOT;
  private readonly clock: Clock;
  private readonly tableById: TableResolver;
  private readonly states = new Map<string, PaxosState>();
  private lastTimestamp = 0;

  constructor(
    store: LocalStore,
    clock: Clock,
    tableById: TableResolver,
    purging: PaxosPurging = { policy: 'legacy', graceMs: 60_000 },
  ) {
    this.store = store;
    this.purging = purging;
    this.history = new PaxosRepairHistory(store, clock, tableById);
    this.clock = clock;
    this.tableById = tableById;
  }

  /** v1: promises not to accept older ballots, if this is the newest yet. `done` when that is durable. */
  prepare(at: PaxosKey, ballot: Ballot, done: (response: PrepareResponse) => void): void {
    const state = this.state(at);
    const { accepted, committed } = state.snapshot;
    const latest = this.latestOrBound(at, state.snapshot);
    if (compareBallots(ballot, latest) <= 0) {
      done({ promised: false, promisedBallot: latest, accepted, committed });
      return;
    }
    state.snapshot = { promised: ballot, promisedWrite: ballot, accepted, committed };
    const response = { promised: true, promisedBallot: ballot, accepted, committed };
    this.save(at, state, () => done(response));
  }

  /**
   * v2: reads are promised apart from writes, because reads need no order among themselves. `done` when what is
   * promised is durable.
   */
  promise(
    at: PaxosKey,
    ballot: Ballot,
    isWrite: boolean,
    done: (result: MaybePromise) => void,
  ): void {
    const state = this.state(at);
    const before = state.snapshot;
    const latestWrite = newerBallot(latestWritten(before), this.boundOf(at));
    const latest =
      before.promised === before.promisedWrite
        ? latestWrite
        : newerBallot(before.promised, latestWrite);
    if (compareBallots(ballot, latest) > 0) {
      const promisedWrite = isWrite ? ballot : before.promisedWrite;
      const after = { ...before, promised: ballot, promisedWrite };
      state.snapshot = after;
      this.save(at, state, () => done({ kind: 'promise', before, after }));
    } else if (compareBallots(ballot, latestWrite) > 0)
      done({ kind: 'permit-read', before, latest });
    else done({ kind: 'reject', before, latest });
  }

  /** v1: `accept` for a coordinator that asks only whether. */
  propose(at: PaxosKey, proposal: Proposal, done: (accepted: boolean) => void): void {
    this.accept(at, proposal, (supersededBy) => done(supersededBy === null));
  }

  /** Accepts, unless something newer was promised, accepted or committed: that ballot. `done` when it is durable. */
  accept(at: PaxosKey, proposal: Proposal, done: (supersededBy: Ballot | null) => void): void {
    const state = this.state(at);
    const { snapshot } = state;
    const latest = this.latestOrBound(at, snapshot);
    if (compareBallots(proposal.ballot, latest) < 0) {
      done(latest);
      return;
    }
    const { committed } = snapshot;
    if (committed !== null && compareBallots(proposal.ballot, committed.ballot) === 0) {
      done(null);
      return;
    }
    state.snapshot = { ...snapshot, accepted: proposal };
    this.save(at, state, () => done(null));
  }

  /** Learns a decided value. The caller applies its mutation. */
  commit(at: PaxosKey, proposal: Proposal, done: () => void): void {
    const state = this.state(at);
    const { committed, accepted } = state.snapshot;
    if (committed !== null && compareBallots(proposal.ballot, committed.ballot) <= 0) {
      done();
      return;
    }
    const isDecided = accepted !== null && compareBallots(accepted.ballot, proposal.ballot) <= 0;
    const left = isDecided ? null : accepted;
    state.snapshot = { ...state.snapshot, accepted: left, committed: proposal };
    this.save(at, state, done);
  }

  /** The registers as they are now. */
  current(at: PaxosKey): PaxosSnapshot {
    return this.state(at).snapshot;
  }

  /** The newest ballot this replica has witnessed, of any partition. */
  get newest(): Ballot {
    return this.highBound;
  }

  /** From now on nothing older is promised or accepted. */
  refuseBelow(ballot: Ballot): void {
    this.lowBound = newerBallot(this.lowBound, ballot);
  }

  /** What a Paxos repair of these ranges has to finish. */
  uncommitted(table: TableMetadata, ranges: readonly TokenRange[]): readonly UncommittedKey[] {
    const tableId = uuidValue(table.id);
    const now = Math.floor(this.clock.wallMs() / 1000);
    return readTable(this.store, PAXOS, now).flatMap((partition) => {
      const { key } = partition;
      if (!ranges.some((range) => rangeContains(range, key))) return [];
      if (!liveRows(partition).some((row) => row.clustering(0).equals(tableId))) return [];
      const at = { keyspace: table.keyspace, tableId: table.id, key };
      const { snapshot } = this.state(at);
      const ballot = newerBallot(latestWritten(snapshot), NO_BALLOT);
      return isFinished(snapshot) ? [] : [{ at, ballot }];
    });
  }

  private latestOrBound(at: PaxosKey, snapshot: PaxosSnapshot): Ballot {
    return newerBallot(latestWitnessed(snapshot), this.boundOf(at));
  }

  private boundOf(at: PaxosKey): Ballot {
    return newerBallot(this.repairedBound(at), this.lowBound);
  }

  private repairedBound({ tableId, key }: PaxosKey): Ballot {
    return this.history.lowBound(tableId, key);
  }

  private state(at: PaxosKey): PaxosState {
    const id = `${at.tableId}\u0000${at.key.id}`;
    let state = this.states.get(id);
    const now = this.clock.wallMs();
    const isLegacy = this.purging.policy === 'legacy';
    if (isLegacy && state !== undefined && now - state.savedAtMs > this.ttlMs(at))
      state = undefined;
    if (state === undefined) {
      state = this.load(at);
      if (this.states.size >= CACHED_MAX) this.forgetOldest();
      this.states.set(id, state);
    }
    if (!isLegacy) state.snapshot = purged(state.snapshot, this.purgeBeforeMicros(at));
    return state;
  }

  /** What is older may be forgotten: nobody can still be at work on it. */
  private purgeBeforeMicros(at: PaxosKey): number {
    const { policy, graceMs } = this.purging;
    if (policy === 'repaired') return this.repairedBound(at).micros - graceMs * 1000;
    const graceSeconds = this.tableById(at.tableId)?.params.gc_grace_seconds ?? 0;
    return this.clock.wallMicros() - graceSeconds * 1e6;
  }

  private forgetOldest(): void {
    const oldest = this.states.keys().next();
    if (oldest.done !== true) this.states.delete(oldest.value);
  }

  private ttlMs(at: PaxosKey): number {
    const grace = this.tableById(at.tableId)?.params.gc_grace_seconds ?? 0;
    return Math.max(TTL_SECONDS_MIN, grace) * 1000;
  }

  private load(at: PaxosKey): PaxosState {
    const now = this.clock.wallMs();
    const state: PaxosState = { snapshot: EMPTY, savedAtMs: now };
    const partition = readPartition(this.store, PAXOS, at.key.bytes, Math.floor(now / 1000));
    // A clock that jumped back must not make later states lose against earlier ones.
    for (const { data } of partition?.rows ?? []) {
      for (const entry of data) {
        if ('timestamp' in entry) {
          this.lastTimestamp = Math.max(this.lastTimestamp, Number(entry.timestamp));
        }
      }
    }
    const tableId = uuidValue(at.tableId);
    const row = liveRows(partition).find((one) => one.clustering(0).equals(tableId));
    if (row === undefined) return state;
    const promisedWrite = this.ballotAt(row, 'in_progress_ballot');
    const promisedRead = this.ballotAt(row, 'in_progress_read_ballot');
    const isRead = compareBallots(promisedRead, promisedWrite) > 0;
    const promised = isRead ? promisedRead : promisedWrite;
    const ageMs = now - promised.micros / 1000;
    const isLegacy = this.purging.policy === 'legacy';
    if (isLegacy && promised !== NO_BALLOT && ageMs > this.ttlMs(at)) return state;
    const accepted = this.proposalOf(row, 'proposal_ballot', 'proposal');
    const committed = this.proposalOf(row, 'most_recent_commit_at', 'most_recent_commit');
    state.snapshot = { promised, promisedWrite, accepted, committed };
    return state;
  }

  private ballotAt(row: LiveRow, column: string): Ballot {
    const ballot = row.value(column);
    return ballot === null ? NO_BALLOT : ballotOf(ballot);
  }

  private proposalOf(row: LiveRow, ballotColumn: string, valueColumn: string): Proposal | null {
    const ballot = row.value(ballotColumn);
    if (ballot === null) return null;
    const bytes = row.value(valueColumn);
    const mutation =
      bytes === null || bytes.length === 0 ? null : deserializeMutation(bytes, this.tableById);
    return { ballot: ballotOf(ballot), mutation };
  }

  private save(at: PaxosKey, state: PaxosState, done: () => void): void {
    this.highBound = newerBallot(latestWitnessed(state.snapshot), this.highBound);
    state.savedAtMs = this.clock.wallMs();
    const writer = new RowWriter({
      keyspace: 'system',
      key: at.key.bytes,
      timestamp: this.nextTimestamp(),
      nowMs: state.savedAtMs,
    });
    const { accepted, committed, promised, promisedWrite } = state.snapshot;
    const row = writer.row(PAXOS, [uuidValue(at.tableId)]);
    if (promisedWrite !== NO_BALLOT) row.set('in_progress_ballot', promisedWrite.uuid);
    if (promised !== promisedWrite) row.set('in_progress_read_ballot', promised.uuid);
    row.set('proposal_ballot', accepted === null ? null : accepted.ballot.uuid);
    row.set('proposal', accepted === null ? null : bytesOf(accepted.mutation));
    if (accepted !== null) row.set('proposal_version', intValue(SERIALIZATION_VERSION));
    if (committed !== null) {
      row.set('most_recent_commit_at', committed.ballot.uuid);
      row.set('most_recent_commit', bytesOf(committed.mutation));
      row.set('most_recent_commit_version', intValue(SERIALIZATION_VERSION));
    }
    if (this.store.applyDurably !== null) this.store.applyDurably(writer.build(), done);
    else {
      this.store.apply(writer.build());
      done();
    }
  }

  /** Two writes of one microsecond must not tie. */
  private nextTimestamp(): number {
    this.lastTimestamp = Math.max(this.clock.wallMicros(), this.lastTimestamp + 1);
    return this.lastTimestamp;
  }
}

/** The newest ballot of any kind the replica has seen. */
export function latestWitnessed({ promised, accepted, committed }: PaxosSnapshot): Ballot {
  return newerBallot(newerBallot(accepted?.ballot, committed?.ballot ?? NO_BALLOT), promised);
}

/** The newest ballot under which something was or may be written. */
function latestWritten({ promisedWrite, accepted, committed }: PaxosSnapshot): Ballot {
  const written = accepted !== null && accepted.mutation !== null ? accepted.ballot : undefined;
  return newerBallot(newerBallot(written, committed?.ballot ?? NO_BALLOT), promisedWrite);
}

function newerBallot(one: Ballot | undefined, other: Ballot): Ballot {
  return one !== undefined && compareBallots(one, other) >= 0 ? one : other;
}

/** Whatever was promised to a writer has ended: committed, or overruled by an empty proposal. */
export function isFinished({ accepted, committed, promisedWrite }: PaxosSnapshot): boolean {
  const decided = committed?.ballot ?? NO_BALLOT;
  const isOverruled =
    accepted !== null && accepted.mutation === null && compareBallots(accepted.ballot, decided) > 0;
  return compareBallots(isOverruled ? accepted.ballot : decided, promisedWrite) >= 0;
}

function purged(snapshot: PaxosSnapshot, beforeMicros: number): PaxosSnapshot {
  const { promised, promisedWrite, accepted, committed } = snapshot;
  const isOld = ({ micros }: Ballot): boolean => micros < beforeMicros;
  const oldest = [promised, promisedWrite, accepted?.ballot, committed?.ballot];
  if (!oldest.some((ballot) => ballot !== undefined && ballot !== NO_BALLOT && isOld(ballot)))
    return snapshot;
  return {
    promised: isOld(promised) ? NO_BALLOT : promised,
    promisedWrite: isOld(promisedWrite) ? NO_BALLOT : promisedWrite,
    accepted: accepted !== null && isOld(accepted.ballot) ? null : accepted,
    committed: committed !== null && isOld(committed.ballot) ? null : committed,
  };
}

function bytesOf(mutation: Mutation | null): Buffer {
  return mutation === null ? Buffer.alloc(0) : serializeMutation(mutation);
}
