// What a SELECT asks replicas for: which columns are read, and of which of them only elements matter, so that read
// repair mends what was asked for and no more. Test: test/query/column-filter.test.ts.
// Cassandra: cql3/selection/ColumnFilterFactory, ElementsSelector.addFetchedColumns, db/filter/ColumnFilter.Builder.

import { isMultiCell } from '../../../data/cql-type.ts';
import type { CellRange, ColumnFilter } from '../../../data/read-command.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import type { StatementRestrictions } from '../restrictions/statement-restrictions.ts';
import type { BindContext } from '../terms/term.ts';
import { rangeOf } from './evaluate.ts';
import type { ElementSelector, PreparedSelector } from './selector.ts';
import { partsOf } from './selector.ts';

/** A column filter that may wait for the values of elements. */
export interface PreparedFilter {
  /** All but the elements. */
  readonly columns: ColumnFilter;
  /** Of columns that nothing else in the statement reads. */
  readonly elements: readonly Element[];
}

interface Element {
  readonly column: ColumnMetadata;
  readonly selector: ElementSelector;
}

export const ALL_COLUMNS: PreparedFilter = Object.freeze({
  columns: Object.freeze({ fetched: null }),
  elements: Object.freeze([]),
});

interface FilteredStatement {
  readonly selectors: readonly PreparedSelector[];
  /** Columns of filters and orderings. */
  readonly others: readonly ColumnMetadata[];
  readonly restrictions: StatementRestrictions;
  readonly table: TableMetadata;
}

/**
 * What selectors, filters and orderings look at. Regular columns decide whether a row exists, and statics, where they
 * can stand alone, whether the partition does: then everything is read.
 */
export function prepareFilter(statement: FilteredStatement): PreparedFilter {
  const { selectors, others, restrictions, table } = statement;
  const whole = new Set(others);
  const elements: Element[] = [];
  for (const selector of selectors) collect(selector, whole, elements);
  const parted = elements.filter(({ column }) => !whole.has(column));
  const all = [...whole, ...parted.map(({ column }) => column)];
  const queried = new Set(all.map((column) => column.name));
  const readsAll = restrictions.returnsStaticOnlyPartitions || table.statics.length === 0;
  const fetched = readsAll ? null : new Set(all.filter((column) => column.position < 0));
  return { columns: { fetched, queried }, elements: parted };
}

/** With the values of this request. Throws INVALID for what cannot name an element. */
export function filterFor({ columns, elements }: PreparedFilter, bind: BindContext): ColumnFilter {
  if (elements.length === 0) return columns;
  const parts = new Map<string, CellRange[]>();
  for (const { column, selector } of elements) {
    const ranges = parts.get(column.name);
    const range = rangeOf(selector, bind);
    if (ranges === undefined) parts.set(column.name, [range]);
    else ranges.push(range);
  }
  return { ...columns, parts };
}

/** Only elements taken straight from a column of cells are asked for by name. */
function collect(
  selector: PreparedSelector,
  whole: Set<ColumnMetadata>,
  elements: Element[],
): void {
  if (selector.kind === 'column') whole.add(selector.column);
  if (selector.kind === 'element' || selector.kind === 'slice') {
    const { receiver } = selector;
    if (receiver.kind === 'column' && isMultiCell(receiver.type)) {
      elements.push({ column: receiver.column, selector });
      return;
    }
  }
  for (const part of partsOf(selector)) collect(part, whole, elements);
}
