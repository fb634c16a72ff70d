// What the replica's handlers need of this node's storage: apply, read, truncate. Implemented by node/storage; toy
// versions stand in tests. Calls are synchronous.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';

export interface LocalStore {
  /** null: applied. A reason: refused, nothing was applied. */
  apply(mutation: Mutation): FailureReason | null;
  /**
   * Null when an applied mutation may be acknowledged at once (commitlog_sync periodic). Otherwise calls `ready` once
   * the mutations applied so far are on disk (batch, group), or with the reason why they cannot be.
   */
  readonly whenDurable: ((ready: (failure: FailureReason | null) => void) => void) | null;
  /** Partitions with content, tombstones included, in (token, key) order, cut by the command's limits. */
  read(command: ReadCommand): ReplicaResult;
  /** Empties the table; mutations applied later stay. */
  truncate(table: TableMetadata): void;
}
