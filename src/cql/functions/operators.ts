// The functions behind + - * / % and unary minus. Their failures are FUNCTION_FAILURE errors that
// name the operation. Test: test/functions/recorded.test.ts. Cassandra:
// cql3/functions/OperationFcts.java.

import { readInt64, int64, int64Bytes } from '../../base/int64.ts';
import { MS_PER_DAY } from '../../data/calendar.ts';
import type { CqlType, NativeType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { CqlException, invalid, serverError } from '../../data/cql-error.ts';
import {
  addDuration,
  durationFromBytes,
  durationText,
  floorDivide,
  hasMillisecondPrecision,
  negateDuration,
} from '../../data/duration.ts';
import type { Duration } from '../../data/duration.ts';
import { typeName } from '../../data/type-names.ts';
import type { ScalarFunction } from './function.ts';
import { argument, scalar } from './native-function.ts';
import type { BinaryName, Numeric } from './numbers.ts';
import { ArithmeticFailure, NUMERICS, NUMERIC_NAMES, resultNumeric } from './numbers.ts';

export type Operator = '+' | '-' | '*' | '/' | '%';

/** Function names as Cassandra spells them. */
export const OPERATOR_FUNCTIONS = {
  '+': '_add',
  '-': '_substract',
  '*': '_multiply',
  '/': '_divide',
  '%': '_modulo',
} as const satisfies Record<Operator, string>;

export const NEGATION_FUNCTION = '_negate';

const NUMERIC_OPERATIONS = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
} as const satisfies Record<Operator, BinaryName>;

const OPERATORS = Object.keys(OPERATOR_FUNCTIONS) as Operator[];

/** The operator of a function name; null for any other name. */
export function operatorOf(keyspace: string | null, name: string): Operator | null {
  if (keyspace !== 'system') return null;
  return OPERATORS.find((operator) => OPERATOR_FUNCTIONS[operator] === name) ?? null;
}

export function operatorFunctions(): ScalarFunction[] {
  const functions: ScalarFunction[] = [];
  for (const left of NUMERIC_NAMES) {
    for (const right of NUMERIC_NAMES) {
      for (const operator of OPERATORS)
        functions.push(numericOperation(NUMERICS[left], operator, NUMERICS[right]));
    }
    functions.push(negation(NUMERICS[left]));
  }
  for (const operator of ['+', '-'] as const) {
    functions.push(
      temporalOperation(NATIVE.timestamp, operator),
      temporalOperation(NATIVE.date, operator),
    );
  }
  const { text, ascii } = NATIVE;
  functions.push(concatenation(text, text, text), concatenation(ascii, ascii, ascii));
  functions.push(concatenation(ascii, text, text), concatenation(text, ascii, text));
  return functions;
}

function numericOperation(left: Numeric, operator: Operator, right: Numeric): ScalarFunction {
  const result = resultNumeric(left, right);
  const compute = result.binary[NUMERIC_OPERATIONS[operator]];
  return operation(left.type, operator, right.type, result.type, (a, b) =>
    compute(left.read(a), right.read(b)),
  );
}

function concatenation(left: NativeType, right: NativeType, result: NativeType): ScalarFunction {
  return operation(left, '+', right, result, (a, b) => Buffer.concat([a, b]));
}

function temporalOperation(type: NativeType, operator: '+' | '-'): ScalarFunction {
  return operation(type, operator, NATIVE.duration, type, (time, bytes) => {
    const duration = durationFromBytes(bytes);
    checkPrecision(type, duration);
    const added = operator === '+' ? duration : negateDuration(duration);
    return temporalBytes(type, addDuration(temporalMs(type, time), added));
  });
}

function checkPrecision(type: NativeType, duration: Duration): void {
  if (type.name === 'date' && duration.nanoseconds !== 0n) {
    throw invalid(`The duration must have a day precision. Was: ${durationText(duration)}`);
  }
  if (type.name === 'timestamp' && !hasMillisecondPrecision(duration)) {
    throw invalid(`The duration must have a millisecond precision. Was: ${durationText(duration)}`);
  }
}

/** Milliseconds since 1970 of a timestamp or date. */
export function temporalMs(type: NativeType, bytes: Buffer): bigint {
  if (type.name === 'date') return BigInt(bytes.readUInt32BE(0) - 0x8000_0000) * BigInt(MS_PER_DAY);
  return BigInt(readInt64(bytes, 0));
}

/** A timestamp, or the day of a date, of milliseconds since 1970. */
export function temporalBytes(type: NativeType, ms: bigint): Buffer {
  if (type.name !== 'date') return int64Bytes(int64(ms));
  // As java.time's Duration counts: seconds are floored, days truncated, so a time before 1970
  // falls on the next day.
  const days = floorDivide(ms, 1000n) / 86_400n;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(BigInt.asUintN(32, days + 0x8000_0000n)), 0);
  return bytes;
}

function operation(
  left: CqlType,
  operator: Operator,
  right: CqlType,
  returns: CqlType,
  compute: (a: Buffer, b: Buffer) => Buffer,
): ScalarFunction {
  return scalar({
    name: OPERATOR_FUNCTIONS[operator],
    args: [left, right],
    returns,
    columnName: ([a = '', b = '']) => `${a} ${operator} ${b}`,
    run: (args) => {
      const a = argument(args, 0, left);
      const b = argument(args, 1, right);
      if (a === null || b === null) return null;
      try {
        return compute(a, b);
      } catch (error) {
        if (!(error instanceof ArithmeticFailure || error instanceof CqlException)) throw error;
        throw operationFailure(left, operator, right, error.message);
      }
    },
  });
}

function operationFailure(
  left: CqlType,
  operator: Operator,
  right: CqlType,
  reason: string,
): CqlException {
  const types = [typeName(left), typeName(right)];
  return new CqlException({
    code: 'FUNCTION_FAILURE',
    message: `the operation '${types[0]} ${operator} ${types[1]}' failed: ${reason}`,
    keyspace: 'system',
    function: OPERATOR_FUNCTIONS[operator],
    argumentTypes: types,
  });
}

function negation(numeric: Numeric): ScalarFunction {
  return scalar({
    name: NEGATION_FUNCTION,
    args: [numeric.type],
    returns: numeric.type,
    columnName: ([a = '']) => `-${a}`,
    run: (args) => {
      const bytes = argument(args, 0, numeric.type);
      return bytes === null ? null : javaErrors(() => numeric.unary.negate(numeric.read(bytes)));
    },
  });
}

/** Where Cassandra does not catch what arithmetic throws, the client sees a server error. */
export function javaErrors<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ArithmeticFailure)
      throw serverError(`${error.javaClass}: ${error.message}`);
    throw error;
  }
}
