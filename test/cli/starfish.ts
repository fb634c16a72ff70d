// The command as a process of its own, run from the build that `npm test` makes first.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where it runs, and what it leaves behind; remove it at the end. */
export function workFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'starfish-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  /** Resolves when stdout holds the text; rejects when the process ends before. */
  until(text: string): Promise<void>;
  readonly finished: Promise<Finished>;
}

export function start(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'starfish.js'), ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let watch: () => void = () => undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    watch();
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return {
    child,
    finished,
    output: () => stdout,
    until: (text) =>
      new Promise((resolve, reject) => {
        watch = () => {
          if (stdout.includes(text)) resolve();
        };
        watch();
        void finished.then((end) =>
          reject(
            new Error(`ended with ${end.code} before it said ${text}:\n${end.stdout}${end.stderr}`),
          ),
        );
      }),
  };
}

export function starfish(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return start(folder, args, env).finished;
}

/** A second terminal in a folder: `run` says how the command ended, `ok` its output; that it ends well is expected. */
export function terminalIn(folder: string): {
  readonly run: (...args: string[]) => Promise<Finished>;
  readonly ok: (...args: string[]) => Promise<string>;
} {
  const run = (...args: string[]): Promise<Finished> => starfish(folder, args);
  return {
    run,
    async ok(...args) {
      const { code, stdout, stderr } = await run(...args);
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
      return stdout;
    },
  };
}
