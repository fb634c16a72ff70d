// Types as DDL writes them, checked and resolved against their keyspace's user types: what may nest in what, where
// counters and durations may stand. Test: test/facts-conformance/errors.test.ts. Cassandra: cql3/CQL3Type.Raw.prepare.

import type { RawType } from '../../../cql/ast.ts';
import { printType } from '../../../cql/print-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType, UserType } from '../../../data/cql-type.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { parseClassName } from '../../../data/parse-class-name.ts';
import { checkDimension } from '../terms/raw-type.ts';
import { freeze, listOf, mapOf, setOf, tupleOf, vectorOf } from '../../../data/type-names.ts';

type UserTypes = ReadonlyMap<string, UserType>;

/** Throws INVALID in Cassandra's words. */
export function prepareType(raw: RawType, keyspace: string, types: UserTypes): CqlType {
  switch (raw.kind) {
    case 'native':
      return NATIVE[raw.name];
    case 'list':
    case 'set':
    case 'map':
      return prepareCollection(raw, keyspace, types);
    case 'tuple':
      return tupleOf(
        raw.elements.map((element) => {
          if (isNative(element, 'counter')) throw invalid('Counters are not allowed inside tuples');
          return freeze(prepareType(frozenRaw(element), keyspace, types));
        }),
      );
    case 'vector':
      checkDimension(raw.dimension);
      return vectorOf(freeze(prepareType(raw.element, keyspace, types)), raw.dimension);
    case 'udt':
      return prepareUserType(raw, keyspace, types);
    case 'custom':
      return parseClassName(raw.className);
  }
}

/** A raw type inside frozen<> or a tuple: frozen all the way, where that means anything. */
function frozenRaw(raw: RawType): RawType {
  switch (raw.kind) {
    case 'list':
    case 'set':
      return { ...raw, element: frozenRaw(raw.element), frozen: true };
    case 'map':
      return { ...raw, key: frozenRaw(raw.key), value: frozenRaw(raw.value), frozen: true };
    case 'udt':
      return { ...raw, frozen: true };
    default:
      return raw;
  }
}

type RawCollection = Extract<RawType, { kind: 'list' | 'set' | 'map' }>;

function prepareCollection(raw: RawCollection, keyspace: string, types: UserTypes): CqlType {
  const value = raw.kind === 'map' ? raw.value : raw.element;
  refuseNonFrozen(value, raw);
  if (isNative(value, 'counter')) {
    throw invalid(`Counters are not allowed inside collections: ${printType(raw)}`);
  }
  if (raw.kind === 'set' && isNative(value, 'duration')) {
    throw invalid(`Durations are not allowed inside sets: ${printType(raw)}`);
  }
  if (raw.kind === 'map') {
    if (isNative(raw.key, 'counter')) {
      throw invalid(`Counters are not allowed inside collections: ${printType(raw)}`);
    }
    if (isNative(raw.key, 'duration')) {
      throw invalid(`Durations are not allowed as map keys: ${printType(raw)}`);
    }
    refuseNonFrozen(raw.key, raw);
  }
  const element = prepareType(value, keyspace, types);
  switch (raw.kind) {
    case 'list':
      return raw.frozen ? freeze(listOf(element)) : listOf(element);
    case 'set':
      return raw.frozen ? freeze(setOf(element)) : setOf(element);
    case 'map': {
      const type = mapOf(prepareType(raw.key, keyspace, types), element);
      return raw.frozen ? freeze(type) : type;
    }
  }
}

function refuseNonFrozen(inner: RawType, outer: RawCollection): void {
  if (outer.frozen) return;
  if ((inner.kind === 'list' || inner.kind === 'set' || inner.kind === 'map') && !inner.frozen) {
    throw invalid(`Non-frozen collections are not allowed inside collections: ${printType(outer)}`);
  }
  if (inner.kind === 'udt' && !inner.frozen) {
    throw invalid(`Non-frozen UDTs are not allowed inside collections: ${printType(outer)}`);
  }
}

function prepareUserType(
  raw: Extract<RawType, { kind: 'udt' }>,
  keyspace: string,
  types: UserTypes,
): CqlType {
  const { name } = raw;
  if (name.keyspace !== null && name.keyspace !== keyspace) {
    throw invalid(
      `Statement on keyspace ${keyspace} cannot refer to a user type in keyspace ${name.keyspace}; ` +
        'user types can only be used in the keyspace they are defined in',
    );
  }
  const type = types.get(name.name);
  if (type === undefined) throw invalid(`Unknown type ${keyspace}.${name.name}`);
  return raw.frozen ? freeze(type) : type;
}

export function isNative(raw: RawType, name: string): boolean {
  return raw.kind === 'native' && raw.name === name;
}

/** What frozen<> was written around; tuples and vectors are frozen without it. */
export function isExplicitlyFrozen(raw: RawType): boolean {
  return (
    (raw.kind === 'list' || raw.kind === 'set' || raw.kind === 'map' || raw.kind === 'udt') &&
    raw.frozen
  );
}
