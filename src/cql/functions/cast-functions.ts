// What CAST(x AS type) calls: numbers to numbers as Java narrows them, native types to text, times
// to times. Test: test/functions/recorded.test.ts. Cassandra: cql3/functions/CastFcts.java.

import { int64, int64Bytes } from '../../base/int64.ts';
import { decimalBytes, parseDecimal, varintBytes } from '../../data/big-number.ts';
import { codecFor } from '../../data/codec/codec.ts';
import { doubleBytes, floatBytes } from '../../data/codec/native-codecs.ts';
import type { CqlType, NativeType, NativeTypeName } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { serverError } from '../../data/cql-error.ts';
import { doubleText, floatText } from '../../data/java-number.ts';
import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';
import type { JavaNumber, NumericName } from './numbers.ts';
import {
  NUMERICS,
  NUMERIC_NAMES,
  doubleValue,
  floatValue,
  intValue,
  longValue,
} from './numbers.ts';
import { timeConversion } from './time-functions.ts';

/** The function a CAST to the type calls. */
export function castFunctionName(type: NativeTypeName): string {
  return `cast_as_${type}`;
}

function legacyCastName(type: NativeTypeName): string {
  return `castAs${type[0]?.toUpperCase() ?? ''}${type.slice(1)}`;
}

type NumericTarget = Exclude<NumericName, 'counter'>;

function integerBytes(value: number, size: 1 | 2 | 4): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeIntBE((value << (32 - 8 * size)) >> (32 - 8 * size), 0, size);
  return bytes;
}

const TO_NUMBER = {
  tinyint: (n) => integerBytes(intValue(n), 1),
  smallint: (n) => integerBytes(intValue(n), 2),
  int: (n) => integerBytes(intValue(n), 4),
  bigint: (n) => int64Bytes(int64(longValue(n))),
  float: (n) => floatBytes(floatValue(n)),
  double: (n) => doubleBytes(doubleValue(n)),
  decimal: toDecimal,
  varint: (n) => varintBytes(longValue(n)),
} as const satisfies Record<NumericTarget, (n: JavaNumber) => Buffer>;

function toDecimal(n: JavaNumber): Buffer {
  if (n.kind === 'varint') return decimalBytes({ unscaled: n.value, scale: 0 });
  if (n.kind !== 'float' && n.kind !== 'double')
    return decimalBytes({ unscaled: longValue(n), scale: 0 });
  const text = n.kind === 'float' ? floatText(n.value) : doubleText(n.value);
  const value = parseDecimal(text);
  if (value === null) {
    const at = text.startsWith('-') ? text[1] : text[0];
    throw serverError(
      `java.lang.NumberFormatException: Character ${at ?? ''} is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`,
    );
  }
  return decimalBytes(value);
}

/** Types besides the numbers that have a text. */
const TEXTUAL: readonly NativeTypeName[] = [
  'inet',
  'boolean',
  'timeuuid',
  'timestamp',
  'date',
  'time',
  'uuid',
];

export function castFunctions(): ScalarFunction[] {
  const functions: ScalarFunction[] = [];
  const add = (from: NativeType, to: NativeType, convert: (bytes: Buffer) => Buffer): void => {
    functions.push(
      cast(castFunctionName(to.name), from, to, convert),
      cast(legacyCastName(to.name), from, to, convert),
    );
  };
  for (const from of NUMERIC_NAMES) {
    const numeric = NUMERICS[from];
    for (const to of Object.keys(TO_NUMBER) as NumericTarget[]) {
      if (to !== from) add(NATIVE[from], NATIVE[to], (bytes) => TO_NUMBER[to](numeric.read(bytes)));
    }
  }
  for (const from of [...NUMERIC_NAMES, ...TEXTUAL]) {
    const codec = codecFor(NATIVE[from]);
    const convert = (bytes: Buffer): Buffer => Buffer.from(codec.toText(bytes), 'utf8');
    add(NATIVE[from], NATIVE.ascii, convert);
    add(NATIVE[from], NATIVE.text, convert);
  }
  add(NATIVE.ascii, NATIVE.text, (bytes) => bytes);
  const { timeuuid, timestamp, date } = NATIVE;
  add(timeuuid, date, (bytes) => timeConversion(timeuuid, date, bytes));
  add(timeuuid, timestamp, (bytes) => timeConversion(timeuuid, timestamp, bytes));
  add(timestamp, date, (bytes) => timeConversion(timestamp, date, bytes));
  add(date, timestamp, (bytes) => timeConversion(date, timestamp, bytes));
  return functions;
}

function cast(
  name: string,
  from: CqlType,
  to: NativeType,
  convert: (bytes: Buffer) => Buffer,
): ScalarFunction {
  return scalar({
    name,
    args: [from],
    returns: to,
    columnName: ([a = '']) => `cast(${a} as ${to.name})`,
    run: (args) => {
      const bytes = argument(args, 0, from);
      return bytes === null ? null : convert(bytes);
    },
  });
}
