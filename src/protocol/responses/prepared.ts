// RESULT PREPARED: a statement's id, its bind markers and its result's columns. From the partition
// key indexes drivers compute routing keys. Cassandra: cql3/ResultSet.java (PreparedMetadata).
// Test: test/protocol/responses.test.ts

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { ResultColumn } from './result-metadata.ts';
import {
  decodeColumns,
  decodeResultMetadata,
  encodeColumns,
  encodeResultMetadata,
  GLOBAL_TABLES_SPEC,
} from './result-metadata.ts';

export interface PreparedResult {
  readonly kind: 'prepared';
  readonly id: Buffer;
  /** 16 bytes over the result's columns; sent from version 5 on. */
  readonly resultMetadataId: Buffer;
  readonly bindColumns: readonly ResultColumn[];
  /**
   * Bind markers that form the partition key, in key order; empty when they do not. Not sent in
   * version 3.
   */
  readonly partitionKeyIndexes: readonly number[];
  /** null: the statement has no (fixed) result columns, as all but SELECT. */
  readonly resultColumns: readonly ResultColumn[] | null;
}

const NO_COLUMNS: readonly ResultColumn[] = Object.freeze([]);

export function encodePrepared(
  writer: BodyWriter,
  result: PreparedResult,
  version: ProtocolVersion,
): void {
  const { bindColumns, partitionKeyIndexes, resultColumns } = result;
  writer.shortBytes(result.id);
  if (version >= 5) writer.shortBytes(result.resultMetadataId);
  const { flags, bytes } = encodeColumns(bindColumns, version);
  writer.int(flags);
  writer.int(bindColumns.length);
  if (version >= 4) {
    writer.int(partitionKeyIndexes.length);
    for (const index of partitionKeyIndexes) writer.short(index);
  }
  writer.raw(bytes);
  const columns = resultColumns ?? NO_COLUMNS;
  encodeResultMetadata(writer, { columns, noMetadata: resultColumns === null }, version);
}

const NO_ID = Buffer.alloc(0);

export function decodePrepared(reader: BodyReader, version: ProtocolVersion): PreparedResult {
  const id = reader.shortBytes();
  const resultMetadataId = version >= 5 ? reader.shortBytes() : NO_ID;
  const flags = reader.int();
  const count = reader.int();
  if (count < 0) throw protocolError(`Invalid column count ${count}`);
  const partitionKeyIndexes: number[] = [];
  for (let left = version >= 4 ? reader.int() : 0; left > 0; left--) {
    partitionKeyIndexes.push(reader.short());
  }
  const bindColumns = decodeColumns(reader, count, (flags & GLOBAL_TABLES_SPEC) !== 0);
  const metadata = decodeResultMetadata(reader);
  const resultColumns = metadata.noMetadata === true ? null : metadata.columns;
  return {
    kind: 'prepared',
    id,
    resultMetadataId,
    bindColumns,
    partitionKeyIndexes,
    resultColumns,
  };
}
