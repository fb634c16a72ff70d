// EXECUTE: a prepared statement with its values. The hot message: its values are slices of the
// frame. Cassandra: transport/messages/ExecuteMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { decodeQueryParameters, encodeQueryParameters } from '../query-parameters.ts';
import type { RequestHeader } from './request.ts';

export interface ExecuteRequest extends RequestHeader {
  readonly kind: 'execute';
  readonly id: Buffer;
  /** What the client believes the result's columns to be (version 5); null before. */
  readonly resultMetadataId: Buffer | null;
  readonly parameters: QueryParameters;
}

export function decodeExecute(
  reader: BodyReader,
  version: ProtocolVersion,
  header: RequestHeader,
): ExecuteRequest {
  return {
    kind: 'execute',
    tracing: header.tracing,
    customPayload: header.customPayload,
    id: reader.shortBytes(),
    resultMetadataId: version >= 5 ? reader.shortBytes() : null,
    parameters: decodeQueryParameters(reader, version),
  };
}

const NO_ID = Buffer.alloc(0);

export function encodeExecute(
  writer: BodyWriter,
  request: ExecuteRequest,
  version: ProtocolVersion,
): void {
  writer.shortBytes(request.id);
  if (version >= 5) writer.shortBytes(request.resultMetadataId ?? NO_ID);
  encodeQueryParameters(writer, request.parameters, version);
}
