// Locust's words and rounding, held against a port of its algorithm as stats.py describes it, and
// exact percentiles.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EXCEPTIONS_COLUMNS,
  exceptionsCsv,
  failuresCsv,
  HISTORY_COLUMNS,
  historyCsv,
  statsCsv,
} from '../../src/load/csv.ts';
import { locustRound, PERCENTILES, Statistics, StatsEntry } from '../../src/load/statistics.ts';

test.each([
  [0, 0],
  [0.4, 0],
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [99.4, 99],
  [99.6, 100],
  [100, 100],
  [104.9, 100],
  [105, 100],
  [115, 120],
  [147, 150],
  [994, 990],
  [995, 1_000],
  [999, 1_000],
  [1_000, 1_000],
  [1_450, 1_400],
  [3_432, 3_400],
  [9_949, 9_900],
  [9_950, 10_000],
  [10_000, 10_000],
  [58_760, 59_000],
])('%d ms is kept as %d', (ms, kept) => {
  expect(locustRound(ms)).toBe(kept);
});

function entryOf(times: readonly number[]): StatsEntry {
  const entry = new StatsEntry('GET', '/');
  times.forEach((ms, at) => entry.add({ atMs: at * 1_000 + ms, ms, bytes: 10, failed: false }));
  return entry;
}

/**
 * "the response time that a certain share of the requests finished within", from the slowest down.
 */
function documentedPercentile(times: readonly number[], share: number): number {
  const rounded = times.map(locustRound).toSorted((a, b) => b - a);
  const within = Math.trunc(times.length * share);
  const distinct = [...new Set(rounded)];
  let processed = 0;
  for (const ms of distinct) {
    processed += rounded.filter((other) => other === ms).length;
    if (times.length - processed <= within) return ms;
  }
  return 0;
}

function documentedMedian(times: readonly number[]): number {
  const rounded = times.map(locustRound).toSorted((a, b) => a - b);
  const middle = rounded[Math.floor((times.length - 1) / 2)] ?? 0;
  return Math.min(Math.max(...times), Math.max(Math.min(...times), middle));
}

test('percentiles and median are those of the documented algorithm', () => {
  const times = fc.array(fc.double({ min: 0, max: 30_000, noNaN: true }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(times, (list) => {
      const row = entryOf(list).row();
      expect(row.percentiles).toEqual(
        PERCENTILES.map((share) => documentedPercentile(list, share)),
      );
      expect(row.median).toBe(documentedMedian(list));
    }),
  );
});

test('exact percentiles keep three digits where Locust keeps two', () => {
  const { exact, percentiles } = entryOf(Array.from({ length: 1_000 }, (_, at) => at + 1)).row();
  expect(exact.p50).toBeCloseTo(500, -1);
  expect(Math.abs(exact.p99 - 990)).toBeLessThan(1);
  expect(Math.abs(exact.p999 - 999)).toBeLessThan(1);
  expect(exact.max).toBe(1_000);
  expect(percentiles[7]).toBe(990);
});

test('counts, averages, rates', () => {
  const entry = new StatsEntry('GET', '/');
  entry.add({ atMs: 1_100, ms: 100, bytes: 10, failed: false });
  entry.add({ atMs: 3_000, ms: 300, bytes: 30, failed: true });
  expect(entry.row()).toMatchObject({
    requests: 2,
    failures: 1,
    average: 200,
    min: 100,
    max: 300,
    averageSize: 20,
    requestsPerSecond: 1,
    failuresPerSecond: 0.5,
  });
  expect(entry.row(4)).toMatchObject({ requestsPerSecond: 0.5, failuresPerSecond: 0.25 });
  expect(new StatsEntry('', '').row()).toMatchObject({
    requests: 0,
    median: 0,
    average: 0,
    min: 0,
    max: 0,
    requestsPerSecond: 0,
  });
});

function sample(): Statistics {
  const statistics = new Statistics();
  statistics.add({
    method: 'PUT',
    name: '/carts/[user]',
    atMs: 1_010,
    ms: 10,
    bytes: 5,
    error: null,
  });
  statistics.add({
    method: 'GET',
    name: '/carts/[user]',
    atMs: 2_020,
    ms: 20,
    bytes: 5,
    error: '503, "no" answer',
  });
  statistics.add({
    method: 'GET',
    name: '/carts/[user]',
    atMs: 3_020,
    ms: 20,
    bytes: 5,
    error: '503, "no" answer',
  });
  return statistics;
}

describe('the CSV files of --csv', () => {
  test('_stats.csv, byte for byte', () => {
    expect(statsCsv(sample().rows(2)).split('\r\n')).toEqual([
      'Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%',
      'GET,/carts/[user],2,2,20,20,20,20,5,1,1,20,20,20,20,20,20,20,20,20,20,20',
      'PUT,/carts/[user],1,0,10,10,10,10,5,0.5,0,10,10,10,10,10,10,10,10,10,10,10',
      ',Aggregated,3,2,20,16.666666666666668,10,20,5,1.5,1,20,20,20,20,20,20,20,20,20,20,20',
      '',
    ]);
  });
  test('_failures.csv, quoted where needed', () => {
    expect(failuresCsv(sample().failures()).split('\r\n')).toEqual([
      'Method,Name,Error,Occurrences,First Seen,Last Seen',
      'GET,/carts/[user],"503, ""no"" answer",2,1970-01-01 00:00:02,1970-01-01 00:00:03',
      '',
    ]);
  });
  test('_stats_history.csv; N/A without requests', () => {
    const total = sample().total.row(2);
    const [head, line, , last] = historyCsv([
      {
        timestamp: 1_700_000_000,
        users: 7,
        current: new StatsEntry('', 'Aggregated').row(),
        total,
      },
      { timestamp: 1_700_000_001, users: 7, current: total, total },
    ]).split('\r\n');
    expect(head).toBe(
      'Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%,Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time,Total Min Response Time,Total Max Response Time,Total Average Content Size',
    );
    expect(head).toBe(HISTORY_COLUMNS.join(','));
    expect(line).toBe(
      '1700000000,7,,Aggregated,0.000000,0.000000,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,3,2,20,16.666666666666668,10,20,5',
    );
    expect(last).toBe('');
  });
  test('_exceptions.csv', () => {
    expect(exceptionsCsv()).toBe('Count,Message,Traceback,Nodes\r\n');
    expect(EXCEPTIONS_COLUMNS).toHaveLength(4);
  });
});
