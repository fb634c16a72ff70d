// Topology documents: what is right, and the file, line and column of what is wrong.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { placeTopology } from '../../src/cluster/placement.ts';
import { InvalidDocument, parseTopology, toTopology } from '../../src/topology/load-topology.ts';
import { ALWAYS_ON } from '../../src/topology/topology.ts';
import { regionRttMs, UNKNOWN_REGION_RTT_MS } from '../../src/topology/latency-table.ts';

const GOOD = 'regions:\n  us-east-1: { zones: [a, b] }\n';

function problem(text: string): string {
  try {
    parseTopology(text, 'starfish.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDocument);
    return (error as Error).message;
  }
  return 'no problem';
}

test('defaults are the documented ones', () => {
  const topology = parseTopology(GOOD, 'starfish.yaml');
  expect(topology.regions['us-east-1']).toEqual({
    zones: ['a', 'b'],
    nodesPerZone: 1,
    appsPerZone: 1,
  });
  expect(topology.app.consistency).toEqual({
    read: 'LOCAL_QUORUM',
    write: 'LOCAL_QUORUM',
    serial: 'LOCAL_SERIAL',
  });
  expect(topology.balancers.regional.health).toEqual({
    path: '/healthz',
    interval: 5_000,
    timeout: 2_000,
    unhealthy: 2,
    healthy: 2,
  });
  expect(topology).toMatchObject({
    version: 1,
    name: 'starfish',
    engine: 'embedded',
    cassandra: {},
  });
});

test('durations and shares in every way people write them', () => {
  const topology = parseTopology(
    `${GOOD}  us-west-2: { zones: [a] }\nlinks:\n  within-zone: 0.2ms\n  us-east-1..us-west-2: { rttMs: 62, jitterMs: 3, loss: 1% }\nbalancers:\n  global: { clients: { us-east-1: 50%, us-west-2: 0.5 }, propagation: 1m30s }\n`,
    'starfish.yaml',
  );
  expect(topology.links).toEqual({
    'within-zone': { rttMs: 0.2, jitterMs: 0, loss: 0 },
    'us-east-1..us-west-2': { rttMs: 62, jitterMs: 3, loss: 0.01 },
  });
  expect(topology.balancers.global).toEqual({
    clients: { 'us-east-1': 0.5, 'us-west-2': 0.5 },
    traffic_dial: {},
    propagation: 90_000,
  });
});

describe('every problem has its place', () => {
  test.each([
    [
      'regions:\n  us-east-1: { zones: [a, a] }\n',
      'starfish.yaml:2:23: regions.us-east-1.zones: zone names repeat',
    ],
    [
      'regions:\n  us-east-1:\n    zones: [a]\n    nodesPerZone: 0\n',
      /^starfish\.yaml:4:19: regions\.us-east-1\.nodesPerZone: .*>=1/,
    ],
    [`${GOOD}regoins: {}\n`, 'starfish.yaml:1:1: unknown key regoins (did you mean regions?)'],
    [
      `${GOOD}app:\n  consistency: { raed: ONE }\n`,
      'starfish.yaml:4:16: app.consistency: unknown key raed (did you mean read?)',
    ],
    [
      `${GOOD}app:\n  consistency: { read: LOCAL_QUROUM }\n`,
      /^starfish\.yaml:4:24: app\.consistency\.read: .*"LOCAL_QUORUM"/,
    ],
    [
      `${GOOD}balancers:\n  regional:\n    health: { interval: 5 parsecs }\n`,
      'starfish.yaml:5:25: balancers.regional.health.interval: not a duration: 5 parsecs; write 200ms, 5s, 3m or 3h',
    ],
    [
      `${GOOD}keyspaces:\n  shop: { replication: { us-est-1: 3 } }\n`,
      'starfish.yaml: keyspaces.shop.replication: there is no region us-est-1; did you mean us-east-1?',
    ],
    [
      `${GOOD}links:\n  us-east-1..mars: 3s\n`,
      'starfish.yaml: links.us-east-1..mars: there is no region mars',
    ],
    [
      `${GOOD}links:\n  somewhere: 3s\n`,
      'starfish.yaml: links.somewhere: a link is within-zone, between-zones or <region>..<region>',
    ],
    [
      `${GOOD}balancers:\n  global: { clients: { mars: 100% } }\n`,
      'starfish.yaml: balancers.global.clients: there is no region mars',
    ],
    [
      `${GOOD}balancers:\n  regional: { algorithm: least_outstanding_requests, slow_start: 30s }\n`,
      'starfish.yaml:4:66: balancers.regional.slow_start: slow start goes with round_robin only (AWS refuses it with least_outstanding_requests); take slow_start away, or: algorithm: round_robin',
    ],
    [
      `${GOOD}app:\n  statements: { read-carts: ONE }\n`,
      'starfish.yaml:4:15: app.statements: unknown key read-carts (did you mean read-cart or write-cart?)',
    ],
    [
      `${GOOD}app:\n  statements: { read-order: ONE }\n`,
      'starfish.yaml:4:29: app.statements.read-order: it is read at the level of app.consistency.serial: set that',
    ],
    ['regions: [\n', /^starfish\.yaml:2:1: /],
    ['regions: {}\n', 'starfish.yaml:1:10: regions: at least one region'],
    ['version: 2\nregions: { a: { zones: [a] } }\n', /^starfish\.yaml:1:10: version: /],
    ['', /^starfish\.yaml:1:1: regions: /],
  ])('%j', (text, words) => {
    const found = problem(text);
    if (typeof words === 'string') expect(found).toBe(words);
    else expect(found).toMatch(words);
  });
  test('several at once, one a line', () => {
    expect(
      problem('regions:\n  us-east-1: { zones: [] , nodesPerZone: x }\n').split('\n'),
    ).toHaveLength(2);
  });
  test('of a plain object, by its path', () => {
    expect(() =>
      toTopology({ regions: { r: { zones: ['a'], nodesPerZones: 3 } } } as never),
    ).toThrow(
      'topology: regions.r: unknown key nodesPerZones (did you mean nodesPerZone or appsPerZone?)',
    );
  });
});

describe('placement', () => {
  test('addresses by region and zone; edges beside the global address', () => {
    const { nodes, instances, balancerNodes, globalAddress, edges } = placeTopology(
      toTopology(ALWAYS_ON),
    );
    expect(
      nodes.map(({ place, address, rack }) => `${place} ${address} ${rack}`).slice(2, 4),
    ).toEqual(['us-east-1/c/1 127.0.1.3 us-east-1c', 'us-west-2/a/1 127.0.2.1 us-west-2a']);
    expect(instances[0]).toMatchObject({
      place: 'us-east-1/a/app-1',
      address: '127.0.1.151',
      port: 8080,
    });
    expect(balancerNodes[5]).toMatchObject({
      place: 'us-west-2/c/elb',
      address: '127.0.2.103',
      port: 8080,
    });
    expect(globalAddress).toEqual({ address: '127.0.0.101', port: 8080 });
    expect(edges).toEqual([
      { region: 'us-east-1', address: '127.0.0.111', port: 8080 },
      { region: 'us-west-2', address: '127.0.0.112', port: 8080 },
    ]);
  });
  test('on one address every listener has a port of its own', () => {
    const { nodes, instances, balancerNodes, globalAddress, edges } = placeTopology(
      toTopology(ALWAYS_ON),
      { block: null, nativePort: 9042, storagePort: 7000 },
    );
    expect(new Set(nodes.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
    expect(nodes.map(({ nativePort }) => nativePort)).toEqual([9042, 9043, 9044, 9045, 9046, 9047]);
    const ports = [...instances, ...balancerNodes, ...edges, globalAddress].map(({ port }) => port);
    expect(new Set(ports).size).toBe(15);
  });
});

test('a schema file lies beside the topology file', () => {
  const { keyspaces } = parseTopology(
    `${GOOD}keyspaces:\n  bank: { replication: { us-east-1: 1 }, schema: cql/bank.cql }\n`,
    '/somewhere/starfish.yaml',
  );
  expect(keyspaces['bank']?.schema).toBe('/somewhere/cql/bank.cql');
});

test('round-trip times between regions, either way round', () => {
  expect(regionRttMs('us-east-1', 'us-west-2')).toBe(62);
  expect(regionRttMs('us-west-2', 'us-east-1')).toBe(62);
  expect(regionRttMs('sa-east-1', 'ap-southeast-2')).toBe(323);
  expect(regionRttMs('mars', 'us-east-1')).toBe(UNKNOWN_REGION_RTT_MS);
  expect(regionRttMs('mars', 'mars')).toBe(0);
});

describe('the files beside the code', () => {
  const folder = join(import.meta.dirname, '..', '..', 'topologies');
  const load = (name: string): ReturnType<typeof parseTopology> =>
    parseTopology(readFileSync(join(folder, name), 'utf8'), name);
  test('always-on.yaml is the built-in default', () => {
    expect(load('always-on.yaml')).toEqual(toTopology(ALWAYS_ON));
  });
  test.each([
    ['one-node.yaml', 1, 1],
    ['three-zones.yaml', 1, 3],
    ['two-regions.yaml', 2, 6],
    ['three-regions.yaml', 3, 9],
  ])('%s: %i regions, %i nodes', (name, regions, nodes) => {
    const topology = load(name);
    expect(Object.keys(topology.regions)).toHaveLength(regions);
    expect(placeTopology(topology).nodes).toHaveLength(nodes);
  });
});
