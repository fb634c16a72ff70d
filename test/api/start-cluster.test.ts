// startCluster with the unmodified cassandra-driver: where it connects, schema from text and file,
// a zone's outage survived at LOCAL_QUORUM, events, reset, errors.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import cassandra from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AddressProblem, InvalidDocument, startCluster, UnknownPlace } from '../../src/index.ts';
import type { RunningCluster } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';

const BLOCK = await freeBlock();
const OTHER_BLOCK = await freeBlock();

const { localQuorum, one } = cassandra.types.consistencies;

const SCHEMA = `
  -- two tables; the text of a comment may hold a ; too
  CREATE KEYSPACE bank WITH replication = {'class': 'NetworkTopologyStrategy', 'us-east-1': 3, 'us-west-2': 3};
  USE bank;
  CREATE TABLE accounts (id text PRIMARY KEY, balance int);
  CREATE TABLE visits (page text PRIMARY KEY, hits counter);
`;

function connect(cluster: RunningCluster, region?: string): cassandra.Client {
  return new cassandra.Client({
    ...cluster.driverOptions(region),
    queryOptions: { consistency: localQuorum, prepare: true, isIdempotent: true },
  });
}

describe('two regions of three zones', () => {
  let cluster: RunningCluster;
  let client: cassandra.Client;

  beforeAll(async () => {
    cluster = await startCluster({
      regions: { 'us-east-1': { zones: 3 }, 'us-west-2': { zones: ['a', 'b', 'c'] } },
      schema: SCHEMA,
      seed: 42,
      addressBlock: BLOCK,
      cassandra: { gossip_interval: '250ms', hints_dispatch_interval: '500ms' },
    });
    client = connect(cluster, 'us-east-1');
    await client.connect();
  });
  afterAll(async () => {
    await client?.shutdown();
    await cluster?.stop();
  });

  test('tells drivers where to connect', () => {
    expect(cluster.contactPoints('us-west-2')).toEqual([
      `${BLOCK}.2.1`,
      `${BLOCK}.2.2`,
      `${BLOCK}.2.3`,
    ]);
    expect(cluster.localDataCenter('us-west-2')).toBe('us-west-2');
    expect(cluster.driverOptions()).toEqual({
      contactPoints: [`${BLOCK}.1.1`, `${BLOCK}.1.2`, `${BLOCK}.1.3`],
      localDataCenter: 'us-east-1',
      protocolOptions: { port: 9042 },
    });
    expect(cluster.seed).toBe(42);
    expect(cluster.nodes.map(({ place, state }) => `${place} ${state}`)).toEqual([
      'us-east-1/a/1 up',
      'us-east-1/b/1 up',
      'us-east-1/c/1 up',
      'us-west-2/a/1 up',
      'us-west-2/b/1 up',
      'us-west-2/c/1 up',
    ]);
  });

  test('the driver writes and reads what the schema text made', async () => {
    await client.execute('INSERT INTO bank.accounts (id, balance) VALUES (?, ?)', ['ada', 7]);
    const row = (
      await client.execute('SELECT balance FROM bank.accounts WHERE id = ?', ['ada'])
    ).first();
    expect(row?.['balance']).toBe(7);
  });

  test('an outage of a zone loses nothing at LOCAL_QUORUM, and heals', async () => {
    const outage = await cluster.fault({ kind: 'outage', at: 'us-east-1/b' });
    expect(outage.text).toBe('outage us-east-1/b');
    expect(outage.radius).toBe('1 node');
    expect(cluster.nodes.filter(({ state }) => state === 'down').map(({ place }) => place)).toEqual(
      ['us-east-1/b/1'],
    );
    for (let at = 0; at < 50; at++)
      await client.execute('INSERT INTO bank.accounts (id, balance) VALUES (?, ?)', [`k${at}`, at]);
    await outage.heal();
    await cluster.settled();
    expect((await cluster.check('lost-writes')).violations).toEqual([]);
    const replicas = await cluster.check('convergence');
    expect(replicas).toMatchObject({ violations: [], complete: true });
    expect(replicas.checked).toBeGreaterThanOrEqual(50);
    expect(cluster.events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['node-killed', 'node-restarted', 'hint-stored', 'hints-delivered']),
    );
  });

  test('await using heals a fault at the end of its block', async () => {
    {
      await using cut = await cluster.fault({ kind: 'cut', at: 'us-east-1..us-west-2' });
      expect(cut.radius).toBe('1 link');
    }
    await cluster.settled();
    await client.execute('SELECT * FROM bank.accounts WHERE id = ?', ['ada'], {
      consistency: cassandra.types.consistencies.all,
    });
  });

  test('reset empties the tables and keeps the schema', async () => {
    await client.execute('UPDATE bank.visits SET hits = hits + 1 WHERE page = ?', ['/']);
    await cluster.reset();
    expect((await client.execute('SELECT * FROM bank.accounts')).rowLength).toBe(0);
    expect((await client.execute('SELECT * FROM bank.visits')).rowLength).toBe(0);
    await client.execute('INSERT INTO bank.accounts (id, balance) VALUES (?, ?)', ['after', 1]);
    expect((await cluster.check('lost-writes')).violations).toEqual([]);
  });

  test('a unknown place, region, fault or check answers with the nearest ones', async () => {
    await expect(cluster.fault({ kind: 'outage', at: 'us-east-1/d' })).rejects.toThrow(
      UnknownPlace,
    );
    await expect(cluster.fault({ kind: 'outage', at: 'us-east-1/d' })).rejects.toThrow(
      /Did you mean us-east-1\/a/,
    );
    await expect(
      cluster.fault({ kind: 'cut', at: 'us-east-1', oneway: true } as never),
    ).rejects.toThrow(/unknown key oneway/);
    expect(() => cluster.driverOptions('us-east')).toThrow(
      'There is no region us-east. Known: us-east-1',
    );
    await expect(cluster.check('convergense' as never)).rejects.toThrow(
      'There is no check convergense. Known: convergence',
    );
  });
});

test('a schema file; one region when none is named; a driver finds it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'starfish-'));
  try {
    const schema = join(folder, 'schema.cql');
    writeFileSync(
      schema,
      "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1};\nCREATE TABLE k.t (a int PRIMARY KEY);",
    );
    await using cluster = await startCluster({ schema, addressBlock: OTHER_BLOCK });
    const client = connect(cluster);
    await client.execute('INSERT INTO k.t (a) VALUES (1)', [], { consistency: one });
    await client.shutdown();
    expect(cluster.localDataCenter()).toBe('datacenter1');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the schema file of a topology's keyspace", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'starfish-'));
  try {
    const topology = join(folder, 'starfish.yaml');
    writeFileSync(
      topology,
      'regions: { r: { zones: [a], appsPerZone: 0 } }\nkeyspaces: { bank: { replication: { r: 1 }, schema: bank.cql } }\n',
    );
    const missing = startCluster({ topology, addressBlock: OTHER_BLOCK });
    await expect(missing).rejects.toThrow(
      `keyspaces.bank.schema: there is no file ${join(folder, 'bank.cql')}.`,
    );
    writeFileSync(join(folder, 'bank.cql'), 'CREATE TABLE accounts (id text PRIMARY KEY);');
    const keyspaces = { more: { r: 1 } };
    await using cluster = await startCluster({ topology, keyspaces, addressBlock: OTHER_BLOCK });
    const client = connect(cluster);
    await client.execute("INSERT INTO bank.accounts (id) VALUES ('x')", [], { consistency: one });
    await client.execute('CREATE TABLE more.t (a int PRIMARY KEY)');
    await client.shutdown();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is wrong is said before anything runs', async () => {
  await expect(
    startCluster({
      schema: 'CREATE TABLE nowhere.t (a int PRIMARY KEY);',
      addressBlock: OTHER_BLOCK,
    }),
  ).rejects.toThrow(/^schema: Keyspace 'nowhere' doesn't exist\n {2}in: CREATE TABLE nowhere/);
  await expect(
    startCluster({ cassandra: { num_token: 4 }, addressBlock: OTHER_BLOCK }),
  ).rejects.toThrow(InvalidDocument);
  await expect(
    startCluster({ regions: { 'us-east-1': { zones: 0 } }, addressBlock: OTHER_BLOCK }),
  ).rejects.toThrow(InvalidDocument);
  await expect(startCluster({ addressBlock: 'localhost' })).rejects.toThrow(
    /write the first two octets/,
  );
  await using first = await startCluster({ addressBlock: OTHER_BLOCK });
  await expect(startCluster({ addressBlock: OTHER_BLOCK })).rejects.toThrow(AddressProblem);
  expect(first.nodes).toHaveLength(3);
});
