// Rows of system_schema back into schema objects, and the digest that stands for their content. Decoding is the same
// on every node for the same rows, so results are kept by digest in a cache the nodes of one process share.
// Test: test/schema/encode-decode.test.ts. Cassandra: schema/SchemaKeyspace.fetchKeyspace, calculateSchemaDigest.

import { createHash } from 'node:crypto';
import { required } from '../../base/assert.ts';
import type { CqlType, UserType } from '../../data/cql-type.ts';
import type { PartitionData } from '../../data/partition.ts';
import type {
  AggregateMetadata,
  ColumnMask,
  ColumnKind,
  ColumnMetadata,
  DroppedColumn,
  FunctionMetadata,
  IndexKind,
  IndexMetadata,
  KeyspaceMetadata,
  ReplicationParams,
  TableMetadata,
  TableParams,
  TriggerMetadata,
  ViewMetadata,
} from '../../data/schema.ts';
import { internColumn } from '../../data/schema.ts';
import { visibleColumns } from './compact-tables.ts';
import { maskArgumentBytes } from './mask-arguments.ts';
import type { LiveRow } from './row-reader.ts';
import { liveRows } from './row-reader.ts';
import {
  readBlobMap,
  readList,
  readText,
  readTextList,
  readTextMap,
  readUuid,
} from './row-values.ts';
import type { SchemaTableName } from './schema-tables.ts';
import { SCHEMA_TABLE_NAMES } from './schema-tables.ts';
import { buildTable, DEFAULT_TABLE_PARAMS } from './table-builder.ts';
import { parseTypeText, UnknownUserType } from './type-text.ts';

/** The partitions of one keyspace in each table of system_schema; null where there is none. */
export type KeyspaceRows = Readonly<Record<SchemaTableName, PartitionData | null>>;

/** Bytes of a CQL literal of a type: an aggregate's INITCOND. */
export type LiteralReader = (text: string, type: CqlType) => Buffer | null;

/** MD5 over the live content, timestamps left out; null when the keyspace does not exist. */
export function keyspaceDigest(rows: KeyspaceRows): Buffer | null {
  if (liveRows(rows.keyspaces).length === 0) return null;
  const hash = createHash('md5');
  for (const name of SCHEMA_TABLE_NAMES) {
    for (const row of liveRows(rows[name])) {
      hash.update(name);
      for (let i = 0; i < 2; i++) hash.update(row.clustering(i)).update('\u0000');
      for (const [column, value] of row.values()) {
        hash.update(column).update(`:${value.length}:`).update(value);
      }
    }
  }
  return hash.digest();
}

/** The keyspace that these rows describe; null when they hold none. Tables without columns or keys are left out. */
export function decodeKeyspace(
  name: string,
  rows: KeyspaceRows,
  readLiteral: LiteralReader,
): KeyspaceMetadata | null {
  const [row] = liveRows(rows.keyspaces);
  if (row === undefined) return null;
  const types = decodeTypes(name, rows.types);
  const functions = present(rows.functions, (r) => decodeFunction(name, r, types));
  return {
    name,
    kind: 'regular',
    durableWrites: readBoolean(row.value('durable_writes'), true),
    replication: decodeReplication(row),
    tables: decodeTables(name, rows, types),
    types,
    functions,
    aggregates: present(rows.aggregates, (r) => decodeAggregate(name, r, types, readLiteral)),
  };
}

/** Decodes each live row, leaving out those that name a user type that is gone. */
function present<T>(rows: PartitionData | null, decode: (row: LiveRow) => T | null): T[] {
  const decoded: T[] = [];
  for (const row of liveRows(rows)) {
    try {
      const value = decode(row);
      if (value !== null) decoded.push(value);
    } catch (error) {
      if (!(error instanceof UnknownUserType)) throw error;
    }
  }
  return decoded;
}

function decodeReplication(row: LiveRow): ReplicationParams {
  const value = row.value('replication');
  const options = value === null ? new Map<string, string>() : readTextMap(value);
  const className = options.get('class') ?? 'org.apache.cassandra.locator.LocalStrategy';
  options.delete('class');
  return { className, options };
}

/** Types may use each other: resolved in the order of their dependencies. */
function decodeTypes(keyspace: string, rows: PartitionData | null): Map<string, UserType> {
  const raw = new Map(liveRows(rows).map((row) => [readText(row.clustering(0)), row]));
  const resolved = new Map<string, UserType>();
  const resolve = (name: string): UserType | undefined => {
    const known = resolved.get(name);
    const row = raw.get(name);
    if (known !== undefined || row === undefined) return known;
    raw.delete(name);
    const lookup = new LazyTypes(resolve);
    const type: UserType = {
      kind: 'udt',
      keyspace,
      name,
      fieldNames: readTexts(row, 'field_names'),
      fieldTypes: readTexts(row, 'field_types').map((text) => parseTypeText(text, lookup)),
      frozen: false,
    };
    resolved.set(name, type);
    return type;
  };
  for (const name of raw.keys()) {
    try {
      resolve(name);
    } catch (error) {
      if (!(error instanceof UnknownUserType)) throw error;
    }
  }
  return new Map([...resolved].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A type lookup that resolves on demand. */
class LazyTypes {
  private readonly resolve: (name: string) => UserType | undefined;
  constructor(resolve: (name: string) => UserType | undefined) {
    this.resolve = resolve;
  }
  get(name: string): UserType | undefined {
    return this.resolve(name);
  }
}

function decodeTables(
  keyspace: string,
  rows: KeyspaceRows,
  types: ReadonlyMap<string, UserType>,
): Map<string, TableMetadata> {
  const parts: TableParts = {
    columns: groupByTable(rows.columns),
    masks: groupByTable(rows.column_masks),
    dropped: groupByTable(rows.dropped_columns),
    triggers: groupByTable(rows.triggers),
    indexes: groupByTable(rows.indexes),
  };
  const tables = [
    ...present(rows.tables, (row) => decodeTable(keyspace, row, parts, types, null)),
    ...present(rows.views, (row) => decodeTable(keyspace, row, parts, types, decodeView(row))),
  ];
  tables.sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map(tables.map((table) => [table.name, table]));
  for (const table of tables)
    if (hasRegularColumnInKey(table, byName)) byName.set(table.name, strict(table));
  return byName;
}

/** Such a view's rows live and die with that column (strict liveness). */
function hasRegularColumnInKey(
  table: TableMetadata,
  tables: ReadonlyMap<string, TableMetadata>,
): boolean {
  const base = table.view === null ? undefined : tables.get(table.view.baseTable);
  if (base === undefined) return false;
  return [...table.partitionKey, ...table.clustering].some(
    ({ name }) => base.columns.get(name)?.kind === 'regular',
  );
}

function strict(table: TableMetadata): TableMetadata {
  return table.view === null ? table : { ...table, view: { ...table.view, strictLiveness: true } };
}

type RowsByTable = ReadonlyMap<string, readonly LiveRow[]>;

interface TableParts {
  readonly columns: RowsByTable;
  readonly masks: RowsByTable;
  readonly dropped: RowsByTable;
  readonly triggers: RowsByTable;
  readonly indexes: RowsByTable;
}

function groupByTable(partition: PartitionData | null): RowsByTable {
  const groups = new Map<string, LiveRow[]>();
  for (const row of liveRows(partition)) {
    const table = readText(row.clustering(0));
    const group = groups.get(table);
    if (group === undefined) groups.set(table, [row]);
    else group.push(row);
  }
  return groups;
}

function decodeTable(
  keyspace: string,
  row: LiveRow,
  parts: TableParts,
  types: ReadonlyMap<string, UserType>,
  view: ViewMetadata | null,
): TableMetadata | null {
  const name = readText(row.clustering(0));
  const id = row.value('id');
  const flagsValue = row.value('flags');
  const flags =
    view !== null || flagsValue === null ? undefined : new Set(readTextList(flagsValue));
  const masks = new Map(
    (parts.masks.get(name) ?? []).map((r) => [readText(r.clustering(1)), r] as const),
  );
  const stored = (parts.columns.get(name) ?? []).map((r) => {
    const maskRow = masks.get(readText(r.clustering(1)));
    const mask = maskRow === undefined ? null : decodeMask(maskRow, types);
    return decodeColumn(keyspace, name, r, types, mask);
  });
  const columns = flags === undefined ? stored : visibleColumns(stored, flags);
  const of = (kind: ColumnKind): ColumnMetadata[] =>
    columns.filter((column) => column.kind === kind).sort((a, b) => a.position - b.position);
  const partitionKey = of('partition_key');
  if (id === null || partitionKey.length === 0) return null;
  return buildTable({
    id: readUuid(id),
    keyspace,
    name,
    kind: view === null ? 'regular' : 'view',
    partitionKey,
    clustering: of('clustering'),
    statics: of('static'),
    regulars: of('regular'),
    ...(flags === undefined ? {} : { flags }),
    params: decodeParams(row),
    indexes: (parts.indexes.get(name) ?? []).map(decodeIndex),
    triggers: (parts.triggers.get(name) ?? []).map(decodeTrigger),
    droppedColumns: decodeDroppedColumns(keyspace, name, parts.dropped.get(name) ?? []),
    view,
  });
}

function decodeColumn(
  keyspace: string,
  table: string,
  row: LiveRow,
  types: ReadonlyMap<string, UserType>,
  mask: ColumnMask | null,
): ColumnMetadata {
  return internColumn({
    keyspace,
    table,
    name: readText(row.clustering(1)),
    type: parseTypeText(requiredText(row, 'type'), types),
    kind: requiredText(row, 'kind') as ColumnKind,
    position: row.value('position')?.readInt32BE(0) ?? -1,
    reversed: row.text('clustering_order') === 'desc',
    mask,
  });
}

function decodeMask(row: LiveRow, types: ReadonlyMap<string, UserType>): ColumnMask {
  const argumentTypes = readTexts(row, 'function_argument_types').map((text) =>
    parseTypeText(text, types),
  );
  const nulls = row.value('function_argument_nulls');
  const isNull = nulls === null ? [] : readList(nulls).map((b) => readBoolean(b, false));
  return {
    keyspace: requiredText(row, 'function_keyspace'),
    name: requiredText(row, 'function_name'),
    argumentTypes,
    argumentValues: readTexts(row, 'function_argument_values').map((text, i) =>
      isNull[i] === true ? null : maskArgumentBytes(argumentTypes[i], text),
    ),
  };
}

function decodeParams(row: LiveRow): TableParams {
  const d = DEFAULT_TABLE_PARAMS;
  const int = (name: string, other: number): number => row.value(name)?.readInt32BE(0) ?? other;
  const double = (name: string, other: number): number => row.value(name)?.readDoubleBE(0) ?? other;
  const map = (name: string, other: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
    const value = row.value(name);
    return value === null ? other : readTextMap(value);
  };
  const extensions = row.value('extensions');
  return {
    additional_write_policy: row.text('additional_write_policy') ?? d.additional_write_policy,
    allow_auto_snapshot: readBoolean(row.value('allow_auto_snapshot'), true),
    bloom_filter_fp_chance: double('bloom_filter_fp_chance', d.bloom_filter_fp_chance),
    caching: map('caching', d.caching),
    cdc: readBoolean(row.value('cdc'), false),
    comment: row.text('comment') ?? '',
    compaction: map('compaction', d.compaction),
    compression: map('compression', d.compression),
    crc_check_chance: double('crc_check_chance', d.crc_check_chance),
    default_time_to_live: int('default_time_to_live', d.default_time_to_live),
    extensions: extensions === null ? d.extensions : readBlobMap(extensions),
    gc_grace_seconds: int('gc_grace_seconds', d.gc_grace_seconds),
    incremental_backups: readBoolean(row.value('incremental_backups'), true),
    max_index_interval: int('max_index_interval', d.max_index_interval),
    memtable: row.text('memtable') ?? 'default',
    memtable_flush_period_in_ms: int('memtable_flush_period_in_ms', d.memtable_flush_period_in_ms),
    min_index_interval: int('min_index_interval', d.min_index_interval),
    read_repair: row.text('read_repair') === 'NONE' ? 'NONE' : 'BLOCKING',
    speculative_retry: row.text('speculative_retry') ?? d.speculative_retry,
  };
}

function decodeView(row: LiveRow): ViewMetadata {
  return {
    baseTable: requiredText(row, 'base_table_name'),
    baseTableId: readUuid(required(row.value('base_table_id'), 'base_table_id of a view')),
    includeAllColumns: readBoolean(row.value('include_all_columns'), false),
    whereClause: requiredText(row, 'where_clause'),
  };
}

function decodeIndex(row: LiveRow): IndexMetadata {
  const options = row.value('options');
  return {
    name: readText(row.clustering(1)),
    kind: requiredText(row, 'kind') as IndexKind,
    options: options === null ? new Map() : readTextMap(options),
  };
}

function decodeTrigger(row: LiveRow): TriggerMetadata {
  const options = row.value('options');
  const className = options === null ? '' : (readTextMap(options).get('class') ?? '');
  return { name: readText(row.clustering(1)), className };
}

/** The types of dropped columns hold no UDTs: they were turned into tuples when the column went. */
function decodeDroppedColumns(
  keyspace: string,
  table: string,
  rows: readonly LiveRow[],
): Map<string, DroppedColumn> {
  const dropped = new Map<string, DroppedColumn>();
  for (const row of rows) {
    const name = readText(row.clustering(1));
    const time = required(row.value('dropped_time'), `dropped_time of ${name}`);
    const column = internColumn({
      keyspace,
      table,
      name,
      type: parseTypeText(requiredText(row, 'type'), new Map()),
      kind: row.text('kind') === 'static' ? 'static' : 'regular',
      position: -1,
      reversed: false,
      mask: null,
    });
    dropped.set(name, { column, droppedTimeMicros: Number(time.readBigInt64BE(0)) * 1_000 });
  }
  return dropped;
}

function decodeFunction(
  keyspace: string,
  row: LiveRow,
  types: ReadonlyMap<string, UserType>,
): FunctionMetadata {
  return {
    keyspace,
    name: readText(row.clustering(0)),
    argumentNames: readTexts(row, 'argument_names'),
    argumentTypes: readTextList(row.clustering(1)).map((text) => parseTypeText(text, types)),
    returnType: parseTypeText(requiredText(row, 'return_type'), types),
    calledOnNullInput: readBoolean(row.value('called_on_null_input'), false),
    language: requiredText(row, 'language'),
    body: requiredText(row, 'body'),
  };
}

function decodeAggregate(
  keyspace: string,
  row: LiveRow,
  types: ReadonlyMap<string, UserType>,
  readLiteral: LiteralReader,
): AggregateMetadata {
  const stateType = parseTypeText(requiredText(row, 'state_type'), types);
  const initialCondition = row.text('initcond');
  return {
    keyspace,
    name: readText(row.clustering(0)),
    argumentTypes: readTextList(row.clustering(1)).map((text) => parseTypeText(text, types)),
    stateFunction: requiredText(row, 'state_func'),
    stateType,
    finalFunction: row.text('final_func'),
    returnType: parseTypeText(requiredText(row, 'return_type'), types),
    initialCondition,
    initialConditionBytes:
      initialCondition === null ? null : readLiteral(initialCondition, stateType),
  };
}

function readTexts(row: LiveRow, name: string): string[] {
  const value = row.value(name);
  return value === null ? [] : readTextList(value);
}

function readBoolean(value: Buffer | null, other: boolean): boolean {
  return value === null ? other : value[0] !== 0;
}

function requiredText(row: LiveRow, name: string): string {
  return required(row.text(name), `a value of system_schema column ${name}`);
}
