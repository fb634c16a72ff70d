// What a drill shows while it runs: a redrawn table in a terminal, a line a phase in CI.

import type { DrillProgress } from '../../drill/runner.ts';
import type { PhaseResult } from '../../drill/drill-result.ts';
import { failedPercent } from '../../drill/expectations.ts';
import type { StatsRow } from '../../load/statistics.ts';
import { formatDuration } from '../../topology/units.ts';
import type { Terminal } from '../terminal.ts';
import { alignTable, styled } from '../terminal.ts';

const COLUMNS = [
  'phase',
  'time',
  'requests',
  'req/s',
  'failures',
  'after retry',
  'p50',
  'p95',
  'p99',
  'p99.9',
  'max',
  '',
];
const RIGHT = [false, true, true, true, true, true, true, true, true, true, true, false];

export class LiveTable {
  private readonly terminal: Terminal;
  private readonly ended: PhaseResult[] = [];
  private readonly lastNotes: string[] = [];

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  on(progress: DrillProgress): void {
    const { terminal } = this;
    switch (progress.kind) {
      case 'phase-began':
        if (!terminal.interactive && progress.faults.length > 0) {
          terminal.line(
            styled(
              terminal,
              'yellow',
              `  ${clock(progress.atSeconds)}  ${progress.phase}: ${progress.faults.join(', ')}`,
            ),
          );
        }
        return;
      case 'second':
        this.draw(progress);
        return;
      case 'event':
        if (terminal.interactive) {
          this.lastNotes.push(`  ${clock(progress.entry.atSeconds)}  ${progress.entry.text}`);
          if (this.lastNotes.length > 6) this.lastNotes.shift();
        }
        return;
      case 'phase-ended':
        this.ended.push(progress.result);
        if (!terminal.interactive) this.printEnded(progress.result);
        return;
      case 'checking':
        if (!terminal.interactive) terminal.line(`  checking: ${progress.what}`);
        return;
      case 'settling':
        return;
    }
  }

  /** The finished table, left standing. */
  finish(): void {
    this.terminal.keep();
    const rows = [COLUMNS, ...this.ended.map((phase) => phaseCells(phase))];
    const [head = '', ...lines] = alignTable(rows, RIGHT);
    this.terminal.line();
    this.terminal.line(styled(this.terminal, 'dim', `  ${head}`));
    for (const line of lines) this.terminal.line(`  ${line}`);
  }

  private draw(progress: Extract<DrillProgress, { kind: 'second' }>): void {
    if (!this.terminal.interactive) return;
    const { load, phase, atSeconds } = progress;
    const users = load.users.total.row();
    const attempts = load.attempts.total.row();
    const running = [phase, '...', ...statCells(attempts, users), `${progress.inFlight} in flight`];
    const rows = [COLUMNS, ...this.ended.map((ended) => phaseCells(ended)), running];
    this.terminal.redraw([
      '',
      ...alignTable(rows, RIGHT).map((line) => `  ${line}`),
      '',
      ...this.lastNotes,
      styled(
        this.terminal,
        'dim',
        `  ${clock(atSeconds)} of about ${clock(progress.totalSeconds)}   ${progress.users} users`,
      ),
    ]);
  }

  private printEnded(result: PhaseResult): void {
    const cells = phaseCells(result);
    const text = COLUMNS.map((column, at) =>
      column === '' || at === 0 ? cells[at] : `${column} ${cells[at] ?? ''}`,
    ).join('   ');
    this.terminal.line(`  ${clock(result.endSeconds)}  ${text}`);
  }
}

function phaseCells(phase: PhaseResult): readonly string[] {
  const notes: string[] = phase.faults.map(({ radius }) => radius);
  if (phase.hints.delivered > 0) notes.push(`${phase.hints.delivered} hints delivered`);
  if (phase.recoveryMs !== null) notes.push(`well again after ${formatDuration(phase.recoveryMs)}`);
  if (phase.repair !== null)
    notes.push(
      `repair: ${phase.repair.rangesThatDiffered} ranges differed, ${phase.repair.rowsStreamed} rows streamed`,
    );
  return [
    phase.name,
    clock(phase.endSeconds - phase.startSeconds),
    ...statCells(phase.attempts, phase.users),
    notes.join(', '),
  ];
}

function statCells(attempts: StatsRow, users: StatsRow): readonly string[] {
  const failed = (row: StatsRow): string =>
    row.failures === 0 ? '0' : `${row.failures} (${failedPercent(row.failures, row.requests)})`;
  const { p50, p95, p99, p999, max } = users.exact;
  return [
    String(users.requests),
    users.requestsPerSecond.toFixed(0),
    failed(attempts),
    failed(users),
    ...[p50, p95, p99, p999, max].map((ms) => formatDuration(ms)),
  ];
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
