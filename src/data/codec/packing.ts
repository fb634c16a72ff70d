// Collections, tuples and UDTs as bytes: a count and length-prefixed elements, or length-prefixed
// fields; length -1 is null. Nothing is copied when unpacking: elements are slices. Validation is
// the codecs'. Test: test/types/packing.test.ts. Cassandra: serializers/CollectionSerializer.java,
// TupleType.buildValue/split.

/** A value of a list or set, int32 count first. A null element is written as length -1. */
export function packList(elements: readonly (Buffer | null)[]): Buffer {
  return pack(elements, elements.length);
}

/** A value of a map; `flat` alternates keys and values in key order. */
export function packMap(flat: readonly (Buffer | null)[]): Buffer {
  return pack(flat, flat.length / 2);
}

/** A value of a tuple or UDT: fields only, null as -1. */
export function packTuple(fields: readonly (Buffer | null)[]): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOf(fields));
  write(bytes, fields, 0);
  return bytes;
}

/**
 * The elements of a list or set (or a non-frozen one's wire form). Throws a RangeError on truncated
 * bytes.
 */
export function unpackList(bytes: Buffer): (Buffer | null)[] {
  return read(bytes, bytes.readInt32BE(0));
}

/** Keys and values in turn. */
export function unpackMap(bytes: Buffer): (Buffer | null)[] {
  return read(bytes, 2 * bytes.readInt32BE(0));
}

/**
 * The fields of a tuple or UDT; trailing fields that are missing are null. Throws a RangeError on
 * truncated bytes.
 */
export function unpackTuple(bytes: Buffer, fields: number): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  let at = 0;
  while (values.length < fields) {
    if (at >= bytes.length) {
      values.push(null);
      continue;
    }
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      values.push(null);
      continue;
    }
    if (at + length > bytes.length) throw new RangeError('truncated tuple');
    values.push(bytes.subarray(at, at + length));
    at += length;
  }
  return values;
}

/** The element count of a list, set or map. */
export function collectionSize(bytes: Buffer): number {
  return bytes.readInt32BE(0);
}

function pack(values: readonly (Buffer | null)[], count: number): Buffer {
  const bytes = Buffer.allocUnsafe(4 + sizeOf(values));
  bytes.writeInt32BE(count, 0);
  write(bytes, values, 4);
  return bytes;
}

function sizeOf(values: readonly (Buffer | null)[]): number {
  let size = 4 * values.length;
  for (const value of values) if (value !== null) size += value.length;
  return size;
}

function write(bytes: Buffer, values: readonly (Buffer | null)[], start: number): void {
  let at = start;
  for (const value of values) {
    if (value === null) {
      at = bytes.writeInt32BE(-1, at);
    } else {
      at = bytes.writeInt32BE(value.length, at);
      at += value.copy(bytes, at);
    }
  }
}

function read(bytes: Buffer, count: number): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      values.push(null);
      continue;
    }
    if (at + length > bytes.length) throw new RangeError('truncated collection');
    values.push(bytes.subarray(at, at + length));
    at += length;
  }
  return values;
}
