// Runs one suite: makes its program ready, starts what it runs against, counts its `ok` and `not ok` lines, ends both.
// A program that says nothing, or ends badly without naming a failed check, is a failure of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { startStarfish } from './starfish-child.mjs';
import { root } from './toolchain.mjs';

const RUN_LIMIT_MS = 10 * 60_000;

export async function runSuite(suite, { target, say }) {
  const started = Date.now();
  const counts = { passed: 0, failed: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'starfish-conformance-'));
  let starfish = null;
  try {
    const { command, env } = await suite.prepare();
    if (suite.cluster !== null && target !== null) {
      env.STARFISH_TARGET = resolve(target);
    } else if (suite.cluster !== null) {
      starfish = await startStarfish(suite.cluster, folder);
      env.STARFISH_TARGET = join(folder, 'target.json');
      writeFileSync(env.STARFISH_TARGET, JSON.stringify(starfish.target, null, 2));
    }
    await runProgram(
      command,
      { ...process.env, ...env },
      counts,
      say,
      suite.limitMs ?? RUN_LIMIT_MS,
    );
  } catch (error) {
    counts.failed++;
    say(`  not ok ${suite.name}: ${error.message}`);
  } finally {
    await starfish?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { ...counts, seconds: (Date.now() - started) / 1_000 };
}

/** Counts the program's checks, or takes over the sum it prints. Rejects when it ends badly without a failed check. */
async function runProgram([command, ...words], env, counts, say, limitMs) {
  const child = spawn(command, words, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4_000);
  });
  const lines = createInterface({ input: child.stdout });
  const ended = new Promise((done, broken) => {
    child.on('error', broken);
    child.on('close', (code, signal) => done(code ?? signal));
  });
  let sum = null;
  lines.on('line', (line) => {
    say(`  ${line}`);
    if (line.startsWith('ok ')) counts.passed++;
    if (line.startsWith('not ok ')) counts.failed++;
    sum = /^(\d+) passed, (\d+) failed/.exec(line) ?? sum;
  });
  const code = await ended;
  if (sum !== null) {
    counts.passed = Number(sum[1]);
    counts.failed = Number(sum[2]);
  }
  if (code !== 0 && counts.failed === 0)
    throw new Error(`the program ended with ${code}\n${errors}`);
  if (counts.passed + counts.failed === 0) throw new Error(`the program made no check\n${errors}`);
}
