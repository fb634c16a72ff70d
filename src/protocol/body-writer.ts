// Writes the primitive notations of the native protocol into one growing buffer: a message body, a
// frame, or all frames of one turn. Its owner takes the bytes out; the buffer may be given back to
// be written again. Cassandra: transport/CBUtil.java. Test: test/protocol/primitives.test.ts

import type { Int64 } from '../base/int64.ts';
import { writeInt64 } from '../base/int64.ts';
import type { ConsistencyLevel } from '../data/consistency.ts';
import { CONSISTENCY_CODES } from '../data/consistency.ts';
import { assert } from '../base/assert.ts';
import type { BoundValue } from './bound-value.ts';
import { UNSET } from './bound-value.ts';

const NO_BYTES = Buffer.alloc(0);
const MIN_CAPACITY = 256;
/** Below this many bytes a loop beats a call into native code. */
const LOOP_COPY_BYTES_MAX = 20;

export class BodyWriter {
  bytes: Buffer;
  length = 0;

  constructor(bytes: Buffer = NO_BYTES) {
    this.bytes = bytes;
  }

  /** Makes room for `count` more bytes. The unchecked writers below need it. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(MIN_CAPACITY, needed, Math.min(this.bytes.length * 2, needed + 0x100_0000)),
    );
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** The bytes written so far, as a view. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  short(value: number): void {
    this.reserve(2);
    const { bytes, length } = this;
    bytes[length] = value >>> 8;
    bytes[length + 1] = value;
    this.length = length + 2;
  }

  int(value: number): void {
    this.reserve(4);
    this.intUnchecked(value);
  }

  intUnchecked(value: number): void {
    const { bytes, length } = this;
    bytes[length] = value >>> 24;
    bytes[length + 1] = value >>> 16;
    bytes[length + 2] = value >>> 8;
    bytes[length + 3] = value;
    this.length = length + 4;
  }

  /** Overwrites four bytes written before. */
  intAt(offset: number, value: number): void {
    const { bytes } = this;
    bytes[offset] = value >>> 24;
    bytes[offset + 1] = value >>> 16;
    bytes[offset + 2] = value >>> 8;
    bytes[offset + 3] = value;
  }

  long(value: Int64): void {
    this.reserve(8);
    writeInt64(this.bytes, value, this.length);
    this.length += 8;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.rawUnchecked(value);
  }

  rawUnchecked(value: Uint8Array): void {
    const count = value.length;
    const { bytes, length } = this;
    if (count <= LOOP_COPY_BYTES_MAX) {
      for (let i = 0; i < count; i++) bytes[length + i] = value[i] as number;
    } else {
      bytes.set(value, length);
    }
    this.length = length + count;
  }

  /** [string]. Texts over 65535 bytes are cut, never sent with a wrong length. */
  string(value: string): void {
    const count = Buffer.byteLength(value);
    if (count > 0xffff) {
      this.shortBytes(Buffer.from(value).subarray(0, 0xffff));
      return;
    }
    this.reserve(2 + count);
    this.short(count);
    this.length += this.bytes.write(value, this.length);
  }

  longString(value: string): void {
    const count = Buffer.byteLength(value);
    this.reserve(4 + count);
    this.intUnchecked(count);
    this.length += this.bytes.write(value, this.length);
  }

  uuid(value: Buffer): void {
    assert(value.length === 16, 'a uuid has 16 bytes');
    this.raw(value);
  }

  stringList(values: readonly string[]): void {
    this.short(values.length);
    for (const value of values) this.string(value);
  }

  stringMap(values: ReadonlyMap<string, string>): void {
    this.short(values.size);
    for (const [key, value] of values) {
      this.string(key);
      this.string(value);
    }
  }

  stringMultimap(values: ReadonlyMap<string, readonly string[]>): void {
    this.short(values.size);
    for (const [key, list] of values) {
      this.string(key);
      this.stringList(list);
    }
  }

  bytesMap(values: ReadonlyMap<string, Buffer | null>): void {
    this.short(values.size);
    for (const [key, value] of values) {
      this.string(key);
      this.bytesOrNull(value);
    }
  }

  shortBytes(value: Buffer): void {
    this.short(value.length);
    this.raw(value);
  }

  bytesOrNull(value: Buffer | null): void {
    if (value === null) {
      this.int(-1);
      return;
    }
    this.reserve(4 + value.length);
    this.intUnchecked(value.length);
    this.rawUnchecked(value);
  }

  value(value: BoundValue): void {
    if (value === UNSET) this.int(-2);
    else this.bytesOrNull(value);
  }

  values(values: readonly BoundValue[]): void {
    this.short(values.length);
    for (const value of values) this.value(value);
  }

  consistency(level: ConsistencyLevel): void {
    this.short(CONSISTENCY_CODES[level]);
  }

  /** [inetaddr] */
  inetAddress(address: Buffer): void {
    this.byte(address.length);
    this.raw(address);
  }
}
