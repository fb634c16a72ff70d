// The [option] notation: how a column's type is described to a client, per protocol version. Types
// a version does not know go as custom with their Java class; a vector does so in every version,
// and drivers split its class string on the comma. Cassandra: transport/DataType.java. Test:
// test/protocol/type-option.test.ts

import { unreachable } from '../base/assert.ts';
import type { CqlType, NativeTypeName } from '../data/cql-type.ts';
import { NATIVE } from '../data/cql-type.ts';
import { typeClassName } from '../data/type-names.ts';
import type { BodyReader } from './body-reader.ts';
import type { BodyWriter } from './body-writer.ts';
import { protocolError } from './protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';

const CUSTOM = 0x00;
const LIST = 0x20;
const MAP = 0x21;
const SET = 0x22;
const UDT = 0x30;
const TUPLE = 0x31;
/** A client's descriptor nests no deeper than this. */
const NESTING_MAX = 128;

/** Option id and the first version that knows it; never: always sent as custom. */
const NATIVE_OPTIONS: Readonly<
  Record<NativeTypeName, { id: number; since: ProtocolVersion } | null>
> = {
  ascii: { id: 0x01, since: 3 },
  bigint: { id: 0x02, since: 3 },
  blob: { id: 0x03, since: 3 },
  boolean: { id: 0x04, since: 3 },
  counter: { id: 0x05, since: 3 },
  decimal: { id: 0x06, since: 3 },
  double: { id: 0x07, since: 3 },
  float: { id: 0x08, since: 3 },
  int: { id: 0x09, since: 3 },
  timestamp: { id: 0x0b, since: 3 },
  uuid: { id: 0x0c, since: 3 },
  text: { id: 0x0d, since: 3 },
  varint: { id: 0x0e, since: 3 },
  timeuuid: { id: 0x0f, since: 3 },
  inet: { id: 0x10, since: 3 },
  date: { id: 0x11, since: 4 },
  time: { id: 0x12, since: 4 },
  smallint: { id: 0x13, since: 4 },
  tinyint: { id: 0x14, since: 4 },
  duration: { id: 0x15, since: 5 },
  empty: null,
};

const NATIVE_BY_ID = new Map<number, NativeTypeName>();
for (const [name, option] of Object.entries(NATIVE_OPTIONS)) {
  if (option !== null) NATIVE_BY_ID.set(option.id, name as NativeTypeName);
}
NATIVE_BY_ID.set(0x0a, 'text');

export function encodeTypeOption(
  writer: BodyWriter,
  type: CqlType,
  version: ProtocolVersion,
): void {
  switch (type.kind) {
    case 'native': {
      const option = NATIVE_OPTIONS[type.name];
      if (option === null || version < option.since) return encodeCustom(writer, type);
      return writer.short(option.id);
    }
    case 'list':
      writer.short(LIST);
      return encodeTypeOption(writer, type.element, version);
    case 'set':
      writer.short(SET);
      return encodeTypeOption(writer, type.element, version);
    case 'map':
      writer.short(MAP);
      encodeTypeOption(writer, type.key, version);
      return encodeTypeOption(writer, type.value, version);
    case 'udt':
      writer.short(UDT);
      writer.string(type.keyspace);
      writer.string(type.name);
      writer.short(type.fieldNames.length);
      type.fieldTypes.forEach((fieldType, i) => {
        writer.string(type.fieldNames[i] as string);
        encodeTypeOption(writer, fieldType, version);
      });
      return;
    case 'tuple':
      writer.short(TUPLE);
      writer.short(type.elements.length);
      for (const element of type.elements) encodeTypeOption(writer, element, version);
      return;
    case 'vector':
    case 'custom':
      return encodeCustom(writer, type);
    default:
      return unreachable(type);
  }
}

function encodeCustom(writer: BodyWriter, type: CqlType): void {
  writer.short(CUSTOM);
  writer.string(typeClassName(type));
}

/**
 * Collections and UDTs come back as not frozen: the notation does not tell. Custom types stay class
 * names.
 */
export function decodeTypeOption(reader: BodyReader, depth = 0): CqlType {
  if (depth > NESTING_MAX) throw protocolError('Type descriptor is nested too deeply');
  const id = reader.short();
  const nested = (): CqlType => decodeTypeOption(reader, depth + 1);
  switch (id) {
    case CUSTOM:
      return { kind: 'custom', className: reader.string() };
    case LIST:
      return { kind: 'list', element: nested(), frozen: false };
    case SET:
      return { kind: 'set', element: nested(), frozen: false };
    case MAP:
      return { kind: 'map', key: nested(), value: nested(), frozen: false };
    case UDT:
      return decodeUserType(reader, nested);
    case TUPLE: {
      const elements: CqlType[] = [];
      for (let left = reader.short(); left > 0; left--) elements.push(nested());
      return { kind: 'tuple', elements };
    }
    default: {
      const name = NATIVE_BY_ID.get(id);
      if (name === undefined) throw protocolError(`Unknown option id ${id}`);
      return NATIVE[name];
    }
  }
}

function decodeUserType(reader: BodyReader, nested: () => CqlType): CqlType {
  const keyspace = reader.string();
  const name = reader.string();
  const fieldNames: string[] = [];
  const fieldTypes: CqlType[] = [];
  for (let left = reader.short(); left > 0; left--) {
    fieldNames.push(reader.string());
    fieldTypes.push(nested());
  }
  return { kind: 'udt', keyspace, name, fieldNames, fieldTypes, frozen: false };
}
