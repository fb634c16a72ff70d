// The files a node keeps: a header, then records of length, CRC32 and payload. Commit log segments and checkpoint chunks
// share the format. A sync marker says how much of its file was durable when it was written: what is unreadable
// before that is corruption, what is unreadable after it is a torn tail. Test: test/storage/log-format.test.ts.
// Cassandra: db/commitlog/CommitLogReader (the rules, not the bytes).

import { crc32 } from 'node:zlib';

import { ByteReader, ByteWriter, FormatError } from '../../data/byte-writer.ts';
import { serializeMutation } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';

const FILE_MAGIC = 0x5346_4c31;
export const HEADER_BYTES = 16;
const FRAME_BYTES = 8;
const MARKER_MAGIC = Buffer.from('9d1f3c7a52e84b06a3c41f7e6b2d8590', 'hex');

const KIND = { mutation: 1, truncation: 2, marker: 3, end: 4 } as const;

export type MutationRecord = Extract<LogRecord, { kind: 'mutation' }>;

export type LogRecord =
  /** `reader` stands at the mutation; `checksum` is the record's, as a signed number. */
  | { readonly kind: 'mutation'; readonly reader: ByteReader; readonly checksum: number }
  | { readonly kind: 'truncation'; readonly tableId: string; readonly atMs: number }
  /** The last record of a checkpoint chunk. */
  | { readonly kind: 'end' };

/** How a file ended. */
export type LogEnd =
  | { readonly kind: 'clean' }
  /** The tail was never made durable: what came before holds. `at` in bytes. */
  | { readonly kind: 'torn'; readonly at: number }
  /** What had been durable cannot be read. */
  | { readonly kind: 'corrupt'; readonly at: number; readonly message: string };

export function fileHeader(fileId: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(FILE_MAGIC, 0);
  header.writeDoubleBE(fileId, 4);
  header.writeUInt32BE(crc32(header.subarray(0, 12)), 12);
  return header;
}

/** A cache of the records of recent, small mutations: replicas of one process log the same object. */
const SLOTS = 512;
const CACHED_BYTES_MAX = 16 * 1024;
const framed: (Mutation | undefined)[] = Array.from({ length: SLOTS });
const frames: (Buffer | undefined)[] = Array.from({ length: SLOTS });

/** As `mutationRecord`, for a mutation that several nodes log. */
export function sharedMutationRecord(mutation: Mutation): Buffer {
  const slot = mutation.key.low & (SLOTS - 1);
  if (framed[slot] === mutation) return frames[slot] as Buffer;
  const record = mutationRecord(mutation);
  if (record.length <= CACHED_BYTES_MAX) {
    framed[slot] = mutation;
    frames[slot] = record;
  }
  return record;
}

export function mutationRecord(mutation: Mutation): Buffer {
  return frame(KIND.mutation, serializeMutation(mutation));
}

export function truncationRecord(tableId: string, atMs: number): Buffer {
  const writer = new ByteWriter(64);
  writer.text(tableId);
  writer.double(atMs);
  return frame(KIND.truncation, writer.finish());
}

/** `durableBytes`: how much of the file it stands in has been synced. */
export function markerRecord(durableBytes: number): Buffer {
  const body = Buffer.alloc(MARKER_MAGIC.length + 8);
  MARKER_MAGIC.copy(body);
  body.writeDoubleBE(durableBytes, MARKER_MAGIC.length);
  return frame(KIND.marker, body);
}

/** True for a file whose last record is a marker. */
export function endsMarked(bytes: Buffer): boolean {
  const at = bytes.length - 8;
  return at >= HEADER_BYTES && bytes.subarray(at - MARKER_MAGIC.length, at).equals(MARKER_MAGIC);
}

export function endRecord(): Buffer {
  return frame(KIND.end, Buffer.alloc(0));
}

/**
 * Visits the readable records of a file from its start and says how it ended. `at` is for `readAgain`. Throws nothing of
 * its own.
 */
export function readLog(bytes: Buffer, visit: (record: LogRecord, at: number) => void): LogEnd {
  if (bytes.length < HEADER_BYTES) return { kind: 'torn', at: 0 };
  const isHeaderGood =
    bytes.readUInt32BE(0) === FILE_MAGIC && bytes.readUInt32BE(12) === crc32(bytes.subarray(0, 12));
  if (!isHeaderGood) return unreadable(bytes, 0, 'invalid file header');
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const payload = payloadAt(bytes, at);
    if (payload === null) return unreadable(bytes, at, `checksum failure at ${at}`);
    try {
      const record = decode(payload, bytes.readInt32BE(at + 4));
      if (record !== null) visit(record, at);
    } catch (error) {
      return undecodable(error, at);
    }
    at += FRAME_BYTES + payload.length;
  }
  return { kind: 'clean' };
}

/** Visits records that `readLog` found whole in the same memory, without their checksums; null: to the last. */
export function readAgain(
  bytes: Buffer,
  places: readonly number[],
  visit: (record: LogRecord) => void,
): LogEnd | null {
  for (const at of places) {
    const payload = bytes.subarray(at + FRAME_BYTES, at + FRAME_BYTES + bytes.readUInt32BE(at));
    try {
      const record = decode(payload, bytes.readInt32BE(at + 4));
      if (record !== null) visit(record);
    } catch (error) {
      return undecodable(error, at);
    }
  }
  return null;
}

function undecodable(error: unknown, at: number): LogEnd {
  if (!(error instanceof FormatError)) throw error;
  return { kind: 'corrupt', at, message: `${error.message} at ${at}` };
}

function frame(kind: number, body: Buffer): Buffer {
  const record = Buffer.allocUnsafe(FRAME_BYTES + 1 + body.length);
  record.writeUInt32BE(body.length + 1, 0);
  record[FRAME_BYTES] = kind;
  record.set(body, FRAME_BYTES + 1);
  record.writeUInt32BE(checksum(body.length + 1, record.subarray(FRAME_BYTES)), 4);
  return record;
}

/** Over the length, as it stands in the record, and the payload. */
function checksum(length: number, payload: Buffer): number {
  return crc32(payload, crc32OfLength(length));
}

/** For four bytes a call to zlib costs more than it computes, and a start makes one a record. */
const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb8_8320;
  return crc;
});

function crc32OfLength(length: number): number {
  let crc = 0xffff_ffff;
  for (let shift = 24; shift >= 0; shift -= 8)
    crc = (crc >>> 8) ^ (CRC_OF_BYTE[(crc ^ (length >>> shift)) & 0xff] as number);
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** null: not all of it is there, or it is damaged. */
function payloadAt(bytes: Buffer, at: number): Buffer | null {
  if (at + FRAME_BYTES > bytes.length) return null;
  const length = bytes.readUInt32BE(at);
  if (length === 0 || at + FRAME_BYTES + length > bytes.length) return null;
  const payload = bytes.subarray(at + FRAME_BYTES, at + FRAME_BYTES + length);
  return bytes.readUInt32BE(at + 4) === checksum(length, payload) ? payload : null;
}

function decode(payload: Buffer, crc: number): LogRecord | null {
  const reader = new ByteReader(payload);
  switch (reader.byte()) {
    case KIND.mutation:
      return { kind: 'mutation', reader, checksum: crc };
    case KIND.truncation: {
      const tableId = reader.text();
      return { kind: 'truncation', tableId, atMs: reader.double() };
    }
    case KIND.marker:
      return null;
    case KIND.end:
      return { kind: 'end' };
    default:
      throw new FormatError('unknown record kind');
  }
}

/** Looks for a marker further on that claims the unreadable place was durable. */
function unreadable(bytes: Buffer, at: number, message: string): LogEnd {
  for (let from = at; ;) {
    const found = bytes.indexOf(MARKER_MAGIC, from);
    if (found < 0) return { kind: 'torn', at };
    const payload = payloadAt(bytes, found - FRAME_BYTES - 1);
    if (payload !== null && payload[0] === KIND.marker) {
      const durableBytes = payload.readDoubleBE(1 + MARKER_MAGIC.length);
      if (durableBytes > at) return { kind: 'corrupt', at, message };
    }
    from = found + 1;
  }
}
