// `starfish up` of this folder's build as a child process, and what it weighs. Linux only (/proc).

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', '..', 'bin', 'starfish.js');

/** Resolves with the process once the cluster is ready; rejects when it ends before. */
export async function up(block, counts, words = []) {
  const child = spawn(
    process.execPath,
    [MAIN, 'up', '--address-block', block, '-n', counts, '--no-color', ...words],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('ready in')) resolve();
    });
    child.once('exit', () => reject(new Error(`starfish up ended: ${text}`)));
  });
  return child;
}

export function rssMiB({ pid }) {
  return Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024,
  );
}

export function say(line) {
  process.stdout.write(`${line}\n`);
}
