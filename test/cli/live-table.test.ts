// What a drill shows while it runs: one line a phase in CI, a table drawn over itself in a terminal.

import { expect, test } from 'vitest';
import { clock, LiveTable } from '../../src/cli/commands/live-table.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { alignTable, styled } from '../../src/cli/terminal.ts';
import type { PhaseLoad } from '../../src/drill/load-recorder.ts';
import { Statistics } from '../../src/load/statistics.ts';
import { phaseResult } from '../drill/phase-result.ts';

function terminal(
  interactive: boolean,
  color = false,
): Terminal & { readonly lines: string[]; drawn: readonly string[] } {
  const lines: string[] = [];
  const recording = {
    color,
    interactive,
    width: 120,
    lines,
    drawn: [] as readonly string[],
    line: (text = '') => void lines.push(text),
    problem: (text: string) => void lines.push(text),
    redraw: (drawn: readonly string[]) => {
      recording.drawn = drawn;
    },
    keep: () => undefined,
  };
  return recording;
}

const LOST = phaseResult({
  name: 'zone lost',
  requests: 200,
  failed: 3,
  faults: [{ text: 'outage east/b', radius: '1 node, 1 instance' }],
  hints: { stored: 9, delivered: 7, expired: 0, windowPassed: 0, pending: 2 },
  recoveryMs: 2_500,
  endSeconds: 14,
});

function load(): PhaseLoad {
  const one = new Statistics();
  one.add({ method: 'GET', name: '/', atMs: 1, ms: 5, bytes: 1, error: null });
  return { attempts: one, users: one, failed: [] };
}

test('in CI: a line when a fault begins, a line when a phase ends, nothing drawn', () => {
  const out = terminal(false);
  const table = new LiveTable(out);
  table.on({ kind: 'phase-began', phase: 'baseline', faults: [], atSeconds: 0 });
  table.on({ kind: 'phase-began', phase: 'zone lost', faults: ['outage east/b'], atSeconds: 65 });
  const second = { phase: 'zone lost', atSeconds: 66, totalSeconds: 90, inFlight: 1, users: 9 };
  table.on({ kind: 'second', ...second, load: load() });
  table.on({ kind: 'event', entry: { atSeconds: 66, text: 'noticed', kind: 'detected' } });
  table.on({ kind: 'phase-ended', result: LOST, expectations: [] });
  expect(out.drawn).toEqual([]);
  expect(out.lines[0]).toBe('  1:05  zone lost: outage east/b');
  expect(out.lines[1]).toMatch(
    /^ {2}0:14 {2}zone lost {3}time 0:14 {3}requests 200 .*failures 3 \(1\.5 %\)/,
  );
  expect(out.lines[1]).toMatch(/1 node, 1 instance, 7 hints delivered, well again after 2\.5 s$/);
  expect(out.lines).toHaveLength(2);
});

test('in a terminal: the table so far, the running phase, the last events, the clock', () => {
  const out = terminal(true);
  const table = new LiveTable(out);
  table.on({ kind: 'phase-ended', result: LOST, expectations: [] });
  for (let at = 1; at <= 8; at++) {
    table.on({ kind: 'event', entry: { atSeconds: at, text: `event ${at}`, kind: 'note' } });
  }
  const second = { phase: 'after', atSeconds: 70, totalSeconds: 90, inFlight: 4, users: 9 };
  table.on({ kind: 'second', ...second, load: load() });
  const text = out.drawn.join('\n');
  expect(text).toMatch(/zone lost +0:14 +200/);
  expect(text).toMatch(/after +\.\.\. +1 .*4 in flight/);
  expect(text).not.toContain('event 2\n');
  expect(text).toContain('  0:03  event 3\n');
  expect(out.drawn.at(-1)).toBe('  1:10 of about 1:30   9 users');
  expect(out.lines).toEqual([]);
  table.finish();
  expect(out.lines.join('\n')).toMatch(/phase +time +requests/);
});

test('tables align by what is seen, not by colour codes; without colour there are none', () => {
  const coloured = styled(terminal(true, true), 'red', 'no');
  expect(coloured).toBe('\u001b[31mno\u001b[39m');
  expect(styled(terminal(true), 'red', 'no')).toBe('no');
  expect(
    alignTable(
      [
        ['a', coloured, 'x'],
        ['long', 'yes', 'y'],
      ],
      [false, true],
    ),
  ).toEqual([`a      ${coloured}  x`, 'long  yes  y']);
  expect([0, 59.9, 60, 754].map(clock)).toEqual(['0:00', '0:59', '1:00', '12:34']);
});
