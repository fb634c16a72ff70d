// ERROR: code, text and the code's own fields. Clients of older versions get what they know:
// failures become timeouts, and the text with them. Cassandra:
// transport/messages/ErrorMessage.java. Test: test/protocol/error.test.ts

import type { CqlError, CqlErrorCode, FailureReason, WriteType } from '../../data/cql-error.ts';
import { ERROR_CODES, FAILURE_REASONS } from '../../data/cql-error.ts';
import type { BodyReader } from '../body-reader.ts';
import type { BodyWriter } from '../body-writer.ts';
import { addressBytes, addressText, endpointAddress } from '../inet-address.ts';
import { protocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../protocol-version.ts';

export interface ErrorResponse {
  readonly kind: 'error';
  readonly error: CqlError;
}

export function encodeError(
  writer: BodyWriter,
  response: ErrorResponse,
  version: ProtocolVersion,
): void {
  const error = downConvert(response.error, version);
  writer.int(ERROR_CODES[error.code]);
  writer.string(error.message);
  switch (error.code) {
    case 'UNAVAILABLE':
      writer.consistency(error.consistency);
      writer.int(error.required);
      writer.int(error.alive);
      return;
    case 'WRITE_TIMEOUT':
      encodeCounts(writer, error);
      writer.string(error.writeType);
      if (version >= 5 && error.contentions !== undefined) writer.short(error.contentions);
      return;
    case 'READ_TIMEOUT':
      encodeCounts(writer, error);
      writer.byte(error.dataPresent ? 1 : 0);
      return;
    case 'READ_FAILURE':
      encodeCounts(writer, error);
      encodeFailures(writer, error.failures, version);
      writer.byte(error.dataPresent ? 1 : 0);
      return;
    case 'WRITE_FAILURE':
      encodeCounts(writer, error);
      encodeFailures(writer, error.failures, version);
      writer.string(error.writeType);
      return;
    case 'CAS_WRITE_UNKNOWN':
      encodeCounts(writer, error);
      return;
    case 'FUNCTION_FAILURE':
      writer.string(error.keyspace);
      writer.string(error.function);
      writer.stringList(error.argumentTypes);
      return;
    case 'ALREADY_EXISTS':
      writer.string(error.keyspace);
      writer.string(error.table);
      return;
    case 'UNPREPARED':
      writer.shortBytes(error.id);
      return;
    default:
      return;
  }
}

type Counts = Pick<
  Extract<CqlError, { code: 'READ_TIMEOUT' }>,
  'consistency' | 'received' | 'blockFor'
>;

function encodeCounts(writer: BodyWriter, error: Counts): void {
  writer.consistency(error.consistency);
  writer.int(error.received);
  writer.int(error.blockFor);
}

function encodeFailures(
  writer: BodyWriter,
  failures: ReadonlyMap<string, FailureReason>,
  version: ProtocolVersion,
): void {
  writer.int(failures.size);
  if (version < 5) return;
  for (const [endpoint, reason] of failures) {
    writer.inetAddress(addressBytes(endpointAddress(endpoint)));
    writer.short(FAILURE_REASONS[reason]);
  }
}

/** The error a client of this version can understand. */
function downConvert(error: CqlError, version: ProtocolVersion): CqlError {
  if (version < 4) {
    switch (error.code) {
      case 'READ_FAILURE': {
        const { consistency, received, blockFor, dataPresent } = error;
        const message = timeoutText(received);
        return { code: 'READ_TIMEOUT', message, consistency, received, blockFor, dataPresent };
      }
      case 'WRITE_FAILURE':
        return writeTimeout(error, error.writeType);
      case 'FUNCTION_FAILURE':
      case 'CDC_WRITE_FAILURE':
        return { code: 'INVALID', message: `ERROR ${error.code}: ${error.message}` };
      default:
    }
  }
  if (version >= 5) return error;
  if (error.code === 'CAS_WRITE_UNKNOWN') return writeTimeout(error, 'CAS');
  if (error.code === 'WRITE_TIMEOUT' && error.contentions !== undefined) {
    return writeTimeout(error, 'CAS');
  }
  return error;
}

function writeTimeout(error: Counts, writeType: WriteType): CqlError {
  const { consistency, received, blockFor } = error;
  const message = timeoutText(received);
  return { code: 'WRITE_TIMEOUT', message, consistency, received, blockFor, writeType };
}

function timeoutText(received: number): string {
  return `Operation timed out - received only ${received} responses.`;
}

const CODE_BY_NUMBER = new Map(
  Object.entries(ERROR_CODES).map(([name, code]) => [code, name as CqlErrorCode]),
);
const REASON_BY_NUMBER = new Map(
  Object.entries(FAILURE_REASONS).map(([name, code]) => [code as number, name as FailureReason]),
);

export function decodeError(reader: BodyReader, version: ProtocolVersion): ErrorResponse {
  const number = reader.int();
  const code = CODE_BY_NUMBER.get(number);
  if (code === undefined) throw protocolError(`Unknown error code ${number}`);
  const message = reader.string();
  return { kind: 'error', error: decodeFields(reader, { code, message, version }) };
}

function decodeFields(
  reader: BodyReader,
  context: {
    readonly code: CqlErrorCode;
    readonly message: string;
    readonly version: ProtocolVersion;
  },
): CqlError {
  const { code, message, version } = context;
  switch (code) {
    case 'UNAVAILABLE': {
      const consistency = reader.consistency();
      return { code, message, consistency, required: reader.int(), alive: reader.int() };
    }
    case 'WRITE_TIMEOUT': {
      const counts = { ...decodeCounts(reader), writeType: reader.string() as WriteType };
      if (version < 5 || reader.remaining === 0) return { code, message, ...counts };
      return { code, message, ...counts, contentions: reader.short() };
    }
    case 'READ_TIMEOUT':
      return { code, message, ...decodeCounts(reader), dataPresent: reader.byte() !== 0 };
    case 'READ_FAILURE': {
      const counts = { ...decodeCounts(reader), failures: decodeFailures(reader, version) };
      return { code, message, ...counts, dataPresent: reader.byte() !== 0 };
    }
    case 'WRITE_FAILURE': {
      const counts = { ...decodeCounts(reader), failures: decodeFailures(reader, version) };
      return { code, message, ...counts, writeType: reader.string() as WriteType };
    }
    case 'CAS_WRITE_UNKNOWN':
      return { code, message, ...decodeCounts(reader) };
    case 'FUNCTION_FAILURE': {
      const names = { keyspace: reader.string(), function: reader.string() };
      return { code, message, ...names, argumentTypes: reader.stringList() };
    }
    case 'ALREADY_EXISTS':
      return { code, message, keyspace: reader.string(), table: reader.string() };
    case 'UNPREPARED':
      return { code, message, id: reader.shortBytes() };
    default:
      return { code, message };
  }
}

function decodeCounts(reader: BodyReader): Counts {
  const consistency = reader.consistency();
  return { consistency, received: reader.int(), blockFor: reader.int() };
}

/** Before version 5 only their number is sent: they get made-up endpoints `0`, `1` ... */
function decodeFailures(
  reader: BodyReader,
  version: ProtocolVersion,
): ReadonlyMap<string, FailureReason> {
  const failures = new Map<string, FailureReason>();
  const count = reader.int();
  if (version < 5) {
    for (let i = 0; i < Math.min(count, 0xffff); i++) failures.set(`${i}`, 'UNKNOWN');
    return failures;
  }
  for (let left = count; left > 0; left--) {
    const address = addressText(reader.inetAddress());
    const reason = REASON_BY_NUMBER.get(reader.short());
    failures.set(address, reason ?? 'UNKNOWN');
  }
  return failures;
}
