// A drill's report as one HTML file: verdict first, charts, what failed and why, one row a phase,
// what was checked, hints and repair, where drivers were connected, what was shortened. No script,
// nothing loaded from outside. Test: test/drill/reports.test.ts.

import { formatDuration } from '../../topology/units.ts';
import type { CheckId, CheckResult, DrillResult, PhaseResult } from '../drill-result.ts';
import { EXIT_CODES } from '../drill-result.ts';
import { failedPercent, percent, successShare } from '../expectations.ts';
import type { Band, Series } from './chart.ts';
import { escapeText, lineChart } from './chart.ts';
import {
  bad,
  closedSection,
  failureCell,
  figures,
  good,
  page,
  section,
  table,
} from './html-parts.ts';

const REGION_COLORS = [
  '#2f7de1',
  '#18a07a',
  '#b06bd6',
  '#d9822b',
  '#5c7080',
  '#c23030',
  '#8f398f',
  '#29a634',
];

export function htmlReport(result: DrillResult): string {
  return page(`${result.name}: ${verdictWords(result)}`, [
    header(result),
    charts(result),
    section('What failed, and why', failures(result)),
    section('Phases', phaseTable(result.phases)),
    section('Consistency and other checks', checks(result)),
    section('Hints, read repair and repair', recoveryTable(result.phases)),
    section('Where drivers were connected', connections(result)),
    expectationSection(result),
    closedSection('Timeline', timeline(result)),
    closedSection('Requests by name', nameTable(result)),
    closedSection('Settings that differ from the defaults', shortened(result)),
    `<footer>Starfish ${escapeText(result.starfish)}, ${escapeText(result.engine)} engine, seed ${result.seed}. Run it again: <code>starfish drill ${escapeText(result.name)} --seed ${result.seed}</code></footer>`,
  ]);
}

export function verdictWords(result: Pick<DrillResult, 'verdict'>): string {
  switch (result.verdict) {
    case 'passed':
      return 'passed';
    case 'expectation-failed':
      return 'an expectation failed';
    case 'consistency-violated':
      return 'consistency violated';
    case 'inconclusive':
      return 'inconclusive';
  }
}

const VERDICT_SIGNS: Readonly<Record<DrillResult['verdict'], string>> = {
  passed: '✓',
  'expectation-failed': '✗',
  'consistency-violated': '✗',
  inconclusive: '?',
};

function header(result: DrillResult): string {
  const { attempts, users } = result.total;
  const failed = (row: { failures: number; requests: number }): string =>
    row.failures === 0 ? '0' : `${row.failures} (${failedPercent(row.failures, row.requests)})`;
  const lost = countOf(result, 'lost-writes');
  const stale = countOf(result, 'stale-reads');
  return [
    `<header class="${result.verdict}"><div class="top"><h1>${escapeText(result.name)}</h1>`,
    `<p class="verdict">${VERDICT_SIGNS[result.verdict]} ${escapeText(verdictWords(result))}<small>exit ${EXIT_CODES[result.verdict]}</small></p></div>`,
    `<p>${escapeText(result.description)}</p>`,
    figures([
      [
        'availability to users',
        percent(successShare(users.requests, users.failures)),
        users.failures === 0 ? 'good' : 'bad',
      ],
      ['requests', users.requests.toLocaleString('en'), ''],
      ['failed for users', failed(users), users.failures === 0 ? 'good' : 'bad'],
      ['failed first attempts', failed(attempts), ''],
      ['writes lost', lost.value, lost.tone],
      ['stale reads', stale.value, stale.tone],
      ['p50 · p99', `${formatDuration(users.exact.p50)} · ${formatDuration(users.exact.p99)}`, ''],
      ['memory, everything', `${result.memoryMiB} MiB`, ''],
    ]),
    `<p class="dim">${escapeText(result.startedAt.slice(0, 19).replace('T', ' '))} UTC, ${result.seconds.toFixed(0)} s at ${result.drill.load.rate} requests/s, open model; users ${result.drill.load.retry ? 'retry a failed idempotent request once, in the next nearest region' : 'do not retry'}</p></header>`,
  ].join('');
}

function countOf(
  result: DrillResult,
  check: CheckId,
): { readonly value: string; readonly tone: 'good' | 'bad' | '' } {
  const found = result.checks.find(({ id }) => id === check);
  if (found === undefined) return { value: 'not checked', tone: '' };
  if (found.verdict === 'inconclusive') return { value: 'unknown', tone: 'bad' };
  return {
    value: found.text.split(/[ ,]/)[0] ?? '',
    tone: found.verdict === 'passed' ? 'good' : 'bad',
  };
}

function charts(result: DrillResult): string {
  const { points } = result;
  const seconds = points.map(({ second }) => second);
  const bands: Band[] = result.phases.map((phase) => ({
    from: phase.startSeconds,
    to: phase.endSeconds,
    label: phase.name,
    kind: phase.faults.length > 0 ? 'fault' : 'calm',
  }));
  const regions = Object.keys(result.drill.topology.regions);
  const served: Series[] = regions.map((region, at) => ({
    name: `served by ${region}`,
    color: REGION_COLORS[at % REGION_COLORS.length] ?? '#888',
    fill: true,
    values: points.map(({ byRegion }) => byRegion[region] ?? 0),
  }));
  const latency: Series[] = [
    { name: 'max', color: '#c9a227', values: points.map(({ max }) => max) },
    { name: 'p99', color: '#d9534f', values: points.map(({ p99 }) => p99) },
    { name: 'p50', color: '#2f7de1', values: points.map(({ p50 }) => p50) },
  ];
  return [
    '<section>',
    lineChart({
      title: 'Requests per second, by the region that served them',
      unit: '',
      seconds,
      series: served,
      stacked: true,
      bands,
      bars: {
        name: 'failed first attempts',
        color: '#d9534f',
        values: points.map(({ failures: failed }) => failed),
      },
    }),
    lineChart({
      title: 'Response time to users, from the intended start',
      unit: 'ms',
      seconds,
      series: latency,
      logarithmic: true,
      bands,
    }),
    '</section>',
  ].join('');
}

function phaseTable(phases: readonly PhaseResult[]): string {
  const rows = phases.map((phase) => {
    const { attempts, users } = phase;
    const { p50, p95, p99, p999, max } = users.exact;
    return [
      `<b>${escapeText(phase.name)}</b>${phase.faults.map(({ text, radius }) => `<br><small>${escapeText(text)}: ${escapeText(radius)}</small>`).join('')}`,
      `${(phase.endSeconds - phase.startSeconds).toFixed(0)} s`,
      String(users.requests),
      users.requestsPerSecond.toFixed(0),
      failureCell(attempts),
      failureCell(users),
      ...[p50, p95, p99, p999, max].map(formatDuration),
      phase.recoveryMs === null ? '' : formatDuration(phase.recoveryMs),
    ];
  });
  const numbers = [
    'time',
    'requests',
    'req/s',
    'failed attempts',
    'for users',
    'p50',
    'p95',
    'p99',
    'p99.9',
    'max',
    'well again after',
  ];
  return table([['phase', 'text'], ...numbers.map((title) => [title, 'number'] as const)], rows);
}

function failures(result: DrillResult): string {
  const rows = result.phases.flatMap((phase) =>
    phase.causes.map(({ cause, count, explained }) => [
      escapeText(phase.name),
      String(count),
      escapeText(cause),
      explained === null ? bad('not explained') : escapeText(explained),
    ]),
  );
  const late = result.phases.filter(({ failuresAfterDetection }) => failuresAfterDetection > 0);
  const note =
    late.length === 0
      ? 'Every failed attempt fell within the time that the balancers may take to notice; none after it.'
      : `After the detection time: ${late.map((phase) => `${phase.failuresAfterDetection} in ${phase.name}`).join(', ')}.`;
  const detection = result.phases
    .filter(({ detectionMsMax }) => detectionMsMax !== null && detectionMsMax > 0)
    .map((phase) => `${phase.name} ${formatDuration(phase.detectionMsMax ?? 0)}`);
  const bound = detection.length === 0 ? '' : ` Detection takes at most: ${detection.join(', ')}.`;
  if (rows.length === 0) return '<p>Nothing failed.</p>';
  return `<p>${escapeText(note + bound)}</p>${table(
    [
      ['phase', 'text'],
      ['attempts', 'number'],
      ['error', 'text'],
      ['cause', 'text'],
    ],
    rows,
  )}`;
}

function recoveryTable(phases: readonly PhaseResult[]): string {
  const busy = phases.filter(
    ({ hints, repair, readRepairs, speculativeRetries }) =>
      repair !== null ||
      hints.stored +
        hints.delivered +
        hints.expired +
        hints.windowPassed +
        readRepairs +
        speculativeRetries >
        0,
  );
  if (busy.length === 0) return '<p>Nothing was missed by any replica.</p>';
  const rows = busy.map(({ name, hints, repair, readRepairs, speculativeRetries }) => [
    `<b>${escapeText(name)}</b>`,
    ...[
      hints.stored,
      hints.delivered,
      hints.expired,
      hints.windowPassed,
      readRepairs,
      speculativeRetries,
    ].map(String),
    repair === null
      ? ''
      : repair.ok
        ? `${repair.treesCompared} trees compared, ${repair.rangesThatDiffered} ranges differed, ${repair.rowsStreamed} rows streamed in ${repair.seconds.toFixed(1)} s`
        : bad(escapeText(repair.error ?? 'failed')),
  ]);
  const numbers = [
    'hints stored',
    'delivered',
    'expired',
    'past the window',
    'read repairs',
    'speculative retries',
  ];
  return table(
    [['phase', 'text'], ...numbers.map((title) => [title, 'number'] as const), ['repair', 'text']],
    rows,
  );
}

function checkWord({ verdict }: CheckResult): string {
  if (verdict === 'passed') return good('✓ passed');
  return verdict === 'violated' ? bad('✗ violated') : '<span class="warn">? inconclusive</span>';
}

function checks(result: DrillResult): string {
  const rows = result.checks.map((check) => [
    checkWord(check),
    `<b>${escapeText(check.name)}</b>`,
    escapeText(check.text) +
      check.examples.map((example) => `<br><small>${escapeText(example)}</small>`).join(''),
  ]);
  return table(
    [
      ['', 'text'],
      ['check', 'text'],
      ['', 'text'],
    ],
    rows,
  );
}

/** Open when one failed. */
function expectationSection(result: DrillResult): string {
  const failed = result.expectations.filter(({ pass }) => !pass).length;
  const rows = result.expectations.map(({ phase, text, pass, measured, overloaded }) => [
    pass ? good('✓ pass') : bad('✗ FAIL'),
    escapeText(phase ?? ''),
    escapeText(text),
    escapeText(measured) +
      (overloaded && !pass
        ? '<br><small>the machine was overloaded: this proves nothing</small>'
        : ''),
  ]);
  const body = table(
    [
      ['', 'text'],
      ['phase', 'text'],
      ['expected', 'text'],
      ['measured', 'text'],
    ],
    rows,
  );
  const title = `Expectations: ${result.expectations.length - failed} of ${result.expectations.length} hold`;
  return failed > 0 ? section(title, body) : closedSection(title, body);
}

function nameTable(result: DrillResult): string {
  const rows = result.total.byName.map((line) => [
    escapeText(line.method),
    escapeText(line.name),
    String(line.requests),
    String(line.failures),
    ...[line.median, line.average, line.min, line.max].map(formatDuration),
    line.requestsPerSecond.toFixed(1),
    line.failuresPerSecond.toFixed(2),
    ...[line.exact.p50, line.exact.p95, line.exact.p99, line.exact.p999].map(formatDuration),
  ]);
  const numbers = [
    '# Requests',
    '# Fails',
    'Median',
    'Average',
    'Min',
    'Max',
    'RPS',
    'Failures/s',
    'exact p50',
    'p95',
    'p99',
    'p99.9',
  ];
  return table(
    [['Type', 'text'], ['Name', 'text'], ...numbers.map((title) => [title, 'number'] as const)],
    rows,
  );
}

/** A row an instance, a column a node: a dot where the driver keeps connections. */
function connections(result: DrillResult): string {
  const hosts = new Map(
    result.connections.flatMap((one) =>
      one.hosts.map((host) => [host.address, host.datacenter] as const),
    ),
  );
  const addresses = [...hosts.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const datacenters = [...new Set(addresses.map((address) => hosts.get(address) ?? ''))];
  const groups = datacenters.map(
    (name) =>
      `<th colspan="${addresses.filter((address) => hosts.get(address) === name).length}">${escapeText(name)}</th>`,
  );
  const head = addresses.map((address) => `<th>${escapeText(address.split(':')[0] ?? '')}</th>`);
  const rows = result.connections.map(({ instance, hosts: seen }) => {
    const region = instance.split('/')[0];
    const cells = addresses.map((address) => {
      const count = seen.find((host) => host.address === address)?.connections ?? 0;
      if (count === 0) return '<td class="dim">·</td>';
      return `<td class="${hosts.get(address) === region ? 'good' : 'bad'}">● ${count}</td>`;
    });
    return `<tr><td>${escapeText(instance)}</td>${cells.join('')}</tr>`;
  });
  const isLocal = result.checks.some(
    ({ id, verdict }) => id === 'local-connections' && verdict === 'passed',
  );
  return `<p>Connections of each instance's driver to each node${isLocal ? ': all to its own region' : ''}.</p><div class="scroll"><table class="matrix"><thead><tr><th></th>${groups.join('')}</tr><tr><th>instance</th>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function timeline(result: DrillResult): string {
  const items = result.timeline.map(
    ({ atSeconds, text, kind }) =>
      `<li class="${kind}"><time>${Math.floor(atSeconds / 60)}:${(atSeconds % 60).toFixed(1).padStart(4, '0')}</time> ${escapeText(text)}</li>`,
  );
  return `<ol class="timeline">${items.join('')}</ol>`;
}

function shortened(result: DrillResult): string {
  if (result.shortened.length === 0) return '<p>None.</p>';
  const rows = result.shortened.map(({ setting, value, default: usual }) =>
    [setting, value, usual].map(escapeText),
  );
  return `<p>A drill of two minutes shortens what takes hours or half minutes in production.</p>${table(
    [
      ['setting', 'text'],
      ['in this drill', 'text'],
      ['default', 'text'],
    ],
    rows,
  )}`;
}
