// A drill's report as one HTML file: verdict first, charts, one row a phase, failures with their causes, hints and
// repair, what was checked, where drivers were connected, what was shortened. No script, nothing loaded from outside.

import { formatDuration } from '../../topology/units.ts';
import type { CheckId, DrillResult, PhaseResult } from '../drill-result.ts';
import { EXIT_CODES } from '../drill-result.ts';
import { percent, successShare } from '../expectations.ts';
import type { Band, Series } from './chart.ts';
import { escapeText, lineChart } from './chart.ts';
import { STYLE } from './style.ts';

const REGION_COLORS = ['#2f7de1', '#18a07a', '#b06bd6', '#d9822b', '#5c7080', '#c23030', '#8f398f', '#29a634'];

export function htmlReport(result: DrillResult): string {
  const sections = [
    header(result),
    charts(result),
    section('Phases', phaseTable(result.phases)),
    section('What failed, and why', failures(result)),
    section('Hints, read repair and repair', recoveryTable(result.phases)),
    section('Consistency', checks(result)),
    section('Expectations', expectations(result)),
    section('Requests by name', nameTable(result)),
    section('Where drivers were connected', connections(result)),
    section('Timeline', timeline(result)),
    section('Settings that differ from the defaults', shortened(result)),
    `<footer>Starfish ${escapeText(result.starfish)}, ${escapeText(result.engine)} engine, seed ${result.seed}. Run it again: <code>starfish drill ${escapeText(result.name)} --seed ${result.seed}</code></footer>`,
  ];
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(result.name)}: ${escapeText(verdictWords(result))}</title><style>${STYLE}</style></head><body><main>`,
    ...sections,
    '</main></body></html>',
  ].join('\n');
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

function header(result: DrillResult): string {
  const { attempts, users } = result.total;
  const figures: readonly (readonly [string, string])[] = [
    ['requests', users.requests.toLocaleString('en')],
    ['failed for users', `${users.failures} (${percent(1 - successShare(users.requests, users.failures))})`],
    ['failed first attempts', `${attempts.failures} (${percent(1 - successShare(attempts.requests, attempts.failures))})`],
    ['p50 / p99', `${formatDuration(users.exact.p50)} / ${formatDuration(users.exact.p99)}`],
    ['acknowledged writes lost', countOf(result, 'lost-writes')],
    ['stale reads in a region', countOf(result, 'stale-reads')],
    ['memory', `${result.memoryMiB} MiB`],
  ];
  return [
    `<header class="${result.verdict}"><p class="verdict">${escapeText(verdictWords(result))} <small>exit code ${EXIT_CODES[result.verdict]}</small></p>`,
    `<h1>${escapeText(result.name)}</h1><p>${escapeText(result.description)}</p>`,
    `<p class="dim">${escapeText(result.startedAt)}, ${result.seconds.toFixed(0)} s under load of ${result.drill.load.rate} requests/s (open model)</p>`,
    `<dl>${figures.map(([name, value]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`).join('')}</dl></header>`,
  ].join('');
}

function countOf(result: DrillResult, check: CheckId): string {
  const found = result.checks.find(({ id }) => id === check);
  return found === undefined ? 'not checked' : (found.text.split(/[ ,]/)[0] ?? '');
}

function charts(result: DrillResult): string {
  const { points } = result;
  const seconds = points.map(({ second }) => second);
  const bands: Band[] = result.phases.map((phase) => ({
    from: phase.startSeconds, to: phase.endSeconds, label: phase.name, kind: phase.faults.length > 0 ? 'fault' : 'calm',
  }));
  const regions = Object.keys(result.drill.topology.regions);
  const served: Series[] = regions.map((region, at) => ({
    name: `served by ${region}`, color: REGION_COLORS[at % REGION_COLORS.length] ?? '#888', fill: true,
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
      title: 'Requests per second, by the region that served them', unit: '', seconds, series: served, stacked: true, bands,
      bars: { name: 'failed first attempts', color: '#d9534f', values: points.map(({ failures }) => failures) },
    }),
    lineChart({ title: 'Response time (from the intended start)', unit: 'ms', seconds, series: latency, logarithmic: true, bands }),
    '</section>',
  ].join('');
}

function phaseTable(phases: readonly PhaseResult[]): string {
  const rows = phases.map((phase) => {
    const { attempts, users } = phase;
    const { p50, p95, p99, p999, max } = users.exact;
    return row([
      `<b>${escapeText(phase.name)}</b>${phase.faults.map(({ text, radius }) => `<br><small>${escapeText(text)}: ${escapeText(radius)}</small>`).join('')}`,
      `${(phase.endSeconds - phase.startSeconds).toFixed(0)} s`, String(users.requests), users.requestsPerSecond.toFixed(0),
      failureCell(attempts.failures, attempts.requests), failureCell(users.failures, users.requests),
      ...[p50, p95, p99, p999, max].map(formatDuration),
      phase.recoveryMs === null ? '' : formatDuration(phase.recoveryMs),
    ]);
  });
  return table(['phase', 'time', 'requests', 'req/s', 'failed attempts', 'failed for users', 'p50', 'p95', 'p99', 'p99.9', 'max', 'well again after'], rows);
}

function failureCell(failures: number, requests: number): string {
  if (failures === 0) return '<span class="good">0</span>';
  return `<span class="bad">${failures}</span> <small>${percent(1 - successShare(requests, failures))}</small>`;
}

function failures(result: DrillResult): string {
  const rows = result.phases.flatMap((phase) =>
    phase.causes.map(({ cause, count, explained }) =>
      row([escapeText(phase.name), String(count), escapeText(cause), explained === null ? '<span class="bad">not explained</span>' : escapeText(explained)]),
    ),
  );
  const late = result.phases.filter(({ failuresAfterDetection }) => failuresAfterDetection > 0);
  const note = late.length === 0
    ? 'Every failed attempt fell within the time that the balancers may take to notice; none after it.'
    : `After the detection time: ${late.map((phase) => `${phase.failuresAfterDetection} in ${phase.name}`).join(', ')}.`;
  const detection = result.phases
    .filter(({ detectionMsMax }) => detectionMsMax !== null && detectionMsMax > 0)
    .map((phase) => `${phase.name} ${formatDuration(phase.detectionMsMax ?? 0)}`);
  const bound = detection.length === 0 ? '' : ` Detection takes at most: ${detection.join(', ')}.`;
  const retry = result.drill.load.retry
    ? 'Users retry a failed idempotent request once, at the next nearest region: what was left after that is "failed for users".'
    : 'Users did not retry.';
  const list = rows.length === 0 ? '<p>Nothing failed.</p>' : table(['phase', 'attempts', 'error', 'cause'], rows);
  return `<p>${escapeText(note + bound)} ${escapeText(retry)}</p>${list}`;
}

function recoveryTable(phases: readonly PhaseResult[]): string {
  const rows = phases.map(({ name, hints, repair, readRepairs, speculativeRetries }) =>
    row([
      escapeText(name), String(hints.stored), String(hints.delivered), String(hints.expired), String(hints.windowPassed),
      String(readRepairs), String(speculativeRetries),
      repair === null ? '' : repair.ok ? `${repair.treesCompared} trees compared, ${repair.rangesThatDiffered} ranges differed, ${repair.rowsStreamed} rows streamed in ${repair.seconds.toFixed(1)} s` : `<span class="bad">${escapeText(repair.error ?? 'failed')}</span>`,
    ]),
  );
  return table(['phase', 'hints stored', 'delivered', 'expired', 'not kept (window passed)', 'read repairs', 'speculative retries', 'repair'], rows);
}

function checks(result: DrillResult): string {
  const rows = result.checks.map(({ name, verdict, text, examples }) =>
    row([
      `<span class="${verdict === 'passed' ? 'good' : 'bad'}">${verdict}</span>`, `<b>${escapeText(name)}</b>`,
      escapeText(text) + examples.map((example) => `<br><small>${escapeText(example)}</small>`).join(''),
    ]),
  );
  return table(['', 'check', ''], rows);
}

function expectations(result: DrillResult): string {
  const rows = result.expectations.map(({ phase, text, pass, measured }) =>
    row([`<span class="${pass ? 'good' : 'bad'}">${pass ? 'pass' : 'FAIL'}</span>`, escapeText(phase ?? ''), escapeText(text), escapeText(measured)]),
  );
  return table(['', 'phase', 'expected', 'measured'], rows);
}

function nameTable(result: DrillResult): string {
  const rows = result.total.byName.map((line) =>
    row([
      escapeText(line.method), escapeText(line.name), String(line.requests), String(line.failures), formatDuration(line.median),
      formatDuration(line.average), formatDuration(line.min), formatDuration(line.max), line.requestsPerSecond.toFixed(1),
      line.failuresPerSecond.toFixed(2), ...[line.exact.p50, line.exact.p95, line.exact.p99, line.exact.p999].map(formatDuration),
    ]),
  );
  return table(['Type', 'Name', '# Requests', '# Fails', 'Median', 'Average', 'Min', 'Max', 'RPS', 'Failures/s', 'exact p50', 'p95', 'p99', 'p99.9'], rows);
}

function connections(result: DrillResult): string {
  const rows = result.connections.map(({ instance, hosts }) =>
    row([
      escapeText(instance),
      hosts.filter((host) => host.connections > 0).map((host) => `${escapeText(host.address)} <small>${escapeText(host.datacenter)}, ${host.connections}</small>`).join('<br>'),
      hosts.filter((host) => host.connections === 0).map((host) => `${escapeText(host.address)} <small>${escapeText(host.datacenter)}</small>`).join('<br>'),
    ]),
  );
  return table(['instance', 'connected to', 'knows of, not connected'], rows);
}

function timeline(result: DrillResult): string {
  const items = result.timeline.map(({ atSeconds, text, kind }) =>
    `<li class="${kind}"><time>${Math.floor(atSeconds / 60)}:${(atSeconds % 60).toFixed(1).padStart(4, '0')}</time> ${escapeText(text)}</li>`,
  );
  return `<ol class="timeline">${items.join('')}</ol>`;
}

function shortened(result: DrillResult): string {
  if (result.shortened.length === 0) return '<p>None.</p>';
  const rows = result.shortened.map(({ setting, value, default: usual }) => row([escapeText(setting), escapeText(value), escapeText(usual)]));
  return `<p>A drill of two minutes shortens what takes hours or half minutes in production.</p>${table(['setting', 'in this drill', 'default'], rows)}`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeText(title)}</h2>${body}</section>`;
}

function table(columns: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll"><table><thead><tr>${columns.map((column) => `<th>${escapeText(column)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function row(cells: readonly string[]): string {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}
