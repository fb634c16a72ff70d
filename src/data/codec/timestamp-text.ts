// Timestamps, dates and times as text. Timestamps are read with every pattern Cassandra tries, in
// java.time's smart mode (February 31 is the last of February); dates are strict. The server's zone
// is UTC. Named zones come from ICU. Test: test/types/recorded.test.ts. Cassandra:
// serializers/TimestampSerializer, SimpleDateSerializer, TimeSerializer.

import {
  MS_PER_DAY,
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  isoDate,
  pad,
} from '../calendar.ts';
import { floorDivide } from '../duration.ts';
import { marshalError } from './marshal-exception.ts';

const LONG_MAX = 0x7fff_ffff_ffff_ffffn;
const DAY_MS = BigInt(MS_PER_DAY);
/** Days whose milliseconds fit a long. */
const LONG_DAYS_MAX = Number(LONG_MAX / DAY_MS);

/**
 * Milliseconds since 1970. `nowMs` is what 'now' means. Throws `Unable to parse a date/time from
 * '..'`.
 */
export function parseTimestamp(text: string, nowMs: number): bigint {
  if (text.toLowerCase() === 'now') return BigInt(Math.floor(nowMs));
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value > LONG_MAX || value < -LONG_MAX - 1n) {
      throw marshalError(`Unable to make long (for date) from: '${text}'`);
    }
    return value;
  }
  const parsed = parseDateTime(text) ?? parseDateWithZone(text) ?? parseIsoDate(text);
  if (parsed === null) throw marshalError(`Unable to parse a date/time from '${text}'`);
  return parsed;
}

const DATE_TIME =
  /^(\d{1,19})-(\d{1,19})-(\d{1,19})[T ](\d{1,19}):(\d{1,19})(?::(\d{1,19})(?:\.(\d{0,9}))?)?(.*)$/;
const ZONED_DATE = /^(\d{4}|\+\d{5,19})-(\d{2})-(\d{2})(.+)$/;
const ISO_DATE =
  /^(-?\d{4}|\+\d{5,10}|-\d{5,10})-(\d{2})-(\d{2})([+-]\d{2}(?::\d{2}(?::\d{2})?)?|Z)?$/;

function parseDateTime(text: string): bigint | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone = ''] = match;
  // Year of era: there is no year 0.
  if (Number(year) < 1) return null;
  const days = smartDays(Number(year), Number(month), Number(day));
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3));
  const endOfDay = h === 24 && m === 0 && s === 0 && ms === 0;
  if (days === null || (h > 23 && !endOfDay) || m > 59 || s > 59) return null;
  return inZone(BigInt(days) * DAY_MS + BigInt(((h * 60 + m) * 60 + s) * 1000 + ms), zone);
}

function parseDateWithZone(text: string): bigint | null {
  const match = ZONED_DATE.exec(text);
  if (match === null) return null;
  const year = Number(match[1]);
  const days = year < 1 ? null : smartDays(year, Number(match[2]), Number(match[3]));
  return days === null ? null : inZone(BigInt(days) * DAY_MS, match[4] as string);
}

function parseIsoDate(text: string): bigint | null {
  const match = ISO_DATE.exec(text);
  if (match === null || match[1] === '-0000') return null;
  const days = smartDays(Number(match[1]), Number(match[2]), Number(match[3]));
  if (days === null) return null;
  const local = BigInt(days) * DAY_MS;
  const offset = match[4] === undefined ? 0 : offsetMs(match[4]);
  return offset === null ? null : local - BigInt(offset);
}

const YEAR_MAX = 999_999_999;

/** Days since 1970; a day beyond the month's end (up to 31) is its last. Null when out of range. */
function smartDays(year: number, month: number, day: number): number | null {
  if (Math.abs(year) > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > 31) return null;
  return daysFromCivil(year, month, Math.min(day, daysInMonth(year, month)));
}

/** An offset that needs no blank before it. */
const BARE_OFFSET = /^(?:Z|[+-]\d{2}(?::?\d{2})?)$/;

/**
 * What may follow a time: nothing, ` UTC`, ` Europe/Berlin`, ` Pacific Standard Time`, `Z`, `+01`,
 * `+0100`, `+01:00`.
 */
function inZone(localMs: bigint, zone: string): bigint | null {
  if (zone === '') return localMs;
  const spaced = zone.startsWith(' ');
  const name = spaced ? zone.slice(1) : zone;
  const offset = spaced || BARE_OFFSET.test(name) ? offsetMs(name) : null;
  if (offset !== null) return localMs - BigInt(offset);
  return spaced ? inNamedZone(localMs, name) : null;
}

/** `Z`, `+01`, `+0100`, `+01:00`, `+01:00:00`, also after UTC, GMT, UT; null for anything else. */
function offsetMs(text: string): number | null {
  const match = /^(?:UTC|GMT|UT)?([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?$/.exec(text);
  if (match === null) return /^(?:Z|UTC|GMT|UT)$/.test(text) ? 0 : null;
  const [, sign, hours, minutes = '0', seconds = '0'] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (Number(minutes) > 59 || Number(seconds) > 59 || total > 18 * 3600) return null;
  return (sign === '-' ? -total : total) * 1000;
}

/** Abbreviations and full names java.time knows in English, by the zone they stand for. */
const ZONE_NAMES: Readonly<Record<string, string>> = {
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  PT: 'America/Los_Angeles',
  'Pacific Standard Time': 'America/Los_Angeles',
  'Pacific Daylight Time': 'America/Los_Angeles',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  MT: 'America/Denver',
  'Mountain Standard Time': 'America/Denver',
  'Mountain Daylight Time': 'America/Denver',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  CT: 'America/Chicago',
  'Central Standard Time': 'America/Chicago',
  'Central Daylight Time': 'America/Chicago',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  ET: 'America/New_York',
  'Eastern Standard Time': 'America/New_York',
  'Eastern Daylight Time': 'America/New_York',
  CET: 'Europe/Paris',
  CEST: 'Europe/Paris',
  'Central European Time': 'Europe/Paris',
  'Central European Standard Time': 'Europe/Paris',
  'Central European Summer Time': 'Europe/Paris',
  EET: 'Europe/Bucharest',
  EEST: 'Europe/Bucharest',
  WET: 'Europe/Lisbon',
  WEST: 'Europe/Lisbon',
  BST: 'Europe/London',
  'Greenwich Mean Time': 'UTC',
  'Coordinated Universal Time': 'UTC',
  MSK: 'Europe/Moscow',
  JST: 'Asia/Tokyo',
  'Japan Standard Time': 'Asia/Tokyo',
  IST: 'Europe/Dublin',
  'India Standard Time': 'Asia/Kolkata',
  AEST: 'Australia/Sydney',
  AEDT: 'Australia/Sydney',
};

function inNamedZone(localMs: bigint, name: string): bigint | null {
  const zone = ZONE_NAMES[name] ?? name;
  if (!/^[A-Za-z][A-Za-z0-9_/-]*$/.test(zone) || /[+-]\d/.test(zone)) return null;
  const format = zoneFormat(zone);
  if (format === null) return null;
  const local = Number(localMs);
  const before = zoneOffsetMs(format, local - MS_PER_DAY);
  const after = zoneOffsetMs(format, local + MS_PER_DAY);
  // In an overlap the earlier offset counts, in a gap the time moves on by its length: both are
  // `before`.
  if (before === after || zoneOffsetMs(format, local - before) === before)
    return localMs - BigInt(before);
  const late = zoneOffsetMs(format, local - after) === after;
  return localMs - BigInt(late ? after : before);
}

function zoneFormat(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return null;
  }
}

function zoneOffsetMs(format: Intl.DateTimeFormat, instantMs: number): number {
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(instantMs)) part[type] = value;
  const year = part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year']);
  const days = daysFromCivil(year, Number(part['month']), Number(part['day']));
  const seconds =
    (Number(part['hour']) * 60 + Number(part['minute'])) * 60 + Number(part['second']);
  return days * MS_PER_DAY + seconds * 1000 - Math.floor(instantMs / 1000) * 1000;
}

/**
 * `2011-02-03T04:05:00.000Z` (CAST, literals) or with a blank for `T` (JSON). The year is the year
 * of the era.
 */
export function timestampText(ms: bigint, separator: 'T' | ' '): string {
  const days = floorDivide(ms, DAY_MS);
  const inDay = Number(ms - days * DAY_MS);
  const { year, month, day } = civilFromDays(Number(days));
  const yearOfEra = year > 0 ? year : 1 - year;
  const yearText = yearOfEra > 9999 ? `+${yearOfEra}` : pad(yearOfEra, 4);
  const seconds = Math.floor(inDay / 1000);
  const time = `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}`;
  return `${yearText}-${pad(month, 2)}-${pad(day, 2)}${separator}${time}.${pad(inDay % 1000, 3)}Z`;
}

/** The stored value of a date: days with the epoch at 2^31. */
export function parseDate(text: string): number {
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value < 0n || value > 0xffff_ffffn) {
      throw marshalError(`Unable to make unsigned int (for date) from: '${text}'`);
    }
    return Number(value);
  }
  const match = /^(-?\d{4}|\+\d{5,10}|-\d{5,10})-(\d{2})-(\d{2})$/.exec(text);
  const [year, month, day] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  const valid =
    match !== null &&
    match[1] !== '-0000' &&
    Math.abs(year) <= YEAR_MAX &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month);
  if (!valid) throw marshalError(`Unable to coerce '${text}' to a formatted date (long)`);
  const days = daysFromCivil(year, month, day);
  if (Math.abs(days) > LONG_DAYS_MAX)
    throw marshalError(`Unable to coerce '${text}' to a formatted date (long)`);
  if (days < -0x8000_0000) {
    throw marshalError(`Input date ${text} is less than min supported date -5877641-06-23T00:00Z`);
  }
  if (days > 0x7fff_ffff) {
    throw marshalError(
      `Input date ${text} is greater than max supported date +5881580-07-11T00:00Z`,
    );
  }
  return days + 0x8000_0000;
}

export function dateText(stored: number): string {
  return isoDate(stored - 0x8000_0000);
}

const NANOS_PER_DAY = 86_400_000_000_000;

/** Nanoseconds since midnight (below 2^53). */
export function parseTime(source: string): number {
  if (/^-?\d+$/.test(source)) {
    const value = Number(source);
    if (value < 0 || value >= NANOS_PER_DAY) {
      throw marshalError(`Unable to make long (for time) from: '${source}'`);
    }
    return value + 0;
  }
  // Java's parseInt takes signs, so hours of `+5` pass; minus zero does too.
  const match = /^([+-]?\d+):([+-]?\d+):([+-]?\d+)(?:\.(\d{1,9}))?$/.exec(source.trim());
  const [hour, minute, second] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  const inRange =
    hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60;
  if (match === null || !inRange) {
    throw marshalError(`(TimeType) Unable to coerce '${source}' to a formatted time (long)`);
  }
  const nanos = Number((match[4] ?? '').padEnd(9, '0'));
  return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos + 0;
}

/** `08:12:54.123456789`. */
export function timeText(nanos: number): string {
  const seconds = Math.floor(nanos / 1_000_000_000);
  const rest = nanos - seconds * 1_000_000_000;
  const minutes = Math.floor(seconds / 60);
  return `${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}:${pad(seconds % 60, 2)}.${pad(rest, 9)}`;
}
