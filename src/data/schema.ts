// What the schema says, as immutable plain data. One object a column in a process: `internColumn` makes columns
// comparable by identity between the nodes of one cluster, whose cells travel by reference.
// How it is stored in system_schema: node/schema/. How it prints: node/query/describe/.

import type { CqlType } from './cql-type.ts';
import { isMultiCell } from './cql-type.ts';
import { typeName } from './type-names.ts';

export type ColumnKind = 'partition_key' | 'clustering' | 'static' | 'regular';

/** A dynamic data mask on a column: the function and its fixed arguments (CQL literals' bytes, null = NULL). */
export interface ColumnMask {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
  readonly argumentValues: readonly (Buffer | null)[];
}

export interface ColumnMetadata {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
  readonly kind: ColumnKind;
  /** Index within the partition key or the clustering key; -1 for static and regular columns. */
  readonly position: number;
  /** Clustering order DESC. */
  readonly reversed: boolean;
  readonly mask: ColumnMask | null;
  /** Stored as one cell per element. */
  readonly isComplex: boolean;
}

const interned = new Map<string, ColumnMetadata>();

/** The one object for this column; equal specifications give the identical object. */
export function internColumn(spec: Omit<ColumnMetadata, 'isComplex'>): ColumnMetadata {
  const key = [
    spec.keyspace,
    spec.table,
    spec.name,
    spec.kind,
    spec.position,
    spec.reversed ? 'desc' : 'asc',
    typeKey(spec.type),
    spec.mask === null ? '' : maskKey(spec.mask),
  ].join('\u0000');
  const known = interned.get(key);
  if (known !== undefined) return known;
  const keyed = spec.kind === 'partition_key' || spec.kind === 'clustering';
  const column: ColumnMetadata = { ...spec, isComplex: !keyed && isMultiCell(spec.type) };
  interned.set(key, column);
  return column;
}

/** A UDT's fields are part of a column's identity: ALTER TYPE makes new column objects. */
function typeKey(type: CqlType): string {
  switch (type.kind) {
    case 'udt':
      return `${typeName(type)}{${type.fieldNames.map((n, i) => `${n}:${typeKey(type.fieldTypes[i] as CqlType)}`).join(',')}}`;
    case 'list':
    case 'set':
      return `${type.kind}(${type.frozen ? 'f' : ''}${typeKey(type.element)})`;
    case 'map':
      return `map(${type.frozen ? 'f' : ''}${typeKey(type.key)},${typeKey(type.value)})`;
    case 'tuple':
      return `tuple(${type.elements.map(typeKey).join(',')})`;
    case 'vector':
      return `vector(${typeKey(type.element)},${type.dimension})`;
    default:
      return typeName(type);
  }
}

function maskKey(mask: ColumnMask): string {
  const values = mask.argumentValues.map((v) => (v === null ? 'null' : v.toString('hex')));
  return `${mask.keyspace}.${mask.name}(${values.join(',')})`;
}

export type IndexKind = 'KEYS' | 'COMPOSITES' | 'CUSTOM';

export interface IndexMetadata {
  readonly name: string;
  readonly kind: IndexKind;
  /** As in system_schema.indexes: 'target' and, for CUSTOM, 'class_name' and the index's own options. */
  readonly options: ReadonlyMap<string, string>;
}

export interface TriggerMetadata {
  readonly name: string;
  readonly className: string;
}

export interface DroppedColumn {
  readonly column: ColumnMetadata;
  /** Microseconds; cells with a timestamp <= this are hidden. */
  readonly droppedTimeMicros: number;
}

/** Table options with Cassandra's names (schema/TableParams.java). Maps are printed sorted by key. */
export interface TableParams {
  readonly additional_write_policy: string;
  readonly allow_auto_snapshot: boolean;
  readonly bloom_filter_fp_chance: number;
  readonly caching: ReadonlyMap<string, string>;
  readonly cdc: boolean;
  readonly comment: string;
  readonly compaction: ReadonlyMap<string, string>;
  readonly compression: ReadonlyMap<string, string>;
  readonly crc_check_chance: number;
  readonly default_time_to_live: number;
  readonly extensions: ReadonlyMap<string, Buffer>;
  readonly gc_grace_seconds: number;
  readonly incremental_backups: boolean;
  readonly max_index_interval: number;
  readonly memtable: string;
  readonly memtable_flush_period_in_ms: number;
  readonly min_index_interval: number;
  readonly read_repair: 'BLOCKING' | 'NONE';
  readonly speculative_retry: string;
}

export type TableKind = 'regular' | 'view' | 'virtual';

export interface ViewMetadata {
  readonly baseTable: string;
  readonly baseTableId: string;
  readonly includeAllColumns: boolean;
  /** The WHERE clause as CQL text, as in system_schema.views. */
  readonly whereClause: string;
  /** The view's key holds a regular column of the base: a row lives by its marker alone. Absent: false. */
  readonly strictLiveness?: boolean;
}

export interface TableMetadata {
  /** UUID text, lower case with dashes. */
  readonly id: string;
  readonly keyspace: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly partitionKey: readonly ColumnMetadata[];
  readonly clustering: readonly ColumnMetadata[];
  /** Static and regular columns, each sorted by name (UTF-8 byte order). */
  readonly statics: readonly ColumnMetadata[];
  readonly regulars: readonly ColumnMetadata[];
  /** Every column by name, in `SELECT *` order: partition key, clustering, statics and regulars by name. */
  readonly columns: ReadonlyMap<string, ColumnMetadata>;
  readonly isCounter: boolean;
  /** system_schema.tables.flags: 'compound', 'counter', 'dense', 'super'. */
  readonly flags: ReadonlySet<string>;
  readonly params: TableParams;
  readonly indexes: readonly IndexMetadata[];
  readonly triggers: readonly TriggerMetadata[];
  readonly droppedColumns: ReadonlyMap<string, DroppedColumn>;
  readonly view: ViewMetadata | null;
}

export interface FunctionMetadata {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly CqlType[];
  readonly returnType: CqlType;
  readonly calledOnNullInput: boolean;
  readonly language: string;
  readonly body: string;
}

export interface AggregateMetadata {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
  readonly stateFunction: string;
  readonly stateType: CqlType;
  readonly finalFunction: string | null;
  readonly returnType: CqlType;
  /** CQL literal text of the initial condition, as stored; null = none. */
  readonly initialCondition: string | null;
  readonly initialConditionBytes: Buffer | null;
}

export interface ReplicationParams {
  /** Full class name: org.apache.cassandra.locator.NetworkTopologyStrategy ... */
  readonly className: string;
  /** Datacenter -> factor, or replication_factor -> n; strings as stored. */
  readonly options: ReadonlyMap<string, string>;
}

export type KeyspaceKind = 'regular' | 'virtual';

export interface KeyspaceMetadata {
  readonly name: string;
  readonly kind: KeyspaceKind;
  readonly durableWrites: boolean;
  readonly replication: ReplicationParams;
  /** Tables and views by name. */
  readonly tables: ReadonlyMap<string, TableMetadata>;
  readonly types: ReadonlyMap<string, UserType>;
  readonly functions: readonly FunctionMetadata[];
  readonly aggregates: readonly AggregateMetadata[];
}

type UserType = Extract<CqlType, { kind: 'udt' }>;

export interface Schema {
  readonly keyspaces: ReadonlyMap<string, KeyspaceMetadata>;
  /** UUID text; equal schemas have equal versions on all nodes. */
  readonly version: string;
}
