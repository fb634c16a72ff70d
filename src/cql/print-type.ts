// Prints a type as written, in Cassandra's normal form: `frozen<map<text, int>>`, `ks.addr`,
// `vector<float, 3>`. Source: cql3/CQL3Type.Raw.toString.

import type { RawType } from './ast.ts';

const MARSHAL = 'org.apache.cassandra.db.marshal.';

export function printType(type: RawType): string {
  switch (type.kind) {
    case 'native':
      return type.written ?? type.name;
    case 'custom':
      return `'${fullClassName(type.className)}'`;
    case 'list':
    case 'set':
      return frozen(type.frozen, `${type.kind}<${printType(type.element)}>`);
    case 'map':
      return frozen(type.frozen, `map<${printType(type.key)}, ${printType(type.value)}>`);
    case 'tuple':
      return `tuple<${type.elements.map(printType).join(', ')}>`;
    case 'vector':
      return `vector<${printType(type.element)}, ${type.dimension}>`;
    case 'udt': {
      const { keyspace, name } = type.name;
      return frozen(type.frozen, keyspace === null ? name : `${keyspace}.${name}`);
    }
  }
}

/** Class names without a package are those of db.marshal. */
function fullClassName(className: string): string {
  return className.replace(/[A-Za-z][\w.]*/g, (word) =>
    word.includes('.') ? word : `${MARSHAL}${word}`,
  );
}

function frozen(isFrozen: boolean, text: string): string {
  return isFrozen ? `frozen<${text}>` : text;
}
