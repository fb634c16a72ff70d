// Reads the rows of a SELECT page by page: one partition, several (IN, in key order), or a range of the ring. It knows
// where it stands and what LIMIT and PER PARTITION LIMIT still allow, and can say so in a paging state. Whatever the
// page sizes, every row comes once. Test: test/query/paging.test.ts.
// Cassandra: service/pager/SinglePartitionPager, MultiPartitionPager, PartitionRangeQueryPager.

import type { CqlError } from '../../../data/cql-error.ts';
import {
  clusteringOrder,
  endPosition,
  sliceBetween,
  startPosition,
} from '../../../data/clustering-order.ts';
import { forEachLiveRow } from '../../../data/live-view.ts';
import type { Clustering, DecoratedKey, PartitionData, Slice } from '../../../data/partition.ts';
import type {
  AnnOrdering,
  ClusteringFilter,
  ColumnFilter,
  DataLimits,
  PartitionRange,
  PartitionRangeRead,
  RowFilter,
  SinglePartitionRead,
} from '../../../data/read-command.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import type { PagingState } from './paging-state.ts';
import { UNLIMITED } from './paging-state.ts';
import type { RowView } from './row-view.ts';
import { keyComponents } from './row-view.ts';

export interface PagedQuery {
  readonly table: TableMetadata;
  readonly source:
    | { readonly kind: 'keys'; readonly keys: readonly DecoratedKey[] }
    | { readonly kind: 'range'; readonly range: PartitionRange };
  readonly columns: ColumnFilter;
  readonly clustering: ClusteringFilter;
  readonly filter: RowFilter | null;
  readonly indexName: string | null;
  readonly ann: AnnOrdering | null;
  readonly nowSeconds: number;
  readonly distinct: boolean;
  /** Partitions with static content only give a row. */
  readonly showsStaticOnly: boolean;
  /** UNLIMITED: none. In groups for GROUP BY, whose pager counts rows without a limit. */
  readonly limit: number;
  readonly perPartitionLimit: number;
  /** Replicas tell what they meet above thresholds. */
  readonly isTracked: boolean;
  /** All rows go into one. */
  readonly isGrouped: boolean;
}

/** How the pager reaches data. Exactly one `done` a call. */
export interface PageReader {
  /** One result a command, in order. */
  partitions(
    commands: readonly SinglePartitionRead[],
    done: (result: PartitionsResult) => void,
  ): void;
  range(command: PartitionRangeRead, done: (result: RangeRows) => void): void;
}
export type PartitionsResult =
  | { readonly ok: true; readonly partitions: readonly PartitionData[] }
  | { readonly ok: false; readonly error: CqlError };
export type RangeRows =
  | {
      readonly ok: true;
      readonly partitions: readonly PartitionData[];
      readonly limitReached: boolean;
    }
  | { readonly ok: false; readonly error: CqlError };

/** Partitions asked for at a time by IN. */
const KEYS_AT_ONCE = 32;

export class Pager {
  private readonly query: PagedQuery;
  private readonly reader: PageReader;
  private remaining: number;
  private remainingInPartition: number;
  /** Of a list of keys: the partition to read next. */
  private keyIndex = 0;
  /** Of a range: the partition the last page ended in. */
  private lastKey: DecoratedKey | null = null;
  /** The last row of the partition being read; null: it begins. */
  private mark: Clustering | null = null;
  private exhausted = false;

  constructor(
    query: PagedQuery,
    reader: PageReader,
    state: PagingState | null,
    keyOf: (bytes: Buffer) => DecoratedKey,
  ) {
    this.query = query;
    this.reader = reader;
    this.remaining = state?.remaining ?? query.limit;
    this.remainingInPartition = state?.remainingInPartition ?? query.perPartitionLimit;
    if (state !== null) this.resume(state, keyOf);
    const { source } = query;
    if (source.kind === 'keys' && this.keyIndex >= source.keys.length) this.exhausted = true;
  }

  private resume(state: PagingState, keyOf: (bytes: Buffer) => DecoratedKey): void {
    const { source } = this.query;
    this.mark = state.rowMark;
    if (source.kind === 'range') {
      // A state holds no empty key: an absent one is that, which only a view can have.
      this.lastKey = keyOf(state.partitionKey ?? Buffer.alloc(0));
      return;
    }
    const { partitionKey } = state;
    if (partitionKey === null) return;
    const index = source.keys.findIndex((key) => key.bytes.equals(partitionKey));
    this.keyIndex = index < 0 ? source.keys.length : index;
    if (this.remainingInPartition === 0) this.nextKey();
  }

  get isExhausted(): boolean {
    return this.exhausted || this.remaining <= 0;
  }

  /** Where the next page goes on; only meaningful while not exhausted. */
  state(): PagingState {
    const { source } = this.query;
    const { mark: rowMark, remaining, remainingInPartition } = this;
    if (source.kind === 'range') {
      return {
        partitionKey: this.lastKey?.bytes ?? null,
        rowMark,
        remaining,
        remainingInPartition,
      };
    }
    const partitionKey =
      source.keys.length === 1 ? null : (source.keys[this.keyIndex]?.bytes ?? null);
    return { partitionKey, rowMark, remaining, remainingInPartition };
  }

  /**
   * Visits up to `rows` rows (Infinity: all). `visit` answers false to stop before the row, which is then not counted.
   * `done` has null when the page is full or the pager exhausted.
   */
  fetch(
    rows: number,
    visit: (view: RowView) => boolean,
    done: (error: CqlError | null) => void,
  ): void {
    if (this.isExhausted || rows <= 0) {
      done(null);
      return;
    }
    if (this.query.source.kind === 'keys')
      this.fetchKeys(this.query.source.keys, rows, visit, done);
    else this.fetchRange(this.query.source.range, rows, visit, done);
  }

  // -------------------------------------------------------------------------------------------------- keys

  private fetchKeys(
    keys: readonly DecoratedKey[],
    rows: number,
    visit: (view: RowView) => boolean,
    done: (error: CqlError | null) => void,
  ): void {
    const asked = this.rowsToAsk(rows);
    const commands: SinglePartitionRead[] = [];
    for (let i = this.keyIndex; i < keys.length && commands.length < KEYS_AT_ONCE; i++) {
      commands.push(this.keyCommand(keys[i] as DecoratedKey, i === this.keyIndex, asked));
    }
    this.reader.partitions(commands, (result) => {
      if (!result.ok) {
        done(result.error);
        return;
      }
      let left = rows;
      for (const partition of result.partitions) {
        // Each partition is asked for what the ones before it left of the page: as many rows may have more behind them.
        const took = this.take(partition, left, Math.min(asked, left), visit);
        left -= took.rows;
        if (took.isComplete) this.nextKey();
        if (took.isStopped || left <= 0 || this.remaining <= 0 || !took.isComplete) break;
      }
      if (this.keyIndex >= keys.length) this.exhausted = true;
      if (this.isExhausted || left <= 0 || this.stopped) done(null);
      else this.fetchKeys(keys, left, visit, done);
    });
  }

  /** Set when `visit` refused a row: the page ends there. */
  private stopped = false;

  private nextKey(): void {
    this.keyIndex++;
    this.mark = null;
    this.remainingInPartition = this.query.perPartitionLimit;
  }

  private rowsToAsk(rows: number): number {
    return this.query.limit === UNLIMITED ? rows : Math.min(rows, this.remaining);
  }

  private limits(rows: number, isFirst: boolean): DataLimits {
    const { perPartitionLimit, distinct, isGrouped } = this.query;
    const perPartition = perPartitionLimit === UNLIMITED ? Infinity : perPartitionLimit;
    const counted =
      isFirst && perPartitionLimit !== UNLIMITED
        ? perPartitionLimit - this.remainingInPartition
        : 0;
    return { rows, perPartition, countedInFirstPartition: counted, distinct, isGrouped };
  }

  private keyCommand(key: DecoratedKey, isFirst: boolean, rows: number): SinglePartitionRead {
    const { table, columns, filter, indexName, ann, nowSeconds, clustering, isTracked } =
      this.query;
    const filtered =
      isFirst && this.mark !== null ? after(table, clustering, this.mark) : clustering;
    const limits = this.limits(rows, isFirst);
    return {
      kind: 'partition',
      table,
      key,
      columns,
      filter,
      indexName,
      ann,
      limits,
      clustering: filtered,
      nowSeconds,
      isTracked,
    };
  }

  // ------------------------------------------------------------------------------------------------- range

  private fetchRange(
    range: PartitionRange,
    rows: number,
    visit: (view: RowView) => boolean,
    done: (error: CqlError | null) => void,
  ): void {
    const asked = this.rowsToAsk(rows);
    const { table, columns, filter, indexName, ann, nowSeconds, clustering, isTracked } =
      this.query;
    const goesOn = this.lastKey !== null && this.mark !== null && this.remainingInPartition > 0;
    const command: PartitionRangeRead = {
      kind: 'range',
      table,
      columns,
      filter,
      indexName,
      ann,
      limits: this.limits(asked, goesOn),
      clustering,
      nowSeconds,
      isTracked,
      range: {
        ...range,
        startKey: this.lastKey,
        startKeyInclusive: goesOn,
        startAfter: goesOn ? this.mark : null,
      },
    };
    this.reader.range(command, (result) => {
      if (!result.ok) {
        done(result.error);
        return;
      }
      const left = this.takeRange(result.partitions, rows, asked, visit);
      if (!this.stopped && (!result.limitReached || result.partitions.length === 0))
        this.exhausted = true;
      if (this.isExhausted || left <= 0 || this.stopped) done(null);
      else this.fetchRange(range, left, visit, done);
    });
  }

  /** Answers how many rows of the page are left. */
  private takeRange(
    partitions: readonly PartitionData[],
    rows: number,
    asked: number,
    visit: (view: RowView) => boolean,
  ): number {
    let left = rows;
    for (const partition of partitions) {
      if (this.lastKey?.id !== partition.key.id) {
        const before = {
          key: this.lastKey,
          mark: this.mark,
          inPartition: this.remainingInPartition,
        };
        this.lastKey = partition.key;
        this.mark = null;
        this.remainingInPartition = this.query.perPartitionLimit;
        const took = this.take(partition, left, asked, visit);
        left -= took.rows;
        if (this.stopped && took.rows === 0) {
          this.lastKey = before.key;
          this.mark = before.mark;
          this.remainingInPartition = before.inPartition;
        }
      } else left -= this.take(partition, left, asked, visit).rows;
      if (this.stopped || left <= 0 || this.remaining <= 0) break;
    }
    return left;
  }

  // --------------------------------------------------------------------------------------------------- rows

  /** Hands up to `left` rows on. `asked` is what the read was limited to: fewer rows mean the partition's end. */
  private take(
    partition: PartitionData,
    left: number,
    asked: number,
    visit: (view: RowView) => boolean,
  ): { readonly rows: number; readonly isComplete: boolean; readonly isStopped: boolean } {
    const { query } = this;
    const key = keyComponents(partition.table, partition.key.bytes);
    const showsStaticOnly = query.showsStaticOnly && this.mark === null;
    let taken = 0;
    let seen = 0;
    let isCut = false;
    let isStaticOnly = false;
    forEachLiveRow(partition, query, (row, staticRow) => {
      if (taken >= left || this.remaining <= 0 || this.remainingInPartition <= 0) {
        isCut = true;
        return false;
      }
      seen++;
      isStaticOnly = row === null;
      if (isStaticOnly && !showsStaticOnly) return;
      if (!visit({ key, row, staticRow, nowSeconds: query.nowSeconds })) {
        this.stopped = true;
        isCut = true;
        return false;
      }
      taken++;
      this.remaining--;
      this.remainingInPartition--;
      this.mark =
        row === null || row.clustering.length === 0 || query.distinct ? null : row.clustering;
      return row !== null && !query.distinct;
    });
    const ends =
      isStaticOnly ||
      query.table.clustering.length === 0 ||
      query.distinct ||
      this.remainingInPartition <= 0;
    if (isStaticOnly || (taken > 0 && this.mark === null)) this.remainingInPartition = 0;
    return {
      rows: taken,
      isComplete: !this.stopped && (ends || (!isCut && seen < asked)),
      isStopped: this.stopped,
    };
  }
}

/** The rows of the filter that come after `mark` in reading order. */
export function after(
  table: TableMetadata,
  filter: ClusteringFilter,
  mark: Clustering,
): ClusteringFilter {
  const order = clusteringOrder(table);
  const { reversed } = filter;
  if (filter.kind === 'names') {
    const clusterings = filter.clusterings.filter((clustering) => {
      const comparison = order.compare(clustering, mark);
      return reversed ? comparison < 0 : comparison > 0;
    });
    return { kind: 'names', clusterings, reversed };
  }
  const slices: Slice[] = [];
  for (const slice of filter.slices) {
    const start = startPosition(slice.start);
    const end = endPosition(slice.end);
    const edge = { prefix: mark, side: reversed ? -1 : 1 } as const;
    const from = !reversed && order.comparePositions(edge, start) > 0 ? edge : start;
    const to = reversed && order.comparePositions(edge, end) < 0 ? edge : end;
    if (order.comparePositions(from, to) < 0) slices.push(sliceBetween(from, to));
  }
  return { kind: 'slices', slices, reversed };
}
