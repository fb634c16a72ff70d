// The codec of a type, made once and kept with the type. Test: test/types/codecs.test.ts.

import type { CqlType, NativeType } from '../cql-type.ts';
import type { Codec } from './codec-interface.ts';
import { compareBytes } from './comparators.ts';
import { NATIVE_ROWS, hexBytes } from './native-codecs.ts';
import type { NativeRow } from './native-codecs.ts';
import { listOrSetCodec, mapCodec, tupleCodec, userTypeCodec } from './structural-codecs.ts';
import { vectorCodec } from './vector-codec.ts';

export type { Codec } from './codec-interface.ts';

/** A cache: types are immutable, and so are their codecs. */
const codecs = new WeakMap<CqlType, Codec>();

/** Keep the result where a type is used often: this is a look-up, not a field. */
export function codecFor(type: CqlType): Codec {
  const known = codecs.get(type);
  if (known !== undefined) return known;
  const codec = makeCodec(type);
  codecs.set(type, codec);
  return codec;
}

function makeCodec(type: CqlType): Codec {
  switch (type.kind) {
    case 'native':
      return nativeCodec(type);
    case 'list':
    case 'set':
      return listOrSetCodec(type, codecFor(type.element));
    case 'map':
      return mapCodec(type, codecFor(type.key), codecFor(type.value));
    case 'tuple':
      return tupleCodec(type, type.elements.map(codecFor));
    case 'udt':
      return userTypeCodec(type, type.fieldTypes.map(codecFor));
    case 'vector':
      return vectorCodec(type, codecFor(type.element));
    case 'custom':
      return customCodec(type);
  }
}

function nativeCodec(type: NativeType): Codec {
  const row: NativeRow = NATIVE_ROWS[type.name];
  const {
    text,
    quoted,
    masked,
    validate,
    compare,
    fixedLength,
    allowsEmpty,
    isEmptyMeaningless,
    fromString,
  } = row;
  const emptyCounts = type.name === 'text' || type.name === 'ascii' || type.name === 'blob';
  const bare = (bytes: Buffer): string => {
    if (bytes.length === 0 && !emptyCounts) return 'null';
    return quoted ? text(bytes).replaceAll("'", "''") : text(bytes);
  };
  return {
    type,
    validate,
    compare,
    fixedLength,
    allowsEmpty,
    isEmptyMeaningless,
    fromString,
    maskedValue: () => masked,
    toText: bare,
    toCqlLiteral: (bytes) => {
      if (bytes === null || (bytes.length === 0 && !emptyCounts)) return 'null';
      return quoted ? `'${bare(bytes)}'` : bare(bytes);
    },
  };
}

function hexLiteral(bytes: Buffer): string {
  return `0x${bytes.toString('hex')}`;
}

/** A class without a CQL name: bytes. */
function customCodec(type: CqlType): Codec {
  return {
    type,
    validate: () => {},
    compare: compareBytes,
    fixedLength: -1,
    allowsEmpty: true,
    isEmptyMeaningless: false,
    fromString: hexBytes,
    maskedValue: () => Buffer.alloc(0),
    toText: hexLiteral,
    toCqlLiteral: (bytes) => (bytes === null ? 'null' : hexLiteral(bytes)),
  };
}
