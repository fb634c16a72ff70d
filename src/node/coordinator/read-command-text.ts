// A read command as CQL, as warnings and failures show it, and the tokens it reads. Meant for people: what CQL cannot
// say is left out. Test: test/cql/tombstone-warnings.cql, read-thresholds.cql.
// Cassandra: db/AbstractReadQuery.toCQLString, db/DataRange, db/filter, ReadCommand.loggableTokens.

import { codecFor } from '../../data/codec/codec.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { qualifiedText, quoteIfNeeded } from '../../data/identifier.ts';
import type { Clustering, ClusteringBound, DecoratedKey, Slice } from '../../data/partition.ts';
import { splitCompositeKey } from '../../data/partition-key.ts';
import type {
  ClusteringFilter,
  DataLimits,
  PartitionRange,
  ReadCommand,
  RowFilterExpression,
} from '../../data/read-command.ts';
import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import { MIN_TOKEN, tokenText } from '../../ring/token.ts';

export function commandText(command: ReadCommand): string {
  const where =
    command.kind === 'partition'
      ? partitionWhere(command.table, command.key, command)
      : rangeWhere(command.table, command.range, command);
  const parts = [
    `SELECT ${columnsText(command)} FROM ${qualifiedText(command.table)}`,
    where === '' ? '' : ` WHERE ${where}`,
    limitsText(command.limits),
    ' ALLOW FILTERING',
  ];
  return parts.join('');
}

/** `token=5`, `token range: (5, 9]`. */
export function tokensText(command: ReadCommand): string {
  if (command.kind === 'partition') return `token=${tokenText(command.key)}`;
  const { left, right, leftInclusive, rightInclusive, startKey, startKeyInclusive } = command.range;
  const from = startKey ?? left;
  const isInclusive = startKey === null ? from !== null && leftInclusive : startKeyInclusive;
  const open = isInclusive ? '[' : '(';
  const close = right === null || rightInclusive ? ']' : ')';
  return `token range: ${open}${tokenText(from ?? MIN_TOKEN)}, ${tokenText(right ?? MIN_TOKEN)}${close}`;
}

/** Nothing but key columns: all of them, for the row's sake. Plain columns come before collections. */
function columnsText({ columns, table }: ReadCommand): string {
  const { queried } = columns;
  if (queried === undefined) return '*';
  const named = [...table.columns.values()]
    .filter((column) => column.position < 0 && queried.has(column.name))
    .sort((a, b) => Number(a.isComplex) - Number(b.isComplex));
  if (named.length === 0) return '*';
  return named.map(({ name }) => quoteIfNeeded(name)).join(', ');
}

function limitsText({ rows, perPartition, distinct, isGrouped }: DataLimits): string {
  if (isGrouped === true) return ' ';
  const limits = [
    rows === Infinity ? '' : `LIMIT ${rows}`,
    perPartition === Infinity ? '' : `PER PARTITION LIMIT ${perPartition}`,
  ].filter((text) => text !== '');
  return limits.length === 0 && !distinct ? '' : ` ${limits.join(' ')}`;
}

function partitionWhere(table: TableMetadata, key: DecoratedKey, command: ReadCommand): string {
  const { partitionKey } = table;
  const values =
    partitionKey.length === 1 ? [key.bytes] : splitCompositeKey(key.bytes, partitionKey.length);
  const keys = partitionKey.map(
    (column, i) => `${quoted(column)} = ${valueText(column, values[i])}`,
  );
  const rows = rowsText(table, command.clustering, command);
  const isAll = selectsAll(command.clustering);
  const isFree = isAll && (command.filter?.expressions.length ?? 0) === 0;
  if (rows === '') return keys.join(' AND ');
  return `${keys.join(' AND ')}${isFree ? '' : ' AND '}${rows}`;
}

function rangeWhere(table: TableMetadata, range: PartitionRange, command: ReadCommand): string {
  const columns = table.partitionKey.map(quoted).join(', ');
  const ends: string[] = [];
  const { startKey, startKeyInclusive, left, leftInclusive, right, rightInclusive } = range;
  if (startKey !== null) {
    const values = keyValues(table, startKey).join(', ');
    ends.push(`token(${columns}) ${startKeyInclusive ? '>=' : '>'} token(${values})`);
  } else if (left !== null) {
    ends.push(`token(${columns}) ${leftInclusive ? '>=' : '>'} ${tokenText(left)}`);
  }
  if (right !== null)
    ends.push(`token(${columns}) ${rightInclusive ? '<=' : '<'} ${tokenText(right)}`);
  const rows = rowsText(table, command.clustering, command);
  return [...ends, ...(rows === '' ? [] : [rows])].join(' AND ');
}

function keyValues(table: TableMetadata, key: DecoratedKey): readonly string[] {
  const { partitionKey } = table;
  if (partitionKey.length === 1) return [valueText(partitionKey[0], key.bytes)];
  const values = splitCompositeKey(key.bytes, partitionKey.length);
  return partitionKey.map((column, i) => valueText(column, values[i]));
}

function selectsAll(filter: ClusteringFilter): boolean {
  if (filter.kind === 'names') return false;
  const [only, second] = filter.slices;
  return only !== undefined && second === undefined && isOpen(only.start) && isOpen(only.end);
}

function isOpen({ prefix }: ClusteringBound): boolean {
  return prefix.length === 0;
}

/** Rows, filter and order. */
function rowsText(table: TableMetadata, filter: ClusteringFilter, command: ReadCommand): string {
  const texts =
    filter.kind === 'names'
      ? namesText(table, filter.clusterings)
      : slicesText(table, selectsAll(filter) ? [] : filter.slices);
  const conditions = (command.filter?.expressions ?? []).map(expressionText);
  const where = [...texts, ...conditions].join(' AND ');
  if (!filter.reversed) return where;
  const order = table.clustering.map((column) =>
    [quoted(column), column.reversed ? 'ASC' : 'DESC'].join(' '),
  );
  return order.length === 0 ? where : `${where} ORDER BY ${order.join(', ')}`;
}

function namesText(table: TableMetadata, clusterings: readonly Clustering[]): readonly string[] {
  const { clustering: columns } = table;
  if (columns.length === 0 || clusterings.length === 0) return [];
  const bracketed = (texts: readonly string[]): string =>
    columns.length === 1 ? texts.join(', ') : `(${texts.join(', ')})`;
  const rows = clusterings.map((row) =>
    bracketed(columns.map((column, i) => valueText(column, row[i]))),
  );
  const names = bracketed(columns.map(quoted));
  return [rows.length === 1 ? `${names} = ${rows[0]}` : `${names} IN (${rows.join(', ')})`];
}

/** Column by column; of slices that differ in more than equal values only the first is told. */
function slicesText(table: TableMetadata, slices: readonly Slice[]): readonly string[] {
  const texts: string[] = [];
  for (const [i, column] of table.clustering.entries()) {
    const parts = slices.flatMap((slice) => {
      const start = slice.start.prefix.length > i ? slice.start.prefix[i] : undefined;
      const end = slice.end.prefix.length > i ? slice.end.prefix[i] : undefined;
      return start === undefined && end === undefined ? [] : [{ slice, start, end }];
    });
    const [first] = parts;
    if (first === undefined) break;
    const { slice, start, end } = first;
    const isEqual =
      start !== undefined &&
      end !== undefined &&
      slice.start.inclusive &&
      slice.end.inclusive &&
      valueText(column, start) === valueText(column, end);
    if (isEqual) {
      const values = [...new Set(parts.map((part) => valueText(column, part.start)))];
      const text = values.length === 1 ? `= ${values[0]}` : `IN (${values.join(', ')})`;
      texts.push(`${quoted(column)} ${text}`);
      continue;
    }
    const operator = (inclusive: boolean, isStart: boolean): string =>
      `${isStart === column.reversed ? '<' : '>'}${inclusive ? '=' : ''}`;
    if (start !== undefined)
      texts.push(
        `${quoted(column)} ${operator(slice.start.inclusive, true)} ${valueText(column, start)}`,
      );
    if (end !== undefined)
      texts.push(
        `${quoted(column)} ${operator(slice.end.inclusive, false)} ${valueText(column, end)}`,
      );
  }
  return texts;
}

function expressionText(expression: RowFilterExpression): string {
  if (expression.kind === 'custom') return `expr(${quoteIfNeeded(expression.indexName)})`;
  const { column, value } = expression;
  const { type } = column;
  if (expression.kind === 'map-entry') {
    const [key, entry] = type.kind === 'map' ? [type.key, type.value] : [type, type];
    return `${quoted(column)}[${literal(key, expression.key)}] = ${literal(entry, value)}`;
  }
  const { operator } = expression;
  if (operator === 'IN')
    return `${quoted(column)} IN [${(expression.values ?? []).map((one) => literal(type, one)).join(', ')}]`;
  return `${quoted(column)} ${operator} ${literal(comparedType(type, operator), value)}`;
}

function comparedType(type: CqlType, operator: string): CqlType {
  if (type.kind === 'map') {
    if (operator.endsWith('CONTAINS KEY')) return type.key;
    if (operator.endsWith('CONTAINS')) return type.value;
  }
  const isElement = operator.endsWith('CONTAINS') && (type.kind === 'list' || type.kind === 'set');
  return isElement ? type.element : type;
}

function quoted({ name }: ColumnMetadata): string {
  return quoteIfNeeded(name);
}

function valueText(column: ColumnMetadata | undefined, value: Buffer | null | undefined): string {
  return column === undefined ? '' : literal(column.type, value ?? null);
}

function literal(type: CqlType, value: Buffer | null): string {
  return codecFor(type).toCqlLiteral(value);
}
