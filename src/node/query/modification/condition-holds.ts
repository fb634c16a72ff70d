// Whether a bound condition holds for a row as it is. Test: test/query/lwt.test.ts.
// Cassandra: cql3/conditions/ColumnCondition.Bound, MultiCellCollectionBound, UDTFieldAccessBound.

import type { ComparisonOperator, ContainsOperator } from '../../../cql/ast.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import { unpackList, unpackMap, unpackTuple } from '../../../data/codec/packing.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { liveCells, valueOf as storedValue } from '../../../data/live-view.ts';
import type { Cell, Row } from '../../../data/partition.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { BoundCondition } from './conditions.ts';

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
  expected: BoundValue,
  stored: Buffer | null,
): boolean {
  refuseUnset(expected);
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

function refuseUnset(expected: BoundValue): asserts expected is Buffer | null {
  if (expected === UNSET) throw invalid("Invalid 'unset' value in condition");
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
  if (key === UNSET && !isMap) throw invalid('Invalid unset value for list element access');
  // Cassandra takes an unset key of a map for an empty one.
  const keyBytes = key === UNSET ? Buffer.alloc(0) : key;
  const stored = isMap
    ? mapElement(column, keyBytes, row, nowSeconds)
    : listElement(column, keyBytes, row, nowSeconds);
  // Cassandra 5.0 compares the values of a map as if they were its keys.
  if (column.type.kind === 'map' && stored !== null) {
    const { key: keyType } = column.type;
    return values.some((expected) => {
      refuseUnset(expected);
      return expected === null || operator === 'CONTAINS' || operator === 'CONTAINS KEY'
        ? compares(operator, condition.type, expected, stored)
        : satisfies(operator, compareAs(keyType, stored, expected));
    });
  }
  return values.some((expected) => compares(operator, condition.type, expected, stored));
}

const SIGNED = new Set(['tinyint', 'smallint', 'int', 'bigint', 'counter', 'varint', 'time']);

/** The order of a type for bytes that need not be a value of it. */
function compareAs(type: CqlType, a: Buffer, b: Buffer): number {
  if (type.kind === 'native' && SIGNED.has(type.name) && a.length > 0 && b.length > 0) {
    const codec = codecFor(type);
    if (codec.fixedLength !== null && a.length === codec.fixedLength && b.length === a.length)
      return codec.compare(a, b);
    return a.readInt8(0) - b.readInt8(0) || Buffer.compare(a, b);
  }
  try {
    return codecFor(type).compare(a, b);
  } catch (error) {
    if (error instanceof RangeError) return Buffer.compare(a, b);
    throw error;
  }
}

function mapElement(
  column: ColumnMetadata,
  key: Buffer,
  row: Row | null,
  nowSeconds: number,
): Buffer | null {
  const { type } = column;
  if (row === null || type.kind !== 'map') return null;
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
  row: Row | null,
  nowSeconds: number,
): Buffer | null {
  if (isMultiCell(column.type)) {
    const index = listIndex(key);
    return row === null ? null : (liveCells(row, column, nowSeconds)[index]?.value ?? null);
  }
  const stored = row === null ? null : storedValue(row, column, nowSeconds);
  return stored === null ? null : (unpackList(stored)[listIndex(key)] ?? null);
}

function listIndex(key: Buffer): number {
  const index = key.readInt32BE(0);
  if (index < 0) throw invalid(`Invalid negative list index ${index}`);
  return index;
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
  expected: BoundValue,
  operator: BoundCondition['operator'],
): boolean {
  refuseUnset(expected);
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
