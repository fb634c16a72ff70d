// Options that `up` and `drill` share: --set, -n, durations, the line that runs a drill again.

import { describe, expect, test } from 'vitest';
import {
  durationOf,
  replayLine,
  seedOf,
  setsOf,
  topologyOf,
} from '../../src/cli/commands/run-options.ts';

describe('--set', () => {
  const apply = (...set: string[]): unknown =>
    setsOf({ set })({ cassandra: { num_tokens: 16 }, regions: { r: { zones: ['a'] } } });
  test.each([
    ['cassandra.max_hint_window=1h', { cassandra: { num_tokens: 16, max_hint_window: '1h' } }],
    ['cassandra.num_tokens=4', { cassandra: { num_tokens: 4 } }],
    ['cassandra.hinted_handoff_enabled=false', { cassandra: { hinted_handoff_enabled: false } }],
    ['links.us-east-1..us-west-2=90ms', { links: { 'us-east-1..us-west-2': '90ms' } }],
    ['regions={east: {zones: [a, b]}}', { regions: { east: { zones: ['a', 'b'] } } }],
    ['app.consistency.read=ONE', { app: { consistency: { read: 'ONE' } } }],
    ['name=', { name: null }],
  ])('%s', (set, changed) => {
    expect(apply(set)).toMatchObject(changed);
  });
  test('several, the last wins; the document itself stays', () => {
    const document = { a: { b: 1 } };
    expect(setsOf({ set: ['a.b=2', 'a.c=3', 'a.b=4'] })(document)).toEqual({ a: { b: 4, c: 3 } });
    expect(document).toEqual({ a: { b: 1 } });
  });
  test("below a prefix, for a drill's topology", () => {
    expect(setsOf({ set: ['name=x'] }, ['topology'])({ topology: {} })).toEqual({
      topology: { name: 'x' },
    });
  });
  test.each(['nonsense', '=x'])('%s is refused', (set) =>
    expect(() => apply(set)).toThrow(/write key=value/),
  );
});

test.each([
  ['3', ['datacenter1'], 3],
  ['3:3', ['dc1', 'dc2'], 6],
  ['1', ['datacenter1'], 1],
  ['2:4:6', ['dc1', 'dc2', 'dc3'], 12],
])('-n %s', (nodes, regions, count) => {
  const topology = topologyOf(undefined, { nodes });
  expect(Object.keys(topology.regions)).toEqual(regions);
  expect(
    Object.values(topology.regions).reduce(
      (sum, { zones, nodesPerZone }) => sum + zones.length * nodesPerZone,
      0,
    ),
  ).toBe(count);
});
test.each(['0', '3:x', '49', '1:1:1:1:1:1:1:1:1'])('-n %s is refused', (nodes) => {
  expect(() => topologyOf(undefined, { nodes })).toThrow(/write nodes per region/);
});

test('a seed that is given is kept; one that is drawn can be given', () => {
  expect(seedOf({ seed: 0 })).toBe(0);
  expect(Number.isInteger(seedOf({}))).toBe(true);
});

test('durations of flags', () => {
  expect(durationOf('--for', '90s')).toBe(90_000);
  expect(() => durationOf('--for', '0s')).toThrow(
    '--for 0s: write a duration such as 500ms, 30s or 2m',
  );
});

test.each([
  [['drill', 'always-on'], 'starfish drill always-on --seed 7'],
  [
    ['drill', 'always-on', '--seed', '3', '--faster', '6', '--json', '--out', 'x'],
    'starfish drill always-on --faster 6 --seed 7',
  ],
  [
    ['drill', 'my drill.yaml', '--html=a.html', '--expect', 'hold.p99<50ms'],
    "starfish drill 'my drill.yaml' --expect 'hold.p99<50ms' --seed 7",
  ],
  [
    ['drill', 'x.yaml', '--set', "name=it's"],
    "starfish drill x.yaml --set 'name=it'\\''s' --seed 7",
  ],
])('%j runs again with %s', (words, line) => {
  expect(replayLine(words, 7)).toBe(line);
});
