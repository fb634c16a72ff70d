// The description of a result's columns. Its bytes depend only on the columns and the version and
// are kept beside the column array (by identity), so that a prepared statement describes its result
// once. Cassandra: cql3/ResultSet.java (ResultMetadata). Test: test/protocol/rows.test.ts

import type { CqlType } from '../../data/cql-type.ts';
import type { BodyReader } from '../body-reader.ts';
import { BodyWriter } from '../body-writer.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';
import { decodeTypeOption, encodeTypeOption } from '../type-option.ts';

export const GLOBAL_TABLES_SPEC = 0x01;
const HAS_MORE_PAGES = 0x02;
const NO_METADATA = 0x04;
const METADATA_CHANGED = 0x08;

export interface ResultColumn {
  readonly keyspace: string;
  readonly table: string;
  readonly name: string;
  readonly type: CqlType;
}

export interface ResultMetadata {
  /**
   * Hand over the same array for the same statement: encoded bytes are remembered by its identity.
   */
  readonly columns: readonly ResultColumn[];
  /** Present: there are more pages. */
  readonly pagingState?: Buffer | null;
  /** The client asked to skip the columns; only their number is sent. */
  readonly noMetadata?: boolean;
  /**
   * The columns differ from those the client prepared (version 5): the new id; excludes
   * `noMetadata`.
   */
  readonly changedId?: Buffer | null;
}

/** The encoded columns of one array for one version, without flags and count. */
export interface EncodedColumns {
  /** GLOBAL_TABLES_SPEC or 0. */
  readonly flags: number;
  readonly bytes: Buffer;
}

/** Cache: column array -> version -> bytes. Entries die with their array. */
const encoded = new WeakMap<readonly ResultColumn[], Map<ProtocolVersion, EncodedColumns>>();

/**
 * The names and types of columns as every kind of metadata lists them; remembered by the array's
 * identity.
 */
export function encodeColumns(
  columns: readonly ResultColumn[],
  version: ProtocolVersion,
): EncodedColumns {
  let byVersion = encoded.get(columns);
  if (byVersion === undefined) {
    byVersion = new Map();
    encoded.set(columns, byVersion);
  }
  let known = byVersion.get(version);
  if (known === undefined) {
    known = encodeColumnsAnew(columns, version);
    byVersion.set(version, known);
  }
  return known;
}

function encodeColumnsAnew(
  columns: readonly ResultColumn[],
  version: ProtocolVersion,
): EncodedColumns {
  const writer = new BodyWriter();
  const [first] = columns;
  if (first === undefined) return { flags: 0, bytes: writer.written() };
  const { keyspace, table } = first;
  const isGlobal = columns.every((c) => c.keyspace === keyspace && c.table === table);
  if (isGlobal) {
    writer.string(keyspace);
    writer.string(table);
  }
  for (const column of columns) {
    if (!isGlobal) {
      writer.string(column.keyspace);
      writer.string(column.table);
    }
    writer.string(column.name);
    encodeTypeOption(writer, column.type, version);
  }
  return { flags: isGlobal ? GLOBAL_TABLES_SPEC : 0, bytes: Buffer.from(writer.written()) };
}

/** Upper bound of what `encodeResultMetadata` writes. */
export function resultMetadataBytes(metadata: ResultMetadata, version: ProtocolVersion): number {
  const { pagingState, changedId } = metadata;
  const columns =
    metadata.noMetadata === true ? 0 : encodeColumns(metadata.columns, version).bytes.length;
  return 14 + (pagingState?.length ?? 0) + (changedId?.length ?? 0) + columns;
}

export function encodeResultMetadata(
  writer: BodyWriter,
  metadata: ResultMetadata,
  version: ProtocolVersion,
): void {
  const { columns, pagingState = null, noMetadata = false, changedId = null } = metadata;
  const { flags: columnFlags, bytes } = encodeColumns(columns, version);
  const isChanged = version >= 5 && changedId !== null;
  const skips = noMetadata && !isChanged;
  let flags = columnFlags;
  if (pagingState !== null) flags |= HAS_MORE_PAGES;
  if (skips) flags |= NO_METADATA;
  if (isChanged) flags |= METADATA_CHANGED;
  writer.int(flags);
  writer.int(columns.length);
  if (pagingState !== null) writer.bytesOrNull(pagingState);
  if (isChanged) writer.shortBytes(changedId);
  if (!skips) writer.raw(bytes);
}

/**
 * With NO_METADATA the columns come back nameless, with an empty custom type, in their right
 * number.
 */
export function decodeResultMetadata(reader: BodyReader): ResultMetadata {
  const flags = reader.int();
  const count = reader.int();
  if (count < 0) throw protocolError(`Invalid column count ${count}`);
  const pagingState = (flags & HAS_MORE_PAGES) === 0 ? null : reader.bytesOrNull();
  const changedId = (flags & METADATA_CHANGED) === 0 ? null : reader.shortBytes();
  const noMetadata = (flags & NO_METADATA) !== 0;
  const columns = noMetadata
    ? namelessColumns(count)
    : decodeColumns(reader, count, (flags & GLOBAL_TABLES_SPEC) !== 0);
  return { columns, pagingState, noMetadata, changedId };
}

const COLUMNS_MAX = 0xffff;
const UNKNOWN_TYPE: CqlType = { kind: 'custom', className: '' };

function namelessColumns(count: number): ResultColumn[] {
  if (count > COLUMNS_MAX) throw protocolError(`Invalid column count ${count}`);
  const column = { keyspace: '', table: '', name: '', type: UNKNOWN_TYPE };
  return Array.from({ length: count }, () => column);
}

export function decodeColumns(
  reader: BodyReader,
  count: number,
  isGlobal: boolean,
): ResultColumn[] {
  let keyspace = '';
  let table = '';
  if (isGlobal) {
    keyspace = reader.string();
    table = reader.string();
  }
  const columns: ResultColumn[] = [];
  for (let i = 0; i < count; i++) {
    if (!isGlobal) {
      keyspace = reader.string();
      table = reader.string();
    }
    const name = reader.string();
    columns.push({ keyspace, table, name, type: decodeTypeOption(reader) });
  }
  return columns;
}
