// The nine-byte header before every message ("envelope" from version 5 on) and its flags.
// Big-endian. Cassandra: transport/Envelope.java. Test: test/protocol/frame-decoder.test.ts

import type { BodyWriter } from './body-writer.ts';
import type { ProtocolVersion } from './protocol-version.ts';

export const FRAME_HEADER_BYTES = 9;

/** The body is compressed (versions 3 and 4; ignored in 5). */
export const FLAG_COMPRESSED = 0x01;
export const FLAG_TRACING = 0x02;
export const FLAG_CUSTOM_PAYLOAD = 0x04;
export const FLAG_WARNING = 0x08;
export const FLAG_USE_BETA = 0x10;

const RESPONSE_BIT = 0x80;
/** The stream id of events. */
export const EVENT_STREAM = -1;

/** One received message: its body is a slice of the received bytes. */
export interface Frame {
  readonly version: ProtocolVersion;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly body: Buffer;
}

export interface FrameHeader {
  readonly version: number;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly isResponse: boolean;
}

/** Writes a header without its length; returns where it starts, for `endFrame`. */
export function beginFrame(writer: BodyWriter, header: FrameHeader): number {
  writer.reserve(FRAME_HEADER_BYTES);
  const start = writer.length;
  const { bytes } = writer;
  bytes[start] = header.isResponse ? header.version | RESPONSE_BIT : header.version;
  bytes[start + 1] = header.flags;
  bytes[start + 2] = header.stream >>> 8;
  bytes[start + 3] = header.stream;
  bytes[start + 4] = header.opcode;
  writer.length = start + FRAME_HEADER_BYTES;
  return start;
}

/** Fills in the body length, now that the body is written. */
export function endFrame(writer: BodyWriter, start: number): void {
  writer.intAt(start + 5, writer.length - start - FRAME_HEADER_BYTES);
}

/**
 * A response frame for a client of version 1 or 2, who has an 8-byte header with a one-byte stream
 * id. Only errors are ever sent so.
 */
export function encodeAncientFrame(header: FrameHeader, body: Buffer): Buffer {
  const frame = Buffer.alloc(8 + body.length);
  frame[0] = header.version | RESPONSE_BIT;
  frame[1] = header.flags;
  frame.writeInt8((header.stream << 24) >> 24, 2);
  frame[3] = header.opcode;
  frame.writeInt32BE(body.length, 4);
  frame.set(body, 8);
  return frame;
}
