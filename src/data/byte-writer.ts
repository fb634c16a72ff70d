// Writing and reading our own binary formats (mutations on disk and in hints): unsigned varints, int64s, length-prefixed
// bytes and text. Never a wire format of Cassandra's. Test: test/storage/mutation-serializer.test.ts.

import type { Int64 } from '../base/int64.ts';
import { readInt64, writeInt64 } from '../base/int64.ts';

/** Stops decoding; the message says what was wrong. Caught where a record or file is read. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** A growing buffer. */
export class ByteWriter {
  private buffer: Buffer;
  private at = 0;

  constructor(capacity = 512) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.at;
  }

  /** The bytes so far, as a slice of the writer's memory. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  reset(): void {
    this.at = 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  /** A non-negative safe integer, seven bits a byte, low bits first. */
  varint(value: number): void {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.buffer[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.at++] = rest;
  }

  int32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  uint32(value: number): void {
    this.reserve(4);
    this.at = this.buffer.writeUInt32BE(value, this.at);
  }

  int64(value: Int64): void {
    this.reserve(8);
    writeInt64(this.buffer, value, this.at);
    this.at += 8;
  }

  double(value: number): void {
    this.reserve(8);
    this.at = this.buffer.writeDoubleBE(value, this.at);
  }

  /** No length before it. */
  raw(value: Buffer): void {
    this.reserve(value.length);
    this.buffer.set(value, this.at);
    this.at += value.length;
  }

  bytes(value: Buffer): void {
    this.varint(value.length);
    this.raw(value);
  }

  /** null is told apart from empty. */
  nullableBytes(value: Buffer | null): void {
    this.varint(value === null ? 0 : value.length + 1);
    if (value !== null) this.raw(value);
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'));
  }

  private reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}

/** Reads what ByteWriter wrote; throws FormatError past the end. */
export class ByteReader {
  readonly buffer: Buffer;
  at: number;
  readonly end: number;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    return this.buffer[this.take(1)] as number;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > 2 ** 56) throw new FormatError('varint too long');
    }
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  int64(): Int64 {
    return readInt64(this.buffer, this.take(8));
  }

  double(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /** A copy, so that what was read does not keep the whole file. */
  raw(length: number): Buffer {
    const from = this.take(length);
    return Buffer.from(this.buffer.subarray(from, from + length));
  }

  bytes(): Buffer {
    return this.raw(this.varint());
  }

  nullableBytes(): Buffer | null {
    const length = this.varint();
    return length === 0 ? null : this.raw(length - 1);
  }

  text(): string {
    const length = this.varint();
    const from = this.take(length);
    return this.buffer.toString('utf8', from, from + length);
  }

  skipBytes(): void {
    this.take(this.varint());
  }

  private take(length: number): number {
    const from = this.at;
    if (from + length > this.end) throw new FormatError('unexpected end of data');
    this.at = from + length;
    return from;
  }
}
