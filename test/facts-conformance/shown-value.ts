// Values as the recordings write them: collections and user types as JSON's lists and objects, the rest by their type's
// own rule.

import { unpackList, unpackMap, unpackTuple } from '../../src/data/codec/packing.ts';
import type { CqlType } from '../../src/data/cql-type.ts';

/** `native`: how a value of a native type is written. */
export function showing(
  native: (name: string, bytes: Buffer) => unknown,
): (type: CqlType, bytes: Buffer | null) => unknown {
  return function shown(type, bytes): unknown {
    if (bytes === null) return null;
    switch (type.kind) {
      case 'list':
      case 'set':
        return unpackList(bytes).map((element) => shown(type.element, element));
      case 'map': {
        const flat = unpackMap(bytes);
        const entries = flat.flatMap((value, i) =>
          i % 2 === 0 ? [[shown(type.key, value), shown(type.value, flat[i + 1] ?? null)]] : [],
        );
        return Object.fromEntries(entries) as unknown;
      }
      case 'udt':
        return unpackTuple(bytes, type.fieldTypes.length).map((field, i) =>
          shown(type.fieldTypes[i] as CqlType, field),
        );
      case 'native':
        return native(type.name, bytes);
      default:
        return bytes.toString('hex');
    }
  };
}
