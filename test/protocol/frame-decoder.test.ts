// The frame decoder of versions 3 and 4 (and of every connection's first frames): any splitting
// gives the same events; versions it does not speak; frames too large to hold.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteQueue } from '../../src/protocol/byte-queue.ts';
import type { FrameEvent } from '../../src/protocol/frame-decoder.ts';
import { FrameDecoder } from '../../src/protocol/frame-decoder.ts';
import { chunks, cuts } from './arbitraries.ts';

const MAX = 1000;

function feed(parts: readonly Buffer[], allowOlderProtocols = true): FrameEvent[] {
  const machine = new FrameDecoder(new ByteQueue(), { maxFrameBytes: MAX, allowOlderProtocols });
  const events: FrameEvent[] = [];
  for (const part of parts) {
    machine.push(part);
    for (let event = machine.next(); event !== null; event = machine.next()) {
      events.push(
        event.kind === 'frame'
          ? { kind: 'frame', frame: { ...event.frame, body: Buffer.from(event.frame.body) } }
          : event,
      );
    }
  }
  return events;
}

function frame(first: number, stream: number, opcode: number, body: Buffer): Buffer {
  const header = Buffer.from([first, 0, (stream >> 8) & 0xff, stream & 0xff, opcode, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

const anyFrame = fc
  .tuple(
    fc.constantFrom(3, 4, 5, 6, 7, 0x42, 0x83, 0x84),
    fc.integer({ min: -1, max: 32767 }),
    fc.integer({ min: 0, max: 20 }),
    fc.oneof(fc.nat({ max: 60 }), fc.nat({ max: 2000 })),
  )
  .map(([first, stream, opcode, bytes]) =>
    frame(first, stream, opcode, Buffer.alloc(bytes, stream)),
  );

test('any splitting gives the same events', () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { maxLength: 8 }), cuts, (frames, places) => {
      const whole = Buffer.concat(frames);
      expect(feed(chunks(whole, places))).toEqual(feed([whole]));
      expect(feed([whole])).toHaveLength(frames.length);
    }),
  );
});

test('byte by byte as well', () => {
  const whole = Buffer.concat([
    frame(4, 1, 7, Buffer.from('abc')),
    frame(4, 2, 5, Buffer.alloc(0)),
  ]);
  const parts = Array.from(whole, (byte) => Buffer.from([byte]));
  expect(feed(parts)).toEqual(feed([whole]));
});

const unsupported = (n: number): string =>
  `Invalid or unsupported protocol version (${n}); supported versions are (3/v3, 4/v4, 5/v5, 6/v6-beta)`;

// Recorded in test/facts/raw-checks.txt, "unsupported versions".
test.each([
  [0, '0000000501' + '00000000', { message: unsupported(0), stream: 0, answerIn: null }],
  [7, '0700000501' + '00000000', { message: unsupported(7), stream: 5, answerIn: null }],
  [0x42, '4200000501' + '00000000', { message: unsupported(66), stream: 5, answerIn: null }],
  [0x7f, '7f00000505' + '00000000', { message: unsupported(127), stream: 5, answerIn: null }],
  [1, '01000501' + '00000004' + '0001', { message: unsupported(1), stream: 5, answerIn: 1 }],
  [2, '02000501' + '00000004' + '0001', { message: unsupported(2), stream: 5, answerIn: 2 }],
  [
    6,
    '0600000501' + '00000000',
    {
      message: 'Beta version of the protocol used (6/v6-beta), but USE_BETA flag is unset',
      stream: 5,
      answerIn: 6,
    },
  ],
  [
    0x85,
    '8500000505' + '00000000',
    {
      message: 'Wrong protocol direction (expected REQUEST, got RESPONSE) for opcode 5 (OPTIONS)',
      stream: 5,
      answerIn: null,
      wedges: true,
    },
  ],
])('version byte %i', (_version, hex, refusal) => {
  expect(feed([Buffer.from(hex, 'hex')])).toMatchObject([
    { kind: 'refusal', code: 'PROTOCOL_ERROR', ...refusal },
  ]);
});

test('a bare version 1 OPTIONS of eight bytes is never answered', () => {
  expect(feed([Buffer.from('0100050500000000', 'hex')])).toEqual([]);
});

test('version 6 with its flag is accepted', () => {
  expect(feed([Buffer.from('061000050500000000', 'hex')])).toMatchObject([{ kind: 'frame' }]);
});

test('older versions can be switched off', () => {
  expect(feed([frame(4, 1, 5, Buffer.alloc(0))], false)).toMatchObject([
    { message: 'Rejecting Protocol Version 4/v4 < 5/v5.' },
  ]);
  expect(feed([frame(5, 1, 5, Buffer.alloc(0))], false)).toMatchObject([{ kind: 'frame' }]);
});

test('a frame over the limit is refused when it has passed, and held by nobody', () => {
  const whole = Buffer.concat([frame(4, 9, 7, Buffer.alloc(MAX)), frame(4, 2, 5, Buffer.alloc(0))]);
  expect(feed(chunks(whole, [9, 500, 1008]))).toEqual([
    {
      kind: 'refusal',
      code: 'INVALID',
      stream: 9,
      answerIn: null,
      wedges: false,
      message: 'Request is too big: length 1009 exceeds maximum allowed length 1000.',
    },
    { kind: 'frame', frame: { version: 4, flags: 0, stream: 2, opcode: 5, body: Buffer.alloc(0) } },
  ]);
  expect(feed([frame(4, 9, 7, Buffer.alloc(MAX - 9))])).toMatchObject([{ kind: 'frame' }]);
});

test('nothing is kept of a frame that is being discarded', () => {
  const queue = new ByteQueue();
  const machine = new FrameDecoder(queue, { maxFrameBytes: MAX, allowOlderProtocols: true });
  machine.push(Buffer.from('040000010701000000', 'hex'));
  expect(machine.next()).toBe(null);
  for (let i = 0; i < 100; i++) {
    machine.push(Buffer.alloc(65536));
    expect(machine.next()).toBe(null);
    expect(queue.length).toBe(0);
  }
});
