// The machine of one client connection: bytes in by `receive`, events out by `next`, one at a time;
// answers in by `reply`, bytes out by `takeOutput`. It knows versions, framing, compression and the
// three stages; it owns no socket, no timer and no node. Cassandra:
// transport/InitialConnectionHandler, PreV5Handlers, CQLMessageHandler, ServerConnection. Test:
// test/server/connection.test.ts
//
//   ESTABLISHED     STARTUP -> READY or AUTHENTICATING    OPTIONS    others: error and close
//   AUTHENTICATING  AUTH_RESPONSE -> READY on success                others: error
//   READY           everything but STARTUP

import type { CqlError } from '../data/cql-error.ts';
import { CqlException } from '../data/cql-error.ts';
import { BodyWriter } from '../protocol/body-writer.ts';
import { ByteQueue } from '../protocol/byte-queue.ts';
import type { ClientState } from '../protocol/client-state.ts';
import type { BodyCompressor, CompressionCodecs, Lz4Codec } from '../protocol/compression.ts';
import type { Frame } from '../protocol/frame.ts';
import {
  encodeAncientFrame,
  EVENT_STREAM,
  FLAG_COMPRESSED,
  FRAME_HEADER_BYTES,
} from '../protocol/frame.ts';
import type { FrameRefusal } from '../protocol/frame-decoder.ts';
import { FrameDecoder } from '../protocol/frame-decoder.ts';
import { OPCODES, opcodeName } from '../protocol/opcode.ts';
import type { ProtocolVersion } from '../protocol/protocol-version.ts';
import { CURRENT_VERSION, versionName } from '../protocol/protocol-version.ts';
import type { EventType } from '../protocol/requests/register.ts';
import type { ClientRequest, RequestMessage } from '../protocol/requests/request.ts';
import { decodeRequest } from '../protocol/requests/request.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import type { ResponseExtras, ResponseMessage } from '../protocol/responses/response.ts';
import { encodeResponse, plainErrorBody } from '../protocol/responses/response.ts';
import { READY } from '../protocol/responses/ready.ts';
import type { SupportedResponse } from '../protocol/responses/supported.ts';
import { SegmentWriter } from '../protocol/segment.ts';
import type { EnvelopeRefusal } from '../protocol/segmented-frame-decoder.ts';
import { SegmentedFrameDecoder } from '../protocol/segmented-frame-decoder.ts';
import type { AuthResult, StartupResult } from './node-port.ts';
import { negotiate } from './startup-negotiation.ts';

export type ConnectionEvent =
  /** Ask the node, then call `answerStartup` before the next `next`. */
  | { readonly kind: 'startup'; readonly stream: number }
  /** Ask the node, then call `answerAuthentication`. */
  | { readonly kind: 'auth-response'; readonly stream: number; readonly token: Buffer | null }
  /** Ask the node, then `reply`. `bytes` is the size of the frame. */
  | {
      readonly kind: 'statement';
      readonly stream: number;
      readonly request: ClientRequest;
      readonly bytes: number;
    }
  /** The machine has answered by itself. */
  | { readonly kind: 'replied' }
  /** The machine has answered by itself: send the output, then close. */
  | { readonly kind: 'close' };

export interface ConnectionOptions {
  /** native_transport_max_frame_size: bytes of a version 3 or 4 frame, header included. */
  readonly maxFrameBytes: number;
  /**
   * native_transport_max_message_size: bytes of a version 5 body that comes in several segments.
   */
  readonly maxMessageBytes: number;
  /** native_transport_allow_older_protocols */
  readonly allowOlderProtocols: boolean;
  /** consecutive_message_errors_threshold: bad messages in a row that version 5 survives. */
  readonly consecutiveErrorsMax: number;
  readonly codecs: CompressionCodecs;
  readonly supported: SupportedResponse;
  /** Lends a buffer for output; the taker of the output may give it to the next connection. */
  readonly lendBuffer: () => Buffer;
}

const NO_BYTES = Buffer.alloc(0);
const REPLIED: ConnectionEvent = { kind: 'replied' };
const CLOSE: ConnectionEvent = { kind: 'close' };

export class Connection {
  readonly state: ClientState;
  private readonly options: ConnectionOptions;
  private readonly queue = new ByteQueue();
  private frames: FrameDecoder | null;
  private segmented: SegmentedFrameDecoder | null = null;
  private readonly output = new BodyWriter();
  private segmentWriter: SegmentWriter | null = null;
  private compressor: BodyCompressor | null = null;
  private lz4: Lz4Codec | null = null;
  /** The version of the accepted STARTUP. */
  private version: ProtocolVersion | null = null;
  private authenticates = false;
  private wedged: FrameRefusal | null = null;
  private consecutiveErrors = 0;
  private closed = false;
  private events: ReadonlySet<EventType> | null = null;

  constructor(state: ClientState, options: ConnectionOptions) {
    this.state = state;
    this.options = options;
    const { maxFrameBytes, allowOlderProtocols } = options;
    this.frames = new FrameDecoder(this.queue, { maxFrameBytes, allowOlderProtocols });
  }

  /** THROW_ON_OVERLOAD: this client wants an error rather than to be slowed down. */
  get throwsOnOverload(): boolean {
    return this.state.options.get('THROW_ON_OVERLOAD') === '1';
  }

  /** Bytes written and not taken. */
  get outputBytes(): number {
    return this.output.length;
  }

  /** Received bytes not yet consumed. */
  get inputBytes(): number {
    return this.queue.length;
  }

  receive(chunk: Buffer): void {
    if (!this.closed) this.queue.push(chunk);
  }

  /** The next event, or null until more bytes come. Nothing comes after `close`. */
  next(): ConnectionEvent | null {
    if (this.closed) return null;
    if (this.segmented !== null) return this.nextSegmented(this.segmented);
    if (this.frames === null) return null;
    const event = this.frames.next();
    if (event === null) return null;
    if (this.wedged !== null) return this.refuseFrame(this.wedged);
    if (event.kind === 'refusal') {
      if (event.wedges) this.wedged = event;
      return this.refuseFrame(event);
    }
    const { frame } = event;
    if (this.version === null) return this.onFirstFrame(frame);
    if (frame.version !== this.version) {
      const got = versionName(frame.version);
      const had = versionName(this.version);
      return this.protocolError(
        frame,
        `Invalid message version. Got ${got} but previous messages on this connection had version ${had}`,
      );
    }
    return this.onFrame(frame);
  }

  /** Answers the STARTUP of the last event. */
  answerStartup(stream: number, result: StartupResult): void {
    const version = this.version ?? CURRENT_VERSION;
    switch (result.kind) {
      case 'error':
        this.version = null;
        this.compressor = null;
        this.lz4 = null;
        return this.write(stream, result, version);
      case 'authenticate':
        this.authenticates = true;
        this.state.stage = 'AUTHENTICATING';
        this.write(stream, result, version);
        break;
      default:
        this.state.stage = 'READY';
        this.write(stream, READY, version);
    }
    if (version >= 5) this.startSegments(version);
  }

  /** Answers an AUTH_RESPONSE. A refused client may try again. */
  answerAuthentication(stream: number, result: AuthResult): void {
    switch (result.kind) {
      case 'success':
        this.state.stage = 'READY';
        if (this.segmented !== null) this.segmented.acceptsLarge = true;
        return this.reply(stream, { kind: 'auth-success', token: result.token });
      case 'challenge':
        return this.reply(stream, { kind: 'auth-challenge', token: result.token });
      default:
        return this.reply(stream, result);
    }
  }

  reply(stream: number, response: ResponseMessage, extras?: ResponseExtras): void {
    this.write(stream, response, this.version ?? CURRENT_VERSION, extras);
  }

  /** Pushes an event if this client registered for its type; returns whether. */
  pushEvent(event: ClientEvent): boolean {
    if (this.closed || this.events === null || !this.events.has(event.type)) return false;
    this.reply(EVENT_STREAM, { kind: 'event', event });
    return true;
  }

  /**
   * The bytes to send and the buffer that holds them; null: none. The machine lets go of the
   * buffer.
   */
  takeOutput(): { readonly bytes: Buffer; readonly buffer: Buffer } | null {
    const { output } = this;
    if (output.length === 0) return null;
    this.segmentWriter?.seal();
    const taken = { bytes: output.written(), buffer: output.bytes };
    output.bytes = NO_BYTES;
    output.length = 0;
    return taken;
  }

  private onFirstFrame(frame: Frame): ConnectionEvent {
    const { stream, version, opcode } = frame;
    if (opcode === OPCODES.OPTIONS) {
      this.write(stream, this.options.supported, version);
      return REPLIED;
    }
    if (opcode !== OPCODES.STARTUP) {
      const name = opcodeName(opcode);
      this.protocolError(frame, `Unexpected message ${name}, expecting STARTUP or OPTIONS`);
      return this.close();
    }
    const request = this.decode(frame);
    if ('error' in request) return this.protocolError(frame, request.error.message);
    if (request.kind !== 'startup') return REPLIED;
    const negotiated = negotiate(request.options, version, this.options.codecs);
    if (negotiated.kind === 'refused') return this.protocolError(frame, negotiated.message);
    this.compressor = negotiated.compressor;
    this.lz4 = negotiated.lz4;
    const { state } = this;
    this.version = version;
    state.protocolVersion = version;
    state.options = request.options;
    state.driverName = request.options.get('DRIVER_NAME') ?? null;
    state.driverVersion = request.options.get('DRIVER_VERSION') ?? null;
    return { kind: 'startup', stream };
  }

  private startSegments(version: ProtocolVersion): void {
    this.segmentWriter = new SegmentWriter(this.output, this.lz4);
    this.segmented = new SegmentedFrameDecoder(this.queue, {
      version,
      lz4: this.lz4,
      maxMessageBytes: this.options.maxMessageBytes,
      connectionId: this.state.id.toString(16).padStart(8, '0'),
    });
    this.segmented.acceptsLarge = !this.authenticates;
    this.frames = null;
  }

  private nextSegmented(decoder: SegmentedFrameDecoder): ConnectionEvent | null {
    const event = decoder.next();
    if (event === null) return null;
    return event.kind === 'frame' ? this.onFrame(event.frame) : this.refuseEnvelope(event);
  }

  /** A whole message of the connection's own version. */
  private onFrame(frame: Frame): ConnectionEvent {
    const request = this.decode(frame);
    if ('error' in request) return this.onBadMessage(frame.stream, request.error);
    this.consecutiveErrors = 0;
    const { stream } = frame;
    const problem = this.stageProblem(request, frame.opcode);
    if (problem !== null) return this.protocolError(frame, problem);
    switch (request.kind) {
      case 'options':
        this.reply(stream, this.options.supported);
        return REPLIED;
      case 'register':
        this.events = new Set([...(this.events ?? []), ...request.eventTypes]);
        this.reply(stream, READY);
        return REPLIED;
      case 'auth-response':
        if (this.authenticates) return { kind: 'auth-response', stream, token: request.token };
        this.reply(stream, { kind: 'auth-success', token: null });
        return REPLIED;
      case 'startup':
        return REPLIED;
      default:
        this.state.requestCount++;
        return {
          kind: 'statement',
          stream,
          request,
          bytes: FRAME_HEADER_BYTES + frame.body.length,
        };
    }
  }

  private stageProblem(request: RequestMessage, opcode: number): string | null {
    if (this.state.stage === 'AUTHENTICATING') {
      if (request.kind === 'auth-response') return null;
      return `Unexpected message ${opcodeName(opcode)}, expecting SASL_RESPONSE`;
    }
    if (request.kind === 'startup') {
      return 'Unexpected message STARTUP, the connection is already initialized';
    }
    const pages = request.kind === 'query' || request.kind === 'execute';
    return pages && request.parameters.pageSize === 0 ? 'The page size cannot be 0' : null;
  }

  private decode(frame: Frame): RequestMessage | { readonly error: CqlError } {
    try {
      return decodeRequest(this.uncompressed(frame));
    } catch (error) {
      if (error instanceof CqlException) return { error: error.error };
      throw error;
    }
  }

  private uncompressed(frame: Frame): Frame {
    const { compressor } = this;
    if (compressor === null || (frame.flags & FLAG_COMPRESSED) === 0) {
      if ((frame.flags & FLAG_COMPRESSED) === 0) return frame;
      return { ...frame, flags: frame.flags & ~FLAG_COMPRESSED };
    }
    const body = compressor.uncompress(frame.body, this.options.maxFrameBytes);
    return { ...frame, flags: frame.flags & ~FLAG_COMPRESSED, body };
  }

  /** Version 5 gives up after too many bad messages in a row; older versions go on. */
  private onBadMessage(stream: number, error: CqlError): ConnectionEvent {
    this.reply(stream, { kind: 'error', error });
    if (this.segmented === null) return REPLIED;
    this.consecutiveErrors++;
    return this.consecutiveErrors > this.options.consecutiveErrorsMax ? this.close() : REPLIED;
  }

  private refuseEnvelope(refusal: EnvelopeRefusal): ConnectionEvent {
    const { code, message, stream } = refusal;
    const error: CqlError = { code, message };
    if (refusal.fatal) {
      this.reply(stream, { kind: 'error', error });
      return this.close();
    }
    if (code === 'PROTOCOL_ERROR') return this.onBadMessage(stream, error);
    this.reply(stream, { kind: 'error', error });
    return REPLIED;
  }

  private refuseFrame(refusal: FrameRefusal): ConnectionEvent {
    const { code, message, stream, answerIn } = refusal;
    const error = { kind: 'error', error: { code, message } } as const;
    if (answerIn === 1 || answerIn === 2) {
      const header = {
        version: answerIn,
        flags: 0,
        stream,
        opcode: OPCODES.ERROR,
        isResponse: true,
      };
      this.borrowBuffer();
      this.output.raw(encodeAncientFrame(header, plainErrorBody(error)));
      return REPLIED;
    }
    const version = answerIn === 6 ? 6 : (this.version ?? CURRENT_VERSION);
    this.write(stream, error, version);
    return REPLIED;
  }

  private protocolError(frame: Frame, message: string): ConnectionEvent {
    const version = this.version ?? frame.version;
    this.write(
      frame.stream,
      { kind: 'error', error: { code: 'PROTOCOL_ERROR', message } },
      version,
    );
    return REPLIED;
  }

  private close(): ConnectionEvent {
    this.closed = true;
    this.queue.clear();
    return CLOSE;
  }

  private write(
    stream: number,
    response: ResponseMessage,
    version: ProtocolVersion,
    extras?: ResponseExtras,
  ): void {
    this.borrowBuffer();
    const { output, segmentWriter, compressor } = this;
    if (segmentWriter === null) {
      encodeResponse(output, response, { version, stream, extras, compressor });
      return;
    }
    const start = segmentWriter.begin();
    encodeResponse(output, response, { version, stream, extras });
    segmentWriter.end(start);
  }

  private borrowBuffer(): void {
    if (this.output.bytes.length === 0) this.output.bytes = this.options.lendBuffer();
  }
}
