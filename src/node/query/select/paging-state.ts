// The opaque token between two pages: where the last page ended and how much the limits still allow. The layout is
// Cassandra's, so that a token survives a restart and another coordinator, and one of v3 works on v4 and back.
// Cassandra: service/pager/PagingState.java. Test: test/query/paging-state.test.ts

import { CqlException } from '../../../data/cql-error.ts';
import type { Clustering } from '../../../data/partition.ts';

/** No limit, as Integer.MAX_VALUE is in the token. */
export const UNLIMITED = 0x7fff_ffff;

export interface PagingState {
  /** The partition the last page ended in; null where the statement reads one partition only. */
  readonly partitionKey: Buffer | null;
  /** The clustering of the last row; null when the next page starts a partition. */
  readonly rowMark: Clustering | null;
  readonly remaining: number;
  readonly remainingInPartition: number;
}

/** Encodes for a connection of protocol `version`. */
export function encodePagingState(state: PagingState, version: number): Buffer {
  return version > 3 ? encodeModern(state) : encodeLegacy(state);
}

/**
 * Decodes a token of either layout; `clusteringSize` is the table's. Throws PROTOCOL_ERROR for garbage.
 */
export function decodePagingState(
  bytes: Buffer,
  version: number,
  clusteringSize: number,
): PagingState {
  const first =
    version > 3 ? decodeModern(bytes, clusteringSize) : decodeLegacy(bytes, clusteringSize);
  if (first !== null) return first;
  const second =
    version > 3 ? decodeLegacy(bytes, clusteringSize) : decodeModern(bytes, clusteringSize);
  if (second !== null) return second;
  throw new CqlException({ code: 'PROTOCOL_ERROR', message: 'Invalid value for the paging state' });
}

// ---------------------------------------------------------------------------------------------------- modern layout

function encodeModern(state: PagingState): Buffer {
  const key = state.partitionKey ?? EMPTY;
  const mark = state.rowMark === null ? EMPTY : encodeMark(state.rowMark);
  const out = new Writer(key.length + mark.length + 32);
  out.vint(key.length);
  out.bytes(key);
  out.vint(mark.length);
  out.bytes(mark);
  out.vint(state.remaining);
  out.vint(state.remainingInPartition);
  return out.done();
}

function decodeModern(bytes: Buffer, clusteringSize: number): PagingState | null {
  const input = new Reader(bytes);
  const key = input.vintBytes();
  const mark = input.vintBytes();
  const remaining = input.vint();
  const remainingInPartition = input.vint();
  if (key === null || mark === null || remaining < 0 || remainingInPartition < 0 || !input.atEnd)
    return null;
  const rowMark = mark.length === 0 ? null : decodeMark(mark, clusteringSize);
  if (rowMark === undefined) return null;
  return { partitionKey: key.length === 0 ? null : key, rowMark, remaining, remainingInPartition };
}

/** Values of a clustering behind headers of two bits a value (empty, null), 32 values a header. */
function encodeMark(clustering: Clustering): Buffer {
  let size = 8 + 8 * Math.ceil(clustering.length / 32);
  for (const value of clustering) size += 9 + (value?.length ?? 0);
  const out = new Writer(size);
  for (let at = 0; at < clustering.length; at += 32) {
    let header = 0n;
    for (let i = at; i < Math.min(at + 32, clustering.length); i++) {
      const value = clustering[i];
      if (value === null || value === undefined) header |= 1n << BigInt(2 * (i - at) + 1);
      else if (value.length === 0) header |= 1n << BigInt(2 * (i - at));
    }
    out.vint64(header);
    for (let i = at; i < Math.min(at + 32, clustering.length); i++) {
      const value = clustering[i];
      if (value === null || value === undefined || value.length === 0) continue;
      out.vint(value.length);
      out.bytes(value);
    }
  }
  return out.done();
}

function decodeMark(mark: Buffer, size: number): Clustering | undefined {
  const input = new Reader(mark);
  const values: (Buffer | null)[] = [];
  for (let at = 0; at < size; at += 32) {
    const header = input.vint64();
    if (header < 0n) return undefined;
    for (let i = at; i < Math.min(at + 32, size); i++) {
      const bits = (header >> BigInt(2 * (i - at))) & 3n;
      if (bits >= 2n) values.push(null);
      else if (bits === 1n) values.push(EMPTY);
      else {
        const value = input.vintBytes();
        if (value === null) return undefined;
        values.push(value);
      }
    }
  }
  return input.atEnd ? values : undefined;
}

// ---------------------------------------------------------------------------------------------------- legacy layout

function encodeLegacy(state: PagingState): Buffer {
  const key = state.partitionKey ?? EMPTY;
  const mark =
    state.rowMark === null || state.rowMark.length === 0 ? EMPTY : encodeCellName(state.rowMark);
  const out = new Writer(key.length + mark.length + 12);
  out.short(key.length);
  out.bytes(key);
  out.short(mark.length);
  out.bytes(mark);
  out.int(state.remaining);
  out.int(state.remainingInPartition);
  return out.done();
}

function decodeLegacy(bytes: Buffer, clusteringSize: number): PagingState | null {
  const input = new Reader(bytes);
  const key = input.shortBytes();
  const mark = key === null ? null : input.shortBytes();
  const remaining = mark === null ? -1 : input.int();
  if (key === null || mark === null || remaining < 0) return null;
  let remainingInPartition = UNLIMITED;
  if (!input.atEnd) remainingInPartition = input.int();
  if (remainingInPartition < 0 || !input.atEnd) return null;
  const rowMark = mark.length === 0 ? null : decodeCellName(mark, clusteringSize);
  if (rowMark === undefined) return null;
  return { partitionKey: key.length === 0 ? null : key, rowMark, remaining, remainingInPartition };
}

/** The clustering as a composite cell name whose column part is left empty: nothing reads that part back. */
function encodeCellName(clustering: Clustering): Buffer {
  let size = 3;
  for (const value of clustering) size += 3 + (value?.length ?? 0);
  const out = new Writer(size);
  for (const value of clustering) {
    out.short(value?.length ?? 0);
    if (value !== null) out.bytes(value);
    out.byte(0);
  }
  out.short(0);
  out.byte(0);
  return out.done();
}

function decodeCellName(mark: Buffer, size: number): Clustering | undefined {
  const input = new Reader(mark);
  const values: Buffer[] = [];
  while (values.length < size) {
    const value = input.shortBytes();
    if (value === null || input.byte() < 0) return undefined;
    values.push(value);
  }
  return values;
}

// -------------------------------------------------------------------------------------------------------- reading

const EMPTY = Buffer.alloc(0);

class Writer {
  private readonly target: Buffer;
  private at = 0;
  constructor(size: number) {
    this.target = Buffer.alloc(size);
  }
  byte(value: number): void {
    this.at = this.target.writeUInt8(value, this.at);
  }
  short(value: number): void {
    this.at = this.target.writeUInt16BE(value, this.at);
  }
  int(value: number): void {
    this.at = this.target.writeInt32BE(value, this.at);
  }
  bytes(value: Buffer): void {
    this.at += value.copy(this.target, this.at);
  }
  vint(value: number): void {
    this.vint64(BigInt(value));
  }
  /** Unsigned vint: as many leading ones in the first byte as further bytes follow. */
  vint64(value: bigint): void {
    let extra = 0;
    while (extra < 8 && value >> BigInt(7 * (extra + 1)) !== 0n) extra++;
    for (let i = extra; i >= 0; i--) {
      const low = Number((value >> BigInt(8 * i)) & 0xffn);
      this.byte(i === extra ? (low | ~(0xff >> extra)) & 0xff : low);
    }
  }
  done(): Buffer {
    return this.target.subarray(0, this.at);
  }
}

class Reader {
  private readonly source: Buffer;
  private at = 0;
  constructor(source: Buffer) {
    this.source = source;
  }
  get atEnd(): boolean {
    return this.at === this.source.length;
  }
  private has(count: number): boolean {
    return this.at + count <= this.source.length;
  }
  byte(): number {
    return this.has(1) ? this.source.readUInt8(this.at++) : -1;
  }
  int(): number {
    if (!this.has(4)) return -1;
    this.at += 4;
    return this.source.readInt32BE(this.at - 4);
  }
  private take(length: number): Buffer | null {
    if (length < 0 || !this.has(length)) return null;
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }
  shortBytes(): Buffer | null {
    if (!this.has(2)) return null;
    this.at += 2;
    return this.take(this.source.readInt16BE(this.at - 2));
  }
  vintBytes(): Buffer | null {
    return this.take(this.vint());
  }
  /** -1 when it is missing or no int32. */
  vint(): number {
    const value = this.vint64();
    return value < 0n || value > 0x7fff_ffffn ? -1 : Number(value);
  }
  vint64(): bigint {
    const first = this.byte();
    if (first < 0) return -1n;
    const extra = Math.clz32(~(first << 24));
    if (!this.has(extra)) return -1n;
    let value = BigInt(extra === 8 ? 0 : first & (0xff >> extra));
    for (let i = 0; i < extra; i++) value = (value << 8n) | BigInt(this.byte());
    return value;
  }
}
