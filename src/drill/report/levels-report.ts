// The levels table as one HTML file.

import { formatDuration } from '../../topology/units.ts';
import type { LevelOutcome, LevelsResult } from '../levels.ts';
import { escapeText } from './chart.ts';
import { STYLE } from './style.ts';

export function levelsHtml(result: LevelsResult): string {
  const tables = [...new Set(result.rows.map((row) => row.keyspace))].map((keyspace) => table(result, keyspace));
  const { answeredMs, replicasAtAnswer, replicasLater, replicas, laterMs } = result.background;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>levels</title><style>${STYLE}</style></head><body><main>`,
    '<header><h1>Consistency levels, measured</h1><p>Two regions, three zones each, two nodes a zone. The coordinator is us-east-1/a/1. ',
    'Each cell is requests for the keys that lost most replicas, after the failure detector has noticed.</p></header>',
    ...tables,
    '<section><h2>LOCAL_ONE goes on in the background</h2>',
    `<p>Every other replica was 300 ms away. The write was answered after <b>${formatDuration(answeredMs)}</b> with the value on ${replicasAtAnswer} of ${replicas} replicas; `,
    `after ${formatDuration(laterMs)} it was on <b>${replicasLater}</b>.</p></section></main></body></html>`,
  ].join('');
}

function table(result: LevelsResult, keyspace: string): string {
  const rows = result.rows.filter((row) => row.keyspace === keyspace);
  const losses = rows[0]?.losses.map(({ loss }) => loss) ?? [];
  const head = ['level', 'must acknowledge', 'write', 'read', ...losses.map((loss) => `${loss} lost`)];
  const body = rows.map((row) => {
    const cells = [
      `<b>${row.level}</b>`, `${row.acknowledged}${row.level === 'EACH_QUORUM' ? ' in every region' : ''}`, formatDuration(row.writeMs),
      row.readMs === null ? '' : formatDuration(row.readMs),
      ...row.losses.map(({ read, write }) => `write ${cell(write)}${read === null ? '' : `<br>read ${cell(read)}`}`),
    ];
    return `<tr>${cells.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  return `<section><h2>RF ${escapeText(keyspace.slice(2))} in each region</h2><div class="scroll"><table><thead><tr>${head.map((text) => `<th>${escapeText(text)}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div></section>`;
}

function cell({ failed, error }: LevelOutcome): string {
  return failed === 0 ? '<span class="good">yes</span>' : `<span class="bad">no</span> <small>${escapeText(error ?? '')}</small>`;
}
