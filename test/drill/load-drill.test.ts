// Drill documents: the built-in ones, YAML with positions, and what is refused before anything
// starts.

import { expect, test } from 'vitest';
import { CATALOGUE } from '../../src/drill/catalogue/catalogue.ts';
import { loadTimeMs } from '../../src/drill/drill.ts';
import { findDrill, parseDrill, toDrill } from '../../src/drill/load-drill.ts';
import { InvalidDocument } from '../../src/topology/load-topology.ts';

const EXAMPLE = `
version: 1
name: my-zone
description: One zone goes away under load.
topology:
  regions:
    us-east-1: { zones: [a, b, c] }
  keyspaces: { shop: { replication: { us-east-1: 3 } } }
load: { rate: 80, retry: false, timeout: 2s }
phases:
  - { name: baseline, for: 10s, expect: { availability: 100%, p99: 100ms } }
  - name: hold
    inject: [{ kind: outage, at: us-east-1/b }]
    for: 20s
    expect: { availability: 60%, failuresAfterDetection: 0 }
  - { name: recover, heal: true, for: 5s, settle: 30s, repair: shop }
checks: { readRepair: true }
`;

function parse(text: string): ReturnType<typeof parseDrill> {
  return parseDrill({
    text,
    file: 'drill.yaml',
    readTopology: (path) => ({
      regions: { other: { zones: ['a'] } },
      keyspaces: { shop: { replication: { other: 1 } } },
      name: path.replace('.yaml', ''),
    }),
  });
}

test('a drill file', () => {
  const drill = parse(EXAMPLE);
  expect(drill.phases.map(({ name, for: ms, heal }) => [name, ms, heal])).toEqual([
    ['baseline', 10_000, false],
    ['hold', 20_000, false],
    ['recover', 5_000, true],
  ]);
  expect(drill.phases[0]?.expect).toEqual({ availability: 1, p99: 100 });
  expect(drill.phases[1]?.inject).toEqual([{ kind: 'outage', at: 'us-east-1/b' }]);
  expect(drill.checks).toMatchObject({ lostWrites: true, readRepair: true });
  expect(loadTimeMs(drill)).toBe(38_000);
});

test('its topology may be a file of its own, or the built-in one', () => {
  const other = parse('name: x\ntopology: other.yaml\nphases: [{ name: p, for: 1s }]\n');
  expect(Object.keys(other.topology.regions)).toEqual(['other']);
  expect(
    Object.keys(
      parse('name: x\ntopology: always-on\nphases: [{ name: p, for: 1s }]\n').topology.regions,
    ),
  ).toEqual(['us-east-1', 'us-west-2']);
});

test.each([
  [
    EXAMPLE.replace('for: 20s', 'for: soon'),
    'drill.yaml:14:10: phases.1.for: not a duration: soon; write 500ms, 10s or 2m',
  ],
  [
    EXAMPLE.replace('kind: outage', 'kind: outtage'),
    /^drill\.yaml:13:22: phases\.1\.inject\.0\.kind: /,
  ],
  [
    EXAMPLE.replace('us-east-1/b', 'us-east-1/d'),
    /^drill\.yaml: phases\.1 \(hold\): There is no place us-east-1\/d in this topology\. Did you mean us-east-1\/a/,
  ],
  [
    EXAMPLE.replace('kind: outage', 'kind: drain'),
    /phases\.1 \(hold\): drain us-east-1\/b: drain takes a node/,
  ],
  [
    EXAMPLE.replace('failuresAfterDetection', 'failureAfterDetection'),
    /phases\.1\.expect: unknown key failureAfterDetection \(did you mean failuresAfterDetection\?\)/,
  ],
  [
    EXAMPLE.replace('name: hold', 'name: baseline'),
    /phases\.1 \(baseline\): an earlier phase has this name/,
  ],
  [EXAMPLE.replace('repair: shop', 'repair: shp'), /repair: there is no keyspace shp/],
  [
    EXAMPLE.replace('keyspaces: { shop:', 'keyspaces: { store:').replace(
      'repair: shop',
      'repair: store',
    ),
    /a drill needs the shop's keyspace, shop/,
  ],
  [
    EXAMPLE.replace('us-east-1: 3', 'us-west-1: 3'),
    /there is no region us-west-1; did you mean us-east-1/,
  ],
  [
    EXAMPLE.replace('load: {', 'load: { read: 80%, write: 30%,'),
    /read and write add up to more than 100 %/,
  ],
  [
    EXAMPLE.replace('name: my-zone', 'name: My Zone'),
    /^drill\.yaml:3:7: name: use lower-case letters/,
  ],
])('refused: %#', (text, words) => {
  expect(() => parse(text)).toThrow(InvalidDocument);
  expect(() => parse(text)).toThrow(words);
});

test('every built-in drill is right, and found by both of its names', () => {
  for (const { name, alias, drill } of CATALOGUE) {
    expect(findDrill(name).name).toBe(name);
    if (alias !== null) expect(findDrill(alias).name).toBe(name);
    if (drill !== 'levels') expect(toDrill(drill).name).toBe(name);
  }
  expect(() => findDrill('zone-outtage')).toThrow(
    'There is no drill zone-outtage. Did you mean zone-outage',
  );
});

test('the main drill is at most two minutes of load and asserts everything', () => {
  const { drill } = findDrill('always-on');
  if (drill === 'levels') throw new Error('it is a drill');
  const parsed = toDrill(drill);
  expect(loadTimeMs(parsed)).toBeLessThanOrEqual(100_000);
  expect(Object.values(parsed.checks).every(Boolean)).toBe(true);
  expect(
    parsed.phases.flatMap(({ inject }) => inject.map(({ kind, at }) => `${kind} ${at}`)),
  ).toEqual([
    'kill us-east-1/a/1',
    'kill us-east-1/c/app-1',
    'outage us-east-1/b',
    'cut us-east-1..us-west-2',
    'outage us-west-2',
  ]);
});
