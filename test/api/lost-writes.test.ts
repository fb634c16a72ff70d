// The account of acknowledged writes finds every kind of loss, and nothing where nothing was lost.
// A disk that loses what an acknowledgement promised is planted by hand: that is what ONE does not
// survive.

import cassandra from 'cassandra-driver';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCluster } from '../../src/index.ts';
import type { RunningCluster } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';

const { consistencies } = cassandra.types;

let cluster: RunningCluster;
let client: cassandra.Client;

beforeAll(async () => {
  cluster = await startCluster({
    regions: { dc: { zones: 3 } },
    addressBlock: await freeBlock(),
    // Without hints, what a replica missed stays missed until a repair.
    cassandra: { gossip_interval: '250ms', hinted_handoff_enabled: false },
    schema: `CREATE KEYSPACE k WITH replication = {'class': 'NetworkTopologyStrategy', 'dc': 3};
      CREATE TABLE k.t (p text, c int, v text, PRIMARY KEY (p, c));
      CREATE KEYSPACE single WITH replication = {'class': 'NetworkTopologyStrategy', 'dc': 1};
      CREATE TABLE single.t (p text PRIMARY KEY, v text);`,
  });
  client = new cassandra.Client({
    ...cluster.driverOptions(),
    queryOptions: { consistency: consistencies.localQuorum, prepare: true, isIdempotent: true },
  });
  await client.connect();
});
afterAll(async () => {
  await client?.shutdown();
  await cluster?.stop();
});
beforeEach(() => cluster.reset());

test('writes, deletions, batches and conditional writes that are kept are no losses', async () => {
  await client.execute("INSERT INTO k.t (p, c, v) VALUES ('a', 1, 'x')");
  await client.execute("UPDATE k.t SET v = 'y' WHERE p = 'a' AND c = 1");
  await client.execute("INSERT INTO k.t (p, c, v) VALUES ('a', 2, 'gone') USING TTL 1");
  await client.execute("DELETE FROM k.t WHERE p = 'a' AND c = 2");
  await client.execute("DELETE FROM k.t WHERE p = 'b' AND c > 5");
  await client.batch([
    { query: "INSERT INTO k.t (p, c, v) VALUES ('c', 1, 'x')" },
    { query: "INSERT INTO k.t (p, c, v) VALUES ('d', 1, 'x')" },
  ]);
  await client.execute("INSERT INTO k.t (p, c, v) VALUES ('e', 1, 'x') IF NOT EXISTS");
  await client.execute("INSERT INTO k.t (p, c, v) VALUES ('e', 1, 'z') IF NOT EXISTS");
  const report = await cluster.check('lost-writes');
  expect(report).toEqual({ check: 'lost-writes', checked: 5, violations: [], complete: true });
});

test('a write that only a lost node had is lost, by its name', async () => {
  await client.execute("INSERT INTO single.t (p, v) VALUES ('only', 'x')", [], {
    consistency: consistencies.one,
  });
  expect((await cluster.check('lost-writes')).violations).toEqual([]);
  // Its one replica is gone: nobody who runs has it.
  for (const { place } of cluster.nodes) {
    const kill = await cluster.fault({ kind: 'kill', at: place });
    const { violations } = await cluster.check('lost-writes');
    await kill.heal();
    if (violations.length > 0) {
      expect(violations).toEqual(['single.t only']);
      return;
    }
  }
  expect.unreachable('no node was the replica');
});

test('replicas that differ are told by name until a repair', async () => {
  const kill = await cluster.fault({ kind: 'kill', at: 'dc/b/1' });
  await client.execute("INSERT INTO k.t (p, c, v) VALUES ('missed', 1, 'x')");
  await kill.heal();
  await cluster.settled();
  expect((await cluster.check('convergence')).violations).toEqual([
    expect.stringMatching(/^k\.t missed differs on /),
  ]);
  expect((await cluster.check('lost-writes')).violations).toEqual([]);
  expect((await cluster.repair('k')).ok).toBe(true);
  expect((await cluster.check('convergence')).violations).toEqual([]);
});
