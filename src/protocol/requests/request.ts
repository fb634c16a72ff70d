// Every request as one closed union, and the table from opcode to its codec. A request's body is
// [custom payload] message. Test: test/protocol/requests.test.ts

import { unreachable } from '../../base/assert.ts';
import { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { Frame } from '../frame.ts';
import {
  beginFrame,
  endFrame,
  FLAG_CUSTOM_PAYLOAD,
  FLAG_TRACING,
  FLAG_USE_BETA,
} from '../frame.ts';
import { OPCODES, opcodeName } from '../opcode.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { AuthResponseRequest } from './auth-response.ts';
import { decodeAuthResponse, encodeAuthResponse } from './auth-response.ts';
import type { BatchRequest } from './batch.ts';
import { decodeBatch, encodeBatch } from './batch.ts';
import type { ExecuteRequest } from './execute.ts';
import { decodeExecute, encodeExecute } from './execute.ts';
import type { OptionsRequest } from './options.ts';
import { decodeOptions, encodeOptions } from './options.ts';
import type { PrepareRequest } from './prepare.ts';
import { decodePrepare, encodePrepare } from './prepare.ts';
import type { QueryRequest } from './query.ts';
import { decodeQuery, encodeQuery } from './query.ts';
import type { RegisterRequest } from './register.ts';
import { decodeRegister, encodeRegister } from './register.ts';
import type { StartupRequest } from './startup.ts';
import { decodeStartup, encodeStartup } from './startup.ts';

/** What the frame's header and prefix say about a statement. */
export interface RequestHeader {
  /** The client wants a tracing session and its id in the response. */
  readonly tracing: boolean;
  /** Ignored by the server; null: none was sent. */
  readonly customPayload: ReadonlyMap<string, Buffer | null> | null;
}

export const PLAIN_HEADER: RequestHeader = Object.freeze({ tracing: false, customPayload: null });

/** The requests that the node executes; the others are the connection's own business. */
export type ClientRequest = QueryRequest | PrepareRequest | ExecuteRequest | BatchRequest;

export type RequestMessage =
  | ClientRequest
  | StartupRequest
  | OptionsRequest
  | AuthResponseRequest
  | RegisterRequest;

/** Decodes a request. Throws CqlException PROTOCOL_ERROR on malformed or impossible bodies. */
export function decodeRequest(frame: Frame): RequestMessage {
  const { version, flags, opcode } = frame;
  const reader = new BodyReader(frame.body);
  const header = flags === 0 ? PLAIN_HEADER : decodeHeader(reader, version, flags);
  switch (opcode) {
    case OPCODES.EXECUTE:
      return decodeExecute(reader, version, header);
    case OPCODES.QUERY:
      return decodeQuery(reader, version, header);
    case OPCODES.PREPARE:
      return decodePrepare(reader, version, header);
    case OPCODES.BATCH:
      return decodeBatch(reader, version, header);
    case OPCODES.STARTUP:
      return decodeStartup(reader);
    case OPCODES.OPTIONS:
      return decodeOptions();
    case OPCODES.AUTH_RESPONSE:
      return decodeAuthResponse(reader);
    case OPCODES.REGISTER:
      return decodeRegister(reader, version);
    case OPCODES.CREDENTIALS:
      throw protocolError('Unsupported message');
    default:
      throw protocolError(`Unexpected RESPONSE message ${opcodeName(opcode)}, expecting REQUEST`);
  }
}

function decodeHeader(reader: BodyReader, version: ProtocolVersion, flags: number): RequestHeader {
  const tracing = (flags & FLAG_TRACING) !== 0;
  if ((flags & FLAG_CUSTOM_PAYLOAD) === 0) return { tracing, customPayload: null };
  if (version < 4) {
    throw protocolError('Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4');
  }
  return { tracing, customPayload: reader.bytesMap() };
}

/** Appends a whole request frame (an envelope, in version 5), uncompressed. */
export function encodeRequest(
  writer: BodyWriter,
  request: RequestMessage,
  to: { readonly version: ProtocolVersion; readonly stream: number },
): void {
  const { version, stream } = to;
  let flags = version === 6 ? FLAG_USE_BETA : 0;
  const payload = 'customPayload' in request ? request.customPayload : null;
  if ('tracing' in request && request.tracing) flags |= FLAG_TRACING;
  if (payload !== null) flags |= FLAG_CUSTOM_PAYLOAD;
  const opcode = OPCODE_OF[request.kind];
  const start = beginFrame(writer, { version, flags, stream, opcode, isResponse: false });
  if (payload !== null) writer.bytesMap(payload);
  encodeRequestBody(writer, request, version);
  endFrame(writer, start);
}

const OPCODE_OF: Readonly<Record<RequestMessage['kind'], number>> = {
  startup: OPCODES.STARTUP,
  options: OPCODES.OPTIONS,
  query: OPCODES.QUERY,
  prepare: OPCODES.PREPARE,
  execute: OPCODES.EXECUTE,
  batch: OPCODES.BATCH,
  register: OPCODES.REGISTER,
  'auth-response': OPCODES.AUTH_RESPONSE,
};

function encodeRequestBody(
  writer: BodyWriter,
  request: RequestMessage,
  version: ProtocolVersion,
): void {
  switch (request.kind) {
    case 'execute':
      return encodeExecute(writer, request, version);
    case 'query':
      return encodeQuery(writer, request, version);
    case 'prepare':
      return encodePrepare(writer, request, version);
    case 'batch':
      return encodeBatch(writer, request, version);
    case 'startup':
      return encodeStartup(writer, request);
    case 'options':
      return encodeOptions();
    case 'register':
      return encodeRegister(writer, request);
    case 'auth-response':
      return encodeAuthResponse(writer, request);
    default:
      return unreachable(request);
  }
}
