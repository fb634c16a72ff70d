// What the query layer asks of the coordinator: write these mutations, read these partitions, at this level. Every
// call ends in exactly one `done`, possibly at once; the operation behind it may live on (late acks, hints, repair).
// Implemented by service files beside this one; replicas are counted in replica-plan.ts only.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { PartitionRangeRead, SinglePartitionRead } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { NotesOfReads } from './read-notes.ts';
import type { Guard } from '../guardrails/guardrails.ts';

/** What accompanies one client request through the core. */
export interface RequestContext {
  /** Monotonic milliseconds at arrival; deadlines count from it (native_transport_timeout caps them). */
  readonly startedAtMs: number;
  /** null: not traced. */
  readonly trace: Trace | null;
  /** Client warnings (protocol v4+), appended in order. Null until the first: use addWarning. */
  warnings: string[] | null;
  /** The guardrails that hold for the client; null: none do. */
  guard: Guard | null;
  /** What tracked reads met above thresholds; null: nothing. */
  reads: NotesOfReads | null;
}

/** Of a request that this node makes for itself. */
export function ownContext(clock: Pick<Clock, 'nowMs'>): RequestContext {
  return { startedAtMs: clock.nowMs(), trace: null, warnings: null, guard: null, reads: null };
}

export interface Trace {
  /** Records an activity at this node; texts are Cassandra's. */
  event(activity: string): void;
  /** The same session as another node tells it: a replica records its own activities. Absent: only this node's. */
  at?(node: Endpoint): Trace;
}

export type WriteKind = 'simple' | 'unlogged-batch' | 'logged-batch' | 'counter' | 'counter-batch';

/** null: applied as the level asks. */
export type WriteDone = (error: CqlError | null) => void;

export type ReadResult =
  | {
      readonly ok: true;
      /** In the order of the commands; a partition without content is an empty PartitionData. */ readonly partitions: readonly PartitionData[];
    }
  | { readonly ok: false; readonly error: CqlError };

/** Partitions in (token, key) order, merged, up to the command's limits. */
export type RangeResult =
  | {
      readonly ok: true;
      readonly partitions: readonly PartitionData[];
      /** False when the whole range was read. */ readonly limitReached: boolean;
    }
  | { readonly ok: false; readonly error: CqlError };

/** A conditional write: read, decide, propose. */
export interface CasRequest {
  readonly table: TableMetadata;
  /** Reads what the conditions need, at QUORUM or LOCAL_QUORUM by the serial level. */
  readonly read: SinglePartitionRead;
  readonly serialConsistency: 'SERIAL' | 'LOCAL_SERIAL';
  readonly commitConsistency: ConsistencyLevel;
  /** Decides on the current content. Called once an attempt; the timestamp of the mutation is the ballot's. */
  evaluate(current: PartitionData, ballotMicros: number): CasDecision;
}
export type CasDecision =
  | { readonly kind: 'apply'; readonly mutation: Mutation }
  /** Conditions not met; `current` is what the client is shown. */
  | { readonly kind: 'reject' }
  /** The statement itself fails on the current row (e.g. a list index out of bound). */
  | { readonly kind: 'error'; readonly error: CqlError };

export type CasResult =
  | { readonly ok: true; readonly applied: true }
  | { readonly ok: true; readonly applied: false; readonly current: PartitionData }
  | { readonly ok: false; readonly error: CqlError };

export interface Coordinator {
  /**
   * Writes mutations (one a partition). Counter mutations carry deltas: a counter cell whose value is the 8-byte
   * delta; the leader turns it into a shard. Logged batches go through the batchlog unless they are one mutation.
   */
  write(
    mutations: readonly Mutation[],
    options: { readonly kind: WriteKind; readonly consistency: ConsistencyLevel },
    context: RequestContext,
    done: WriteDone,
  ): void;
  /** Reads partitions in parallel. SERIAL and LOCAL_SERIAL go through Paxos and take one command. */
  read(
    commands: readonly SinglePartitionRead[],
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: ReadResult) => void,
  ): void;
  readRange(
    command: PartitionRangeRead,
    consistency: ConsistencyLevel,
    context: RequestContext,
    done: (result: RangeResult) => void,
  ): void;
  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void;
  truncate(table: TableMetadata, context: RequestContext, done: WriteDone): void;
}

export function addWarning(context: RequestContext, warning: string): void {
  if (context.warnings === null) context.warnings = [warning];
  else context.warnings.push(warning);
}
