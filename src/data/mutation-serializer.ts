// Mutations as bytes: for the commit log, snapshots, hints and the batchlog. Versioned; columns by name, so that what
// was written before an ALTER reads after it (cells of columns that no longer exist are left out).
// Test: test/storage/mutation-serializer.test.ts. Cassandra: db/Mutation.MutationSerializer (not its format).

import type { Int64 } from '../base/int64.ts';
import { ByteReader, ByteWriter, FormatError } from './byte-writer.ts';
import { hasLiveness, isDeleted, isTombstone } from './deletion.ts';
import type {
  Cell,
  Clustering,
  ClusteringBound,
  ColumnData,
  DecoratedKey,
  DeletionTime,
  Liveness,
  Mutation,
  PartitionData,
  RangeTombstone,
  Row,
} from './partition.ts';
import {
  isComplexData,
  LIVE,
  NO_CLUSTERING,
  NO_DELETION_TIME,
  NO_LIVENESS,
  NO_TTL,
} from './partition.ts';
import type { ColumnMetadata, TableMetadata } from './schema.ts';
import { uuidBytes, uuidText } from './uuid.ts';

const VERSION = 1;
const NO_BYTES = Buffer.alloc(0);

/** Table by id (UUID text); undefined when it does not exist (any more). */
export type TableResolver = (id: string) => TableMetadata | undefined;

const HAS_DELETION = 1;
const HAS_STATIC = 2;
const HAS_RANGES = 4;

const HAS_LIVENESS = 1;
const LIVENESS_EXPIRES = 2;

const CELL_TOMBSTONE = 1;
const CELL_EXPIRES = 2;
const CELL_HAS_PATH = 4;

/** The bytes of a mutation, in memory of their own. */
export function serializeMutation(mutation: Mutation): Buffer {
  const writer = new ByteWriter(256);
  writeMutation(writer, mutation);
  return writer.finish();
}

/** A cache: a mutation never changes, and a hint for each dead replica asks for the same. */
const sizes = new WeakMap<Mutation, number>();

/** Bytes that `serializeMutation` gives. */
export function serializedSize(mutation: Mutation): number {
  let size = sizes.get(mutation);
  if (size === undefined) {
    size = serializeMutation(mutation).length;
    sizes.set(mutation, size);
  }
  return size;
}

/** Appends a mutation to a writer. */
function writeMutation(writer: ByteWriter, mutation: Mutation): void {
  writer.byte(VERSION);
  writer.text(mutation.keyspace);
  writer.double(mutation.createdAtMs);
  writeKey(writer, mutation.key);
  writer.varint(mutation.updates.length);
  for (const update of mutation.updates) writeUpdate(writer, update);
}

/**
 * Reads a mutation; updates of tables that do not exist are left out, and null is returned when none is left.
 * Throws FormatError on bytes that are no mutation.
 */
export function deserializeMutation(bytes: Buffer, tableById: TableResolver): Mutation | null {
  return readMutation(new ByteReader(bytes), tableById);
}

export function readMutation(reader: ByteReader, tableById: TableResolver): Mutation | null {
  checkVersion(reader);
  const keyspace = reader.text();
  const createdAtMs = reader.double();
  const key = readKey(reader);
  const updates: PartitionData[] = [];
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const update = readUpdate(reader, key, tableById);
    if (update !== null) updates.push(update);
  }
  return updates.length === 0 ? null : { keyspace, key, updates, createdAtMs };
}

/** The keyspace of a serialized mutation, without decoding the rest. */
export function peekKeyspace(reader: ByteReader): string {
  checkVersion(reader);
  return reader.text();
}

function checkVersion(reader: ByteReader): void {
  const version = reader.byte();
  if (version !== VERSION) throw new FormatError(`unknown mutation version ${version}`);
}

function writeKey(writer: ByteWriter, key: DecoratedKey): void {
  writer.int32(key.high);
  writer.uint32(key.low);
  writer.bytes(key.bytes);
}

export function readKey(reader: ByteReader): DecoratedKey {
  const high = reader.int32();
  const low = reader.uint32();
  const bytes = reader.bytes();
  return { high, low, bytes, id: bytes.toString('latin1') };
}

/** One table's update, without its key. */
function writeUpdate(writer: ByteWriter, update: PartitionData): void {
  writer.raw(uuidBytes(update.table.id));
  const names = columnNames(update);
  writer.varint(names.size);
  for (const name of names.keys()) writer.text(name);
  const { deletion, staticRow, rangeTombstones, rows } = update;
  writer.byte(
    (isDeleted(deletion) ? HAS_DELETION : 0) |
      (staticRow !== null ? HAS_STATIC : 0) |
      (rangeTombstones.length > 0 ? HAS_RANGES : 0),
  );
  if (isDeleted(deletion)) writeDeletion(writer, deletion);
  if (staticRow !== null) writeRow(writer, staticRow, names);
  if (rangeTombstones.length > 0) {
    writer.varint(rangeTombstones.length);
    for (const range of rangeTombstones) {
      writeBound(writer, range.start);
      writeBound(writer, range.end);
      writeDeletion(writer, range.deletion);
    }
  }
  writer.varint(rows.length);
  for (const row of rows) writeRow(writer, row, names);
}

/** null when the table does not exist; the reader stands behind the update then, too. */
function readUpdate(
  reader: ByteReader,
  key: DecoratedKey,
  tableById: TableResolver,
): PartitionData | null {
  const table = tableById(uuidText(reader.raw(16)));
  const columns: (ColumnMetadata | null)[] = [];
  const columnCount = reader.varint();
  for (let i = 0; i < columnCount; i++) columns.push(columnNamed(table, reader.text()));
  const flags = reader.byte();
  const deletion = (flags & HAS_DELETION) !== 0 ? readDeletion(reader) : LIVE;
  const readStatic = (flags & HAS_STATIC) !== 0 ? readRow(reader, columns) : null;
  const staticRow = readStatic !== null && hasContent(readStatic) ? readStatic : null;
  const rangeTombstones: RangeTombstone[] = [];
  if ((flags & HAS_RANGES) !== 0) {
    const count = reader.varint();
    for (let i = 0; i < count; i++) {
      const start = readBound(reader);
      const end = readBound(reader);
      rangeTombstones.push({ start, end, deletion: readDeletion(reader) });
    }
  }
  const rows: Row[] = [];
  const rowCount = reader.varint();
  for (let i = 0; i < rowCount; i++) {
    const row = readRow(reader, columns);
    if (hasContent(row)) rows.push(row);
  }
  if (table === undefined) return null;
  return { table, key, deletion, staticRow, rows, rangeTombstones };
}

/** A row may lose all it had when its columns are gone. */
function hasContent(row: Row): boolean {
  return row.data.length > 0 || hasLiveness(row.liveness) || isDeleted(row.deletion);
}

function columnNamed(table: TableMetadata | undefined, name: string): ColumnMetadata | null {
  if (table === undefined) return null;
  return table.columns.get(name) ?? table.droppedColumns.get(name)?.column ?? null;
}

function columnNames(update: PartitionData): Map<string, number> {
  const names = new Map<string, number>();
  if (update.staticRow !== null) addColumnNames(names, update.staticRow);
  for (const row of update.rows) addColumnNames(names, row);
  return names;
}

function addColumnNames(names: Map<string, number>, row: Row): void {
  for (const { column } of row.data) {
    if (!names.has(column.name)) names.set(column.name, names.size);
  }
}

function writeRow(writer: ByteWriter, row: Row, names: ReadonlyMap<string, number>): void {
  const { liveness, deletion, data } = row;
  writeClustering(writer, row.clustering);
  const isExpiring = liveness.ttl !== NO_TTL;
  writer.byte(
    (hasLiveness(liveness) ? HAS_LIVENESS | (isExpiring ? LIVENESS_EXPIRES : 0) : 0) |
      (isDeleted(deletion) ? 4 : 0),
  );
  if (hasLiveness(liveness)) {
    writer.int64(liveness.timestamp);
    if (isExpiring) {
      writer.varint(liveness.ttl);
      writer.varint(liveness.localExpirationTime);
    }
  }
  if (isDeleted(deletion)) writeDeletion(writer, deletion);
  writer.varint(data.length);
  for (const entry of data) {
    writer.varint(names.get(entry.column.name) ?? 0);
    if (isComplexData(entry)) {
      writer.byte(isDeleted(entry.deletion) ? 2 : 1);
      if (isDeleted(entry.deletion)) writeDeletion(writer, entry.deletion);
      writer.varint(entry.cells.length);
      for (const cell of entry.cells) writeCell(writer, cell);
    } else {
      writer.byte(0);
      writeCell(writer, entry);
    }
  }
}

function readRow(reader: ByteReader, columns: readonly (ColumnMetadata | null)[]): Row {
  const clustering = readClustering(reader);
  const flags = reader.byte();
  let liveness: Liveness = NO_LIVENESS;
  if ((flags & HAS_LIVENESS) !== 0) {
    const timestamp = reader.int64();
    const isExpiring = (flags & LIVENESS_EXPIRES) !== 0;
    const ttl = isExpiring ? reader.varint() : NO_TTL;
    liveness = {
      timestamp,
      ttl,
      localExpirationTime: isExpiring ? reader.varint() : NO_DELETION_TIME,
    };
  }
  const deletion = (flags & 4) !== 0 ? readDeletion(reader) : LIVE;
  const data: ColumnData[] = [];
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const entry = readColumn(reader, columns);
    if (entry !== null) data.push(entry);
  }
  return { clustering, liveness, deletion, data };
}

function readColumn(
  reader: ByteReader,
  columns: readonly (ColumnMetadata | null)[],
): ColumnData | null {
  const column = columns[reader.varint()] ?? null;
  const kind = reader.byte();
  if (kind === 0) {
    const cell = readCell(reader, column);
    return cell !== null && !cell.column.isComplex ? cell : null;
  }
  const deletion = kind === 2 ? readDeletion(reader) : LIVE;
  const cells: Cell[] = [];
  const count = reader.varint();
  for (let i = 0; i < count; i++) {
    const cell = readCell(reader, column);
    if (cell !== null) cells.push(cell);
  }
  return column === null || !column.isComplex ? null : { column, deletion, cells };
}

function writeCell(writer: ByteWriter, cell: Cell): void {
  const tombstone = isTombstone(cell);
  const isExpiring = cell.ttl !== NO_TTL;
  writer.byte(
    (tombstone ? CELL_TOMBSTONE : 0) |
      (isExpiring ? CELL_EXPIRES : 0) |
      (cell.path === null ? 0 : CELL_HAS_PATH),
  );
  writer.int64(cell.timestamp);
  if (isExpiring) writer.varint(cell.ttl);
  if (tombstone || isExpiring) writer.varint(cell.localDeletionTime);
  if (cell.path !== null) writer.bytes(cell.path);
  if (!tombstone) writer.bytes(cell.value);
}

function readCell(reader: ByteReader, column: ColumnMetadata | null): Cell | null {
  const flags = reader.byte();
  const timestamp: Int64 = reader.int64();
  const isExpiring = (flags & CELL_EXPIRES) !== 0;
  const tombstone = (flags & CELL_TOMBSTONE) !== 0;
  const ttl = isExpiring ? reader.varint() : NO_TTL;
  const localDeletionTime = isExpiring || tombstone ? reader.varint() : NO_DELETION_TIME;
  const path = (flags & CELL_HAS_PATH) !== 0 ? reader.bytes() : null;
  const value = tombstone ? NO_BYTES : reader.bytes();
  return column === null ? null : { column, timestamp, ttl, localDeletionTime, value, path };
}

function writeDeletion(writer: ByteWriter, deletion: DeletionTime): void {
  writer.int64(deletion.markedForDeleteAt);
  writer.varint(deletion.localDeletionTime);
}

function readDeletion(reader: ByteReader): DeletionTime {
  const markedForDeleteAt = reader.int64();
  return { markedForDeleteAt, localDeletionTime: reader.varint() };
}

function writeBound(writer: ByteWriter, bound: ClusteringBound): void {
  writer.byte(bound.inclusive ? 1 : 0);
  writeClustering(writer, bound.prefix);
}

function readBound(reader: ByteReader): ClusteringBound {
  const inclusive = reader.byte() === 1;
  return { prefix: readClustering(reader), inclusive };
}

function writeClustering(writer: ByteWriter, clustering: Clustering): void {
  writer.varint(clustering.length);
  for (const value of clustering) writer.nullableBytes(value);
}

function readClustering(reader: ByteReader): Clustering {
  const length = reader.varint();
  if (length === 0) return NO_CLUSTERING;
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < length; i++) values.push(reader.nullableBytes());
  return values;
}
