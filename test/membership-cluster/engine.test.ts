// The same changes with real sockets and the real driver: a node comes into the embedded engine under load, then leaves,
// asked for in nodetool's words; no request fails.

import { Client, types } from 'cassandra-driver';
import { afterAll, expect, test } from 'vitest';
import { EmbeddedEngine } from '../../src/engine/embedded.ts';
import { toTopology } from '../../src/topology/load-topology.ts';

const engine = new EmbeddedEngine({
  topology: toTopology({
    regions: { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 1 } },
    cassandra: { gossip_interval: '200ms', ring_delay: '1s' },
  }),
  addresses: { block: '127.87', nativePort: 9042, storagePort: 7000 },
  seed: 1,
  dataFolder: null,
  latency: false,
});
const client = new Client({
  contactPoints: ['127.87.1.1'],
  localDataCenter: 'us-east-1',
  queryOptions: { consistency: types.consistencies.localQuorum, prepare: true },
});

afterAll(async () => {
  await client.shutdown();
  await engine.stop();
});

test('a node joins and leaves under the load of a driver', async () => {
  await engine.start();
  await engine.execute(
    "CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 3}",
  );
  await engine.execute('CREATE TABLE ks.t (k int PRIMARY KEY, v int)');
  await engine.settled(10_000);
  await client.connect();
  const load = startLoad();
  const [placement] = await engine.membership.addNodes('us-east-1', 'a');
  expect(placement).toMatchObject({ place: 'us-east-1/a/2', address: '127.87.1.4' });
  expect(await engine.nodetool('us-east-1/b/1', 'status', [])).toMatch(/\nUN {2}127\.87\.1\.4 /);
  await until(() => client.hosts.length === 4);
  await load.requests(300);
  expect(
    client.hosts
      .values()
      .map((host) => host.address)
      .sort(),
  ).toEqual(['127.87.1.1:9042', '127.87.1.2:9042', '127.87.1.3:9042', '127.87.1.4:9042']);
  expect(await engine.nodetool('us-east-1/a/2', 'statusbinary', [])).toBe('running\n');
  await until(() => (engine.cluster.host('us-east-1/a/2')?.node?.cql.clients().length ?? 0) > 0);
  expect(await engine.nodetool('us-east-1/a/2', 'clientstats', [])).toMatch(
    /^Total connected clients: [1-9]/,
  );
  expect(await engine.nodetool('us-east-1/a/1', 'disablebinary', [])).toBe('');
  expect(await engine.nodetool('us-east-1/a/1', 'statusbinary', [])).toBe('not running\n');
  await load.requests(300);
  expect(await engine.nodetool('us-east-1/a/1', 'enablebinary', [])).toBe('');
  expect(await engine.nodetool('us-east-1/a/1', 'statusbinary', [])).toBe('running\n');
  await load.requests(300);
  expect(await engine.nodetool('us-east-1/a/2', 'decommission', [])).toBe('');
  await until(() => client.hosts.length === 3);
  await load.requests(300);
  const { failures, written } = await load.stop();
  expect(failures).toEqual([]);
  expect(engine.nodes.map(({ place }) => place)).toEqual([
    'us-east-1/a/1',
    'us-east-1/b/1',
    'us-east-1/c/1',
  ]);
  const { rows } = await client.execute('SELECT count(*) FROM ks.t', [], {
    consistency: types.consistencies.all,
  });
  expect(Number(rows[0]?.['count'])).toBe(written);
});

/** The driver refreshes its view some time after the event. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!condition() && performance.now() < deadline)
    await new Promise((resolve) => setImmediate(resolve));
  expect(condition()).toBe(true);
}

interface RunningLoad {
  /** Resolves after so many more requests. */
  requests(count: number): Promise<void>;
  stop(): Promise<{ readonly failures: readonly string[]; readonly written: number }>;
}

/** One request after another, writes and reads, as fast as they are answered. */
function startLoad(): RunningLoad {
  const failures: string[] = [];
  let written = 0;
  let done = 0;
  let isStopped = false;
  const run = async (): Promise<void> => {
    // A request that is refused at once must not keep the loop from everybody else.
    while (!isStopped && failures.length < 20) {
      await new Promise((resolve) => setImmediate(resolve));
      const k = written++;
      try {
        await client.execute('INSERT INTO ks.t (k, v) VALUES (?, ?)', [k, k], {
          isIdempotent: true,
        });
        const { rows } = await client.execute('SELECT v FROM ks.t WHERE k = ?', [k], {
          isIdempotent: true,
        });
        if (rows[0]?.['v'] !== k) failures.push(`${k}: ${rows.length} rows`);
      } catch (error) {
        failures.push(`${k}: ${error instanceof Error ? error.message : String(error)}`);
      }
      done += 2;
    }
  };
  const running = run();
  return {
    async requests(count) {
      const enough = done + count;
      while (done < enough && failures.length === 0)
        await new Promise((resolve) => setImmediate(resolve));
    },
    async stop() {
      isStopped = true;
      await running;
      return { failures, written };
    },
  };
}
