// now() and its kin, conversions between times, floor. Test: test/functions/recorded.test.ts.
// Cassandra: cql3/functions/TimeFcts.java, cql3/Duration.java.

import { int64, int64Bytes, readInt64 } from '../../base/int64.ts';
import { MS_PER_DAY } from '../../data/calendar.ts';
import type { NativeType } from '../../data/cql-type.ts';
import { NATIVE } from '../../data/cql-type.ts';
import { invalid } from '../../data/cql-error.ts';
import type { Duration } from '../../data/duration.ts';
import {
  durationFromBytes,
  durationText,
  floorTime,
  floorTimestamp,
  hasMillisecondPrecision,
} from '../../data/duration.ts';
import { maxTimeUuid, minTimeUuid, timeUuidUnixMs } from '../../data/time-uuid.ts';
import type { FunctionContext, ScalarFunction } from './function.ts';
import { argument, scalar, withLegacyName } from './native-function.ts';
import { temporalBytes, temporalMs } from './operators.ts';

const { timeuuid, timestamp, date, time, bigint, duration } = NATIVE;

export function timeFunctions(): ScalarFunction[] {
  return [
    ...current('now', timeuuid, (context) => context.nextTimeUuid()),
    ...current('current_timeuuid', timeuuid, (context) => context.nextTimeUuid()),
    ...current('current_timestamp', timestamp, (context) =>
      temporalBytes(timestamp, nowMs(context)),
    ),
    ...current('current_date', date, (context) => temporalBytes(date, nowMs(context))),
    ...current('current_time', time, (context) =>
      int64Bytes(
        (((Math.floor(context.nowMs) % MS_PER_DAY) + MS_PER_DAY) % MS_PER_DAY) * 1_000_000,
      ),
    ),
    ...bound('min_timeuuid', minTimeUuid),
    ...bound('max_timeuuid', maxTimeUuid),
    ...conversions('to_date', [timeuuid, timestamp], date),
    ...conversions('to_timestamp', [timeuuid, date], timestamp),
    ...conversions('to_unix_timestamp', [timeuuid, timestamp, date], bigint),
    ...floors(timestamp, timestamp),
    ...floors(timeuuid, timestamp),
    ...floors(date, date),
    floorOfTime(),
  ];
}

function nowMs(context: FunctionContext): bigint {
  return BigInt(Math.floor(context.nowMs));
}

/** Functions of the clock; those named current_.. have an older name without underscores. */
function current(
  name: string,
  returns: NativeType,
  run: (context: FunctionContext) => Buffer,
): ScalarFunction[] {
  const make = (given: string): ScalarFunction =>
    scalar({ name: given, args: [], returns, isPure: false, run: (_, context) => run(context) });
  return name.startsWith('current')
    ? withLegacyName(make, name, name.replaceAll('_', ''))
    : [make(name)];
}

function bound(name: string, make: (unixMs: bigint) => Buffer): ScalarFunction[] {
  const row = (given: string): ScalarFunction =>
    scalar({
      name: given,
      args: [timestamp],
      returns: timeuuid,
      run: (args) => {
        const bytes = argument(args, 0, timestamp);
        return bytes === null ? null : make(BigInt(readInt64(bytes, 0)));
      },
    });
  return withLegacyName(row, name, name.replaceAll('_', ''));
}

function conversions(name: string, from: readonly NativeType[], to: NativeType): ScalarFunction[] {
  return from.flatMap((type) => {
    const row = (given: string): ScalarFunction =>
      scalar({
        name: given,
        args: [type],
        returns: to,
        isMonotonic: () => true,
        run: (args) => {
          const bytes = argument(args, 0, type);
          return bytes === null ? null : timeConversion(type, to, bytes);
        },
      });
    return withLegacyName(row, name, name.replaceAll('_', ''));
  });
}

/** A timeuuid, timestamp or date as a date, timestamp or bigint of milliseconds. */
export function timeConversion(from: NativeType, to: NativeType, bytes: Buffer): Buffer {
  return temporalBytes(to, milliseconds(from, bytes));
}

function milliseconds(type: NativeType, bytes: Buffer): bigint {
  return type.name === 'timeuuid' ? timeUuidUnixMs(bytes) : temporalMs(type, bytes);
}

/** floor(t, duration) and floor(t, duration, start). */
function floors(type: NativeType, returns: NativeType): ScalarFunction[] {
  const startTypes = [[], [returns]] as const;
  return startTypes.map((start) =>
    scalar({
      name: 'floor',
      args: [type, duration, ...start],
      returns,
      isMonotonic: ([t, ...others]) => t === false && others.every(Boolean),
      run: (args) => {
        const bytes = argument(args, 0, type);
        const step = argument(args, 1, duration);
        const from = start.length === 0 ? null : argument(args, 2, returns);
        if (bytes === null || step === null || (start.length > 0 && from === null)) return null;
        const size = durationFromBytes(step);
        checkPrecision(type, size);
        const startMs = from === null ? 0n : milliseconds(returns, from);
        return temporalBytes(returns, floorTimestamp(milliseconds(type, bytes), size, startMs));
      },
    }),
  );
}

function checkPrecision(type: NativeType, size: Duration): void {
  if (type.name === 'date' && size.nanoseconds !== 0n) {
    throw invalid(
      `The floor on date values cannot be computed for the ${durationText(size)} duration as precision is below 1 day`,
    );
  }
  if (!hasMillisecondPrecision(size)) {
    throw invalid(
      `The floor cannot be computed for the ${durationText(size)} duration as precision is below 1 millisecond`,
    );
  }
}

function floorOfTime(): ScalarFunction {
  return scalar({
    name: 'floor',
    args: [time, duration],
    returns: time,
    isMonotonic: ([t, step]) => t === false && step === true,
    run: (args) => {
      const bytes = argument(args, 0, time);
      const step = argument(args, 1, duration);
      if (bytes === null || step === null) return null;
      return int64Bytes(int64(floorTime(BigInt(readInt64(bytes, 0)), durationFromBytes(step))));
    },
  });
}
