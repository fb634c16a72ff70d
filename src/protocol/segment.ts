// Version 5 framing: envelopes travel in segments of at most 131071 payload bytes, checksummed and,
// with LZ4, compressed. Both directions use it from right after the answer to STARTUP.
// Little-endian, unlike all else. Cassandra: net/FrameEncoderCrc.java, FrameEncoderLZ4.java,
// FrameDecoder*.java. Test: test/protocol/segment.test.ts

import type { BodyWriter } from './body-writer.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { Lz4Codec } from './compression.ts';
import { crc24, segmentCrc32 } from './crc.ts';

const SEGMENT_PAYLOAD_BYTES_MAX = 131071;
const PLAIN_HEADER_BYTES = 6;
const LZ4_HEADER_BYTES = 8;
const TRAILER_BYTES = 4;
const SELF_CONTAINED = 0x20000;
const LENGTH_MASK = 0x1ffff;

/**
 * Packs envelopes into segments as they are written. Uncompressed ones are written in place: a
 * header is kept free in front of the payload and filled in by `seal`. Whole envelopes share a
 * segment until it is full.
 */
export class SegmentWriter {
  private readonly output: BodyWriter;
  private readonly lz4: Lz4Codec | null;
  /** Where the open segment's header starts; -1: no segment is open. */
  private start = -1;

  constructor(output: BodyWriter, lz4: Lz4Codec | null) {
    this.output = output;
    this.lz4 = lz4;
  }

  /** Opens a segment, if none is open, and returns where the next envelope starts. */
  begin(): number {
    const { output } = this;
    if (this.start < 0) {
      this.start = output.length;
      output.reserve(PLAIN_HEADER_BYTES);
      output.length += PLAIN_HEADER_BYTES;
    }
    return output.length;
  }

  /** Accounts for an envelope written from `envelopeStart` to the output's end. */
  end(envelopeStart: number): void {
    const { output } = this;
    const payloadStart = this.start + PLAIN_HEADER_BYTES;
    if (output.length - payloadStart <= SEGMENT_PAYLOAD_BYTES_MAX) return;
    const envelope = Buffer.from(output.bytes.subarray(envelopeStart, output.length));
    output.length = envelopeStart;
    this.seal();
    if (envelope.length <= SEGMENT_PAYLOAD_BYTES_MAX) {
      this.begin();
      output.raw(envelope);
      return;
    }
    for (let at = 0; at < envelope.length; at += SEGMENT_PAYLOAD_BYTES_MAX) {
      this.begin();
      output.raw(envelope.subarray(at, at + SEGMENT_PAYLOAD_BYTES_MAX));
      this.close(0);
    }
  }

  /** Closes the open segment, so that all output bytes can be sent. */
  seal(): void {
    this.close(SELF_CONTAINED);
  }

  private close(selfContained: number): void {
    const { output, start, lz4 } = this;
    if (start < 0) return;
    this.start = -1;
    const payloadStart = start + PLAIN_HEADER_BYTES;
    const payloadBytes = output.length - payloadStart;
    if (payloadBytes === 0) {
      output.length = start;
    } else if (lz4 === null) {
      writeUint24(output.bytes, start, payloadBytes | selfContained);
      writeUint24(output.bytes, start + 3, crc24(output.bytes, start, 3));
      const crc = segmentCrc32(output.bytes.subarray(payloadStart, output.length));
      writeTrailer(output, crc);
    } else {
      const payload = Buffer.from(output.bytes.subarray(payloadStart, output.length));
      output.length = start;
      writeLz4Segment(output, { payload, selfContained: selfContained !== 0, lz4 });
    }
  }
}

function writeLz4Segment(
  output: BodyWriter,
  segment: { readonly payload: Buffer; readonly selfContained: boolean; readonly lz4: Lz4Codec },
): void {
  const { payload } = segment;
  const block = segment.lz4.compressBlock(payload);
  const helps = block.length < payload.length;
  const onWire = helps ? block : payload;
  const uncompressed = helps ? payload.length : 0;
  const { length: start } = output;
  output.reserve(LZ4_HEADER_BYTES + onWire.length + TRAILER_BYTES);
  const { bytes } = output;
  // 5 bytes: 17 bits compressed length, 17 bits uncompressed length, 1 bit self-contained.
  const low = (onWire.length | (uncompressed << 17)) >>> 0;
  const high = (uncompressed >>> 15) | (segment.selfContained ? 4 : 0);
  bytes.writeUInt32LE(low, start);
  bytes[start + 4] = high;
  writeUint24(bytes, start + 5, crc24(bytes, start, 5));
  output.length = start + LZ4_HEADER_BYTES;
  output.rawUnchecked(onWire);
  writeTrailer(output, segmentCrc32(onWire));
}

function writeUint24(bytes: Buffer, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
}

function writeTrailer(output: BodyWriter, crc: number): void {
  output.reserve(TRAILER_BYTES);
  const { bytes, length } = output;
  bytes[length] = crc;
  bytes[length + 1] = crc >>> 8;
  bytes[length + 2] = crc >>> 16;
  bytes[length + 3] = crc >>> 24;
  output.length = length + TRAILER_BYTES;
}

export type SegmentEvent =
  | { readonly kind: 'segment'; readonly payload: Buffer; readonly selfContained: boolean }
  /** Nothing after this can be trusted. `read` and `computed` are signed, as Java prints them. */
  | {
      readonly kind: 'corrupt';
      readonly where: 'header' | 'body';
      readonly read: number;
      readonly computed: number;
    };

/**
 * A machine that cuts received bytes into segments and verifies them. Bytes in by `push`, events
 * out by `next`.
 */
export class SegmentDecoder {
  private readonly queue: ByteQueue;
  private readonly lz4: Lz4Codec | null;
  private readonly headerBytes: number;
  private corrupt = false;

  constructor(queue: ByteQueue, lz4: Lz4Codec | null) {
    this.queue = queue;
    this.lz4 = lz4;
    this.headerBytes = lz4 === null ? PLAIN_HEADER_BYTES : LZ4_HEADER_BYTES;
  }

  push(chunk: Buffer): void {
    this.queue.push(chunk);
  }

  next(): SegmentEvent | null {
    const { queue, headerBytes } = this;
    if (this.corrupt || queue.length < headerBytes) return null;
    const fields = this.peek(0, headerBytes - 3);
    const readHeaderCrc = this.uint24At(headerBytes - 3);
    const headerCrc = crc24(fields, 0, fields.length);
    if (readHeaderCrc !== headerCrc) return this.fail('header', readHeaderCrc, headerCrc);
    const low = this.uint24At(0);
    const onWireBytes = low & LENGTH_MASK;
    if (queue.length < headerBytes + onWireBytes + TRAILER_BYTES) return null;
    const segment = queue.take(headerBytes + onWireBytes + TRAILER_BYTES);
    const onWire = segment.subarray(headerBytes, headerBytes + onWireBytes);
    const readCrc = segment.readInt32LE(headerBytes + onWireBytes);
    const crc = segmentCrc32(onWire) | 0;
    if (readCrc !== crc) return this.fail('body', readCrc, crc);
    if (this.lz4 === null) {
      return { kind: 'segment', payload: onWire, selfContained: (low & SELF_CONTAINED) !== 0 };
    }
    const high = segment.readUIntLE(2, 3);
    const uncompressed = (high >>> 1) & LENGTH_MASK;
    const payload = this.uncompress(onWire, uncompressed);
    if (payload === null) return this.fail('body', readCrc, crc);
    return { kind: 'segment', payload, selfContained: (high & 0x40000) !== 0 };
  }

  private uncompress(block: Buffer, length: number): Buffer | null {
    if (length === 0 || this.lz4 === null) return block;
    try {
      return this.lz4.uncompressBlock(block, length);
    } catch {
      return null;
    }
  }

  private fail(where: 'header' | 'body', read: number, computed: number): SegmentEvent {
    this.corrupt = true;
    return { kind: 'corrupt', where, read, computed };
  }

  private peek(offset: number, count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let i = 0; i < count; i++) bytes[i] = this.queue.at(offset + i);
    return bytes;
  }

  private uint24At(offset: number): number {
    const { queue } = this;
    return queue.at(offset) | (queue.at(offset + 1) << 8) | (queue.at(offset + 2) << 16);
  }
}
