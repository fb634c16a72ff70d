// cluster.add: a zone and a region into a running cluster, with the unmodified driver at work; what does not fit.

import cassandra from 'cassandra-driver';
import { expect, test } from 'vitest';
import { InvalidDocument, startCluster } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';

test('a region comes into a running cluster, with its data', async () => {
  await using cluster = await startCluster({
    regions: { east: { zones: 1 } },
    keyspaces: { ks: { east: 1 } },
    seed: 3,
    addressBlock: await freeBlock(),
    cassandra: { gossip_interval: '100ms', ring_delay: '500ms' },
  });
  const client = new cassandra.Client(cluster.driverOptions('east'));
  await client.execute('CREATE TABLE ks.t (k int PRIMARY KEY)');
  for (let k = 0; k < 20; k++) await client.execute(`INSERT INTO ks.t (k) VALUES (${k})`);
  await client.shutdown();

  await expect(cluster.add('east')).rejects.toThrow(InvalidDocument);
  await expect(cluster.add('west/a')).rejects.toThrow(/A new region comes whole/);
  await expect(cluster.replace('east/a/1')).rejects.toThrow(/only a dead node/);
  const [added] = await cluster.add('west', { zones: ['a'] });
  expect(added).toMatchObject({ place: 'west/a/1', datacenter: 'west' });
  expect(Object.keys(cluster.topology.regions)).toEqual(['east', 'west']);

  const there = new cassandra.Client({
    ...cluster.driverOptions('west'),
    queryOptions: { consistency: cassandra.types.consistencies.localOne },
  });
  expect((await there.execute('SELECT k FROM ks.t')).rowLength).toBe(20);
  await there.shutdown();
  expect(await cluster.nodetool('west/a/1', 'status')).toContain('Datacenter: west');
});
