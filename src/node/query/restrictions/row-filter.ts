// What rows are checked by and which index narrows the search, for bound values: the data of a read command.
// Cassandra: the addToRowFilter methods of cql3/restrictions, db/filter/RowFilter.Expression.validate.

import { invalid } from '../../../data/cql-error.ts';
import type { FilterOperator, RowFilter, RowFilterExpression } from '../../../data/read-command.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { BindContext, PreparedTerm } from '../terms/term.ts';
import { bindTerm, bindTuple } from '../terms/term.ts';
import type { IndexedOperator, LikeOperator, TableIndex } from './index-support.ts';
import { supportsLike, supportsOperator, supportsRestriction } from './index-support.ts';
import { inFilterValues } from './key-values.ts';
import type { Restriction } from './restriction.ts';
import { firstColumn } from './restriction.ts';
import { clusteringFilters } from './restriction-set.ts';
import type { StatementRestrictions } from './statement-restrictions.ts';

/** The filter of a read command; null when nothing is left to check. */
export function rowFilterOf(
  restrictions: StatementRestrictions,
  context: BindContext,
): RowFilter | null {
  const expressions: RowFilterExpression[] = [];
  for (const restriction of filteredRestrictions(restrictions)) {
    addExpressions(restriction, restrictions, context, expressions);
  }
  return expressions.length === 0 ? null : { expressions };
}

/** What the rows of a view are checked by besides the slices of their clusterings. Null: nothing. */
export function viewRowFilter(
  restrictions: StatementRestrictions,
  context: BindContext,
): RowFilter | null {
  const { partition, clustering, others } = restrictions;
  const expressions: RowFilterExpression[] = [];
  for (const restriction of [...partition.all, ...clusteringFilters(clustering), ...others.all]) {
    addExpressions(restriction, restrictions, context, expressions);
  }
  return expressions.length === 0 ? null : { expressions };
}

function filteredRestrictions(restrictions: StatementRestrictions): readonly Restriction[] {
  const { filtered, partition, clustering, others, indexes } = restrictions;
  const left = new Set(clusteringFilters(clustering));
  return [
    ...(filtered.partition ? partition.all : []),
    ...(filtered.clustering
      ? clustering.all.filter((r) => left.has(r) || indexes.supports(r))
      : []),
    ...(filtered.others ? others.all.filter((r) => r.kind !== 'ann') : []),
  ];
}

/** The index whose answer the read starts from: a storage-attached one before a legacy one. Null without. */
export function chooseIndex(restrictions: StatementRestrictions): string | null {
  if (!restrictions.usesSecondaryIndexing) return null;
  const { indexes } = restrictions.indexes;
  const candidates = [
    ...filteredRestrictions(restrictions),
    ...(restrictions.others.ann === null ? [] : [restrictions.others.ann]),
  ];
  const usable = (index: TableIndex): boolean =>
    candidates.some((r) => supportsRestriction(index, r));
  const attached = indexes.find((index) => index.implementation === 'sai' && usable(index));
  return (attached ?? indexes.find(usable))?.metadata.name ?? null;
}

const INDEXED_BYTES_MAX = 65_535;

/** Throws INVALID for a value that the index which the read starts from cannot hold. RowFilter.validateForIndexing. */
export function checkIndexedValue(
  restrictions: StatementRestrictions,
  filter: RowFilter | null,
  indexName: string | null,
): void {
  const index = restrictions.indexes.indexes.find(({ metadata }) => metadata.name === indexName);
  if (index?.implementation !== 'legacy') return;
  const target = filter?.expressions.find(
    (one) =>
      one.kind === 'column' && supportsOperator(index, one.column, one.operator as IndexedOperator),
  );
  if (target?.kind === 'column' && target.value.length > INDEXED_BYTES_MAX)
    throw invalid('Index expression values may not be larger than 64K');
}

function addExpressions(
  restriction: Restriction,
  restrictions: StatementRestrictions,
  context: BindContext,
  out: RowFilterExpression[],
): void {
  const column = firstColumn(restriction);
  const add = (operator: FilterOperator, term: PreparedTerm): void => {
    out.push(expression(restrictions, column, operator, checked(bindTerm(term, context), column)));
  };
  switch (restriction.kind) {
    case 'eq':
      if (!restriction.multi) return add('=', restriction.value);
      return addTuple(restriction, restrictions, context, out);
    case 'in': {
      if (restriction.columns.length > 1) throw invalid('Multicolumn IN filters are not supported');
      const { packed, values } = inFilterValues(restriction, column, context);
      out.push({ kind: 'column', column, operator: 'IN', value: packed, values });
      return;
    }
    case 'slice':
      if (restriction.multi)
        throw invalid('Multi-column slice restrictions cannot be used for filtering.');
      if (restriction.start !== null)
        add(restriction.start.inclusive ? '>=' : '>', restriction.start.term);
      if (restriction.end !== null)
        add(restriction.end.inclusive ? '<=' : '<', restriction.end.term);
      return;
    case 'contains':
      for (const value of restriction.values) add('CONTAINS', value);
      for (const key of restriction.keys) add('CONTAINS KEY', key);
      for (const entry of restriction.entries) {
        const key = checked(bindTerm(entry.key, context), column, 'map key for column');
        const value = checked(bindTerm(entry.value, context), column, 'map value for column');
        out.push({ kind: 'map-entry', column, key, value });
      }
      return;
    case 'like':
      out.push(
        likeExpression(restrictions, column, checked(bindTerm(restriction.value, context), column)),
      );
      return;
    case 'ann':
      return;
  }
}

function addTuple(
  restriction: Extract<Restriction, { kind: 'eq' }>,
  restrictions: StatementRestrictions,
  context: BindContext,
  out: RowFilterExpression[],
): void {
  const { columns } = restriction;
  const values = restriction.tuple
    ? bindTuple(restriction.value, columns.length, context)
    : [bindTerm(restriction.value, context)];
  columns.forEach((column, i) => {
    out.push(
      expression(restrictions, column, '=', checked((values?.[i] ?? null) as BoundValue, column)),
    );
  });
}

function checked(value: BoundValue, column: ColumnMetadata, what = 'value for column'): Buffer {
  if (value === null) throw invalid(`Unsupported null ${what} ${column.name}`);
  if (value === UNSET) throw invalid(`Unsupported unset ${what} ${column.name}`);
  return value;
}

/** Names the index where its text analyzer takes part in the comparison. */
function expression(
  restrictions: StatementRestrictions,
  column: ColumnMetadata,
  operator: FilterOperator,
  value: Buffer,
): RowFilterExpression {
  const index = restrictions.indexes.indexes.find(
    (candidate) =>
      candidate.implementation !== 'legacy' &&
      supportsOperator(candidate, column, operator as IndexedOperator),
  );
  if (index === undefined) return { kind: 'column', column, operator, value };
  return { kind: 'column', column, operator, value, indexName: index.metadata.name };
}

const PERCENT = 0x25;

const LIKE_TEXTS: Readonly<Record<LikeOperator, string>> = {
  LIKE_PREFIX: "LIKE '<term>%'",
  LIKE_SUFFIX: "LIKE '%<term>'",
  LIKE_CONTAINS: "LIKE '%<term>%'",
  LIKE_MATCHES: "LIKE '<term>'",
};

/** Which of the four kinds of LIKE a pattern is, by the % at its ends. */
function likeExpression(
  restrictions: StatementRestrictions,
  column: ColumnMetadata,
  pattern: Buffer,
): RowFilterExpression {
  const starts = pattern[0] === PERCENT;
  const ends = pattern[pattern.length - 1] === PERCENT;
  let operator: LikeOperator = 'LIKE_MATCHES';
  if (ends) operator = starts ? 'LIKE_CONTAINS' : 'LIKE_PREFIX';
  else if (starts) operator = 'LIKE_SUFFIX';
  const value = pattern.subarray(starts ? 1 : 0, ends ? pattern.length - 1 : pattern.length);
  if (value.length === 0) throw invalid("LIKE value can't be empty.");
  const index = restrictions.indexes.indexes.find((candidate) =>
    supportsLike(candidate, column, operator),
  );
  if (index === undefined) {
    throw invalid(
      `${column.name} ${LIKE_TEXTS[operator]} ${value.toString('utf8')} is only supported on properly indexed columns`,
    );
  }
  return { kind: 'column', column, operator, value, indexName: index.metadata.name };
}
