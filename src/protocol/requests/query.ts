// QUERY: a statement as text, with its parameters. Cassandra: transport/messages/QueryMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { decodeQueryParameters, encodeQueryParameters } from '../query-parameters.ts';
import type { RequestHeader } from './request.ts';

export interface QueryRequest extends RequestHeader {
  readonly kind: 'query';
  readonly query: string;
  readonly parameters: QueryParameters;
}

export function decodeQuery(
  reader: BodyReader,
  version: ProtocolVersion,
  header: RequestHeader,
): QueryRequest {
  return {
    kind: 'query',
    tracing: header.tracing,
    customPayload: header.customPayload,
    query: reader.longString(),
    parameters: decodeQueryParameters(reader, version),
  };
}

export function encodeQuery(
  writer: BodyWriter,
  request: QueryRequest,
  version: ProtocolVersion,
): void {
  writer.longString(request.query);
  encodeQueryParameters(writer, request.parameters, version);
}
