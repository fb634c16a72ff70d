// One restriction of a WHERE clause on one or several columns, and how two on the same column merge, with Cassandra's
// refusals. Cassandra: cql3/restrictions/SingleColumnRestriction, MultiColumnRestriction, TermSlice.

import { invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { PreparedTerm } from '../terms/term.ts';

/** One end of a slice. For several columns the term is a tuple (or a plain value of the first column). */
export interface TermBound {
  readonly term: PreparedTerm;
  readonly inclusive: boolean;
}

interface OnColumns {
  /** In clustering order when several. */
  readonly columns: readonly ColumnMetadata[];
  /** Written as `(a, b) op ...`, or merged with such. */
  readonly multi: boolean;
}

export type Restriction = OnColumns &
  (
    | {
        readonly kind: 'eq';
        readonly value: PreparedTerm;
        /** The value is a tuple of the columns. */ readonly tuple: boolean;
      }
    /** `values` for `IN (..)`, `list` for `IN ?`. */
    | {
        readonly kind: 'in';
        readonly values: readonly PreparedTerm[] | null;
        readonly list: PreparedTerm | null;
        readonly tuple: boolean;
      }
    | { readonly kind: 'slice'; readonly start: TermBound | null; readonly end: TermBound | null }
    | {
        readonly kind: 'contains';
        readonly values: readonly PreparedTerm[];
        readonly keys: readonly PreparedTerm[];
        readonly entries: readonly { readonly key: PreparedTerm; readonly value: PreparedTerm }[];
      }
    | { readonly kind: 'like'; readonly value: PreparedTerm }
    | { readonly kind: 'ann'; readonly value: PreparedTerm }
  );

export type SliceRestriction = Extract<Restriction, { kind: 'slice' }>;

export function firstColumn(restriction: Restriction): ColumnMetadata {
  return restriction.columns[0] as ColumnMetadata;
}
export function lastColumn(restriction: Restriction): ColumnMetadata {
  return restriction.columns[restriction.columns.length - 1] as ColumnMetadata;
}

function canBecomeMulti(restriction: Restriction): boolean {
  return restriction.kind === 'eq' || restriction.kind === 'in' || restriction.kind === 'slice';
}

/** Merges a later restriction into an earlier one on a common column. Throws INVALID where they exclude each other. */
export function mergeRestrictions(first: Restriction, other: Restriction): Restriction {
  if (first.multi && !other.multi && canBecomeMulti(other))
    return merge(first, { ...other, multi: true });
  if (!first.multi && other.multi && canBecomeMulti(first))
    return merge({ ...first, multi: true }, other);
  return merge(first, other);
}

function merge(first: Restriction, other: Restriction): Restriction {
  const names = first.multi ? commonNames(first, other) : firstColumn(first).name;
  switch (first.kind) {
    case 'eq':
      throw invalid(
        `${names} cannot be restricted by more than one relation if it includes an Equal`,
      );
    case 'in':
      throw invalid(`${names} cannot be restricted by more than one relation if it includes a IN`);
    case 'like':
      throw invalid(
        `${names} cannot be restricted by more than one relation if it includes a LIKE`,
      );
    case 'ann':
      throw invalid(`${names} cannot be restricted by more than one relation in an ANN ordering`);
    case 'contains':
      if (other.kind !== 'contains') {
        throw invalid(
          `Collection column ${names} can only be restricted by CONTAINS, CONTAINS KEY, or map-entry equality`,
        );
      }
      return {
        ...first,
        values: [...first.values, ...other.values],
        keys: [...first.keys, ...other.keys],
        entries: [...first.entries, ...other.entries],
      };
    case 'slice':
      return mergeSlices(first, other, names);
  }
}

function mergeSlices(first: SliceRestriction, other: Restriction, names: string): Restriction {
  if (other.kind !== 'slice') {
    throw invalid(
      `Column "${names}" cannot be restricted by both an equality and an inequality relation`,
    );
  }
  if (first.multi && firstColumn(first) !== firstColumn(other)) {
    const later = firstColumn(first).position > firstColumn(other).position ? first : other;
    throw invalid(
      `Column "${firstColumn(later).name}" cannot be restricted by two inequalities not starting with the same column`,
    );
  }
  if (first.start !== null && other.start !== null) {
    throw invalid(`More than one restriction was found for the start bound on ${names}`);
  }
  if (first.end !== null && other.end !== null) {
    throw invalid(`More than one restriction was found for the end bound on ${names}`);
  }
  const columns = first.columns.length >= other.columns.length ? first.columns : other.columns;
  return { ...first, columns, start: first.start ?? other.start, end: first.end ?? other.end };
}

function commonNames(first: Restriction, other: Restriction): string {
  return first.columns
    .filter((column) => other.columns.includes(column))
    .map((column) => column.name)
    .join(' ,');
}
