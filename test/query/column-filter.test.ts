// What a SELECT asks of replicas: which columns, and of which only elements.

import { describe, expect, it } from 'vitest';

import type { CellRange } from '../../src/data/read-command.ts';
import { SingleNode } from './single-node.ts';

const node = new SingleNode();
node.setUp(
  "CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 1}",
  'USE ks',
  'CREATE TYPE pair (a text, b text)',
  'CREATE TABLE t (k text, c int, v text, m map<text, text>, s set<text>, f frozen<map<text, text>>, p pair, sm map<text, text> static, PRIMARY KEY (k, c))',
);

function rangeText({ from, to }: CellRange): string {
  return from !== null && to !== null && from.equals(to) ? `${from}` : `${from ?? ''}..${to ?? ''}`;
}

function filterText(cql: string, values: readonly string[] = []): string {
  const { response } = node.query(cql, { values: values.map((value) => Buffer.from(value)) });
  if (response.kind === 'error') return response.error.message;
  const columns = node.coordinator.lastRead?.columns;
  if (columns?.queried === undefined) return 'all';
  const texts = [...columns.queried].map((name) => {
    const parts = columns.parts?.get(name);
    return parts === undefined ? name : `${name}[${parts.map(rangeText).join(' ')}]`;
  });
  return texts.sort().join(' ');
}

describe('what a SELECT asks replicas for', () => {
  it.each([
    ['*', 'all'],
    ['v, m', 'm v'],
    ["m['x']", 'm[x]'],
    ["m['x'], m['y'], v", 'm[x y] v'],
    ["m['b'..'d'], m['x'..], s[..'c']", 'm[b..d x..] s[..c]'],
    ["m['x'], m", 'm'],
    ["writetime(m['x']), ttl(s['y'])", 'm[x] s[y]'],
    ["f['x']", 'f'],
    ['p.a', 'p'],
    ["sm['x']", 'sm[x]'],
  ])('SELECT %s', (selection, expected) => {
    expect(filterText(`SELECT ${selection} FROM t WHERE k = 'a'`)).toBe(expected);
  });

  it('takes the values of the request', () => {
    const cql = "SELECT m[?], s[?..?] FROM t WHERE k = 'a'";
    expect(filterText(cql, ['x', 'b', 'c'])).toBe('m[x] s[b..c]');
  });

  it('reads a column whole that a filter looks at', () => {
    const cql = "SELECT m['x'] FROM t WHERE m['y'] = 'z' ALLOW FILTERING";
    expect(filterText(cql)).toBe('m');
  });
});
