// What a replica is asked to read. Built by node/query, executed by node/storage, merged by node/coordinator.
// Cassandra: db/SinglePartitionReadCommand, PartitionRangeReadCommand, DataLimits, RowFilter, ColumnFilter, ColumnSubselection.

import type { ColumnMetadata, TableMetadata } from './schema.ts';
import type { Clustering, DecoratedKey, Slice, Token } from './partition.ts';

/** Which columns come back. `fetched` null: all of them. Queried-but-null columns still decide a row's existence. */
export interface ColumnFilter {
  readonly fetched: ReadonlySet<ColumnMetadata> | null;
  /** Names of the columns whose cells are asked for: read repair mends no others. Absent: all. */
  readonly queried?: ReadonlySet<string>;
  /** Of queried columns asked for in part, the parts: read repair mends no other cells. Absent: whole columns. */
  readonly parts?: ReadonlyMap<string, readonly CellRange[]>;
  /** Cells of other columns do not make a row alive: a conditional update of statics reads none of the rows'. */
  readonly onlyFetched?: boolean;
}

/** Elements of a map or set: both ends included; null: from the first, to the last. An element is from itself to itself. */
export interface CellRange {
  readonly from: Buffer | null;
  readonly to: Buffer | null;
}

/** Which rows of a partition. `names` are full clusterings in clustering order. The static row always comes along. */
export type ClusteringFilter =
  | { readonly kind: 'slices'; readonly slices: readonly Slice[]; readonly reversed: boolean }
  | {
      readonly kind: 'names';
      readonly clusterings: readonly Clustering[];
      readonly reversed: boolean;
    };

export type FilterOperator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'IN'
  | 'CONTAINS'
  | 'CONTAINS KEY'
  | 'LIKE_PREFIX'
  | 'LIKE_SUFFIX'
  | 'LIKE_CONTAINS'
  | 'LIKE_MATCHES'
  | 'NOT IN'
  | 'NOT CONTAINS'
  | 'NOT CONTAINS KEY';

/** One condition on a row that is checked by reading it (ALLOW FILTERING or an index). */
export type RowFilterExpression =
  | {
      readonly kind: 'column';
      readonly column: ColumnMetadata;
      readonly operator: FilterOperator;
      readonly value: Buffer;
      /** For IN: the alternatives. */
      readonly values?: readonly Buffer[];
      /** Set when a text analyzer of an index decides (SAI case_sensitive, normalize, ascii; SASI). */
      readonly indexName?: string;
    }
  | {
      readonly kind: 'map-entry';
      readonly column: ColumnMetadata;
      readonly key: Buffer;
      readonly value: Buffer;
    }
  | { readonly kind: 'custom'; readonly indexName: string; readonly value: Buffer };

export interface RowFilter {
  /** All must hold. */
  readonly expressions: readonly RowFilterExpression[];
}

/** ORDER BY v ANN OF: every replica returns its best `limit` rows. */
export interface AnnOrdering {
  readonly column: ColumnMetadata;
  readonly vector: Buffer;
  readonly indexName: string;
}

/** Limits count live rows (a partition with only static content counts as one when statics are selected). */
export interface DataLimits {
  /** Infinity: none. */
  readonly rows: number;
  readonly perPartition: number;
  /** Rows already returned by earlier pages of the partition they ended in, counted against perPartition. */
  readonly countedInFirstPartition: number;
  /** SELECT DISTINCT: one row a partition, only statics and keys are of interest. */
  readonly distinct: boolean;
  /** All rows go into one: `rows` is how many are read at a time. */
  readonly isGrouped?: boolean;
}

export const NO_LIMITS: DataLimits = Object.freeze({
  rows: Infinity,
  perPartition: Infinity,
  countedInFirstPartition: 0,
  distinct: false,
});

interface ReadCommandBase {
  readonly table: TableMetadata;
  readonly columns: ColumnFilter;
  readonly filter: RowFilter | null;
  /** An index that narrows the search; its expression stays in `filter`. */
  readonly indexName: string | null;
  readonly ann: AnnOrdering | null;
  readonly limits: DataLimits;
  readonly clustering: ClusteringFilter;
  readonly nowSeconds: number;
  /** Replicas tell the coordinator what they meet above thresholds (read_thresholds_enabled). */
  readonly isTracked?: boolean;
}

export interface SinglePartitionRead extends ReadCommandBase {
  readonly kind: 'partition';
  readonly key: DecoratedKey;
}

/** A range of partitions, in (token, key) order. Left end exclusive as in (left, right] unless a key is given. */
export interface PartitionRange {
  /** null: from the ring's start. */
  readonly left: Token | null;
  readonly leftInclusive: boolean;
  /** null: to the ring's end. */
  readonly right: Token | null;
  readonly rightInclusive: boolean;
  /** Paging: go on at (or after) this key; overrides `left`. */
  readonly startKey: DecoratedKey | null;
  readonly startKeyInclusive: boolean;
  /** Paging: within startKey's partition only rows after this clustering. */
  readonly startAfter: Clustering | null;
}

export interface PartitionRangeRead extends ReadCommandBase {
  readonly kind: 'range';
  readonly range: PartitionRange;
}

export type ReadCommand = SinglePartitionRead | PartitionRangeRead;

/** Whether an earlier page ended within the partition: it, and no other, has rows that are counted already. */
export function goesOnIn(command: ReadCommand, key: DecoratedKey): boolean {
  if (command.kind === 'partition') return command.key.id === key.id;
  const { startKey, startAfter } = command.range;
  return startAfter !== null && startKey?.id === key.id;
}
