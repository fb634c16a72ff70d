// Responses: encode and decode are inverse in every version; prefixes; what version 3 hears of
// functions.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import type { ResponseExtras, ResponseMessage } from '../../src/protocol/responses/response.ts';
import { decodeResponse, encodeResponse } from '../../src/protocol/responses/response.ts';
import { supportedOptions } from '../../src/protocol/responses/supported.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { id, response, stream, text, VERSIONS } from './arbitraries.ts';
import { frameOf } from './envelopes.ts';

function encoded(
  message: ResponseMessage,
  version: ProtocolVersion,
  extras?: ResponseExtras,
  streamId = 1,
): Buffer {
  const writer = new BodyWriter();
  encodeResponse(writer, message, { version, stream: streamId, extras });
  return Buffer.from(writer.written());
}

test.each(VERSIONS)('version %i: every response reads back', (version) => {
  const extras = fc.record({
    warnings: version === 3 ? fc.constant([]) : fc.array(text, { maxLength: 3 }),
    tracingId: fc.option(id),
    customPayload: fc.constant(null),
  });
  fc.assert(
    fc.property(response(version), extras, stream, (message, prefix, streamId) => {
      const bytes = encoded(message, version, prefix, streamId);
      expect(bytes[0]).toBe(version | 0x80);
      expect(bytes.readInt32BE(5)).toBe(bytes.length - 9);
      const frame = frameOf(bytes);
      expect(frame.stream).toBe(streamId);
      const decoded = decodeResponse(frame);
      expect(decoded.response).toEqual(message);
      expect(decoded.extras).toEqual(prefix);
    }),
    { numRuns: 300 },
  );
});

test('warnings are not sent in version 3, and the flag only when there are any', () => {
  const flags = (version: ProtocolVersion, extras: ResponseExtras): number =>
    encoded({ kind: 'void' }, version, extras)[1] as number;
  expect(flags(3, { warnings: ['w'] })).toBe(0);
  expect(flags(4, { warnings: [] })).toBe(0);
  expect(flags(4, { warnings: ['w'], tracingId: Buffer.alloc(16) })).toBe(0x0a);
  expect(flags(6, {})).toBe(0x10);
});

test('prefixes come in the order tracing id, warnings, payload', () => {
  const extras = {
    tracingId: Buffer.alloc(16, 7),
    warnings: ['w'],
    customPayload: new Map([['k', null]]),
  };
  expect(encoded({ kind: 'void' }, 4, extras).toString('hex')).toBe(
    '840e00010800000022' + '07'.repeat(16) + '0001000177' + '000100016bffffffff' + '00000001',
  );
});

const fn = {
  change: 'CREATED',
  target: 'FUNCTION',
  keyspace: 'evk',
  name: 'fn',
  argumentTypes: ['int', 'list<text>'],
} as const;

test('version 3 hears of functions and aggregates as an updated keyspace', () => {
  const seen = { change: 'UPDATED', target: 'KEYSPACE', keyspace: 'evk' };
  const result = decodeResponse(frameOf(encoded({ kind: 'schema-change', change: fn }, 3)));
  expect(result.response).toEqual({ kind: 'schema-change', change: seen });
  const event = { kind: 'event', event: { type: 'SCHEMA_CHANGE', change: fn } } as const;
  expect(decodeResponse(frameOf(encoded(event, 3))).response).toEqual({
    kind: 'event',
    event: { type: 'SCHEMA_CHANGE', change: seen },
  });
  expect(decodeResponse(frameOf(encoded(event, 4))).response).toEqual(event);
});

test('PREPARED: flags and fields by version', () => {
  const bindColumns = [{ keyspace: 'e', table: 'kv', name: 'k', type: NATIVE.int }];
  const message = {
    kind: 'prepared',
    id: Buffer.from('aabb', 'hex'),
    resultMetadataId: Buffer.from('cc', 'hex'),
    bindColumns,
    partitionKeyIndexes: [0],
    resultColumns: null,
  } as const;
  const column = '000165' + '00026b76' + '00016b' + '0009';
  const noResult = '0000000400000000';
  const body = (version: ProtocolVersion): string =>
    encoded(message, version).toString('hex').slice(18);
  expect(body(3)).toBe('00000004' + '0002aabb' + '0000000100000001' + column + noResult);
  expect(body(4)).toBe(
    '00000004' + '0002aabb' + '0000000100000001' + '000000010000' + column + noResult,
  );
  expect(body(5)).toBe(
    '00000004' + '0002aabb' + '0001cc' + '0000000100000001' + '000000010000' + column + noResult,
  );
});

test('SUPPORTED offers the compression that is installed', () => {
  const codec = { compressBlock: Buffer.from, uncompressBlock: Buffer.from };
  expect(supportedOptions({ lz4: codec, snappy: null }).options).toEqual(
    new Map([
      ['PROTOCOL_VERSIONS', ['3/v3', '4/v4', '5/v5', '6/v6-beta']],
      ['COMPRESSION', ['lz4']],
      ['CQL_VERSION', ['3.4.7']],
    ]),
  );
});
