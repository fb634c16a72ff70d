// A drill's result for machines and reviews: JUnit XML for CI, Markdown for a pull request. Pure.
// Test: test/drill/reports.test.ts.

import { formatDuration } from '../../topology/units.ts';
import type { CheckResult, DrillResult } from '../drill-result.ts';
import { EXIT_CODES } from '../drill-result.ts';
import { failedPercent, percent, successShare } from '../expectations.ts';
import { escapeText } from './chart.ts';
import { verdictWords } from './html-report.ts';

/** One test case an expectation and a check. An inconclusive check is an error, not a failure. */
export function junitReport(result: DrillResult): string {
  const expectations = result.expectations.map(({ phase, text, pass, measured }) =>
    testCase(
      `${result.name}.${phase ?? 'drill'}`,
      text,
      pass ? '' : `<failure message="${escapeText(`measured ${measured}`)}"/>`,
    ),
  );
  const checks = result.checks.map((check) =>
    testCase(`${result.name}.checks`, check.name, checkProblem(check)),
  );
  const failures =
    result.expectations.filter(({ pass }) => !pass).length +
    result.checks.filter(({ verdict }) => verdict === 'violated').length;
  const errors = result.checks.filter(({ verdict }) => verdict === 'inconclusive').length;
  const count = expectations.length + checks.length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="starfish" tests="${count}" failures="${failures}" errors="${errors}">`,
    `<testsuite name="${escapeText(result.name)}" tests="${count}" failures="${failures}" errors="${errors}" time="${result.seconds.toFixed(1)}" timestamp="${escapeText(result.startedAt)}">`,
    `<properties><property name="seed" value="${result.seed}"/><property name="engine" value="${escapeText(result.engine)}"/><property name="exit-code" value="${EXIT_CODES[result.verdict]}"/></properties>`,
    ...expectations,
    ...checks,
    '</testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(className: string, name: string, inside: string): string {
  const open = `<testcase classname="${escapeText(className)}" name="${escapeText(name)}"`;
  return inside === '' ? `${open}/>` : `${open}>${inside}</testcase>`;
}

function checkProblem({ verdict, text, examples }: CheckResult): string {
  if (verdict === 'passed') return '';
  const kind = verdict === 'violated' ? 'failure' : 'error';
  return `<${kind} message="${escapeText(text)}">${escapeText(examples.join('\n'))}</${kind}>`;
}

export function markdownReport(result: DrillResult): string {
  const { users, attempts } = result.total;
  const phases = result.phases.map((phase) => [
    phase.name,
    phase.faults.map(({ text, radius }) => `${text} (${radius})`).join(', '),
    String(phase.users.requests),
    failedText(phase.attempts),
    failedText(phase.users),
    formatDuration(phase.users.exact.p50),
    formatDuration(phase.users.exact.p99),
    phase.recoveryMs === null ? '' : formatDuration(phase.recoveryMs),
  ]);
  return [
    `# ${result.name}: ${verdictWords(result)} (exit ${EXIT_CODES[result.verdict]})`,
    '',
    result.description,
    '',
    `${users.requests} requests in ${result.seconds.toFixed(0)} s; availability to users ${percent(successShare(users.requests, users.failures))}, ` +
      `of first attempts ${percent(successShare(attempts.requests, attempts.failures))}. Again: \`starfish drill ${result.name} --seed ${result.seed}\``,
    '',
    ...markdownTable(
      [
        'phase',
        'fault',
        'requests',
        'failed attempts',
        'failed for users',
        'p50',
        'p99',
        'well again after',
      ],
      phases,
    ),
    '',
    '## Checks',
    '',
    ...markdownTable(
      ['verdict', 'check', ''],
      result.checks.map(({ verdict, name, text }) => [verdict, name, text]),
    ),
    '',
    '## Expectations',
    '',
    ...markdownTable(
      ['', 'phase', 'expected', 'measured'],
      result.expectations.map(({ pass, phase, text, measured }) => [
        pass ? 'pass' : '**FAIL**',
        phase ?? '',
        text,
        measured,
      ]),
    ),
    '',
  ].join('\n');
}

function failedText({
  failures,
  requests,
}: {
  readonly failures: number;
  readonly requests: number;
}): string {
  return failures === 0 ? '0' : `${failures} (${failedPercent(failures, requests)})`;
}

function markdownTable(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}
