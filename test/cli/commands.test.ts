// Verbs that need nothing to run: words, exit codes, files.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseTopology } from '../../src/topology/load-topology.ts';
import { starfish, workFolder } from './starfish.ts';

const folder = workFolder();
afterAll(() => folder.remove());
const run = (args: readonly string[], env?: Record<string, string>) =>
  starfish(folder.path, args, env);

describe.concurrent('exit 2, with what fits', () => {
  test.each([
    [['fly'], /unknown command 'fly'/],
    [['drlil'], /Did you mean drill/],
    [['drill', 'zone-outtage'], /There is no drill zone-outtage\. Did you mean zone-outage/],
    [['drill', 'nothing.yaml'], /There is no file nothing\.yaml/],
    [['drill', 'always-on', '--expect', 'p98<1s'], /there is no measure p98/],
    [['drill', 'always-on', '--expect', 'nod lost.p99<1s'], /Did you mean node lost/],
    [['drill', 'always-on', '--for', 'ever'], /--for ever: write a duration/],
    [['drill', 'always-on', '--rate', '-3'], /-3 is not a positive number/],
    [
      ['drill', 'always-on', '--set', 'app.consistency.read=LOCAL_QUROUM'],
      /app\.consistency\.read.*LOCAL_QUORUM/,
    ],
    [['up', '--set', 'regoins={}'], /unknown key regoins \(did you mean regions\?\)/],
    [
      ['up', '--set', 'cassandra.max_hint_windw=1h', '--address-block', '127.254'],
      /max_hint_windw: there is no such setting; did you mean max_hint_window/,
    ],
    [['up', '--set', 'nonsense'], /write key=value/],
    [
      ['up', '--set', 'engine=mysql', '--address-block', '127.254'],
      /There is no engine mysql here\. Known: embedded/,
    ],
    [['up', '--address-block', 'home'], /write the first two octets/],
    [['up', '-n', '3:x'], /write nodes per region as ccm does/],
    [['init', 'two-region'], /There is no template two-region\. Did you mean two-regions/],
    [
      ['fault', 'outtage', 'us-east-1/a', '--at', 'http://127.0.0.1:9'],
      /There is no fault outtage\. Did you mean outage/,
    ],
    [['fault', 'slow', 'us-east-1/a', '--at', 'http://127.0.0.1:9'], /slow needs --ms/],
    [['load', 'strat', '--at', 'http://127.0.0.1:9'], /Did you mean start/],
    [['status'], /Nothing runs in this folder\. Start it in another terminal: starfish up/],
    [['status', '--at', 'http://127.0.0.1:9'], /http:\/\/127\.0\.0\.1:9 does not answer/],
    [['report'], /There is no run latest in \.starfish\/runs\. Make one: starfish drill always-on/],
    [['report', '--format', 'pdf'], /There is no format pdf\. Known: html, json, junit, md/],
  ] as const)('%j', async (args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect(`${stdout}${stderr}`).toMatch(words);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/bug of Starfish|at file:/);
  });
});

test('help and version are exit 0', async () => {
  const [help, version] = await Promise.all([run(['--help']), run(['--version'])]);
  expect([help.code, version.code]).toEqual([0, 0]);
  for (const verb of [
    'init',
    'up',
    'drill',
    'status',
    'fault',
    'heal',
    'load',
    'cql',
    'ring',
    'nodetool',
    'repair',
    'report',
    'doctor',
    'bench',
  ])
    expect(help.stdout).toContain(`  ${verb} `);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('drill without a name lists the catalogue, without colours in a pipe', async () => {
  const { code, stdout } = await run(['drill']);
  expect(code).toBe(0);
  expect(stdout).toContain('az-power-interruption');
  expect(stdout).not.toContain('\u001b[');
});

test('init writes each template, and never over a file', async () => {
  for (const template of ['one-node', 'three-zones', 'two-regions', 'three-regions']) {
    expect((await run(['init', template, '--file', `${template}.yaml`])).code).toBe(0);
    const text = readFileSync(join(folder.path, `${template}.yaml`), 'utf8');
    expect(parseTopology(text, template).name).toBe(template);
  }
  const again = await run(['init', 'one-node', '--file', 'one-node.yaml']);
  expect(again).toMatchObject({
    code: 2,
    stderr: 'one-node.yaml is there already. Write over it: starfish init one-node --force\n',
  });
  expect((await run(['init', 'one-node', '--file', 'one-node.yaml', '--force'])).code).toBe(0);
});

test('a wrong file is told with its line and column', async () => {
  writeFileSync(
    join(folder.path, 'wrong.yaml'),
    'regions:\n  us-east-1: { zones: [a], nodesPerZone: none }\n',
  );
  const { code, stderr } = await run(['up', 'wrong.yaml']);
  expect([code, stderr.split(' ')[0]]).toEqual([2, 'wrong.yaml:2:42:']);
});

test('doctor names what is there and what is not', async () => {
  const { code, stdout } = await run(['doctor', '--address-block', '127.253']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ok +Node +\d+/);
  expect(stdout).toMatch(/ok +loopback addresses and ports +127\.253/);
  expect(stdout).toMatch(/ok +open files/);
});

test('an address that is taken is exit 3, with the way out', async () => {
  const { createServer } = await import('node:net');
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(8080, '127.252.0.111', resolve));
  const { code, stderr } = await run(['up', '--address-block', '127.252']);
  taken.close();
  expect([code, stderr]).toEqual([
    3,
    '127.252.0.111:8080 is in use by another program. Free it, or: starfish up --address-block 127.44\n',
  ]);
});

test('report reads a run folder in every format, by the beginning of its name', async () => {
  const runs = join(folder.path, '.starfish', 'runs', 'zone-outage-2026-01-01T00-00-00-000');
  mkdirSync(runs, { recursive: true });
  const fixture = readFileSync(join(import.meta.dirname, 'report.json'), 'utf8');
  writeFileSync(join(runs, 'report.json'), fixture);
  const [md, junit, html, json] = await Promise.all(
    ['md', 'junit', 'html', 'json'].map((format) =>
      run(['report', 'zone-outage', '--format', format]),
    ),
  );
  expect(md?.stdout).toMatch(/^# instance-loss: passed \(exit 0\)\n/);
  expect(junit?.stdout).toMatch(/^<\?xml version="1\.0"/);
  expect(html?.stdout).toMatch(/^<!doctype html>/);
  expect(JSON.parse(json?.stdout ?? '')).toEqual(JSON.parse(fixture));
  const wrong = await run(['report', 'zone-outtage-2026-01-01T00-00-00-000']);
  expect(wrong.stderr).toContain('Did you mean zone-outage-2026-01-01T00-00-00-000?');
});
