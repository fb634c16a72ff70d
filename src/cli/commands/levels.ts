// `starfish drill levels`: runs the measurement, prints the table, and keeps it as JSON and HTML.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseAddresses } from '../../drill/addresses.ts';
import { openLab } from '../../drill/lab.ts';
import type { LevelOutcome, LevelRow, LevelsResult } from '../../drill/levels.ts';
import { LEVELS_TOPOLOGY, measureLevels } from '../../drill/levels.ts';
import { judgeLevels } from '../../drill/levels-expectations.ts';
import { acknowledgedText, levelsHtml } from '../../drill/report/levels-report.ts';
import { regionRttMs } from '../../topology/latency-table.ts';
import { toTopology } from '../../topology/load-topology.ts';
import type { TopologyInput } from '../../topology/topology.ts';
import { formatDuration } from '../../topology/units.ts';
import { openFile } from '../open-file.ts';
import type { Terminal } from '../terminal.ts';
import { alignTable, styled } from '../terminal.ts';
import { replayLine, seedOf, setsOf } from './run-options.ts';

interface LevelsInput {
  readonly options: Readonly<Record<string, unknown>>;
  readonly version: string;
  readonly terminal: Terminal;
}

export async function levels({ options, version, terminal }: LevelsInput): Promise<number> {
  const topology = toTopology(setsOf(options)(LEVELS_TOPOLOGY) as TopologyInput);
  const seed = seedOf(options);
  const addresses = await chooseAddresses(topology, options['addressBlock'] as string | undefined);
  terminal.line(styled(terminal, 'bold', `STARFISH ${version}   DRILL levels   seed ${seed}`));
  terminal.line(
    '  What each consistency level waits for, costs and survives. Coordinator us-east-1/a/1; every cell is measured. About two minutes.',
  );
  const startedAt = new Date().toISOString();
  await using lab = await openLab({
    topology,
    addresses,
    seed,
    dataFolder: null,
    engineOnly: true,
  });
  const result = await measureLevels(lab, { onProgress: (text) => showProgress(terminal, text) });
  const [rtt] = Object.values(topology.links).filter((_, at) =>
    Object.keys(topology.links)[at]?.includes('..'),
  );
  const problems = judgeLevels(result, rtt?.rttMs ?? regionRttMs('us-east-1', 'us-west-2'));
  print(result, terminal);
  const root = String(options['out'] ?? '.starfish/runs');
  const folder = join(root, `levels-${startedAt.replace(/[:.]/g, '-')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'report.json'),
    `${JSON.stringify({ starfish: version, seed, startedAt, problems, ...result }, null, 2)}\n`,
  );
  writeFileSync(join(folder, 'report.html'), levelsHtml(result, problems));
  if (options['json'] === true)
    process.stdout.write(`${JSON.stringify({ kind: 'levels', seed, problems, ...result })}\n`);
  if (options['open'] === true) openFile(join(folder, 'report.html'));
  for (const problem of problems) terminal.problem(styled(terminal, 'red', `  FAIL ${problem}`));
  const code = problems.length === 0 ? 0 : 10;
  const word =
    problems.length === 0
      ? styled(terminal, 'green', 'PASSED')
      : styled(terminal, 'red', 'AN EXPECTATION FAILED');
  const last = `  ${word}   exit ${code}   report ${join(folder, 'report.html')}   again: ${replayLine(process.argv.slice(2), seed)}`;
  if (problems.length > 0) terminal.problem(last);
  else if (options['json'] !== true) process.stdout.write(`${last}\n`);
  return code;
}

/** One line that is written over in a terminal; in CI the losses only. */
function showProgress(terminal: Terminal, text: string): void {
  const line = styled(terminal, 'dim', `  ${text}`);
  if (terminal.interactive) terminal.redraw([line]);
  else if (!text.startsWith('healthy:')) terminal.line(line);
}

function print(result: LevelsResult, terminal: Terminal): void {
  for (const keyspace of new Set(result.rows.map((row) => row.keyspace))) {
    const rows = result.rows.filter((row) => row.keyspace === keyspace);
    const losses = rows[0]?.losses.map(({ loss }) => `${loss} lost`) ?? [];
    terminal.line();
    terminal.line(styled(terminal, 'bold', `  RF ${keyspace.slice(2)} in each region`));
    const table = [
      ['level', 'must acknowledge', 'write', 'read', ...losses],
      ...rows.map((row) => cells(row, terminal)),
    ];
    for (const line of alignTable(table, [false, false, true, true])) terminal.line(`  ${line}`);
  }
  const { answeredMs, replicasAtAnswer, replicasLater, replicas, laterMs } = result.background;
  terminal.line();
  terminal.line(
    '  "4 of 6": six replicas had to be alive, four were; the request was refused at once (UNAVAILABLE).',
  );
  terminal.line(
    `  LOCAL_ONE, every other replica 300 ms away: answered after ${formatDuration(answeredMs)} with the write on ${replicasAtAnswer} of ${replicas} replicas; after ${formatDuration(laterMs)} it was on ${replicasLater}.`,
  );
  terminal.line();
}

function cells(row: LevelRow, terminal: Terminal): readonly string[] {
  const losses = row.losses.map(({ read, write }) => {
    const [written, returned] = [
      outcome(write, terminal),
      read === null ? null : outcome(read, terminal),
    ];
    return returned === null || returned === written
      ? written
      : `write ${written} read ${returned}`;
  });
  return [
    row.level,
    acknowledgedText(row),
    formatDuration(row.writeMs),
    row.readMs === null ? '' : formatDuration(row.readMs),
    ...losses,
  ];
}

function outcome({ failed, error }: LevelOutcome, terminal: Terminal): string {
  if (failed === 0) return styled(terminal, 'green', 'yes');
  const numbers = /required (\d+) alive (\d+)/.exec(error ?? '');
  return styled(
    terminal,
    'red',
    numbers === null
      ? `no: ${(error ?? '').split(' ')[0] ?? ''}`
      : `${numbers[2] ?? ''} of ${numbers[1] ?? ''}`,
  );
}
