// A type's Java class, as custom descriptors carry it. Cassandra: db/marshal/*.toString().

import { unreachable } from '../base/assert.ts';
import type { CqlType, NativeTypeName } from '../data/cql-type.ts';

const PACKAGE = 'org.apache.cassandra.db.marshal.';

const NATIVE_CLASSES: Readonly<Record<NativeTypeName, string>> = {
  ascii: 'AsciiType', bigint: 'LongType', blob: 'BytesType', boolean: 'BooleanType',
  counter: 'CounterColumnType', date: 'SimpleDateType', decimal: 'DecimalType',
  double: 'DoubleType', duration: 'DurationType', empty: 'EmptyType', float: 'FloatType',
  inet: 'InetAddressType', int: 'Int32Type', smallint: 'ShortType', text: 'UTF8Type',
  time: 'TimeType', timestamp: 'TimestampType', timeuuid: 'TimeUUIDType', tinyint: 'ByteType',
  uuid: 'UUIDType', varint: 'IntegerType',
};

/** The blank before a vector's comma is Cassandra's. */
export function marshalClassName(type: CqlType): string {
  switch (type.kind) {
    case 'native':
      return PACKAGE + NATIVE_CLASSES[type.name];
    case 'list':
      return frozen(type.frozen, `${PACKAGE}ListType(${marshalClassName(type.element)})`);
    case 'set':
      return frozen(type.frozen, `${PACKAGE}SetType(${marshalClassName(type.element)})`);
    case 'map': {
      const inner = `${marshalClassName(type.key)},${marshalClassName(type.value)}`;
      return frozen(type.frozen, `${PACKAGE}MapType(${inner})`);
    }
    case 'tuple':
      return `${PACKAGE}TupleType(${type.elements.map(marshalClassName).join(',')})`;
    case 'vector':
      return `${PACKAGE}VectorType(${marshalClassName(type.element)} , ${type.dimension})`;
    case 'udt': {
      const fields = type.fieldTypes.map(
        (field, i) => `${hex(type.fieldNames[i] as string)}:${marshalClassName(field)}`,
      );
      const inner = [type.keyspace, hex(type.name), ...fields].join(',');
      return frozen(type.frozen, `${PACKAGE}UserType(${inner})`);
    }
    case 'custom':
      return type.className;
    default:
      return unreachable(type);
  }
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}

function frozen(isFrozen: boolean, name: string): string {
  return isFrozen ? `${PACKAGE}FrozenType(${name})` : name;
}
