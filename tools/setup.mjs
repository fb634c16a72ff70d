// What `npm start` and `npm test` do first: check Node, install the dependencies when they are missing or the lock file
// changed, build when a source is newer than the build. Plain JavaScript: nothing is installed yet when it runs.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM = [20, 19];

function fail(message, code = 3) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  fail(
    `Starfish needs Node ${MINIMUM.join('.')} or newer; this is ${process.versions.node}. Install a newer one: https://nodejs.org`,
  );
}

function digest(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(path).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function run(command, args, cure) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  fail(
    `\n${command} ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}. ${cure}`,
    3,
  );
}

function install() {
  const stamp = join(root, 'node_modules', '.starfish-installed');
  const wanted = digest(['package.json', 'package-lock.json']);
  if (readStamp(stamp) === wanted) return;
  const folder = join(root, 'node_modules');
  if (lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) {
    // npm ci would empty the folder that others use.
    fail(`${folder} is a link to ${realpathSync(folder)}: install there, or remove the link.`);
  }
  process.stdout.write('Installing dependencies (npm ci) ...\n');
  run(
    'npm',
    ['ci', '--no-audit', '--no-fund'],
    'Is the npm registry reachable? Try: npm ci --verbose',
  );
  writeFileSync(stamp, wanted);
}

function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestSource(path) : statSync(path).mtimeMs);
  }
  return newest;
}

function build(force) {
  const stamp = join(root, 'dist', '.built');
  const sources = Math.max(
    newestSource(join(root, 'src')),
    ...['tsconfig.build.json', 'tools/bundle.mjs'].map(
      (file) => statSync(join(root, file)).mtimeMs,
    ),
  );
  if (!force && existsSync(stamp) && statSync(stamp).mtimeMs > sources) return;
  process.stdout.write('Building ...\n');
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
    'This is a bug of ours: please report it with the lines above.',
  );
  run(
    process.execPath,
    [join(root, 'tools', 'bundle.mjs')],
    'This is a bug of ours: please report it with the lines above.',
  );
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stamp, new Date().toISOString());
}

checkNode();
install();
build(process.argv.includes('--force'));
