// A zone and a region come into a running stack under load, from a second terminal; no request fails. After a restart
// with the same folder they are there, with their data.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freeBlock } from '../free-block.ts';
import type { Running } from './starfish.ts';
import { start, terminalIn, workFolder } from './starfish.ts';

const folder = workFolder();
const block = await freeBlock();
let up: Running;

function startUp(): Running {
  return start(folder.path, ['up', '--address-block', block, '--data', 'data', '--seed', '7']);
}

beforeAll(async () => {
  writeFileSync(
    join(folder.path, 'starfish.yaml'),
    `name: small
regions: { east: { zones: [a, b, c] } }
keyspaces: { shop: { replication: { east: 3 } } }
balancers: { regional: { health: { interval: 300ms, timeout: 1s } } }
cassandra: { gossip_interval: 200ms, ring_delay: 1s }
`,
  );
  up = startUp();
  await up.until('Ctrl-C stops');
});
afterAll(async () => {
  up.child.kill('SIGKILL');
  await up.finished;
  folder.remove();
});

const { run, ok } = terminalIn(folder.path);

async function failures(): Promise<number> {
  const rows = JSON.parse(await ok('load', 'stats', '--json')) as { failures: number }[];
  return rows.reduce((sum, row) => sum + row.failures, 0);
}

describe('what does not fit is refused before anything starts', () => {
  test.each([
    [
      'wset/a',
      'add wset/a: there is no region wset. Did you mean east? A new region comes whole: starfish add wset --zones a.',
    ],
    ['east', 'add east: it is there; for another zone of it: starfish add east/<zone>.'],
    ['east/a/2', 'add east/a/2: name its zone: east/a. The next number is given to it.'],
    ['east/D', 'add east/D: a zone is a short lower-case name such as a.'],
  ])('add %s', async (place, words) => {
    expect(await run('add', place)).toEqual({ code: 2, stdout: '', stderr: `${words}\n` });
  });

  test('a region with more replicas than nodes, or data from nowhere', async () => {
    expect((await run('add', 'west', '--rf', '4')).stderr).toBe(
      'add west: 1 to 3 replicas, as many as it has nodes.\n',
    );
    expect((await run('add', 'west', '--from', 'est')).stderr).toBe(
      'add west: there is no region est to take data from; known: east.\n',
    );
  });

  test('a node that runs is not replaced', async () => {
    expect((await run('replace', 'east/a/1')).stderr).toBe(
      'add east/a/1: it is up; only a dead node is replaced: starfish fault kill.\n',
    );
  });
});

test('a zone and a region come under load, and stay', async () => {
  await ok('load', 'start', '--rate', '60');
  const zone = await ok('add', 'east/d');
  expect(zone).toMatch(/^ {2}Bootstrap east\/d\/1: complete, (\d+) of \1 ranges, \d+ rows$/m);
  expect(zone).toContain('  east/d/1 is in the ring\n');
  expect(zone).not.toContain('east/a/1 is in the ring');
  expect(zone).toContain(`added east/d/1   cql ${block}.1.4:9042\n`);

  const region = await ok('add', 'west', '--zones', 'a,b', '--rf', '2');
  expect(region).toMatch(/^ {2}Rebuild west\/b\/1: complete, \d+ of \d+ ranges, \d+ rows$/m);
  expect(region).toContain(`added west/a/1   cql ${block}.2.1:9042\n`);
  expect(await ok('cql', 'DESCRIBE KEYSPACE shop')).toContain("'east': '3', 'west': '2'");

  // The new places break and heal as the old ones do.
  expect(await ok('fault', 'outage', 'east/d')).toContain('outage east/d: 1 node');
  await ok('heal', '--all');
  expect(await failures()).toBe(0);
  await ok('load', 'stop');
  await ok('cql', "INSERT INTO shop.carts (user_id, version) VALUES ('ada', 1)", '-c', 'all');

  up.child.kill('SIGINT');
  expect((await up.finished).code).toBe(130);
  up = startUp();
  await up.until('Ctrl-C stops');
  const status = await ok('status');
  expect(status.match(/^UN .*(east|west)\/\w\/1$/gm)).toHaveLength(6);
  const rows = await ok(
    'cql',
    "SELECT version FROM shop.carts WHERE user_id = 'ada'",
    '-n',
    'west/b/1',
    '-c',
    'all',
  );
  expect(rows).toContain('\n       1\n');
}, 180_000);

test('a dead node is replaced', async () => {
  await ok('fault', 'kill', 'east/d/1');
  const replaced = await ok('replace', 'east/d/1');
  expect(replaced).toContain(`added east/d/2   cql ${block}.1.5:9042\n`);
  const status = await ok('status');
  expect(status).toMatch(/^UN .*east\/d\/2$/m);
  expect(status).not.toMatch(/^UN .*east\/d\/1$/m);
  // Healing the fault does not bring the replaced node back.
  await ok('heal', '--all');
  expect(await ok('status')).not.toContain('east/d/1');
}, 120_000);
