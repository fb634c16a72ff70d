// Cuts between real nodes without root: every node announces the address of a proxy to the others, and the proxies stop
// forwarding between the two sides of a cut, as a network that drops packets. A connection's other end is in its first
// bytes: magic (4), flags (4), then the sender's announced address (length 6, address, port).

import net from 'node:net';

const FROM_OFFSET = 8;
const HELLO_BYTES = FROM_OFFSET + 7;

export class StorageProxies {
  #servers = [];
  #connections = new Set();
  #cut = () => false;

  /** `node`: {place, announced, address}; the port is the same on both. */
  async open(nodes, port) {
    const placeOf = new Map(nodes.map(({ announced, place }) => [announced, place]));
    for (const node of nodes) {
      const server = net.createServer((incoming) => this.#accept(incoming, node, port, placeOf));
      this.#servers.push(server);
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, node.announced, resolve);
      });
    }
  }

  /** Nothing gets through between places for which `isCut` holds. */
  cut(isCut) {
    this.#cut = isCut;
    for (const connection of this.#connections) this.#apply(connection);
  }

  /** What hung in the cut is broken off, so that the nodes connect anew. */
  heal() {
    this.#cut = () => false;
    for (const { held, incoming, outgoing } of this.#connections) {
      if (!held || outgoing === null) continue;
      incoming.destroy();
      outgoing.destroy();
    }
  }

  close() {
    for (const server of this.#servers) server.close();
    for (const { incoming, outgoing } of this.#connections) {
      incoming.destroy();
      outgoing?.destroy();
    }
  }

  #accept(incoming, node, port, placeOf) {
    const connection = { from: '', to: node.place, incoming, outgoing: null, held: true };
    this.#connections.add(connection);
    const end = () => {
      this.#connections.delete(connection);
      incoming.destroy();
      connection.outgoing?.destroy();
    };
    incoming.on('error', end);
    incoming.on('close', end);
    incoming.setNoDelay(true);
    let hello = Buffer.alloc(0);
    const onHello = (data) => {
      hello = Buffer.concat([hello, data]);
      if (hello.length < HELLO_BYTES) return;
      incoming.off('data', onHello);
      incoming.pause();
      connection.from =
        placeOf.get([...hello.subarray(FROM_OFFSET + 1, FROM_OFFSET + 5)].join('.')) ?? '';
      const outgoing = net.connect({ host: node.address, port });
      connection.outgoing = outgoing;
      outgoing.setNoDelay(true);
      outgoing.on('error', end);
      outgoing.on('close', end);
      outgoing.write(hello);
      this.#apply(connection);
    };
    incoming.on('data', onHello);
  }

  /** A stream that is piped twice delivers everything twice: only a change is applied. */
  #apply(connection) {
    const { from, to, incoming, outgoing, held } = connection;
    if (outgoing === null || held === this.#cut(from, to)) return;
    connection.held = !held;
    if (connection.held) {
      incoming.unpipe(outgoing);
      outgoing.unpipe(incoming);
      incoming.pause();
      outgoing.pause();
    } else {
      incoming.pipe(outgoing);
      outgoing.pipe(incoming);
    }
  }
}
