// What this node has promised, accepted and committed, by partition: in memory, and in system.paxos so that a promise
// outlives a restart. Test: test/coordinator/durable-state.test.ts. Cassandra: service/paxos/PaxosState, SystemKeyspace.

import { required } from '../../base/assert.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { deserializeMutation, serializeMutation } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { timeUuidUnixMicros } from '../../data/time-uuid.ts';
import type { Clock } from '../../world/ports.ts';
import type { Ballot, PaxosKey, PrepareResponse, Proposal } from '../coordinator/paxos-messages.ts';
import { compareBallots, NO_BALLOT } from '../coordinator/paxos-messages.ts';
import type { LiveRow } from '../schema/row-reader.ts';
import { liveRows } from '../schema/row-reader.ts';
import { intValue, uuidValue } from '../schema/row-values.ts';
import { RowWriter } from '../schema/row-writer.ts';
import { readPartition } from '../schema/stored-rows.ts';
import { SYSTEM_KEYSPACE } from '../schema/system-keyspaces.ts';
import type { LocalStore } from './local-store.ts';

const PAXOS: TableMetadata = required(SYSTEM_KEYSPACE.tables.get('paxos'), 'system.paxos');
const SERIALIZATION_VERSION = 12;
/** Partitions whose state is kept in memory besides the table. */
const CACHED_MAX = 10_000;
const TTL_SECONDS_MIN = 3 * 3600;

interface PaxosState {
  promised: Ballot;
  accepted: Proposal | null;
  committed: Proposal | null;
  savedAtMs: number;
}

export class PaxosStore {
  private readonly store: LocalStore;
  private readonly clock: Clock;
  private readonly tableById: TableResolver;
  private readonly states = new Map<string, PaxosState>();
  private lastTimestamp = 0;

  constructor(store: LocalStore, clock: Clock, tableById: TableResolver) {
    this.store = store;
    this.clock = clock;
    this.tableById = tableById;
  }

  /** Promises not to accept older ballots, if this is the newest yet. `done` when the promise is durable. */
  prepare(at: PaxosKey, ballot: Ballot, done: (response: PrepareResponse) => void): void {
    const state = this.state(at);
    const promised = compareBallots(ballot, state.promised) > 0;
    const { accepted, committed } = state;
    if (promised) state.promised = ballot;
    const response = { promised, promisedBallot: state.promised, accepted, committed };
    if (promised) this.save(at, state, () => done(response));
    else done(response);
  }

  /** Accepts unless a newer ballot was promised. `done` when that is durable. */
  propose(at: PaxosKey, proposal: Proposal, done: (accepted: boolean) => void): void {
    const state = this.state(at);
    if (compareBallots(proposal.ballot, state.promised) < 0) {
      done(false);
      return;
    }
    state.promised = proposal.ballot;
    state.accepted = proposal;
    this.save(at, state, () => done(true));
  }

  /** Learns a decided value. The caller applies its mutation. */
  commit(at: PaxosKey, proposal: Proposal, done: () => void): void {
    const state = this.state(at);
    if (state.committed !== null && compareBallots(proposal.ballot, state.committed.ballot) <= 0) {
      done();
      return;
    }
    state.committed = proposal;
    const { accepted } = state;
    if (accepted !== null && compareBallots(accepted.ballot, proposal.ballot) <= 0) {
      state.accepted = null;
    }
    this.save(at, state, done);
  }

  private state(at: PaxosKey): PaxosState {
    const id = `${at.tableId}\u0000${at.key.id}`;
    let state = this.states.get(id);
    const now = this.clock.wallMs();
    if (state !== undefined && now - state.savedAtMs > this.ttlMs(at)) state = undefined;
    if (state === undefined) {
      state = this.load(at);
      if (this.states.size >= CACHED_MAX) this.forgetOldest();
      this.states.set(id, state);
    }
    return state;
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
    const state: PaxosState = {
      promised: NO_BALLOT,
      accepted: null,
      committed: null,
      savedAtMs: now,
    };
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
    const promised = row.value('in_progress_ballot');
    if (promised === null) return state;
    state.promised = ballotOf(promised);
    const ageMs = now - state.promised.micros / 1000;
    if (ageMs > this.ttlMs(at)) return { ...state, promised: NO_BALLOT };
    state.accepted = this.proposalOf(row, 'proposal_ballot', 'proposal');
    state.committed = this.proposalOf(row, 'most_recent_commit_at', 'most_recent_commit');
    return state;
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
    state.savedAtMs = this.clock.wallMs();
    const writer = new RowWriter({
      keyspace: 'system',
      key: at.key.bytes,
      timestamp: this.nextTimestamp(),
      nowMs: state.savedAtMs,
    });
    const { accepted, committed, promised } = state;
    const row = writer.row(PAXOS, [uuidValue(at.tableId)]);
    row.set('in_progress_ballot', promised.uuid);
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

function bytesOf(mutation: Mutation | null): Buffer {
  return mutation === null ? Buffer.alloc(0) : serializeMutation(mutation);
}

function ballotOf(uuid: Buffer): Ballot {
  return { micros: Number(timeUuidUnixMicros(uuid)), uuid };
}
