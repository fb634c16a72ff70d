// Schema objects as rows of system_schema: whole keyspaces, and the difference between two states of one as the
// smallest mutation that leads from one to the other. The way back is decode.ts.
// Test: test/schema/encode-decode.test.ts. Cassandra: schema/SchemaKeyspace.

import { typeName } from '../../data/type-names.ts';
import type {
  AggregateMetadata,
  ColumnMetadata,
  DroppedColumn,
  FunctionMetadata,
  IndexMetadata,
  KeyspaceMetadata,
  TableMetadata,
  TableParams,
  TriggerMetadata,
} from '../../data/schema.ts';
import type { UserType } from '../../data/cql-type.ts';
import type { Int64 } from '../../base/int64.ts';
import type { Mutation } from '../../data/partition.ts';
import { storedColumns } from './compact-tables.ts';
import { maskArgumentText } from './mask-arguments.ts';
import type { RowDraft } from './row-writer.ts';
import { RowWriter } from './row-writer.ts';
import {
  booleanValue,
  doubleValue,
  intValue,
  listValue,
  longValue,
  textListValue,
  textMapValue,
  textSetValue,
  textValue,
  uuidValue,
} from './row-values.ts';
import { SCHEMA_TABLES } from './schema-tables.ts';
import { isReplicatedSystemKeyspace } from './system-keyspaces.ts';
import type { KeyspaceDiff } from './diff.ts';

export interface WriteTime {
  /** Microseconds. */
  readonly timestamp: Int64;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
}

/** Every row of a keyspace. */
export function keyspaceMutation(keyspace: KeyspaceMetadata, when: WriteTime): Mutation {
  const writer = writerFor(keyspace.name, when);
  writeKeyspaceRow(writer, keyspace);
  for (const table of keyspace.tables.values()) writeTable(writer, table, true);
  for (const type of keyspace.types.values()) writeType(writer, type);
  for (const function_ of keyspace.functions) writeFunction(writer, function_);
  for (const aggregate of keyspace.aggregates) writeAggregate(writer, aggregate);
  return writer.build();
}

/** Tombstones over every row of a keyspace. */
export function dropKeyspaceMutation(name: string, when: WriteTime): Mutation {
  const writer = writerFor(name, when);
  for (const table of Object.values(SCHEMA_TABLES)) writer.deletePartition(table);
  return writer.build();
}

/** What a change of an existing keyspace writes; the keyspace's own row always comes along. */
export function alterKeyspaceMutation(diff: KeyspaceDiff, when: WriteTime): Mutation {
  const writer = writerFor(diff.after.name, when);
  writeKeyspaceRow(writer, diff.after);
  for (const type of diff.types.dropped) {
    writer.row(SCHEMA_TABLES.types, [textValue(type.name)]).delete();
  }
  for (const type of diff.types.created) writeType(writer, type);
  for (const { after } of diff.types.altered) writeType(writer, after);
  for (const table of diff.tables.dropped) dropTable(writer, table);
  for (const table of diff.tables.created) writeTable(writer, table, true);
  for (const { before, after } of diff.tables.altered) alterTable(writer, before, after);
  for (const function_ of diff.functions.dropped) functionRow(writer, function_).delete();
  for (const function_ of diff.functions.created) writeFunction(writer, function_);
  for (const { after } of diff.functions.altered) writeFunction(writer, after);
  for (const aggregate of diff.aggregates.dropped) aggregateRow(writer, aggregate).delete();
  for (const aggregate of diff.aggregates.created) writeAggregate(writer, aggregate);
  for (const { after } of diff.aggregates.altered) writeAggregate(writer, after);
  return writer.build();
}

function writerFor(keyspace: string, when: WriteTime): RowWriter {
  return new RowWriter({ keyspace: 'system_schema', key: textValue(keyspace), ...when });
}

function writeKeyspaceRow(writer: RowWriter, keyspace: KeyspaceMetadata): void {
  const replication = new Map([
    ['class', keyspace.replication.className],
    ...keyspace.replication.options,
  ]);
  writer
    .row(SCHEMA_TABLES.keyspaces)
    .set('durable_writes', booleanValue(keyspace.durableWrites))
    .set('replication', textMapValue(replication));
}

function writeTable(writer: RowWriter, table: TableMetadata, withParts: boolean): void {
  if (table.view === null) {
    const row = writer.row(SCHEMA_TABLES.tables, [textValue(table.name)]).deletePrevious();
    row.set('id', uuidValue(table.id)).set('flags', textSetValue(table.flags));
    writeParams(row, table.params);
  } else {
    const row = writer.row(SCHEMA_TABLES.views, [textValue(table.name)]).deletePrevious();
    row
      .set('include_all_columns', booleanValue(table.view.includeAllColumns))
      .set('base_table_id', uuidValue(table.view.baseTableId))
      .set('base_table_name', textValue(table.view.baseTable))
      .set('where_clause', textValue(table.view.whereClause))
      .set('id', uuidValue(table.id));
    writeParams(row, table.params);
  }
  if (!withParts) return;
  for (const column of storedColumns(table)) writeColumn(writer, table, column);
  for (const dropped of table.droppedColumns.values()) writeDroppedColumn(writer, table, dropped);
  for (const trigger of table.triggers) writeTrigger(writer, table, trigger);
  for (const index of table.indexes) writeIndex(writer, table, index);
}

function writeParams(row: RowDraft, params: TableParams): void {
  row
    .set('bloom_filter_fp_chance', doubleValue(params.bloom_filter_fp_chance))
    .set('comment', textValue(params.comment))
    .set('dclocal_read_repair_chance', doubleValue(0))
    .set('default_time_to_live', intValue(params.default_time_to_live))
    .set('gc_grace_seconds', intValue(params.gc_grace_seconds))
    .set('max_index_interval', intValue(params.max_index_interval))
    .set('memtable_flush_period_in_ms', intValue(params.memtable_flush_period_in_ms))
    .set('min_index_interval', intValue(params.min_index_interval))
    .set('read_repair_chance', doubleValue(0))
    .set('speculative_retry', textValue(params.speculative_retry))
    .set('additional_write_policy', textValue(params.additional_write_policy))
    .set('crc_check_chance', doubleValue(params.crc_check_chance))
    .set('caching', textMapValue(params.caching))
    .set('compaction', textMapValue(params.compaction))
    .set('compression', textMapValue(params.compression))
    .set('read_repair', textValue(params.read_repair))
    .set('extensions', textMapValue(params.extensions));
  // These are left out at their defaults, as Cassandra does for the sake of older nodes.
  if (params.cdc) row.set('cdc', booleanValue(true));
  if (params.memtable !== 'default') row.set('memtable', textValue(params.memtable));
  if (!params.allow_auto_snapshot) row.set('allow_auto_snapshot', booleanValue(false));
  if (!params.incremental_backups) row.set('incremental_backups', booleanValue(false));
}

function writeColumn(writer: RowWriter, table: TableMetadata, column: ColumnMetadata): void {
  const clustering = [textValue(table.name), textValue(column.name)];
  writer
    .row(SCHEMA_TABLES.columns, clustering)
    .set('column_name_bytes', textValue(column.name))
    .set('kind', textValue(column.kind))
    .set('position', intValue(column.position))
    .set('clustering_order', textValue(clusteringOrderText(column)))
    .set('type', textValue(typeName(column.type)));
  if (isReplicatedSystemKeyspace(table.keyspace)) return;
  const { mask } = column;
  const row = writer.row(SCHEMA_TABLES.column_masks, clustering);
  if (mask === null) {
    row.delete();
    return;
  }
  const texts = mask.argumentValues.map((value, i) =>
    maskArgumentText(mask.argumentTypes[i], value),
  );
  row
    .set('function_keyspace', textValue(mask.keyspace))
    .set('function_name', textValue(mask.name))
    .set('function_argument_types', textListValue(mask.argumentTypes.map(typeName)))
    .set('function_argument_values', textListValue(texts))
    .set(
      'function_argument_nulls',
      listValue(mask.argumentValues.map((value) => booleanValue(value === null))),
    );
}

function clusteringOrderText(column: ColumnMetadata): string {
  if (column.kind !== 'clustering') return 'none';
  return column.reversed ? 'desc' : 'asc';
}

function dropColumn(writer: RowWriter, table: TableMetadata, column: ColumnMetadata): void {
  writer.row(SCHEMA_TABLES.columns, [textValue(table.name), textValue(column.name)]).delete();
  if (column.mask !== null) {
    writer
      .row(SCHEMA_TABLES.column_masks, [textValue(table.name), textValue(column.name)])
      .delete();
  }
}

function writeDroppedColumn(writer: RowWriter, table: TableMetadata, dropped: DroppedColumn): void {
  writer
    .row(SCHEMA_TABLES.dropped_columns, [textValue(table.name), textValue(dropped.column.name)])
    .set('dropped_time', longValue(Math.floor(dropped.droppedTimeMicros / 1_000)))
    .set('type', textValue(typeName(dropped.column.type)))
    .set('kind', textValue(dropped.column.kind));
}

function writeTrigger(writer: RowWriter, table: TableMetadata, trigger: TriggerMetadata): void {
  writer
    .row(SCHEMA_TABLES.triggers, [textValue(table.name), textValue(trigger.name)])
    .set('options', textMapValue(new Map([['class', trigger.className]])));
}

function writeIndex(writer: RowWriter, table: TableMetadata, index: IndexMetadata): void {
  writer
    .row(SCHEMA_TABLES.indexes, [textValue(table.name), textValue(index.name)])
    .set('kind', textValue(index.kind))
    .set('options', textMapValue(index.options));
}

function dropTable(writer: RowWriter, table: TableMetadata): void {
  const owner = table.view === null ? SCHEMA_TABLES.tables : SCHEMA_TABLES.views;
  writer.row(owner, [textValue(table.name)]).delete();
  for (const column of storedColumns(table)) dropColumn(writer, table, column);
  const parts = [
    ...[...table.droppedColumns.keys()].map((name) => [SCHEMA_TABLES.dropped_columns, name]),
    ...table.triggers.map(({ name }) => [SCHEMA_TABLES.triggers, name]),
    ...table.indexes.map(({ name }) => [SCHEMA_TABLES.indexes, name]),
  ] as [TableMetadata, string][];
  for (const [of, name] of parts) writer.row(of, [textValue(table.name), textValue(name)]).delete();
}

function alterTable(writer: RowWriter, before: TableMetadata, after: TableMetadata): void {
  writeTable(writer, after, false);
  const oldColumns = new Map(storedColumns(before).map((column) => [column.name, column]));
  const newColumns = new Map(storedColumns(after).map((column) => [column.name, column]));
  for (const [name, column] of oldColumns) {
    if (!newColumns.has(name)) dropColumn(writer, before, column);
  }
  for (const [name, column] of newColumns) {
    if (oldColumns.get(name) !== column) writeColumn(writer, after, column);
  }
  for (const [name, dropped] of after.droppedColumns) {
    if (before.droppedColumns.get(name) !== dropped) writeDroppedColumn(writer, after, dropped);
  }
  const parts = (of: TableMetadata, old: readonly Named[], now: readonly Named[]): void => {
    for (const { name } of old) {
      if (now.some((other) => other.name === name)) continue;
      writer.row(of, [textValue(after.name), textValue(name)]).delete();
    }
  };
  parts(SCHEMA_TABLES.triggers, before.triggers, after.triggers);
  for (const trigger of after.triggers) {
    if (!before.triggers.includes(trigger)) writeTrigger(writer, after, trigger);
  }
  parts(SCHEMA_TABLES.indexes, before.indexes, after.indexes);
  for (const index of after.indexes) {
    if (!before.indexes.includes(index)) writeIndex(writer, after, index);
  }
}

interface Named {
  readonly name: string;
}

function writeType(writer: RowWriter, type: UserType): void {
  writer
    .row(SCHEMA_TABLES.types, [textValue(type.name)])
    .set('field_names', textListValue(type.fieldNames))
    .set('field_types', textListValue(type.fieldTypes.map(typeName)));
}

function functionRow(writer: RowWriter, function_: FunctionMetadata): RowDraft {
  const types = textListValue(function_.argumentTypes.map(typeName));
  return writer.row(SCHEMA_TABLES.functions, [textValue(function_.name), types]);
}

function writeFunction(writer: RowWriter, function_: FunctionMetadata): void {
  functionRow(writer, function_)
    .set('body', textValue(function_.body))
    .set('language', textValue(function_.language))
    .set('return_type', textValue(typeName(function_.returnType)))
    .set('called_on_null_input', booleanValue(function_.calledOnNullInput))
    .set('argument_names', textListValue(function_.argumentNames));
}

function aggregateRow(writer: RowWriter, aggregate: AggregateMetadata): RowDraft {
  const types = textListValue(aggregate.argumentTypes.map(typeName));
  return writer.row(SCHEMA_TABLES.aggregates, [textValue(aggregate.name), types]);
}

function writeAggregate(writer: RowWriter, aggregate: AggregateMetadata): void {
  const { finalFunction, initialCondition } = aggregate;
  aggregateRow(writer, aggregate)
    .set('return_type', textValue(typeName(aggregate.returnType)))
    .set('state_func', textValue(aggregate.stateFunction))
    .set('state_type', textValue(typeName(aggregate.stateType)))
    .set('final_func', finalFunction === null ? null : textValue(finalFunction))
    .set('initcond', initialCondition === null ? null : textValue(initialCondition));
}
