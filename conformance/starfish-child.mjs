// A `starfish up` of this folder's build as a child process, on loopback addresses nobody uses, in a folder of its own
// (so that its .starfish/run.json is not the user's). It is ended by its process id.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendCommand } from './target.mjs';
import { here, root } from './toolchain.mjs';

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
const BLOCKS = Array.from({ length: 60 }, (_, at) => `127.${60 + at}`);

/** `what`: nodes (two regions of three nodes) or stack (the built-in topology with its shop). */
export async function startStarfish(what, folder) {
  const block = await freeBlock();
  const words = [
    'up',
    ...(what === 'nodes' ? [join(here, 'nodes.yaml')] : []),
    '--address-block',
    block,
    '--no-color',
  ];
  const child = spawn(process.execPath, [join(root, 'bin', 'starfish.js'), ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text = (text + chunk).slice(-8_000);
    });
  const closed = new Promise((done) => child.on('close', done));
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await closed;
    clearTimeout(timer);
  };
  try {
    const { url } = await readRunFile(join(folder, '.starfish', 'run.json'), child, () => text);
    return { target: await describe(url, block), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The control address, once the run is ready: `up` writes the file then. */
async function readRunFile(path, child, output) {
  const deadline = Date.now() + READY_LIMIT_MS;
  for (;;) {
    if (existsSync(path)) {
      try {
        return JSON.parse(readFileSync(path, 'utf8'));
      } catch {
        // Half written: read it again.
      }
    }
    if (child.exitCode !== null)
      throw new Error(`starfish up ended with ${child.exitCode}\n${output()}`);
    if (Date.now() > deadline)
      throw new Error(`starfish up is not ready within ${READY_LIMIT_MS / 1_000} s\n${output()}`);
    await sleep(50);
  }
}

async function describe(control, block) {
  const status = await sendCommand(control, 'status', {});
  const nodes = status.nodes.map(({ place, address, datacenter, rack }) => ({
    place,
    address,
    datacenter,
    rack,
  }));
  const [local, remote] = [...new Set(nodes.map((node) => node.datacenter))];
  const [first] = status.nodes;
  return {
    contact: first.address,
    port: first.nativePort,
    local,
    remote,
    control,
    users: `http://${block}.0.101:8080`,
    nodes,
  };
}

/** First two octets under which no address of ours is taken. */
async function freeBlock() {
  const start = Math.floor(Math.random() * BLOCKS.length);
  for (let turn = 0; turn < BLOCKS.length; turn++) {
    const block = BLOCKS[(start + turn) % BLOCKS.length];
    if ((await canListen(`${block}.1.1`, 9042)) && (await canListen(`${block}.0.101`, 8080)))
      return block;
  }
  throw new Error('no free loopback addresses from 127.60 to 127.119');
}

function canListen(address, port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
