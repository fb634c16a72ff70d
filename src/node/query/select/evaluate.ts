// Evaluates prepared selectors on a row; in aggregations on a group: its first row and the results of its aggregates.
// Cassandra: the getOutput methods of cql3/selection/*Selector.

import { int64Bytes } from '../../../base/int64.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import {
  packList,
  packMap,
  packTuple,
  unpackList,
  unpackMap,
  unpackTuple,
} from '../../../data/codec/packing.ts';
import { packVector } from '../../../data/codec/vector-codec.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell, NATIVE } from '../../../data/cql-type.ts';
import { cellOf, liveCells, ttlOf } from '../../../data/live-view.ts';
import type { Cell } from '../../../data/partition.ts';
import type { CellRange } from '../../../data/read-command.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { BindContext, PreparedTerm } from '../terms/term.ts';
import { bindTerm } from '../terms/term.ts';
import { columnValue } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { CellAttribute, ElementSelector, PreparedSelector } from './selector.ts';

export interface Evaluation {
  readonly bind: BindContext;
  /** Values of masked columns are shown as they are. */
  readonly unmask: boolean;
  /** Masks a value of a masked column. */
  mask(column: ColumnMetadata, value: Buffer | null): Buffer | null;
}

/** `view` null: an aggregation without rows. `results` are the values of aggregates by index. */
export function evaluate(
  selector: PreparedSelector,
  view: RowView | null,
  evaluation: Evaluation,
  results: readonly (Buffer | null)[] = NO_RESULTS,
): Buffer | null {
  const inner = (part: PreparedSelector): Buffer | null =>
    evaluate(part, view, evaluation, results);
  switch (selector.kind) {
    case 'column':
      return view === null ? null : shownValue(view, selector.column, evaluation);
    case 'term': {
      const value = bindTerm(selector.term, evaluation.bind);
      // In a list of what to select, Cassandra shows an unset value as the empty one that stands for it.
      return value === UNSET ? NOTHING : value;
    }
    case 'call':
      return call(selector, selector.args.map(inner), evaluation);
    case 'aggregate':
      return results[selector.index] ?? null;
    case 'field': {
      const value = inner(selector.receiver);
      if (value === null) return null;
      return unpackTuple(value, selector.userType.fieldTypes.length)[selector.field] ?? null;
    }
    case 'element':
      return element(
        selector.receiver.type,
        inner(selector.receiver),
        elementKey(selector, evaluation.bind),
      );
    case 'slice':
      return slice(
        selector.receiver.type,
        inner(selector.receiver),
        sliceEnds(selector, evaluation.bind),
      );
    case 'list':
      return packList(selector.elements.map(inner));
    case 'set':
      return packSet(
        selector.type,
        selector.elements.map((e) => present(inner(e))),
      );
    case 'vector':
      return packVector(
        selector.elements.map((e) => present(inner(e))),
        codecFor(selector.vectorType.element).fixedLength,
      );
    case 'map':
      return packEntries(
        selector.mapType.key,
        selector.entries.map((e) => [present(inner(e.key)), present(inner(e.value))]),
      );
    case 'tuple':
      return packTuple(selector.elements.map(inner));
    case 'user-type':
      return packTuple(selector.fields.map((field) => (field === null ? null : inner(field))));
    case 'attribute':
      return view === null ? null : attributeOf(selector, view, evaluation);
  }
}

/** Binds the values of a selector. Throws INVALID for what cannot be one. */
export function checkBound(selector: PreparedSelector, bind: BindContext): void {
  if (selector.kind === 'term') bindTerm(selector.term, bind);
  else if (selector.kind === 'element') elementKey(selector, bind);
  else if (selector.kind === 'slice') sliceEnds(selector, bind);
}

const NOTHING = Buffer.alloc(0);
const NO_RESULTS: readonly (Buffer | null)[] = [];

function shownValue(view: RowView, column: ColumnMetadata, evaluation: Evaluation): Buffer | null {
  const value = columnValue(view, column);
  return column.mask === null || evaluation.unmask ? value : evaluation.mask(column, value);
}

function call(
  selector: Extract<PreparedSelector, { kind: 'call' }>,
  args: readonly (Buffer | null)[],
  evaluation: Evaluation,
): Buffer | null {
  const fn = selector.function;
  if (!fn.calledOnNullInput && args.includes(null)) return null;
  return fn.execute(args, evaluation.bind.functions);
}

function present(value: Buffer | null): Buffer {
  if (value === null) {
    throw serverError(
      'java.lang.NullPointerException: Cannot invoke "java.nio.ByteBuffer.hasArray()" because "buffer1" is null',
    );
  }
  return value;
}

function packSet(type: CqlType, elements: readonly Buffer[]): Buffer {
  const codec = codecFor(type.kind === 'set' ? type.element : NATIVE.blob);
  const sorted = [...elements].sort((a, b) => codec.compare(a, b));
  return packList(
    sorted.filter((e, i) => i === 0 || codec.compare(sorted[i - 1] as Buffer, e) !== 0),
  );
}

function packEntries(keyType: CqlType, entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  const codec = codecFor(keyType);
  const sorted = [...entries].sort((a, b) => codec.compare(a[0], b[0]));
  return packMap(sorted.flat());
}

// ------------------------------------------------------------------------------------------------- elements, slices

function elementKey(
  selector: Extract<PreparedSelector, { kind: 'element' }>,
  bind: BindContext,
): Buffer {
  const key = bindTerm(selector.key, bind);
  if (key === null) throw invalid(`Invalid null value for element selection on ${selector.name}`);
  if (key === UNSET) throw invalid(`Invalid unset value for element selection on ${selector.name}`);
  return key;
}

/** Cassandra looks no further than an element that comes after the key: what was bound out of order is not found. */
function element(type: CqlType, value: Buffer | null, key: Buffer): Buffer | null {
  if (value === null) return null;
  if (type.kind !== 'set' && type.kind !== 'map') return null;
  const step = type.kind === 'map' ? 2 : 1;
  const codec = codecFor(type.kind === 'map' ? type.key : type.element);
  const flat = type.kind === 'map' ? unpackMap(value) : unpackList(value);
  for (let i = 0; i < flat.length; i += step) {
    const candidate = flat[i];
    if (candidate === null || candidate === undefined) continue;
    const comparison = codec.compare(candidate, key);
    if (comparison === 0) return flat[i + step - 1] ?? null;
    if (comparison > 0) return null;
  }
  return null;
}

/** The elements it takes. Throws INVALID for what cannot name one. */
export function rangeOf(selector: ElementSelector, bind: BindContext): CellRange {
  if (selector.kind === 'slice') return sliceEnds(selector, bind);
  const key = elementKey(selector, bind);
  return { from: key, to: key };
}

function sliceEnds(
  selector: Extract<PreparedSelector, { kind: 'slice' }>,
  bind: BindContext,
): CellRange {
  const bound = (term: PreparedTerm | null): BoundValue =>
    term === null ? UNSET : bindTerm(term, bind);
  const ends = [bound(selector.from), bound(selector.to)];
  if (ends.includes(null))
    throw invalid(`Invalid null value for slice selection on ${selector.name}`);
  const [from, to] = ends.map((value) => (Buffer.isBuffer(value) ? value : null));
  return { from: from ?? null, to: to ?? null };
}

function slice(type: CqlType, value: Buffer | null, ends: CellRange): Buffer | null {
  if (value === null || (type.kind !== 'set' && type.kind !== 'map')) return null;
  const isMap = type.kind === 'map';
  const step = isMap ? 2 : 1;
  const flat = isMap ? unpackMap(value) : unpackList(value);
  const { start, end } = placesBetween(codecFor(isMap ? type.key : type.element), flat, step, ends);
  const kept = flat.slice(start, end);
  if (kept.length === 0 && isMultiCell(type)) return null;
  return isMap ? packMap(kept) : packList(kept);
}

/** From the first element that is not before the slice to the first that is after it, or ends it. */
function placesBetween(
  codec: Codec,
  flat: readonly (Buffer | null)[],
  step: number,
  { from, to }: CellRange,
): { readonly start: number; readonly end: number } {
  const at = (i: number): Buffer => flat[i] ?? NOTHING;
  const isBefore = (i: number): boolean => from !== null && codec.compare(at(i), from) < 0;
  let start = 0;
  while (start < flat.length && isBefore(start)) start += step;
  let end = start;
  while (end < flat.length) {
    const comparison = to === null ? -1 : codec.compare(at(end), to);
    if (comparison > 0) break;
    end += step;
    if (comparison === 0) break;
  }
  return { start, end };
}

// ---------------------------------------------------------------------------------------------- writetime and ttl

/** One value a cell: null where an element is not there. 'none': the column has no cells at all. */
type CellValues = { readonly single: Cell | null } | { readonly cells: readonly (Cell | null)[] };

function attributeOf(
  selector: Extract<PreparedSelector, { kind: 'attribute' }>,
  view: RowView,
  evaluation: Evaluation,
): Buffer | null {
  const cells = cellsOf(selector.selector, view, evaluation);
  const { attribute } = selector;
  if ('single' in cells)
    return cells.single === null ? null : attributeValue(attribute, cells.single, view);
  if (attribute === 'maxwritetime') return maxWritetime(cells.cells);
  if (selector.type.kind !== 'list') return null;
  if (cells.cells.every((cell) => cell === null)) return null;
  return packList(
    cells.cells.map((cell) => (cell === null ? null : attributeValue(attribute, cell, view))),
  );
}

function attributeValue(attribute: CellAttribute, cell: Cell, view: RowView): Buffer | null {
  if (attribute !== 'ttl') return int64Bytes(cell.timestamp);
  const ttl = ttlOf(cell, view.nowSeconds);
  if (ttl === null) return null;
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(ttl, 0);
  return bytes;
}

function maxWritetime(cells: readonly (Cell | null)[]): Buffer | null {
  let latest: Cell | null = null;
  for (const cell of cells) {
    if (cell !== null && (latest === null || cell.timestamp > latest.timestamp)) latest = cell;
  }
  return latest === null ? null : int64Bytes(latest.timestamp);
}

function cellsOf(selector: PreparedSelector, view: RowView, evaluation: Evaluation): CellValues {
  switch (selector.kind) {
    case 'column':
      return columnCells(selector.column, view);
    case 'element': {
      const base = cellsOf(selector.receiver, view, evaluation);
      if ('single' in base) {
        const value = evaluate(selector, view, evaluation);
        return { single: value === null ? null : base.single };
      }
      const key = elementKey(selector, evaluation.bind);
      const type = keyTypeOf(selector.receiver.type);
      const found = base.cells.find(
        (cell) => cell !== null && codecFor(type).compare(cell.path as Buffer, key) === 0,
      );
      return { single: found ?? null };
    }
    case 'slice': {
      const base = cellsOf(selector.receiver, view, evaluation);
      if ('single' in base) return base;
      const ends = sliceEnds(selector, evaluation.bind);
      const paths = base.cells.map((cell) => cell?.path ?? null);
      const codec = codecFor(keyTypeOf(selector.receiver.type));
      const { start, end } = placesBetween(codec, paths, 1, ends);
      return { cells: base.cells.slice(start, end) };
    }
    case 'field': {
      const base = cellsOf(selector.receiver, view, evaluation);
      return 'single' in base ? base : { single: base.cells[selector.field] ?? null };
    }
    default:
      return { single: null };
  }
}

function keyTypeOf(type: CqlType): CqlType {
  if (type.kind === 'map') return type.key;
  return type.kind === 'set' || type.kind === 'list' ? type.element : NATIVE.blob;
}

function columnCells(column: ColumnMetadata, view: RowView): CellValues {
  const row = column.kind === 'static' ? view.staticRow : view.row;
  if (!column.isComplex)
    return { single: row === null ? null : cellOf(row, column, view.nowSeconds) };
  const cells = row === null ? [] : liveCells(row, column, view.nowSeconds);
  if (column.type.kind !== 'udt') return { cells };
  const fields: (Cell | null)[] = column.type.fieldNames.map(() => null);
  for (const cell of cells) fields[(cell.path as Buffer).readInt16BE(0)] = cell;
  return { cells: fields };
}
