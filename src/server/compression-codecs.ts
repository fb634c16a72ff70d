// Loads the optional native compression modules. One that is not installed, or does not run here,
// is simply absent. Test: test/protocol/compression.test.ts

import { createRequire } from 'node:module';
import type { CompressionCodecs, Lz4Codec, SnappyCodec } from '../protocol/compression.ts';

/** The codecs of this machine; loaded once a process. */
let loaded: CompressionCodecs | null = null;

/** The compression codecs that are installed. */
export function loadCompressionCodecs(): CompressionCodecs {
  loaded ??= { lz4: lz4Codec(load('lz4-napi')), snappy: snappyCodec(load('snappy')) };
  return loaded;
}

type ByteFunction = (bytes: Buffer) => Buffer;

interface Module {
  readonly compress: ByteFunction;
  readonly uncompress: ByteFunction;
}

function load(name: string): Module | null {
  try {
    const module: unknown = createRequire(import.meta.url)(name);
    if (typeof module !== 'object' || module === null) return null;
    const { compressSync, uncompressSync } = module as Record<string, unknown>;
    if (typeof compressSync !== 'function' || typeof uncompressSync !== 'function') return null;
    return {
      compress: compressSync as ByteFunction,
      uncompress: (bytes) => toBuffer((uncompressSync as ByteFunction)(bytes)),
    };
  } catch {
    return null;
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

const LENGTH_BYTES = 4;

/**
 * The module puts a little-endian length before a raw block; the protocol has none, or a big-endian
 * one.
 */
function lz4Codec(module: Module | null): Lz4Codec | null {
  if (module === null) return null;
  return {
    compressBlock: (bytes) => module.compress(bytes).subarray(LENGTH_BYTES),
    uncompressBlock(block, length) {
      const prefixed = Buffer.allocUnsafe(LENGTH_BYTES + block.length);
      prefixed.writeUInt32LE(length, 0);
      prefixed.set(block, LENGTH_BYTES);
      const bytes = module.uncompress(prefixed);
      if (bytes.length !== length) throw new Error(`${bytes.length} bytes, not ${length}`);
      return bytes;
    },
  };
}

function snappyCodec(module: Module | null): SnappyCodec | null {
  return module;
}
