// What the phases of Paxos carry, of both variants. A ballot is a time UUID: its microseconds become the timestamp of
// the mutation, its last eight bytes tell coordinators apart. Cassandra: service/paxos/Commit, PrepareResponse, Ballot.

import type { DecoratedKey, Mutation, PartitionData } from '../../data/partition.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import { timeUuidAt, timeUuidTicks, timeUuidUnixMicros } from '../../data/time-uuid.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import type { Endpoint } from '../../world/ports.ts';

export interface Ballot {
  readonly micros: number;
  /** The whole time UUID. */
  readonly uuid: Buffer;
}

export const NO_BALLOT: Ballot = Object.freeze({ micros: -1, uuid: Buffer.alloc(16) });

/** From the bytes of a time UUID; all zero: NO_BALLOT. */
export function ballotOf(uuid: Buffer): Ballot {
  if (uuid.equals(NO_BALLOT.uuid)) return NO_BALLOT;
  return { micros: Number(timeUuidUnixMicros(uuid)), uuid };
}

/** Whose votes decide about a ballot, told by its last digit; null: it does not say. Cassandra: Ballot.Flag. */
export function ballotLevel({ uuid }: Ballot): SerialLevel | null {
  return FLAGS[Number(timeUuidTicks(uuid) % 10n)] ?? null;
}

/** A ballot of a microsecond and a node that tells whose votes decide. */
export function newBallot(micros: number, node: Buffer, level: SerialLevel): Ballot {
  return { micros, uuid: timeUuidAt(micros, node, FLAGS.indexOf(level)) };
}

export type SerialLevel = 'SERIAL' | 'LOCAL_SERIAL';

const FLAGS: readonly (SerialLevel | null)[] = [null, 'LOCAL_SERIAL', 'SERIAL'];

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

/** Whose votes count, as the coordinator sees the ring. */
export interface Electorate {
  readonly level: 'SERIAL' | 'LOCAL_SERIAL';
  readonly natural: readonly Endpoint[];
  readonly pending: readonly Endpoint[];
}

/** v2: a promise to write, or only to read, and with it the content. */
export interface Prepare2Request extends PaxosKey {
  readonly ballot: Ballot;
  readonly electorate: Electorate;
  readonly isWrite: boolean;
  /** Null for a pending replica, which has nothing to read yet. */
  readonly read: SinglePartitionRead | null;
}

/** v2: a decided value and the next prepare in one message. */
export interface CommitAndPrepareRequest {
  readonly proposal: Proposal;
  readonly prepare: Prepare2Request;
}

export type Prepare2Response =
  | { readonly kind: 'rejected'; readonly supersededBy: Ballot }
  | {
      readonly kind: 'permitted';
      /** False: the ballot may read, but not propose. */
      readonly promised: boolean;
      readonly accepted: Proposal | null;
      readonly committed: Proposal | null;
      readonly partitions: readonly PartitionData[] | null;
      /** No write that the read could have missed was or came under way. */
      readonly stable: boolean;
      /** The replica counts other voters than the request's. */
      readonly electorateDiffers: boolean;
      /** The newest ballot known, when this one was not promised. */
      readonly supersededBy: Ballot | null;
    };

/** v2: the newest commit for a replica that promised without knowing it. */
export interface RefreshRequest extends PaxosKey {
  readonly promised: Ballot;
  readonly proposal: Proposal;
}

/** v2: the ballot in whose favour the replica refuses; null: accepted, or the promise still stands. */
export interface Superseded {
  readonly supersededBy: Ballot | null;
}

/** Paxos repair of some ranges of a table, before repairs and when ranges change hands. */
export interface CleanupRequest {
  readonly keyspace: string;
  readonly table: string;
  readonly ranges: readonly TokenRange[];
}

/** The newest ballot a replica has witnessed. */
export interface CleanupPrepared {
  readonly newest: Ballot;
}

/** Nothing older may be promised or accepted. */
export interface CleanupBound {
  readonly bound: Ballot;
}

/** null: all that was unfinished there is finished. */
export interface CleanupResult {
  readonly error: string | null;
}

/** Everything under the bound is finished on all replicas. */
export interface CleanupComplete extends CleanupRequest, CleanupBound {}

export function compareBallots(a: Ballot, b: Ballot): number {
  if (a.micros !== b.micros) return a.micros < b.micros ? -1 : 1;
  return Buffer.compare(a.uuid.subarray(8), b.uuid.subarray(8));
}
