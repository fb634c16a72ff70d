// `starfish drill levels`: runs the measurement and prints and keeps the table.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLab } from '../../drill/lab.ts';
import type { LevelOutcome, LevelRow, LevelsResult } from '../../drill/levels.ts';
import { LEVELS_TOPOLOGY, measureLevels } from '../../drill/levels.ts';
import { levelsHtml } from '../../drill/report/levels-report.ts';
import { judgeLevels } from '../../drill/levels-expectations.ts';
import { toTopology } from '../../topology/load-topology.ts';
import type { TopologyInput } from '../../topology/topology.ts';
import { formatDuration } from '../../topology/units.ts';
import { chooseAddresses } from '../../drill/addresses.ts';
import type { Terminal } from '../terminal.ts';
import { alignTable, styled } from '../terminal.ts';
import { seedOf, setsOf } from './run-options.ts';

export async function levels(input: { readonly options: Readonly<Record<string, unknown>>; readonly version: string; readonly terminal: Terminal }): Promise<number> {
  const { options, version, terminal } = input;
  const topology = toTopology(setsOf(options)(LEVELS_TOPOLOGY) as TopologyInput);
  const seed = seedOf(options);
  const addresses = await chooseAddresses(topology, options['addressBlock'] as string | undefined);
  terminal.line(styled(terminal, 'bold', `STARFISH ${version}   DRILL levels   seed ${seed}`));
  terminal.line('  What each consistency level waits for, costs and survives. Coordinator us-east-1/a/1; every cell is measured.');
  const startedAt = new Date().toISOString();
  await using lab = await openLab({ topology, addresses, seed, dataFolder: null, engineOnly: true });
  const result = await measureLevels(lab, (text) => terminal.line(styled(terminal, 'dim', `  ${text}`)));
  print(result, terminal);
  const folder = join(String(options['out'] ?? '.starfish/runs'), `levels-${startedAt.replace(/[:.]/g, '-')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'report.json'), `${JSON.stringify({ starfish: version, seed, startedAt, ...result }, null, 2)}\n`);
  writeFileSync(join(folder, 'report.html'), levelsHtml(result));
  const problems = judgeLevels(result);
  for (const problem of problems) terminal.problem(styled(terminal, 'red', `  FAIL ${problem}`));
  const word = problems.length === 0 ? styled(terminal, 'green', 'PASSED') : styled(terminal, 'red', 'AN EXPECTATION FAILED');
  process.stdout.write(`  ${word}   exit ${problems.length === 0 ? 0 : 10}   report ${join(folder, 'report.html')}\n`);
  return problems.length === 0 ? 0 : 10;
}

function print(result: LevelsResult, terminal: Terminal): void {
  for (const keyspace of new Set(result.rows.map((row) => row.keyspace))) {
    const rows = result.rows.filter((row) => row.keyspace === keyspace);
    const losses = rows[0]?.losses.map(({ loss }) => loss) ?? [];
    terminal.line();
    terminal.line(styled(terminal, 'bold', `  ${keyspace}: RF ${keyspace.slice(2)} in each region`));
    const table = [
      ['level', 'acks', 'write', 'read', ...losses],
      ...rows.map((row) => cells(row, terminal)),
    ];
    for (const line of alignTable(table, [false, true, true, true])) terminal.line(`  ${line}`);
  }
  const { answeredMs, replicasAtAnswer, replicasLater, replicas, laterMs } = result.background;
  terminal.line();
  terminal.line(`  LOCAL_ONE answered after ${formatDuration(answeredMs)} with the write on ${replicasAtAnswer} of ${replicas} replicas; ${formatDuration(laterMs)} later it was on ${replicasLater}.`);
  terminal.line();
}

function cells(row: LevelRow, terminal: Terminal): readonly string[] {
  const losses = row.losses.map(({ read, write }) => {
    const both = read === null ? outcome(write, terminal) : outcome(write, terminal) === outcome(read, terminal) ? outcome(write, terminal) : `w ${outcome(write, terminal)} r ${outcome(read, terminal)}`;
    return both;
  });
  return [row.level, String(row.acknowledged), formatDuration(row.writeMs), row.readMs === null ? '-' : formatDuration(row.readMs), ...losses];
}

function outcome({ failed, error }: LevelOutcome, terminal: Terminal): string {
  if (failed === 0) return styled(terminal, 'green', 'yes');
  const numbers = /required (\d+) alive (\d+)/.exec(error ?? '');
  return styled(terminal, 'red', numbers === null ? (error ?? 'no').split(' ')[0] ?? 'no' : `no (${numbers[1] ?? ''}/${numbers[2] ?? ''})`);
}
