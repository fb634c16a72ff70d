// What replicas are asked and what they answer, beyond plain mutations. Nobody changes a payload: it travels by
// reference.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { Scanned } from '../storage/replica-result.ts';

export type { Scanned };

export interface ReadRequest {
  readonly command: ReadCommand;
  /** Only the digest of the result is wanted. */
  readonly digest: boolean;
}

/**
 * The result of a read. A digest is the content by reference too, for comparing only: equal content shares its cells
 * within one process, so that comparing costs less than hashing. It must never be returned or merged.
 */
export interface ReadResponse {
  readonly partitions: readonly PartitionData[];
  readonly digest: boolean;
  /** null: nothing above a threshold. */
  readonly notes: ReadNotes | null;
}

/** What a read met above a threshold. */
export interface ReadNotes {
  readonly scanned: Scanned | null;
  /** Bytes above local_read_size_warn_threshold; 0: not above. */
  readonly bytes: number;
  /** Why the replica gave up: the answer has no partitions. */
  readonly failure: FailureReason | null;
}

export interface HintRequest {
  /** The host the hint was stored for. */
  readonly hostId: string;
  readonly mutation: Mutation;
}

export interface BatchStoreRequest {
  /** A time UUID as text. */
  readonly batchId: string;
  readonly createdAtMs: number;
  readonly mutations: readonly Mutation[];
}

export interface BatchRemoveRequest {
  readonly batchId: string;
}

export interface CounterRequest {
  readonly mutation: Mutation;
  readonly consistency: ConsistencyLevel;
}

export interface TruncateRequest {
  readonly keyspace: string;
  readonly table: string;
}
