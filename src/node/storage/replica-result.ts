// What a replica answers to a read command, as a value: content and counts, or why it could not.

import type { FailureReason } from '../../data/cql-error.ts';
import type { PartitionData } from '../../data/partition.ts';

export interface ReplicaData {
  readonly kind: 'data';
  /**
   * Partitions with any content (tombstones included) in the order read; rows in clustering order even of a reversed
   * read. Objects are shared with the store: they never change.
   */
  readonly partitions: readonly PartitionData[];
  /** Live rows as limits count them. */
  readonly liveRows: number;
  /** Tombstones read over, as the thresholds count them. */
  readonly tombstones: number;
  /** The command's limit was reached: there may be more. */
  readonly limitReached: boolean;
}

export interface ReplicaFailure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  readonly message: string;
}

export type ReplicaResult = ReplicaData | ReplicaFailure;
