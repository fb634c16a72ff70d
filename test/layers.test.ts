// Holds two laws of the architecture: who may import whom, and what may be used below the four ports.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', 'src');

/** Folder -> folders it may import, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  world: ['base'],
  data: ['base'],
  ring: ['base', 'data'],
  cql: ['base', 'data'],
  protocol: ['base', 'data', 'ring'],
  node: ['base', 'world', 'data', 'ring', 'cql', 'protocol'],
  server: ['base', 'data', 'node', 'protocol', 'world'],
  topology: ['base'],
  cluster: ['base', 'world', 'data', 'ring', 'cql', 'protocol', 'node', 'server', 'topology'],
  engine: ['base', 'world', 'data', 'ring', 'node', 'cluster', 'topology'],
  stack: ['base', 'cluster', 'engine', 'topology'],
  fault: ['base', 'cluster', 'engine', 'stack', 'topology'],
  load: ['base', 'protocol', 'stack', 'topology'],
  check: ['base', 'engine', 'load'],
  drill: [
    'base',
    'check',
    'data',
    'cluster',
    'engine',
    'fault',
    'load',
    'stack',
    'topology',
    'world',
  ],
  simulation: ['base', 'world', 'data', 'ring', 'node', 'cluster', 'topology', 'check', 'fault'],
  dashboard: ['base', 'engine', 'stack', 'fault', 'load', 'check', 'drill', 'topology'],
  cli: ['*'],
};

/** Folders below the ports: deterministic, synchronous, without the machine. */
const BELOW_PORTS = ['base', 'data', 'ring', 'cql', 'protocol', 'node'];
const ALLOWED_MODULES = ['node:zlib', 'node:crypto'];
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'the machine clock'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|process\.nextTick/, 'a timer'],
  [/\basync\b(?! write| ack)|\bawait\b|\bnew Promise\b|Promise\./, 'a promise'],
  [/\bconsole\./, 'console'],
];

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'web' ? [] : sourceFiles(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s+'([^']+)'/g)].map((match) => match[1] ?? '');
}

const files = sourceFiles(ROOT).map((path) => ({
  path: relative(ROOT, path),
  text: readFileSync(path, 'utf8'),
}));

test('imports go downwards only', () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    const layer = path.split('/')[0] ?? '';
    const allowed = MAY_IMPORT[layer];
    if (allowed === undefined) {
      if (path !== 'index.ts') wrong.push(`${path}: src/${layer} has no place in the layout`);
      continue;
    }
    for (const target of importsOf(text)) {
      if (!target.startsWith('.')) continue;
      const other = relative(ROOT, resolve(ROOT, dirname(path), target)).split('/')[0] ?? '';
      if (other !== layer && !allowed.includes(other) && allowed[0] !== '*')
        wrong.push(`${path} imports ${other}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('below the ports nothing reaches the machine', () => {
  const wrong: string[] = [];
  for (const { path, text } of files) {
    if (!BELOW_PORTS.includes(path.split('/')[0] ?? '')) continue;
    for (const target of importsOf(text)) {
      if (target.startsWith('node:') && !ALLOWED_MODULES.includes(target))
        wrong.push(`${path} imports ${target}`);
    }
    const code = withoutComments(text).replace(/(['"`])(?:\\.|(?!\1)[^\\\n])*\1/g, "''");
    for (const [pattern, what] of FORBIDDEN)
      if (pattern.test(code)) wrong.push(`${path} uses ${what}`);
  }
  expect(wrong).toEqual([]);
});
