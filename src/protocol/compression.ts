// Compression of version 3 and 4 bodies. The algorithms are optional native modules, handed in as
// codecs; without one its name is neither offered nor accepted. Cassandra:
// transport/Compressor.java. Test: test/protocol/compression.test.ts

import { protocolError } from './protocol-error.ts';

/** Raw LZ4 blocks, without any length prefix. */
export interface Lz4Codec {
  compressBlock(bytes: Buffer): Buffer;
  /** Throws when the block is damaged or is not exactly `length` bytes long. */
  uncompressBlock(block: Buffer, length: number): Buffer;
}

/** Plain snappy blocks. */
export interface SnappyCodec {
  compress(bytes: Buffer): Buffer;
  uncompress(block: Buffer): Buffer;
}

export interface CompressionCodecs {
  readonly lz4: Lz4Codec | null;
  readonly snappy: SnappyCodec | null;
}

export const NO_COMPRESSION: CompressionCodecs = Object.freeze({ lz4: null, snappy: null });

export interface BodyCompressor {
  readonly name: 'lz4' | 'snappy';
  compress(body: Buffer): Buffer;
  /** Throws CqlException PROTOCOL_ERROR on damaged bodies and those over `maxBytes`. */
  uncompress(body: Buffer, maxBytes: number): Buffer;
}

/** What SUPPORTED lists under COMPRESSION. */
export function compressionNames(codecs: CompressionCodecs): readonly string[] {
  const names: string[] = [];
  if (codecs.snappy !== null) names.push('snappy');
  if (codecs.lz4 !== null) names.push('lz4');
  return names;
}

/** LZ4's ratio has this bound: a body that claims more is a lie. */
const LZ4_RATIO_MAX = 255;

/** A 4-byte big-endian length, then a raw block. */
export function lz4BodyCompressor(codec: Lz4Codec): BodyCompressor {
  return {
    name: 'lz4',
    compress(body) {
      if (body.length === 0) return EMPTY_LZ4;
      const block = codec.compressBlock(body);
      const framed = Buffer.allocUnsafe(4 + block.length);
      framed.writeInt32BE(body.length, 0);
      framed.set(block, 4);
      return framed;
    },
    uncompress(body, maxBytes) {
      if (body.length < 4) throw protocolError('Compressed lengths mismatch');
      const length = body.readUInt32BE(0);
      if (length === 0) return NO_BYTES;
      if (length > maxBytes || length > body.length * LZ4_RATIO_MAX) {
        throw protocolError('Compressed lengths mismatch');
      }
      try {
        return codec.uncompressBlock(body.subarray(4), length);
      } catch {
        throw protocolError('Compressed lengths mismatch');
      }
    },
  };
}

const NO_BYTES = Buffer.alloc(0);
const EMPTY_LZ4 = Buffer.from([0, 0, 0, 0, 0]);

export function snappyBodyCompressor(codec: SnappyCodec): BodyCompressor {
  return {
    name: 'snappy',
    compress: (body) => codec.compress(body),
    uncompress(body, maxBytes) {
      const length = snappyLength(body);
      if (length === null || length > maxBytes) throw protocolError(NOT_SNAPPY);
      try {
        return codec.uncompress(body);
      } catch {
        throw protocolError(NOT_SNAPPY);
      }
    },
  };
}

const NOT_SNAPPY = 'Provided frame does not appear to be Snappy compressed';

/** The little-endian varint with which a snappy block begins: its uncompressed length. */
function snappyLength(block: Buffer): number | null {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) return null;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return null;
}
