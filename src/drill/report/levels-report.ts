// The levels table as one HTML file: what each level waits for, costs and survives.

import { formatDuration } from '../../topology/units.ts';
import type { LevelOutcome, LevelRow, LevelsResult, LossResult } from '../levels.ts';
import { escapeText } from './chart.ts';
import { bad, figures, page, section } from './html-parts.ts';

export function levelsHtml(result: LevelsResult, problems: readonly string[]): string {
  const keyspaces = [...new Set(result.rows.map((row) => row.keyspace))];
  const { answeredMs, replicasAtAnswer, replicasLater, replicas, laterMs } = result.background;
  return page('levels', [
    `<header class="${problems.length === 0 ? 'passed' : 'expectation-failed'}"><div class="top"><h1>Consistency levels, measured</h1>`,
    `<p class="verdict">${problems.length === 0 ? "✓ as Cassandra's arithmetic says" : `✗ ${problems.length} differences`}</p></div>`,
    '<p>Two regions, three zones each, two nodes a zone; the coordinator is us-east-1/a/1. Each cell is requests that were sent, for the keys that lost most replicas, ',
    'once the failure detector had noticed. <span class="cell no">4 of 6</span> means that six replicas had to be alive and four were.</p></header>',
    ...(problems.length === 0
      ? []
      : [
          section(
            'Differences',
            `<ul>${problems.map((problem) => `<li>${bad(escapeText(problem))}</li>`).join('')}</ul>`,
          ),
        ]),
    ...keyspaces.map((keyspace) =>
      section(
        `Replication factor ${keyspace.slice(2)} in each region`,
        table(result.rows.filter((row) => row.keyspace === keyspace)),
      ),
    ),
    section(
      'LOCAL_ONE goes on in the background',
      '<p>Every other replica was 300 ms away. The client did not wait for them.</p>' +
        figures([
          ['answered after', formatDuration(answeredMs), 'good'],
          ['replicas with it then', `${replicasAtAnswer} of ${replicas}`, ''],
          [
            `replicas with it after ${formatDuration(laterMs)}`,
            `${replicasLater} of ${replicas}`,
            replicasLater === replicas ? 'good' : 'bad',
          ],
        ]),
    ),
  ]);
}

function table(rows: readonly LevelRow[]): string {
  const losses = rows[0]?.losses.map(({ loss }) => loss) ?? [];
  const head = [
    'level',
    'must acknowledge',
    'write',
    'read',
    ...losses.map((loss) => `${loss} lost`),
  ];
  const body = rows.map((row) => {
    const cells = [
      `<b>${row.level}</b>`,
      acknowledgedText(row),
      formatDuration(row.writeMs),
      row.readMs === null ? '' : formatDuration(row.readMs),
      ...row.losses.map(bothCells),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  return `<div class="scroll"><table class="level"><thead><tr>${head.map((title) => `<th>${escapeText(title)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

export function acknowledgedText({ level, acknowledged }: LevelRow): string {
  if (acknowledged === null) return level === 'ANY' ? 'a hint is enough' : 'never refused';
  return `${acknowledged}${level === 'EACH_QUORUM' ? ' in each region' : ''}`;
}

/** One cell where reads and writes fare alike. */
function bothCells({ read, write }: LossResult): string {
  if (read === null || outcome(read) === outcome(write)) return outcome(write);
  return `write ${outcome(write)} read ${outcome(read)}`;
}

function outcome({ failed, error }: LevelOutcome): string {
  if (failed === 0) return '<span class="cell yes">yes</span>';
  const numbers = /required (\d+) alive (\d+)/.exec(error ?? '');
  const text = numbers === null ? 'no' : `${numbers[2] ?? ''} of ${numbers[1] ?? ''}`;
  return `<span class="cell no" title="${escapeText(error ?? '')}">${text}</span>`;
}
