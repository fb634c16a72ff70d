// What the phases of Paxos carry. A ballot is a time UUID: its microseconds become the timestamp of the mutation, its
// last eight bytes tell coordinators apart. Cassandra: service/paxos/Commit, PrepareResponse, Ballot.

import type { DecoratedKey, Mutation } from '../../data/partition.ts';

export interface Ballot {
  readonly micros: number;
  /** The whole time UUID. */
  readonly uuid: Buffer;
}

export const NO_BALLOT: Ballot = Object.freeze({ micros: -1, uuid: Buffer.alloc(16) });

/** A value proposed under a ballot. `mutation` null: the empty update of a serial read or an unmet condition. */
export interface Proposal {
  readonly ballot: Ballot;
  readonly mutation: Mutation | null;
}

/** The instance of Paxos: one partition of one table. */
export interface PaxosKey {
  readonly keyspace: string;
  readonly tableId: string;
  readonly key: DecoratedKey;
}

export interface PrepareRequest extends PaxosKey {
  readonly ballot: Ballot;
}

export interface PrepareResponse {
  readonly promised: boolean;
  /** The highest ballot the replica has promised, this one included. */
  readonly promisedBallot: Ballot;
  /** Accepted and, as far as the replica knows, not committed. */
  readonly accepted: Proposal | null;
  readonly committed: Proposal | null;
}

export interface ProposeRequest extends PaxosKey {
  readonly proposal: Proposal;
}

export interface CommitRequest extends PaxosKey {
  readonly proposal: Proposal;
}

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.micros !== b.micros) return a.micros < b.micros ? -1 : 1;
  return Buffer.compare(a.uuid.subarray(8), b.uuid.subarray(8));
}
