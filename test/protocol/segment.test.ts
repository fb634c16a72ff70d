// Version 5 segments: checksums computed by Cassandra's own classes, round trips under any
// splitting, with and without LZ4, and what corruption leads to.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteQueue } from '../../src/protocol/byte-queue.ts';
import type { Lz4Codec } from '../../src/protocol/compression.ts';
import { crc24, segmentCrc32 } from '../../src/protocol/crc.ts';
import { SegmentDecoder } from '../../src/protocol/segment.ts';
import type { EnvelopeEvent } from '../../src/protocol/segmented-frame-decoder.ts';
import { SegmentedFrameDecoder } from '../../src/protocol/segmented-frame-decoder.ts';
import { loadCompressionCodecs } from '../../src/server/compression-codecs.ts';
import { chunks, cuts } from './arbitraries.ts';
import { inSegments } from './envelopes.ts';

const { lz4: installedLz4 } = loadCompressionCodecs();
const CODECS: readonly [string, Lz4Codec | null][] = [
  ['plain', null],
  ...(installedLz4 === null ? [] : [['lz4', installedLz4] as [string, Lz4Codec]]),
];

test.each([
  ['050002', '9a9919'],
  ['ffff01', 'fe9138'],
  ['000000', '7de777'],
  ['6400580204', 'b91e80'],
  ['ffffffff03', 'b388a2'],
])('CRC24 of %s', (hex, crc) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(crc24(bytes, 0, bytes.length).toString(16)).toBe(crc);
});

test.each([
  ['', '44777ed3'],
  ['hello', 'b60e8074'],
  ['123456789', 'e2a261a7'],
])('CRC32 of "%s"', (text, crc) => {
  expect(segmentCrc32(Buffer.from(text)).toString(16)).toBe(crc);
});

test('a self-contained segment, byte by byte', () => {
  const bytes = Buffer.from('8500000102' + '00000000', 'hex');
  expect(inSegments([bytes], null).toString('hex')).toBe(
    '090002' + 'a4c8c1' + '850000010200000000' + crcTrailer(bytes),
  );
});

function crcTrailer(payload: Buffer): string {
  const trailer = Buffer.alloc(4);
  trailer.writeUInt32LE(segmentCrc32(payload));
  return trailer.toString('hex');
}

function envelope(stream: number, bodyBytes: number, fill = stream): Buffer {
  const bytes = Buffer.alloc(9 + bodyBytes, fill);
  bytes.set([5, 0, stream >> 8, stream & 0xff, 7], 0);
  bytes.writeInt32BE(bodyBytes, 5);
  return bytes;
}

function decoder(lz4: Lz4Codec | null, maxMessageBytes = 1 << 24): SegmentedFrameDecoder {
  const machine = new SegmentedFrameDecoder(new ByteQueue(), {
    version: 5,
    lz4,
    maxMessageBytes,
    connectionId: 'abcd0123',
  });
  machine.acceptsLarge = true;
  return machine;
}

function feed(machine: SegmentedFrameDecoder, parts: readonly Buffer[]): EnvelopeEvent[] {
  const events: EnvelopeEvent[] = [];
  for (const part of parts) {
    machine.push(part);
    for (let event = machine.next(); event !== null; event = machine.next()) {
      events.push(event);
      if (event.kind === 'refusal' && event.fatal) return events;
    }
  }
  return events;
}

function received(event: EnvelopeEvent): { stream: number; body: Buffer } | string {
  return event.kind === 'frame'
    ? { stream: event.frame.stream, body: event.frame.body }
    : event.message;
}

const size = fc.oneof(
  fc.nat({ max: 200 }),
  fc.constantFrom(131061, 131062, 131063, 131071, 262142, 400_000),
);

test.each(CODECS)(
  '%s: envelopes of any size arrive whole, however the bytes are split',
  (_name, lz4) => {
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 6 }), cuts, (sizes, places) => {
        const envelopes = sizes.map((bytes, i) => envelope(i, bytes));
        const events = feed(decoder(lz4), chunks(inSegments(envelopes, lz4), places));
        expect(events).toHaveLength(sizes.length);
        events.forEach((event, i) => {
          const sent = (envelopes[i] as Buffer).subarray(9);
          expect(
            event.kind === 'frame' && event.frame.stream === i && event.frame.body.equals(sent),
          ).toBe(true);
        });
      }),
      { numRuns: 40 },
    );
  },
);

test.each(CODECS)(
  '%s: no segment is larger than allowed, and small envelopes share one',
  (_name, lz4) => {
    const machine = new SegmentDecoder(new ByteQueue(), lz4);
    const small = Array.from({ length: 100 }, (_, i) => envelope(i, 50));
    machine.push(inSegments([...small, envelope(200, 300_000)], lz4));
    const payloads: [number, boolean][] = [];
    for (let event = machine.next(); event !== null; event = machine.next()) {
      if (event.kind === 'segment') payloads.push([event.payload.length, event.selfContained]);
    }
    expect(payloads).toEqual([
      [5900, true],
      [131071, false],
      [131071, false],
      [37867, false],
    ]);
  },
);

test('LZ4 sends what does not shrink as it is', () => {
  const noise = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 151 + 7) & 0xff));
  const codec: Lz4Codec = {
    compressBlock: (b) => Buffer.concat([b, b]),
    uncompressBlock: (b) => b,
  };
  const bytes = inSegments([noise], codec);
  expect(bytes.readUIntLE(0, 5)).toBe(64 + 2 ** 34);
  expect(bytes.subarray(8, 72)).toEqual(noise);
});

test.each(CODECS)(
  '%s: one flipped bit ends the connection with the recorded text',
  (_name, lz4) => {
    const good = inSegments([envelope(1, 40), envelope(2, 40)], lz4);
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 7 }), cuts, (at, bit, places) => {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] as number) ^ (1 << bit);
        const events = feed(decoder(lz4), chunks(bad, places));
        expect(events).toHaveLength(1);
        const [event] = events;
        expect(event).toMatchObject({ kind: 'refusal', fatal: true });
        const text = event === undefined ? '' : received(event);
        expect(text).toMatch(
          /^abcd0123 invalid, unrecoverable CRC mismatch detected in frame (header|body)\. Read -?\d+, Computed -?\d+$/,
        );
      }),
    );
  },
);

test('a bad envelope costs itself only', () => {
  const unknown = envelope(2, 5);
  unknown[4] = 0x11;
  const wrongVersion = envelope(3, 5);
  wrongVersion[0] = 4;
  const response = envelope(4, 5);
  response[0] = 0x85;
  const events = feed(decoder(null), [
    inSegments([envelope(1, 1), unknown, wrongVersion, response, envelope(5, 1)], null),
  ]);
  expect(events.map(received)).toEqual([
    { stream: 1, body: Buffer.from([1]) },
    'Unknown opcode 17',
    'Invalid message version. Got 4/v4 but previousmessages on this connection had version 5/v5',
    'Wrong protocol direction (expected REQUEST, got RESPONSE) for opcode 7 (QUERY)',
    { stream: 5, body: Buffer.from([5]) },
  ]);
});

test('a negative length is fatal', () => {
  const negative = envelope(1, 4);
  negative.writeInt32BE(-5, 5);
  const [event] = feed(decoder(null), [inSegments([negative], null)]);
  expect(event).toEqual({
    kind: 'refusal',
    code: 'PROTOCOL_ERROR',
    stream: 1,
    fatal: true,
    message: 'Invalid value for envelope header body length field: -5',
  });
});

test('a length beyond its self-contained segment is fatal', () => {
  const lying = envelope(1, 4);
  lying.writeInt32BE(5, 5);
  expect(feed(decoder(null), [inSegments([lying], null)])).toMatchObject([{ fatal: true }]);
});

test('a message over the limit is dropped as it comes and the connection goes on', () => {
  const bytes = inSegments([envelope(7, 300_000), envelope(8, 1)], null);
  const events = feed(decoder(null, 200_000), chunks(bytes, [1, 100, 70_000, 200_000]));
  expect(events).toEqual([
    {
      kind: 'refusal',
      code: 'INVALID',
      stream: 7,
      fatal: false,
      message: 'CQL Message of size 300000 bytes exceeds allowed maximum of 200000 bytes',
    },
    {
      kind: 'frame',
      frame: { version: 5, flags: 0, stream: 8, opcode: 7, body: Buffer.from([8]) },
    },
  ]);
});

test('large messages are refused before the client is authenticated', () => {
  const machine = decoder(null);
  machine.acceptsLarge = false;
  const events = feed(machine, [inSegments([envelope(7, 300_000)], null)]);
  expect(events).toEqual([
    {
      kind: 'refusal',
      code: 'PROTOCOL_ERROR',
      stream: 7,
      fatal: true,
      message:
        'The connection is not yet in a valid state to process multi frame CQL Messages, usually ' +
        'thismeans that authentication is still pending. type = QUERY, size = 300000',
    },
  ]);
});

test('a block that does not decompress to its length is fatal', () => {
  const liar: Lz4Codec = {
    compressBlock: (bytes) => bytes.subarray(0, 3),
    uncompressBlock: () => {
      throw new Error('damaged');
    },
  };
  expect(feed(decoder(liar), [inSegments([envelope(1, 4)], liar)])).toMatchObject([
    { fatal: true },
  ]);
});
