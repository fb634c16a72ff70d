// Every response as one closed union, and the table from kind to codec. A response's body is
// [tracing id] [warnings] [custom payload] message. Test: test/protocol/responses.test.ts

import { unreachable } from '../../base/assert.ts';
import { BodyReader } from '../body-reader.ts';
import { BodyWriter } from '../body-writer.ts';
import type { BodyCompressor } from '../compression.ts';
import type { Frame } from '../frame.ts';
import {
  beginFrame,
  endFrame,
  FLAG_COMPRESSED,
  FLAG_CUSTOM_PAYLOAD,
  FLAG_TRACING,
  FLAG_USE_BETA,
  FLAG_WARNING,
  FRAME_HEADER_BYTES,
} from '../frame.ts';
import { OPCODES } from '../opcode.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { AuthChallengeResponse } from './auth-challenge.ts';
import { decodeAuthChallenge, encodeAuthChallenge } from './auth-challenge.ts';
import type { AuthSuccessResponse } from './auth-success.ts';
import { decodeAuthSuccess, encodeAuthSuccess } from './auth-success.ts';
import type { AuthenticateResponse } from './authenticate.ts';
import { decodeAuthenticate, encodeAuthenticate } from './authenticate.ts';
import type { ErrorResponse } from './error.ts';
import { decodeError, encodeError } from './error.ts';
import type { EventResponse } from './event.ts';
import { decodeEvent, encodeEvent } from './event.ts';
import type { ReadyResponse } from './ready.ts';
import { decodeReady, encodeReady } from './ready.ts';
import type { ResultResponse } from './result.ts';
import { decodeResult, encodeResult } from './result.ts';
import type { SupportedResponse } from './supported.ts';
import { decodeSupported, encodeSupported } from './supported.ts';

export type ResponseMessage =
  | ErrorResponse
  | ReadyResponse
  | AuthenticateResponse
  | SupportedResponse
  | ResultResponse
  | EventResponse
  | AuthChallengeResponse
  | AuthSuccessResponse;

/** What a node answers to a statement. */
export type StatementResponse = ErrorResponse | ResultResponse;

/** The optional prefixes of a response. */
export interface ResponseExtras {
  /** Warnings for the client; not sent in version 3. */
  readonly warnings?: readonly string[];
  /** Session id, 16 bytes, if the client asked for tracing. */
  readonly tracingId?: Buffer | null;
  readonly customPayload?: ReadonlyMap<string, Buffer | null> | null;
}

const NO_EXTRAS: ResponseExtras = Object.freeze({});

const OPCODE_OF: Readonly<Record<ResponseMessage['kind'], number>> = {
  error: OPCODES.ERROR,
  ready: OPCODES.READY,
  authenticate: OPCODES.AUTHENTICATE,
  supported: OPCODES.SUPPORTED,
  event: OPCODES.EVENT,
  void: OPCODES.RESULT,
  rows: OPCODES.RESULT,
  'set-keyspace': OPCODES.RESULT,
  prepared: OPCODES.RESULT,
  'schema-change': OPCODES.RESULT,
  'auth-challenge': OPCODES.AUTH_CHALLENGE,
  'auth-success': OPCODES.AUTH_SUCCESS,
};

export interface ResponseTarget {
  readonly version: ProtocolVersion;
  readonly stream: number;
  readonly extras?: ResponseExtras;
  /** Versions 3 and 4 only; null: not negotiated. */
  readonly compressor?: BodyCompressor | null;
}

/** Appends a whole response frame (an envelope, in version 5). */
export function encodeResponse(
  writer: BodyWriter,
  response: ResponseMessage,
  target: ResponseTarget,
): void {
  const { version, stream, extras = NO_EXTRAS, compressor = null } = target;
  let flags = version === 6 ? FLAG_USE_BETA : 0;
  if (extras !== NO_EXTRAS) flags |= extraFlags(extras, version);
  const opcode = OPCODE_OF[response.kind];
  const start = beginFrame(writer, { version, flags, stream, opcode, isResponse: true });
  if (extras !== NO_EXTRAS) encodeExtras(writer, extras, flags);
  encodeBody(writer, response, version);
  if (compressor !== null) compressBody(writer, start, compressor);
  endFrame(writer, start);
}

function extraFlags(extras: ResponseExtras, version: ProtocolVersion): number {
  const { warnings, tracingId, customPayload } = extras;
  let flags = tracingId === undefined || tracingId === null ? 0 : FLAG_TRACING;
  if (version < 4) return flags;
  if (warnings !== undefined && warnings.length > 0) flags |= FLAG_WARNING;
  if (customPayload !== undefined && customPayload !== null) flags |= FLAG_CUSTOM_PAYLOAD;
  return flags;
}

function encodeExtras(writer: BodyWriter, extras: ResponseExtras, flags: number): void {
  const { warnings = [], tracingId = null, customPayload = null } = extras;
  if (tracingId !== null) writer.uuid(tracingId);
  if ((flags & FLAG_WARNING) !== 0) writer.stringList(warnings);
  if ((flags & FLAG_CUSTOM_PAYLOAD) !== 0 && customPayload !== null) writer.bytesMap(customPayload);
}

function compressBody(writer: BodyWriter, start: number, compressor: BodyCompressor): void {
  const bodyStart = start + FRAME_HEADER_BYTES;
  const body = Buffer.from(writer.bytes.subarray(bodyStart, writer.length));
  writer.length = bodyStart;
  writer.raw(compressor.compress(body));
  writer.bytes[start + 1] = (writer.bytes[start + 1] as number) | FLAG_COMPRESSED;
}

function encodeBody(writer: BodyWriter, response: ResponseMessage, version: ProtocolVersion): void {
  switch (response.kind) {
    case 'void':
    case 'rows':
    case 'set-keyspace':
    case 'prepared':
    case 'schema-change':
      return encodeResult(writer, response, version);
    case 'error':
      return encodeError(writer, response, version);
    case 'ready':
      return encodeReady();
    case 'authenticate':
      return encodeAuthenticate(writer, response);
    case 'supported':
      return encodeSupported(writer, response);
    case 'event':
      return encodeEvent(writer, response, version);
    case 'auth-challenge':
      return encodeAuthChallenge(writer, response);
    case 'auth-success':
      return encodeAuthSuccess(writer, response);
    default:
      return unreachable(response);
  }
}

/**
 * The body of a PROTOCOL_ERROR or INVALID error, which is the same in every version, also in 1 and
 * 2.
 */
export function plainErrorBody(error: ErrorResponse): Buffer {
  const writer = new BodyWriter();
  encodeError(writer, error, 5);
  return Buffer.from(writer.written());
}

export interface DecodedResponse {
  readonly response: ResponseMessage;
  readonly extras: ResponseExtras;
}

/** Decodes a response, as a client does. The frame's body must be uncompressed. */
export function decodeResponse(frame: Frame): DecodedResponse {
  const { version, flags } = frame;
  const reader = new BodyReader(frame.body);
  const tracingId = (flags & FLAG_TRACING) === 0 ? null : reader.uuid();
  const warnings = (flags & FLAG_WARNING) === 0 ? [] : reader.stringList();
  const customPayload = (flags & FLAG_CUSTOM_PAYLOAD) === 0 ? null : reader.bytesMap();
  const extras = { tracingId, warnings, customPayload };
  return { response: decodeBody(reader, frame.opcode, version), extras };
}

function decodeBody(reader: BodyReader, opcode: number, version: ProtocolVersion): ResponseMessage {
  switch (opcode) {
    case OPCODES.RESULT:
      return decodeResult(reader, version);
    case OPCODES.ERROR:
      return decodeError(reader, version);
    case OPCODES.READY:
      return decodeReady();
    case OPCODES.AUTHENTICATE:
      return decodeAuthenticate(reader);
    case OPCODES.SUPPORTED:
      return decodeSupported(reader);
    case OPCODES.EVENT:
      return decodeEvent(reader);
    case OPCODES.AUTH_CHALLENGE:
      return decodeAuthChallenge(reader);
    case OPCODES.AUTH_SUCCESS:
      return decodeAuthSuccess(reader);
    default:
      throw protocolError(`Unknown opcode ${opcode}`);
  }
}
