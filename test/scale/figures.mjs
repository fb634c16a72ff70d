// The figures of size, printed and not asserted: memory of a million rows on six replicas, throughput of 6 and of 48
// nodes, start, memory and idle CPU of 48. Linux only (/proc). After a build:
//
//   node test/scale/figures.mjs [--only start,rows,throughput] [--rows 1000000] [--block 127.64]

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RawClient } from '../../dist/load/raw-client.js';
import { rssMiB, say, up } from './starfish-process.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'start,rows,throughput' },
    rows: { type: 'string', default: '1000000' },
    block: { type: 'string', default: '127.64' },
    seconds: { type: 'string', default: '5' },
  },
});
const VALUE = Buffer.alloc(100, 0x61);
const KEYS = 50_000;
const ROUND = 10_000;
const only = options.only.split(',');

if (only.includes('start')) await start48();
if (only.includes('rows')) await millionRows();
if (only.includes('throughput')) await throughput();

async function start48() {
  const started = performance.now();
  const child = await up(options.block, '16:16:16');
  say(
    `48 nodes in 3 regions: ready after ${Math.round(performance.now() - started)} ms, ${cpuMs(child)} ms of CPU`,
  );
  await sleep(8_000);
  const before = { cpu: cpuMs(child), at: performance.now() };
  await sleep(10_000);
  const share = ((cpuMs(child) - before.cpu) / (performance.now() - before.at)) * 100;
  say(`48 nodes idle: ${rssMiB(child)} MiB, ${share.toFixed(1)} % of a core`);
  await end(child);
}

async function millionRows() {
  const count = Number(options.rows);
  const child = await up(options.block, '3:3', noLatency(['dc1', 'dc2']));
  const { client, write } = await connect(['dc1', 'dc2']);
  const empty = rssMiB(child);
  const result = await client.executeMany({
    statement: write,
    parameters: { consistency: 'LOCAL_QUORUM' },
    count,
    inFlight: 128,
    values: (at) => [int(at), VALUE],
  });
  say(
    `${count} rows of 100 bytes, RF 3 + 3, written in ${(result.elapsedMs / 1_000).toFixed(1)} s (${result.failed} failed): ${empty} MiB before, ${rssMiB(child)} MiB after`,
  );
  await sleep(10_000);
  say(`ten seconds later: ${rssMiB(child)} MiB`);
  client.close();
  await end(child);
}

/**
 * Both clusters at once, in short rounds by turns: what else the machine does hits both alike. Keys are overwritten and
 * read in another order than that of their first write, as applications do. CPU of all threads, by the kernel's books.
 */
async function throughput() {
  const clusters = [];
  for (const [index, counts] of ['3:3', '24:24'].entries()) {
    const datacenters = ['dc1', 'dc2'];
    const block = options.block.replace(/\d+$/, (octet) => Number(octet) + index);
    const child = await up(block, counts, noLatency(datacenters));
    const { client, write } = await connect(datacenters, block);
    const read = await client.prepare('SELECT v FROM scale.kv WHERE k = ?');
    await round(client, write, KEYS, (at) => [int(at), VALUE]);
    clusters.push({ counts, child, client, write, read, writes: [], reads: [] });
  }
  const values = {
    write: (at) => [int((at * 7919) % KEYS), VALUE],
    read: (at) => [int((at * 7919) % KEYS)],
  };
  for (const what of ['write', 'read']) {
    for (const { client, [what]: statement } of clusters)
      await round(client, statement, 150_000, values[what]);
    const until = performance.now() + Number(options.seconds) * 4_000;
    for (let at = 0; performance.now() < until; at += ROUND) {
      for (const cluster of clusters) {
        const before = cpuMicros(cluster.child);
        const { elapsedMs } = await round(cluster.client, cluster[what], ROUND, (n) =>
          values[what](n + at),
        );
        const cpu = (cpuMicros(cluster.child) - before) / ROUND;
        cluster[`${what}s`].push({ cpu, perSecond: ROUND / (elapsedMs / 1_000) });
      }
    }
  }
  const [small] = clusters;
  for (const { counts, child, client, writes, reads } of clusters) {
    const tell = (rounds, base) => {
      const cpu = median(rounds, 'cpu');
      const ratio = (median(base, 'cpu') / cpu) * 100;
      return `${Math.round(median(rounds, 'perSecond'))}/s (${cpu.toFixed(1)} us of CPU each: ${ratio.toFixed(0)} % of the six nodes' throughput by CPU)`;
    };
    say(
      `${counts}, RF 3 + 3, LOCAL_QUORUM: writes ${tell(writes, small.writes)}, reads ${tell(reads, small.reads)}, ${rssMiB(child)} MiB`,
    );
    client.close();
    await end(child);
  }
}

async function round(client, statement, count, values) {
  const parameters = { consistency: 'LOCAL_QUORUM' };
  const result = await client.executeMany({ statement, parameters, count, inFlight: 64, values });
  if (result.failed > 0)
    throw new Error(`${result.failed} failed: ${[...result.errors.keys()].join('; ')}`);
  return result;
}

function median(rounds, field) {
  return rounds.map((one) => one[field]).toSorted((a, b) => a - b)[rounds.length >> 1];
}

async function connect(datacenters, block = options.block) {
  const client = await RawClient.connect({ address: `${block}.1.1`, port: 9042 });
  await client.query(
    `CREATE KEYSPACE scale WITH replication = {'class': 'NetworkTopologyStrategy', ${datacenters.map((name) => `'${name}': 3`).join(', ')}}`,
  );
  await client.query('CREATE TABLE scale.kv (k int PRIMARY KEY, v blob)');
  await sleep(1_000);
  return { client, write: await client.prepare('INSERT INTO scale.kv (k, v) VALUES (?, ?)') };
}

function noLatency(datacenters) {
  return ['within-zone', 'between-zones', `${datacenters[0]}..${datacenters[1]}`].flatMap(
    (link) => ['--set', `links.${link}=0ms`],
  );
}

async function end(child) {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

function cpuMs(child) {
  return Math.round(cpuMicros(child) / 1_000);
}

/** Of all threads that live. */
function cpuMicros({ pid }) {
  let nanos = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    nanos += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  return nanos / 1_000;
}

function int(value) {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
