// Which type's values another type can read: what makes an argument or a result assignable, and
// what a re-added column may be. Test: test/types/type-compatibility.test.ts. Cassandra:
// AbstractType.isCompatibleWith, isValueCompatibleWith, isSerializationCompatibleWith,
// testAssignment.

import type { CqlType, NativeTypeName, TupleType, UserType } from './cql-type.ts';
import { isMultiCell } from './cql-type.ts';
import { freeze, typesEqual } from './type-names.ts';

/** How well something fits a receiver. Cassandra: AssignmentTestable.TestResult. */
export type Assignment = 'exact' | 'weak' | 'no';

/** A value of `from` given to a receiver of `to`. */
export function typeAssignment(from: CqlType, to: CqlType): Assignment {
  const freezable =
    from.kind === 'list' || from.kind === 'set' || from.kind === 'map' || from.kind === 'udt';
  const receiver = freezable && from.frozen ? freeze(to) : to;
  if (typesEqual(from, receiver)) return 'exact';
  return isValueCompatible(receiver, from) ? 'weak' : 'no';
}

/** Native types whose values a native type reads besides its own. blob reads everything. */
const READABLE: Partial<Record<NativeTypeName, readonly NativeTypeName[]>> = {
  text: ['ascii'],
  varint: ['int', 'bigint', 'timestamp'],
  bigint: ['timestamp'],
  timestamp: ['bigint'],
  date: ['int'],
  time: ['bigint'],
  uuid: ['timeuuid'],
};

/** Values of `previous` are valid values of `next`, though they may sort differently. */
export function isValueCompatible(next: CqlType, previous: CqlType): boolean {
  if (typesEqual(next, previous)) return true;
  switch (next.kind) {
    case 'native':
      if (next.name === 'blob') return true;
      return previous.kind === 'native' && (READABLE[next.name]?.includes(previous.name) ?? false);
    case 'list':
    case 'set':
    case 'map':
      return isCollectionValueCompatible(next, previous);
    case 'tuple':
      return previous.kind === 'tuple' || previous.kind === 'udt'
        ? fieldsCompatible(next, previous, isValueCompatible)
        : false;
    case 'udt':
      return (
        previous.kind === 'udt' &&
        next.frozen === previous.frozen &&
        next.keyspace === previous.keyspace &&
        fieldsCompatible(next, previous, isCompatible)
      );
    case 'vector':
    case 'custom':
      return false;
  }
}

function isCollectionValueCompatible(next: CqlType, previous: CqlType): boolean {
  if (isMultiCell(next)) return isCompatible(next, previous);
  if (isMultiCell(previous)) return false;
  if (next.kind === 'list' && previous.kind === 'list')
    return isValueCompatible(next.element, previous.element);
  if (next.kind === 'set' && previous.kind === 'set')
    return isCompatible(next.element, previous.element);
  if (next.kind === 'map' && previous.kind === 'map') {
    return isCompatible(next.key, previous.key) && isValueCompatible(next.value, previous.value);
  }
  return false;
}

/** `next` reads values of `previous` and sorts them the same way. */
export function isCompatible(next: CqlType, previous: CqlType): boolean {
  if (typesEqual(next, previous)) return true;
  switch (next.kind) {
    case 'native': {
      const other = previous.kind === 'native' ? previous.name : '';
      if (next.name === 'blob') return other === 'ascii' || other === 'text';
      return next.name === 'text' && other === 'ascii';
    }
    case 'list':
    case 'set':
    case 'map':
      return isCollectionCompatible(next, previous);
    case 'tuple':
    case 'udt':
      return previous.kind === 'tuple' || previous.kind === 'udt'
        ? fieldsCompatible(next, previous, isCompatible)
        : false;
    case 'vector':
    case 'custom':
      return false;
  }
}

function isCollectionCompatible(next: CqlType, previous: CqlType): boolean {
  const multiCell = isMultiCell(next);
  if (multiCell !== isMultiCell(previous)) return false;
  if (next.kind === 'list' && previous.kind === 'list') {
    return multiCell
      ? isSerializationCompatible(next.element, previous.element)
      : isCompatible(next.element, previous.element);
  }
  if (next.kind === 'set' && previous.kind === 'set')
    return isCompatible(next.element, previous.element);
  if (next.kind === 'map' && previous.kind === 'map') {
    if (!isCompatible(next.key, previous.key)) return false;
    return multiCell
      ? isSerializationCompatible(next.value, previous.value)
      : isCompatible(next.value, previous.value);
  }
  return false;
}

/**
 * As isValueCompatible, and the bytes on disk have the same shape: what re-adding a dropped column
 * asks for.
 */
export function isSerializationCompatible(next: CqlType, previous: CqlType): boolean {
  if (!isValueCompatible(next, previous)) return false;
  const collection = previous.kind === 'list' || previous.kind === 'set' || previous.kind === 'map';
  if (next.kind === 'native' && next.name === 'blob' && (collection || previous.kind === 'udt'))
    return false;
  if (next.kind === 'list' && previous.kind === 'list') {
    return isSerializationCompatible(next.element, previous.element);
  }
  if (next.kind === 'map' && previous.kind === 'map') {
    return isSerializationCompatible(next.value, previous.value);
  }
  if (next.kind === 'set') return true;
  return diskLength(next) === diskLength(previous) && isMultiCell(next) === isMultiCell(previous);
}

const DISK_LENGTHS: Partial<Record<NativeTypeName, number>> = {
  boolean: 1,
  int: 4,
  float: 4,
  bigint: 8,
  double: 8,
  timestamp: 8,
  uuid: 16,
  timeuuid: 16,
  empty: 0,
};

/** Bytes of every value, -1 when it varies. Cassandra: AbstractType.valueLengthIfFixed. */
function diskLength(type: CqlType): number {
  if (type.kind === 'native') return DISK_LENGTHS[type.name] ?? -1;
  if (type.kind !== 'vector') return -1;
  const element = diskLength(type.element);
  return element < 0 ? -1 : element * type.dimension;
}

function fieldsCompatible(
  next: TupleType | UserType,
  previous: TupleType | UserType,
  compatible: (a: CqlType, b: CqlType) => boolean,
): boolean {
  const fields = next.kind === 'tuple' ? next.elements : next.fieldTypes;
  const before = previous.kind === 'tuple' ? previous.elements : previous.fieldTypes;
  return (
    fields.length >= before.length &&
    before.every((type, i) => compatible(fields[i] as CqlType, type))
  );
}
