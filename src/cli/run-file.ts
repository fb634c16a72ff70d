// `.starfish/run.json`: where the running stack's control API is. A stale file (its process is
// gone) is as good as none.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageProblem } from './exit.ts';

export interface RunFile {
  readonly url: string;
  readonly pid: number;
  readonly name: string;
  readonly startedAt: string;
}

const PATH = join('.starfish', 'run.json');

export function writeRunFile(run: RunFile): void {
  mkdirSync(dirname(PATH), { recursive: true });
  writeFileSync(PATH, `${JSON.stringify(run, null, 2)}\n`);
}

export function removeRunFile(): void {
  rmSync(PATH, { force: true });
}

/**
 * The run to talk to: `at` if given, else the run file's. Throws UsageProblem when nothing runs.
 */
export function findRun(at: string | undefined): string {
  if (at !== undefined) return at;
  if (existsSync(PATH)) {
    const run = JSON.parse(readFileSync(PATH, 'utf8')) as RunFile;
    if (isAlive(run.pid)) return run.url;
  }
  throw new UsageProblem(
    'Nothing runs in this folder. Start it in another terminal: starfish up (or give its control address: --at URL)',
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
