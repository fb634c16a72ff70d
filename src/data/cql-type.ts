// The CQL types as plain data. Codecs live in codec.ts, names in type-names.ts; reversed clustering order is a
// property of the column (schema.ts), never of the type.

export const NATIVE_TYPE_NAMES = [
  'ascii',
  'bigint',
  'blob',
  'boolean',
  'counter',
  'date',
  'decimal',
  'double',
  'duration',
  'empty',
  'float',
  'inet',
  'int',
  'smallint',
  'text',
  'time',
  'timestamp',
  'timeuuid',
  'tinyint',
  'uuid',
  'varint',
] as const;

export type NativeTypeName = (typeof NATIVE_TYPE_NAMES)[number];

export interface NativeType {
  readonly kind: 'native';
  readonly name: NativeTypeName;
}
export interface ListType {
  readonly kind: 'list';
  readonly element: CqlType;
  readonly frozen: boolean;
}
export interface SetType {
  readonly kind: 'set';
  readonly element: CqlType;
  readonly frozen: boolean;
}
export interface MapType {
  readonly kind: 'map';
  readonly key: CqlType;
  readonly value: CqlType;
  readonly frozen: boolean;
}
/** Tuples are always frozen. */
export interface TupleType {
  readonly kind: 'tuple';
  readonly elements: readonly CqlType[];
}
export interface VectorType {
  readonly kind: 'vector';
  readonly element: CqlType;
  readonly dimension: number;
}
export interface UserType {
  readonly kind: 'udt';
  readonly keyspace: string;
  readonly name: string;
  readonly fieldNames: readonly string[];
  readonly fieldTypes: readonly CqlType[];
  readonly frozen: boolean;
}
/** A type named by its Java class that has no CQL name. */
export interface CustomType {
  readonly kind: 'custom';
  readonly className: string;
}

export type CqlType =
  | NativeType
  | ListType
  | SetType
  | MapType
  | TupleType
  | VectorType
  | UserType
  | CustomType;

/** The one object of each native type, so that natives compare by identity. `varchar` is `text`. */
export const NATIVE: Readonly<Record<NativeTypeName, NativeType>> = Object.fromEntries(
  NATIVE_TYPE_NAMES.map((name) => [name, Object.freeze({ kind: 'native', name })]),
) as Record<NativeTypeName, NativeType>;

/** True for types whose values are stored as one cell per element (non-frozen collections and UDTs). */
export function isMultiCell(type: CqlType): boolean {
  switch (type.kind) {
    case 'list':
    case 'set':
    case 'map':
    case 'udt':
      return !type.frozen;
    default:
      return false;
  }
}
