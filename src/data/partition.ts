// The content of a partition: cells, rows, range tombstones, all immutable and shared between replicas where equal.
// One shape serves for a mutation's update, a replica's content and a read's result. How two of them merge is
// reconcile.ts. Story: docs/conflict-resolution.md. Cassandra: db/rows/*, db/DeletionTime, db/LivenessInfo.

import type { Int64 } from '../base/int64.ts';
import type { ColumnMetadata, TableMetadata } from './schema.ts';

/** A position on the Murmur3 ring: an int64 in two halves. Compare with `compareTokens` (ring/token.ts). */
export interface Token {
  /** Signed upper 32 bits. */
  readonly high: number;
  /** Unsigned lower 32 bits. */
  readonly low: number;
}

/** A partition key with its token. `id` is the bytes as a latin1 string, for maps. */
export interface DecoratedKey extends Token {
  readonly bytes: Buffer;
  readonly id: string;
}

/** No timestamp: below every int64. */
export const NO_TIMESTAMP = -Infinity;
/** localDeletionTime of what neither expires nor is deleted. */
export const NO_DELETION_TIME = Number.MAX_SAFE_INTEGER;
export const NO_TTL = 0;

/** A deletion of a row, range, partition or collection. LIVE means none. Cassandra: db/DeletionTime. */
export interface DeletionTime {
  /** Microseconds. Data with a timestamp <= this is shadowed. */
  readonly markedForDeleteAt: Int64;
  /** Seconds since 1970, for gc_grace. */
  readonly localDeletionTime: number;
}
export const LIVE: DeletionTime = Object.freeze({
  markedForDeleteAt: NO_TIMESTAMP,
  localDeletionTime: NO_DELETION_TIME,
});

/** A row's marker, written by INSERT only. timestamp NO_TIMESTAMP means none. Cassandra: db/LivenessInfo. */
export interface Liveness {
  readonly timestamp: Int64;
  readonly ttl: number;
  /** Seconds since 1970 when it expires; NO_DELETION_TIME without a TTL. */
  readonly localExpirationTime: number;
}
export const NO_LIVENESS: Liveness = Object.freeze({
  timestamp: NO_TIMESTAMP,
  ttl: NO_TTL,
  localExpirationTime: NO_DELETION_TIME,
});

/**
 * One value. A tombstone has ttl 0 and a localDeletionTime; an expiring cell has both; a live one neither.
 * A counter's value is a counter context (counter-context.ts).
 */
export interface Cell {
  readonly column: ColumnMetadata;
  readonly timestamp: Int64;
  readonly ttl: number;
  readonly localDeletionTime: number;
  /** Empty for a tombstone. */
  readonly value: Buffer;
  /** Element of a complex column: list timeuuid, set element, map key, or the UDT field's index as int16. */
  readonly path: Buffer | null;
}

/** A non-frozen collection or UDT: an optional deletion and cells sorted by the path's comparator. */
export interface ComplexData {
  readonly column: ColumnMetadata;
  readonly deletion: DeletionTime;
  readonly cells: readonly Cell[];
}

export type ColumnData = Cell | ComplexData;

export function isComplexData(data: ColumnData): data is ComplexData {
  return data.column.isComplex;
}

/** Values of the clustering columns in order; all of them in a row, a prefix in a bound. Empty for the static row. */
export type Clustering = readonly (Buffer | null)[];
export const NO_CLUSTERING: Clustering = Object.freeze([]);

/** `data` holds at most one entry a column, sorted: simple columns before complex ones, then by name. */
export interface Row {
  readonly clustering: Clustering;
  readonly liveness: Liveness;
  readonly deletion: DeletionTime;
  readonly data: readonly ColumnData[];
}

/** An end of a slice or a range tombstone: a prefix of the clustering. An empty prefix is the partition's end. */
export interface ClusteringBound {
  readonly prefix: Clustering;
  readonly inclusive: boolean;
}
export interface Slice {
  readonly start: ClusteringBound;
  readonly end: ClusteringBound;
}
export interface RangeTombstone extends Slice {
  readonly deletion: DeletionTime;
}

/** Content of one partition, whole or in part. Rows in clustering order (also in a reversed read: the reader turns). */
export interface PartitionData {
  readonly table: TableMetadata;
  readonly key: DecoratedKey;
  readonly deletion: DeletionTime;
  readonly staticRow: Row | null;
  readonly rows: readonly Row[];
  /** Sorted, not overlapping. */
  readonly rangeTombstones: readonly RangeTombstone[];
}

/** What is applied to one partition, atomically: updates of one or more tables of one keyspace under one key. */
export interface Mutation {
  readonly keyspace: string;
  readonly key: DecoratedKey;
  readonly updates: readonly PartitionData[];
  /** Wall clock of the coordinator, milliseconds; hints and expiry count from it. */
  readonly createdAtMs: number;
}
