// What each fault takes away at each place, from the topology alone.

import { describe, expect, test } from 'vitest';
import { placeTopology } from '../../src/cluster/placement.ts';
import { blastRadius, radiusText } from '../../src/fault/blast-radius.ts';
import type { FaultInput } from '../../src/fault/fault.ts';
import { FAULT_KINDS, faultSchema, faultText, parseFaultKind } from '../../src/fault/fault.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { UnknownPlace } from '../../src/topology/place.ts';

const topology = toTopology({
  regions: {
    east: { zones: ['a', 'b'], nodesPerZone: 2, appsPerZone: 1 },
    west: { zones: ['a'], nodesPerZone: 1, appsPerZone: 2 },
  },
  keyspaces: { shop: { replication: { east: 2, west: 1 } } },
});
const placement = placeTopology(topology);
const radiusOf = (fault: FaultInput): ReturnType<typeof blastRadius> =>
  blastRadius(faultSchema.parse(fault), topology, placement);

describe('places that are lost', () => {
  test.each([
    [
      'outage',
      'east',
      ['east/a/1', 'east/b/1', 'east/a/2', 'east/b/2'],
      ['east/a/app-1', 'east/b/app-1'],
      ['east/a/elb', 'east/b/elb'],
    ],
    ['outage', 'east/a', ['east/a/1', 'east/a/2'], ['east/a/app-1'], ['east/a/elb']],
    ['outage', 'east/a/2', ['east/a/2'], [], []],
    ['outage', 'west/a/app-2', [], ['west/a/app-2'], []],
    ['kill', 'west/a/1', ['west/a/1'], [], []],
    ['kill', 'east/b/app-1', [], ['east/b/app-1'], []],
  ] as const)('%s %s', (kind, at, nodes, instances, balancerNodes) => {
    expect(radiusOf({ kind, at })).toEqual({
      nodes,
      instances,
      balancerNodes,
      drainedNodes: [],
      pausedNodes: [],
      links: [],
    });
  });
  test('drain and pause take one node', () => {
    expect(radiusOf({ kind: 'drain', at: 'east/a/1' })).toMatchObject({
      nodes: [],
      drainedNodes: ['east/a/1'],
    });
    expect(radiusOf({ kind: 'pause', at: 'east/a/1' })).toMatchObject({
      nodes: [],
      pausedNodes: ['east/a/1'],
    });
  });
});

describe('links', () => {
  test('a peering link, one way or both', () => {
    expect(radiusOf({ kind: 'cut', at: 'east..west' }).links).toEqual([
      { from: ['east'], to: ['west'], oneWay: false, effect: { kind: 'cut' } },
    ]);
    expect(radiusOf({ kind: 'cut', at: 'west..east', oneWay: true }).links).toMatchObject([
      { from: ['west'], to: ['east'], oneWay: true },
    ]);
  });
  test('a zone is cut off from the rest, not from itself', () => {
    expect(radiusOf({ kind: 'cut', at: 'east/a' }).links).toMatchObject([
      { from: ['east/a'], to: ['east/b/1', 'east/b/2', 'west/a/1'] },
    ]);
  });
  test('a slow zone is slow inside too', () => {
    expect(radiusOf({ kind: 'slow', at: 'east/a', ms: '200ms' }).links).toMatchObject([
      {
        from: ['east/a'],
        to: ['east/a/1', 'east/a/2', 'east/b/1', 'east/b/2', 'west/a/1'],
        effect: { kind: 'slow', addedMs: 200, jitterMs: 0 },
      },
    ]);
  });
  test('loss as a share', () => {
    expect(radiusOf({ kind: 'lose', at: 'east..west', rate: '15%' }).links).toMatchObject([
      { effect: { kind: 'lose', rate: 0.15 } },
    ]);
  });
});

test.each([
  [{ kind: 'kill', at: 'east/a' }, /one node or instance; for a zone: outage east\/a/],
  [{ kind: 'outage', at: 'east..west' }, /cut takes links/],
  [{ kind: 'drain', at: 'east' }, /drain takes a node/],
  [{ kind: 'pause', at: 'east/a/app-1' }, /pause takes a node/],
  [{ kind: 'cut', at: 'east/a/app-1' }, /cut takes a link, node, zone or region/],
] as const)('%j does not fit', (fault, words) => {
  expect(() => radiusOf(fault)).toThrow(words);
});

test('an unknown place answers with the nearest', () => {
  expect(() => radiusOf({ kind: 'outage', at: 'est/a' })).toThrow(UnknownPlace);
  expect(() => radiusOf({ kind: 'outage', at: 'est/a' })).toThrow(/Did you mean east\/a/);
  expect(() => radiusOf({ kind: 'outage', at: 'east/a/3' })).toThrow(UnknownPlace);
});

test('words for people', () => {
  expect(radiusText(radiusOf({ kind: 'outage', at: 'west' }))).toBe(
    '1 node, 2 instances, 1 balancer node',
  );
  expect(radiusText(radiusOf({ kind: 'cut', at: 'east..west' }))).toBe('1 link');
  expect(faultText(faultSchema.parse({ kind: 'slow', at: 'east/a', ms: 0.2 }))).toBe(
    'slow east/a +0.2 ms',
  );
  expect(faultText(faultSchema.parse({ kind: 'lose', at: 'east..west', rate: 0.15 }))).toBe(
    'lose 15 % of east..west',
  );
  expect(() => parseFaultKind('outtage')).toThrow(
    'There is no fault outtage. Did you mean outage?',
  );
  expect(() => parseFaultKind('zzzzzzzzzzz')).toThrow(FAULT_KINDS.join(' or '));
});
