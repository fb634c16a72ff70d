// The few value shapes that system tables hold, to bytes and back: text, boolean, int, double, uuid, timestamp and
// frozen collections of text or blobs. The formats are those of data/codec/; this is their shortest useful form.
// Test: test/schema/row-values.test.ts.

export { uuidBytes as uuidValue, uuidText as readUuid } from '../../data/uuid.ts';
export { addressBytes as inetValue, addressText as readInet } from '../../protocol/inet-address.ts';

const TRUE = Buffer.from([1]);
const FALSE = Buffer.from([0]);

export function textValue(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

export function booleanValue(value: boolean): Buffer {
  return value ? TRUE : FALSE;
}

export function intValue(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A bigint, timestamp (milliseconds) or counter total from a safe integer. */
export function longValue(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(Math.trunc(value)));
  return bytes;
}

export function doubleValue(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** A frozen list (or set: the caller sorts). */
export function listValue(elements: readonly Buffer[]): Buffer {
  return Buffer.concat([
    intValue(elements.length),
    ...elements.flatMap((e) => [intValue(e.length), e]),
  ]);
}

export function textListValue(elements: readonly string[]): Buffer {
  return listValue(elements.map(textValue));
}

/** A frozen set<text>, sorted. */
export function textSetValue(elements: Iterable<string>): Buffer {
  return listValue([...elements].map(textValue).sort(Buffer.compare));
}

/** A frozen map<text, text> or map<text, blob>, sorted by key. */
export function textMapValue(entries: ReadonlyMap<string, string | Buffer>): Buffer {
  const pairs = [...entries]
    .map(([key, value]): [Buffer, Buffer] => [
      textValue(key),
      typeof value === 'string' ? textValue(value) : value,
    ])
    .sort((a, b) => Buffer.compare(a[0], b[0]));
  const parts = pairs.flat().flatMap((bytes) => [intValue(bytes.length), bytes]);
  return Buffer.concat([intValue(pairs.length), ...parts]);
}

export function readText(bytes: Buffer): string {
  return bytes.toString('utf8');
}

export function readList(bytes: Buffer): Buffer[] {
  return readElements(bytes, 1);
}

export function readTextList(bytes: Buffer): string[] {
  return readList(bytes).map(readText);
}

export function readTextMap(bytes: Buffer): Map<string, string> {
  return new Map([...readBlobMap(bytes)].map(([key, value]) => [key, readText(value)]));
}

export function readBlobMap(bytes: Buffer): Map<string, Buffer> {
  const flat = readElements(bytes, 2);
  const map = new Map<string, Buffer>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    map.set(readText(flat[i] as Buffer), flat[i + 1] as Buffer);
  }
  return map;
}

function readElements(bytes: Buffer, perEntry: number): Buffer[] {
  const count = bytes.readInt32BE(0) * perEntry;
  const elements: Buffer[] = [];
  let at = 4;
  for (let i = 0; i < count; i++) {
    const length = bytes.readInt32BE(at);
    elements.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return elements;
}
