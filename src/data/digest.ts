// The digest of a read's result: equal content gives equal digests on whichever node it is computed. Local deletion
// times stay out of it, as they are the coordinator's clock of the write, not content. Test: test/storage/merge.test.ts.
// Cassandra: db/Digest, db/rows/UnfilteredRowIterators.digest, db/rows/AbstractCell.digest.

import { createHash, hash } from 'node:crypto';

import type { Int64 } from '../base/int64.ts';
import { writeInt64 } from '../base/int64.ts';
import { isTombstone } from './deletion.ts';
import { isEmptyPartition } from './merge-partitions.ts';
import type {
  Cell,
  Clustering,
  ClusteringBound,
  DeletionTime,
  PartitionData,
  Row,
} from './partition.ts';
import { isComplexData, NO_TIMESTAMP, NO_TTL } from './partition.ts';

const CHUNK_BYTES = 64 * 1024;
const SMALLEST = -(2n ** 63n);
const SLOTS = 1024;
/** What a slot may keep from being freed. */
const CACHED_BYTES_MAX = 16 * 1024;

/** A cache of recent digests by the identity of what they are of; content never changes under an object. */
const digested: (PartitionData | undefined)[] = Array.from({ length: SLOTS });
const digests: (Buffer | undefined)[] = Array.from({ length: SLOTS });

/** MD5 over partitions in the order given; partitions without content do not count. */
export function digestPartitions(partitions: readonly PartitionData[]): Buffer {
  const only = partitions[0];
  if (partitions.length === 1 && only !== undefined) return digestOnce(only);
  const writer = scratch;
  writer.begin();
  for (const partition of partitions) {
    if (!isEmptyPartition(partition)) writePartition(writer, partition);
  }
  return writer.finish();
}

/** Replicas that hold the same object answer with the same digest object: it is computed once. */
function digestOnce(partition: PartitionData): Buffer {
  const slot = partition.key.low & (SLOTS - 1);
  if (digested[slot] === partition) return digests[slot] as Buffer;
  const writer = scratch;
  writer.begin();
  if (!isEmptyPartition(partition)) writePartition(writer, partition);
  const isSmall = writer.length <= CACHED_BYTES_MAX;
  const digest = writer.finish();
  if (isSmall) {
    digested[slot] = partition;
    digests[slot] = digest;
  }
  return digest;
}

/** MD5 of one partition; for Merkle trees and comparisons. */
export function digestPartition(partition: PartitionData): Buffer {
  const writer = scratch;
  writer.begin();
  writePartition(writer, partition);
  return writer.finish();
}

function writePartition(writer: DigestWriter, partition: PartitionData): void {
  writer.bytes(partition.key.bytes);
  writeDeletion(writer, partition.deletion);
  if (partition.staticRow !== null) writeRow(writer, partition.staticRow, 1);
  for (const range of partition.rangeTombstones) {
    writer.byte(2);
    writeBound(writer, range.start);
    writeBound(writer, range.end);
    writeDeletion(writer, range.deletion);
  }
  for (const row of partition.rows) writeRow(writer, row, 3);
}

function writeRow(writer: DigestWriter, row: Row, kind: number): void {
  writer.byte(kind);
  writeClustering(writer, row.clustering);
  writeDeletion(writer, row.deletion);
  writer.int64(row.liveness.timestamp);
  if (row.liveness.ttl !== NO_TTL) {
    writer.int32(row.liveness.ttl);
    writer.int64(row.liveness.localExpirationTime);
  }
  for (const entry of row.data) {
    writer.text(entry.column.name);
    if (isComplexData(entry)) {
      writeDeletion(writer, entry.deletion);
      for (const cell of entry.cells) writeCell(writer, cell);
    } else writeCell(writer, entry);
  }
}

function writeCell(writer: DigestWriter, cell: Cell): void {
  writer.bytes(cell.value);
  writer.int64(cell.timestamp);
  writer.int32(cell.ttl);
  writer.byte(isTombstone(cell) ? 1 : 0);
  if (cell.path !== null) writer.bytes(cell.path);
}

function writeDeletion(writer: DigestWriter, deletion: DeletionTime): void {
  writer.int64(deletion.markedForDeleteAt);
}

function writeBound(writer: DigestWriter, bound: ClusteringBound): void {
  writer.byte(bound.inclusive ? 1 : 0);
  writeClustering(writer, bound.prefix);
}

function writeClustering(writer: DigestWriter, clustering: Clustering): void {
  writer.byte(clustering.length);
  for (const value of clustering) {
    if (value === null) writer.int32(-1);
    else writer.bytes(value);
  }
}

/** Collects small results and hashes them in one call; hands larger ones to a running hash. */
class DigestWriter {
  private buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  private at = 0;
  private running: ReturnType<typeof createHash> | null = null;

  /** Bytes written so far; Infinity once some were hashed. */
  get length(): number {
    return this.running === null ? this.at : Infinity;
  }

  begin(): void {
    this.at = 0;
    this.running = null;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  int32(value: number): void {
    this.reserve(4);
    const { buffer, at } = this;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
    this.at = at + 4;
  }

  int64(value: Int64): void {
    if (typeof value === 'number' && value !== NO_TIMESTAMP) {
      const high = Math.floor(value / 0x1_0000_0000);
      this.int32(high);
      this.int32(value - high * 0x1_0000_0000);
      return;
    }
    this.reserve(8);
    writeInt64(this.buffer, value === NO_TIMESTAMP ? SMALLEST : value, this.at);
    this.at += 8;
  }

  /** Length first, so that neighbours cannot be confused. */
  bytes(value: Buffer): void {
    this.int32(value.length);
    if (value.length > CHUNK_BYTES >> 1) {
      this.flush().update(value);
      return;
    }
    this.reserve(value.length);
    const { buffer, at } = this;
    const { length } = value;
    if (length > 64) buffer.set(value, at);
    else for (let i = 0; i < length; i++) buffer[at + i] = value[i] as number;
    this.at = at + length;
  }

  text(value: string): void {
    this.reserve(4 + value.length * 3);
    this.at += this.buffer.write(value, this.at);
    this.buffer[this.at++] = 0xff;
  }

  finish(): Buffer {
    const filled = this.buffer.subarray(0, this.at);
    if (this.running === null) return hash('md5', filled, 'buffer');
    return this.running.update(filled).digest();
  }

  private reserve(bytes: number): void {
    if (this.at + bytes > CHUNK_BYTES) this.flush();
  }

  private flush(): ReturnType<typeof createHash> {
    this.running ??= createHash('md5');
    this.running.update(this.buffer.subarray(0, this.at));
    this.at = 0;
    return this.running;
  }
}

/** Scratch space of one digest at a time; nothing of it outlives a call. */
const scratch = new DigestWriter();
