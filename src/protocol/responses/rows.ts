// RESULT ROWS: metadata, a row count, and the cells. The hot answer: its size is counted first,
// then it is written once, without a check per cell. Cassandra: cql3/ResultSet.java. Test:
// test/protocol/rows.test.ts

import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import type { ResultMetadata } from './result-metadata.ts';
import {
  decodeResultMetadata,
  encodeResultMetadata,
  resultMetadataBytes,
} from './result-metadata.ts';

export type ResultRow = readonly (Buffer | null)[];

export interface RowsResult {
  readonly kind: 'rows';
  readonly metadata: ResultMetadata;
  /** Each row has one value a column. */
  readonly rows: readonly ResultRow[];
}

export function encodeRows(writer: BodyWriter, result: RowsResult, version: ProtocolVersion): void {
  const { metadata, rows } = result;
  let bytes = resultMetadataBytes(metadata, version) + 4;
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const cell = row[i];
      bytes += cell === null || cell === undefined ? 4 : 4 + cell.length;
    }
  }
  writer.reserve(bytes);
  encodeResultMetadata(writer, metadata, version);
  writer.int(rows.length);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const cell = row[i];
      if (cell === null || cell === undefined) {
        writer.intUnchecked(-1);
      } else {
        writer.intUnchecked(cell.length);
        writer.rawUnchecked(cell);
      }
    }
  }
}

export function decodeRows(reader: BodyReader): RowsResult {
  const metadata = decodeResultMetadata(reader);
  const columns = metadata.columns.length;
  const count = reader.int();
  const cellsBytes = count * columns * 4;
  if (count < 0 || cellsBytes > reader.remaining) throw protocolError(`Invalid row count ${count}`);
  const rows: ResultRow[] = [];
  if (columns === 0) return { kind: 'rows', metadata, rows };
  for (let r = 0; r < count; r++) {
    const row: (Buffer | null)[] = [];
    for (let c = 0; c < columns; c++) row.push(reader.bytesOrNull());
    rows.push(row);
  }
  return { kind: 'rows', metadata, rows };
}
