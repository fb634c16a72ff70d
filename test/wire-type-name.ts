// A type of the wire, as the recordings in test/facts print it.

import type { CqlType } from '../src/data/cql-type.ts';
import { typeClassName } from '../src/data/type-names.ts';

export function wireTypeName(type: CqlType): string {
  switch (type.kind) {
    case 'native':
      return type.name === 'text' ? 'varchar' : type.name;
    case 'list':
    case 'set':
      return `${type.kind}<${wireTypeName(type.element)}>`;
    case 'map':
      return `map<${wireTypeName(type.key)},${wireTypeName(type.value)}>`;
    case 'tuple':
      return `tuple<${type.elements.map(wireTypeName).join(',')}>`;
    case 'udt': {
      const fields = type.fieldNames.map(
        (name, i) => `${name}:${wireTypeName(type.fieldTypes[i] as CqlType)}`,
      );
      return `udt:${type.keyspace}.${type.name}{${fields.join(',')}}`;
    }
    default:
      return `custom:${typeClassName(type)}`;
  }
}
