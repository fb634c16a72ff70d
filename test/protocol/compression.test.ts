// Compression of version 3 and 4 bodies: the recorded bytes of an empty one, round trips, and lies
// about lengths.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CqlException } from '../../src/data/cql-error.ts';
import type { BodyCompressor } from '../../src/protocol/compression.ts';
import {
  compressionNames,
  lz4BodyCompressor,
  NO_COMPRESSION,
  snappyBodyCompressor,
} from '../../src/protocol/compression.ts';
import { loadCompressionCodecs } from '../../src/server/compression-codecs.ts';

const { lz4, snappy } = loadCompressionCodecs();
const installed: readonly [string, BodyCompressor][] = [
  ...(lz4 === null ? [] : [['lz4', lz4BodyCompressor(lz4)] as [string, BodyCompressor]]),
  ...(snappy === null
    ? []
    : [['snappy', snappyBodyCompressor(snappy)] as [string, BodyCompressor]]),
];
const MAX = 1 << 24;

test('only what is installed is offered', () => {
  expect(compressionNames(NO_COMPRESSION)).toEqual([]);
  expect(compressionNames({ lz4, snappy })).toEqual([
    ...(snappy === null ? [] : ['snappy']),
    ...(lz4 === null ? [] : ['lz4']),
  ]);
});

describe.each(installed)('%s', (name, compressor) => {
  test('an empty body, as recorded', () => {
    const empty = compressor.compress(Buffer.alloc(0));
    expect(empty.toString('hex')).toBe(name === 'lz4' ? '0000000000' : '00');
    expect(compressor.uncompress(empty, MAX)).toHaveLength(0);
  });

  test('any body reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat({ max: 50 }), (array, repeat) => {
        const body = Buffer.concat(Array.from({ length: repeat }, () => Buffer.from(array)));
        expect(Buffer.compare(compressor.uncompress(compressor.compress(body), MAX), body)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('damage is PROTOCOL_ERROR', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (array) => {
        try {
          compressor.uncompress(Buffer.from(array), MAX);
        } catch (error) {
          expect(error).toBeInstanceOf(CqlException);
        }
      }),
    );
  });

  test('a body that would grow over the limit is refused unread', () => {
    const bomb = compressor.compress(Buffer.alloc(100_000));
    expect(() => compressor.uncompress(bomb, 99_999)).toThrow(CqlException);
    expect(compressor.uncompress(bomb, 100_000)).toHaveLength(100_000);
  });
});

test('an LZ4 length that no block of this size can have is refused', () => {
  const never = { compressBlock: (b: Buffer) => b, uncompressBlock: (b: Buffer) => b };
  const body = Buffer.from('00ffffff' + '0000', 'hex');
  expect(() => lz4BodyCompressor(never).uncompress(body, MAX)).toThrow(
    'Compressed lengths mismatch',
  );
});
