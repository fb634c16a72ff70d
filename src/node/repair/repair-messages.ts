// What the nodes of a repair and of a stream tell each other. Payloads travel by reference and are never changed.
// Cassandra: repair/messages/*, streaming/messages/*.

import type { Endpoint } from '../../world/ports.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import type { SessionState } from './local-sessions.ts';
import type { MerkleTree } from './merkle-tree.ts';

export interface PrepareRequest {
  readonly session: string;
  readonly keyspace: string;
  readonly tables: readonly string[];
  readonly ranges: readonly TokenRange[];
  readonly incremental: boolean;
  readonly participants: readonly Endpoint[];
  /** Wall clock; 0: a forced repair, after which nothing counts as repaired. */
  readonly repairedAtMs: number;
}

export interface ValidationRequest {
  readonly session: string;
  readonly keyspace: string;
  readonly table: string;
  readonly ranges: readonly TokenRange[];
  /** Replicas whose trees the coordinator must hold at once. */
  readonly replicas: number;
  /** Tombstones that may be purged by then stay out of the tree. Seconds since 1970, one for all replicas. */
  readonly nowSeconds: number;
}

export interface ValidationResponse {
  /** One a range, in the order asked. */
  readonly trees: readonly MerkleTree[];
}

/** Sent to `from`: stream the ranges to `to`. */
export interface SyncRequest {
  readonly session: string;
  readonly keyspace: string;
  readonly table: string;
  readonly to: Endpoint;
  readonly ranges: readonly TokenRange[];
}

export interface SyncResponse {
  readonly rows: number;
  readonly bytes: number;
}

/** About an incremental session as a whole: promise to end it, end it, it has failed, how far are you. */
export interface SessionRequest {
  readonly session: string;
}

/** null: the session is not known. */
export interface StatusResponse {
  readonly state: SessionState | null;
}

/** Sent to the source of a stream. */
export interface StreamRequest {
  readonly stream: string;
  readonly keyspace: string;
  /** null: every table of the keyspace. */
  readonly tables: readonly string[] | null;
  readonly ranges: readonly TokenRange[];
}

export interface StreamResponse {
  readonly rows: number;
  readonly bytes: number;
  readonly partitions: number;
}

/** One portion of a stream; the answer means it is applied. */
export interface StreamRows {
  readonly session: string;
  readonly keyspace: string;
  readonly table: string;
  readonly partitions: readonly PartitionData[];
}
