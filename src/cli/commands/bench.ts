// `starfish bench`: the product's figures, measured from outside: another process starts Starfish, this one is the
// client. Machines are noisy: a void server (the same frames answered with a constant) is measured beside every load.

import type { ChildProcess } from 'node:child_process';
import { fork, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import cassandra from 'cassandra-driver';
import { parseStatement } from '../../cql/parse.ts';
import type { ExecuteManyResult } from '../../load/raw-client.ts';
import { RawClient } from '../../load/raw-client.ts';
import { UsageProblem } from '../exit.ts';
import { alignTable, openTerminal } from '../terminal.ts';

const BLOCK = '127.71';
const NODE = `${BLOCK}.1.1`;
const MAIN = fileURLToPath(new URL('../../../bin/starfish.js', import.meta.url));
const VOID_SERVER = fileURLToPath(new URL('./bench-void-server.js', import.meta.url));

/**
 * Six nodes of 5.0.9, RF 3 + 3, on a machine with two cores. `--against` measures the same again on a running cluster.
 */
const REAL_CASSANDRA = {
  writes: 'real Cassandra 4,000/s',
  reads: 'real Cassandra 9,500/s',
  rows: 'real Cassandra 375,000 rows/s',
};

interface Figure {
  readonly what: string;
  readonly value: string;
  readonly beside: string;
}

const LOADS = ['writes', 'reads', 'rows'] as const;
const ALL = ['parser', 'start', 'memory', 'void', ...LOADS] as const;
type Name = (typeof ALL)[number];

function nameOf(word: string): Name {
  const name = ALL.find((one) => one === word);
  if (name === undefined)
    throw new UsageProblem(`--only ${word}: there is no such figure. There are: ${ALL.join(', ')}`);
  return name;
}

function isLoad(name: Name): boolean {
  return LOADS.some((load) => load === name);
}

/** All figures, or those of `--only`; another cluster (`--against`) has only the loads. */
function chosenFigures(only: unknown, isAgainst: boolean): readonly Name[] {
  if (typeof only !== 'string') return isAgainst ? LOADS : ALL;
  const names = only.split(',').map(nameOf);
  const wrong = isAgainst ? names.find((name) => !isLoad(name)) : undefined;
  if (wrong !== undefined)
    throw new UsageProblem(
      `--only ${wrong} is a figure of Starfish itself. With --against there are: ${LOADS.join(', ')}`,
    );
  return names;
}

interface ContactPoint {
  readonly address: string;
  readonly port: number;
}

function contactPoint(word: string): ContactPoint {
  const [, address, port = '9042'] =
    /^(127(?:\.\d{1,3}){3}|localhost)(?::(\d{1,5}))?$/.exec(word) ?? [];
  if (address === undefined)
    throw new UsageProblem(
      `--against ${word}: a loopback address and port, as in 127.0.0.1:9042. Load is sent to this machine only.`,
    );
  return { address, port: Number(port) };
}

export async function bench(options: Readonly<Record<string, unknown>>): Promise<number> {
  const terminal = openTerminal({});
  const seconds = typeof options['seconds'] === 'number' ? options['seconds'] : 5;
  const against = typeof options['against'] === 'string' ? contactPoint(options['against']) : null;
  const only = chosenFigures(options['only'], against !== null);
  const figures: Figure[] = [];
  const add = (figure: Figure): void => {
    figures.push(figure);
    if (options['json'] !== true)
      terminal.line(
        `${figure.what}: ${figure.value}${figure.beside === '' ? '' : `   (${figure.beside})`}`,
      );
  };
  if (only.includes('parser')) add(benchParser());
  if (only.includes('start')) add(await benchStart());
  if (only.includes('memory')) add(await benchMemory());
  if (only.includes('void')) add(await benchVoid(seconds));
  if (against !== null) await runLoads({ at: against, only, seconds, add, real: null });
  else if (only.some(isLoad)) await benchLoads(only, seconds, add);
  if (options['json'] === true) terminal.line(JSON.stringify(figures));
  else {
    terminal.line();
    for (const line of alignTable([
      ['figure', 'measured', 'beside'],
      ...figures.map(({ what, value, beside }) => [what, value, beside]),
    ]))
      terminal.line(line);
    terminal.line(
      `Node ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model ?? ''}`,
    );
  }
  return 0;
}

function benchParser(): Figure {
  const statements = [
    'SELECT v FROM ks.t WHERE k = ?',
    'INSERT INTO ks.t (k, c, v) VALUES (?, ?, ?)',
    "UPDATE shop.carts SET items = 'a', version = 12 WHERE user_id = 'u-1' AND region = 'us-east-1' IF version = 11",
  ];
  const rounds = 60_000;
  for (let at = 0; at < rounds; at++) parseStatement(statements[at % statements.length] ?? '');
  const started = performance.now();
  for (let at = 0; at < rounds; at++) parseStatement(statements[at % statements.length] ?? '');
  const micros = ((performance.now() - started) * 1_000) / rounds;
  return {
    what: 'parse one statement (three kinds in turn)',
    value: `${micros.toFixed(2)} µs`,
    beside: '',
  };
}

/** From the command to the first answer to an unmodified driver. */
async function benchStart(): Promise<Figure> {
  const times: number[] = [];
  for (let sample = 0; sample < 3; sample++) {
    const started = performance.now();
    const child = await startUp(['-n', '3:3']);
    const client = new cassandra.Client({ contactPoints: [NODE], localDataCenter: 'dc1' });
    await client.connect();
    await client.execute('SELECT release_version FROM system.local');
    times.push(performance.now() - started);
    await client.shutdown();
    await end(child);
  }
  const median = times.toSorted((a, b) => a - b)[1] ?? 0;
  return {
    what: 'command to first query of a real driver, six nodes in two regions',
    value: `${median.toFixed(0)} ms`,
    beside: 'real Cassandra 47 s',
  };
}

async function benchMemory(): Promise<Figure> {
  const child = await startUp([]);
  await sleep(5_000);
  const mebibytes = rssMiB(child.pid ?? 0);
  await end(child);
  return {
    what: 'memory of `starfish up`, idle, the whole stack',
    value: `${mebibytes.toFixed(0)} MiB`,
    beside: 'six real nodes alone 5.6 GiB',
  };
}

async function benchVoid(seconds: number): Promise<Figure> {
  const child = fork(VOID_SERVER, [BLOCK], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise((resolve) => child.once('message', resolve));
  const client = await RawClient.connect({ address: NODE, port: 9042 });
  const statement = await client.prepare(`INSERT INTO ${KEYSPACE}.kv (k, v) VALUES (?, ?)`);
  const result = await run(client, statement, seconds, writeValues());
  client.close();
  await end(child);
  return {
    what: 'void server (every frame answered with VOID), 64 in flight',
    value: rate(result),
    beside: latency(result),
  };
}

async function benchLoads(
  only: readonly Name[],
  seconds: number,
  add: (figure: Figure) => void,
): Promise<void> {
  const child = await startUp([
    '-n',
    '3:3',
    '--set',
    'links.within-zone=0ms',
    '--set',
    'links.between-zones=0ms',
    '--set',
    'links.dc1..dc2=0ms',
  ]);
  try {
    await runLoads({
      at: { address: NODE, port: 9042 },
      only,
      seconds,
      add,
      real: REAL_CASSANDRA,
    });
  } finally {
    await end(child);
  }
}

interface Loads {
  readonly at: ContactPoint;
  readonly only: readonly Name[];
  readonly seconds: number;
  readonly add: (figure: Figure) => void;
  /** What real Cassandra did, said beside ours. */
  readonly real: Readonly<Record<(typeof LOADS)[number], string>> | null;
}

/** The loads of `only` through one node; its keyspace is made for them and dropped when they are done. */
async function runLoads({ at, only, seconds, add, real }: Loads): Promise<void> {
  const client = await RawClient.connect(at);
  const { replication, shape } = await replicationOf(at);
  await client.query(`DROP KEYSPACE IF EXISTS ${KEYSPACE}`);
  await client.query(`CREATE KEYSPACE ${KEYSPACE} WITH replication = ${replication}`);
  await client.query(`CREATE TABLE ${KEYSPACE}.kv (k int PRIMARY KEY, v blob)`);
  await client.query(`CREATE TABLE ${KEYSPACE}.wide (k int, c int, v blob, PRIMARY KEY (k, c))`);
  await sleep(300);
  const write = await client.prepare(`INSERT INTO ${KEYSPACE}.kv (k, v) VALUES (?, ?)`);
  const read = await client.prepare(`SELECT v FROM ${KEYSPACE}.kv WHERE k = ?`);
  if (only.includes('writes') || only.includes('reads')) {
    const result = await run(client, write, seconds, writeValues());
    if (only.includes('writes'))
      add({
        what: `writes at LOCAL_QUORUM, ${shape}, 100 bytes, 64 in flight`,
        value: rate(result),
        beside: `${latency(result)}${real === null ? '' : `; ${real.writes}`}`,
      });
  }
  if (only.includes('reads')) {
    const result = await run(client, read, seconds, readValues());
    add({
      what: 'reads at LOCAL_QUORUM, the same',
      value: rate(result),
      beside: `${latency(result)}${real === null ? '' : `; ${real.reads}`}`,
    });
  }
  if (only.includes('rows')) {
    const insert = await client.prepare(`INSERT INTO ${KEYSPACE}.wide (k, c, v) VALUES (1, ?, ?)`);
    await client.executeMany({
      statement: insert,
      parameters: { consistency: 'LOCAL_QUORUM' },
      count: 1_000,
      inFlight: 64,
      values: (index) => [int(index), VALUE],
    });
    const select = await client.prepare(`SELECT k, c, v FROM ${KEYSPACE}.wide WHERE k = 1`);
    const result = await run(client, select, seconds, () => []);
    const rows = (result.succeeded * 1_000) / (result.elapsedMs / 1_000);
    add({
      what: 'SELECT of 1,000 rows at LOCAL_QUORUM',
      value: `${Math.round(rows).toLocaleString('en')} rows/s`,
      beside: `${rate(result)}, ${latency(result)}${real === null ? '' : `; ${real.rows}`}`,
    });
  }
  await client.query(`DROP KEYSPACE ${KEYSPACE}`);
  client.close();
}

/** Three replicas in each datacenter, or as many as it has nodes; and the cluster's shape in words. */
async function replicationOf(
  at: ContactPoint,
): Promise<{ readonly replication: string; readonly shape: string }> {
  const driver = new cassandra.Client({
    contactPoints: [`${at.address}:${at.port}`],
    // The driver insists on a name before it knows one; only the control connection's metadata is read.
    localDataCenter: 'dc1',
    policies: { loadBalancing: new cassandra.policies.loadBalancing.RoundRobinPolicy() },
  });
  await driver.connect();
  const nodes = new Map<string, number>();
  for (const { datacenter } of driver.hosts.values())
    nodes.set(datacenter, (nodes.get(datacenter) ?? 0) + 1);
  await driver.shutdown();
  const replicas = [...nodes].map(([name, count]) => [name, Math.min(3, count)] as const);
  const options = replicas.map(([name, count]) => `'${name}': ${count}`).join(', ');
  const total = [...nodes.values()].reduce((sum, count) => sum + count, 0);
  return {
    replication: `{'class': 'NetworkTopologyStrategy', ${options}}`,
    shape: `${total} node${total === 1 ? '' : 's'}, RF ${replicas.map(([, count]) => count).join(' + ')}`,
  };
}

type Values = (index: number) => readonly Buffer[];
const VALUE = Buffer.alloc(100, 0x61);
const KEYS = 100_000;
const KEYSPACE = 'starfish_bench';

function writeValues(): Values {
  return (at) => [int(at % KEYS), VALUE];
}

function readValues(): Values {
  return (at) => [int((at * 7919) % KEYS)];
}

function int(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A warm-up, then about `seconds` of load, measured by operations. */
async function run(
  client: RawClient,
  statement: Awaited<ReturnType<RawClient['prepare']>>,
  seconds: number,
  values: Values,
): Promise<ExecuteManyResult> {
  const once = (count: number): Promise<ExecuteManyResult> =>
    client.executeMany({
      statement,
      parameters: { consistency: 'LOCAL_QUORUM' },
      count,
      inFlight: 64,
      values,
    });
  let count = 2_000;
  let warm = await once(count);
  while (warm.elapsedMs < 700) {
    count *= 2;
    warm = await once(count);
  }
  const perSecond = warm.succeeded / (warm.elapsedMs / 1_000);
  const result = await once(Math.max(64, Math.round(perSecond * seconds)));
  if (result.failed > 0)
    process.stderr.write(
      `  ${result.failed} failed: ${[...result.errors].map(([text, times]) => `${text} (${times})`).join('; ')}\n`,
    );
  return result;
}

function rate(result: ExecuteManyResult): string {
  return `${Math.round(result.succeeded / (result.elapsedMs / 1_000)).toLocaleString('en')}/s`;
}

function latency(result: ExecuteManyResult): string {
  const at = (percent: number): string =>
    (result.latencyMicros.getValueAtPercentile(percent) / 1_000).toFixed(2);
  return `p50 ${at(50)} ms, p99 ${at(99)} ms`;
}

async function startUp(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, 'up', '--address-block', BLOCK, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (text.includes('ready in')) resolve();
    });
    child.once('exit', (code) =>
      reject(new Error(`starfish up ended with ${String(code)}: ${text}`)),
    );
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

function rssMiB(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('VmRSS'));
  return Number(/\d+/.exec(line ?? '')?.[0] ?? 0) / 1_024;
}
