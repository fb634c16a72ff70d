// A cluster of real Cassandra nodes for the scenarios: child processes on loopback addresses, ended by their ids, also when
// this process ends in the midst. Tokens are given, as a founder's allocation takes half a minute; a node that comes later
// allocates its own.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { resolveJars } from '../../src/engine/cassandra/jars.ts';
import { NodeProcess } from '../../src/engine/cassandra/node-process.ts';
import { Connection } from '../../test/cql/connection.ts';
import { freeBlock } from './free-block.mjs';
import { NodetoolServer } from './nodetool-server.mjs';
import { StorageProxies } from './storage-proxies.mjs';
import { tokensOf, TOKENS } from './tokens.mjs';

/** A node starts in 10 s; on a busy machine six of them start side by side. */
const START_LIMIT_MS = 600_000;
const STORAGE_PORT = 7_000;
const NATIVE_PORT = 9_042;
/** Nodes that a scenario adds to a datacenter, at most. */
const ADDED_NODES = 2;

export class CassandraCluster {
  #nodes = new Map();
  #shape;
  #jars = resolveJars();
  #folder = mkdtempSync(join(tmpdir(), 'starfish-cassandra-'));
  #nodetool = null;
  #proxies = null;
  #block;
  #startedMs = performance.now();
  #onExit = () => {
    for (const { process: child } of this.#nodes.values()) void child?.kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };

  static async start(shape) {
    const cluster = new CassandraCluster(shape, await freeBlock((block) => needsOf(shape, block)));
    try {
      await cluster.#startAll();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  constructor(shape, block) {
    this.#shape = shape;
    this.#block = block;
    process.once('exit', this.#onExit);
    const perDatacenter = shape.racks * shape.perRack;
    shape.datacenters.forEach((datacenter, d) => {
      for (let n = 0; n < perDatacenter; n++)
        this.#place(datacenter, d, n, tokensOf(n, perDatacenter, d));
    });
  }

  get places() {
    return [...this.#nodes.values()].filter((node) => !node.hasLeft).map(({ place }) => place);
  }

  isRunning(place) {
    const node = this.#node(place);
    return node.process?.pid !== null && node.process !== null && !node.isPaused;
  }

  get addresses() {
    return [...this.#nodes.values()].flatMap(({ place, address, announced }) => [
      { place, address },
      { place, address: announced },
    ]);
  }

  nowMs() {
    return performance.now() - this.#startedMs;
  }

  sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  async query(place, query, parameters) {
    const node = this.#node(place);
    const request = {
      kind: 'query',
      ...PLAIN_HEADER,
      query,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    };
    try {
      const connection =
        openOf(node.idle) ??
        (await Connection.open({
          address: node.address,
          port: NATIVE_PORT,
          version: 5,
          credentials: null,
        }));
      const { response } = await connection.send(request);
      node.idle.push(connection);
      return response;
    } catch {
      // Never sent again: it may have been applied.
      return { kind: 'refused' };
    }
  }

  async kill(place) {
    const node = this.#node(place);
    this.#forget(node);
    if (node.isPaused) node.process.signal('SIGCONT');
    node.isPaused = false;
    await node.process?.kill();
  }

  async stopNode(place) {
    const node = this.#node(place);
    this.#forget(node);
    await node.process?.terminate();
  }

  async startNode(place) {
    return this.#launch(this.#node(place), { flags: [] });
  }

  async wipe(place) {
    const node = this.#node(place);
    for (const name of ['data', 'commitlog', 'hints', 'saved_caches', 'cdc_raw'])
      rmSync(join(node.folder, name), { recursive: true, force: true });
  }

  async pause(place) {
    const node = this.#node(place);
    node.isPaused = true;
    node.process.signal('SIGSTOP');
  }

  async resume(place) {
    const node = this.#node(place);
    node.isPaused = false;
    node.process.signal('SIGCONT');
  }

  async cut(left, right) {
    if (this.#proxies === null)
      throw new Error('A scenario that cuts links says so in its shape: cuts: true');
    this.#proxies.cut(
      (from, to) =>
        (inside(left, from) && inside(right, to)) || (inside(right, from) && inside(left, to)),
    );
    return async () => this.#proxies.heal();
  }

  nodetool(place, words) {
    return this.#nodetool.run(this.#node(place).jmxPort, words);
  }

  async addNode(datacenter, rack, { replaced = null, autoBootstrap = true } = {}) {
    const d = this.#shape.datacenters.indexOf(datacenter);
    const inDatacenter = [...this.#nodes.values()].filter(
      (node) => node.datacenter === datacenter,
    ).length;
    const node = this.#place(datacenter, d, inDatacenter, [], rack);
    node.settings = { auto_bootstrap: autoBootstrap };
    const old = replaced === null ? null : this.#node(replaced);
    const flags = old === null ? [] : [`-Dcassandra.replace_address_first_boot=${old.announced}`];
    const error = await this.#launch(node, { flags });
    if (error === null && old !== null) old.hasLeft = true;
    return { place: node.place, error };
  }

  async replaceInPlace(place) {
    const node = this.#node(place);
    await this.wipe(place);
    // The tokens come from the node that was.
    const error = await this.#launch(
      { ...node, tokens: [] },
      {
        flags: [`-Dcassandra.replace_address_first_boot=${node.announced}`],
        settings: { auto_bootstrap: true },
      },
    );
    return error;
  }

  /** A node that was removed from the ring is no member any more. */
  left(place) {
    this.#node(place).hasLeft = true;
  }

  async stop() {
    this.#nodetool?.stop();
    for (const node of this.#nodes.values()) {
      this.#forget(node);
      if (node.isPaused) node.process?.signal('SIGCONT');
      await node.process?.kill();
    }
    this.#proxies?.close();
    this.#block.release();
    process.off('exit', this.#onExit);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startAll() {
    const nodes = [...this.#nodes.values()];
    if (this.#shape.cuts === true) {
      this.#proxies = new StorageProxies();
      await this.#proxies.open(nodes, STORAGE_PORT);
    }
    const [first, ...rest] = nodes;
    const errors = [await this.#launch(first, { flags: [] })];
    if (errors[0] === null)
      errors.push(...(await Promise.all(rest.map((node) => this.#launch(node, { flags: [] })))));
    const error = errors.find((one) => one !== null);
    if (error !== undefined) throw new Error(error);
    mkdirSync(join(this.#folder, 'nodetool', 'conf'), { recursive: true });
    copyFileSync(
      join(first.folder, 'conf', 'logback.xml'),
      join(this.#folder, 'nodetool', 'conf', 'logback.xml'),
    );
    this.#nodetool = new NodetoolServer(this.#jars, join(this.#folder, 'nodetool'));
  }

  #place(datacenter, d, n, tokens, rack = n % this.#shape.racks) {
    const zone = 'abcde'[rack];
    const number =
      [...this.#nodes.values()].filter(
        (node) => node.datacenter === datacenter && node.zone === zone,
      ).length + 1;
    const address = addressOf(this.#block.nodes, d, n);
    const node = {
      place: `${datacenter}/${zone}/${number}`,
      datacenter,
      zone,
      address,
      tokens,
      announced: this.#shape.cuts === true ? addressOf(this.#block.announced, d, n) : address,
      folder: join(this.#folder, `${datacenter}-${n + 1}`),
      jmxPort: jmxPortOf(this.#block, d, n),
      settings: {},
      process: null,
      isPaused: false,
      hasLeft: false,
      idle: [],
    };
    this.#nodes.set(node.place, node);
    return node;
  }

  /** null when it serves clients; else the last words of its log. */
  async #launch(node, { flags, settings = {} }) {
    const { datacenters, ringDelayMs = null, cuts = false } = this.#shape;
    const all = [...this.#nodes.values()];
    // A seed that waits for another, absent seed costs ring_delay: the very first node knows only itself.
    const isFirst = all[0].place === node.place && all.every((other) => other.process === null);
    const seeds = isFirst
      ? [node]
      : datacenters.flatMap((datacenter) =>
          all.filter((other) => other.datacenter === datacenter && !other.hasLeft).slice(0, 1),
        );
    const child = new NodeProcess(
      {
        clusterName: 'Scenario',
        address: node.address,
        datacenter: node.datacenter,
        rack: `${node.datacenter}${node.zone}`,
        seeds: seeds.map((seed) => seed.announced),
        folder: node.folder,
        tokens: node.tokens,
        numTokens: TOKENS,
        settings: {
          ...this.#shape.settings,
          ...node.settings,
          ...settings,
          ...(cuts
            ? {
                broadcast_address: node.announced,
                broadcast_rpc_address: node.address,
                listen_on_broadcast_address: false,
              }
            : {}),
        },
      },
      {
        jars: this.#jars,
        heapMiB: 512,
        jmxPort: node.jmxPort,
        ringDelayMs,
        flags: ['-Duser.timezone=UTC', '-Duser.language=en', ...flags],
      },
    );
    this.#nodes.get(node.place).process = child;
    child.launch();
    try {
      await child.ready(START_LIMIT_MS);
      return null;
    } catch (error) {
      await child.kill();
      return lastError(join(node.folder, 'system.log')) ?? error.message;
    }
  }

  #forget(node) {
    for (const connection of node.idle.splice(0)) connection.close();
  }

  #node(place) {
    const node = this.#nodes.get(place);
    if (node === undefined) throw new Error(`There is no node ${place}.`);
    return node;
  }
}

/** Takes the last connection that its node has not closed meanwhile. */
function openOf(idle) {
  while (idle.length > 0) {
    const connection = idle.pop();
    if (connection.isOpen) return connection;
  }
  return null;
}

function addressOf(block, d, n) {
  return `${block}.${d + 1}.${n + 1}`;
}

function jmxPortOf({ jmxBase }, d, n) {
  return jmxBase + 10 * d + n;
}

/** What a cluster of this shape listens on, with the nodes that may come to it. */
function needsOf({ datacenters, racks, perRack, cuts = false }, block) {
  return datacenters.flatMap((_, d) =>
    Array.from({ length: racks * perRack + ADDED_NODES }, (__, n) => [
      { host: addressOf(block.nodes, d, n), port: STORAGE_PORT },
      { host: addressOf(block.nodes, d, n), port: NATIVE_PORT },
      { host: '127.0.0.1', port: jmxPortOf(block, d, n) },
      ...(cuts ? [{ host: addressOf(block.announced, d, n), port: STORAGE_PORT }] : []),
    ]).flat(),
  );
}

function inside(places, place) {
  return places.some((outer) => place === outer || place.startsWith(`${outer}/`));
}

/** The message of the last exception in a log. */
function lastError(file) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const errors = lines.flatMap((line) => {
    const found = /^(?:java|org)\.[\w.]*(?:Exception|Error): (.*)$/.exec(line);
    return found === null ? [] : [found[1]];
  });
  return errors.at(-1) ?? null;
}
