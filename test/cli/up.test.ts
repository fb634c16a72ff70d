// `up` and the verbs of a second terminal, as processes, on the smallest stack; then Ctrl-C.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeBlock } from '../free-block.ts';
import type { Running } from './starfish.ts';
import { start, terminalIn, workFolder } from './starfish.ts';

const folder = workFolder();
let up: Running;

beforeAll(async () => {
  writeFileSync(
    join(folder.path, 'schema.cql'),
    "CREATE TABLE items (id int PRIMARY KEY, name text); -- the catalogue\nINSERT INTO items (id, name) VALUES (1, 'book');",
  );
  writeFileSync(
    join(folder.path, 'starfish.yaml'),
    `name: small
regions: { east: { zones: [a, b, c] } }
keyspaces:
  shop: { replication: { east: 3 } }
  store: { replication: { east: 3 }, schema: ./schema.cql }
balancers: { regional: { health: { interval: 300ms, timeout: 1s } } }
cassandra: { gossip_interval: 250ms }
`,
  );
  up = start(folder.path, ['up', '--address-block', await freeBlock(), '--seed', '7']);
  await up.until('Ctrl-C stops');
});
afterAll(async () => {
  up.child.kill('SIGKILL');
  await up.finished;
  folder.remove();
});

const { run, ok } = terminalIn(folder.path);

test('up finds ./starfish.yaml and says where everything is', () => {
  expect(up.output()).toMatch(/^STARFISH \d+\.\d+\.\d+ {3}embedded engine {3}seed 7\n/);
  expect(up.output()).toMatch(
    /east +a b c {3}3 nodes {3}cql 127\.\d+\.1\.1-3:9042 {3}3 instances {3}http 127\.\d+\.1\.101:8080/,
  );
  expect(up.output()).toMatch(
    /Connect +contactPoints: \['127\.\d+\.1\.1'\], localDataCenter: 'east'/,
  );
  expect(up.output()).toMatch(/ready in \d/);
});

test('cql: the schema file was run; tables, errors, consistency', async () => {
  expect(await ok('cql', 'SELECT id, name FROM store.items')).toBe(
    '\n id | name\n----+------\n  1 | book\n\n(1 rows)\n',
  );
  expect(
    await ok(
      'cql',
      "USE store; INSERT INTO items (id, name) VALUES (2, 'pen'); CONSISTENCY; SELECT name FROM items WHERE id = 2;",
      '-n',
      'east/b/1',
      '-c',
      'all',
    ),
  ).toBe('Consistency level is ALL.\n\n name\n------\n  pen\n\n(1 rows)\n');
  const wrong = await run('cql', 'SELECT * FROM nowhere.t');
  expect(wrong).toMatchObject({
    code: 2,
    stderr: `InvalidRequest: Error from server: code=2200 [Invalid query] message="keyspace nowhere does not exist"\n`,
  });
  expect((await run('cql', 'SELECT 1', '--node', 'east/d/1')).stderr).toMatch(
    /There is no node east\/d\/1\. Did you mean east\/a\/1/,
  );
  expect((await run('cql', 'SELECT 1', '--consistency', 'QUROUM')).stderr).toMatch(
    /Did you mean QUORUM/,
  );
});

test("status in nodetool's manner, and as JSON", async () => {
  const text = await ok('status');
  expect(text).toMatch(
    /^Datacenter: east\n={16}\nStatus=Up\/Down\n\|\/ State=Normal\/Leaving\/Joining\/Moving\n/,
  );
  expect(text.match(/^UN /gm)).toHaveLength(3);
  expect(text).toContain('Balancer east: healthy');
  expect(text).toContain('Faults: none');
  expect(JSON.parse(await ok('status', '--json'))).toMatchObject({
    name: 'small',
    faults: [],
    nodes: [{ place: 'east/a/1', state: 'up' }, {}, {}],
  });
});

test('ring, nodetool, repair', async () => {
  expect(await ok('ring', 'ada')).toMatch(/^token -?\d+\nreplica 1 {2}east\//);
  expect(await ok('ring')).toMatch(/east\/a\/1 +16 +100\.0 %/);
  expect(await ok('nodetool', 'east/a/1', 'status')).toContain('Datacenter: east');
  expect(await ok('repair', 'shop')).toMatch(
    /^repair of shop: \d+ Merkle trees compared, 0 ranges differed/,
  );
});

describe('a fault and its healing', () => {
  test('a zone goes, is seen, and comes back', async () => {
    expect(await ok('fault', 'outage', 'east/b')).toBe(
      'outage-1: outage east/b: 1 node, 1 instance, 1 balancer node. Heal it: starfish heal outage-1\n',
    );
    const text = await ok('status');
    expect(text).toMatch(/^DN .*east\/b\/1/m);
    expect(text).toMatch(
      /outage-1 {2}outage east\/b {2}\(1 node, 1 instance, 1 balancer node\) {2}for \d+ s/,
    );
    expect((await run('heal', 'outage-7')).stderr).toBe(
      'No fault outage-7 is active. Active: outage-1.\n',
    );
    expect(await ok('heal', '--all')).toBe('healed outage-1: outage east/b\n');
    expect((await ok('status')).match(/^UN /gm)).toHaveLength(3);
  });
  test('what is wrong is told by the run', async () => {
    expect(await run('fault', 'outage', 'east/d')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean east/a'),
    });
    expect(await run('fault', 'kill', 'east/a')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('outage east/a'),
    });
    expect((await run('heal')).stderr).toMatch(/heal needs a fault id, or --all/);
  });
});

test("load in Locust's words", async () => {
  expect(await ok('load', 'start', '-u', '50')).toMatch(/^Load runs at 50 requests\/s/);
  expect((await run('load', 'start')).stderr).toMatch(/Load runs already/);
  expect(await ok('load', 'set', '--rate', '80')).toMatch(/^Load runs at 80 requests\/s/);
  const stopped = await ok('load', 'stop');
  expect(stopped).toMatch(
    /^Type +Name +# reqs +# fails +\| +Avg +Min +Max +Med +\| +req\/s +failures\/s\n/,
  );
  // On a busy machine requests may time out: how many fail is not this test's matter.
  expect(stopped).toMatch(/Aggregated +[1-9]\d* +\d+\(\d+\.\d\d%\)/);
  expect((await run('load', 'stats')).stderr).toMatch(/No load runs/);
});

test('Ctrl-C stops it in order, exit 130, and the second terminal knows', async () => {
  up.child.kill('SIGINT');
  const { code, stdout, stderr } = await up.finished;
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
  expect(stdout).toMatch(/SIGINT: stopping\.\n$/);
  expect((await run('status')).stderr).toMatch(/Nothing runs in this folder/);
});
