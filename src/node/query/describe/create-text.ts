// The CQL that would create a schema object again, to the letter of Cassandra's DESCRIBE: columns and options in its
// order, four blanks of indentation, objects that CQL cannot create inside comments.
// Test: test/describe/. Cassandra: TableMetadata, TableParams, ViewMetadata, IndexMetadata, UserType, KeyspaceMetadata
// (appendCqlTo), SchemaCQLHelper.

import { codecFor } from '../../../data/codec/codec.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import type { UserType } from '../../../data/cql-type.ts';
import { qualifiedText, quoteIfNeeded } from '../../../data/identifier.ts';
import { doubleText } from '../../../data/java-number.ts';
import type {
  AggregateMetadata,
  ColumnMask,
  ColumnMetadata,
  DroppedColumn,
  FunctionMetadata,
  IndexMetadata,
  KeyspaceMetadata,
  TableMetadata,
  TableParams,
} from '../../../data/schema.ts';
import { signatureTypeName, typeName } from '../../../data/type-names.ts';
import { compareColumns } from '../../../data/type-order.ts';
import {
  isCompactTable,
  isStaticCompactTable,
  storedColumns,
} from '../../schema/compact-tables.ts';
import { compareText } from '../../schema/table-builder.ts';
import { putAllOrder } from '../ddl/java-hash-order.ts';

const INDENT = '    ';
const LOCATOR = 'org.apache.cassandra.locator.';

export function keyspaceText(keyspace: KeyspaceMetadata): string {
  const name = quoteIfNeeded(keyspace.name);
  if (keyspace.kind === 'virtual') {
    return (
      `/*\nWarning: Keyspace ${name} is a virtual keyspace and cannot be recreated with CQL.\n` +
      `Structure, for reference:\nVIRTUAL KEYSPACE ${name};\n*/`
    );
  }
  const { className, options } = keyspace.replication;
  const strategy = className.startsWith(LOCATOR) ? className.slice(LOCATOR.length) : className;
  const sorted = [...options].sort(([a], [b]) => compareText(a, b));
  const replication = [['class', strategy], ...sorted]
    .map(([key = '', value = '']) => `${quote(key)}: ${quote(value)}`)
    .join(', ');
  return `CREATE KEYSPACE ${name} WITH replication = {${replication}}  AND durable_writes = ${keyspace.durableWrites};`;
}

export function typeText(type: UserType): string {
  const fields = type.fieldNames.map((name, i) => {
    const fieldType = type.fieldTypes[i] ?? NATIVE.blob;
    return `${INDENT}${quoteIfNeeded(name)} ${typeName(fieldType)}`;
  });
  return `CREATE TYPE ${qualifiedText(type)} (\n${fields.join(',\n')}\n);`;
}

/** `internals` adds the id and what became of dropped columns. */
export function tableText(table: TableMetadata, internals: boolean): string {
  if (table.kind === 'view') return viewText(table, internals);
  if (table.kind === 'virtual') {
    return (
      `/*\nWarning: Table ${qualifiedText(table)} is a virtual table and cannot be recreated with CQL.\n` +
      `Structure, for reference:\n${createTable(table, internals, 'VIRTUAL')}\n*/`
    );
  }
  const create = createTable(table, internals, 'CREATE') + dropStatements(table, internals);
  if (!isCompactTable(table.flags)) return create;
  return (
    `/*\nWarning: Table ${qualifiedText(table)} omitted because it has constructs not compatible with CQL ` +
    '(was created via legacy API).\nApproximate structure, for reference:\n' +
    `(this should not be used to reproduce this schema)\n\n${create}\n*/`
  );
}

function createTable(table: TableMetadata, internals: boolean, verb: string): string {
  const isCompact = table.kind === 'regular' && isCompactTable(table.flags);
  const isStaticCompact = isCompact && isStaticCompactTable(table.flags);
  const inline =
    table.partitionKey.length === 1 && table.clustering.length === 0 && !isStaticCompact;
  const dropped = internals ? droppedInOrder(table) : [];
  const lines = columnsInCreateOrder(table)
    .filter((column) => !internals || !table.droppedColumns.has(column.name))
    .map((column) => {
      const isKey = inline && column.kind === 'partition_key';
      return columnText(column) + (isKey ? ' PRIMARY KEY' : '');
    });
  lines.push(...dropped.map(({ column }) => columnText(column)));
  if (!inline) lines.push(primaryKeyText(table));
  const columns = lines.map((line) => INDENT + line).join(',\n');
  return `${verb} TABLE ${qualifiedText(table)} (\n${columns}\n) WITH ${optionsText(table, internals)};`;
}

/** Partition key, clustering, then statics and regulars, each with simple columns before collections. */
function columnsInCreateOrder(table: TableMetadata): readonly ColumnMetadata[] {
  return [
    ...table.partitionKey,
    ...table.clustering,
    ...[...table.statics].sort(compareColumns),
    ...[...table.regulars].sort(compareColumns),
  ];
}

function columnText(column: ColumnMetadata): string {
  const text = `${quoteIfNeeded(column.name)} ${typeName(column.type)}`;
  const fixed = column.kind === 'static' ? ' static' : '';
  return text + fixed + (column.mask === null ? '' : ` MASKED WITH ${maskText(column.mask)}`);
}

function maskText(mask: ColumnMask): string {
  const values = mask.argumentValues.map((value, i) =>
    codecFor(mask.argumentTypes[i] ?? NATIVE.text).toCqlLiteral(value),
  );
  return `${qualifiedText(mask)}(${values.join(', ')})`;
}

function names(columns: readonly ColumnMetadata[]): string {
  return columns.map(({ name }) => quoteIfNeeded(name)).join(', ');
}

function primaryKeyText(table: TableMetadata): string {
  const partition = names(table.partitionKey);
  const first = table.partitionKey.length > 1 ? `(${partition})` : partition;
  if (table.clustering.length === 0) return `PRIMARY KEY (${first})`;
  return `PRIMARY KEY (${first}, ${names(table.clustering)})`;
}

function optionsText(table: TableMetadata, internals: boolean): string {
  const options: string[] = [];
  const isCompact = table.kind === 'regular' && isCompactTable(table.flags);
  if (isCompact) options.push('COMPACT STORAGE');
  if (internals) options.push(`ID = ${table.id}`);
  const clustering = isCompact
    ? storedColumns(table).filter(({ kind }) => kind === 'clustering')
    : table.clustering;
  if (clustering.length > 0) {
    const order = clustering.map(
      ({ name, reversed }) => `${quoteIfNeeded(name)} ${reversed ? 'DESC' : 'ASC'}`,
    );
    options.push(`CLUSTERING ORDER BY (${order.join(', ')})`);
  }
  if (table.kind === 'virtual') options.push(`comment = ${quote(table.params.comment)}`);
  else options.push(...paramTexts(table.params, table.kind === 'view'));
  return options.join(`\n${INDENT}AND `);
}

function paramTexts(params: TableParams, isView: boolean): string[] {
  const extensions = new Map(
    [...params.extensions].map(([key, value]) => [key, `0x${value.toString('hex')}`]),
  );
  return [
    `additional_write_policy = ${quote(params.additional_write_policy)}`,
    `allow_auto_snapshot = ${params.allow_auto_snapshot}`,
    `bloom_filter_fp_chance = ${doubleText(params.bloom_filter_fp_chance)}`,
    `caching = ${mapText(params.caching)}`,
    `cdc = ${params.cdc}`,
    `comment = ${quote(params.comment)}`,
    `compaction = ${mapText(params.compaction)}`,
    `compression = ${mapText(params.compression)}`,
    `memtable = ${quote(params.memtable)}`,
    `crc_check_chance = ${doubleText(params.crc_check_chance)}`,
    ...(isView ? [] : [`default_time_to_live = ${params.default_time_to_live}`]),
    `extensions = ${mapText(extensions, (value) => value)}`,
    `gc_grace_seconds = ${params.gc_grace_seconds}`,
    `incremental_backups = ${params.incremental_backups}`,
    `max_index_interval = ${params.max_index_interval}`,
    `memtable_flush_period_in_ms = ${params.memtable_flush_period_in_ms}`,
    `min_index_interval = ${params.min_index_interval}`,
    `read_repair = ${quote(params.read_repair)}`,
    `speculative_retry = ${quote(params.speculative_retry)}`,
  ];
}

function droppedInOrder(table: TableMetadata): DroppedColumn[] {
  return putAllOrder(table.droppedColumns.keys()).flatMap((name) => {
    const dropped = table.droppedColumns.get(name);
    return dropped === undefined ? [] : [dropped];
  });
}

/** What leads from the columns ever there to those there now. */
function dropStatements(table: TableMetadata, internals: boolean): string {
  if (!internals) return '';
  let text = '';
  for (const { column, droppedTimeMicros } of droppedInOrder(table)) {
    const name = quoteIfNeeded(column.name);
    text += `\nALTER TABLE ${qualifiedText(table)} DROP ${name} USING TIMESTAMP ${droppedTimeMicros};`;
    const again = table.columns.get(column.name);
    if (again !== undefined)
      text += `\nALTER TABLE ${qualifiedText(table)} ADD ${columnText(again)};`;
  }
  return text;
}

function viewText(table: TableMetadata, internals: boolean): string {
  const { view } = table;
  const base = `${quoteIfNeeded(table.keyspace)}.${quoteIfNeeded(view?.baseTable ?? '')}`;
  const columns =
    view?.includeAllColumns === true
      ? '*'
      : [...table.columns.keys()].map(quoteIfNeeded).join(', ');
  return (
    `CREATE MATERIALIZED VIEW ${qualifiedText(table)} AS\n${INDENT}SELECT ${columns}\n` +
    `${INDENT}FROM ${base}\n${INDENT}WHERE ${view?.whereClause ?? ''}\n` +
    `${INDENT}${primaryKeyText(table)}\n WITH ${optionsText(table, internals)};`
  );
}

export function indexText(table: TableMetadata, index: IndexMetadata): string {
  const target = index.options.get('target') ?? '';
  const on = `${quoteIfNeeded(index.name)} ON ${qualifiedText(table)} (${target})`;
  if (index.kind !== 'CUSTOM') return `CREATE INDEX ${on};`;
  const className = index.options.get('class_name') ?? '';
  const options = new Map(
    [...index.options].filter(([key]) => key !== 'target' && key !== 'class_name'),
  );
  const rest = options.size === 0 ? '' : ` WITH OPTIONS = ${mapText(options)}`;
  return `CREATE CUSTOM INDEX ${on} USING ${quote(className)}${rest};`;
}

export function functionText(function_: FunctionMetadata): string {
  const args = function_.argumentTypes.map(
    (type, i) => `${quoteIfNeeded(function_.argumentNames[i] ?? '')} ${signatureTypeName(type)}`,
  );
  return [
    `CREATE FUNCTION ${qualifiedText(function_)}(${args.join(', ')})`,
    `${function_.calledOnNullInput ? 'CALLED' : 'RETURNS NULL'} ON NULL INPUT`,
    `RETURNS ${signatureTypeName(function_.returnType)}`,
    `LANGUAGE ${function_.language}`,
    `AS $$${function_.body}$$;`,
  ].join(`\n${INDENT}`);
}

export function aggregateText(aggregate: AggregateMetadata): string {
  const args = aggregate.argumentTypes.map(signatureTypeName).join(', ');
  const lines = [
    `CREATE AGGREGATE ${qualifiedText(aggregate)}(${args})`,
    `SFUNC ${quoteIfNeeded(aggregate.stateFunction)}`,
    `STYPE ${signatureTypeName(aggregate.stateType)}`,
  ];
  if (aggregate.finalFunction !== null) {
    lines.push(`FINALFUNC ${quoteIfNeeded(aggregate.finalFunction)}`);
  }
  if (aggregate.initialCondition !== null) lines.push(`INITCOND ${aggregate.initialCondition}`);
  return `${lines.join(`\n${INDENT}`)};`;
}

/** Sorted by key; values in quotes unless `print` says otherwise. */
function mapText(map: ReadonlyMap<string, string>, print = quote): string {
  const entries = [...map]
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, value]) => `${quote(key)}: ${print(value)}`);
  return `{${entries.join(', ')}}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
