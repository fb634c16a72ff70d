// A prepared term: a constant, a marker, or a construction from them, as plain data; and what it is for bound values.
// Values are serialized bytes; sets and maps come out sorted and without duplicates, whatever the client sent.
// Cassandra: cql3/Term, Constants, Lists, Sets, Maps, Tuples, UserTypes, Vectors, functions/FunctionCall.

import type { FunctionContext, ScalarFunction } from '../../../cql/functions/function.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import type { Codec } from '../../../data/codec/codec.ts';
import {
  packList,
  packMap,
  packTuple,
  unpackList,
  unpackMap,
  unpackTuple,
} from '../../../data/codec/packing.ts';
import { validateBoundCollection } from '../../../data/codec/structural-codecs.ts';
import { packVector } from '../../../data/codec/vector-codec.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType, MapType, TupleType, UserType, VectorType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import type { JsonColumns } from '../../../data/json.ts';
import { jsonColumns } from '../../../data/json.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import { UNSET } from '../../../protocol/bound-value.ts';

export type PreparedTerm =
  | { readonly kind: 'constant'; readonly value: BoundValue }
  | MarkerTerm
  | {
      readonly kind: 'elements';
      readonly type: CqlType;
      readonly elements: readonly PreparedTerm[];
    }
  | {
      readonly kind: 'entries';
      readonly type: MapType;
      readonly keys: readonly PreparedTerm[];
      readonly values: readonly PreparedTerm[];
    }
  | {
      readonly kind: 'vector';
      readonly type: VectorType;
      readonly elements: readonly PreparedTerm[];
    }
  | {
      readonly kind: 'fields';
      readonly type: TupleType | UserType;
      readonly elements: readonly PreparedTerm[];
    }
  | {
      readonly kind: 'call';
      readonly function: ScalarFunction;
      readonly args: readonly PreparedTerm[];
    }
  /** A column of the document bound to `INSERT .. JSON ?`. */
  | {
      readonly kind: 'json';
      readonly marker: number;
      readonly columns: readonly ColumnMetadata[];
      readonly column: ColumnMetadata;
      readonly defaultUnset: boolean;
    };

export interface MarkerTerm {
  readonly kind: 'marker';
  readonly index: number;
  /** The receiver's name, for error texts. */
  readonly name: string;
  readonly type: CqlType;
  readonly codec: Codec;
  /** How the bytes are brought to their normal form. */
  readonly shape: 'plain' | 'list' | 'set' | 'map' | 'in-list' | 'tuples';
}

export const NULL_TERM: PreparedTerm = Object.freeze({ kind: 'constant', value: null });
export const UNSET_TERM: PreparedTerm = Object.freeze({ kind: 'constant', value: UNSET });

/** What terms are bound with: one execution's values, and what functions may ask of the node. */
export interface BindContext {
  readonly values: readonly BoundValue[];
  readonly functions: FunctionContext;
  /** The guardrails that hold for the client; null: none do. */
  readonly guard: Guard | null;
  /** The document bound to INSERT JSON, decoded once; undefined until then. */
  json?: JsonColumns;
}

/** The term's value: bytes, null, or UNSET. Throws INVALID for bytes that are no value of the type. */
export function bindTerm(term: PreparedTerm, context: BindContext): BoundValue {
  switch (term.kind) {
    case 'constant':
      return term.value;
    case 'marker':
      return bindMarker(term, context.values[term.index] as BoundValue);
    case 'elements':
      return bindElements(term.type, term.elements, context);
    case 'entries':
      return bindEntries(term, context);
    case 'vector':
      return bindVector(term, context);
    case 'fields':
      return packTuple(bindFields(term.type, term.elements, context));
    case 'call':
      return bindCall(term.function, term.args, context);
    case 'json':
      return bindJson(term, context);
  }
}

/** As bindTerm, where leaving out makes no sense. `unset` is the error then. */
export function bindSet(term: PreparedTerm, context: BindContext, unset: string): Buffer | null {
  const value = bindTerm(term, context);
  if (value === UNSET) throw invalid(unset);
  return value;
}

export function isConstant(term: PreparedTerm): boolean {
  return term.kind === 'constant';
}

export function containsMarker(term: PreparedTerm): boolean {
  switch (term.kind) {
    case 'constant':
      return false;
    case 'marker':
    case 'json':
      return true;
    case 'elements':
    case 'vector':
    case 'fields':
      return term.elements.some(containsMarker);
    case 'entries':
      return term.keys.some(containsMarker) || term.values.some(containsMarker);
    case 'call':
      return term.args.some(containsMarker);
  }
}

/** Every function the term calls. */
export function functionsOf(term: PreparedTerm): readonly ScalarFunction[] {
  switch (term.kind) {
    case 'constant':
    case 'marker':
    case 'json':
      return [];
    case 'elements':
    case 'vector':
    case 'fields':
      return term.elements.flatMap(functionsOf);
    case 'entries':
      return [...term.keys, ...term.values].flatMap(functionsOf);
    case 'call':
      return [term.function, ...term.args.flatMap(functionsOf)];
  }
}

// --------------------------------------------------------------------------------------------------------- markers

function bindMarker(term: MarkerTerm, value: BoundValue): BoundValue {
  if (value === null) return value;
  if (value === UNSET) {
    if (term.shape === 'tuples') throw invalid(`Invalid unset value for ${term.name}`);
    return value;
  }
  switch (term.shape) {
    case 'in-list':
    case 'tuples':
      return value;
    case 'plain':
      term.codec.validate(value);
      return value;
    case 'list':
    case 'set':
    case 'map':
      validateBound(term.type, value);
      return normalized(term.type, value);
  }
}

function validateBound(type: CqlType, bytes: Buffer): void {
  switch (type.kind) {
    case 'list':
    case 'set':
      return validateBoundCollection(bytes, type.kind, [codecFor(type.element)]);
    case 'map':
      return validateBoundCollection(bytes, 'map', [codecFor(type.key), codecFor(type.value)]);
    default:
      codecFor(type).validate(bytes);
  }
}

export function markerShape(type: CqlType): MarkerTerm['shape'] {
  return type.kind === 'list' || type.kind === 'set' || type.kind === 'map' ? type.kind : 'plain';
}

/** Bound sets and maps are put in order, also inside of collections; not inside of tuples and user types. */
function normalized(type: CqlType, bytes: Buffer): Buffer {
  switch (type.kind) {
    case 'list': {
      const { element } = type;
      if (codecFor(element).isEmptyMeaningless) return withoutEmpty(bytes);
      if (!hasOrder(element)) return bytes;
      return packList(unpackList(bytes).map((item) => normalizedItem(element, item)));
    }
    case 'set': {
      const { element } = type;
      const inner = hasOrder(element)
        ? packList(unpackList(bytes).map((item) => normalizedItem(element, item)))
        : bytes;
      return normalizeSet(inner, codecFor(element));
    }
    case 'map': {
      const { key, value } = type;
      const inner =
        hasOrder(key) || hasOrder(value)
          ? packMap(
              unpackMap(bytes).map((item, i) => normalizedItem(i % 2 === 0 ? key : value, item)),
            )
          : bytes;
      return normalizeMap(inner, codecFor(key));
    }
    default:
      return bytes;
  }
}

/** A list whose empty elements mean nothing: they are null. */
function withoutEmpty(bytes: Buffer): Buffer {
  const elements = unpackList(bytes);
  if (elements.every((element) => element === null || element.length > 0)) return bytes;
  return packList(elements.map((element) => (element?.length === 0 ? null : element)));
}

function hasOrder(type: CqlType): boolean {
  return type.kind === 'list' ? hasOrder(type.element) : type.kind === 'set' || type.kind === 'map';
}

function normalizedItem(type: CqlType, item: Buffer | null): Buffer | null {
  return item === null || item.length === 0 ? item : normalized(type, item);
}

function normalizeSet(bytes: Buffer, codec: Codec): Buffer {
  const elements = unpackList(bytes);
  if (isSorted(elements, 1, codec)) return bytes;
  return packList(sortedUnique(elements.map(noNull), codec));
}

function normalizeMap(bytes: Buffer, codec: Codec): Buffer {
  const flat = unpackMap(bytes);
  if (isSorted(flat, 2, codec)) return bytes;
  return packSortedMap(flat.map(noNull), codec);
}

function isSorted(values: readonly (Buffer | null)[], step: number, codec: Codec): boolean {
  for (let i = step; i < values.length; i += step) {
    const a = values[i - step];
    const b = values[i];
    if (a === null || b === null || a === undefined || b === undefined || codec.compare(a, b) >= 0)
      return false;
  }
  return true;
}

function noNull(value: Buffer | null): Buffer {
  if (value === null) throw invalid('null is not supported inside collections');
  return value;
}

function sortedUnique(elements: readonly Buffer[], codec: Codec): Buffer[] {
  const sorted = [...elements].sort((a, b) => codec.compare(a, b));
  return sorted.filter(
    (element, i) => i === 0 || codec.compare(sorted[i - 1] as Buffer, element) !== 0,
  );
}

/** Of equal keys the last value stays. `flat` alternates keys and values. */
function packSortedMap(flat: readonly Buffer[], codec: Codec): Buffer {
  const order = Array.from({ length: flat.length / 2 }, (_, i) => 2 * i);
  order.sort((a, b) => codec.compare(flat[a] as Buffer, flat[b] as Buffer) || a - b);
  const out: Buffer[] = [];
  order.forEach((at, i) => {
    const next = order[i + 1];
    if (next !== undefined && codec.compare(flat[at] as Buffer, flat[next] as Buffer) === 0) return;
    out.push(flat[at] as Buffer, flat[at + 1] as Buffer);
  });
  return packMap(out);
}

// --------------------------------------------------------------------------------------------------- constructions

// Cassandra takes the elements of a set or map through a hash table of terms: which of equal ones written differently
// (1.5 and 1.50) stays is chance there. Here it is the first.

function bindElements(
  type: CqlType,
  terms: readonly PreparedTerm[],
  context: BindContext,
): BoundValue {
  const elements: Buffer[] = [];
  for (const term of terms) {
    const value = bindTerm(term, context);
    if (value === UNSET) return UNSET;
    elements.push(noNull(value));
  }
  if (type.kind !== 'set') return packList(elements);
  return packList(sortedUnique(elements, codecFor(type.element)));
}

function bindEntries(
  term: Extract<PreparedTerm, { kind: 'entries' }>,
  context: BindContext,
): BoundValue {
  const flat: Buffer[] = [];
  for (const [i, keyTerm] of term.keys.entries()) {
    const key = bindTerm(keyTerm, context);
    if (key === UNSET) throw invalid('unset value is not supported for map keys');
    const valueTerm = term.values[i];
    const value = valueTerm === undefined ? null : bindTerm(valueTerm, context);
    if (value === UNSET) return UNSET;
    flat.unshift(noNull(key), noNull(value));
  }
  return packSortedMap(flat, codecFor(term.type.key));
}

function bindVector(
  term: Extract<PreparedTerm, { kind: 'vector' }>,
  context: BindContext,
): BoundValue {
  const { fixedLength } = codecFor(term.type.element);
  const elements = term.elements.map((element) => {
    const value = bindTerm(element, context);
    if (value === null || value === UNSET || (value.length === 0 && fixedLength > 0)) {
      throw invalid('null is not supported inside vectors');
    }
    return value;
  });
  return packVector(elements, fixedLength);
}

/** The fields of a tuple or UDT construction, unpacked. */
function bindFields(
  type: TupleType | UserType,
  terms: readonly PreparedTerm[],
  context: BindContext,
): (Buffer | null)[] {
  return terms.map((term, i) => {
    const value = bindTerm(term, context);
    if (value !== UNSET) return value;
    if (type.kind === 'tuple') throw invalid(`Invalid unset value for tuple field number ${i}`);
    if (isMultiCell(type)) return null;
    throw invalid(
      `Invalid unset value for field '${type.fieldNames[i]}' of user defined type ${type.name}`,
    );
  });
}

function bindJson(term: Extract<PreparedTerm, { kind: 'json' }>, context: BindContext): BoundValue {
  let { json } = context;
  if (json === undefined) {
    const text = context.values[term.marker] as BoundValue;
    if (text === null) throw invalid('Got null for INSERT JSON values');
    const document = text === UNSET ? '' : text.toString('utf8');
    json = jsonColumns(document, term.columns, context.functions.nowMs);
    context.json = json;
  }
  const value = json.get(term.column.name);
  if (value !== undefined) return value;
  return term.defaultUnset ? UNSET : null;
}

function bindCall(
  fn: ScalarFunction,
  terms: readonly PreparedTerm[],
  context: BindContext,
): Buffer | null {
  const args: (Buffer | null)[] = [];
  for (const term of terms) {
    args.push(
      bindSet(term, context, `Invalid unset value for argument in call to function ${fn.name}`),
    );
  }
  return fn.execute(args, context.functions);
}

/** The components of a term that stands for several columns. null: the whole tuple is null. */
export function bindTuple(
  term: PreparedTerm,
  size: number,
  context: BindContext,
): (Buffer | null)[] | null {
  if (term.kind === 'fields') return bindFields(term.type, term.elements, context);
  const value = bindSet(
    term,
    context,
    `Invalid unset value for tuple ${term.kind === 'marker' ? term.name : ''}`,
  );
  return value === null ? null : unpackTuple(value, size);
}
