// What `links` of a topology says becomes latency and loss between places.

import { expect, test } from 'vitest';
import { endpoint } from '../../src/base/endpoint.ts';
import { latencyModel } from '../../src/cluster/placement.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { LinkTable, transitMs } from '../../src/world/links.ts';
import { SeededRandom } from '../../src/world/random.ts';

const EAST = { datacenter: 'us-east-1', rack: 'us-east-1a' };
const WEST = { datacenter: 'us-west-2', rack: 'us-west-2a' };

function linkBetween(link: unknown): ReturnType<LinkTable['link']> {
  const topology = toTopology({
    name: 'links',
    regions: { 'us-east-1': { zones: ['a'] }, 'us-west-2': { zones: ['a'] } },
    links: { 'us-west-2..us-east-1': link },
  } as never);
  const links = new LinkTable(latencyModel(topology), new SeededRandom(1));
  const [east, west] = [endpoint('127.0.1.1', 7000), endpoint('127.0.2.1', 7000)];
  links.place(east, EAST);
  links.place(west, WEST);
  return links.link(east, west);
}

test('a plain duration is a round trip', () => {
  expect(linkBetween('50ms')).toMatchObject({ oneWayMs: 25, jitterMs: 0, lossRate: 0 });
});

test('a lossy link loses its share of the messages, on top of its latency', () => {
  const link = linkBetween({ rttMs: 50, jitterMs: 3, loss: '25%' });
  expect(link).toMatchObject({ oneWayMs: 25, jitterMs: 3, lossRate: 0.25 });
  const random = new SeededRandom(7);
  const lost = Array.from({ length: 4_000 }, () => transitMs(link, () => random)).filter(
    (ms) => ms < 0,
  );
  expect(lost.length / 4_000).toBeCloseTo(0.25, 1);
});
