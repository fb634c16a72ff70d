// Tables, keys and values for the storage tests.

import { int64Bytes } from '../../src/base/int64.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { ALL_SLICES } from '../../src/data/clustering-order.ts';
import { liveCell, RowBuilder, singleRowPartition } from '../../src/data/partition-builder.ts';
import type { Clustering, DecoratedKey, PartitionData, Row } from '../../src/data/partition.ts';
import type {
  ClusteringFilter,
  DataLimits,
  PartitionRangeRead,
  ReadCommand,
  SinglePartitionRead,
} from '../../src/data/read-command.ts';
import type {
  ColumnKind,
  ColumnMetadata,
  IndexMetadata,
  TableMetadata,
  TableParams,
} from '../../src/data/schema.ts';
import { internColumn } from '../../src/data/schema.ts';
import { decorateKey } from '../../src/ring/token.ts';
import type { ReplicaData } from '../../src/node/storage/replica-result.ts';
import type { TableStore } from '../../src/node/storage/table-store.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { int } from '../int-bytes.ts';

export { int };

export const NOW = 1_700_000_000;

const PARAMS: TableParams = {
  additional_write_policy: '99p',
  allow_auto_snapshot: true,
  bloom_filter_fp_chance: 0.01,
  caching: new Map(),
  cdc: false,
  comment: '',
  compaction: new Map(),
  compression: new Map(),
  crc_check_chance: 1,
  default_time_to_live: 0,
  extensions: new Map(),
  gc_grace_seconds: 864_000,
  incremental_backups: true,
  max_index_interval: 2048,
  memtable: 'default',
  memtable_flush_period_in_ms: 0,
  min_index_interval: 128,
  read_repair: 'BLOCKING',
  speculative_retry: '99p',
};

interface TableSpec {
  readonly name: string;
  readonly key?: Readonly<Record<string, CqlType>>;
  readonly clustering?: Readonly<Record<string, CqlType>>;
  readonly descending?: readonly string[];
  readonly statics?: Readonly<Record<string, CqlType>>;
  readonly regulars?: Readonly<Record<string, CqlType>>;
  readonly params?: Partial<TableParams>;
  readonly indexes?: readonly IndexMetadata[];
}

let tables = 0;

export function makeTable(spec: TableSpec): TableMetadata {
  const make = (kind: ColumnKind, types: Readonly<Record<string, CqlType>>) =>
    Object.entries(types).map(([name, type], position) =>
      internColumn({
        keyspace: 'ks',
        table: spec.name,
        name,
        type,
        kind,
        position: kind === 'partition_key' || kind === 'clustering' ? position : -1,
        reversed: kind === 'clustering' && (spec.descending ?? []).includes(name),
        mask: null,
      }),
    );
  const byName = (a: ColumnMetadata, b: ColumnMetadata) => (a.name < b.name ? -1 : 1);
  const partitionKey = make('partition_key', spec.key ?? { k: NATIVE.int });
  const clustering = make('clustering', spec.clustering ?? {});
  const statics = make('static', spec.statics ?? {}).sort(byName);
  const regulars = make('regular', spec.regulars ?? { v: NATIVE.text }).sort(byName);
  const all = [...partitionKey, ...clustering, ...statics, ...regulars];
  const suffix = (++tables).toString(16).padStart(12, '0');
  return {
    id: `00000000-0000-1000-8000-${suffix}`,
    keyspace: 'ks',
    name: spec.name,
    kind: 'regular',
    partitionKey,
    clustering,
    statics,
    regulars,
    columns: new Map(all.map((one) => [one.name, one])),
    isCounter: regulars.some(({ type }) => type === NATIVE.counter),
    flags: new Set(['compound']),
    params: { ...PARAMS, ...spec.params },
    indexes: spec.indexes ?? [],
    triggers: [],
    droppedColumns: new Map(),
    view: null,
  };
}

export function column(table: TableMetadata, name: string): ColumnMetadata {
  const found = table.columns.get(name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found;
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'utf8');
}

export const bigint = int64Bytes;

export function intKey(value: number): DecoratedKey {
  return decorateKey(int(value));
}

export function floats(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeFloatBE(value, i * 4);
  return bytes;
}

/** A row with its marker and simple cells, all written at one time. */
export function simpleRow(
  table: TableMetadata,
  clustering: Clustering,
  values: Readonly<Record<string, Buffer>>,
  at: { readonly timestamp?: number; readonly ttl?: number; readonly update?: boolean } = {},
): Row {
  const write = { timestamp: at.timestamp ?? 1, ttl: at.ttl ?? 0, nowSeconds: NOW };
  const builder = new RowBuilder(clustering);
  if (at.update !== true) {
    const localExpirationTime = write.ttl === 0 ? Number.MAX_SAFE_INTEGER : NOW + write.ttl;
    builder.setLiveness({ timestamp: write.timestamp, ttl: write.ttl, localExpirationTime });
  }
  for (const [name, value] of Object.entries(values)) {
    builder.addCell(liveCell(column(table, name), value, write));
  }
  const row = builder.build();
  if (row === null) throw new Error('an empty row');
  return row;
}

export function onePartition(
  table: TableMetadata,
  key: number,
  clustering: Clustering,
  values: Readonly<Record<string, Buffer>>,
  at: Parameters<typeof simpleRow>[3] = {},
): PartitionData {
  return singleRowPartition(table, intKey(key), simpleRow(table, clustering, values, at));
}

/** Settings of a store that a test's tombstones do not trouble. */
export const STORE_OPTIONS = { tombstoneFailureThreshold: 100_000 };

/** What the read found; throws when the store refuses it. */
export function dataOf(store: TableStore, command: ReadCommand): ReplicaData {
  const result = store.read(command);
  if (result.kind !== 'data') throw new Error(`${result.reason} ${result.message}`);
  return result;
}

export const NO_LIMITS: DataLimits = {
  rows: Infinity,
  perPartition: Infinity,
  countedInFirstPartition: 0,
  distinct: false,
};

const EVERYTHING: ClusteringFilter = { kind: 'slices', slices: ALL_SLICES, reversed: false };

type Changes = Partial<Omit<ReadCommand, 'kind' | 'table'>>;

function base(table: TableMetadata, changes: Changes) {
  return {
    table,
    columns: { fetched: null },
    filter: null,
    indexName: null,
    ann: null,
    limits: NO_LIMITS,
    clustering: EVERYTHING,
    nowSeconds: NOW,
    ...changes,
  };
}

export function readKey(
  table: TableMetadata,
  key: DecoratedKey,
  changes: Changes = {},
): SinglePartitionRead {
  return { kind: 'partition', key, ...base(table, changes) };
}

export function readAll(
  table: TableMetadata,
  changes: Changes & { readonly range?: PartitionRangeRead['range'] } = {},
): PartitionRangeRead {
  const { range, ...rest } = changes;
  return { kind: 'range', range: range ?? WHOLE_RING, ...base(table, rest) };
}
