// `starfish report [run]`: a run of a drill again, as html, json, junit or md; from its folder's
// report.json.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrillResult } from '../../drill/drill-result.ts';
import { htmlReport } from '../../drill/report/html-report.ts';
import { junitReport, markdownReport } from '../../drill/report/text-reports.ts';
import { nearest } from '../../topology/place.ts';
import { UsageProblem } from '../exit.ts';
import { openFile } from '../open-file.ts';

const FORMATS: Readonly<Record<string, (result: DrillResult) => string>> = {
  html: htmlReport,
  json: (result) => `${JSON.stringify(result, null, 2)}\n`,
  junit: junitReport,
  md: markdownReport,
};

export function report(
  run: string | undefined,
  options: Readonly<Record<string, unknown>>,
): number {
  const format = String(options['format'] ?? 'md');
  const write = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (write === undefined)
    throw new UsageProblem(
      `There is no format ${format}. Known: ${Object.keys(FORMATS).join(', ')}.`,
    );
  const folder = findRunFolder(run ?? 'latest', String(options['runs'] ?? '.starfish/runs'));
  if (options['open'] === true) {
    openFile(join(folder, 'report.html'));
    return 0;
  }
  const text = write(readResult(folder));
  if (typeof options['out'] === 'string') writeFileSync(options['out'], text);
  else process.stdout.write(text);
  return 0;
}

function readResult(folder: string): DrillResult {
  const result = JSON.parse(
    readFileSync(join(folder, 'report.json'), 'utf8'),
  ) as Partial<DrillResult>;
  if (result.phases === undefined || result.checks === undefined)
    throw new UsageProblem(`${folder} holds a measured table, not a drill: open its report.html.`);
  return result as DrillResult;
}

/**
 * A folder, or the name of one below `root`; the newest whose name begins so. Throws UsageProblem
 * with the nearest.
 */
function findRunFolder(run: string, root: string): string {
  for (const folder of [run, join(root, run)]) {
    if (existsSync(join(folder, 'report.json'))) return folder;
    // Where links cannot be made, `latest` is a file that holds the name.
    if (existsSync(folder) && statSync(folder).isFile())
      return findRunFolder(readFileSync(folder, 'utf8').trim(), root);
  }
  const known = existsSync(root)
    ? readdirSync(root)
        .filter((name) => existsSync(join(root, name, 'report.json')))
        .sort()
    : [];
  const newest = known.filter((name) => name.startsWith(run)).at(-1);
  if (newest !== undefined) return join(root, newest);
  const near = nearest(run, known);
  throw new UsageProblem(
    `There is no run ${run} in ${root}.${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ' Make one: starfish drill always-on'}`,
  );
}
