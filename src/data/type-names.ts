// Names of types: CQL text (system_schema, DESCRIBE, error texts) and Java class names (custom
// types on the wire, result metadata ids). Reading a class name back: parse-class-name.ts. Test:
// test/types/recorded.test.ts. Cassandra: cql3/CQL3Type.java, db/marshal/*.toString.

import type {
  CqlType,
  CustomType,
  ListType,
  MapType,
  NativeTypeName,
  SetType,
  TupleType,
  UserType,
  VectorType,
} from './cql-type.ts';
import { quoteIfNeeded } from './identifier.ts';

export function listOf(element: CqlType, frozen = false): ListType {
  return { kind: 'list', element, frozen };
}
export function setOf(element: CqlType, frozen = false): SetType {
  return { kind: 'set', element, frozen };
}
export function mapOf(key: CqlType, value: CqlType, frozen = false): MapType {
  return { kind: 'map', key, value, frozen };
}
export function tupleOf(elements: readonly CqlType[]): TupleType {
  return { kind: 'tuple', elements };
}
export function vectorOf(element: CqlType, dimension: number): VectorType {
  return { kind: 'vector', element, dimension };
}
export function customType(className: string): CustomType {
  return { kind: 'custom', className };
}

/**
 * The CQL text of a type as system_schema.columns, DESCRIBE and error texts have it:
 * `frozen<map<text, int>>`, `frozen<tuple<int, text>>` (tuples always show their frozen),
 * `vector<float, 3>`, `frozen<addr>` (no keyspace).
 */
export function typeName(type: CqlType): string {
  switch (type.kind) {
    case 'native':
      return type.name;
    case 'list':
    case 'set':
      return frozenName(type.frozen, `${type.kind}<${typeName(type.element)}>`);
    case 'map':
      return frozenName(type.frozen, `map<${typeName(type.key)}, ${typeName(type.value)}>`);
    case 'tuple':
      return `frozen<${tupleName(type)}>`;
    case 'vector':
      return `vector<${typeName(type.element)}, ${type.dimension}>`;
    case 'udt':
      return frozenName(type.frozen, quoteIfNeeded(type.name));
    case 'custom':
      return `'${type.className}'`;
  }
}

/**
 * As `typeName`, but an outermost tuple without `frozen<>`: how function signatures print their
 * argument types.
 */
export function signatureTypeName(type: CqlType): string {
  return type.kind === 'tuple' ? tupleName(type) : typeName(type);
}

function frozenName(frozen: boolean, name: string): string {
  return frozen ? `frozen<${name}>` : name;
}

function tupleName(type: TupleType): string {
  return `tuple<${type.elements.map(typeName).join(', ')}>`;
}

const MARSHAL = 'org.apache.cassandra.db.marshal.';

/** The Java class of each native type, without its package. */
export const NATIVE_CLASS_NAMES = {
  ascii: 'AsciiType',
  bigint: 'LongType',
  blob: 'BytesType',
  boolean: 'BooleanType',
  counter: 'CounterColumnType',
  date: 'SimpleDateType',
  decimal: 'DecimalType',
  double: 'DoubleType',
  duration: 'DurationType',
  empty: 'EmptyType',
  float: 'FloatType',
  inet: 'InetAddressType',
  int: 'Int32Type',
  smallint: 'ShortType',
  text: 'UTF8Type',
  time: 'TimeType',
  timestamp: 'TimestampType',
  timeuuid: 'TimeUUIDType',
  tinyint: 'ByteType',
  uuid: 'UUIDType',
  varint: 'IntegerType',
} as const satisfies Record<NativeTypeName, string>;

/**
 * The full Java class name with parameters, as the wire's custom option has it. `frozen` shows as
 * FrozenType(..), once: what lies inside a frozen type is frozen without saying so.
 */
export function typeClassName(type: CqlType): string {
  return classText(type, false);
}

function classText(type: CqlType, ignoreFreezing: boolean): string {
  switch (type.kind) {
    case 'native':
      return MARSHAL + NATIVE_CLASS_NAMES[type.name];
    case 'list':
    case 'set': {
      const inner = classText(type.element, ignoreFreezing || type.frozen);
      const name = `${MARSHAL}${type.kind === 'list' ? 'ListType' : 'SetType'}(${inner})`;
      return frozenClass(type.frozen && !ignoreFreezing, name);
    }
    case 'map': {
      const ignore = ignoreFreezing || type.frozen;
      const inner = `${classText(type.key, ignore)},${classText(type.value, ignore)}`;
      return frozenClass(type.frozen && !ignoreFreezing, `${MARSHAL}MapType(${inner})`);
    }
    case 'tuple':
      return `${MARSHAL}TupleType(${type.elements.map((t) => classText(t, true)).join(',')})`;
    case 'vector':
      return `${MARSHAL}VectorType(${classText(type.element, ignoreFreezing)} , ${type.dimension})`;
    case 'udt': {
      const ignore = ignoreFreezing || type.frozen;
      const fields = type.fieldNames.map(
        (name, i) => `,${hex(name)}:${classText(type.fieldTypes[i] as CqlType, ignore)}`,
      );
      const name = `${MARSHAL}UserType(${type.keyspace},${hex(type.name)}${fields.join('')})`;
      return frozenClass(type.frozen && !ignoreFreezing, name);
    }
    case 'custom':
      return type.className;
  }
}

function frozenClass(frozen: boolean, name: string): string {
  return frozen ? `${MARSHAL}FrozenType(${name})` : name;
}

function hex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

/** True for the same type, freezing and UDT fields included. */
export function typesEqual(a: CqlType, b: CqlType): boolean {
  if (a === b) return true;
  switch (a.kind) {
    case 'native':
      return b.kind === 'native' && a.name === b.name;
    case 'list':
    case 'set':
      return b.kind === a.kind && a.frozen === b.frozen && typesEqual(a.element, b.element);
    case 'map':
      return (
        b.kind === 'map' &&
        a.frozen === b.frozen &&
        typesEqual(a.key, b.key) &&
        typesEqual(a.value, b.value)
      );
    case 'tuple':
      return b.kind === 'tuple' && allEqual(a.elements, b.elements);
    case 'vector':
      return b.kind === 'vector' && a.dimension === b.dimension && typesEqual(a.element, b.element);
    case 'udt':
      return (
        b.kind === 'udt' &&
        a.name === b.name &&
        a.keyspace === b.keyspace &&
        a.frozen === b.frozen &&
        a.fieldNames.length === b.fieldNames.length &&
        a.fieldNames.every((name, i) => name === b.fieldNames[i]) &&
        allEqual(a.fieldTypes, b.fieldTypes)
      );
    case 'custom':
      return b.kind === 'custom' && a.className === b.className;
  }
}

function allEqual(a: readonly CqlType[], b: readonly CqlType[]): boolean {
  return a.length === b.length && a.every((type, i) => typesEqual(type, b[i] as CqlType));
}

/** The type with its outermost (and, as Cassandra does, every inner) collection or UDT frozen. */
export function freeze(type: CqlType): CqlType {
  switch (type.kind) {
    case 'list':
    case 'set':
      return type.frozen ? type : { ...type, element: freeze(type.element), frozen: true };
    case 'map':
      return type.frozen
        ? type
        : { ...type, key: freeze(type.key), value: freeze(type.value), frozen: true };
    case 'udt':
      return type.frozen ? type : { ...type, frozen: true };
    default:
      return type;
  }
}

/** The types a type is made of, outermost first level only. */
export function subTypes(type: CqlType): readonly CqlType[] {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'vector':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'tuple':
      return type.elements;
    case 'udt':
      return type.fieldTypes;
    case 'native':
    case 'custom':
      return [];
  }
}

/** True when the type is `duration` or holds one; sets are left out, as they cannot hold any. */
export function referencesDuration(type: CqlType): boolean {
  if (type.kind === 'native') return type.name === 'duration';
  if (type.kind === 'set' || type.kind === 'vector') return false;
  if (type.kind === 'map') return referencesDuration(type.value);
  return subTypes(type).some(referencesDuration);
}

/**
 * True when the type is this UDT or holds it at any depth. Names are enough: a keyspace has one
 * type a name.
 */
export function referencesUserType(type: CqlType, keyspace: string, name: string): boolean {
  if (type.kind === 'udt' && type.keyspace === keyspace && type.name === name) return true;
  return subTypes(type).some((inner) => referencesUserType(inner, keyspace, name));
}

/**
 * The type with every use of the UDT replaced by its new definition; each use keeps its own
 * freezing.
 */
export function withUpdatedUserType(type: CqlType, udt: UserType): CqlType {
  if (!referencesUserType(type, udt.keyspace, udt.name)) return type;
  const update = (inner: CqlType): CqlType => withUpdatedUserType(inner, udt);
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'vector':
      return { ...type, element: update(type.element) };
    case 'map':
      return { ...type, key: update(type.key), value: update(type.value) };
    case 'tuple':
      return { ...type, elements: type.elements.map(update) };
    case 'udt':
      if (type.keyspace === udt.keyspace && type.name === udt.name)
        return { ...udt, frozen: type.frozen };
      return { ...type, fieldTypes: type.fieldTypes.map(update) };
    case 'native':
    case 'custom':
      return type;
  }
}
