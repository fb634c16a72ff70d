// The suites, in the order they run. One entry: what it is, what it needs of the machine (`missing` answers with the
// absent tool, or null), how its program is made ready (`prepare`), and the command that prints `ok ...` and
// `not ok ...` lines. `cluster` says what it runs against: nodes, the whole stack, or nothing of ours. `minutes`: it takes
// so long that a budget with less left has no room for it. `limitMs`: when it is taken for hung.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { absentTool, here, runTool, venv } from './toolchain.mjs';

const SCHEMA = join(here, 'schema.cql');

function javaSuite(name, what, mainClass) {
  const folder = join(here, name);
  return {
    name,
    what,
    cluster: 'nodes',
    missing: () => absentTool('java', 'mvn'),
    async prepare() {
      await runTool(
        'mvn',
        ['-q', '-B', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=target/lib'],
        { cwd: folder },
      );
      const classes = [join(folder, 'target', 'classes'), join(folder, 'target', 'lib', '*')].join(
        ':',
      );
      return { command: ['java', '-cp', classes, mainClass], env: { STARFISH_SCHEMA: SCHEMA } };
    },
  };
}

/** A Node program of this folder that prints a sum of its own; left out while it is not there. */
function ownProgram(name, what, path, tools, { words = [], ...more } = {}) {
  return {
    name,
    what,
    cluster: null,
    missing: () =>
      existsSync(join(here, path)) ? absentTool(...tools) : `conformance/${path} is not there`,
    prepare: async () => ({ command: [process.execPath, join(here, path), ...words], env: {} }),
    ...more,
  };
}

export const SUITES = [
  {
    name: 'node',
    what: 'cassandra-driver for Node',
    cluster: 'nodes',
    missing: () => null,
    prepare: async () => ({
      command: [process.execPath, join(here, 'node', 'driver.mjs')],
      env: {},
    }),
  },
  {
    name: 'python',
    what: 'cassandra-driver for Python',
    cluster: 'nodes',
    missing: () => absentTool('python3'),
    async prepare() {
      const bin = await venv('python');
      return { command: [join(bin, 'python'), join(here, 'python', 'driver.py')], env: {} };
    },
  },
  {
    name: 'cqlsh',
    what: 'cqlsh',
    cluster: 'nodes',
    missing: () => absentTool('python3'),
    async prepare() {
      const bin = await venv('cqlsh');
      return {
        command: [process.execPath, join(here, 'cqlsh', 'session.mjs')],
        env: { STARFISH_CQLSH: join(bin, 'cqlsh') },
      };
    },
  },
  javaSuite(
    'java3',
    'DataStax Java driver 3.11: coordinators and pools in us-east-1 only',
    'Driver3',
  ),
  javaSuite('java4', 'Apache Java driver 4', 'Driver4'),
  {
    name: 'go',
    what: 'Apache gocql driver',
    cluster: 'nodes',
    missing: () => absentTool('go'),
    async prepare() {
      const program = join(here, 'go', 'target', 'driver');
      await runTool('go', ['build', '-o', program, '.'], { cwd: join(here, 'go') });
      return { command: [program], env: { STARFISH_SCHEMA: SCHEMA } };
    },
  },
  {
    name: 'rust',
    what: 'scylla crate for Rust',
    cluster: 'nodes',
    missing: () => absentTool('cargo'),
    async prepare() {
      const folder = join(here, 'rust');
      await runTool(
        'cargo',
        ['build', '--locked', '--quiet', '--target-dir', join(folder, 'target')],
        { cwd: folder },
      );
      return {
        command: [join(folder, 'target', 'debug', 'conformance-rust')],
        env: { STARFISH_SCHEMA: SCHEMA },
      };
    },
  },
  {
    name: 'locust',
    what: 'Locust through the front door',
    cluster: 'stack',
    missing: () => absentTool('python3'),
    async prepare() {
      const bin = await venv('locust');
      return {
        command: [process.execPath, join(here, 'locust', 'compare.mjs')],
        env: { STARFISH_LOCUST: join(bin, 'locust') },
      };
    },
  },
  ownProgram('recordings', 'recorded CQL answers, on real Cassandra', 'record.mjs', [
    'java',
    'mvn',
  ]),
  ownProgram('fuzz', 'random CQL statements, here beside real Cassandra', 'fuzz/run.mjs', [
    'java',
    'mvn',
  ]),
  ownProgram(
    'cassandra',
    'failure scenarios here and, with java and mvn, on real Cassandra',
    'cassandra/run.mjs',
    [],
    // Three real nodes start and start again, and convictions take their 18 s each.
    { minutes: 5, limitMs: 20 * 60_000 },
  ),
  ownProgram(
    'durability',
    'up --data, killed with kill -9 under load 20 times (200: node conformance/durability/run.mjs)',
    'durability/run.mjs',
    [],
    { words: ['--cycles', '20'] },
  ),
];
