// Ten thousand connections that say nothing to one node, by hand (they need as many file handles on both sides): what
// they cost, and whether a driver is served on. After a build:
//
//   node test/scale/ten-thousand.mjs [--connections 10000] [--block 127.64]

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import cassandra from 'cassandra-driver';

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    block: { type: 'string', default: '127.64' },
  },
});
const count = Number(options.connections);
const node = `${options.block}.1.1`;
const main = join(import.meta.dirname, '..', '..', 'bin', 'starfish.js');
const child = spawn(
  process.execPath,
  [main, 'up', '-n', '3', '--address-block', options.block, '--no-color'],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
await new Promise((resolve) =>
  child.stdout.on('data', (chunk) => String(chunk).includes('ready in') && resolve()),
);
const memory = () =>
  Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) /
      1_024,
  );

process.once('exit', () => child.kill('SIGTERM'));
const client = new cassandra.Client({ contactPoints: [node], localDataCenter: 'datacenter1' });
await client.connect();
const before = { memory: memory(), p99: await latency() };
const sockets = [];
const failed = [];
for (let open = 0; open < count; open += 200) {
  await Promise.all(
    Array.from({ length: Math.min(200, count - open) }, () => {
      const socket = connect({ host: node, port: 9042 });
      sockets.push(socket);
      return new Promise((resolve) => {
        socket.once('connect', resolve);
        socket.once('error', (error) => {
          failed.push(error.code);
          resolve();
        });
      });
    }),
  );
}
const with10k = { memory: memory(), p99: await latency() };
say(
  `${count - failed.length} silent connections${failed.length > 0 ? ` (${failed.length} refused: ${failed[0]})` : ''}`,
);
say(
  `memory ${before.memory} -> ${with10k.memory} MiB, ${(((with10k.memory - before.memory) * 1_024) / count).toFixed(1)} KiB each`,
);
say(`a driver's queries, p99: ${before.p99.toFixed(1)} -> ${with10k.p99.toFixed(1)} ms`);
for (const socket of sockets) socket.destroy();
await client.shutdown();
child.kill('SIGTERM');

async function latency() {
  const times = [];
  for (let i = 0; i < 300; i++) {
    const started = performance.now();
    await client.execute('SELECT release_version FROM system.local');
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
