// Scenarios of failure and repair on real Apache Cassandra and on ours, compared note by note.
//
//   node conformance/cassandra/run.mjs [--engine starfish|cassandra|both] [--all] [--write] [--show] [--list] [name ...]
//
// Without names: the quick ones (--quick says so, too), with --all: all. --engine starfish needs no Java: it compares with
// conformance/cassandra/expected, which --engine cassandra --write records. The default is both where Java is and
// the jars are, or Maven to bring them.

import { parseArgs } from 'node:util';
import { loadSource } from '../load-source.mjs';

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      engine: { type: 'string' },
      all: { type: 'boolean' },
      quick: { type: 'boolean' },
      write: { type: 'boolean' },
      list: { type: 'boolean' },
      show: { type: 'boolean' },
    },
  });
  const module = await loadSource('conformance/cassandra/main.mjs');
  const engine = values.engine ?? (module.canRunCassandra() ? 'both' : 'starfish');
  if (!['starfish', 'cassandra', 'both'].includes(engine))
    throw new Error(`--engine ${engine}: write starfish, cassandra or both`);
  if (values.write === true && engine !== 'cassandra')
    throw new Error('--write records real Cassandra: --engine cassandra --write');
  const known = module.SCENARIOS;
  const unknown = positionals.filter((name) => !known.some(({ id }) => id.startsWith(name)));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}: see --list`);
  const named = known.filter(({ id }) => positionals.some((name) => id.startsWith(name)));
  const scenarios =
    positionals.length > 0
      ? named
      : known.filter(({ quick }) => values.all === true || quick === true);
  if (values.list === true) {
    for (const { id, name, shape, quick } of known)
      console.log(
        `${id.padEnd(28)} ${nodes(shape)} nodes${quick === true ? ', quick' : ''}: ${name}`,
      );
    return;
  }
  const sum = { passed: 0, failed: 0 };
  for (const one of engine === 'both' ? ['starfish', 'cassandra'] : [engine]) {
    const result = await module.runScenarios({
      engine: one,
      scenarios,
      write: values.write === true,
      show: values.show === true,
      say: (line) => console.log(line),
    });
    sum.passed += result.passed;
    sum.failed += result.failed;
  }
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}

function nodes({ datacenters, racks, perRack }) {
  return datacenters.length * racks * perRack;
}

try {
  await main();
} catch (error) {
  console.log(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
// Java's streams and idle sockets must not keep the program.
process.exit();
