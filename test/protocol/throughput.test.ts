// A quick look at the speed of the hot path: cut a stream into frames, decode EXECUTE, encode VOID
// and ROWS. It prints and does not judge: the machine may be busy.

import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { NATIVE } from '../../src/data/cql-type.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { ByteQueue } from '../../src/protocol/byte-queue.ts';
import { FrameDecoder } from '../../src/protocol/frame-decoder.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { decodeRequest, encodeRequest, PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { ResponseMessage } from '../../src/protocol/responses/response.ts';
import { encodeResponse } from '../../src/protocol/responses/response.ts';

const FRAMES = 100_000;

function report(what: string, run: () => void): void {
  run();
  const startedAt = performance.now();
  run();
  const perSecond = (FRAMES / (performance.now() - startedAt)) * 1000;
  process.stdout.write(`${what}: ${(perSecond / 1e6).toFixed(2)} M/s\n`);
}

test('frames a second', () => {
  const writer = new BodyWriter();
  const values = [Buffer.alloc(8, 1), Buffer.alloc(100, 2)];
  for (let i = 0; i < FRAMES; i++) {
    encodeRequest(
      writer,
      {
        kind: 'execute',
        ...PLAIN_HEADER,
        id: Buffer.alloc(16, 7),
        resultMetadataId: null,
        parameters: { ...DEFAULT_PARAMETERS, values, timestamp: 1_700_000_000_000_000 },
      },
      { version: 4, stream: i & 0x7fff },
    );
  }
  const bytes = writer.written();
  let frames = 0;
  report('cut frames and decode EXECUTE', () => {
    const machine = new FrameDecoder(new ByteQueue(), {
      maxFrameBytes: 1 << 24,
      allowOlderProtocols: true,
    });
    for (let at = 0; at < bytes.length; at += 65536) {
      machine.push(bytes.subarray(at, at + 65536));
      for (let event = machine.next(); event !== null; event = machine.next()) {
        if (event.kind === 'frame' && decodeRequest(event.frame).kind === 'execute') frames++;
      }
    }
  });
  expect(frames).toBe(2 * FRAMES);

  const columns = [
    { keyspace: 'ks', table: 't', name: 'k', type: NATIVE.bigint },
    { keyspace: 'ks', table: 't', name: 'v', type: NATIVE.blob },
  ];
  const answers: readonly [string, ResponseMessage][] = [
    ['encode VOID', { kind: 'void' }],
    [
      'encode ROWS of one row',
      { kind: 'rows', metadata: { columns, noMetadata: true }, rows: [values] },
    ],
    [
      'encode ROWS of ten rows with metadata',
      { kind: 'rows', metadata: { columns }, rows: Array.from({ length: 10 }, () => values) },
    ],
  ];
  const output = new BodyWriter(Buffer.alloc(65536));
  for (const [what, answer] of answers) {
    report(what, () => {
      for (let i = 0; i < FRAMES; i++) {
        if (output.length > 32768) output.length = 0;
        encodeResponse(output, answer, { version: 4, stream: i & 0x7fff });
      }
    });
  }
});
