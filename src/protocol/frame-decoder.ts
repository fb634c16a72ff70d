// A machine that cuts received bytes into frames: all of versions 3 and 4, and version 5 until its
// STARTUP is answered. Bytes in by `push`, events out by `next`, one at a time, whatever the chunks
// were. The body of a frame that is too large is discarded as it comes, never held. Cassandra:
// transport/Envelope.java (Decoder). Test: test/protocol/frame-decoder.test.ts

import type { ByteQueue } from './byte-queue.ts';
import type { Frame } from './frame.ts';
import { FLAG_USE_BETA, FRAME_HEADER_BYTES } from './frame.ts';
import { requestOpcodeProblem } from './opcode.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import {
  betaVersionText,
  CURRENT_VERSION,
  isSupportedVersion,
  olderVersionText,
  unsupportedVersionText,
} from './protocol-version.ts';

/** A frame that is answered with an error unread. */
export interface FrameRefusal {
  readonly kind: 'refusal';
  readonly code: 'PROTOCOL_ERROR' | 'INVALID';
  readonly message: string;
  readonly stream: number;
  /** The version the client used, if an answer in it makes sense to him; null: the connection's. */
  readonly answerIn: number | null;
  /** Cassandra never gets past this frame: every later one is answered by this same error. */
  readonly wedges: boolean;
}

export type FrameEvent = { readonly kind: 'frame'; readonly frame: Frame } | FrameRefusal;

export interface FrameDecoderOptions {
  /** native_transport_max_frame_size, bytes, header included. */
  readonly maxFrameBytes: number;
  /** native_transport_allow_older_protocols */
  readonly allowOlderProtocols: boolean;
}

const RESPONSE_BIT = 0x80;
const ANCIENT_HEADER_BYTES = 8;

export class FrameDecoder {
  private readonly queue: ByteQueue;
  private readonly options: FrameDecoderOptions;
  private discarding = 0;
  private afterDiscard: FrameRefusal | null = null;

  constructor(queue: ByteQueue, options: FrameDecoderOptions) {
    this.queue = queue;
    this.options = options;
  }

  push(chunk: Buffer): void {
    this.queue.push(chunk);
  }

  /** The next event, or null until more bytes come. */
  next(): FrameEvent | null {
    const { queue } = this;
    if (this.discarding > 0) this.discarding -= queue.skip(this.discarding);
    if (this.discarding > 0) return null;
    if (this.afterDiscard !== null) {
      const refusal = this.afterDiscard;
      this.afterDiscard = null;
      return refusal;
    }
    if (queue.length < FRAME_HEADER_BYTES) return null;
    const first = queue.at(0);
    const version = first & 0x7f;
    const flags = queue.at(1);
    const versionProblem = this.versionProblem(version, flags);
    if (versionProblem !== null) return this.refuseVersion(version, versionProblem);
    const opcode = queue.at(4);
    const bodyBytes = queue.uint32At(5);
    const stream = queue.int16At(2);
    const problem = requestOpcodeProblem(opcode, (first & RESPONSE_BIT) !== 0);
    if (problem !== null) {
      this.discarding = FRAME_HEADER_BYTES + bodyBytes;
      return protocolRefusal(problem, stream, true);
    }
    const totalBytes = FRAME_HEADER_BYTES + bodyBytes;
    if (totalBytes > this.options.maxFrameBytes) return this.discardOversized(totalBytes, stream);
    if (queue.length < totalBytes) return null;
    const body = queue.take(totalBytes, FRAME_HEADER_BYTES);
    return {
      kind: 'frame',
      frame: { version: version as ProtocolVersion, flags, stream, opcode, body },
    };
  }

  private versionProblem(version: number, flags: number): string | null {
    if (!isSupportedVersion(version)) return unsupportedVersionText(version);
    if (version < CURRENT_VERSION && !this.options.allowOlderProtocols) {
      return olderVersionText(version);
    }
    if (version === 6 && (flags & FLAG_USE_BETA) === 0) return betaVersionText(version);
    return null;
  }

  private refuseVersion(version: number, message: string): FrameRefusal {
    const { queue } = this;
    const isAncient = version < 3;
    const stream = isAncient ? (queue.at(2) << 24) >> 24 : queue.int16At(2);
    const isOneOrTwo = version === 1 || version === 2;
    this.discarding = isOneOrTwo
      ? ANCIENT_HEADER_BYTES + queue.uint32At(4)
      : FRAME_HEADER_BYTES + queue.uint32At(5);
    const answerIn = isOneOrTwo || version === 6 ? version : null;
    return { ...protocolRefusal(message, stream, false), answerIn };
  }

  private discardOversized(totalBytes: number, stream: number): FrameEvent | null {
    const limit = this.options.maxFrameBytes;
    this.discarding = totalBytes;
    this.afterDiscard = {
      kind: 'refusal',
      code: 'INVALID',
      message: `Request is too big: length ${totalBytes} exceeds maximum allowed length ${limit}.`,
      stream,
      answerIn: null,
      wedges: false,
    };
    return this.next();
  }
}

function protocolRefusal(message: string, stream: number, wedges: boolean): FrameRefusal {
  return { kind: 'refusal', code: 'PROTOCOL_ERROR', message, stream, answerIn: null, wedges };
}
