// Applies prepared operations to the row of an update. Bound values are slices of the received frame; here they are
// copied, once. Cassandra: the execute methods of cql3/Constants, Lists, Sets, Maps, UserTypes.

import { addInt64, int64, int64Bytes, readInt64 } from '../../../base/int64.ts';
import type { NumericName } from '../../../cql/functions/numbers.ts';
import { NUMERICS } from '../../../cql/functions/numbers.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { unpackList, unpackMap, unpackTuple } from '../../../data/codec/packing.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { invalid } from '../../../data/cql-error.ts';
import { columnData, liveCells, valueOf } from '../../../data/live-view.ts';
import type { Cell, DeletionTime } from '../../../data/partition.ts';
import { isComplexData, LIVE } from '../../../data/partition.ts';
import type { RowBuilder } from '../../../data/partition-builder.ts';
import { liveCell, tombstoneCell } from '../../../data/partition-builder.ts';
import { mergeRows } from '../../../data/reconcile.ts';
import { guardCollection, guardItems, guardValue } from '../../guardrails/guarded-values.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import type { PreparedTerm } from '../terms/term.ts';
import { bindTerm } from '../terms/term.ts';
import type { Operation } from './operations.ts';
import type { CurrentRow, UpdateParameters } from './update-parameters.ts';
import { deletionOf, overwriteOf } from './update-parameters.ts';

const NO_BYTES = Buffer.alloc(0);
const LONG_MIN = -(2n ** 63n);

/** Adds what the operations do. `current` is the row as it is, for operations that require a read. */
export function applyOperations(
  operations: readonly Operation[],
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  let deltas: Map<ColumnMetadata, Buffer> | null = null;
  for (const operation of operations) {
    if (operation.kind !== 'count') {
      applyOperation(operation, row, parameters, current);
      continue;
    }
    const delta = deltaOf(operation, parameters);
    deltas ??= new Map();
    const before = deltas.get(operation.column);
    if (delta !== null)
      deltas.set(operation.column, before === undefined ? delta : sum(before, delta));
  }
  if (deltas === null) return;
  const { timestamp, nowSeconds } = parameters;
  for (const [column, delta] of deltas) {
    row.addCell(liveCell(column, delta, { timestamp, ttl: 0, nowSeconds }));
  }
}

function applyOperation(
  operation: Exclude<Operation, { kind: 'count' }>,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  const { column } = operation;
  switch (operation.kind) {
    case 'set':
      return applySet(column, operation.value, row, parameters);
    case 'append':
    case 'add-elements':
      return addCells(column, bind(operation.value, parameters), row, parameters, LIVE);
    case 'prepend':
      return applyPrepend(column, bind(operation.value, parameters), row, parameters);
    case 'discard':
      return applyDiscard(column, bind(operation.value, parameters), row, parameters, current);
    case 'set-index':
      return applySetIndex(operation, row, parameters, current);
    case 'set-key': {
      const key = mapKey(bind(operation.key, parameters));
      return setElement(column, key, bind(operation.value, parameters), row, parameters);
    }
    case 'set-field':
      return setElement(
        column,
        fieldPath(operation.field),
        bind(operation.value, parameters),
        row,
        parameters,
      );
    case 'add-to-value':
      return applyAddToValue(column, operation.value, row, parameters, current);
    case 'delete':
      if (column.isComplex) row.addComplex(column, deletionOf(parameters), []);
      else row.addCell(tombstoneCell(column, parameters));
      return;
    case 'delete-index':
      return applyDeleteIndex(operation, row, parameters, current);
    case 'delete-key':
      return applyDeleteKey(column, bind(operation.key, parameters), row, parameters);
    case 'delete-field':
      row.addCell(tombstoneCell(column, parameters, fieldPath(operation.field)));
      return;
  }
}

/** A cell of the client's, held against the size of values. */
function writtenCell(
  column: ColumnMetadata,
  value: Buffer,
  parameters: UpdateParameters,
  path: Buffer | null = null,
): Cell {
  const { guard } = parameters.bind;
  if (guard !== null) {
    guardValue(guard, column, value);
    if (path !== null) guardValue(guard, column, path);
  }
  return liveCell(column, value, parameters, path);
}

/** The element that is deleted may be as long as a value. */
function deletedCell(column: ColumnMetadata, parameters: UpdateParameters, path: Buffer): Cell {
  const { guard } = parameters.bind;
  if (guard !== null) guardValue(guard, column, path);
  return tombstoneCell(column, parameters, path);
}

function ensureListReads(parameters: UpdateParameters, feature: string): void {
  const { guard } = parameters.bind;
  guard?.ensureEnabled(
    'read_before_write_list_operations',
    `${feature} requiring read before write`,
  );
}

/** Bytes of a marker are copied out of the frame. */
function bind(term: PreparedTerm, parameters: UpdateParameters): BoundValue {
  const value = bindTerm(term, parameters.bind);
  return term.kind === 'marker' && Buffer.isBuffer(value) ? Buffer.from(value) : value;
}

/** The path of a UDT's field. */
function fieldPath(field: number): Buffer {
  const path = Buffer.allocUnsafe(2);
  path.writeInt16BE(field, 0);
  return path;
}

function applySet(
  column: ColumnMetadata,
  term: PreparedTerm,
  row: RowBuilder,
  parameters: UpdateParameters,
): void {
  const value = bind(term, parameters);
  if (value === UNSET) return;
  if (column.isComplex) return addCells(column, value, row, parameters, overwriteOf(parameters));
  if (value === null) {
    row.addCell(tombstoneCell(column, parameters));
    return;
  }
  const { guard } = parameters.bind;
  if (guard !== null) guardItems(guard, column, value);
  const cell = writtenCell(column, value, parameters);
  if (guard !== null) guardCollection(guard, column, [cell]);
  row.addCell(cell);
}

function setElement(
  column: ColumnMetadata,
  path: Buffer,
  value: BoundValue,
  row: RowBuilder,
  parameters: UpdateParameters,
): void {
  if (value === UNSET) return;
  if (value === null) row.addCell(deletedCell(column, parameters, path));
  else row.addCell(writtenCell(column, value, parameters, path));
}

/** The elements of a collection or UDT as cells, behind an optional deletion of what was there. */
function addCells(
  column: ColumnMetadata,
  value: BoundValue,
  row: RowBuilder,
  parameters: UpdateParameters,
  deletion: DeletionTime,
): void {
  if (value === UNSET) return;
  if (value === null) {
    row.addComplex(column, deletion, []);
    return;
  }
  const { guard } = parameters.bind;
  if (guard !== null) guardItems(guard, column, value);
  const cells = elementCells(column, value, parameters);
  if (guard !== null) guardCollection(guard, column, cells);
  row.addComplex(column, deletion, cells);
}

function elementCells(column: ColumnMetadata, value: Buffer, parameters: UpdateParameters): Cell[] {
  const { type } = column;
  switch (type.kind) {
    case 'list':
      return unpackList(value).map((element) =>
        writtenCell(column, present(element), parameters, parameters.listPaths.append()),
      );
    case 'set':
      return unpackList(value).map((element) =>
        writtenCell(column, NO_BYTES, parameters, present(element)),
      );
    case 'map': {
      const flat = unpackMap(value);
      const cells: Cell[] = [];
      for (let i = 0; i < flat.length; i += 2) {
        cells.push(writtenCell(column, present(flat[i + 1]), parameters, present(flat[i])));
      }
      return cells;
    }
    case 'udt': {
      const cells: Cell[] = [];
      unpackTuple(value, type.fieldTypes.length).forEach((field, i) => {
        if (field !== null) cells.push(writtenCell(column, field, parameters, fieldPath(i)));
      });
      return cells;
    }
    default:
      return [];
  }
}

function present(element: Buffer | null | undefined): Buffer {
  if (element === null || element === undefined)
    throw invalid('null is not supported inside collections');
  return element;
}

// ------------------------------------------------------------------------------------------------------------ lists

function applyPrepend(
  column: ColumnMetadata,
  value: BoundValue,
  row: RowBuilder,
  parameters: UpdateParameters,
): void {
  if (value === null || value === UNSET) return;
  const elements = unpackList(value);
  const paths = parameters.listPaths.prepend(elements.length);
  const cells = elements.map((element, i) =>
    writtenCell(column, present(element), parameters, paths[i]),
  );
  row.addComplex(column, LIVE, cells);
}

/**
 * The list as the operations before this one leave it. What they alone made is taken with its deleted elements.
 * UpdateParameters.getPrefetchedRow.
 */
function existingCells(
  column: ColumnMetadata,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): readonly Cell[] {
  const before = rowSoFar(row, current);
  if (before === null) return [];
  if (current !== null) return liveCells(before, column, parameters.nowSeconds);
  const data = columnData(before, column);
  return data !== undefined && isComplexData(data) ? data.cells : [];
}

/** The row as it is, with what the statement has done to it so far. */
function rowSoFar(row: RowBuilder, current: CurrentRow): CurrentRow {
  const pending = row.build();
  if (pending === null) return current;
  return current === null ? pending : mergeRows(current, pending, LIVE);
}

function cellAt(cells: readonly Cell[], index: Buffer, emptyText: string): Cell {
  const at = index.length === 0 ? -1 : index.readInt32BE(0);
  if (cells.length === 0) throw invalid(emptyText);
  const cell = cells[at];
  if (cell === undefined)
    throw invalid(`List index ${at} out of bound, list has size ${cells.length}`);
  return cell;
}

function applySetIndex(
  operation: Extract<Operation, { kind: 'set-index' }>,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  const { column } = operation;
  ensureListReads(parameters, 'Setting of list items by index');
  const index = bind(operation.index, parameters);
  const value = bind(operation.value, parameters);
  if (index === null) throw invalid('Invalid null value for list index');
  if (index === UNSET) throw invalid('Invalid unset value for list index');
  const cells = existingCells(column, row, parameters, current);
  const cell = cellAt(cells, index, 'Attempted to set an element on a list which is null');
  setElement(column, cell.path as Buffer, value, row, parameters);
}

function applyDeleteIndex(
  operation: Extract<Operation, { kind: 'delete-index' }>,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  const { column } = operation;
  ensureListReads(parameters, 'Removal of list items by index');
  const index = bind(operation.index, parameters);
  if (index === null) throw invalid('Invalid null value for list index');
  if (index === UNSET) return;
  const cells = existingCells(column, row, parameters, current);
  const cell = cellAt(cells, index, 'Attempted to delete an element from a list which is null');
  row.addCell(deletedCell(column, parameters, cell.path as Buffer));
}

/** `c - value`: elements of a set, keys of a map, or every equal element of a list. */
function applyDiscard(
  column: ColumnMetadata,
  value: BoundValue,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  if (column.type.kind === 'list') ensureListReads(parameters, 'Removal of list items');
  if (value === null || value === UNSET) return;
  const elements = unpackList(value);
  if (column.type.kind !== 'list') {
    const cells = elements.map((element) => deletedCell(column, parameters, present(element)));
    row.addComplex(column, LIVE, cells);
    return;
  }
  const cells = existingCells(column, row, parameters, current)
    .filter((cell) => elements.some((element) => element?.equals(cell.value)))
    .map((cell) => deletedCell(column, parameters, cell.path as Buffer));
  row.addComplex(column, LIVE, cells);
}

function mapKey(key: BoundValue): Buffer {
  if (key === null) throw invalid('Invalid null map key');
  if (key === UNSET) throw invalid('Invalid unset map key');
  return key;
}

function applyDeleteKey(
  column: ColumnMetadata,
  key: BoundValue,
  row: RowBuilder,
  parameters: UpdateParameters,
): void {
  const isMap = column.type.kind === 'map';
  if (key === UNSET && !isMap) return;
  if (key === null && !isMap) throw invalid('Invalid null set element');
  row.addCell(deletedCell(column, parameters, mapKey(key)));
}

// ------------------------------------------------------------------------------------------------ counters, numbers

/** What a counter is incremented by; null: it is left alone. */
function deltaOf(
  operation: Extract<Operation, { kind: 'count' }>,
  parameters: UpdateParameters,
): Buffer | null {
  const value = bind(operation.value, parameters);
  if (value === UNSET) return null;
  if (value === null || value.length === 0) {
    throw invalid('Invalid null value for counter increment');
  }
  if (!operation.negate) return value;
  const increment = readInt64(value, 0);
  if (increment === LONG_MIN) {
    throw invalid(
      `The negation of ${LONG_MIN} overflows supported counter precision (signed 8 bytes integer)`,
    );
  }
  return int64Bytes(typeof increment === 'bigint' ? -increment : addInt64(0, -increment));
}

/** Of two increments of one counter in one statement. */
function sum(a: Buffer, b: Buffer): Buffer {
  return int64Bytes(int64(BigInt.asIntN(64, a.readBigInt64BE() + b.readBigInt64BE())));
}

function applyAddToValue(
  column: ColumnMetadata,
  term: PreparedTerm,
  row: RowBuilder,
  parameters: UpdateParameters,
  current: CurrentRow,
): void {
  const addition = bind(term, parameters);
  const before = rowSoFar(row, current);
  const value = before === null ? null : valueOf(before, column, parameters.nowSeconds);
  if (value === null || addition === null || addition === UNSET) return;
  const { type } = column;
  const isText = type.kind === 'native' && (type.name === 'text' || type.name === 'ascii');
  const total = isText ? Buffer.concat([value, addition]) : addNumbers(type, value, addition);
  codecFor(type).validate(total);
  row.addCell(writtenCell(column, total, parameters));
}

function addNumbers(type: CqlType, value: Buffer, addition: Buffer): Buffer {
  const numeric = NUMERICS[(type.kind === 'native' ? type.name : 'int') as NumericName];
  return numeric.binary.add(numeric.read(value), numeric.read(addition));
}
