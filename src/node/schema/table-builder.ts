// Puts a table's metadata together from its parts: columns through the process-wide intern pool, orders and maps as
// every reader expects them. Nothing here validates: that is ddl/ for statements, decode for stored rows.
// Test: test/schema/. Cassandra: schema/TableMetadata.Builder, schema/TableParams.

import type { CqlType } from '../../data/cql-type.ts';
import type {
  ColumnMask,
  ColumnMetadata,
  DroppedColumn,
  IndexMetadata,
  TableKind,
  TableMetadata,
  TableParams,
  TriggerMetadata,
  ViewMetadata,
} from '../../data/schema.ts';
import { internColumn } from '../../data/schema.ts';
import { uuidFromName, uuidText } from '../../data/uuid.ts';

/** The options of a table that says nothing. Cassandra: schema/TableParams defaults with the shipped cassandra.yaml. */
export const DEFAULT_TABLE_PARAMS: TableParams = Object.freeze({
  additional_write_policy: '99p',
  allow_auto_snapshot: true,
  bloom_filter_fp_chance: 0.01,
  caching: new Map([
    ['keys', 'ALL'],
    ['rows_per_partition', 'NONE'],
  ]),
  cdc: false,
  comment: '',
  compaction: new Map([
    ['class', 'org.apache.cassandra.db.compaction.SizeTieredCompactionStrategy'],
    ['max_threshold', '32'],
    ['min_threshold', '4'],
  ]),
  compression: new Map([
    ['chunk_length_in_kb', '16'],
    ['class', 'org.apache.cassandra.io.compress.LZ4Compressor'],
  ]),
  crc_check_chance: 1,
  default_time_to_live: 0,
  extensions: new Map<string, Buffer>(),
  gc_grace_seconds: 864_000,
  incremental_backups: true,
  max_index_interval: 2_048,
  memtable: 'default',
  memtable_flush_period_in_ms: 0,
  min_index_interval: 128,
  read_repair: 'BLOCKING',
  speculative_retry: '99p',
});

export interface ColumnSpec {
  readonly name: string;
  readonly type: CqlType;
  readonly reversed?: boolean;
  readonly mask?: ColumnMask | null;
}

export interface TableSpec {
  readonly id: string;
  readonly keyspace: string;
  readonly name: string;
  readonly kind?: TableKind;
  readonly partitionKey: readonly ColumnSpec[];
  readonly clustering?: readonly ColumnSpec[];
  readonly statics?: readonly ColumnSpec[];
  readonly regulars?: readonly ColumnSpec[];
  /** Default: what an ordinary CQL table has ('compound', and 'counter' when it holds counters). */
  readonly flags?: ReadonlySet<string>;
  readonly params?: TableParams;
  readonly indexes?: readonly IndexMetadata[];
  readonly triggers?: readonly TriggerMetadata[];
  readonly droppedColumns?: ReadonlyMap<string, DroppedColumn>;
  readonly view?: ViewMetadata | null;
}

/** Builds the immutable metadata; columns of equal definition are the identical object in the whole process. */
export function buildTable(spec: TableSpec): TableMetadata {
  const intern = (kind: ColumnMetadata['kind']) => (column: ColumnSpec, position: number) =>
    internColumn({
      keyspace: spec.keyspace,
      table: spec.name,
      name: column.name,
      type: column.type,
      kind,
      position: kind === 'partition_key' || kind === 'clustering' ? position : -1,
      reversed: column.reversed ?? false,
      mask: column.mask ?? null,
    });
  const partitionKey = spec.partitionKey.map(intern('partition_key'));
  const clustering = (spec.clustering ?? []).map(intern('clustering'));
  const statics = (spec.statics ?? []).map(intern('static')).sort(byName);
  const regulars = (spec.regulars ?? []).map(intern('regular')).sort(byName);
  const all = [...partitionKey, ...clustering, ...statics, ...regulars];
  const isCounter = spec.flags?.has('counter') ?? [...statics, ...regulars].some(isCounterColumn);
  return {
    id: spec.id,
    keyspace: spec.keyspace,
    name: spec.name,
    kind: spec.kind ?? 'regular',
    partitionKey,
    clustering,
    statics,
    regulars,
    columns: new Map(all.map((column) => [column.name, column])),
    isCounter,
    flags: spec.flags ?? new Set(isCounter ? ['compound', 'counter'] : ['compound']),
    params: spec.params ?? DEFAULT_TABLE_PARAMS,
    indexes: [...(spec.indexes ?? [])].sort((a, b) => compareText(a.name, b.name)),
    triggers: spec.triggers ?? [],
    droppedColumns: spec.droppedColumns ?? new Map(),
    view: spec.view ?? null,
  };
}

/** A new table from an old one; columns given as metadata are interned again under the table's name. */
export function rebuildTable(table: TableMetadata, changes: Partial<TableSpec>): TableMetadata {
  return buildTable({ ...table, ...changes });
}

/** The id of a system table, equal on every node and in Cassandra: the version-3 UUID of both names. */
export function systemTableId(keyspace: string, name: string): string {
  return uuidText(uuidFromName(Buffer.from(keyspace + name)));
}

/** UTF-8 byte order, which is how text keys sort. Plain comparison gives it but for surrogates. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function byName(a: ColumnMetadata, b: ColumnMetadata): number {
  return compareText(a.name, b.name);
}

function isCounterColumn(column: ColumnMetadata): boolean {
  return column.type.kind === 'native' && column.type.name === 'counter';
}
