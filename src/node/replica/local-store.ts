// What the replica's handlers need of this node's storage: apply, read, truncate. storage-store.ts puts it before
// node/storage; toy versions stand in tests.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';

export type ApplyDone = (failure: FailureReason | null) => void;

export interface LocalStore {
  /** Applies at once; the log is written but not waited for. null: applied. A reason: refused, nothing was applied. */
  apply(mutation: Mutation): FailureReason | null;
  /**
   * Applies and calls `done` once the mutation may be acknowledged: when its log is on disk as commitlog_sync asks.
   * null: `apply` is all there is to it.
   */
  readonly applyDurably: ((mutation: Mutation, done: ApplyDone) => void) | null;
  /** Partitions with content, tombstones included, in (token, key) order, cut by the command's limits. */
  read(command: ReadCommand): ReplicaResult;
  /** Empties the table; mutations applied later stay. `done` when that is durable. */
  truncate(table: TableMetadata, done: ApplyDone): void;
}

/** Applies; `done` once the mutation may be acknowledged, whatever kind of store it is. */
export function applyAcknowledged(store: LocalStore, mutation: Mutation, done: ApplyDone): void {
  if (store.applyDurably === null) done(store.apply(mutation));
  else store.applyDurably(mutation, done);
}
