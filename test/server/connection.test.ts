// The connection machine against what a running Cassandra answered (test/facts/raw-checks.txt), any
// splitting of a whole session, and damaged sessions.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  NO_COMPRESSION,
  lz4BodyCompressor,
  snappyBodyCompressor,
} from '../../src/protocol/compression.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { chunks, cuts } from '../protocol/arbitraries.ts';
import { frames, outOfSegments } from '../protocol/envelopes.ts';
import { factText } from '../read-facts.ts';
import {
  codecs,
  dialogue,
  encoded,
  opcodeFrame,
  OPTIONS,
  QUERY,
  replies,
  segmented,
  startup,
} from './dialogue.ts';

const facts = factText('raw-checks.txt').split('\n');

describe('unsupported versions, as recorded', () => {
  const from = facts.indexOf('--- unsupported versions') + 1;
  const to = facts.findIndex((line, i) => i > from && line.startsWith('---'));
  test.each(facts.slice(from, to))('%s', (line) => {
    const match = /^(\d+) (OPTIONS|STARTUP) hdr (\w*) len (\d+) msg b'(.*)' closed False$/.exec(
      line,
    );
    const [, number = '', opcode = '', header = '', length = '', text = ''] = match ?? [];
    const version = Number(number);
    const opcodeByte = opcode === 'OPTIONS' ? 5 : 1;
    const body = opcode === 'OPTIONS' ? Buffer.alloc(0) : encoded(startup(), 4).subarray(9);
    const isAncient = version === 1 || version === 2;
    const head = Buffer.from(
      isAncient
        ? [version, 0, 5, opcodeByte, 0, 0, 0, body.length]
        : [version, 0, 0, 5, opcodeByte, 0, 0, 0, body.length],
    );
    const talk = dialogue();
    const answer = talk.send(Buffer.concat([head, body]));
    expect(answer.subarray(0, 9).toString('hex')).toBe(header);
    expect(answer.length).toBe(Number(length));
    const message = text.slice(text.search(/Invalid or|Beta|Wrong/));
    if (text !== '') expect(answer.toString('latin1')).toContain(message);
    expect(talk.isClosed()).toBe(false);
  });
});

describe('READY flags and compression, as recorded', () => {
  test.each([
    '3 None',
    '4 None',
    '5 None',
    '3 lz4',
    '4 lz4',
    '5 lz4',
    '4 LZ4',
    '5 LZ4',
    '3 snappy',
    '4 snappy',
    '5 snappy',
    '3 zstd',
    '4 zstd',
    '5 zstd',
  ])('%s', (name) => {
    const line = facts.find((candidate) => candidate.startsWith(`${name} `)) ?? '';
    const [, version, algorithm, , flags, length, tail = ''] =
      /^(\d) (\w+) (READY|ERROR) flags (\d) len (\d+) ?(.*)$/.exec(line) ?? [];
    const options = {
      CQL_VERSION: '3.0.0',
      ...(algorithm === 'None' ? {} : { COMPRESSION: `${algorithm}` }),
    };
    const [frame] = frames(
      dialogue().send(encoded(startup(options), Number(version) as ProtocolVersion)),
    );
    expect([frame?.flags, frame?.body.length]).toEqual([Number(flags), Number(length)]);
    const text = tail.replace(/^\w{32} /, '');
    if (text === tail) expect(frame?.body.toString('hex')).toBe(tail);
    else expect(frame?.body.subarray(6).toString()).toBe(text);
  });
});

test('compression that is not installed is refused', () => {
  const ask = (COMPRESSION: string): string[] => {
    const options = { CQL_VERSION: '3.0.0', COMPRESSION };
    return replies(dialogue({ kind: 'ready' }, NO_COMPRESSION).send(encoded(startup(options), 4)));
  };
  expect(ask('lz4')).toEqual(["PROTOCOL_ERROR 'Unknown compression algorithm: lz4'"]);
  expect(ask('snappy')).toEqual([
    "PROTOCOL_ERROR 'This instance does not support Snappy compression'",
  ]);
});

describe('startup variants, as recorded', () => {
  test.each([
    ["{'CQL_VERSION': '2.0.0'}", { CQL_VERSION: '2.0.0' }],
    ["{'CQL_VERSION': '3.4.7'}", { CQL_VERSION: '3.4.7' }],
    ["{'CQL_VERSION': '4.0.0'}", { CQL_VERSION: '4.0.0' }],
    ["{'CQL_VERSION': 'x'}", { CQL_VERSION: 'x' }],
    ["{'cql_version': '3.0.0'}", { cql_version: '3.0.0' }],
    [
      "{'CQL_VERSION': '3.0.0', 'FOO': 'BAR', 'THROW_ON_OVERLOAD': '1'}",
      { CQL_VERSION: '3.0.0', FOO: 'BAR', THROW_ON_OVERLOAD: '1' },
    ],
    ['no CQL_VERSION', {}],
  ])('%s', (name, options) => {
    const line = facts.find((candidate) => candidate.startsWith(`${name} `)) ?? '';
    expect(replies(dialogue().send(encoded(startup(options), 4)))).toEqual([
      line.slice(name.length + 1),
    ]);
  });
});

test('before STARTUP only OPTIONS is legal, in any version, and does not fix it', () => {
  const talk = dialogue();
  expect(replies(talk.send(encoded(OPTIONS, 5)))).toEqual(['SUPPORTED']);
  expect(replies(talk.send(encoded(OPTIONS, 3)))).toEqual(['SUPPORTED']);
  expect(replies(talk.send(encoded(startup(), 4)))).toEqual(['READY']);
  const early = dialogue();
  expect(replies(early.send(encoded(QUERY, 4)))).toEqual([
    "PROTOCOL_ERROR 'Unexpected message QUERY, expecting STARTUP or OPTIONS'",
  ]);
  expect(early.isClosed()).toBe(true);
});

const OPCODE_ERRORS: readonly [number, string][] = [
  [17, "PROTOCOL_ERROR 'Unknown opcode 17'"],
  [32, "PROTOCOL_ERROR 'Unknown opcode 32'"],
  [
    8,
    "PROTOCOL_ERROR 'Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 8 (RESULT)'",
  ],
  [
    2,
    "PROTOCOL_ERROR 'Wrong protocol direction (expected RESPONSE, got REQUEST) for opcode 2 (READY)'",
  ],
];

describe('in version 4 an opcode error repeats for ever, in version 5 it passes', () => {
  test.each(OPCODE_ERRORS)('opcode %i', (opcode, error) => {
    const four = dialogue();
    four.send(encoded(startup(), 4));
    expect(replies(four.send(opcodeFrame(4, opcode)))).toEqual([error]);
    const again = four.send(encoded(OPTIONS, 4, 10));
    expect(replies(again)).toEqual([error]);
    expect(frames(again)[0]?.stream).toBe(9);
    const five = dialogue();
    five.send(encoded(startup(), 5));
    expect(replies(outOfSegments(five.send(segmented(opcodeFrame(5, opcode)))))).toEqual([error]);
    expect(replies(outOfSegments(five.send(segmented(encoded(OPTIONS, 5)))))).toEqual([
      'SUPPORTED',
    ]);
  });
});

test('CREDENTIALS is an unsupported message and harms nothing', () => {
  const talk = dialogue();
  talk.send(encoded(startup(), 4));
  expect(replies(talk.send(opcodeFrame(4, 4)))).toEqual(["PROTOCOL_ERROR 'Unsupported message'"]);
  expect(replies(talk.send(encoded(OPTIONS, 4)))).toEqual(['SUPPORTED']);
});

test('STARTUP twice, AUTH_RESPONSE when ready', () => {
  const talk = dialogue();
  talk.send(encoded(startup(), 4));
  expect(replies(talk.send(encoded(startup(), 4)))).toEqual([
    "PROTOCOL_ERROR 'Unexpected message STARTUP, the connection is already initialized'",
  ]);
  expect(replies(talk.send(encoded(OPTIONS, 4)))).toEqual(['SUPPORTED']);
  expect(replies(talk.send(encoded({ kind: 'auth-response', token: null }, 4)))).toEqual([
    'AUTH_SUCCESS',
  ]);
});

test('another version than that of STARTUP', () => {
  const four = dialogue();
  four.send(encoded(startup(), 4));
  const answer = four.send(encoded(OPTIONS, 3));
  expect(replies(answer)).toEqual([
    "PROTOCOL_ERROR 'Invalid message version. Got 3/v3 but previous messages on this connection had version 4/v4'",
  ]);
  expect(answer[0]).toBe(0x84);
  expect(replies(four.send(encoded(OPTIONS, 4)))).toEqual(['SUPPORTED']);
});

test('version 5 ends after two bad messages in a row, not after two apart', () => {
  const bad = opcodeFrame(5, 17);
  const talk = dialogue();
  talk.send(encoded(startup(), 5));
  talk.send(segmented(bad));
  talk.send(segmented(encoded(OPTIONS, 5)));
  talk.send(segmented(bad));
  expect(talk.isClosed()).toBe(false);
  expect(replies(outOfSegments(talk.send(segmented(bad, encoded(OPTIONS, 5)))))).toEqual([
    "PROTOCOL_ERROR 'Unknown opcode 17'",
  ]);
  expect(talk.isClosed()).toBe(true);
  expect(talk.send(segmented(encoded(OPTIONS, 5)))).toHaveLength(0);
});

test('a version 5 message may carry the COMPRESSED flag, which means nothing', () => {
  const talk = dialogue();
  talk.send(encoded(startup(), 5));
  const options = encoded(OPTIONS, 5);
  options[1] = 1;
  expect(replies(outOfSegments(talk.send(segmented(options))))).toEqual(['SUPPORTED']);
});

test('custom payloads: refused in version 3, ignored after', () => {
  const payload = { ...QUERY, customPayload: new Map([['k', Buffer.from('v')]]) };
  for (const [version, expected] of [
    [3, "PROTOCOL_ERROR 'Received frame with CUSTOM_PAYLOAD flag for native protocol version < 4'"],
    [4, 'VOID'],
  ] as const) {
    const talk = dialogue();
    talk.send(encoded(startup(), version));
    expect(replies(talk.send(encoded(payload, version)))).toEqual([expected]);
  }
});

test('a page size of 0 is refused', () => {
  const talk = dialogue();
  talk.send(encoded(startup(), 4));
  const paged = { ...QUERY, parameters: { ...DEFAULT_PARAMETERS, pageSize: 0 } };
  expect(replies(talk.send(encoded(paged, 4)))).toEqual([
    "PROTOCOL_ERROR 'The page size cannot be 0'",
  ]);
});

test.each([4, 5] as const)('version %i: authentication', (version) => {
  const authenticator = 'org.apache.cassandra.auth.PasswordAuthenticator';
  const talk = dialogue({ kind: 'authenticate', authenticator });
  const send = (message: RequestMessage): string[] => {
    const bytes = encoded(message, version);
    return replies(version === 5 ? outOfSegments(talk.send(segmented(bytes))) : talk.send(bytes));
  };
  expect(replies(talk.send(encoded(startup(), version)))).toEqual(['AUTHENTICATE']);
  expect(send(OPTIONS)).toEqual([
    "PROTOCOL_ERROR 'Unexpected message OPTIONS, expecting SASL_RESPONSE'",
  ]);
  expect(send({ kind: 'auth-response', token: Buffer.from('bad') })).toEqual([
    "BAD_CREDENTIALS 'no'",
  ]);
  expect(talk.connection.state.stage).toBe('AUTHENTICATING');
  expect(send({ kind: 'auth-response', token: Buffer.from('good') })).toEqual(['AUTH_SUCCESS']);
  expect(talk.connection.state.stage).toBe('READY');
  expect(send(QUERY)).toEqual(['VOID']);
});

test('what STARTUP says of the client is kept', () => {
  const talk = dialogue();
  talk.send(
    encoded(
      startup({
        CQL_VERSION: '3.0.0',
        DRIVER_NAME: 'd',
        DRIVER_VERSION: '1',
        throw_on_overload: '1',
      }),
      4,
    ),
  );
  expect(talk.connection.state).toMatchObject({
    driverName: 'd',
    driverVersion: '1',
    protocolVersion: 4,
    stage: 'READY',
  });
  expect(talk.connection.throwsOnOverload).toBe(true);
});

test('events reach only those who registered, on stream -1', () => {
  const talk = dialogue();
  talk.send(encoded(startup(), 4));
  const event = { type: 'STATUS_CHANGE', change: 'UP', address: '127.0.1.2', port: 9042 } as const;
  expect(talk.connection.pushEvent(event)).toBe(false);
  expect(
    replies(talk.send(encoded({ kind: 'register', eventTypes: ['STATUS_CHANGE'] }, 4))),
  ).toEqual(['READY']);
  expect(talk.connection.pushEvent(event)).toBe(true);
  expect(talk.connection.pushEvent({ ...event, type: 'TOPOLOGY_CHANGE', change: 'NEW_NODE' })).toBe(
    false,
  );
  expect(talk.connection.takeOutput()?.bytes.toString('hex')).toBe(
    '8400ffff0c' +
      '0000001c' +
      '000d5354415455535f4348414e4745' +
      '00025550' +
      '047f000102' +
      '00002352',
  );
});

describe('compressed requests and responses', () => {
  const compressors = [
    ...(codecs.lz4 === null ? [] : [lz4BodyCompressor(codecs.lz4)]),
    ...(codecs.snappy === null ? [] : [snappyBodyCompressor(codecs.snappy)]),
  ];
  test.each(compressors)('$name', (compressor) => {
    const talk = dialogue();
    talk.send(encoded(startup({ CQL_VERSION: '3.0.0', COMPRESSION: compressor.name }), 4));
    const plain = encoded(QUERY, 4);
    const body = compressor.compress(plain.subarray(9));
    const frame = Buffer.concat([plain.subarray(0, 9), body]);
    frame[1] = 1;
    frame.writeInt32BE(body.length, 5);
    for (const bytes of [frame, plain]) {
      const [answer] = frames(talk.send(bytes));
      expect(answer?.flags).toBe(1);
      expect(compressor.uncompress(answer?.body ?? body, 100).toString('hex')).toBe('00000001');
    }
    frame[frame.length - 1] = 0xff;
    frame.writeInt32BE(body.length - 3, 5);
    const [damaged] = frames(talk.send(frame.subarray(0, frame.length - 3)));
    expect(damaged?.opcode).toBe(0);
  });
});

describe('a whole session gives the same answers however its bytes arrive', () => {
  const big: RequestMessage = { ...QUERY, query: 'y'.repeat(300_000) } as RequestMessage;
  const sessions: readonly [string, Buffer][] = [
    [
      'version 4',
      Buffer.concat([
        encoded(OPTIONS, 4),
        encoded(startup(), 4),
        encoded(QUERY, 4, 2),
        encoded(big, 4, 3),
        encoded(OPTIONS, 3),
        encoded(QUERY, 4, 4),
        opcodeFrame(4, 17),
        encoded(QUERY, 4, 5),
      ]),
    ],
    [
      'version 5',
      Buffer.concat([
        encoded(OPTIONS, 5),
        encoded(startup(), 5),
        segmented(
          encoded(QUERY, 5, 2),
          encoded(big, 5, 3),
          opcodeFrame(5, 17),
          encoded(QUERY, 5, 4),
        ),
        segmented(encoded(QUERY, 5, 5)),
      ]),
    ],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
  ];
  test.each(sessions)('%s', (_name, bytes) => {
    const answers = (parts: readonly Buffer[]): string => {
      const talk = dialogue();
      const out = parts.map((part) => talk.send(part));
      const ready = out.findIndex((b) => b.includes(Buffer.from([0x85, 0, 0, 1, 2])));
      const hex = (list: readonly Buffer[]): string => Buffer.concat(list).toString('hex');
      if (ready < 0) return hex(out);
      // Segments differ with the turns in which answers were given: compare what they carry.
      const all = Buffer.concat(out);
      const end = all.indexOf(Buffer.from([0x85, 0, 0, 1, 2, 0, 0, 0, 0])) + 9;
      return hex([all.subarray(0, end), outOfSegments(all.subarray(end))]);
    };
    const whole = answers([bytes]);
    fc.assert(
      fc.property(cuts, (places) => {
        expect(answers(chunks(bytes, places))).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });
});

test.each([3, 4, 5] as const)('version %i: a session with damaged bytes is survived', (version) => {
  const query = encoded(QUERY, version, 2);
  const later = Buffer.concat(Array.from({ length: 5 }, () => query));
  const session = Buffer.concat([
    encoded(startup(), version),
    version === 5 ? segmented(later, query) : later,
  ]);
  const damage = fc.array(fc.tuple(fc.nat({ max: session.length - 1 }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, cuts, (flips, places) => {
      const bytes = Buffer.from(session);
      for (const [at, byte] of flips) bytes[at] = byte;
      const talk = dialogue();
      for (const part of chunks(bytes, places)) talk.send(part);
      expect(talk.connection.inputBytes).toBeLessThanOrEqual(session.length);
    }),
    { numRuns: 500 },
  );
});
