// A prepared SELECT and its preparation, with the checks in Cassandra's order.
// Cassandra: cql3/statements/SelectStatement.RawStatement.

import type { Ordering, SelectStatement } from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { functionName, signatureText } from '../../../cql/functions/function.ts';
import { isLocal } from '../execution.ts';
import type { Restriction } from '../restrictions/restriction.ts';
import {
  REQUIRES_ALLOW_FILTERING,
  StatementRestrictions,
} from '../restrictions/statement-restrictions.ts';
import { existingColumn } from '../schema-lookup.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import { statementReceiver } from '../terms/receiver.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { FastRead } from './fast-read.ts';
import { planFastRead } from './fast-read.ts';
import { prepareSelector } from './prepare-selection.ts';
import type { Selectable, SelectScope } from './selectable.ts';
import { selectsColumn, toSelectable } from './selectable.ts';
import type { Selection } from './selection.ts';
import { prepareSelection, refuseNullCells } from './selection.ts';
import type { PreparedSelector } from './selector.ts';
import { columnsOf } from './selector.ts';

/** How rows fall into groups: by the partition key and a prefix of the clustering. */
export interface Grouping {
  readonly clusteringPrefix: number;
  /** A monotonic function of the prefix's last column decides instead of its value. */
  readonly selector: PreparedSelector | null;
}

export interface SelectPlan {
  readonly kind: 'select';
  readonly statement: SelectStatement;
  readonly table: TableMetadata;
  readonly restrictions: StatementRestrictions;
  readonly selection: Selection;
  readonly isReversed: boolean;
  /** Sorting after the read: IN on the partition key with ORDER BY. */
  readonly sortColumns: readonly {
    readonly column: ColumnMetadata;
    readonly descending: boolean;
  }[];
  /** 'all': aggregates without GROUP BY. */
  readonly aggregation: 'none' | 'all' | Grouping;
  readonly limit: PreparedTerm | null;
  readonly perPartitionLimit: PreparedTerm | null;
  /** Columns with masks that the restrictions look behind. */
  readonly maskedRestricted: readonly ColumnMetadata[];
  /** The table lives on each node alone. */
  readonly isLocal: boolean;
  /** The plan of the frequent case, or null. */
  readonly fast: FastRead | null;
}

export interface SelectContext {
  readonly filtersImplicitly: boolean;
  /** Preparing the SELECT of a materialized view. */
  readonly forView?: boolean;
}

/** Throws INVALID. */
export function prepareSelect(
  statement: SelectStatement,
  table: TableMetadata,
  scope: SelectScope,
  context: SelectContext,
): SelectPlan {
  // Cassandra resolves an item of the list when it looks at it first: for static columns, or after the restrictions.
  const resolved: Selectable[] = [];
  const selectables = statement.selectors.map(
    ({ selector }, i) =>
      (): Selectable =>
        (resolved[i] ??= toSelectable(selector, scope)),
  );
  const orderings = statement.orderBy;
  const ann = annRestriction(orderings, table, scope);
  const restrictions = new StatementRestrictions({
    type: 'SELECT',
    table,
    where: statement.where,
    scope,
    ann: checkedAnn(orderings, ann),
    selectsOnlyStatics: table.statics.length > 0 && selectsOnlyStatics(selectables),
    allowFiltering: statement.allowFiltering,
    filtersImplicitly: context.filtersImplicitly,
    forView: context.forView ?? false,
  });
  const selection = prepareSelection(statement, selectables, table, scope, restrictions);
  if (statement.distinct) checkDistinct(statement, selection, restrictions);
  const aggregation = prepareAggregation(statement, selection, restrictions, scope);
  if (aggregation === 'all' && statement.perPartitionLimit !== null) {
    throw invalid('PER PARTITION LIMIT is not allowed with aggregate queries.');
  }
  const isReversed =
    orderings.length > 0 && ann === null && prepareOrdering(orderings, restrictions);
  if (!statement.allowFiltering && !context.filtersImplicitly) checkFiltering(restrictions);
  refuseNullCells(selection.selectors);
  const limitTerm = (term: SelectStatement['limit'], name: string): PreparedTerm | null =>
    term === null ? null : prepareTerm(term, statementReceiver(table, name, NATIVE.int), scope);
  const limit = limitTerm(statement.limit, '[limit]');
  const perPartitionLimit = limitTerm(statement.perPartitionLimit, '[per_partition_limit]');
  const sortColumns = restrictions.keyIsIn && ann === null ? sortingOf(orderings, table) : [];
  const plan = {
    kind: 'select',
    statement,
    table,
    restrictions,
    selection,
    isReversed,
    sortColumns,
    aggregation,
    limit,
    perPartitionLimit,
    isLocal: isLocal(table, scope.schema),
    fast: null,
    maskedRestricted: [...table.columns.values()].filter(
      (c) => c.mask !== null && restrictions.isRestricted(c),
    ),
  } as const;
  return { ...plan, fast: planFastRead(plan) };
}

function selectsOnlyStatics(selectables: readonly (() => Selectable)[]): boolean {
  if (selectables.length === 0) return false;
  const some = (test: (column: ColumnMetadata) => boolean): boolean =>
    selectables.some((item) => selectsColumn(item(), test));
  return (
    some((c) => c.kind === 'static') &&
    !some((c) => c.kind !== 'static' && c.kind !== 'partition_key')
  );
}

// --------------------------------------------------------------------------------------------------------- ordering

function annRestriction(
  orderings: readonly Ordering[],
  table: TableMetadata,
  scope: SelectScope,
): Restriction | null {
  let found: Restriction | null = null;
  for (const ordering of orderings) {
    const column = existingColumn(table, ordering.column);
    if (ordering.ann === null) continue;
    const value = prepareTerm(ordering.ann, column, scope);
    found = { kind: 'ann', columns: [column], multi: false, value };
  }
  return found;
}

function checkedAnn(orderings: readonly Ordering[], ann: Restriction | null): Restriction | null {
  if (ann === null) return null;
  const all = orderings.filter((ordering) => ordering.ann !== null);
  if (all.length > 1) throw invalid('Cannot specify more than one ANN ordering');
  if (orderings.length > 1) throw invalid('ANN ordering does not support any other ordering');
  if (all[0]?.descending === true) throw invalid('Descending ANN ordering is not supported');
  return ann;
}

/** Whether partitions are read backwards. Throws INVALID for orders that no read gives. */
function prepareOrdering(
  orderings: readonly Ordering[],
  restrictions: StatementRestrictions,
): boolean {
  if (restrictions.usesSecondaryIndexing) {
    throw invalid('ORDER BY with 2ndary indexes is not supported, except for ANN queries.');
  }
  if (restrictions.isKeyRange) {
    throw invalid(
      'ORDER BY is only supported when the partition key is restricted by an EQ or an IN.',
    );
  }
  const { table } = restrictions;
  let position = 0;
  const directions: boolean[] = [];
  const byColumn = new Map(orderings.map((ordering) => [ordering.column, ordering]));
  for (const ordering of byColumn.values()) {
    const column = existingColumn(table, ordering.column);
    if (column.kind !== 'clustering') {
      throw invalid(
        `Order by is currently only supported on the clustered columns of the PRIMARY KEY, got ${column.name}`,
      );
    }
    while (position !== column.position) {
      const skipped = table.clustering[position++];
      if (skipped === undefined || !restrictions.isRestrictedByEquality(skipped)) {
        throw invalid(
          'Order by currently only supports the ordering of columns following their declared order in the PRIMARY KEY',
        );
      }
    }
    position++;
    directions.push(ordering.descending !== column.reversed);
  }
  const first = directions[0] ?? false;
  if (directions.some((direction) => direction !== first))
    throw invalid('Unsupported order by relation');
  return first;
}

function sortingOf(
  orderings: readonly Ordering[],
  table: TableMetadata,
): SelectPlan['sortColumns'] {
  return orderings.map(({ column, descending }) => ({
    column: existingColumn(table, column),
    descending,
  }));
}

// ------------------------------------------------------------------------------------------------- DISTINCT, GROUP BY

function checkDistinct(
  statement: SelectStatement,
  selection: Selection,
  restrictions: StatementRestrictions,
): void {
  if (statement.perPartitionLimit !== null) {
    throw invalid('PER PARTITION LIMIT is not allowed with SELECT DISTINCT queries');
  }
  const others = restrictions.filteredOtherColumns();
  if (!restrictions.clustering.isEmpty || others.some((column) => column.kind !== 'static')) {
    throw invalid(
      'SELECT DISTINCT with WHERE clause only supports restriction by partition key and/or static columns.',
    );
  }
  // Rows of several partitions are sorted afterwards, by columns that are selected for it.
  const sorted = restrictions.keyIsIn
    ? statement.orderBy.map(({ column }) => existingColumn(restrictions.table, column))
    : [];
  for (const column of [...selection.columns, ...sorted]) {
    if (column.kind === 'partition_key' || column.kind === 'static') continue;
    throw invalid(
      `SELECT DISTINCT queries must only request partition key columns and/or static columns (not ${column.name})`,
    );
  }
  if (!restrictions.isKeyRange) return;
  for (const column of restrictions.table.partitionKey) {
    if (selection.columns.includes(column)) continue;
    throw invalid(
      `SELECT DISTINCT queries must request all the partition key columns (missing ${column.name})`,
    );
  }
}

const GROUP_ORDER =
  'Group by currently only support groups of columns following their declared order in the PRIMARY KEY';

function prepareAggregation(
  statement: SelectStatement,
  selection: Selection,
  restrictions: StatementRestrictions,
  scope: SelectScope,
): SelectPlan['aggregation'] {
  if (statement.groupBy.length === 0) return selection.isAggregate ? 'all' : 'none';
  const { table } = restrictions;
  const keys = [...table.partitionKey, ...table.clustering];
  let next = 0;
  let selector: PreparedSelector | null = null;
  for (const item of statement.groupBy) {
    const selectable = toSelectable(item, scope);
    let column: ColumnMetadata;
    if (selectable.kind === 'call') [column, selector] = groupFunction(selectable, scope);
    else column = groupColumn(selectable, selector);
    for (;;) {
      const key = keys[next++];
      if (key === undefined) throw invalid(GROUP_ORDER);
      if (key === column) break;
      if (!restrictions.isRestrictedByEquality(key)) throw invalid(GROUP_ORDER);
    }
  }
  if (next < table.partitionKey.length)
    throw invalid('Group by is not supported on only a part of the partition key');
  const clusteringPrefix = next - table.partitionKey.length;
  if (clusteringPrefix > 0 && statement.distinct) {
    throw invalid('Grouping on clustering columns is not allowed for SELECT DISTINCT queries');
  }
  return { clusteringPrefix, selector };
}

function groupColumn(selectable: Selectable, selector: PreparedSelector | null): ColumnMetadata {
  if (selectable.kind !== 'column') throw invalid(GROUP_ORDER);
  const { column } = selectable;
  if (column.kind !== 'partition_key' && column.kind !== 'clustering') {
    throw invalid(
      `Group by is currently only supported on the columns of the PRIMARY KEY, got ${column.name}`,
    );
  }
  if (selector !== null)
    throw invalid('Functions are only supported on the last element of the GROUP BY clause');
  return column;
}

function groupFunction(
  selectable: Extract<Selectable, { kind: 'call' }>,
  scope: SelectScope,
): [ColumnMetadata, PreparedSelector] {
  const fn = selectable.function;
  if (fn.kind === 'aggregate') {
    throw invalid(
      `Aggregate functions are not supported within the GROUP BY clause, got: ${functionName(fn)}`,
    );
  }
  const selector = prepareSelector(selectable, null as CqlType | null, {
    ...scope,
    nextAggregate: { value: 0 },
    first: { column: null },
  });
  const columns = columnsOf([selector]);
  const column = columns[0];
  if (column === undefined)
    throw invalid('GROUP BY functions must have one clustering column name as parameter');
  if (columns.length > 1) {
    const names = columns.map((c) => c.name).join(',');
    throw invalid(
      `GROUP BY functions accept only one clustering column as parameter, got: ${names}`,
    );
  }
  if (column.kind !== 'clustering') {
    throw invalid(
      `Group by functions are only supported on clustering columns, got ${column.name}`,
    );
  }
  const isConstant = selectable.args.map((arg) => !selectsColumn(arg, () => true));
  if (!fn.isMonotonic(isConstant)) {
    throw invalid(
      `Only monotonic functions are supported in the GROUP BY clause. Got: ${signatureText(fn)} `,
    );
  }
  return [column, selector];
}

function checkFiltering(restrictions: StatementRestrictions): void {
  if (!restrictions.isKeyRange && !restrictions.usesSecondaryIndexing) return;
  if (restrictions.needsFiltering) throw invalid(REQUIRES_ALLOW_FILTERING);
}
