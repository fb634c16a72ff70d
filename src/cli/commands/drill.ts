// `starfish drill NAME|FILE`: opens the stack, runs the drill, writes the report, prints the
// verdict last.

import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { CATALOGUE } from '../../drill/catalogue/catalogue.ts';
import type { Drill } from '../../drill/drill.ts';
import type { DrillResult } from '../../drill/drill-result.ts';
import { EXIT_CODES } from '../../drill/drill-result.ts';
import { percent, successShare } from '../../drill/expectations.ts';
import { parseExpectation } from '../../drill/expectation-text.ts';
import { findDrill, parseDrill, toDrill } from '../../drill/load-drill.ts';
import { openLab } from '../../drill/lab.ts';
import type { Lab } from '../../drill/lab.ts';
import { htmlReport, verdictWords } from '../../drill/report/html-report.ts';
import { writeReport } from '../../drill/report/write-report.ts';
import { runPhases } from '../../drill/runner.ts';
import type { DrillShape } from '../../drill/shape-drill.ts';
import { shapeDrill } from '../../drill/shape-drill.ts';
import { shortenedSettings } from '../../drill/shortened.ts';
import type { HistoryRow } from '../../load/csv.ts';
import { exceptionsCsv, failuresCsv, historyCsv, statsCsv } from '../../load/csv.ts';
import type { DocumentEdit } from '../../topology/load-topology.ts';
import { parseTopology } from '../../topology/load-topology.ts';
import { chooseAddresses } from '../../drill/addresses.ts';
import { EnvironmentProblem, UsageProblem } from '../exit.ts';
import { openFile } from '../open-file.ts';
import type { Terminal } from '../terminal.ts';
import { alignTable, terminalFor, styled } from '../terminal.ts';
import { describeLab } from './describe-lab.ts';
import { LiveTable } from './live-table.ts';
import { durationOf, readText, replayLine, seedOf, setsOf } from './run-options.ts';

export interface CommandInput {
  readonly options: Readonly<Record<string, unknown>>;
  readonly version: string;
}

const EXIT_INTERRUPTED = 130;

/** Returns the exit code. */
export async function drill(
  input: CommandInput & { readonly name: string | undefined },
): Promise<number> {
  const { options, version } = input;
  const terminal = terminalFor(options);
  if (input.name === undefined) {
    listCatalogue(terminal);
    return 0;
  }
  const entry = /\.ya?ml$/.test(input.name) ? null : findDrill(input.name);
  if (entry?.drill === 'levels') {
    const { levels } = await import('./levels.ts');
    return levels({ options, version, terminal });
  }
  const edit = setsOf(options, ['topology']);
  const document = shapeDrill(
    entry === null ? fromFile(input.name, edit) : toDrill(entry.drill, edit),
    shapeOf(options),
  );
  const seed = seedOf(options);
  const addresses = await chooseAddresses(
    document.topology,
    options['addressBlock'] as string | undefined,
  );
  if (addresses.block === null) {
    throw new EnvironmentProblem(
      "A drill needs an address per node: the application's driver knows nodes by address alone. `starfish doctor` says how to make the addresses.",
    );
  }
  terminal.line(
    styled(
      terminal,
      'bold',
      `STARFISH ${version}   ${document.topology.engine} engine   seed ${seed}`,
    ),
  );
  const started = performance.now();
  await using lab = await openLab({
    topology: document.topology,
    addresses,
    seed,
    dataFolder: null,
  });
  for (const line of describeLab(lab, performance.now() - started)) terminal.line(line);
  // Awaited here: the lab must outlive the run.
  return await run({ document, lab, seed, input, terminal });
}

async function run(at: {
  document: Drill;
  lab: Lab;
  seed: number;
  input: CommandInput;
  terminal: Terminal;
}): Promise<number> {
  const { document, lab, seed, terminal, input } = at;
  const { options } = input;
  if (lab.stack === null)
    throw new UsageProblem(
      'A drill needs the shop: keyspaces.shop in its topology, and an address for each node.',
    );
  terminal.line(styled(terminal, 'bold', `DRILL ${document.name}`) + `   ${document.description}`);
  const table = new LiveTable(terminal);
  const abort = new AbortController();
  const onInterrupt = (): void => {
    if (abort.signal.aborted) process.exit(EXIT_INTERRUPTED);
    terminal.problem('Stopping: draining and reporting what there is. Ctrl-C again stops at once.');
    abort.abort();
  };
  process.on('SIGINT', onInterrupt);
  const { result, history } = await runPhases({
    drill: document,
    engine: lab.engine,
    stack: lab.stack,
    injector: lab.injector,
    seed,
    version: input.version,
    shortened: shortenedSettings(document.topology),
    signal: abort.signal,
    onProgress: (progress) => {
      table.on(progress);
      if (options['json'] === true && progress.kind !== 'second')
        process.stdout.write(`${JSON.stringify(progress)}\n`);
    },
  });
  process.off('SIGINT', onInterrupt);
  table.finish();
  const folder = writeReport(result, history, String(options['out'] ?? '.starfish/runs'));
  writeExtras(result, history, options);
  const code = abort.signal.aborted ? EXIT_INTERRUPTED : EXIT_CODES[result.verdict];
  printVerdict(result, terminal, { code, report: join(folder, 'report.html') });
  if (options['json'] === true)
    process.stdout.write(`${JSON.stringify({ kind: 'result', result })}\n`);
  if (options['open'] === true) openFile(join(folder, 'report.html'));
  return code;
}

function fromFile(file: string, edit: DocumentEdit): Drill {
  const readTopology = (path: string): unknown => {
    const found = resolve(dirname(file), path);
    const text = readText(found);
    const { keyspaces } = parseTopology(text, found);
    return { ...(parseDocument(text).toJS() as object), keyspaces };
  };
  return parseDrill({ text: readText(file), file, readTopology }, edit);
}

function shapeOf(options: Readonly<Record<string, unknown>>): DrillShape {
  const { users, rate, retry, faster, awsDefaults, expect } = options;
  const wanted = typeof rate === 'number' ? rate : typeof users === 'number' ? users : null;
  return {
    ...(wanted === null ? {} : { rate: wanted }),
    ...(retry === false ? { retry: false } : {}),
    ...(awsDefaults === true ? { awsDefaults: true } : {}),
    ...(typeof faster === 'number' ? { faster } : {}),
    ...(typeof options['for'] === 'string' ? { forMs: durationOf('--for', options['for']) } : {}),
    expect: Array.isArray(expect) ? (expect as string[]).map(parseExpectation) : [],
  };
}

function writeExtras(
  result: DrillResult,
  history: readonly HistoryRow[],
  options: Readonly<Record<string, unknown>>,
): void {
  const { csv, html } = options;
  if (typeof html === 'string') writeFileSync(html, htmlReport(result));
  if (typeof csv !== 'string') return;
  writeFileSync(`${csv}_stats.csv`, statsCsv(result.total.byName));
  writeFileSync(`${csv}_stats_history.csv`, historyCsv(history));
  writeFileSync(`${csv}_failures.csv`, failuresCsv(result.failures));
  writeFileSync(`${csv}_exceptions.csv`, exceptionsCsv());
}

function printVerdict(
  result: DrillResult,
  terminal: Terminal,
  { code, report }: { readonly code: number; readonly report: string },
): void {
  const { expectations, checks, total, verdict } = result;
  const passed = expectations.filter(({ pass }) => pass).length;
  terminal.line();
  const causes = result.phases.flatMap(({ name, causes: list }) =>
    list.map((cause) => ({ name, ...cause })),
  );
  for (const { name, cause, count, explained } of causes) {
    terminal.line(
      `  ${name}: ${count} attempts failed: ${cause}${explained === null ? '' : ` (${explained})`}`,
    );
  }
  terminal.line(`  EXPECTATIONS   ${passed} of ${expectations.length} hold`);
  for (const { phase, text, measured, pass } of expectations) {
    if (!pass)
      terminal.problem(styled(terminal, 'red', `  FAIL ${phase ?? ''}: ${text}: ${measured}`));
  }
  terminal.line('  CONSISTENCY');
  for (const { name, verdict: state, text, examples } of checks) {
    terminal.line(
      `    ${styled(terminal, state === 'passed' ? 'green' : 'red', state === 'passed' ? 'ok' : state)}  ${name}: ${text}`,
    );
    for (const example of examples) terminal.line(`        ${example}`);
  }
  const { users, attempts } = total;
  terminal.line(
    `  ${users.requests} requests; failed for users ${users.failures} (availability ${percent(successShare(users.requests, users.failures))}), ` +
      `failed first attempts ${attempts.failures} (${percent(successShare(attempts.requests, attempts.failures))} without a retry)`,
  );
  const word = styled(
    terminal,
    verdict === 'passed' ? 'green' : 'red',
    verdict === 'passed' ? 'PASSED' : verdictWords(result).toUpperCase(),
  );
  const last = `  ${word}   exit ${code}   report ${report}   again: ${replayLine(process.argv.slice(2), result.seed)}`;
  if (verdict === 'passed') process.stdout.write(`${last}\n`);
  else terminal.problem(last);
}

function listCatalogue(terminal: Terminal): void {
  terminal.line('Built-in drills (starfish drill NAME, or a drill file):');
  const rows = CATALOGUE.map(({ name, alias, summary }) => [`  ${name}`, alias ?? '', summary]);
  for (const line of alignTable(rows)) terminal.line(line);
}
