// Finds and runs what the suites are built with: java, mvn, go, cargo, and python3 with a virtual environment a
// requirements file, kept under .starfish/ until the file changes.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(here);

const PREPARE_LIMIT_MS = 15 * 60_000;
const VERSION_WORDS = {
  java: ['-version'],
  mvn: ['-v'],
  go: ['version'],
  cargo: ['--version'],
  python3: ['-c', 'import venv, ensurepip'],
};

/** The first of the tools that does not run here, in words; null when all do. */
export function absentTool(...tools) {
  for (const tool of tools) {
    if (spawnSync(tool, VERSION_WORDS[tool], { stdio: 'ignore' }).status === 0) continue;
    return tool === 'python3'
      ? 'python3 with venv is not on this machine'
      : `${tool} is not on this machine`;
  }
  return null;
}

/** Runs a build step to its end. Rejects with the end of its output. */
export function runTool(command, words, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: PREPARE_LIMIT_MS,
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text = (text + chunk).slice(-4_000);
      });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${command} ${words.join(' ')} ended with ${code}\n${text}`)),
    );
  });
}

/** Makes the virtual environment for conformance/<name>/requirements.txt; answers with its bin folder. */
export async function venv(name) {
  const requirements = join(here, name, 'requirements.txt');
  const folder = join(root, '.starfish', 'conformance', name);
  const stamp = join(folder, 'installed');
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const bin = join(folder, 'bin');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return bin;
  rmSync(folder, { recursive: true, force: true });
  await runTool('python3', ['-m', 'venv', folder]);
  // The driver's optional C extension takes minutes to compile where there is no wheel; it changes nothing here.
  const env = {
    ...process.env,
    CASS_DRIVER_NO_EXTENSIONS: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  };
  await runTool(join(bin, 'pip'), ['install', '--quiet', '--requirement', requirements], { env });
  writeFileSync(stamp, wanted);
  return bin;
}
