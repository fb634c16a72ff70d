// Durations: printing is parsing's inverse, arithmetic follows the calendar, floor finds the
// interval.

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  civilFromDays,
  daysFromCivil,
  daysFromHistoric,
  historicFromDays,
} from '../../src/data/calendar.ts';
import {
  addDuration,
  durationBytes,
  durationFromBytes,
  durationText,
  floorTime,
  floorTimestamp,
  negateDuration,
  parseDuration,
} from '../../src/data/duration.ts';

const ms = (iso: string): bigint => BigInt(Date.parse(iso));
const iso = (value: bigint): string => new Date(Number(value)).toISOString();

test('text and bytes read back', () => {
  const part = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(
      part,
      part,
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      fc.boolean(),
      (months, days, nanoseconds, minus) => {
        const positive = { months, days, nanoseconds };
        const value = minus ? negateDuration(positive) : positive;
        expect(durationFromBytes(durationBytes(value))).toEqual(value);
        fc.pre(durationText(value) !== '');
        expect(parseDuration(durationText(value))).toEqual(value);
      },
    ),
  );
});

describe('adding', () => {
  test.each([
    ['2020-01-31T00:00:00.000Z', '1mo', '2020-02-29T00:00:00.000Z'],
    ['2021-01-31T12:00:00.000Z', '1mo', '2021-02-28T12:00:00.000Z'],
    ['2020-12-31T00:00:00.000Z', '2mo', '2021-02-28T00:00:00.000Z'],
    ['2020-03-31T00:00:00.000Z', '-1mo', '2020-02-29T00:00:00.000Z'],
    ['2020-01-01T00:00:00.000Z', '1d', '2020-01-02T00:00:00.000Z'],
    ['2020-01-01T00:00:00.000Z', '1y1d1h', '2021-01-02T01:00:00.000Z'],
    ['1969-12-31T23:59:59.999Z', '1ms', '1970-01-01T00:00:00.000Z'],
  ])('%s + %s = %s', (from, duration, to) => {
    expect(iso(addDuration(ms(from), parseDuration(duration)))).toBe(to);
  });
});

describe('floor', () => {
  test.each([
    ['2020-05-17T13:45:10.500Z', '1h', '1970-01-01T00:00:00.000Z', '2020-05-17T13:00:00.000Z'],
    ['2020-05-17T13:45:10.500Z', '1d', '1970-01-01T00:00:00.000Z', '2020-05-17T00:00:00.000Z'],
    ['2020-05-17T13:45:10.500Z', '1mo', '1970-01-01T00:00:00.000Z', '2020-05-01T00:00:00.000Z'],
    ['2020-05-17T13:45:10.500Z', '1y', '1970-01-01T00:00:00.000Z', '2020-01-01T00:00:00.000Z'],
    ['2020-05-17T13:45:10.500Z', '2mo', '2020-02-10T00:00:00.000Z', '2020-04-10T00:00:00.000Z'],
    ['2020-05-17T13:45:10.500Z', '1d', '2020-01-01T06:00:00.000Z', '2020-05-17T06:00:00.000Z'],
  ])('of %s by %s from %s = %s', (time, duration, start, expected) => {
    expect(iso(floorTimestamp(ms(time), parseDuration(duration), ms(start)))).toBe(expected);
  });

  test('refusals', () => {
    expect(() => floorTimestamp(0n, parseDuration('1h'), 1n)).toThrow(
      'starting time is greater than the provided time',
    );
    expect(() => floorTimestamp(0n, parseDuration('-1h'), 0n)).toThrow(
      'Negative durations are not supported',
    );
    expect(() => floorTime(0n, parseDuration('25h'))).toThrow('durations smaller that a day');
    expect(floorTime(3_723_000_000_000n, parseDuration('1h'))).toBe(3_600_000_000_000n);
  });
});

test('calendars: days to dates and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -2_000_000, max: 2_000_000 }), (days) => {
      const civil = civilFromDays(days);
      expect(daysFromCivil(civil.year, civil.month, civil.day)).toBe(days);
      const historic = historicFromDays(days);
      expect(daysFromHistoric(historic.year, historic.month, historic.day)).toBe(days);
    }),
  );
  expect(historicFromDays(-141_428)).toEqual({ year: 1582, month: 10, day: 4 });
  expect(historicFromDays(-141_427)).toEqual({ year: 1582, month: 10, day: 15 });
});
