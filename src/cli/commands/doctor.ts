// `starfish doctor`: what this machine has, each with the command that cures what is missing.

import { spawnSync } from 'node:child_process';
import { toTopology } from '../../topology/load-topology.ts';
import { ALWAYS_ON } from '../../topology/topology.ts';
import { DEFAULT_ADDRESS_PLAN } from '../../cluster/placement.ts';
import { firstProblem } from '../../drill/addresses.ts';
import { EXIT } from '../exit.ts';
import { alignTable, openTerminal, styled } from '../terminal.ts';

interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'optional';
  readonly text: string;
}

/** Exit code 3 when something needed is missing. */
export async function doctor(options: Readonly<Record<string, unknown>>): Promise<number> {
  const terminal = openTerminal({});
  const block = typeof options['addressBlock'] === 'string' ? options['addressBlock'] : '127.0';
  const findings: Finding[] = [
    nodeVersion(),
    await addresses(block === 'none' ? null : block),
    openFiles(),
    ...tools(),
  ];
  const rows = findings.map(({ what, state, text }) => [
    styled(terminal, state === 'ok' ? 'green' : state === 'missing' ? 'red' : 'dim', state),
    what,
    text,
  ]);
  for (const line of alignTable(rows)) terminal.line(line);
  return findings.some(({ state }) => state === 'missing') ? EXIT.environment : EXIT.passed;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'Node',
    state: ok ? 'ok' : 'missing',
    text: ok
      ? process.versions.node
      : `${process.versions.node}; needs 20.19 or newer: https://nodejs.org`,
  };
}

async function addresses(block: string | null): Promise<Finding> {
  const problem = await firstProblem(toTopology(ALWAYS_ON), { ...DEFAULT_ADDRESS_PLAN, block });
  const what = 'loopback addresses and ports';
  if (problem === null)
    return { what, state: 'ok', text: `${block ?? '127.0.0.1'}, CQL 9042, HTTP 8080` };
  const at = `${problem.address}:${problem.port}`;
  if (problem.code === 'EADDRINUSE') {
    return {
      what,
      state: 'optional',
      text: `${at} is taken; another block is found by itself, or: starfish up --address-block 127.44`,
    };
  }
  return {
    what,
    state: 'missing',
    text: `${at} is not there (${problem.code}): sudo ifconfig lo0 alias ${problem.address} up, or --address-block none`,
  };
}

function openFiles(): Finding {
  const what = 'open files';
  if (process.platform === 'win32') return { what, state: 'ok', text: 'no limit here' };
  const limit = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).stdout.trim();
  const enough = limit === 'unlimited' || Number(limit) >= 1_024;
  return {
    what,
    state: enough ? 'ok' : 'missing',
    text: enough ? limit : `${limit}; raise it: ulimit -n 65536`,
  };
}

const TOOLS: readonly (readonly [string, readonly string[], string])[] = [
  ['java', ['-version'], 'real Cassandra in conformance: install a JDK 17'],
  ['mvn', ['--version'], 'real Cassandra in conformance: install Maven'],
  [
    'python3',
    ['--version'],
    'cqlsh, the Python driver and Locust in conformance: install Python 3',
  ],
  ['go', ['version'], 'the Go driver in conformance: https://go.dev/dl'],
  ['cargo', ['--version'], 'the Rust driver in conformance: https://rustup.rs'],
];

function tools(): readonly Finding[] {
  return TOOLS.map(([tool, args, cure]) => {
    const result = spawnSync(tool, [...args], { encoding: 'utf8' });
    const text = `${result.stdout ?? ''}${result.stderr ?? ''}`.split('\n')[0] ?? '';
    return result.status === 0
      ? { what: tool, state: 'ok', text }
      : { what: tool, state: 'optional', text: `not found; only for ${cure}` };
  });
}
