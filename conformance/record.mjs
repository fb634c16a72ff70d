// Runs test/cql/*.cql on real Cassandra and compares the answers with the recordings beside the files;
// with --write, writes the recordings anew. Exit status 1: an answer differs.
//
//   node conformance/record.mjs [--write] [--address HOST:PORT] [name ...]
//
// It starts a node from Maven Central's jars (Java 17 and Maven) and ends it again: one without users, and one with
// users for the files that say `-- @server auth`. --address compares a node that runs already, with the plain files.

import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadSource } from './load-source.mjs';
import { root } from './toolchain.mjs';

const folder = join(root, 'test', 'cql');

function readArguments(words) {
  const options = { write: false, address: null, names: [] };
  for (let at = 0; at < words.length; at++) {
    if (words[at] === '--write') options.write = true;
    else if (words[at] === '--address') options.address = words[++at];
    else options.names.push(words[at]);
  }
  return options;
}

/** The first line that differs, both ways. */
function difference(expected, actual) {
  const left = expected.split('\n');
  const right = actual.split('\n');
  const at = left.findIndex((line, i) => line !== right[i]);
  const line = at < 0 ? left.length : at;
  return `line ${line + 1}\n    recorded: ${left[line] ?? '(end)'}\n    now:      ${right[line] ?? '(end)'}`;
}

async function main() {
  const options = readArguments(process.argv.slice(2));
  const { runScript, serverOf } = await loadSource('test/cql/script-runner.ts');
  const { settingsOf, startReal } = await loadSource('test/cql/real-server.ts');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.cql'))
    .filter(
      (name) =>
        options.names.length === 0 || options.names.some((wanted) => name.startsWith(wanted)),
    )
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
  let passed = 0;
  let failed = 0;
  const wishes = new Map(files.map(({ text }) => serverOf(text)).map((wish) => [wish.key, wish]));
  for (const wish of wishes.values()) {
    const chosen = files.filter(({ text }) => serverOf(text).key === wish.key);
    if (options.address !== null && wish.key !== 'plain') continue;
    const real =
      options.address === null ? await startReal(settingsOf(wish)) : running(options.address);
    try {
      for (const { name, text } of chosen) {
        const target = join(folder, name.replace(/\.cql$/, '.result'));
        const problem = await check({
          name,
          text,
          target,
          server: real.server,
          write: options.write,
          runScript,
        });
        if (problem === null) passed++;
        else {
          failed++;
          console.log(`FAILED ${name}: ${problem}`);
        }
      }
    } finally {
      await real.stop();
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function running(address) {
  const [host, port = '9042'] = address.split(':');
  return { server: { address: host, port: Number(port), superuser: null }, stop: async () => {} };
}

async function check({ name, text, target, server, write, runScript }) {
  try {
    const recording = await runScript(name, text, server);
    if (write) {
      writeFileSync(target, recording);
      return null;
    }
    if (!existsSync(target)) return 'it has no recording; write one with --write';
    const expected = readFileSync(target, 'utf8');
    return expected === recording ? null : difference(expected, recording);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

await main();
