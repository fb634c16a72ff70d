// Requests: encode and decode are inverse in every version; bodies recorded byte by byte;
// truncation is an error.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CqlException } from '../../src/data/cql-error.ts';
import { UNSET } from '../../src/protocol/bound-value.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { OPCODES } from '../../src/protocol/opcode.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { decodeRequest, encodeRequest, PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { request, stream, VERSIONS } from './arbitraries.ts';
import { frameOf } from './envelopes.ts';

function encoded(
  message: RequestMessage,
  to: { version: ProtocolVersion; stream: number },
): Buffer {
  const writer = new BodyWriter();
  encodeRequest(writer, message, to);
  return Buffer.from(writer.written());
}

test.each(VERSIONS)('version %i: every request reads back', (version) => {
  fc.assert(
    fc.property(request(version), stream, (message, id) => {
      const bytes = encoded(message, { version, stream: id });
      expect(bytes.readInt32BE(5)).toBe(bytes.length - 9);
      const frame = frameOf(bytes);
      expect(frame.stream).toBe(id);
      expect(decodeRequest(frame)).toEqual(message);
    }),
    { numRuns: 300 },
  );
});

test.each(VERSIONS)(
  'version %i: a cut or scrambled body is a value or PROTOCOL_ERROR, never a crash',
  (version) => {
    fc.assert(
      fc.property(
        request(version),
        fc.nat(),
        fc.nat(),
        fc.nat({ max: 255 }),
        (message, cut, at, byte) => {
          const bytes = encoded(message, { version, stream: 1 });
          const frame = frameOf(bytes);
          const body = Buffer.from(frame.body.subarray(0, cut % (frame.body.length + 1)));
          if (body.length > 0) body[at % body.length] = byte;
          try {
            decodeRequest({ ...frame, body });
          } catch (error) {
            expect(error).toBeInstanceOf(CqlException);
            expect((error as CqlException).error.code).toBe('PROTOCOL_ERROR');
          }
        },
      ),
      { numRuns: 500 },
    );
  },
);

const PAGED = { ...DEFAULT_PARAMETERS, consistency: 'LOCAL_ONE', pageSize: 5000 } as const;
const ID = Buffer.from('1308e66bf710ec08e01e0057e33eb965', 'hex');

const GOLDEN: readonly [string, ProtocolVersion, RequestMessage, string][] = [
  [
    'node driver STARTUP',
    4,
    { kind: 'startup', options: new Map([['CQL_VERSION', '3.0.0']]) },
    '04000001010000001600' + '01000b43514c5f56455253494f4e0005332e302e30',
  ],
  ['OPTIONS', 5, { kind: 'options' }, '050000010500000000'],
  [
    'QUERY v4',
    4,
    {
      kind: 'query',
      ...PLAIN_HEADER,
      query: 'DROP TABLE e.zz1',
      parameters: { ...PAGED, timestamp: 1 },
    },
    '0400000107000000230000001044524f50205441424c4520652e7a7a31000a24000013880000000000000001',
  ],
  [
    'EXECUTE v4, flags 0x25 as the node driver',
    4,
    {
      kind: 'execute',
      ...PLAIN_HEADER,
      id: ID,
      resultMetadataId: null,
      parameters: { ...PAGED, values: [Buffer.from('00000001', 'hex')], timestamp: 2 },
    },
    '040000010a0000002b0010' +
      '1308e66bf710ec08e01e0057e33eb965' +
      '000a25' +
      '00010000000400000001' +
      '00001388' +
      '0000000000000002',
  ],
  [
    'EXECUTE v5',
    5,
    {
      kind: 'execute',
      ...PLAIN_HEADER,
      id: ID,
      resultMetadataId: ID,
      parameters: {
        ...DEFAULT_PARAMETERS,
        values: [UNSET, null],
        skipMetadata: true,
        nowInSeconds: 5,
      },
    },
    '050000010a00000038' +
      '00101308e66bf710ec08e01e0057e33eb965' +
      '00101308e66bf710ec08e01e0057e33eb965' +
      '0001' +
      '00000103' +
      '0002fffffffeffffffff' +
      '00000005',
  ],
  [
    'BATCH v3',
    3,
    {
      kind: 'batch',
      ...PLAIN_HEADER,
      type: 'UNLOGGED',
      statements: [
        { kind: 'query', query: 'x', values: [] },
        { kind: 'prepared', id: ID, values: [null] },
      ],
      parameters: { ...DEFAULT_PARAMETERS, consistency: 'QUORUM' },
    },
    '030000010d00000027' +
      '01' +
      '0002' +
      '0000000001780000' +
      '0100101308e66bf710ec08e01e0057e33eb9650001ffffffff' +
      '000400',
  ],
  [
    'PREPARE v5 with keyspace',
    5,
    { kind: 'prepare', ...PLAIN_HEADER, query: 'x', keyspace: 'ks' },
    '05000001090000000d' + '0000000178' + '00000001' + '00026b73',
  ],
  [
    'REGISTER',
    4,
    { kind: 'register', eventTypes: ['STATUS_CHANGE'] },
    '040000010b000000110001000d5354415455535f4348414e4745',
  ],
];

test.each(GOLDEN)('%s', (_name, version, message, hex) => {
  expect(encoded(message, { version, stream: 1 }).toString('hex')).toBe(hex);
  expect(decodeRequest(frameOf(Buffer.from(hex, 'hex')))).toEqual(message);
});

function refusal(version: ProtocolVersion, opcode: number, hex: string, flags = 0): string {
  const frame = { version, flags, stream: 0, opcode, body: Buffer.from(hex, 'hex') };
  try {
    decodeRequest(frame);
  } catch (error) {
    if (error instanceof CqlException) return error.error.message;
    throw error;
  }
  return 'accepted';
}

// Texts recorded in test/facts/raw-checks.txt.
test('what a server refuses to read', () => {
  expect(refusal(4, OPCODES.BATCH, '09')).toBe('Invalid BATCH message type 9');
  expect(refusal(4, OPCODES.BATCH, '00000107')).toBe(
    'Invalid query kind in BATCH messages. Must be 0 or 1 but got 7',
  );
  expect(refusal(4, OPCODES.REGISTER, '00010003464f4f')).toBe("Invalid value 'FOO' for Type");
  expect(refusal(3, OPCODES.REGISTER, '0001000e54524143455f434f4d504c455445')).toBe(
    'Event TRACE_COMPLETE not valid for protocol version 3/v3',
  );
  expect(refusal(4, OPCODES.CREDENTIALS, '')).toBe('Unsupported message');
  expect(refusal(4, OPCODES.QUERY, '0000000178004d00')).toBe(
    'Unknown code 77 for a consistency level',
  );
  expect(refusal(4, OPCODES.QUERY, '000000017800012080' + '00'.repeat(7))).toBe(
    'Out of bound timestamp, must be in [-9223372036854775807, 9223372036854775807] (got -9223372036854775808)',
  );
  expect(refusal(3, OPCODES.QUERY, '', 4)).toBe(
    'Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4',
  );
});

test('event names are case-insensitive', () => {
  const body = Buffer.from('0001000d7374617475735f6368616e6765', 'hex');
  const message = decodeRequest({
    version: 4,
    flags: 0,
    stream: 0,
    opcode: OPCODES.REGISTER,
    body,
  });
  expect(message).toEqual({ kind: 'register', eventTypes: ['STATUS_CHANGE'] });
});

test('a version 4 client that sets flag 0x80 has its keyspace read', () => {
  const body = Buffer.from('00000001780001800001' + '65', 'hex');
  const message = decodeRequest({ version: 4, flags: 0, stream: 0, opcode: OPCODES.QUERY, body });
  expect(message).toMatchObject({ parameters: { keyspace: 'e' } });
});

test('values are slices of the frame', () => {
  const body = Buffer.from('0000000178000101' + '000100000004' + '0a0b0c0d', 'hex');
  const message = decodeRequest({ version: 4, flags: 0, stream: 0, opcode: OPCODES.QUERY, body });
  const [value] = message.kind === 'query' ? message.parameters.values : [];
  expect(Buffer.isBuffer(value) && value.buffer).toBe(body.buffer);
});
