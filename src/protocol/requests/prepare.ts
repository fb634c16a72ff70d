// PREPARE: a statement to be executed later by its id. Cassandra:
// transport/messages/PrepareMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { RequestHeader } from './request.ts';

const WITH_KEYSPACE = 0x01;

export interface PrepareRequest extends RequestHeader {
  readonly kind: 'prepare';
  readonly query: string;
  /** Keyspace of unqualified names (version 5); null: the connection's. */
  readonly keyspace: string | null;
}

export function decodePrepare(
  reader: BodyReader,
  version: ProtocolVersion,
  header: RequestHeader,
): PrepareRequest {
  const query = reader.longString();
  const flags = version >= 5 ? reader.int() : 0;
  return {
    kind: 'prepare',
    tracing: header.tracing,
    customPayload: header.customPayload,
    query,
    keyspace: (flags & WITH_KEYSPACE) === 0 ? null : reader.string(),
  };
}

export function encodePrepare(
  writer: BodyWriter,
  request: PrepareRequest,
  version: ProtocolVersion,
): void {
  writer.longString(request.query);
  if (version < 5) return;
  writer.int(request.keyspace === null ? 0 : WITH_KEYSPACE);
  if (request.keyspace !== null) writer.string(request.keyspace);
}
