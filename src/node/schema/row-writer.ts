// Builds a mutation of system tables row by row, all at one timestamp: what the schema, system.local and the roles
// write about themselves without going through CQL. Collections that are not frozen are replaced as a whole.
// Test: test/schema/. Cassandra: db/Mutation.SimpleBuilder, db/rows/Row.SimpleBuilder.

import { required } from '../../base/assert.ts';
import type { Int64 } from '../../base/int64.ts';
import { addInt64 } from '../../base/int64.ts';
import { clusteringOrder } from '../../data/clustering-order.ts';
import type {
  Cell,
  Clustering,
  ColumnData,
  DeletionTime,
  Liveness,
  Mutation,
  PartitionData,
  Row,
} from '../../data/partition.ts';
import { LIVE, NO_LIVENESS, NO_TTL } from '../../data/partition.ts';
import type { WriteTime } from '../../data/partition-builder.ts';
import { liveCell, livenessOf, tombstoneCell } from '../../data/partition-builder.ts';
import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import { compareColumns, pathComparator } from '../../data/type-order.ts';
import { decorateKey } from '../../ring/token.ts';

const EMPTY = Buffer.alloc(0);

/** A column's new content. null deletes it; a list of elements replaces a non-frozen set or map. */
export type ColumnValue = Buffer | null | readonly ElementValue[];

/** An element of a non-frozen set (value empty) or map. */
export interface ElementValue {
  readonly path: Buffer;
  readonly value: Buffer;
}

interface WriterOptions {
  readonly keyspace: string;
  /** Serialized partition key. */
  readonly key: Buffer;
  readonly timestamp: Int64;
  /** Wall clock in milliseconds. */
  readonly nowMs: number;
  /** Absent or 0: for good. */
  readonly ttlSeconds?: number;
}

export class RowWriter {
  private readonly options: WriterOptions;
  private readonly updates = new Map<TableMetadata, TableUpdate>();

  constructor(options: WriterOptions) {
    this.options = options;
  }

  /** The row under these clustering values, made when absent. `marker` false: as an UPDATE, without a row marker. */
  row(table: TableMetadata, clustering: Clustering = [], marker = true): RowDraft {
    const update = this.update(table);
    const key = clustering.map((value) => value?.toString('latin1') ?? '').join('\u0000');
    let draft = update.rows.get(key);
    if (draft === undefined) {
      const { timestamp, ttlSeconds: ttl = NO_TTL } = this.options;
      draft = new RowDraft(table, clustering, { timestamp, ttl, nowSeconds: this.nowSeconds() });
      update.rows.set(key, draft);
    }
    if (marker) draft.mark();
    return draft;
  }

  /** Deletes the whole partition in one table. */
  deletePartition(table: TableMetadata): void {
    this.update(table).deletion = this.deletion(this.options.timestamp);
  }

  build(): Mutation {
    const key = decorateKey(this.options.key);
    const updates = [...this.updates].map(([table, update]): PartitionData => {
      const order = clusteringOrder(table);
      const rows = [...update.rows.values()].map((draft) => draft.build());
      return {
        table,
        key,
        deletion: update.deletion,
        staticRow: null,
        rows: rows.sort((a, b) => order.compare(a.clustering, b.clustering)),
        rangeTombstones: [],
      };
    });
    return { keyspace: this.options.keyspace, key, updates, createdAtMs: this.options.nowMs };
  }

  private update(table: TableMetadata): TableUpdate {
    let update = this.updates.get(table);
    if (update === undefined) {
      update = { deletion: LIVE, rows: new Map() };
      this.updates.set(table, update);
    }
    return update;
  }

  private nowSeconds(): number {
    return Math.floor(this.options.nowMs / 1_000);
  }

  private deletion(markedForDeleteAt: Int64): DeletionTime {
    return { markedForDeleteAt, localDeletionTime: this.nowSeconds() };
  }
}

interface TableUpdate {
  deletion: DeletionTime;
  readonly rows: Map<string, RowDraft>;
}

export class RowDraft {
  private readonly table: TableMetadata;
  private readonly clustering: Clustering;
  private readonly at: WriteTime;
  private readonly timestamp: Int64;
  private readonly nowSeconds: number;
  private readonly data = new Map<ColumnMetadata, ColumnData>();
  private liveness: Liveness = NO_LIVENESS;
  private deletion: DeletionTime = LIVE;

  constructor(table: TableMetadata, clustering: Clustering, at: WriteTime) {
    this.table = table;
    this.clustering = clustering;
    this.at = at;
    this.timestamp = at.timestamp;
    this.nowSeconds = at.nowSeconds;
  }

  mark(): void {
    this.liveness = livenessOf(this.at);
  }

  /** Sets a column by name; `undefined` leaves it alone. */
  set(name: string, value: ColumnValue | undefined): this {
    if (value === undefined) return this;
    const column = this.column(name);
    this.data.set(column, this.columnData(column, value));
    return this;
  }

  /** Adds elements to a non-frozen set or map, leaving the others alone. */
  add(name: string, elements: readonly ElementValue[]): this {
    const column = this.column(name);
    const cells = elements.map(({ path, value }) => this.cell(column, value, path));
    return this.setCells(column, cells);
  }

  /** Removes elements of a non-frozen set or map, leaving the others alone. */
  remove(name: string, paths: readonly Buffer[]): this {
    const column = this.column(name);
    const cells = paths.map((path) => tombstoneCell(column, this.at, path));
    return this.setCells(column, cells);
  }

  /** Deletes the row as of this mutation. */
  delete(): void {
    this.liveness = NO_LIVENESS;
    this.data.clear();
    this.deletion = { markedForDeleteAt: this.timestamp, localDeletionTime: this.nowSeconds };
  }

  /** Deletes what was there before this mutation. */
  deletePrevious(): this {
    const markedForDeleteAt = addInt64(this.timestamp, -1);
    this.deletion = { markedForDeleteAt, localDeletionTime: this.nowSeconds };
    return this;
  }

  build(): Row {
    const data = [...this.data.values()].sort((a, b) => compareColumns(a.column, b.column));
    return {
      clustering: this.clustering,
      liveness: this.liveness,
      deletion: this.deletion,
      data,
    };
  }

  private column(name: string): ColumnMetadata {
    return required(
      this.table.columns.get(name),
      `column ${name} of ${this.table.keyspace}.${this.table.name}`,
    );
  }

  private setCells(column: ColumnMetadata, cells: readonly Cell[]): this {
    const compare = pathComparator(column);
    const sorted = [...cells].sort((a, b) => compare(a.path ?? EMPTY, b.path ?? EMPTY));
    this.data.set(column, { column, deletion: LIVE, cells: sorted });
    return this;
  }

  private columnData(column: ColumnMetadata, value: ColumnValue): ColumnData {
    if (!column.isComplex) {
      return Buffer.isBuffer(value)
        ? this.cell(column, value, null)
        : tombstoneCell(column, this.at);
    }
    const compare = pathComparator(column);
    const elements: readonly ElementValue[] = value === null || Buffer.isBuffer(value) ? [] : value;
    return {
      column,
      deletion: {
        markedForDeleteAt: addInt64(this.timestamp, -1),
        localDeletionTime: this.nowSeconds,
      },
      cells: elements
        .map((element) => this.cell(column, element.value, element.path))
        .sort((a, b) => compare(a.path ?? EMPTY, b.path ?? EMPTY)),
    };
  }

  private cell(column: ColumnMetadata, value: Buffer, path: Buffer | null): Cell {
    return liveCell(column, value, this.at, path);
  }
}
