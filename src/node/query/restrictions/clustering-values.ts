// Which rows of a partition a statement means, for bound values: full clusterings, or slices between prefixes.
// Columns of opposite order turn one multi-column slice into several.
// Cassandra: cql3/restrictions/ClusteringColumnRestrictions, MultiColumnRestriction.SliceRestriction, db/MultiCBuilder.

import { codecFor } from '../../../data/codec/codec.ts';
import type { ClusteringOrder } from '../../../data/clustering-order.ts';
import {
  clusteringOrder,
  endPosition,
  FULL_SLICE,
  startPosition,
} from '../../../data/clustering-order.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { Clustering, ClusteringBound, Slice } from '../../../data/partition.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import { isSameClustering } from '../../../data/same-content.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { BindContext } from '../terms/term.ts';
import { bindTerm, bindTuple } from '../terms/term.ts';
import { unpackBoundList, unpackBoundTuple } from '../terms/unpack.ts';
import { columnValues } from './key-values.ts';
import type { Restriction, SliceRestriction, TermBound } from './restriction.ts';
import { firstColumn, lastColumn } from './restriction.ts';
import { isLeftToFilter } from './restriction-set.ts';
import type { StatementRestrictions } from './statement-restrictions.ts';

type Prefix = readonly (Buffer | null)[];

/** Full clusterings in clustering order, each once. Only when every clustering column has an EQ or IN. */
export function requestedClusterings(
  restrictions: StatementRestrictions,
  context: BindContext,
): readonly Clustering[] {
  const { table, clustering } = restrictions;
  let prefixes: Prefix[] = [[]];
  for (const restriction of clustering.all) {
    prefixes = extend(prefixes, restriction, context);
    if (context.guard !== null && clustering.hasIn)
      context.guard.atMost('in_select_cartesian_product', prefixes.length, 'clustering key');
  }
  const order = clusteringOrder(table);
  return uniqueSorted(prefixes, (a, b) => order.compare(a, b));
}

function uniqueSorted<T>(items: readonly T[], compare: (a: T, b: T) => number): T[] {
  const sorted = [...items].sort(compare);
  return sorted.filter((item, i) => i === 0 || compare(sorted[i - 1] as T, item) !== 0);
}

/** Every prefix with every value the EQ or IN allows. */
function extend(
  prefixes: readonly Prefix[],
  restriction: Restriction,
  context: BindContext,
): Prefix[] {
  const additions = restriction.multi
    ? multiValues(restriction, context)
    : columnValues(restriction, firstColumn(restriction), context).map((value) => [value]);
  return prefixes.flatMap((prefix) => additions.map((values) => [...prefix, ...values]));
}

function multiValues(restriction: Restriction, context: BindContext): Prefix[] {
  const { columns } = restriction;
  if (restriction.kind === 'eq') {
    const values = restriction.tuple
      ? bindTuple(restriction.value, columns.length, context)
      : [bindSingle(restriction, columns, context)];
    if (values === null) throw invalid(`Invalid null value for column ${columns[0]?.name}`);
    return [
      values.map((value, i) => notNull(value, `Invalid null value for column ${columns[i]?.name}`)),
    ];
  }
  if (restriction.kind !== 'in') return [];
  const names = `[${columns.map((column) => column.name).join(', ')}]`;
  return splitTuples(restriction, context).map((values) =>
    values.map((value) => notNull(value, `Invalid null value in condition for columns: ${names}`)),
  );
}

function bindSingle(
  restriction: Extract<Restriction, { kind: 'eq' }>,
  columns: readonly ColumnMetadata[],
  context: BindContext,
): Buffer | null {
  const value = bindTerm(restriction.value, context);
  if (value === UNSET) throw invalid(`Invalid unset value for column ${columns[0]?.name}`);
  return value;
}

function notNull(value: Buffer | null | undefined, message: string): Buffer {
  if (value === null || value === undefined) throw invalid(message);
  return value;
}

/** The tuples of a multi-column IN. */
function splitTuples(
  restriction: Extract<Restriction, { kind: 'in' }>,
  context: BindContext,
): readonly (readonly (Buffer | null)[])[] {
  const { columns } = restriction;
  const size = columns.length;
  if (restriction.values !== null) {
    return restriction.values.map((term) => {
      if (!restriction.tuple) return [bindTerm(term, context) as Buffer | null];
      const values = bindTuple(term, size, context);
      if (values === null) throw invalid('Invalid null value for IN restriction');
      return values;
    });
  }
  const list = restriction.list === null ? null : bindTerm(restriction.list, context);
  if (list === null || list === UNSET) throw invalid('Invalid null value for IN restriction');
  const codecs = columns.map((column) => codecFor(column.type));
  if (!restriction.tuple) return unpackBoundList(list, codecs[0] ?? null).map((value) => [value]);
  return unpackBoundList(list, null).map((tuple) =>
    tuple === null ? columns.map(() => null) : unpackBoundTuple(tuple, codecs),
  );
}

// ----------------------------------------------------------------------------------------------------------- slices

/** Slices in clustering order, not overlapping; empty ones are left out. */
export function requestedSlices(
  restrictions: StatementRestrictions,
  context: BindContext,
): readonly Slice[] {
  const { table } = restrictions;
  if (restrictions.clustering.isEmpty) return [FULL_SLICE];
  const order = clusteringOrder(table);
  const starts = bounds(restrictions, 'start', context, order);
  const ends = bounds(restrictions, 'end', context, order);
  const slices: Slice[] = [];
  for (const [i, start] of starts.entries()) {
    const end = ends[i];
    if (end === undefined || order.comparePositions(startPosition(start), endPosition(end)) >= 0)
      continue;
    const last = slices.at(-1);
    if (
      last !== undefined &&
      order.comparePositions(endPosition(last.end), startPosition(start)) > 0
    ) {
      if (order.comparePositions(endPosition(last.end), endPosition(end)) < 0) {
        slices[slices.length - 1] = { start: last.start, end };
      }
      continue;
    }
    slices.push({ start, end });
  }
  return slices;
}

type Side = 'start' | 'end';

function bounds(
  restrictions: StatementRestrictions,
  side: Side,
  context: BindContext,
  order: ClusteringOrder,
): readonly ClusteringBound[] {
  let prefixes: Prefix[] = [[]];
  let position = 0;
  for (const restriction of restrictions.clustering.all) {
    if (isLeftToFilter(restriction, position)) break;
    if (restriction.kind === 'slice') {
      return sortedBounds(sliceBounds(prefixes, restriction, side, context), side, order);
    }
    prefixes = extend(prefixes, restriction, context);
    if (prefixes.length === 0) return [];
    position = lastColumn(restriction).position + 1;
  }
  return sortedBounds(
    prefixes.map((prefix) => ({ prefix, inclusive: true })),
    side,
    order,
  );
}

function sortedBounds(
  all: readonly ClusteringBound[],
  side: Side,
  order: ClusteringOrder,
): ClusteringBound[] {
  const place = side === 'start' ? startPosition : endPosition;
  return uniqueSorted(all, (a, b) => order.comparePositions(place(a), place(b)));
}

/** A bound of the slice for one column: DESC columns swap start and end. */
function boundFor(slice: SliceRestriction, side: Side, reversed: boolean): TermBound | null {
  return (side === 'start') !== reversed ? slice.start : slice.end;
}

function sliceBounds(
  prefixes: readonly Prefix[],
  slice: SliceRestriction,
  side: Side,
  context: BindContext,
): ClusteringBound[] {
  if (slice.multi) return multiSliceBounds(prefixes, slice, side, context);
  const column = firstColumn(slice);
  const bound = boundFor(slice, side, column.reversed);
  if (bound === null) return prefixes.map((prefix) => ({ prefix, inclusive: true }));
  const value = bindTerm(bound.term, context);
  if (value === UNSET) throw invalid(`Invalid unset value for column ${column.name}`);
  // A null bound is allowed and sorts before every value.
  return prefixes.map((prefix) => ({ prefix: [...prefix, value], inclusive: bound.inclusive }));
}

function componentsOf(
  bound: TermBound | null,
  slice: SliceRestriction,
  context: BindContext,
): (Buffer | null)[] {
  if (bound === null) return [];
  const { term } = bound;
  const isTuple =
    term.kind === 'fields' ||
    (term.kind === 'marker' && term.type.kind === 'tuple' && term.name.startsWith('('));
  if (isTuple) {
    const size = term.type.kind === 'tuple' ? term.type.elements.length : slice.columns.length;
    return bindTuple(term, size, context) ?? slice.columns.map(() => null);
  }
  const value = bindTerm(term, context);
  if (value === UNSET) throw invalid(`Invalid unset value for column ${firstColumn(slice).name}`);
  return [value];
}

/** Cassandra: MultiColumnRestriction.SliceRestriction.appendBoundTo and MultiCBuilder.buildBoundForSlice. */
function multiSliceBounds(
  prefixes: readonly Prefix[],
  slice: SliceRestriction,
  side: Side,
  context: BindContext,
): ClusteringBound[] {
  const components = {
    start: componentsOf(slice.start, slice, context),
    end: componentsOf(slice.end, slice, context),
  };
  const toAdd = componentPrefixes(slice, side, components);
  const elements = prefixes.flatMap((prefix) => toAdd.map((values) => [...prefix, ...values]));
  const offset = firstColumn(slice).position;
  const inclusive = (s: Side): boolean =>
    (s === 'start' ? slice.start : slice.end)?.inclusive ?? true;
  const other: Side = side === 'start' ? 'end' : 'start';
  const out: ClusteringBound[] = [];
  for (let i = 0; i < elements.length; i++) {
    const prefix = elements[i] as Prefix;
    if (prefix.length === offset) {
      out.push({ prefix, inclusive: true });
      continue;
    }
    const next = elements[i + 1];
    if (
      prefix.length <= lastColumn(slice).position &&
      next !== undefined &&
      isSameClustering(prefix, next)
    ) {
      out.push({ prefix, inclusive: false }, { prefix: next, inclusive: true });
      i++;
      continue;
    }
    const column = slice.columns[prefix.length - 1 - offset] as ColumnMetadata;
    out.push({ prefix, inclusive: column.reversed ? inclusive(other) : inclusive(side) });
  }
  return out;
}

/** The prefixes of the slice's values at which the order of columns turns. */
function componentPrefixes(
  slice: SliceRestriction,
  side: Side,
  components: Readonly<Record<Side, readonly (Buffer | null)[]>>,
): Prefix[] {
  const toAdd: Prefix[] = [];
  let reversed = firstColumn(slice).reversed;
  let values: Buffer[] = [];
  slice.columns.forEach((column, i) => {
    const bound: Side = (side === 'start') !== column.reversed ? 'start' : 'end';
    const opposite: Side = bound === 'start' ? 'end' : 'start';
    const own = components[bound];
    const has = own.length > i;
    if (reversed !== column.reversed) {
      reversed = column.reversed;
      toAdd.push(values);
      if (!has) return;
      if (components[opposite].length > i) toAdd.push(values);
      values = own
        .slice(0, Math.min(i, own.length))
        .map((value, at) => notNull(value, nullCondition(slice.columns[at])));
    }
    if (has) values = [...values, notNull(own[i], nullCondition(column))];
  });
  toAdd.push(values);
  return side === 'end' ? toAdd.reverse() : toAdd;
}

function nullCondition(column: ColumnMetadata | undefined): string {
  return `Invalid null value in condition for column ${column?.name}`;
}
