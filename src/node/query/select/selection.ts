// The SELECT list of a statement: its selectors, the columns they read, the description of the result.
// Cassandra: cql3/selection/Selection, SelectorFactories.

import type { SelectStatement } from '../../../cql/ast.ts';
import { serverError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import type { ResultColumn, ResultMetadata } from '../../../protocol/responses/result-metadata.ts';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.ts';
import { existingColumn } from '../schema-lookup.ts';
import { givesLegacyTimeUuid } from '../terms/call.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { PreparedFilter } from './column-filter.ts';
import { ALL_COLUMNS, prepareFilter } from './column-filter.ts';
import { prepareSelector, resultColumnName } from './prepare-selection.ts';
import type { Selectable, SelectScope } from './selectable.ts';
import type { PreparedSelector } from './selector.ts';
import { aggregatesOf, columnsOf, isAggregate, partsOf } from './selector.ts';

export interface Selection {
  readonly selectors: readonly PreparedSelector[];
  /** Columns the selectors read, in order of appearance. */
  readonly columns: readonly ColumnMetadata[];
  /** When every selector is a bare column: the columns of the result. */
  readonly simple: readonly ColumnMetadata[] | null;
  /** Some column has a mask. */
  readonly hasMasks: boolean;
  readonly isAggregate: boolean;
  readonly aggregates: readonly Extract<PreparedSelector, { kind: 'aggregate' }>[];
  /** Names and types before JSON; the keys of JSON objects. */
  readonly items: readonly ResultColumn[];
  readonly isJson: boolean;
  /** What the client sees. One array for the life of the plan. */
  readonly resultColumns: readonly ResultColumn[];
  /** Of an answer without further pages, with the columns and without. */
  readonly metadata: ResultMetadata;
  readonly skippedMetadata: ResultMetadata;
  readonly filter: PreparedFilter;
  /** Selectors with values that the statement binds: looked at before anything else is. */
  readonly bound: readonly PreparedSelector[];
}

const LEGACY_TIME_UUID: CqlType = {
  kind: 'custom',
  className: 'org.apache.cassandra.db.marshal.LegacyTimeUUIDType',
};
/** The type in the result. */
function wireType(selector: PreparedSelector): CqlType {
  const { type } = selector;
  switch (selector.kind) {
    case 'call':
    case 'aggregate':
      return givesLegacyTimeUuid(selector.function) ? LEGACY_TIME_UUID : type;
    case 'list':
    case 'set': {
      const [first] = selector.elements;
      if (first === undefined || (type.kind !== 'list' && type.kind !== 'set')) return type;
      const element = wireType(first);
      return element === first.type ? type : { ...type, element };
    }
    case 'tuple':
      return type.kind === 'tuple' ? { ...type, elements: selector.elements.map(wireType) } : type;
    default:
      return type;
  }
}

function orderingColumns(
  statement: SelectStatement,
  table: TableMetadata,
): readonly ColumnMetadata[] {
  return statement.orderBy.map(({ column }) => existingColumn(table, column));
}

export function prepareSelection(
  statement: SelectStatement,
  selectables: readonly (() => Selectable)[],
  table: TableMetadata,
  scope: SelectScope,
  restrictions: StatementRestrictions,
): Selection {
  const nextAggregate = { value: 0 };
  const isWildcard = selectables.length === 0;
  const selectionScope = { ...scope, nextAggregate, first: { column: null } };
  const chosen: Selectable[] = isWildcard
    ? [...table.columns.values()].map((column) => ({ kind: 'column', column }))
    : [];
  const selectors = chosen.map((item) => prepareSelector(item, null, selectionScope));
  // Item after item: what is wrong with the first is told before the second is looked at.
  for (const item of selectables) {
    const selectable = item();
    chosen.push(selectable);
    selectors.push(prepareSelector(selectable, null, selectionScope));
  }
  const items = chosen.map((selectable, i) => ({
    keyspace: table.keyspace,
    table: table.name,
    name:
      statement.selectors[i]?.alias ??
      resultColumnName(selectable, selectors[i] as PreparedSelector),
    type: (selectors[i] as PreparedSelector).type,
  }));
  const columns = columnsOf(selectors);
  const bare = selectors.flatMap((selector) =>
    selector.kind === 'column' ? [selector.column] : [],
  );
  const { json } = statement;
  const jsonColumn = {
    keyspace: table.keyspace,
    table: table.name,
    name: '[json]',
    type: NATIVE.text,
  };
  const resultColumns = json
    ? [jsonColumn]
    : items.map((item, i) => ({ ...item, type: wireType(selectors[i] as PreparedSelector) }));
  const others = [...restrictions.filteredOtherColumns(), ...orderingColumns(statement, table)];
  return {
    selectors,
    columns,
    simple: bare.length === selectors.length ? bare : null,
    hasMasks: columns.some((column) => column.mask !== null),
    isAggregate: selectors.some(isAggregate),
    aggregates: [...aggregatesOf(selectors)].sort((a, b) => a.index - b.index),
    items,
    bound: boundSelectors(selectors),
    isJson: json,
    resultColumns,
    metadata: { columns: resultColumns },
    skippedMetadata: { columns: resultColumns, noMetadata: true },
    filter: isWildcard ? ALL_COLUMNS : prepareFilter({ selectors, others, restrictions, table }),
  };
}

/** Nobody meant it: Cassandra fails on `c[null]` when it lists the cells to read, unless it reads all of the column. */
export function refuseNullCells(selectors: readonly PreparedSelector[]): void {
  const whole = new Set(selectors.flatMap(wholeColumns));
  const isBad = (selector: PreparedSelector): boolean => {
    if (partsOf(selector).some(isBad)) return true;
    if (selector.kind !== 'element' || selector.receiver.kind !== 'column') return false;
    const { column } = selector.receiver;
    const isNull = selector.key.kind === 'constant' && selector.key.value === null;
    return isNull && column.isComplex && !whole.has(column);
  };
  if (!selectors.some(isBad)) return;
  throw serverError(
    'java.lang.NullPointerException: Cannot invoke "java.nio.ByteBuffer.hasArray()" because "buffer1" is null',
  );
}

function wholeColumns(selector: PreparedSelector): readonly ColumnMetadata[] {
  if (selector.kind === 'column') return [selector.column];
  const isPart = selector.kind === 'element' || selector.kind === 'slice';
  if (isPart && selector.receiver.kind === 'column') return [];
  return partsOf(selector).flatMap(wholeColumns);
}

function boundSelectors(selectors: readonly PreparedSelector[]): readonly PreparedSelector[] {
  return selectors.flatMap((selector) => {
    const inner = boundSelectors(partsOf(selector));
    return termsOf(selector).every(isKnown) ? inner : [selector, ...inner];
  });
}

/** A constant that is no null: nothing to complain about. */
function isKnown(term: PreparedTerm): boolean {
  return term.kind === 'constant' && term.value !== null;
}

function termsOf(selector: PreparedSelector): readonly PreparedTerm[] {
  switch (selector.kind) {
    case 'term':
      return [selector.term];
    case 'element':
      return [selector.key];
    case 'slice':
      return [selector.from, selector.to].filter((term) => term !== null);
    default:
      return [];
  }
}
