// Pieces of the HTML reports: sections, tables, figures. Text is escaped by whoever makes a cell.

import { failedPercent } from '../expectations.ts';
import { escapeText } from './chart.ts';
import { STYLE } from './style.ts';

/** Numbers stand to the right and never wrap. */
export type Column = readonly [title: string, kind: 'text' | 'number'];

export function page(title: string, sections: readonly string[]): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeText(title)}</title><style>${STYLE}</style></head><body><main>`,
    ...sections,
    '</main></body></html>',
  ].join('\n');
}

export function section(title: string, body: string): string {
  return `<section><h2>${escapeText(title)}</h2>${body}</section>`;
}

/** Closed until it is opened: what few read. */
export function closedSection(title: string, body: string): string {
  return `<section><details><summary><h2>${escapeText(title)}</h2></summary>${body}</details></section>`;
}

export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const className = (at: number): string => (columns[at]?.[1] === 'number' ? ' class="n"' : '');
  const head = columns
    .map(([title], at) => `<th${className(at)}>${escapeText(title)}</th>`)
    .join('');
  const body = rows
    .map(
      (cells) => `<tr>${cells.map((cell, at) => `<td${className(at)}>${cell}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** Headline figures: a word, a value, and whether it is good, bad or neither. */
export function figures(list: readonly (readonly [string, string, 'good' | 'bad' | ''])[]): string {
  return `<dl>${list.map(([name, value, tone]) => `<div class="${tone}"><dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd></div>`).join('')}</dl>`;
}

export function good(text: string): string {
  return `<span class="good">${text}</span>`;
}

export function bad(text: string): string {
  return `<span class="bad">${text}</span>`;
}

export function failureCell({
  failures,
  requests,
}: {
  readonly failures: number;
  readonly requests: number;
}): string {
  return failures === 0
    ? good('0')
    : `${bad(String(failures))} <small>${failedPercent(failures, requests)}</small>`;
}
