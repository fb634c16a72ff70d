// Holds what the pages promise about the tree: links lead somewhere, every golden trace is linked from a page, and the
// YAML examples of topology.md and drill-files.md are valid.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alwaysOn, SHORTENED_CASSANDRA } from '../../src/drill/catalogue/always-on.ts';
import { parseDrill } from '../../src/drill/load-drill.ts';
import { parseTopology } from '../../src/topology/load-topology.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) => join(ROOT, name)),
  ...pagesBelow(join(ROOT, 'docs')),
];

/** Relative link targets, as absolute paths; code blocks and addresses elsewhere left out. */
function linksOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:|^#/.test(target))
    .map((target) => resolve(dirname(page), target.replace(/#.*$/, '')));
}

function yamlOf(page: string): string {
  const text = readFileSync(join(ROOT, 'docs', page), 'utf8');
  return /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
}

describe('pages', () => {
  test.each(PAGES.map((page) => [relative(ROOT, page), page]))(
    'links of %s lead somewhere',
    (_name, page) => {
      expect(
        linksOf(page)
          .filter((target) => !existsSync(target))
          .map((target) => relative(ROOT, target)),
      ).toEqual([]);
    },
  );

  test('every golden trace is linked from a page', () => {
    const linked = new Set(PAGES.flatMap(linksOf).map((target) => relative(ROOT, target)));
    const traces = readdirSync(join(ROOT, 'test', 'traces')).filter((name) =>
      name.endsWith('.trace'),
    );
    expect(traces.filter((name) => !linked.has(join('test', 'traces', name)))).toEqual([]);
  });

  test('every page is reached from README.md', () => {
    const reached = new Set([join(ROOT, 'README.md')]);
    for (const page of reached) {
      for (const target of linksOf(page))
        if (target.endsWith('.md') && existsSync(target)) reached.add(target);
    }
    const decisions = join(ROOT, 'docs', 'decisions');
    expect(
      PAGES.filter((page) => !reached.has(page) && dirname(page) !== decisions).map((page) =>
        relative(ROOT, page),
      ),
    ).toEqual([]);
  });

  test('the examples are valid', () => {
    expect(parseTopology(yamlOf('topology.md'), 'topology.md').name).toBe('always-on');
    const readTopology = (path: string): never => {
      throw new Error(`no topology file ${path}`);
    };
    expect(
      parseDrill({ text: yamlOf('drill-files.md'), file: 'drill-files.md', readTopology }).phases,
    ).toHaveLength(4);
  });
});

describe('always-on.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'always-on.md'), 'utf8');

  test.each(alwaysOn.phases.map(({ name }) => name))('tells of the phase %s', (name) => {
    expect(page).toContain(`\n| ${name} | `);
  });

  test.each(Object.entries(SHORTENED_CASSANDRA))('has the shortened %s', (name, value) => {
    expect(page.split('\n').find((line) => line.startsWith(`| \`${name}\``))).toContain(
      `| ${value} |`,
    );
  });
});
