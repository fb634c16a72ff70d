// Partition keys of several columns as the bytes that are hashed and stored, and back. Test: test/ring/murmur3.test.ts.
// Cassandra: db/marshal/CompositeType.java.

/**
 * The serialized partition key: a single column's bytes as they are; of more than one, each as a 2-byte big-endian
 * length, the bytes and a zero byte. Every component must fit in 65,535 bytes (see
 * `checkKey` of ring/token.ts).
 */
export function compositeKey(components: readonly Buffer[]): Buffer {
  const only = components[0];
  if (components.length === 1 && only !== undefined) return only;
  let size = 0;
  for (const component of components) size += component.length + 3;
  const key = Buffer.allocUnsafe(size);
  let at = 0;
  for (const component of components) {
    key[at] = (component.length >>> 8) & 0xff;
    key[at + 1] = component.length & 0xff;
    component.copy(key, at + 2);
    at += component.length + 2;
    key[at++] = 0;
  }
  return key;
}

/** The components of a serialized partition key of `count` columns, as slices of it. */
export function splitCompositeKey(key: Buffer, count: number): Buffer[] {
  if (count === 1) return [key];
  const components: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = key.readUInt16BE(at);
    components.push(key.subarray(at + 2, at + 2 + length));
    at += length + 3;
  }
  return components;
}

/** One component of a serialized partition key of `count` columns; null when the bytes are too short. */
export function partitionKeyComponent(
  bytes: Buffer,
  position: number,
  count: number,
): Buffer | null {
  if (count === 1) return bytes;
  let at = 0;
  for (let i = 0; at + 2 <= bytes.length; i++) {
    const length = bytes.readUInt16BE(at);
    if (i === position) return bytes.subarray(at + 2, at + 2 + length);
    at += length + 3;
  }
  return null;
}
