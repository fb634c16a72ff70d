// ERROR: recorded bytes, and what older clients get instead of errors they do not know.

import { expect, test } from 'vitest';
import type { CqlError } from '../../src/data/cql-error.ts';
import { BodyReader } from '../../src/protocol/body-reader.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import type { ProtocolVersion } from '../../src/protocol/protocol-version.ts';
import { decodeError, encodeError } from '../../src/protocol/responses/error.ts';

function body(error: CqlError, version: ProtocolVersion): string {
  const writer = new BodyWriter();
  encodeError(writer, { kind: 'error', error }, version);
  return writer.written().toString('hex');
}

function seen(error: CqlError, version: ProtocolVersion): CqlError {
  return decodeError(new BodyReader(Buffer.from(body(error, version), 'hex')), version).error;
}

const counts = { consistency: 'QUORUM', received: 1, blockFor: 2 } as const;
const failures = new Map([['127.0.0.2:7000', 'READ_TOO_MANY_TOMBSTONES']] as const);
const readFailure: CqlError = {
  code: 'READ_FAILURE',
  message: 'm',
  ...counts,
  failures,
  dataPresent: true,
};
const writeFailure: CqlError = {
  code: 'WRITE_FAILURE',
  message: 'm',
  ...counts,
  failures,
  writeType: 'BATCH',
};
const casTimeout: CqlError = {
  code: 'WRITE_TIMEOUT',
  message: 'm',
  ...counts,
  writeType: 'CAS',
  contentions: 3,
};
const casUnknown: CqlError = { code: 'CAS_WRITE_UNKNOWN', message: 'm', ...counts };

test('READ_FAILURE has a count up to version 4 and a map from version 5 on', () => {
  const head = '00001300' + '00016d' + '0004' + '00000001' + '00000002';
  expect(body(readFailure, 4)).toBe(head + '00000001' + '01');
  expect(body(readFailure, 5)).toBe(head + '00000001' + '047f000002' + '0001' + '01');
});

test('WRITE_FAILURE likewise, with its write type', () => {
  const head = '00001500' + '00016d' + '0004' + '00000001' + '00000002';
  expect(body(writeFailure, 4)).toBe(head + '00000001' + '00054241544348');
  expect(body(writeFailure, 5)).toBe(head + '00000001' + '047f000002' + '0001' + '00054241544348');
});

test('version 3 gets timeouts for failures, with the text of a timeout', () => {
  const message = 'Operation timed out - received only 1 responses.';
  expect(seen(readFailure, 3)).toEqual({
    code: 'READ_TIMEOUT',
    message,
    ...counts,
    dataPresent: true,
  });
  expect(seen(writeFailure, 3)).toEqual({
    code: 'WRITE_TIMEOUT',
    message,
    ...counts,
    writeType: 'BATCH',
  });
});

test('version 3 gets INVALID for errors of functions and change data capture', () => {
  const functionFailure: CqlError = {
    code: 'FUNCTION_FAILURE',
    message: 'm',
    keyspace: 'k',
    function: 'f',
    argumentTypes: [],
  };
  expect(seen(functionFailure, 3)).toEqual({
    code: 'INVALID',
    message: 'ERROR FUNCTION_FAILURE: m',
  });
  expect(seen(functionFailure, 4)).toEqual(functionFailure);
  expect(seen({ code: 'CDC_WRITE_FAILURE', message: 'm' }, 3)).toEqual({
    code: 'INVALID',
    message: 'ERROR CDC_WRITE_FAILURE: m',
  });
});

test.each([3, 4] as const)('version %i gets plain write timeouts for Paxos errors', (version) => {
  const message = 'Operation timed out - received only 1 responses.';
  const expected = { code: 'WRITE_TIMEOUT', message, ...counts, writeType: 'CAS' };
  expect(seen(casTimeout, version)).toEqual(expected);
  expect(seen(casUnknown, version)).toEqual(expected);
});

test('version 5 gets contentions only when there are any to tell of', () => {
  const head = '00001100' + '00016d' + '0004' + '00000001' + '00000002' + '0003434153';
  expect(body(casTimeout, 5)).toBe(head + '0003');
  expect(body({ code: 'WRITE_TIMEOUT', message: 'm', ...counts, writeType: 'CAS' }, 5)).toBe(head);
  expect(seen(casUnknown, 5)).toEqual(casUnknown);
});

test('the other fields', () => {
  expect(
    body({ code: 'UNAVAILABLE', message: 'm', consistency: 'ALL', required: 3, alive: 2 }, 4),
  ).toBe('00001000' + '00016d' + '0005' + '00000003' + '00000002');
  expect(body({ code: 'ALREADY_EXISTS', message: 'm', keyspace: 'k', table: '' }, 4)).toBe(
    '00002400' + '00016d' + '00016b' + '0000',
  );
  expect(body({ code: 'UNPREPARED', message: 'm', id: Buffer.from('abab', 'hex') }, 4)).toBe(
    '00002500' + '00016d' + '0002abab',
  );
  expect(body({ code: 'PROTOCOL_ERROR', message: 'm' }, 3)).toBe('0000000a' + '00016d');
});
