// The four CSV files of Locust's --csv, with its names and columns.

import type { FailureRow, StatsRow } from './statistics.ts';
import { PERCENTILES } from './statistics.ts';

const PERCENT_COLUMNS = PERCENTILES.map((share) => `${Number((share * 100).toFixed(4))}%`);

export const STATS_COLUMNS = [
  'Type',
  'Name',
  'Request Count',
  'Failure Count',
  'Median Response Time',
  'Average Response Time',
  'Min Response Time',
  'Max Response Time',
  'Average Content Size',
  'Requests/s',
  'Failures/s',
  ...PERCENT_COLUMNS,
];
export const HISTORY_COLUMNS = [
  'Timestamp',
  'User Count',
  'Type',
  'Name',
  'Requests/s',
  'Failures/s',
  ...PERCENT_COLUMNS,
  'Total Request Count',
  'Total Failure Count',
  'Total Median Response Time',
  'Total Average Response Time',
  'Total Min Response Time',
  'Total Max Response Time',
  'Total Average Content Size',
];
export const FAILURES_COLUMNS = [
  'Method',
  'Name',
  'Error',
  'Occurrences',
  'First Seen',
  'Last Seen',
];
export const EXCEPTIONS_COLUMNS = ['Count', 'Message', 'Traceback', 'Nodes'];

/** One row of `_stats_history.csv`. */
export interface HistoryRow {
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly users: number;
  /** Rates and percentiles of the last ten seconds. */
  readonly current: StatsRow;
  readonly total: StatsRow;
}

export function statsCsv(rows: readonly StatsRow[]): string {
  const lines = rows.map((row) => [
    row.method,
    row.name,
    row.requests,
    row.failures,
    row.median,
    row.average,
    row.min,
    row.max,
    row.averageSize,
    row.requestsPerSecond,
    row.failuresPerSecond,
    ...percentCells(row),
  ]);
  return table(STATS_COLUMNS, lines);
}

export function historyCsv(rows: readonly HistoryRow[]): string {
  const lines = rows.map(({ timestamp, users, current, total }) => [
    timestamp,
    users,
    '',
    'Aggregated',
    current.requestsPerSecond.toFixed(6),
    current.failuresPerSecond.toFixed(6),
    ...percentCells(current),
    total.requests,
    total.failures,
    total.median,
    total.average,
    total.min,
    total.max,
    total.averageSize,
  ]);
  return table(HISTORY_COLUMNS, lines);
}

export function failuresCsv(rows: readonly FailureRow[]): string {
  const lines = rows.map((row) => [
    row.method,
    row.name,
    row.error,
    row.occurrences,
    isoSecond(row.firstSeenMs),
    isoSecond(row.lastSeenMs),
  ]);
  return table(FAILURES_COLUMNS, lines);
}

/** The application throws nothing into the load generator: the header alone. */
export function exceptionsCsv(): string {
  return table(EXCEPTIONS_COLUMNS, []);
}

function percentCells(row: StatsRow): readonly (string | number)[] {
  return row.requests === 0 ? PERCENTILES.map(() => 'N/A') : row.percentiles;
}

function table(
  columns: readonly string[],
  lines: readonly (readonly (string | number)[])[],
): string {
  return [columns, ...lines].map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isoSecond(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
