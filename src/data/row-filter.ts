// Whether a row satisfies the conditions of ALLOW FILTERING and of indexes, on what lives of it at a moment. Replicas
// filter with it and coordinators check merged rows. Test: test/storage/row-filter.test.ts.
// Cassandra: db/filter/RowFilter, cql3/Operator.

import { partitionKeyComponent } from './partition-key.ts';
import { int64Bytes } from '../base/int64.ts';
import { unpackList, unpackMap } from './codec/packing.ts';
import { counterTotal } from './counter-context.ts';
import type { CqlType } from './cql-type.ts';
import { NATIVE } from './cql-type.ts';
import { isCellLive } from './deletion.ts';
import { columnData, liveCells, valueOf } from './live-view.ts';
import type { Cell, DecoratedKey, Row } from './partition.ts';
import type { FilterOperator, RowFilter, RowFilterExpression } from './read-command.ts';
import type { ColumnMetadata, TableMetadata } from './schema.ts';
import type { TextAnalyzer } from './text-analyzer.ts';
import { analyzerFor } from './text-analyzer.ts';
import { subTypes } from './type-names.ts';
import type { BytesComparator } from './type-order.ts';
import { comparatorFor } from './type-order.ts';

type ColumnExpression = Extract<RowFilterExpression, { kind: 'column' }>;

/** What a condition looks at. `row` null: a partition with static content only. */
export interface FilterSubject {
  readonly key: DecoratedKey;
  /** Columns of the partition key. */
  readonly keyColumns: number;
  readonly row: Row | null;
  readonly staticRow: Row | null;
}

/** Decides for one command's filter; made once a read. */
export class RowMatcher {
  private readonly conditions: readonly Condition[];
  private readonly partitionConditions: readonly Condition[];
  private readonly keyColumns: number;

  /** `indexes` are looked up for analyzers by the names in the expressions. */
  constructor(table: TableMetadata, filter: RowFilter | null, nowSeconds: number) {
    this.keyColumns = table.partitionKey.length;
    const all = (filter?.expressions ?? []).map((one) => makeCondition(table, one, nowSeconds));
    this.conditions = all.filter((condition) => !condition.isPartitionLevel);
    this.partitionConditions = all.filter((condition) => condition.isPartitionLevel);
  }

  /** Conditions on the partition key and static columns. */
  matchesPartition(key: DecoratedKey, staticRow: Row | null): boolean {
    const { keyColumns } = this;
    return this.partitionConditions.every((one) =>
      one.holds({ key, keyColumns, row: null, staticRow }),
    );
  }

  /** Conditions on clustering and regular columns. */
  matchesRow(key: DecoratedKey, row: Row | null, staticRow: Row | null): boolean {
    const { keyColumns } = this;
    return this.conditions.every((one) => one.holds({ key, keyColumns, row, staticRow }));
  }

  /** Without conditions on rows, static content alone can match. */
  get hasRowConditions(): boolean {
    return this.conditions.length > 0;
  }
}

interface Condition {
  readonly isPartitionLevel: boolean;
  holds(subject: FilterSubject): boolean;
}

function makeCondition(
  table: TableMetadata,
  expression: RowFilterExpression,
  nowSeconds: number,
): Condition {
  if (expression.kind === 'custom') return { isPartitionLevel: false, holds: () => true };
  const { column } = expression;
  const isPartitionLevel = column.kind === 'partition_key' || column.kind === 'static';
  if (expression.kind === 'map-entry') {
    return {
      isPartitionLevel,
      holds: (subject) => hasEntry(expression, subject, nowSeconds),
    };
  }
  const index = table.indexes.find((one) => one.name === expression.indexName);
  const analyzer = index === undefined ? null : analyzerFor(index, column.type);
  const { operator } = expression;
  if (isContains(operator)) {
    const wanted = !operator.startsWith('NOT');
    const keys = operator.endsWith('KEY');
    return {
      isPartitionLevel,
      holds: (subject) => contains(expression, { subject, keys, nowSeconds, analyzer }) === wanted,
    };
  }
  const test = valueTest(expression, analyzer);
  return {
    isPartitionLevel,
    holds: (subject) => {
      const value = columnValue(column, subject, nowSeconds);
      return value !== null && test(value);
    },
  };
}

function isContains(operator: FilterOperator): boolean {
  return operator.includes('CONTAINS') && !operator.startsWith('LIKE');
}

/** A key component, or a cell's live value; a counter's as a bigint. */
function columnValue(
  column: ColumnMetadata,
  subject: FilterSubject,
  nowSeconds: number,
): Buffer | null {
  switch (column.kind) {
    case 'partition_key':
      return partitionKeyComponent(subject.key.bytes, column.position, subject.keyColumns);
    case 'clustering':
      return subject.row?.clustering[column.position] ?? null;
    default: {
      const row = column.kind === 'static' ? subject.staticRow : subject.row;
      const value = row === null ? null : valueOf(row, column, nowSeconds);
      if (value !== null && column.type.kind === 'native' && column.type.name === 'counter') {
        return int64Bytes(counterTotal(value));
      }
      return value;
    }
  }
}

/** The condition on one value. */
function valueTest(
  expression: ColumnExpression,
  analyzer: TextAnalyzer | null,
): (value: Buffer) => boolean {
  const { operator, value: wanted, column } = expression;
  if (operator.startsWith('LIKE')) return likeTest(operator, wanted, analyzer);
  const compare = comparatorFor(column.type);
  if (analyzer !== null && (operator === '=' || operator === 'IN')) {
    const alternatives = operator === 'IN' ? (expression.values ?? []) : [wanted];
    return (value) => alternatives.some((one) => sharesTerms(analyzer, value, one));
  }
  switch (operator) {
    case '=':
      return (value) => compare(value, wanted) === 0;
    case '!=':
      return (value) => compare(value, wanted) !== 0;
    case '<':
      return (value) => compare(value, wanted) < 0;
    case '<=':
      return (value) => compare(value, wanted) <= 0;
    case '>':
      return (value) => compare(value, wanted) > 0;
    case '>=':
      return (value) => compare(value, wanted) >= 0;
    case 'IN':
      return (value) => (expression.values ?? []).some((one) => compare(value, one) === 0);
    case 'NOT IN':
      return (value) => (expression.values ?? []).every((one) => compare(value, one) !== 0);
    default:
      return () => false;
  }
}

/** Every term searched for is among the terms stored. */
function sharesTerms(analyzer: TextAnalyzer, stored: Buffer, wanted: Buffer): boolean {
  const terms = analyzer(stored.toString('utf8'));
  const searched = analyzer(wanted.toString('utf8'));
  return searched.length > 0 && searched.every((term) => terms.includes(term));
}

function likeTest(
  operator: FilterOperator,
  wanted: Buffer,
  analyzer: TextAnalyzer | null,
): (value: Buffer) => boolean {
  const analyze = analyzer ?? ((text: string) => [text]);
  const patterns = analyze(wanted.toString('utf8'));
  const test = (text: string, pattern: string) => {
    switch (operator) {
      case 'LIKE_PREFIX':
        return text.startsWith(pattern);
      case 'LIKE_SUFFIX':
        return text.endsWith(pattern);
      case 'LIKE_CONTAINS':
        return text.includes(pattern);
      default:
        return text === pattern;
    }
  };
  return (value) => {
    const terms = analyze(value.toString('utf8'));
    return patterns.some((pattern) => terms.some((term) => test(term, pattern)));
  };
}

function hasEntry(
  expression: Extract<RowFilterExpression, { kind: 'map-entry' }>,
  subject: FilterSubject,
  nowSeconds: number,
): boolean {
  const { column } = expression;
  if (column.type.kind !== 'map') return false;
  const compareKey = comparatorFor(column.type.key);
  const compareValue = comparatorFor(column.type.value);
  for (const [key, value] of elementsOf(column, subject, nowSeconds)) {
    if (key !== null && compareKey(key, expression.key) === 0) {
      return compareValue(value, expression.value) === 0;
    }
  }
  return false;
}

/** null when the column has no value at all: neither CONTAINS nor NOT CONTAINS holds. */
function contains(
  expression: ColumnExpression,
  by: {
    readonly subject: FilterSubject;
    readonly keys: boolean;
    readonly nowSeconds: number;
    readonly analyzer: TextAnalyzer | null;
  },
): boolean | null {
  const { column, value: wanted } = expression;
  const type = containedType(column.type, by.keys);
  if (type === null) return false;
  const compare = column.isComplex ? comparatorFor(type) : frozenElementOrder(type);
  const { analyzer } = by;
  const elements = elementsOf(column, by.subject, by.nowSeconds);
  if (elements.length === 0) return null;
  return elements.some(([key, value]) => {
    const element = by.keys ? key : value;
    if (element === null) return false;
    return analyzer === null
      ? compare(element, wanted) === 0
      : sharesTerms(analyzer, element, wanted);
  });
}

/** Elements of a frozen collection are compared as Java's objects: 1.5 and 1.50 differ, tuples by their bytes. */
function frozenElementOrder(type: CqlType): BytesComparator {
  return isExact(type) ? (a, b) => Buffer.compare(a, b) : comparatorFor(type);
}

function isExact(type: CqlType): boolean {
  if (type === NATIVE.decimal || type.kind === 'tuple' || type.kind === 'udt') return true;
  return subTypes(type).some(isExact);
}

function containedType(type: CqlType, keys: boolean): CqlType | null {
  switch (type.kind) {
    case 'list':
    case 'set':
      return keys ? null : type.element;
    case 'map':
      return keys ? type.key : type.value;
    default:
      return null;
  }
}

type Element = readonly [key: Buffer | null, value: Buffer];

/** The live elements of a collection, frozen or not; of a set the element is the value. */
export function elementsOf(
  column: ColumnMetadata,
  subject: FilterSubject,
  nowSeconds: number,
): readonly Element[] {
  const { type } = column;
  const row = column.kind === 'static' ? subject.staticRow : subject.row;
  if (column.isComplex) {
    if (row === null) return [];
    return liveCells(row, column, nowSeconds).map((cell) => elementOf(type, cell));
  }
  const value = columnValue(column, subject, nowSeconds);
  return value === null ? [] : unpackElements(type, value);
}

function elementOf(type: CqlType, cell: Cell): Element {
  return type.kind === 'set' ? [null, cell.path as Buffer] : [cell.path, cell.value];
}

/** The elements of a serialized collection, nulls left out. */
export function unpackElements(type: CqlType, bytes: Buffer): readonly Element[] {
  if (type.kind !== 'map') {
    return unpackList(bytes).flatMap((value): Element[] => (value === null ? [] : [[null, value]]));
  }
  const flat = unpackMap(bytes);
  const elements: Element[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const value = flat[i + 1] ?? null;
    if (value !== null) elements.push([flat[i] ?? null, value]);
  }
  return elements;
}

/** Whether a row has a live value of a static or regular column. */
export function hasValue(row: Row, column: ColumnMetadata, nowSeconds: number): boolean {
  const data = columnData(row, column);
  if (data === undefined) return false;
  if (column.isComplex) return liveCells(row, column, nowSeconds).length > 0;
  return isCellLive(data as Cell, nowSeconds);
}
