// From a term as written to a prepared one for a receiver: literals become bytes, markers are noted, functions are
// resolved. Every refusal has Cassandra's words. Cassandra: the prepare methods of cql3/Term.Raw's classes.

import type { Term } from '../../../cql/ast.ts';
import { printTerm } from '../../../cql/print.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { constantToBytes } from '../../../data/constant.ts';
import type {
  CqlType,
  ListType,
  MapType,
  SetType,
  UserType,
  VectorType,
} from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import type { CqlException } from '../../../data/cql-error.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import { tupleOf, typeName } from '../../../data/type-names.ts';
import { hintAssignment, termAssignment, tupleFields, udtMismatch } from './assignment.ts';
import { prepareCall } from './call.ts';
import { printPrepared, resolveRawType } from './raw-type.ts';
import type { Receiver } from './receiver.ts';
import { componentOf, fieldOf, keyOf, valueOf } from './receiver.ts';
import type { PreparedTerm } from './term.ts';
import { bindTerm, containsMarker, isConstant, markerShape, NULL_TERM } from './term.ts';
import type { TermScope } from './term-scope.ts';

export type { TermScope } from './term-scope.ts';

/** Throws INVALID when the term is no value for the receiver. */
export function prepareTerm(term: Term, receiver: Receiver, scope: TermScope): PreparedTerm {
  switch (term.kind) {
    case 'literal': {
      const value = constantToBytes(term, receiver.type, receiver.name, scope.nowMs);
      // Cassandra takes any bytes for a tuple, and cannot read the table again.
      if (receiver.type.kind === 'tuple') codecFor(receiver.type).validate(value);
      return { kind: 'constant', value };
    }
    case 'null':
      if (receiver.type === NATIVE.counter)
        throw invalid('Invalid null value for counter increment/decrement');
      return NULL_TERM;
    case 'marker':
      return prepareMarker(term.index, receiver, scope);
    case 'list':
      return prepareArray(term.elements, receiver, scope);
    case 'set':
      return prepareSet(term.elements, receiver, scope);
    case 'map':
      return prepareMap(term.entries, receiver, scope);
    case 'udt':
      return prepareUserType(term.fields, receiver, scope);
    case 'tuple':
      return prepareTupleLiteral(term.elements, receiver, scope);
    case 'type-hint':
      return prepareHinted(term, receiver, scope);
    case 'call':
    case 'operation':
    case 'negation':
    case 'cast':
      return prepareCall(term, receiver, scope);
  }
}

/** `(a, b)` for several columns, as in `(c1, c2) > (a, b)`. */
export function prepareTuple(
  term: Term,
  columns: readonly ColumnMetadata[],
  scope: TermScope,
): PreparedTerm {
  const elements = term.kind === 'tuple' ? term.elements : [term];
  if (elements.length !== columns.length) {
    throw invalid(
      `Expected ${columns.length} elements in value tuple, but got ${elements.length}: ${printTerm(term)}`,
    );
  }
  const prepared = elements.map((element, i) =>
    prepareTerm(element, columns[i] as ColumnMetadata, scope),
  );
  return {
    kind: 'fields',
    type: tupleOf(columns.map((column) => column.type)),
    elements: prepared,
  };
}

const NO_BINDING = { values: [], functions: undefined };

/** A construction from constants is a constant. */
function folded(term: PreparedTerm, parts: readonly PreparedTerm[]): PreparedTerm {
  if (!parts.every(isConstant)) return term;
  return { kind: 'constant', value: bindTerm(term, NO_BINDING as never) };
}

function prepareMarker(index: number, receiver: Receiver, scope: TermScope): PreparedTerm {
  const { name, type } = receiver;
  scope.variables.set(index, receiver);
  // Cassandra does not know a collection in descending order for one: its elements stay as they came.
  let shape = receiver.reversed === true ? 'plain' : markerShape(type);
  if (type.kind === 'list' && name.startsWith('in('))
    shape = type.element.kind === 'tuple' ? 'tuples' : 'in-list';
  return { kind: 'marker', index, name, type, codec: codecFor(type), shape };
}

function refuseMarkers(kind: string, receiver: Receiver, terms: readonly PreparedTerm[]): void {
  if (!terms.some(containsMarker)) return;
  throw invalid(
    `Invalid ${kind} literal for ${receiver.name}: bind variables are not supported inside collection literals`,
  );
}

function prepareArray(
  elements: readonly Term[],
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const { type } = receiver;
  if (type.kind === 'vector') return prepareVector(elements, receiver, type, scope);
  if (type.kind === 'list') return prepareElements(elements, receiver, type, scope);
  throw invalid(`Unexpected receiver type '${typeName(type)}'; only list and vector are expected`);
}

function prepareElements(
  elements: readonly Term[],
  receiver: Receiver,
  type: ListType | SetType,
  scope: TermScope,
): PreparedTerm {
  checkElements(type.kind, elements, receiver, type.element, scope);
  const parts = elements.map((element) => prepareTerm(element, valueOf(receiver), scope));
  refuseMarkers(type.kind, receiver, parts);
  return folded({ kind: 'elements', type, elements: parts }, parts);
}

function checkElements(
  kind: string,
  elements: readonly Term[],
  receiver: Receiver,
  type: CqlType,
  scope: TermScope,
): void {
  for (const element of elements) {
    if (termAssignment(element, type, scope) !== 'no') continue;
    throw invalid(
      `Invalid ${kind} literal for ${receiver.name}: value ${printTerm(element)} is not of type ${typeName(type)}`,
    );
  }
}

function prepareVector(
  elements: readonly Term[],
  receiver: Receiver,
  type: VectorType,
  scope: TermScope,
): PreparedTerm {
  if (elements.length !== type.dimension) {
    throw invalid(
      `Invalid vector literal for ${receiver.name} of type ${typeName(type)}; expected ${type.dimension} elements, ` +
        `but given ${elements.length}`,
    );
  }
  const parts = elements.map((element) => {
    checkElements('vector', [element], receiver, type.element, scope);
    return prepareTerm(element, valueOf(receiver), scope);
  });
  return folded({ kind: 'vector', type, elements: parts }, parts);
}

function prepareSet(elements: readonly Term[], receiver: Receiver, scope: TermScope): PreparedTerm {
  const { type } = receiver;
  if (type.kind === 'map' && elements.length === 0) {
    if (receiver.reversed === true) throw reversedEmptyMap();
    return emptyMap(type);
  }
  if (type.kind !== 'set')
    throw invalid(`Invalid set literal for ${receiver.name} of type ${typeName(type)}`);
  return prepareElements(elements, receiver, type, scope);
}

/** `{}` for a map in descending order is taken for a set. */
function reversedEmptyMap(): CqlException {
  const marshal = 'org.apache.cassandra.db.marshal';
  return serverError(
    `java.lang.ClassCastException: class ${marshal}.MapType cannot be cast to class ${marshal}.SetType ` +
      `(${marshal}.MapType and ${marshal}.SetType are in unnamed module of loader 'app')`,
  );
}

function emptyMap(type: MapType): PreparedTerm {
  return folded({ kind: 'entries', type, keys: [], values: [] }, []);
}

function prepareMap(
  entries: readonly { readonly key: Term; readonly value: Term }[],
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const { type } = receiver;
  if (type.kind !== 'map')
    throw invalid(`Invalid map literal for ${receiver.name} of type ${typeName(type)}`);
  for (const { key, value } of entries) {
    checkEntry('key', key, receiver, type.key, scope);
    checkEntry('value', value, receiver, type.value, scope);
  }
  const keys = entries.map(({ key }) => prepareTerm(key, keyOf(receiver), scope));
  const values = entries.map(({ value }) => prepareTerm(value, valueOf(receiver), scope));
  refuseMarkers('map', receiver, [...keys, ...values]);
  return folded({ kind: 'entries', type, keys, values }, [...keys, ...values]);
}

function checkEntry(
  part: string,
  term: Term,
  receiver: Receiver,
  type: CqlType,
  scope: TermScope,
): void {
  if (termAssignment(term, type, scope) !== 'no') return;
  throw invalid(
    `Invalid map literal for ${receiver.name}: ${part} ${printTerm(term)} is not of type ${typeName(type)}`,
  );
}

function prepareUserType(
  fields: readonly { readonly name: string; readonly value: Term }[],
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const { type, name } = receiver;
  if (type.kind !== 'udt')
    throw invalid(`Invalid user type literal for ${name} of type ${typeName(type)}`);
  const mismatch = udtMismatch(fields, type, scope);
  if (mismatch !== null) {
    const fieldType = type.fieldTypes[type.fieldNames.indexOf(mismatch)] as CqlType;
    throw invalid(
      `Invalid user type literal for ${name}: field ${mismatch} is not of type ${typeName(fieldType)}`,
    );
  }
  const parts = type.fieldNames.map((fieldName, i) => {
    const field = fields.find((candidate) => candidate.name === fieldName);
    return field === undefined
      ? NULL_TERM
      : prepareTerm(field.value, fieldOf(receiver, type, i), scope);
  });
  refuseUnknownFields(fields, type);
  return folded({ kind: 'fields', type, elements: parts }, parts);
}

function refuseUnknownFields(fields: readonly { readonly name: string }[], type: UserType): void {
  const unknown = fields.find((field) => !type.fieldNames.includes(field.name));
  if (unknown === undefined) return;
  throw invalid(`Unknown field '${unknown.name}' in value of user defined type ${type.name}`);
}

function prepareTupleLiteral(
  elements: readonly Term[],
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const { type, name } = receiver;
  const fields = tupleFields(type);
  const only = elements[0];
  if (fields === null && elements.length === 1 && only !== undefined)
    return prepareTerm(only, receiver, scope);
  if (fields === null || (type.kind !== 'tuple' && type.kind !== 'udt')) {
    throw invalid(`Invalid tuple type literal for ${name} of type ${typeName(type)}`);
  }
  elements.forEach((element, i) => {
    const field = fields[i];
    if (field === undefined) {
      throw invalid(
        `Invalid tuple literal for ${name}: too many elements. Type ${typeName(type)} expects ${fields.length} but got ` +
          `${elements.length}`,
      );
    }
    if (termAssignment(element, field, scope) === 'no') {
      throw invalid(
        `Invalid tuple literal for ${name}: component ${i} is not of type ${typeName(field)}`,
      );
    }
  });
  const parts = elements.map((element, i) =>
    prepareTerm(element, componentOf(receiver, i, fields[i] as CqlType), scope),
  );
  return folded({ kind: 'fields', type, elements: parts }, parts);
}

/** As `printTerm` after the term's hint was looked at, which then names the keyspace of its user types. */
export function printPreparedTerm(term: Term, { keyspace }: Pick<TermScope, 'keyspace'>): string {
  if (term.kind !== 'type-hint') return printTerm(term);
  return `(${printPrepared(term.type, keyspace)})${printTerm(term.term)}`;
}

function prepareHinted(
  term: Extract<Term, { kind: 'type-hint' }>,
  receiver: Receiver,
  scope: TermScope,
): PreparedTerm {
  const hinted = resolveRawType(term.type, scope);
  if (term.term.kind === 'list' && hinted.kind !== 'list' && hinted.kind !== 'vector') {
    throw invalid(
      `Unexpected receiver type '${typeName(hinted)}'; only list and vector are expected`,
    );
  }
  if (termAssignment(term.term, hinted, scope) === 'no') {
    const type = printPrepared(term.type, scope.keyspace);
    throw invalid(`Cannot cast value ${printTerm(term.term)} to type ${type}`);
  }
  if (hintAssignment(hinted, receiver.type) === 'no') {
    throw invalid(
      `Cannot assign value ${printPreparedTerm(term, scope)} to ${receiver.name} of type ${typeName(receiver.type)}`,
    );
  }
  return prepareTerm(term.term, receiver, scope);
}
