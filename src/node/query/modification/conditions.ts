// IF conditions of an UPDATE or DELETE: prepared, bound, and decided on a row as it is.
// Cassandra: cql3/conditions/ColumnCondition.java, ColumnConditions.java.

import type { ColumnCondition, ComparisonOperator, ContainsOperator } from '../../../cql/ast.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import { unpackList, unpackMap, unpackTuple } from '../../../data/codec/packing.ts';
import type { CqlException } from '../../../data/cql-error.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { liveCells, valueOf as storedValue } from '../../../data/live-view.ts';
import type { Cell, Row } from '../../../data/partition.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { referencesDuration, typeClassName } from '../../../data/type-names.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { existingColumn } from '../schema-lookup.ts';
import { prepareTerm } from '../terms/prepare-term.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { Receiver } from '../terms/receiver.ts';
import { fieldOf, indexOf, inListOf, keyOf, valueOf } from '../terms/receiver.ts';
import type { BindContext, PreparedTerm } from '../terms/term.ts';
import { unpackBoundList } from '../terms/unpack.ts';
import { bindTerm } from '../terms/term.ts';

type Operator = ComparisonOperator | ContainsOperator | 'IN';

export interface PreparedCondition {
  readonly column: ColumnMetadata;
  readonly operator: Operator;
  /** `c[key]`, `c.field` or the column itself. */
  readonly target:
    | { readonly kind: 'column' }
    | { readonly kind: 'element'; readonly key: PreparedTerm }
    | { readonly kind: 'field'; readonly field: number };
  readonly values: readonly PreparedTerm[] | null;
  /** `IN ?` */
  readonly list: PreparedTerm | null;
  /** What the values are. */
  readonly type: CqlType;
}

/** A condition with its values; holds when any of them does. */
export interface BoundCondition {
  readonly condition: PreparedCondition;
  readonly operator: Exclude<Operator, 'IN'>;
  readonly key: Buffer | null;
  readonly values: readonly (Buffer | null)[];
}

// -------------------------------------------------------------------------------------------------------- preparing

export function prepareCondition(
  condition: ColumnCondition,
  table: TableMetadata,
  scope: TermScope,
): PreparedCondition {
  const column = existingColumn(table, condition.column);
  if (column.type === NATIVE.counter) throw invalid('Conditions on counters are not supported');
  const prepared = prepareTarget(condition, column, scope);
  if (column.kind === 'partition_key' || column.kind === 'clustering') {
    throw invalid(`PRIMARY KEY column '${column.name}' cannot have IF conditions`);
  }
  return prepared;
}

function prepareTarget(
  condition: ColumnCondition,
  column: ColumnMetadata,
  scope: TermScope,
): PreparedCondition {
  const { target } = condition;
  const { type, name } = column;
  if (target === null) return withValues(condition, column, { kind: 'column' }, column, scope);
  if (target.kind === 'element') {
    if (type.kind === 'set') throw invalid(`Invalid element access syntax for set column ${name}`);
    if (type.kind !== 'list' && type.kind !== 'map') {
      throw invalid(`Invalid element access syntax for non-collection column ${name}`);
    }
    const key = prepareTerm(
      target.key,
      type.kind === 'list' ? indexOf(column) : keyOf(column),
      scope,
    );
    return withValues(condition, column, { kind: 'element', key }, valueOf(column), scope);
  }
  if (type.kind !== 'udt') throw noUserType(type);
  const field = type.fieldNames.indexOf(target.field);
  if (field < 0) throw invalid(`Unknown field ${target.field} for column ${name}`);
  return withValues(
    condition,
    column,
    { kind: 'field', field },
    fieldOf(column, type, field),
    scope,
  );
}

/** Cassandra casts without asking. */
function noUserType(type: CqlType): CqlException {
  const name = typeClassName(type);
  const user = 'org.apache.cassandra.db.marshal.UserType';
  return serverError(
    `java.lang.ClassCastException: class ${name} cannot be cast to class ${user} (${name} and ${user} are in unnamed ` +
      "module of loader 'app')",
  );
}

function withValues(
  condition: ColumnCondition,
  column: ColumnMetadata,
  target: PreparedCondition['target'],
  receiver: Receiver,
  scope: TermScope,
): PreparedCondition {
  const { value } = condition;
  const operator: Operator = value.kind === 'term' ? value.operator : 'IN';
  const { type } = receiver;
  checkDurations(type, operator);
  const collection = type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
  if (operator === 'CONTAINS KEY' && type.kind !== 'map') {
    throw invalid(`Cannot use CONTAINS KEY on non-map column ${receiver.name}`);
  }
  if (operator === 'CONTAINS' && !collection) {
    throw invalid(`Cannot use CONTAINS on non-collection column ${receiver.name}`);
  }
  const base = { column, operator, target, type, values: null, list: null };
  switch (value.kind) {
    case 'in':
      return { ...base, values: value.values.map((term) => prepareTerm(term, receiver, scope)) };
    case 'in-marker':
      return { ...base, list: prepareTerm(value.marker, inListOf(receiver), scope) };
    case 'term': {
      let of = receiver;
      if (operator === 'CONTAINS') of = valueOf(receiver);
      if (operator === 'CONTAINS KEY') of = keyOf(receiver);
      return { ...base, values: [prepareTerm(value.term, of, scope)] };
    }
  }
}

function checkDurations(type: CqlType, operator: Operator): void {
  if (!operator.startsWith('<') && !operator.startsWith('>')) return;
  if (!referencesDuration(type)) return;
  if (type.kind === 'tuple')
    throw invalid('Slice conditions are not supported on tuples containing durations');
  if (type.kind === 'udt')
    throw invalid('Slice conditions are not supported on UDTs containing durations');
  if (type.kind !== 'native')
    throw invalid('Slice conditions are not supported on collections containing durations');
  throw invalid(`Slice conditions ( ${operator} ) are not supported on durations`);
}

// ---------------------------------------------------------------------------------------------------------- binding

export function bindCondition(condition: PreparedCondition, context: BindContext): BoundCondition {
  const { operator, target } = condition;
  const key = target.kind === 'element' ? bindTerm(target.key, context) : null;
  return {
    condition,
    operator: operator === 'IN' ? '=' : operator,
    key: key === UNSET ? null : copied(key),
    values: boundValues(condition, context).map(copied),
  };
}

/** Conditions outlive the request's frame: their bytes are copied. */
function copied(value: Buffer | null): Buffer | null {
  return value === null ? null : Buffer.from(value);
}

function boundValues(condition: PreparedCondition, context: BindContext): (Buffer | null)[] {
  if (condition.list !== null) {
    const list = bindTerm(condition.list, context);
    if (list === null) throw invalid('Invalid null list in IN condition');
    if (list === UNSET) throw invalid("Invalid 'unset' value in condition");
    return unpackBoundList(list, codecFor(condition.type));
  }
  const values: BoundValue[] = (condition.values ?? []).map((term) => bindTerm(term, context));
  return values.flatMap((value) => {
    if (value !== UNSET) return [value];
    if (condition.operator === 'IN') return [];
    throw invalid("Invalid 'unset' value in condition");
  });
}

// --------------------------------------------------------------------------------------------------------- deciding

/** Whether the condition holds for the row; null: there is none. Throws INVALID for comparisons with null. */
export function conditionHolds(
  bound: BoundCondition,
  row: Row | null,
  nowSeconds: number,
): boolean {
  const { condition, operator, values } = bound;
  const { column, target } = condition;
  switch (target.kind) {
    case 'element':
      return elementHolds(bound, row, nowSeconds);
    case 'field': {
      const value = fieldValue(column, target.field, row, nowSeconds);
      return values.some((expected) => compares(operator, condition.type, expected, value));
    }
    case 'column':
      break;
  }
  const { type } = column;
  if (isMultiCell(type) && type.kind !== 'udt') {
    const cells = row === null ? [] : liveCells(row, column, nowSeconds);
    return values.some((expected) => cellsHold(type, cells, expected, operator));
  }
  const stored = row === null ? null : storedValue(row, column, nowSeconds);
  return values.some((expected) => compares(operator, type, expected, stored));
}

/** `stored operator expected`. */
function compares(
  operator: BoundCondition['operator'],
  type: CqlType,
  expected: Buffer | null,
  stored: Buffer | null,
): boolean {
  if (expected === null) {
    if (operator === '=') return stored === null;
    if (operator === '!=') return stored !== null;
    throw invalid(`Invalid comparison with null for operator "${operator}"`);
  }
  if (stored === null) return operator === '!=';
  if (operator === 'CONTAINS' || operator === 'CONTAINS KEY')
    return frozenContains(type, stored, expected, operator);
  return satisfies(operator, codecFor(type).compare(stored, expected));
}

function satisfies(operator: ComparisonOperator, comparison: number): boolean {
  switch (operator) {
    case '=':
      return comparison === 0;
    case '!=':
      return comparison !== 0;
    case '<':
      return comparison < 0;
    case '<=':
      return comparison <= 0;
    case '>':
      return comparison > 0;
    case '>=':
      return comparison >= 0;
  }
}

function frozenContains(
  type: CqlType,
  stored: Buffer,
  expected: Buffer,
  operator: ContainsOperator,
): boolean {
  if (type.kind === 'map') {
    const wanted = operator === 'CONTAINS KEY' ? 0 : 1;
    const codec = codecFor(operator === 'CONTAINS KEY' ? type.key : type.value);
    return unpackMap(stored).some(
      (v, i) => i % 2 === wanted && v !== null && codec.compare(v, expected) === 0,
    );
  }
  if (type.kind !== 'list' && type.kind !== 'set') return false;
  const codec = codecFor(type.element);
  return unpackList(stored).some((v) => v !== null && codec.compare(v, expected) === 0);
}

function elementHolds(bound: BoundCondition, row: Row | null, nowSeconds: number): boolean {
  const { condition, operator, key, values } = bound;
  const { column } = condition;
  const isMap = column.type.kind === 'map';
  if (key === null)
    throw invalid(`Invalid null value for ${isMap ? 'map' : 'list'} element access`);
  const stored =
    row === null
      ? null
      : isMap
        ? mapElement(column, key, row, nowSeconds)
        : listElement(column, key, row, nowSeconds);
  return values.some((expected) => compares(operator, condition.type, expected, stored));
}

function mapElement(
  column: ColumnMetadata,
  key: Buffer,
  row: Row,
  nowSeconds: number,
): Buffer | null {
  const { type } = column;
  if (type.kind !== 'map') return null;
  const codec = codecFor(type.key);
  if (isMultiCell(type)) {
    const cell = liveCells(row, column, nowSeconds).find(
      (c) => codec.compare(c.path as Buffer, key) === 0,
    );
    return cell?.value ?? null;
  }
  const stored = storedValue(row, column, nowSeconds);
  if (stored === null) return null;
  const flat = unpackMap(stored);
  for (let i = 0; i < flat.length; i += 2) {
    const candidate = flat[i];
    if (candidate !== null && candidate !== undefined && codec.compare(candidate, key) === 0)
      return flat[i + 1] ?? null;
  }
  return null;
}

function listElement(
  column: ColumnMetadata,
  key: Buffer,
  row: Row,
  nowSeconds: number,
): Buffer | null {
  const index = key.readInt32BE(0);
  if (index < 0) throw invalid(`Invalid negative list index ${index}`);
  if (isMultiCell(column.type)) return liveCells(row, column, nowSeconds)[index]?.value ?? null;
  const stored = storedValue(row, column, nowSeconds);
  return stored === null ? null : (unpackList(stored)[index] ?? null);
}

function fieldValue(
  column: ColumnMetadata,
  field: number,
  row: Row | null,
  nowSeconds: number,
): Buffer | null {
  if (row === null || column.type.kind !== 'udt') return null;
  const stored = storedValue(row, column, nowSeconds);
  return stored === null
    ? null
    : (unpackTuple(stored, column.type.fieldTypes.length)[field] ?? null);
}

/** A non-frozen collection against a value of its type (or an element, for CONTAINS). */
function cellsHold(
  type: CqlType,
  cells: readonly Cell[],
  expected: Buffer | null,
  operator: BoundCondition['operator'],
): boolean {
  const contains = operator === 'CONTAINS' || operator === 'CONTAINS KEY';
  if (expected === null || (!contains && expected.readInt32BE(0) === 0)) {
    if (operator === '=') return cells.length === 0;
    if (operator === '!=') return cells.length > 0;
    if (expected === null) throw invalid(`Invalid comparison with null for operator "${operator}"`);
    throw invalid(`Invalid comparison with an empty ${type.kind} for operator "${operator}"`);
  }
  if (cells.length === 0) return operator === '!=';
  if (contains) return cellsContain(type, cells, expected, operator);
  return comparesElements(
    cellElements(type, cells),
    type.kind === 'map' ? unpackMap(expected) : unpackList(expected),
    type,
    operator,
  );
}

function cellsContain(
  type: CqlType,
  cells: readonly Cell[],
  expected: Buffer,
  operator: ContainsOperator,
): boolean {
  const byPath = type.kind === 'set' || operator === 'CONTAINS KEY';
  let elementType: CqlType = NATIVE.blob;
  if (type.kind === 'map') elementType = byPath ? type.key : type.value;
  else if (type.kind === 'list' || type.kind === 'set') elementType = type.element;
  const codec = codecFor(elementType);
  return cells.some(
    (cell) => codec.compare(byPath ? (cell.path as Buffer) : cell.value, expected) === 0,
  );
}

/** Elements in comparison order; of a map keys and values alternate. */
function cellElements(type: CqlType, cells: readonly Cell[]): Buffer[] {
  if (type.kind === 'map') return cells.flatMap((cell) => [cell.path as Buffer, cell.value]);
  return cells.map((cell) => (type.kind === 'set' ? (cell.path as Buffer) : cell.value));
}

function comparesElements(
  stored: readonly Buffer[],
  expected: readonly (Buffer | null)[],
  type: CqlType,
  operator: ComparisonOperator,
): boolean {
  const codecs: readonly Codec[] =
    type.kind === 'map'
      ? [codecFor(type.key), codecFor(type.value)]
      : [codecFor(type.kind === 'list' || type.kind === 'set' ? type.element : NATIVE.blob)];
  const length = Math.min(stored.length, expected.length);
  for (let i = 0; i < length; i++) {
    const codec = codecs[i % codecs.length] as Codec;
    const other = expected[i];
    const comparison =
      other === null || other === undefined ? 1 : codec.compare(stored[i] as Buffer, other);
    if (comparison !== 0) return satisfies(operator, comparison);
  }
  return satisfies(operator, stored.length - expected.length);
}
