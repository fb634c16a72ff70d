// Whether a term as written fits a receiver, and which type it has by itself. Decides overloads of functions and every
// "is not of type" refusal. Cassandra: cql3/AssignmentTestable and the testAssignment of each Term.Raw.

import type { Term } from '../../../cql/ast.ts';
import { constantAssignment, preferredType } from '../../../data/constant.ts';
import type { CqlType, UserType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { CqlException } from '../../../data/cql-error.ts';
import type { Assignment } from '../../../data/type-compatibility.ts';
import { isValueCompatible, typeAssignment } from '../../../data/type-compatibility.ts';
import { listOf, mapOf, setOf, tupleOf, typesEqual } from '../../../data/type-names.ts';
import { callAssignment, exactCallType } from './call.ts';
import { resolveRawType } from './raw-type.ts';
import type { TermScope } from './term-scope.ts';

/** Assignable as far as the weakest of the parts. */
export function weakest(parts: readonly Assignment[]): Assignment {
  if (parts.includes('no')) return 'no';
  return parts.includes('weak') ? 'weak' : 'exact';
}

/** How well the term fits a receiver of `type`. */
export function termAssignment(term: Term, type: CqlType, scope: TermScope): Assignment {
  switch (term.kind) {
    case 'literal':
      return constantAssignment(term, type);
    case 'null':
      return type === NATIVE.counter ? 'no' : 'weak';
    case 'marker':
      return 'weak';
    case 'list':
      return arrayAssignment(term.elements, type, (element, t) =>
        termAssignment(element, t, scope),
      );
    case 'set':
      return setAssignment(term.elements, type, (element, t) => termAssignment(element, t, scope));
    case 'map':
      if (type.kind !== 'map') return 'no';
      return weakest(
        term.entries.flatMap(({ key, value }) => [
          termAssignment(key, type.key, scope),
          termAssignment(value, type.value, scope),
        ]),
      );
    case 'udt':
      return type.kind === 'udt' && udtMismatch(term.fields, type, scope) === null ? 'weak' : 'no';
    case 'tuple':
      return tupleAssignment(term.elements, type, (element, t) =>
        termAssignment(element, t, scope),
      );
    case 'type-hint':
      return hintAssignment(resolveRawType(term.type, scope), type);
    case 'call':
    case 'operation':
    case 'negation':
    case 'cast':
      return callAssignment(term, type, scope);
  }
}

/** A hinted value given to `type`: here frozen collections and others are not the same. TypeCast.testAssignment. */
export function hintAssignment(hinted: CqlType, type: CqlType): Assignment {
  if (typesEqual(hinted, type)) return 'exact';
  return isValueCompatible(type, hinted) ? 'weak' : 'no';
}

type Test<T> = (element: T, type: CqlType) => Assignment;

export function arrayAssignment<T>(
  elements: readonly T[],
  type: CqlType,
  test: Test<T>,
): Assignment {
  if (type.kind === 'vector') {
    return elements.length === type.dimension
      ? weakest(elements.map((e) => test(e, type.element)))
      : 'no';
  }
  if (type.kind !== 'list') return 'no';
  return elements.length === 0 ? 'weak' : weakest(elements.map((e) => test(e, type.element)));
}

export function setAssignment<T>(elements: readonly T[], type: CqlType, test: Test<T>): Assignment {
  if (type.kind === 'map' && elements.length === 0) return 'weak';
  if (type.kind !== 'set') return 'no';
  return elements.length === 0 ? 'weak' : weakest(elements.map((e) => test(e, type.element)));
}

export function tupleAssignment<T>(
  elements: readonly T[],
  type: CqlType,
  test: Test<T>,
): Assignment {
  const fields = tupleFields(type);
  if (fields === null) {
    const only = elements[0];
    return elements.length === 1 && only !== undefined ? test(only, type) : 'no';
  }
  if (elements.length > fields.length) return 'no';
  return elements.every((e, i) => test(e, fields[i] as CqlType) !== 'no') ? 'weak' : 'no';
}

/** Component types of a tuple or a UDT, which is a tuple too. */
export function tupleFields(type: CqlType): readonly CqlType[] | null {
  if (type.kind === 'tuple') return type.elements;
  return type.kind === 'udt' ? type.fieldTypes : null;
}

/** The first field whose value does not fit, null when all do. Unknown fields are found later. */
export function udtMismatch(
  fields: readonly { readonly name: string; readonly value: Term }[],
  type: UserType,
  scope: TermScope,
): string | null {
  for (const [i, name] of type.fieldNames.entries()) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) continue;
    if (termAssignment(field.value, type.fieldTypes[i] as CqlType, scope) === 'no') return name;
  }
  return null;
}

// -------------------------------------------------------------------------------------------------- types of terms

// Literals are of frozen collections.
export const frozenListOf = (element: CqlType): CqlType => listOf(element, true);
export const frozenSetOf = (element: CqlType): CqlType => setOf(element, true);

/** The type a term has whatever its receiver; null when it depends on it. */
export function exactTypeOf(term: Term, scope: TermScope): CqlType | null {
  switch (term.kind) {
    case 'literal':
    case 'null':
    case 'marker':
    case 'list':
    case 'udt':
      return null;
    case 'set':
      return mapType(firstKnown(term.elements.map((e) => exactTypeOf(e, scope))), frozenSetOf);
    case 'map': {
      const key = firstKnown(term.entries.map((e) => exactTypeOf(e.key, scope)));
      const value = firstKnown(term.entries.map((e) => exactTypeOf(e.value, scope)));
      return key === null || value === null ? null : mapOf(key, value, true);
    }
    case 'tuple':
      return mapTypes(
        term.elements.map((e) => exactTypeOf(e, scope)),
        tupleOf,
      );
    case 'type-hint':
      return resolveRawType(term.type, scope);
    case 'call':
    case 'operation':
    case 'negation':
    case 'cast':
      try {
        return exactCallType(term, scope);
      } catch (error) {
        if (error instanceof CqlException) return null;
        throw error;
      }
  }
}

/** A type that would do for the term, where one is known: constants count here. */
export function compatibleTypeOf(term: Term, scope: TermScope): CqlType | null {
  switch (term.kind) {
    case 'literal':
      return preferredType(term);
    case 'set':
      return mapType(commonType(term.elements.map((e) => compatibleTypeOf(e, scope))), frozenSetOf);
    case 'map': {
      const key = commonType(term.entries.map((e) => compatibleTypeOf(e.key, scope)));
      const value = commonType(term.entries.map((e) => compatibleTypeOf(e.value, scope)));
      return key === null || value === null ? null : mapOf(key, value, true);
    }
    default:
      return exactTypeOf(term, scope);
  }
}

export function firstKnown(types: readonly (CqlType | null)[]): CqlType | null {
  return types.find((type) => type !== null) ?? null;
}

/** The first of the known types that reads all others. */
export function commonType(types: readonly (CqlType | null)[]): CqlType | null {
  const known = types.filter((type) => type !== null);
  return known.find((type) => known.every((other) => typeAssignment(other, type) !== 'no')) ?? null;
}

export function mapType(type: CqlType | null, make: (type: CqlType) => CqlType): CqlType | null {
  return type === null ? null : make(type);
}

export function mapTypes(
  types: readonly (CqlType | null)[],
  make: (types: readonly CqlType[]) => CqlType,
): CqlType | null {
  const known = types.filter((type) => type !== null);
  return known.length === types.length ? make(known) : null;
}
