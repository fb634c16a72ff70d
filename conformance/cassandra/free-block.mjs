// Loopback addresses and JMX ports that nobody listens on, for real nodes: another run, or anything else on this machine,
// may hold the first choice. A block is held by a listener of its own, so that two runs never take the same.

import net from 'node:net';

const BLOCKS = 10;
const FIRST_BLOCK = 31;
const JMX_BASE = 17_100;
const JMX_PORTS_A_BLOCK = 100;
/** Of the address that holds a block; no node has it. */
const HOLDER_PORT = 7_000;

/**
 * The first free block of `127.31`, `127.33` ... `needs(block)` lists what a cluster needs there as {host, port}. Answers
 * {nodes, announced, jmxBase, release}: the two octets of the nodes' addresses and of those their proxies announce.
 */
export async function freeBlock(needs) {
  const taken = [];
  for (let at = 0; at < BLOCKS; at++) {
    const block = {
      nodes: `127.${FIRST_BLOCK + 2 * at}`,
      announced: `127.${FIRST_BLOCK + 2 * at + 1}`,
      jmxBase: JMX_BASE + JMX_PORTS_A_BLOCK * at,
    };
    const holder = await listen({ host: `${block.nodes}.0.1`, port: HOLDER_PORT });
    if (holder === null) {
      taken.push(`${block.nodes}.0.1:${HOLDER_PORT}`);
      continue;
    }
    const held = await firstHeld(needs(block));
    if (held === null) return { ...block, release: () => holder.close() };
    taken.push(held);
    holder.close();
  }
  throw new Error(
    `No addresses for Cassandra nodes: other processes listen on ${taken.join(', ')}. End one of them.`,
  );
}

/** `host:port` of the first that is held; null when all are free. */
async function firstHeld(endpoints) {
  for (const endpoint of endpoints) {
    const server = await listen(endpoint);
    if (server === null) return `${endpoint.host}:${endpoint.port}`;
    await new Promise((resolve) => server.close(resolve));
  }
  return null;
}

function listen({ host, port }) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ host, port, exclusive: true }, () => resolve(server.unref()));
  });
}
