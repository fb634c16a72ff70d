// A fault that nobody catches, in a process of its own: it ends a command, and is outlived by a cluster that serves.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const FAULTS = pathToFileURL(
  join(import.meta.dirname, '..', '..', 'dist', 'cli', 'faults.js'),
).href;

function run(lines: readonly string[]): ReturnType<typeof spawnSync> {
  const script = [`import { serveThroughFaults, stopOnFaults } from '${FAULTS}';`, ...lines];
  return spawnSync(process.execPath, ['--input-type=module', '-e', script.join('\n')], {
    encoding: 'utf8',
  });
}

test('a fault ends a command with 1, and what it was is said', () => {
  const { status, stderr, stdout } = run([
    'stopOnFaults();',
    'setImmediate(() => { throw new Error("oops"); });',
    'setInterval(() => undefined, 1_000);',
  ]);
  expect(status).toBe(1);
  expect(stderr).toContain('This is a bug of Starfish');
  expect(stderr).toContain('oops');
  expect(stdout).toBe('');
});

test('a cluster that serves goes on, says the same fault once, and ends with 1', () => {
  const { status, stderr, stdout } = run([
    'stopOnFaults();',
    'const exitCode = serveThroughFaults();',
    'const oops = new Error("oops");',
    'setImmediate(() => { throw oops; });',
    'setImmediate(() => { throw oops; });',
    'setTimeout(() => { console.log("served"); process.exitCode = exitCode(130); }, 10);',
  ]);
  expect(stdout).toBe('served\n');
  expect(stderr.toString().match(/oops/g)).toHaveLength(1);
  expect(status).toBe(1);
});

test('without a fault the exit code stays', () => {
  const { status } = run(['stopOnFaults();', 'process.exitCode = serveThroughFaults()(130);']);
  expect(status).toBe(130);
});
