// Envelopes as bytes, and in and out of the segments of version 5.

import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { ByteQueue } from '../../src/protocol/byte-queue.ts';
import type { Lz4Codec } from '../../src/protocol/compression.ts';
import type { Frame } from '../../src/protocol/frame.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { SegmentDecoder, SegmentWriter } from '../../src/protocol/segment.ts';

/** One envelope; its body is all that follows the header. */
export function frameOf(bytes: Buffer): Frame {
  return {
    version: ((bytes[0] as number) & 0x7f) as ProtocolVersion,
    flags: bytes[1] as number,
    stream: bytes.readInt16BE(2),
    opcode: bytes[4] as number,
    body: bytes.subarray(9),
  };
}

/** Envelopes one after another. */
export function frames(bytes: Buffer): Frame[] {
  const list: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 9 + bytes.readInt32BE(at + 5);
    list.push(frameOf(bytes.subarray(at, end)));
    at = end;
  }
  return list;
}

export function inSegments(envelopes: readonly Buffer[], lz4: Lz4Codec | null): Buffer {
  const output = new BodyWriter();
  const writer = new SegmentWriter(output, lz4);
  for (const envelope of envelopes) {
    const start = writer.begin();
    output.raw(envelope);
    writer.end(start);
  }
  writer.seal();
  return Buffer.from(output.written());
}

/** The bytes of all segments, without compression. */
export function outOfSegments(bytes: Buffer): Buffer {
  const machine = new SegmentDecoder(new ByteQueue(), null);
  machine.push(bytes);
  const payloads: Buffer[] = [];
  for (let event = machine.next(); event !== null; event = machine.next()) {
    if (event.kind === 'segment') payloads.push(event.payload);
  }
  return Buffer.concat(payloads);
}
