// Lists and tuples that a client bound to an IN marker, taken apart. Their bytes were not validated as one value, since
// IN has its own words for nulls among the elements. Cassandra: cql3/terms/InMarker.

import type { Codec } from '../../../data/codec/codec.ts';
import { collectionSize, unpackList, unpackTuple } from '../../../data/codec/packing.ts';
import { invalid } from '../../../data/cql-error.ts';

/** The elements, each validated; null elements stay. */
export function unpackBoundList(bytes: Buffer, codec: Codec | null): (Buffer | null)[] {
  const elements = guarded('Not enough bytes to read a list', () => {
    if (collectionSize(bytes) < 0) throw invalid('The data cannot be deserialized as a list');
    return unpackList(bytes);
  });
  if (codec !== null) for (const element of elements) if (element !== null) codec.validate(element);
  return elements;
}

/** The fields of a tuple of as many. */
export function unpackBoundTuple(bytes: Buffer, codecs: readonly Codec[]): (Buffer | null)[] {
  const fields = guarded('Not enough bytes to read a tuple', () =>
    unpackTuple(bytes, codecs.length),
  );
  fields.forEach((field, i) => {
    if (field !== null) codecs[i]?.validate(field);
  });
  return fields;
}

function guarded<T>(message: string, unpack: () => T): T {
  try {
    return unpack();
  } catch (error) {
    if (error instanceof RangeError) throw invalid(message);
    throw error;
  }
}
