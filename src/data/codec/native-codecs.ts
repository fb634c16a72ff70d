// One row a native type: validation, order, text. The rows are plain values; codec.ts wraps them.
// Test: test/types/codecs.test.ts, test/types/driver-parity.test.ts. Cassandra: serializers/*,
// db/marshal/*Type.java.

import { int64Bytes, int64, readInt64 } from '../../base/int64.ts';
import {
  DECIMAL_ZERO,
  decimalBytes,
  decimalFromBytes,
  decimalText,
  parseDecimal,
  parseVarint,
  varintBytes,
  varintFromBytes,
} from '../big-number.ts';
import type { NativeTypeName } from '../cql-type.ts';
import {
  durationBytes,
  durationFromBytes,
  durationText,
  parseDuration,
  readDurationParts,
} from '../duration.ts';
import { doubleText, floatText, parseJavaDouble, parseJavaFloat } from '../java-number.ts';
import { minTimeUuid } from '../time-uuid.ts';
import { parseUuid, uuidText } from '../uuid.ts';
import { EMPTY } from './codec-interface.ts';
import {
  compareBoolean,
  compareBytes,
  compareDecimal,
  compareDouble,
  compareFloat,
  compareSigned,
  compareTimeUuid,
  compareUuid,
  compareVarint,
} from './comparators.ts';
import { inetText, parseInet } from './inet-text.ts';
import { marshalError } from './marshal-exception.ts';
import { isValidAscii, isValidUtf8 } from './text-validation.ts';
import {
  dateText,
  parseDate,
  parseTime,
  parseTimestamp,
  timeText,
  timestampText,
} from './timestamp-text.ts';

/**
 * How a native type behaves. `text` is called with a value that is not empty, unless the type's
 * empty value counts.
 */
export interface NativeRow {
  readonly validate: (bytes: Buffer) => void;
  readonly compare: (a: Buffer, b: Buffer) => number;
  readonly fixedLength: number;
  readonly allowsEmpty: boolean;
  readonly isEmptyMeaningless: boolean;
  readonly quoted: boolean;
  readonly text: (bytes: Buffer) => string;
  readonly fromString: (text: string, nowMs: number) => Buffer;
  readonly masked: Buffer;
}

/** A type whose values have one length; the text shows the length it got. */
function fixed(
  length: number,
  message: string,
  row: Pick<NativeRow, 'compare' | 'text' | 'fromString'> & Partial<NativeRow>,
): NativeRow {
  const allowsEmpty = row.allowsEmpty ?? true;
  return {
    validate: (bytes) => {
      if (bytes.length !== length && (bytes.length !== 0 || !allowsEmpty)) {
        throw marshalError(`${message} (${bytes.length})`);
      }
    },
    fixedLength: length,
    allowsEmpty,
    isEmptyMeaningless: allowsEmpty,
    quoted: false,
    masked: Buffer.alloc(length),
    ...row,
  };
}

function integer(
  length: 1 | 2 | 4,
  name: string,
  message: string,
  allowsEmpty: boolean,
): NativeRow {
  const limit = 2 ** (8 * length - 1);
  return fixed(length, message, {
    compare: compareSigned,
    fixedLength: allowsEmpty ? length : -1,
    allowsEmpty,
    isEmptyMeaningless: allowsEmpty,
    text: (bytes) => String(bytes.readIntBE(0, length)),
    fromString: (text) => {
      if (text === '') return EMPTY;
      const value = parseVarint(text);
      if (value === null || value < -limit || value >= limit) {
        throw marshalError(`Unable to make ${name} from '${text}'`);
      }
      const bytes = Buffer.alloc(length);
      bytes.writeIntBE(Number(value), 0, length);
      return bytes;
    },
  });
}

function long(text: string): Buffer {
  if (text === '') return EMPTY;
  const value = parseVarint(text);
  if (value === null || BigInt.asIntN(64, value) !== value)
    throw marshalError(`Unable to make long from '${text}'`);
  return int64Bytes(int64(value));
}

const longText = (bytes: Buffer): string => String(readInt64(bytes, 0));

function validateTimeUuid(bytes: Buffer): void {
  if (bytes.length === 0) return;
  if (bytes.length !== 16) throw marshalError(`UUID should be 16 or 0 bytes (${bytes.length})`);
  if (((bytes[6] as number) & 0xf0) !== 0x10) {
    throw marshalError(
      `Invalid version for TimeUUID type: 0x${((bytes[0] as number) >> 4).toString(16)}`,
    );
  }
}

function validateDuration(bytes: Buffer): void {
  if (bytes.length < 3)
    throw marshalError(`Expected at least 3 bytes for a duration (${bytes.length})`);
  const [months, days, nanoseconds] = durationParts(bytes);
  if (BigInt.asIntN(32, months) !== months) {
    throw marshalError(`The duration months must be a 32 bits integer but was: ${months}`);
  }
  if (BigInt.asIntN(32, days) !== days) {
    throw marshalError(`The duration days must be a 32 bits integer but was: ${days}`);
  }
  const positive = months >= 0n && days >= 0n && nanoseconds >= 0n;
  if (!positive && !(months <= 0n && days <= 0n && nanoseconds <= 0n)) {
    throw marshalError(
      `The duration months, days and nanoseconds must be all of the same sign (${months}, ${days}, ${nanoseconds})`,
    );
  }
}

function durationParts(bytes: Buffer): readonly [bigint, bigint, bigint] {
  try {
    return readDurationParts(bytes);
  } catch {
    // Cassandra stops with an AssertionError here; a refused value is the same to the client and
    // kinder to the node.
    throw marshalError('Unexpected error');
  }
}

function asciiFromString(text: string): Buffer {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    const lone = !pair && unit >= 0xd800 && unit < 0xe000;
    const exception = lone ? 'MalformedInputException' : 'UnmappableCharacterException';
    throw marshalError(
      `Invalid ASCII character in string literal: java.nio.charset.${exception}: Input length = ${pair ? 2 : 1}`,
    );
  }
  return Buffer.from(text, 'latin1');
}

/** Hex digits without 0x. */
export function hexBytes(text: string): Buffer {
  if (text.length % 2 === 1 || !/^[0-9a-fA-F]*$/.test(text))
    throw marshalError(`cannot parse '${text}' as hex bytes`);
  return Buffer.from(text, 'hex');
}

const STARS = Buffer.from('****');
const variable = {
  fixedLength: -1,
  allowsEmpty: true,
  isEmptyMeaningless: false,
  quoted: false,
} as const;
const numeric = {
  fixedLength: -1,
  allowsEmpty: true,
  isEmptyMeaningless: true,
  quoted: false,
} as const;

export const NATIVE_ROWS = {
  ascii: {
    ...variable,
    quoted: true,
    validate: (bytes) => {
      const at = isValidAscii(bytes);
      if (at >= 0) throw marshalError(`Invalid byte for ascii: ${(bytes[at] as number) - 256}`);
    },
    compare: compareBytes,
    text: (bytes) => bytes.toString('latin1'),
    fromString: asciiFromString,
    masked: STARS,
  },
  text: {
    ...variable,
    quoted: true,
    validate: (bytes) => {
      if (!isValidUtf8(bytes)) throw marshalError("String didn't validate.");
    },
    compare: compareBytes,
    text: (bytes) => bytes.toString('utf8'),
    fromString: (text) => Buffer.from(text, 'utf8'),
    masked: STARS,
  },
  blob: {
    ...variable,
    validate: () => {},
    compare: compareBytes,
    text: (bytes) => `0x${bytes.toString('hex')}`,
    fromString: hexBytes,
    masked: EMPTY,
  },
  empty: {
    ...variable,
    fixedLength: 0,
    validate: (bytes) => {
      if (bytes.length > 0) throw marshalError('EmptyType only accept empty values');
    },
    compare: () => 0,
    text: () => '',
    fromString: (text) => {
      if (text !== '') throw marshalError(`'${text}' is not empty`);
      return EMPTY;
    },
    masked: EMPTY,
  },
  tinyint: integer(1, 'byte', 'Expected 1 byte for a tinyint', false),
  smallint: integer(2, 'short', 'Expected 2 bytes for a smallint', false),
  int: integer(4, 'int', 'Expected 4 or 0 byte int', true),
  bigint: fixed(8, 'Expected 8 or 0 byte long', {
    compare: compareSigned,
    text: longText,
    fromString: long,
  }),
  counter: fixed(8, 'Expected 8 or 0 byte long', {
    compare: compareSigned,
    text: longText,
    fromString: long,
    fixedLength: -1,
  }),
  boolean: {
    ...numeric,
    fixedLength: 1,
    validate: (bytes) => {
      if (bytes.length > 1) throw marshalError(`Expected 1 or 0 byte value (${bytes.length})`);
    },
    compare: compareBoolean,
    text: (bytes) => (bytes[0] === 0 ? 'false' : 'true'),
    fromString: (text) => {
      const lower = text.toLowerCase();
      if (lower === 'true') return Buffer.of(1);
      if (lower === 'false' || lower === '') return Buffer.of(0);
      throw marshalError(`Unable to make boolean from '${text}'`);
    },
    masked: Buffer.of(0),
  },
  float: fixed(4, 'Expected 4 or 0 byte value for a float', {
    compare: compareFloat,
    text: (bytes) => floatText(bytes.readFloatBE(0)),
    fromString: (text) => {
      if (text === '') return EMPTY;
      const value = parseJavaFloat(text);
      if (value === null) throw marshalError(`Unable to make float from '${text}'`);
      return floatBytes(value);
    },
  }),
  double: fixed(8, 'Expected 8 or 0 byte value for a double', {
    compare: compareDouble,
    text: (bytes) => doubleText(bytes.readDoubleBE(0)),
    fromString: (text) => {
      if (text === '') return EMPTY;
      const value = parseJavaDouble(text);
      if (value === null) throw marshalError(`Unable to make double from '${text}'`);
      return doubleBytes(value);
    },
  }),
  varint: {
    ...numeric,
    validate: () => {},
    compare: compareVarint,
    text: (bytes) => varintFromBytes(bytes).toString(),
    fromString: (text) => {
      if (text === '') return EMPTY;
      const value = parseVarint(text);
      if (value === null) throw marshalError(`unable to make int from '${text}'`);
      return varintBytes(value);
    },
    masked: Buffer.of(0),
  },
  decimal: {
    ...numeric,
    validate: (bytes) => {
      if (bytes.length > 0 && bytes.length < 4)
        throw marshalError(`Expected 0 or at least 4 bytes (${bytes.length})`);
    },
    compare: compareDecimal,
    text: (bytes) => decimalText(decimalFromBytes(bytes)),
    fromString: (text) => {
      if (text === '') return EMPTY;
      const value = parseDecimal(text);
      if (value === null) throw marshalError(`unable to make BigDecimal from '${text}'`);
      return decimalBytes(value);
    },
    masked: decimalBytes(DECIMAL_ZERO),
  },
  timestamp: fixed(8, 'Expected 8 or 0 byte long for date', {
    quoted: true,
    compare: compareSigned,
    text: (bytes) => timestampText(bytes.readBigInt64BE(0), 'T'),
    fromString: (text, nowMs) =>
      text === '' ? EMPTY : int64Bytes(int64(parseTimestamp(text, nowMs))),
  }),
  date: fixed(4, 'Expected 4 byte long for date', {
    quoted: true,
    compare: compareBytes,
    fixedLength: -1,
    allowsEmpty: false,
    text: (bytes) => dateText(bytes.readUInt32BE(0)),
    fromString: (text) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(parseDate(text), 0);
      return bytes;
    },
    masked: Buffer.of(0x80, 0, 0, 0),
  }),
  time: fixed(8, 'Expected 8 byte long for time', {
    quoted: true,
    compare: compareBytes,
    fixedLength: -1,
    allowsEmpty: false,
    text: (bytes) => timeText(Number(readInt64(bytes, 0))),
    fromString: (text) => int64Bytes(parseTime(text)),
  }),
  duration: {
    ...variable,
    allowsEmpty: false,
    validate: validateDuration,
    compare: compareBytes,
    text: (bytes) => durationText(durationFromBytes(bytes)),
    fromString: (text) => (text === '' ? EMPTY : durationBytes(parseDuration(text))),
    masked: Buffer.alloc(3),
  },
  uuid: fixed(16, 'UUID should be 16 or 0 bytes', {
    compare: compareUuid,
    text: uuidText,
    fromString: (text) => {
      if (text === '') return EMPTY;
      const bytes = parseUuid(text);
      if (bytes === null) throw marshalError(`Unable to make UUID from '${text}'`);
      return bytes;
    },
  }),
  timeuuid: {
    ...numeric,
    fixedLength: 16,
    validate: validateTimeUuid,
    compare: compareTimeUuid,
    text: uuidText,
    fromString: (text) => {
      if (text === '') return EMPTY;
      const bytes = parseUuid(text);
      if (bytes === null) throw marshalError(`Unknown timeuuid representation: ${text}`);
      if ((bytes[6] as number) >> 4 !== 1)
        throw marshalError('TimeUUID supports only version 1 UUIDs');
      return bytes;
    },
    masked: minTimeUuid(0n),
  },
  inet: {
    ...numeric,
    quoted: true,
    validate: (bytes) => {
      if (bytes.length !== 0 && bytes.length !== 4 && bytes.length !== 16) {
        throw marshalError(`Expected 4 or 16 byte inetaddress; got ${bytes.toString('hex')}`);
      }
    },
    compare: compareBytes,
    text: inetText,
    fromString: (text) => {
      if (text === '') return EMPTY;
      const bytes = parseInet(text);
      if (bytes === null) throw marshalError(`Unable to make inet address from '${text}'`);
      return bytes;
    },
    masked: Buffer.alloc(4),
  },
} as const satisfies Record<NativeTypeName, NativeRow>;

export function floatBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (Number.isNaN(value)) bytes.writeUInt32BE(0x7fc0_0000, 0);
  else bytes.writeFloatBE(value, 0);
  return bytes;
}

export function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  if (Number.isNaN(value)) bytes.writeUInt32BE(0x7ff8_0000, 0);
  else bytes.writeDoubleBE(value, 0);
  return bytes;
}
