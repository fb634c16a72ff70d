// From a relation as written to a restriction: columns resolved, values prepared, impossible operators refused in
// Cassandra's order and words. Cassandra: cql3/SingleColumnRelation, MultiColumnRelation, TokenRelation.

import type { Relation, Term } from '../../../cql/ast.ts';
import { printRelation } from '../../../cql/print.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { referencesDuration, typeName } from '../../../data/type-names.ts';
import { existingColumn } from '../schema-lookup.ts';
import { prepareTerm, prepareTuple } from '../terms/prepare-term.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { Receiver } from '../terms/receiver.ts';
import {
  inListOf,
  inTupleListOf,
  keyOf,
  statementReceiver,
  tupleOfColumns,
  valueOf,
} from '../terms/receiver.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { Restriction, TermBound } from './restriction.ts';

/** A restriction of token(..) over the whole partition key. */
export type TokenRestriction =
  | { readonly kind: 'eq'; readonly value: PreparedTerm }
  | { readonly kind: 'slice'; readonly start: TermBound | null; readonly end: TermBound | null };

type PreparedRelation =
  | { readonly kind: 'columns'; readonly restriction: Restriction }
  | { readonly kind: 'token'; readonly restriction: TokenRestriction };

export function operatorOf(relation: Relation): string {
  switch (relation.kind) {
    case 'in':
    case 'in-marker':
    case 'multi-in':
    case 'multi-in-marker':
      return 'IN';
    default:
      return relation.operator;
  }
}

/** Throws INVALID for a relation that its column or type does not allow. */
export function prepareRelation(
  relation: Relation,
  table: TableMetadata,
  scope: TermScope,
): PreparedRelation {
  if (operatorOf(relation) === '!=')
    throw invalid(`Unsupported "!=" relation: ${printRelation(relation)}`);
  switch (relation.kind) {
    case 'single':
    case 'in':
    case 'in-marker':
    case 'map-entry':
      return { kind: 'columns', restriction: prepareSingle(relation, table, scope) };
    case 'multi':
    case 'multi-in':
    case 'multi-in-marker':
      return { kind: 'columns', restriction: prepareMulti(relation, table, scope) };
    case 'token':
      return { kind: 'token', restriction: prepareToken(relation, table, scope) };
  }
}

// -------------------------------------------------------------------------------------------------- single columns

type SingleRelation = Extract<Relation, { kind: 'single' | 'in' | 'in-marker' | 'map-entry' }>;

function prepareSingle(
  relation: SingleRelation,
  table: TableMetadata,
  scope: TermScope,
): Restriction {
  const column = existingColumn(table, relation.column);
  const operator = operatorOf(relation);
  const base = { columns: [column], multi: false } as const;
  if (isSlice(operator)) checkNoDuration(column);
  const receiver = receiverOf(relation, column, operator);
  switch (relation.kind) {
    case 'in': {
      const values = relation.values.map((value) => prepareTerm(value, receiver, scope));
      const only = values.length === 1 ? values[0] : undefined;
      if (only !== undefined) return { ...base, kind: 'eq', value: only, tuple: false };
      return { ...base, kind: 'in', values, list: null, tuple: false };
    }
    case 'in-marker':
      return {
        ...base,
        kind: 'in',
        values: null,
        list: prepareTerm(relation.marker, inListOf(receiver), scope),
        tuple: false,
      };
    case 'map-entry': {
      const key = prepareTerm(relation.key, keyOf(column), scope);
      const value = prepareTerm(relation.value, valueOf(column), scope);
      return { ...base, kind: 'contains', values: [], keys: [], entries: [{ key, value }] };
    }
    case 'single':
      return prepareComparison(relation.operator, relation.value, base, receiver, scope);
  }
}

function prepareComparison(
  operator: Extract<Relation, { kind: 'single' }>['operator'],
  term: Term,
  base: { readonly columns: readonly ColumnMetadata[]; readonly multi: false },
  receiver: Receiver,
  scope: TermScope,
): Restriction {
  const value = prepareTerm(term, receiver, scope);
  switch (operator) {
    case '=':
      return { kind: 'eq', columns: base.columns, multi: false, value, tuple: false };
    case 'CONTAINS':
      return { ...base, kind: 'contains', values: [value], keys: [], entries: [] };
    case 'CONTAINS KEY':
      return { ...base, kind: 'contains', values: [], keys: [value], entries: [] };
    case 'LIKE':
      return { ...base, kind: 'like', value };
    default:
      return { ...base, kind: 'slice', ...sliceOf(operator, value) };
  }
}

function isSlice(operator: string): boolean {
  return operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
}

function sliceOf(
  operator: string,
  term: PreparedTerm,
): { start: TermBound | null; end: TermBound | null } {
  const bound = { term, inclusive: operator.endsWith('=') };
  return operator.startsWith('>') ? { start: bound, end: null } : { start: null, end: bound };
}

function checkNoDuration(column: ColumnMetadata): void {
  if (!referencesDuration(column.type)) return;
  const { kind } = column.type;
  if (kind === 'list' || kind === 'set' || kind === 'map') {
    throw invalid('Slice restrictions are not supported on collections containing durations');
  }
  if (kind === 'tuple')
    throw invalid('Slice restrictions are not supported on tuples containing durations');
  if (kind === 'udt')
    throw invalid('Slice restrictions are not supported on UDTs containing durations');
  throw invalid('Slice restrictions are not supported on duration columns');
}

/** What the right side must be, after checking that the operator fits the column. */
function receiverOf(relation: SingleRelation, column: ColumnMetadata, operator: string): Receiver {
  const { type, name } = column;
  // A column in descending order is of no collection type to Cassandra.
  const collection =
    !column.reversed && (type.kind === 'list' || type.kind === 'set' || type.kind === 'map');
  if (operator === 'CONTAINS KEY' && (type.kind !== 'map' || column.reversed)) {
    throw invalid(`Cannot use CONTAINS KEY on non-map column ${name}`);
  }
  if (operator === 'CONTAINS' && !collection) {
    throw invalid(`Cannot use CONTAINS on non-collection column ${name}`);
  }
  if (relation.kind === 'map-entry') checkMapEntry(column, operator);
  if (type.kind === 'udt' && isMultiCell(type)) {
    throw invalid(
      `Non-frozen UDT column '${name}' (${typeName(type)}) cannot be restricted by any relation`,
    );
  }
  if (!collection) return column;
  const contains = operator === 'CONTAINS' || operator === 'CONTAINS KEY';
  if (isMultiCell(type) && !contains && relation.kind !== 'map-entry') {
    throw invalid(
      `Collection column '${name}' (${typeName(type)}) cannot be restricted by a '${operator}' relation`,
    );
  }
  if (operator === 'CONTAINS') return valueOf(column);
  return operator === 'CONTAINS KEY' ? keyOf(column) : column;
}

function checkMapEntry(column: ColumnMetadata, operator: string): void {
  const { type, name } = column;
  if (type.kind === 'list') {
    throw invalid(`Indexes on list entries (${name}[index] = value) are not currently supported.`);
  }
  if (type.kind !== 'map' || column.reversed)
    throw invalid(`Column ${name} cannot be used as a map`);
  if (!isMultiCell(type)) {
    throw invalid(`Map-entry equality predicates on frozen map column ${name} are not supported`);
  }
  if (operator !== '=') throw invalid('Only EQ relations are supported on map entries');
}

// ------------------------------------------------------------------------------------------------- several columns

type MultiRelation = Extract<Relation, { kind: 'multi' | 'multi-in' | 'multi-in-marker' }>;

function prepareMulti(
  relation: MultiRelation,
  table: TableMetadata,
  scope: TermScope,
): Restriction {
  const columns = clusteringColumns(relation, table);
  const base = { columns, multi: true } as const;
  const prepare = (value: Term): PreparedTerm =>
    value.kind === 'tuple'
      ? prepareTuple(value, columns, scope)
      : prepareTerm(value, tupleOfColumns(columns), scope);
  switch (relation.kind) {
    case 'multi-in': {
      const values = relation.values.map(prepare);
      const only = values.length === 1 ? values[0] : undefined;
      if (only !== undefined) return { ...base, kind: 'eq', value: only, tuple: true };
      return { ...base, kind: 'in', values, list: null, tuple: true };
    }
    case 'multi-in-marker':
      return {
        ...base,
        kind: 'in',
        values: null,
        list: prepareTerm(relation.marker, inTupleListOf(columns), scope),
        tuple: true,
      };
    case 'multi': {
      const value = prepare(relation.value);
      if (relation.operator === '=') return { ...base, kind: 'eq', value, tuple: true };
      return { ...base, kind: 'slice', ...sliceOf(relation.operator, value) };
    }
  }
}

function clusteringColumns(
  relation: MultiRelation,
  table: TableMetadata,
): readonly ColumnMetadata[] {
  const columns: ColumnMetadata[] = [];
  let previous: ColumnMetadata | null = null;
  for (const name of relation.columns) {
    const column = existingColumn(table, name);
    if (column.kind !== 'clustering') {
      throw invalid(
        `Multi-column relations can only be applied to clustering columns but was applied to: ${name}`,
      );
    }
    if (columns.includes(column)) {
      throw invalid(`Column "${name}" appeared twice in a relation: ${printRelation(relation)}`);
    }
    if (previous !== null && column.position !== previous.position + 1) {
      throw invalid(
        `Clustering columns must appear in the PRIMARY KEY order in multi-column relations: ${printRelation(relation)}`,
      );
    }
    columns.push(column);
    previous = column;
  }
  return columns;
}

// ----------------------------------------------------------------------------------------------------------- token

type TokenRelation = Extract<Relation, { kind: 'token' }>;

function prepareToken(
  relation: TokenRelation,
  table: TableMetadata,
  scope: TermScope,
): TokenRestriction {
  const columns = relation.columns.map((name) => existingColumn(table, name));
  const keys = table.partitionKey;
  if (columns.length !== keys.length || columns.some((column, i) => column !== keys[i])) {
    if (!keys.every((key) => columns.includes(key))) {
      throw invalid(
        'The token() function must be applied to all partition key components or none of them',
      );
    }
    if (new Set(columns).size !== columns.length) {
      throw invalid('The token() function contains duplicate partition key components');
    }
    if (columns.some((column) => !keys.includes(column))) {
      throw invalid('The token() function must contains only partition key components');
    }
    const order = keys.map((key) => key.name).join(', ');
    throw invalid(`The token function arguments must be in the partition key order: ${order}`);
  }
  const value = prepareTerm(
    relation.value,
    statementReceiver(table, 'partition key token', NATIVE.bigint),
    scope,
  );
  return relation.operator === '='
    ? { kind: 'eq', value }
    : { kind: 'slice', ...sliceOf(relation.operator, value) };
}

/** Merges a later token restriction into an earlier one. */
export function mergeTokenRestrictions(
  table: TableMetadata,
  first: TokenRestriction,
  other: TokenRestriction,
): TokenRestriction {
  const names = table.partitionKey.map((column) => column.name).join(', ');
  if (first.kind === 'eq') {
    throw invalid(
      `${names} cannot be restricted by more than one relation if it includes an Equal`,
    );
  }
  if (other.kind === 'eq') {
    throw invalid(
      `Columns "${names}" cannot be restricted by both an equality and an inequality relation`,
    );
  }
  if (first.start !== null && other.start !== null) {
    throw invalid(`More than one restriction was found for the start bound on ${names}`);
  }
  if (first.end !== null && other.end !== null) {
    throw invalid(`More than one restriction was found for the end bound on ${names}`);
  }
  return { kind: 'slice', start: first.start ?? other.start, end: first.end ?? other.end };
}
