// Ten thousand connections that say nothing to one node, by hand (they need as many file handles on both sides): what
// they cost, and whether a driver is served on. After a build:
//
//   node test/scale/ten-thousand.mjs [--connections 10000] [--block 127.64]

import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import cassandra from 'cassandra-driver';
import { rssMiB, say, up } from './starfish-process.mjs';

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    block: { type: 'string', default: '127.64' },
  },
});
const count = Number(options.connections);
const node = `${options.block}.1.1`;
const child = await up(options.block, '3');
process.once('exit', () => child.kill('SIGTERM'));
const client = new cassandra.Client({ contactPoints: [node], localDataCenter: 'datacenter1' });
await client.connect();
const before = { memory: rssMiB(child), p99: await latency() };
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
const with10k = { memory: rssMiB(child), p99: await latency() };
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
