// Writes a run folder: the report as HTML, JSON, Markdown and JUnit XML, Locust's four CSV files;
// `latest` points to it.

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { HistoryRow } from '../../load/csv.ts';
import { exceptionsCsv, failuresCsv, historyCsv, statsCsv } from '../../load/csv.ts';
import type { DrillResult } from '../drill-result.ts';
import { htmlReport } from './html-report.ts';
import { junitReport, markdownReport } from './text-reports.ts';

/**
 * Returns the folder, `<root>/<name>-<time>`. Throws the system's error when it cannot be written.
 */
export function writeReport(
  result: DrillResult,
  history: readonly HistoryRow[],
  root: string,
): string {
  const time = result.startedAt.replace(/[:.]/g, '-').replace(/Z$/, '');
  const folder = join(root, `${result.name}-${time}`);
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('report.json', `${JSON.stringify(result, null, 2)}\n`);
  write('report.html', htmlReport(result));
  write('report.md', markdownReport(result));
  write('junit.xml', junitReport(result));
  write('locust_stats.csv', statsCsv(result.total.byName));
  write('locust_stats_history.csv', historyCsv(history));
  write('locust_failures.csv', failuresCsv(result.failures));
  write('locust_exceptions.csv', exceptionsCsv());
  const latest = join(root, 'latest');
  rmSync(latest, { force: true, recursive: true });
  try {
    symlinkSync(basename(folder), latest, 'dir');
  } catch {
    // Systems without links (Windows without the right): the folder's name is printed all the same.
    writeFileSync(latest, `${basename(folder)}\n`);
  }
  return folder;
}
