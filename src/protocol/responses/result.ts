// RESULT: the five kinds of answers to a statement. Cassandra:
// transport/messages/ResultMessage.java.

import { unreachable } from '../../base/assert.ts';
import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { PreparedResult } from './prepared.ts';
import { decodePrepared, encodePrepared } from './prepared.ts';
import type { RowsResult } from './rows.ts';
import { decodeRows, encodeRows } from './rows.ts';
import type { SchemaChange } from './schema-change.ts';
import { decodeSchemaChange, encodeSchemaChange } from './schema-change.ts';

export interface VoidResult {
  readonly kind: 'void';
}
/** The answer to USE. */
export interface SetKeyspaceResult {
  readonly kind: 'set-keyspace';
  readonly keyspace: string;
}
export interface SchemaChangeResult {
  readonly kind: 'schema-change';
  readonly change: SchemaChange;
}

export type ResultResponse =
  | VoidResult
  | RowsResult
  | SetKeyspaceResult
  | PreparedResult
  | SchemaChangeResult;

export const VOID: VoidResult = Object.freeze({ kind: 'void' });

const RESULT_KINDS = {
  void: 1,
  rows: 2,
  'set-keyspace': 3,
  prepared: 4,
  'schema-change': 5,
} as const satisfies Record<ResultResponse['kind'], number>;

export function encodeResult(
  writer: BodyWriter,
  result: ResultResponse,
  version: ProtocolVersion,
): void {
  writer.int(RESULT_KINDS[result.kind]);
  switch (result.kind) {
    case 'void':
      return;
    case 'rows':
      return encodeRows(writer, result, version);
    case 'set-keyspace':
      return writer.string(result.keyspace);
    case 'prepared':
      return encodePrepared(writer, result, version);
    case 'schema-change':
      return encodeSchemaChange(writer, result.change, version);
    default:
      return unreachable(result);
  }
}

export function decodeResult(reader: BodyReader, version: ProtocolVersion): ResultResponse {
  const kind = reader.int();
  switch (kind) {
    case RESULT_KINDS.void:
      return VOID;
    case RESULT_KINDS.rows:
      return decodeRows(reader);
    case RESULT_KINDS['set-keyspace']:
      return { kind: 'set-keyspace', keyspace: reader.string() };
    case RESULT_KINDS.prepared:
      return decodePrepared(reader, version);
    case RESULT_KINDS['schema-change']:
      return { kind: 'schema-change', change: decodeSchemaChange(reader) };
    default:
      throw protocolError(`Unknown kind id ${kind} in RESULT message`);
  }
}
