// BATCH: several statements, by text or by id, applied together. Values go by position only.
// Cassandra: transport/messages/BatchMessage.java.

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import type { BoundValue } from '../bound-value.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { QueryParameters } from '../query-parameters.ts';
import { decodeQueryParameters, encodeQueryParameters } from '../query-parameters.ts';
import type { RequestHeader } from './request.ts';

export const BATCH_TYPES = ['LOGGED', 'UNLOGGED', 'COUNTER'] as const;
export type BatchType = (typeof BATCH_TYPES)[number];

export type BatchEntry =
  | { readonly kind: 'query'; readonly query: string; readonly values: readonly BoundValue[] }
  | { readonly kind: 'prepared'; readonly id: Buffer; readonly values: readonly BoundValue[] };

export interface BatchRequest extends RequestHeader {
  readonly kind: 'batch';
  readonly type: BatchType;
  readonly statements: readonly BatchEntry[];
  /** Its own `values` mean nothing. */
  readonly parameters: QueryParameters;
}

export function decodeBatch(
  reader: BodyReader,
  version: ProtocolVersion,
  header: RequestHeader,
): BatchRequest {
  const typeCode = reader.byte();
  const type = BATCH_TYPES[typeCode];
  if (type === undefined) throw protocolError(`Invalid BATCH message type ${signedByte(typeCode)}`);
  const statements: BatchEntry[] = [];
  for (let left = reader.short(); left > 0; left--) statements.push(decodeEntry(reader, version));
  return {
    kind: 'batch',
    tracing: header.tracing,
    customPayload: header.customPayload,
    type,
    statements,
    parameters: decodeQueryParameters(reader, version),
  };
}

function decodeEntry(reader: BodyReader, version: ProtocolVersion): BatchEntry {
  const kind = reader.byte();
  switch (kind) {
    case 0:
      return { kind: 'query', query: reader.longString(), values: reader.values(version) };
    case 1:
      return { kind: 'prepared', id: reader.shortBytes(), values: reader.values(version) };
    default:
      throw protocolError(
        `Invalid query kind in BATCH messages. Must be 0 or 1 but got ${signedByte(kind)}`,
      );
  }
}

function signedByte(value: number): number {
  return (value << 24) >> 24;
}

export function encodeBatch(
  writer: BodyWriter,
  request: BatchRequest,
  version: ProtocolVersion,
): void {
  writer.byte(BATCH_TYPES.indexOf(request.type));
  writer.short(request.statements.length);
  for (const entry of request.statements) {
    if (entry.kind === 'query') {
      writer.byte(0);
      writer.longString(entry.query);
    } else {
      writer.byte(1);
      writer.shortBytes(entry.id);
    }
    writer.values(entry.values);
  }
  encodeQueryParameters(writer, request.parameters, version);
}
