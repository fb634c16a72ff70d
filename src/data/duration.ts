// The duration type: months, days and nanoseconds, all of one sign. Parsing, printing, bytes and
// calendar arithmetic. Test: test/types/duration.test.ts. Cassandra: cql3/Duration.java,
// serializers/DurationSerializer.java.

import { MS_PER_DAY, daysFromHistoric, daysInHistoricMonth, historicFromDays } from './calendar.ts';
import { invalid, serverError } from './cql-error.ts';
import { readUnsignedVint, unZigZag, unsignedVintBytes, vintLengthAt, zigZag } from './vint.ts';

export interface Duration {
  /** int32 */
  readonly months: number;
  /** int32 */
  readonly days: number;
  /** int64 */
  readonly nanoseconds: bigint;
}

const MICRO = 1000n;
const MILLI = 1000n * MICRO;
const SECOND = 1000n * MILLI;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const LONG_MAX = 0x7fff_ffff_ffff_ffffn;
const INT_MAX = 0x7fff_ffff;

type Part = 'months' | 'days' | 'nanoseconds';
type Unit = { readonly name: string; readonly part: Part; readonly size: bigint };

/** In the order they must be written. */
const UNITS = {
  y: { name: 'years', part: 'months', size: 12n },
  mo: { name: 'months', part: 'months', size: 1n },
  w: { name: 'weeks', part: 'days', size: 7n },
  d: { name: 'days', part: 'days', size: 1n },
  h: { name: 'hours', part: 'nanoseconds', size: HOUR },
  m: { name: 'minutes', part: 'nanoseconds', size: MINUTE },
  s: { name: 'seconds', part: 'nanoseconds', size: SECOND },
  ms: { name: 'milliseconds', part: 'nanoseconds', size: MILLI },
  us: { name: 'microseconds', part: 'nanoseconds', size: MICRO },
  ns: { name: 'nanoseconds', part: 'nanoseconds', size: 1n },
} as const satisfies Record<string, Unit>;
type UnitName = keyof typeof UNITS;
const ORDER = Object.keys(UNITS) as UnitName[];

const STANDARD =
  /(\d+)(y|Y|mo|MO|mO|Mo|w|W|d|D|h|H|s|S|ms|MS|mS|Ms|us|US|uS|Us|µs|µS|ns|NS|nS|Ns|m|M)/y;
const ISO = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const ISO_UNITS: readonly UnitName[] = ['y', 'mo', 'd', 'h', 'm', 's'];
const ISO_WEEK = /^P(\d+)W$/;
const ISO_ALTERNATIVE = /^P(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})$/;

/** Throws INVALID `Unable to convert '..' to a duration` and the texts about order and size. */
export function parseDuration(text: string): Duration {
  const negative = text.startsWith('-');
  const source = negative ? text.slice(1) : text;
  const builder = new Builder();
  if (source.startsWith('P')) parseIso(source, builder);
  else parseStandard(source, builder);
  return builder.build(negative);
}

function parseIso(source: string, builder: Builder): void {
  if (source.endsWith('W')) {
    const week = ISO_WEEK.exec(source);
    if (week === null) throw unconvertible(source);
    builder.add('w', week[1] as string);
    return;
  }
  const match = (source.includes('-') ? ISO_ALTERNATIVE : ISO).exec(source);
  if (match === null) throw unconvertible(source);
  ISO_UNITS.forEach((unit, i) => {
    const number = match[i + 1];
    if (number !== undefined) builder.add(unit, number);
  });
}

function parseStandard(source: string, builder: Builder): void {
  let at = 0;
  do {
    STANDARD.lastIndex = at;
    const match = STANDARD.exec(source);
    if (match === null) throw unconvertible(source);
    const symbol = (match[2] as string).toLowerCase();
    builder.add((symbol === 'µs' ? 'us' : symbol) as UnitName, match[1] as string);
    at = STANDARD.lastIndex;
  } while (at < source.length);
}

function unconvertible(source: string): Error {
  return invalid(`Unable to convert '${source}' to a duration`);
}

class Builder {
  private readonly sums: Record<Part, bigint> = { months: 0n, days: 0n, nanoseconds: 0n };
  private current = -1;

  add(unitName: UnitName, digits: string): void {
    const unit = UNITS[unitName];
    const number = BigInt(digits);
    if (number > LONG_MAX)
      throw serverError(`java.lang.NumberFormatException: For input string: "${digits}"`);
    const index = ORDER.indexOf(unitName);
    if (index === this.current)
      throw invalid(`Invalid duration. The ${unit.name} are specified multiple times`);
    if (index < this.current) {
      const before = UNITS[ORDER[this.current] as UnitName].name;
      throw invalid(`Invalid duration. The ${before} should be after ${unit.name}`);
    }
    this.current = index;
    const limit =
      ((unit.part === 'nanoseconds' ? LONG_MAX : BigInt(INT_MAX)) - this.sums[unit.part]) /
      unit.size;
    if (number > limit) {
      throw invalid(
        `Invalid duration. The total number of ${unit.part} must be less or equal to ${INT_MAX}`,
      );
    }
    this.sums[unit.part] += number * unit.size;
  }

  build(negative: boolean): Duration {
    const { months, days, nanoseconds } = this.sums;
    const sign = negative ? -1 : 1;
    return {
      months: Number(months) * sign + 0,
      days: Number(days) * sign + 0,
      nanoseconds: nanoseconds * BigInt(sign),
    };
  }
}

/** `1y2mo3d4h5m6s7ms8us9ns`; empty for a zero duration. */
export function durationText(value: Duration): string {
  const parts: string[] = [isNegative(value) ? '-' : ''];
  const append = (dividend: bigint, divisor: bigint, unit: string): bigint => {
    if (dividend === 0n || dividend < divisor) return dividend;
    parts.push(`${dividend / divisor}${unit}`);
    return dividend % divisor;
  };
  append(append(BigInt(Math.abs(value.months)), 12n, 'y'), 1n, 'mo');
  append(BigInt(Math.abs(value.days)), 1n, 'd');
  let rest = value.nanoseconds < 0n ? -value.nanoseconds : value.nanoseconds;
  rest = append(rest, HOUR, 'h');
  rest = append(rest, MINUTE, 'm');
  rest = append(rest, SECOND, 's');
  rest = append(rest, MILLI, 'ms');
  rest = append(rest, MICRO, 'us');
  append(rest, 1n, 'ns');
  return parts.join('');
}

export function durationBytes(value: Duration): Buffer {
  return Buffer.concat([
    unsignedVintBytes(zigZag(BigInt(value.months))),
    unsignedVintBytes(zigZag(BigInt(value.days))),
    unsignedVintBytes(zigZag(value.nanoseconds)),
  ]);
}

/** `bytes` was validated. */
export function durationFromBytes(bytes: Buffer): Duration {
  const [months, days, nanoseconds] = readDurationParts(bytes);
  return { months: Number(months), days: Number(days), nanoseconds };
}

/** The three signed vints. Throws a RangeError when the bytes end early. */
export function readDurationParts(
  bytes: Buffer,
): [months: bigint, days: bigint, nanoseconds: bigint] {
  const daysAt = vintLengthAt(bytes, 0);
  const nanosAt = daysAt + vintLengthAt(bytes, daysAt);
  return [
    unZigZag(readUnsignedVint(bytes, 0)),
    unZigZag(readUnsignedVint(bytes, daysAt)),
    unZigZag(readUnsignedVint(bytes, nanosAt)),
  ];
}

function isNegative(value: Duration): boolean {
  return value.nanoseconds < 0n || value.days < 0 || value.months < 0;
}

export function hasMillisecondPrecision(value: Duration): boolean {
  return value.nanoseconds % MILLI === 0n;
}

export function negateDuration(value: Duration): Duration {
  return { months: -value.months + 0, days: -value.days + 0, nanoseconds: -value.nanoseconds };
}

/**
 * A time in milliseconds plus a duration; months go by the calendar (UTC; Julian before 1582), a day
 * too large is cut to the month.
 */
export function addDuration(timeMs: bigint, duration: Duration): bigint {
  const ms = duration.nanoseconds / MILLI;
  const days = BigInt(duration.days) * BigInt(MS_PER_DAY);
  if (duration.months === 0) return BigInt.asIntN(64, timeMs + days + ms);
  // As Java's Calendar does: the milliseconds are added as an int.
  return addMonths(timeMs, duration.months) + days + BigInt.asIntN(32, ms);
}

function addMonths(timeMs: bigint, months: number): bigint {
  const day = floorDivide(timeMs, BigInt(MS_PER_DAY));
  const inDay = timeMs - day * BigInt(MS_PER_DAY);
  const date = historicFromDays(Number(day));
  const index = date.year * 12 + (date.month - 1) + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  const cut = Math.min(date.day, daysInHistoricMonth(year, month));
  return BigInt(daysFromHistoric(year, month, cut)) * BigInt(MS_PER_DAY) + inDay;
}

/** The start of the interval of length `duration`, counted from `startMs`, that holds `timeMs`. */
export function floorTimestamp(timeMs: bigint, duration: Duration, startMs: bigint): bigint {
  if (startMs > timeMs)
    throw invalid('The floor function starting time is greater than the provided time');
  if (isNegative(duration))
    throw invalid('Negative durations are not supported by the floor function');
  const step = BigInt(duration.days) * BigInt(MS_PER_DAY) + duration.nanoseconds / MILLI;
  if (duration.months === 0) return step === 0n ? timeMs : timeMs - ((timeMs - startMs) % step);
  let multiplier = Math.trunc(monthsBetween(startMs, timeMs) / duration.months);
  let months = addMonths(startMs, multiplier * duration.months);
  if (step === 0n && duration.days === 0 && duration.nanoseconds === 0n) return months;
  let floor = months + BigInt(multiplier) * step;
  while (floor > timeMs) {
    multiplier--;
    months = addMonths(months, -duration.months);
    floor = months + BigInt(multiplier) * step;
  }
  return floor > startMs ? floor : startMs;
}

function monthsBetween(startMs: bigint, endMs: bigint): number {
  const start = historicFromDays(Number(floorDivide(startMs, BigInt(MS_PER_DAY))));
  const end = historicFromDays(Number(floorDivide(endMs, BigInt(MS_PER_DAY))));
  return (yearOfEra(end.year) - yearOfEra(start.year)) * 12 + (end.month - start.month);
}

/** Cassandra takes the calendar's year without its era. */
function yearOfEra(year: number): number {
  return year > 0 ? year : 1 - year;
}

/** The same within a day, in nanoseconds since midnight. */
export function floorTime(timeNanos: bigint, duration: Duration): bigint {
  if (isNegative(duration))
    throw invalid('Negative durations are not supported by the floor function');
  if (duration.months !== 0 || duration.days !== 0 || duration.nanoseconds > 24n * HOUR) {
    throw invalid(
      'For time values, the floor can only be computed for durations smaller that a day',
    );
  }
  return duration.nanoseconds === 0n ? timeNanos : timeNanos - (timeNanos % duration.nanoseconds);
}

export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}
