// `starfish drill` as a process: the always-on drill in a short form with every check on; what it
// prints, keeps and returns.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { DrillResult } from '../../src/drill/drill-result.ts';
import { freeBlock } from '../free-block.ts';
import { start, starfish, workFolder } from './starfish.ts';

const folder = workFolder();
const block = await freeBlock();
afterAll(() => folder.remove());

const SMALL_DRILL = ['drill', 'small.yaml', '--address-block', block, '--seed', '1'];
const SMALL = `
name: small
topology:
  regions: { east: { zones: [a, b] } }
  keyspaces: { shop: { replication: { east: 2 } } }
  balancers: { regional: { health: { interval: 300ms, timeout: 1s } } }
load: { rate: 60, warmup: 300ms }
phases:
  - { name: baseline, for: 1s }
  - { name: lost, inject: [{ kind: kill, at: east/b/app-1 }], for: 60s }
`;

test('always-on, six times as fast: everything is lost once, nothing is lost for good, exit 0', async () => {
  const run = await starfish(folder.path, [
    'drill',
    'always-on',
    '--faster',
    '6',
    '--rate',
    '100',
    '--seed',
    '42',
    '--address-block',
    block,
    '--csv',
    'locust',
    '--html',
    'page.html',
  ]);
  const result = JSON.parse(
    readFileSync(join(folder.path, '.starfish', 'runs', 'latest', 'report.json'), 'utf8'),
  ) as DrillResult;
  expect({
    failed: result.expectations.filter(({ pass }) => !pass),
    checks: result.checks.filter(({ verdict }) => verdict !== 'passed'),
  }).toEqual({ failed: [], checks: [] });
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(result.checks.map(({ id }) => id)).toEqual([
    'lost-writes',
    'stale-reads',
    'conditional-writes',
    'convergence',
    'local-connections',
    'read-repair',
    'faults-took-effect',
    'enough-operations',
    'generator-kept-up',
  ]);
  expect(result.total.users.failures).toBe(0);
  expect(result.total.attempts.failures).toBeGreaterThan(0);
  expect(
    result.phases.flatMap(({ causes }) => causes).filter(({ explained }) => explained === null),
  ).toEqual([]);
  expect(result.phases.find(({ name }) => name === 'region back')?.repair).toMatchObject({
    ok: true,
  });
  const lines = run.stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^STARFISH \d+\.\d+\.\d+ {3}embedded engine {3}seed 42$/);
  expect(run.stdout).toMatch(/^ {2}phase +time +requests +req\/s +failures +after retry/m);
  expect(lines.at(-1)).toMatch(
    /^ {2}PASSED {3}exit 0 {3}report .*again: starfish drill always-on .*--seed 42/,
  );
  expect(run.stdout).not.toContain('\u001b[');
  expect(readdirSync(folder.path)).toEqual(
    expect.arrayContaining([
      'locust_stats.csv',
      'locust_stats_history.csv',
      'locust_failures.csv',
      'locust_exceptions.csv',
      'page.html',
    ]),
  );
}, 150_000);

test('Ctrl-C once reports what there is, inconclusive, exit 130', async () => {
  writeFileSync(join(folder.path, 'small.yaml'), SMALL);
  const run = start(folder.path, [...SMALL_DRILL, '--json']);
  await run.until('"phase":"lost"');
  run.child.kill('SIGINT');
  const { code, stdout, stderr } = await run.finished;
  expect(code).toBe(130);
  expect(stderr).toContain('Stopping: draining and reporting what there is.');
  expect(stderr).toMatch(/INCONCLUSIVE {3}exit 130/);
  // With --json stdout is JSON lines alone, the result last.
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string });
  expect(events.at(-1)).toMatchObject({ kind: 'result', result: { verdict: 'inconclusive' } });
  expect(existsSync(join(folder.path, '.starfish', 'runs', 'latest', 'junit.xml'))).toBe(true);
});

test('a failed expectation from the command line: exit 10, the failure nearest the prompt', async () => {
  writeFileSync(join(folder.path, 'small.yaml'), SMALL.replace('for: 60s', 'for: 1s'));
  const { code, stdout, stderr } = await starfish(
    folder.path,
    [...SMALL_DRILL, '--expect', 'lost.availability>=100%', '--quiet'],
    { NO_COLOR: '1' },
  );
  expect({ code, stdout }).toEqual({ code: 10, stdout: '' });
  expect(stderr).toMatch(/^ {2}FAIL lost: availability >= 100 %: \d/m);
  expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
    /AN EXPECTATION FAILED {3}exit 10 .*again: starfish drill small\.yaml .*--seed 1/,
  );
});
