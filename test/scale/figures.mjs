// The figures of size, printed and not asserted: memory of a million rows on six replicas, throughput of 6 and of 48
// nodes, start, memory and idle CPU of 48. Linux only (/proc). After a build:
//
//   node test/scale/figures.mjs [--only start,rows,throughput] [--rows 1000000] [--block 127.64]

import { readFileSync } from 'node:fs';
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

async function throughput() {
  for (const [counts, datacenters] of [
    ['3:3', ['dc1', 'dc2']],
    ['24:24', ['dc1', 'dc2']],
  ]) {
    const child = await up(options.block, counts, noLatency(datacenters));
    const { client, write } = await connect(datacenters);
    const read = await client.prepare('SELECT v FROM scale.kv WHERE k = ?');
    const run = (statement, seconds, values) => timed(client, statement, seconds, values);
    await run(write, 4, (at) => [int(at % 50_000), VALUE]);
    const cpu = cpuMs(child);
    const writes = await run(write, Number(options.seconds), (at) => [int(at % 50_000), VALUE]);
    const writeCpu = ((cpuMs(child) - cpu) * 1_000) / writes.count;
    await run(read, 2, (at) => [int((at * 7919) % 50_000)]);
    const cpuBefore = cpuMs(child);
    const reads = await run(read, Number(options.seconds), (at) => [int((at * 7919) % 50_000)]);
    const readCpu = ((cpuMs(child) - cpuBefore) * 1_000) / reads.count;
    say(
      `${counts}, RF 3 + 3, LOCAL_QUORUM: ${Math.round(writes.perSecond)} writes/s (${writeCpu.toFixed(0)} us of CPU each), ` +
        `${Math.round(reads.perSecond)} reads/s (${readCpu.toFixed(0)} us), ${rssMiB(child)} MiB`,
    );
    client.close();
    await end(child);
  }
}

async function timed(client, statement, seconds, values) {
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  let elapsedMs = 0;
  while (performance.now() < until) {
    const result = await client.executeMany({
      statement,
      parameters: { consistency: 'LOCAL_QUORUM' },
      count: 5_000,
      inFlight: 64,
      values: (at) => values(at + count),
    });
    if (result.failed > 0)
      throw new Error(`${result.failed} failed: ${[...result.errors.keys()].join('; ')}`);
    count += result.succeeded;
    elapsedMs += result.elapsedMs;
  }
  return { count, perSecond: count / (elapsedMs / 1_000) };
}

async function connect(datacenters) {
  const client = await RawClient.connect({ address: `${options.block}.1.1`, port: 9042 });
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

function cpuMs({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function int(value) {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
