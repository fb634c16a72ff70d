// Reads the primitive notations of the native protocol from one message body. Every length and
// count is checked against the bytes that are there before anything is made of it; a short body is
// a PROTOCOL_ERROR. Values are slices, never copies. Cassandra: transport/CBUtil.java. Test:
// test/protocol/primitives.test.ts

import type { Int64 } from '../base/int64.ts';
import { readInt64 } from '../base/int64.ts';
import type { ConsistencyLevel } from '../data/consistency.ts';
import { consistencyFromCode } from '../data/consistency.ts';
import type { BoundValue } from './bound-value.ts';
import { NO_VALUES, UNSET } from './bound-value.ts';
import { protocolError } from './protocol-error.ts';
import type { ProtocolVersion } from './protocol-version.ts';

const NULL_LENGTH = -1;
const UNSET_LENGTH = -2;

export class BodyReader {
  readonly bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  byte(): number {
    this.require(1, '[byte]');
    return this.bytes[this.offset++] as number;
  }

  /** [short], unsigned. */
  short(): number {
    this.require(2, '[short]');
    const { bytes, offset } = this;
    this.offset = offset + 2;
    return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
  }

  /** [int], signed. */
  int(): number {
    this.require(4, '[int]');
    const { bytes, offset } = this;
    this.offset = offset + 4;
    return (
      ((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)
    );
  }

  long(): Int64 {
    this.require(8, '[long]');
    const value = readInt64(this.bytes, this.offset);
    this.offset += 8;
    return value;
  }

  string(): string {
    if (this.remaining < 2) throw protocolError(shortString(2));
    const length = this.short();
    if (length > this.remaining) throw protocolError(shortString(2));
    return this.utf8(length);
  }

  longString(): string {
    if (this.remaining < 4) throw protocolError(shortString(4));
    const length = this.int();
    if (length < 0 || length > this.remaining) throw protocolError(shortString(4));
    return this.utf8(length);
  }

  uuid(): Buffer {
    this.require(16, '[uuid]');
    return this.slice(16);
  }

  stringList(): string[] {
    const count = this.short();
    const strings: string[] = [];
    for (let i = 0; i < count; i++) strings.push(this.string());
    return strings;
  }

  stringMap(): Map<string, string> {
    const count = this.short();
    const map = new Map<string, string>();
    for (let i = 0; i < count; i++) map.set(this.string(), this.string());
    return map;
  }

  stringMultimap(): Map<string, readonly string[]> {
    const count = this.short();
    const map = new Map<string, readonly string[]>();
    for (let i = 0; i < count; i++) map.set(this.string(), this.stringList());
    return map;
  }

  bytesMap(): Map<string, Buffer | null> {
    const count = this.short();
    const map = new Map<string, Buffer | null>();
    for (let i = 0; i < count; i++) map.set(this.string(), this.bytesOrNull());
    return map;
  }

  shortBytes(): Buffer {
    if (this.remaining < 2) throw protocolError(SHORT_BYTES);
    const length = this.short();
    if (length > this.remaining) throw protocolError(SHORT_BYTES);
    return this.slice(length);
  }

  /** [bytes]: any negative length is null. */
  bytesOrNull(): Buffer | null {
    const length = this.int();
    return length < 0 ? null : this.valueBytes(length);
  }

  /** [value]: -1 is null and -2 unset; in version 3 any negative length is null. */
  value(version: ProtocolVersion): BoundValue {
    const length = this.int();
    if (length >= 0) return this.valueBytes(length);
    if (length === NULL_LENGTH || version === 3) return null;
    if (length === UNSET_LENGTH) return UNSET;
    throw protocolError(`Invalid ByteBuf length ${length}`);
  }

  values(version: ProtocolVersion): readonly BoundValue[] {
    const count = this.short();
    if (count === 0) return NO_VALUES;
    const values: BoundValue[] = [];
    for (let i = 0; i < count; i++) values.push(this.value(version));
    return values;
  }

  consistency(): ConsistencyLevel {
    const code = this.short();
    const level = consistencyFromCode(code);
    if (level === undefined) throw protocolError(`Unknown code ${code} for a consistency level`);
    return level;
  }

  /** [inetaddr]: 4 or 16 address bytes. */
  inetAddress(): Buffer {
    const size = this.byte();
    if ((size !== 4 && size !== 16) || size > this.remaining) {
      throw protocolError('Invalid IP address while deserializing inet address');
    }
    return this.slice(size);
  }

  /** The next `length` bytes, which must be there. */
  slice(length: number): Buffer {
    const start = this.offset;
    this.offset = start + length;
    return this.bytes.subarray(start, start + length);
  }

  private valueBytes(length: number): Buffer {
    const { remaining } = this;
    if (length > remaining) {
      throw protocolError(
        `Cannot read value of length ${length}, only ${remaining} bytes remaining in the message`,
      );
    }
    return this.slice(length);
  }

  private utf8(length: number): string {
    const start = this.offset;
    const end = start + length;
    this.offset = end;
    const text = this.bytes.toString('utf8', start, end);
    if (text.includes('\uFFFD') && !Buffer.from(text).equals(this.bytes.subarray(start, end))) {
      throw protocolError(`Cannot decode string as UTF8: '${text}'`);
    }
    return text;
  }

  private require(length: number, notation: string): void {
    if (this.remaining >= length) return;
    throw protocolError(
      `Not enough bytes to read ${notation}: ${length} expected, ${this.remaining} remaining`,
    );
  }
}

const SHORT_BYTES = 'Not enough bytes to read a byte array preceded by its 2 bytes length';

function shortString(lengthBytes: number): string {
  return `Not enough bytes to read an UTF8 serialized string preceded by its ${lengthBytes} bytes length`;
}
