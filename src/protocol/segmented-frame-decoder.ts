// A machine that takes version 5 envelopes out of segments. A self-contained segment holds whole
// envelopes; a large envelope is spread over several segments, and what exceeds the limit is
// dropped as it comes. Cassandra: transport/CQLMessageHandler.java. Test:
// test/protocol/segment.test.ts

import { BodyWriter } from './body-writer.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { Lz4Codec } from './compression.ts';
import type { Frame } from './frame.ts';
import { FLAG_USE_BETA, FRAME_HEADER_BYTES } from './frame.ts';
import { opcodeName, requestOpcodeProblem } from './opcode.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import {
  betaVersionText,
  isSupportedVersion,
  unsupportedVersionText,
  versionName,
} from './protocol-version.ts';
import type { SegmentEvent } from './segment.ts';
import { SegmentDecoder } from './segment.ts';

/** An envelope that is answered with an error unread. */
export interface EnvelopeRefusal {
  readonly kind: 'refusal';
  readonly code: 'PROTOCOL_ERROR' | 'INVALID';
  readonly message: string;
  readonly stream: number;
  /** The connection cannot go on. */
  readonly fatal: boolean;
}

export type EnvelopeEvent = { readonly kind: 'frame'; readonly frame: Frame } | EnvelopeRefusal;

export interface SegmentedFrameDecoderOptions {
  readonly version: ProtocolVersion;
  readonly lz4: Lz4Codec | null;
  /** native_transport_max_message_size: the largest body that may come in several segments. */
  readonly maxMessageBytes: number;
  /** Names the connection in CRC errors. */
  readonly connectionId: string;
}

interface LargeMessage {
  readonly header: EnvelopeHeader;
  /** null: too large, its bytes are dropped. */
  readonly body: BodyWriter | null;
  left: number;
}

interface EnvelopeHeader {
  readonly version: number;
  readonly flags: number;
  readonly stream: number;
  readonly opcode: number;
  readonly bodyBytes: number;
}

export class SegmentedFrameDecoder {
  private readonly options: SegmentedFrameDecoderOptions;
  private readonly segments: SegmentDecoder;
  private payload: Buffer = NO_BYTES;
  private offset = 0;
  private large: LargeMessage | null = null;
  /** Large messages are refused until the client has proved who he is. */
  acceptsLarge = false;

  constructor(queue: ByteQueue, options: SegmentedFrameDecoderOptions) {
    this.options = options;
    this.segments = new SegmentDecoder(queue, options.lz4);
  }

  push(chunk: Buffer): void {
    this.segments.push(chunk);
  }

  /**
   * The next event, or null until more bytes come. After a fatal one the machine must not be asked
   * again.
   */
  next(): EnvelopeEvent | null {
    for (;;) {
      if (this.offset < this.payload.length) return this.nextContained();
      const segment = this.segments.next();
      if (segment === null) return null;
      if (segment.kind === 'corrupt') return this.corruption(segment);
      if (segment.selfContained) {
        this.payload = segment.payload;
        this.offset = 0;
        continue;
      }
      const event =
        this.large === null
          ? this.beginLarge(segment.payload)
          : this.continueLarge(segment.payload);
      if (event !== null) return event;
    }
  }

  private nextContained(): EnvelopeEvent {
    const { payload, offset } = this;
    if (payload.length - offset < FRAME_HEADER_BYTES) return fatal(TRUNCATED, 0);
    const header = readHeader(payload, offset);
    const { stream, bodyBytes } = header;
    if (bodyBytes < 0) return fatal(bodyLengthText(bodyBytes), stream);
    const end = offset + FRAME_HEADER_BYTES + bodyBytes;
    const problem = this.problem(header, payload[offset] as number);
    this.offset = Math.min(end, payload.length);
    if (problem !== null) return refusal(problem, stream);
    if (end > payload.length) return fatal(bodyLengthText(bodyBytes), stream);
    return frameEvent(header, payload.subarray(offset + FRAME_HEADER_BYTES, end));
  }

  private beginLarge(payload: Buffer): EnvelopeEvent | null {
    if (payload.length < FRAME_HEADER_BYTES) return fatal(TRUNCATED, 0);
    const header = readHeader(payload, 0);
    const { stream, bodyBytes } = header;
    if (bodyBytes < 0) return fatal(bodyLengthText(bodyBytes), stream);
    const problem = this.problem(header, payload[0] as number);
    if (problem !== null) return fatal(problem, stream);
    if (!this.acceptsLarge) return fatal(notReadyText(header), stream);
    const tooLarge = bodyBytes > this.options.maxMessageBytes;
    const body = tooLarge ? null : new BodyWriter();
    this.large = { header, body, left: FRAME_HEADER_BYTES + bodyBytes };
    return this.continueLarge(payload);
  }

  private continueLarge(payload: Buffer): EnvelopeEvent | null {
    const { large } = this;
    if (large === null) return null;
    const { header, body } = large;
    if (payload.length > large.left) return fatal(bodyLengthText(header.bodyBytes), header.stream);
    large.left -= payload.length;
    if (body !== null) body.raw(payload);
    if (large.left > 0) return null;
    this.large = null;
    if (body !== null) return frameEvent(header, body.written().subarray(FRAME_HEADER_BYTES));
    const { maxMessageBytes } = this.options;
    return {
      kind: 'refusal',
      code: 'INVALID',
      message:
        `CQL Message of size ${header.bodyBytes} bytes exceeds allowed maximum of ` +
        `${maxMessageBytes} bytes`,
      stream: header.stream,
      fatal: false,
    };
  }

  private problem(header: EnvelopeHeader, firstByte: number): string | null {
    const { version, flags, opcode } = header;
    if (!isSupportedVersion(version)) return unsupportedVersionText(version);
    if (version === 6 && (flags & FLAG_USE_BETA) === 0) return betaVersionText(version);
    const opcodeProblem = requestOpcodeProblem(opcode, (firstByte & 0x80) !== 0);
    if (opcodeProblem !== null) return opcodeProblem;
    if (version === this.options.version) return null;
    // The missing blank is Cassandra's.
    return (
      `Invalid message version. Got ${versionName(version)} but previousmessages ` +
      `on this connection had version ${versionName(this.options.version)}`
    );
  }

  private corruption(event: Extract<SegmentEvent, { kind: 'corrupt' }>): EnvelopeEvent {
    return fatal(
      `${this.options.connectionId} invalid, unrecoverable CRC mismatch detected in frame ` +
        `${event.where}. Read ${event.read}, Computed ${event.computed}`,
      0,
    );
  }
}

const NO_BYTES = Buffer.alloc(0);
const TRUNCATED = 'Undersized buffer supplied: a segment ends within an envelope header';

function readHeader(bytes: Buffer, offset: number): EnvelopeHeader {
  return {
    version: (bytes[offset] as number) & 0x7f,
    flags: bytes[offset + 1] as number,
    stream: bytes.readInt16BE(offset + 2),
    opcode: bytes[offset + 4] as number,
    bodyBytes: bytes.readInt32BE(offset + 5),
  };
}

function frameEvent(header: EnvelopeHeader, body: Buffer): EnvelopeEvent {
  const { flags, stream, opcode } = header;
  const version = header.version as ProtocolVersion;
  return { kind: 'frame', frame: { version, flags, stream, opcode, body } };
}

function bodyLengthText(bodyBytes: number): string {
  return `Invalid value for envelope header body length field: ${bodyBytes}`;
}

/** The missing blank is Cassandra's. */
function notReadyText(header: EnvelopeHeader): string {
  return (
    'The connection is not yet in a valid state to process multi frame CQL Messages, usually ' +
    'thismeans that authentication is still pending. ' +
    `type = ${opcodeName(header.opcode)}, size = ${header.bodyBytes}`
  );
}

function refusal(message: string, stream: number): EnvelopeRefusal {
  return { kind: 'refusal', code: 'PROTOCOL_ERROR', message, stream, fatal: false };
}

function fatal(message: string, stream: number): EnvelopeRefusal {
  return { kind: 'refusal', code: 'PROTOCOL_ERROR', message, stream, fatal: true };
}
