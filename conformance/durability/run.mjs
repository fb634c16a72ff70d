// A cluster with `--data` under load, killed with kill -9 at a random instant and brought up again, many times. After
// every start all that was ever acknowledged is read back: inserts, overwritten rows, batches, conditional writes,
// counters, tables. Small commit log settings make segments and checkpoints come and go all the while.
//
//   node conformance/durability/run.mjs [--cycles 200] [--sync periodic|batch|group] [--block 127.64] [--seed N]

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import cassandra from 'cassandra-driver';
import { mulberry32 } from '../mulberry32.mjs';
import { Ledger } from './ledger.mjs';

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'starfish.js');
/** Beyond, a start hangs: on a machine with ten other programs to run it took 45 s. */
const READY_LIMIT_MS = 180_000;
const LOAD_MS = [20, 900];
const IN_FLIGHT = 48;

const { values: options } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    sync: { type: 'string', default: 'periodic' },
    block: { type: 'string', default: '127.64' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const say = (line) => stdout.write(`${line}\n`);
const random = randomFrom(Number(options.seed));
const folder = mkdtempSync(join(tmpdir(), 'starfish-durability-'));
const ledger = new Ledger();
const counts = { passed: 0, failed: 0 };

say(
  `durability: ${options.cycles} times kill -9, commitlog_sync ${options.sync}, seed ${options.seed}`,
);
for (let cycle = 1; cycle <= Number(options.cycles); cycle++) {
  const line = await runCycle(cycle).catch((error) => ({ failure: error.message.split('\n')[0] }));
  if (line.failure === undefined) counts.passed++;
  else counts.failed++;
  say(`${line.failure === undefined ? 'ok' : 'not ok'} ${cycle}: ${line.failure ?? line.text}`);
}
if (counts.failed === 0) rmSync(folder, { recursive: true, force: true });
else say(`The data is kept in ${folder}`);
say(`${counts.passed} passed, ${counts.failed} failed`);
exit(counts.failed > 0 ? 1 : 0);

/** Up, read everything back, load, kill -9. Every fifth time it is killed while it starts, too. */
async function runCycle(cycle) {
  if (cycle % 5 === 0) {
    const child = startUp();
    await sleep(random() * 900);
    await kill(child);
  }
  const started = performance.now();
  const child = startUp();
  let client = null;
  try {
    await untilReady(child);
    const readyMs = performance.now() - started;
    client = await connect();
    const verified = await ledger.verify(client);
    const tableMissing = await missingTable(client);
    if (verified.failure !== null || tableMissing !== null)
      return { failure: verified.failure ?? tableMissing };
    await ledger.prepareSchema(client);
    await client.execute(
      `CREATE TABLE IF NOT EXISTS durability.made_${cycle} (k int PRIMARY KEY)`,
      [],
      { prepare: false },
    );
    ledger.tables.push(`made_${cycle}`);
    const loadMs = LOAD_MS[0] + random() * (LOAD_MS[1] - LOAD_MS[0]);
    const running = { isOver: false };
    const load = Promise.all(
      Array.from({ length: IN_FLIGHT }, () => ledger.write(client, random, running)),
    );
    await sleep(loadMs);
    await kill(child);
    running.isOver = true;
    await load;
    return {
      text: `${verified.checked} read back, ready in ${Math.round(readyMs)} ms; ${Math.round(loadMs)} ms of load, ${ledger.takeAcknowledged()} acknowledged`,
    };
  } finally {
    await kill(child);
    await client?.shutdown().catch(() => undefined);
  }
}

async function missingTable(client) {
  const { rows } = await client.execute(
    "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'durability'",
    [],
    { prepare: false },
  );
  const missing = ledger.tables.filter((name) => !rows.some((row) => row.table_name === name));
  return missing.length === 0 ? null : `table ${missing[0]} is gone`;
}

function startUp() {
  const words = [
    'up',
    '-n',
    '3:3',
    '--address-block',
    options.block,
    '--data',
    join(folder, 'data'),
    '--no-color',
  ];
  const settings = [
    `commitlog_sync=${options.sync}`,
    'commitlog_sync_period=700ms',
    'commitlog_sync_group_window=20ms',
    'commitlog_segment_size=128KiB',
    'commitlog_total_space=768KiB',
  ];
  const sets = settings.flatMap((setting) => ['--set', `cassandra.${setting}`]);
  // No latency: more writes in the same time.
  const links = ['links.within-zone=0ms', 'links.between-zones=0ms', 'links.dc1..dc2=0ms'].flatMap(
    (link) => ['--set', link],
  );
  const child = spawn(process.execPath, [MAIN, ...words, ...sets, ...links], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (child.text += chunk));
  child.gone = new Promise((resolve) => child.once('close', resolve));
  return child;
}

async function untilReady(child) {
  const deadline = Date.now() + READY_LIMIT_MS;
  while (!child.text.includes('ready in')) {
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`starfish up did not come up: ${child.text}`);
    await sleep(10);
  }
  if (child.text.includes('did not start'))
    throw new Error(child.text.split('\n').find((line) => line.includes('did not start')));
}

async function kill(child) {
  if (child.exitCode === null && child.signalCode === null) process.kill(child.pid, 'SIGKILL');
  await child.gone;
}

async function connect() {
  const client = new cassandra.Client({
    contactPoints: [`${options.block}.1.1`],
    localDataCenter: 'dc1',
    queryOptions: { consistency: cassandra.types.consistencies.localQuorum, prepare: true },
    socketOptions: { readTimeout: 10_000 },
    policies: { retry: new cassandra.policies.retry.FallthroughRetryPolicy() },
  });
  await client.connect();
  return client;
}

/** The kills of a run can be had again by its seed, as far as the machine repeats itself. */
function randomFrom(seed) {
  const next = mulberry32(seed);
  return () => next() / 2 ** 32;
}
