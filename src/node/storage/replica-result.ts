// What a replica answers to a read command, as a value: content and counts, or why it could not.

import type { FailureReason } from '../../data/cql-error.ts';
import type { DecoratedKey, PartitionData } from '../../data/partition.ts';

/** A read that passed more tombstones than tombstone_warn_threshold. */
export interface Scanned {
  /** Whatever a filter thinks of them. */
  readonly liveRows: number;
  readonly tombstones: number;
  /** Of the partition read last. */
  readonly key: DecoratedKey;
}

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
  readonly scanned: Scanned | null;
}

export interface ReplicaFailure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  readonly message: string;
  readonly scanned?: Scanned | null;
}

export type ReplicaResult = ReplicaData | ReplicaFailure;
