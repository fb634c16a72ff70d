// A cluster of ours for the scenarios: all its nodes in this process and in virtual time, so that eighteen seconds until
// a conviction cost nothing and the same script gives the same answers. The world stands still while the script thinks:
// events run only while it waits for an answer.

import { runNodetool, NodetoolFailure } from '../../src/cluster/nodetool.ts';
import { nodeConfig } from '../../src/cluster/cassandra-settings.ts';
import { Cluster } from '../../src/cluster/cluster.ts';
import { addNode, newNodes, replaceAtSameAddress } from '../../src/cluster/membership-changes.ts';
import { placeTopology } from '../../src/cluster/placement.ts';
import { linkRule } from '../../src/engine/link-rule.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { tokensOf } from './tokens.mjs';

/** Microseconds to milliseconds on a loopback network of busy JVMs. */
const ONE_WAY_MS = 0.3;
const ANSWER_LIMIT_MS = 20 * 60_000;

export class StarfishCluster {
  #loop = new VirtualEventLoop();
  #cluster;
  #zones;
  #waiting = 0;
  #answered = 0;
  #pumping = false;
  #cuts = 0;

  /** `shape`: {datacenters, racks, perRack, settings, ringDelayMs}. */
  static async start(shape) {
    const cluster = new StarfishCluster(shape);
    const error = await cluster.#until((done) => cluster.#cluster.start(done));
    if (error !== null) throw new Error(error);
    for (const { node } of cluster.#cluster.hosts) node?.membership.setRpcReady(true);
    await cluster.sleep(3_000);
    return cluster;
  }

  constructor({ datacenters, racks, perRack, settings = {}, ringDelayMs = 30_000 }) {
    this.#zones = ['a', 'b', 'c', 'd', 'e'].slice(0, racks);
    const region = { zones: this.#zones, nodesPerZone: perRack, appsPerZone: 0 };
    const topology = toTopology({
      regions: Object.fromEntries(datacenters.map((name) => [name, region])),
      cassandra: { ...settings, ring_delay: `${ringDelayMs}ms` },
    });
    this.#cluster = new Cluster({
      loop: this.#loop,
      nodes: placeTopology(topology).nodes,
      config: nodeConfig(topology.cassandra),
      random: new SeededRandom(1),
      latency: (_from, _to, same) => ({ oneWayMs: same ? 0 : ONE_WAY_MS, jitterMs: 0 }),
      disk: null,
      tokens: datacenters.flatMap((_, d) =>
        Array.from({ length: racks * perRack }, (__, n) => tokensOf(n, racks * perRack, d)),
      ),
    });
  }

  get places() {
    return this.#cluster.hosts.map(({ placement }) => placement.place);
  }

  isRunning(place) {
    return this.#host(place).state === 'up';
  }

  /** {place, address} of every node, also of those that left. */
  get addresses() {
    return [...this.#cluster.hosts, ...this.#cluster.departed].map(({ placement }) => ({
      place: placement.place,
      address: placement.address,
    }));
  }

  nowMs() {
    return this.#loop.nowMs();
  }

  sleep(ms) {
    return this.#until((done) => this.#loop.after(ms, () => done(null)));
  }

  /** A decoded response, or {kind: 'refused'}: nobody serves there. */
  query(place, query, parameters) {
    const host = this.#host(place);
    const { node } = host;
    // A node that left the ring has closed its port.
    if (node === null || !this.#cluster.hosts.includes(host))
      return Promise.resolve({ kind: 'refused' });
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 50_000 });
    client.protocolVersion = 5;
    const request = {
      kind: 'query',
      ...PLAIN_HEADER,
      query,
      parameters: { ...DEFAULT_PARAMETERS, ...parameters },
    };
    return this.#until((done) => node.cql.execute(request, client, (response) => done(response)));
  }

  async kill(place) {
    this.#host(place).kill();
  }

  /** As SIGTERM ends it. */
  async stopNode(place) {
    await this.#until((done) => this.#host(place).drain(() => done(null)));
  }

  /** null when it serves, else why it does not start. */
  async startNode(place) {
    const host = this.#host(place);
    if (host.state !== 'up') host.kill();
    return this.#serving(host, await this.#until((done) => host.start(done)));
  }

  async wipe(place) {
    await this.#until((done) => this.#host(place).wipe(() => done(null)));
  }

  async pause(place) {
    this.#host(place).pause();
  }

  async resume(place) {
    this.#host(place).resume();
  }

  /** Cuts every link between the two sides; the result heals. */
  async cut(left, right) {
    const name = `cut ${++this.#cuts}`;
    const fault = { from: left, to: right, oneWay: false, effect: { kind: 'cut' } };
    const placeOf = (node) => this.#cluster.hostAt(node)?.placement.place;
    this.#cluster.links.add(linkRule(name, fault, placeOf));
    return async () => this.#cluster.links.remove(name);
  }

  async nodetool(place, [verb, ...words]) {
    const host = this.#host(place);
    const run = async () => {
      try {
        return { code: 0, text: await runNodetool(this.#cluster, host, verb, words) };
      } catch (error) {
        if (error instanceof NodetoolFailure) return { code: error.exitCode, text: error.message };
        throw error;
      }
    };
    return this.#until((done, broken) => void run().then(done, broken));
  }

  /** A new node of a rack; `replaced`: whose tokens it takes. {place, error}. */
  async addNode(datacenter, rack, { replaced = null, autoBootstrap = true } = {}) {
    const [placement] = newNodes(this.#cluster, { region: datacenter, zone: this.#zones[rack] }, 1);
    const replaceAddress = replaced === null ? null : this.#host(replaced).placement.endpoint;
    let host;
    const error = await this.#until((done) => {
      host = addNode(this.#cluster, placement, { replaceAddress, autoBootstrap }, done);
    });
    return { place: placement.place, error: await this.#serving(host, error) };
  }

  /** Its machine is new and empty, its address the same. */
  async replaceInPlace(place) {
    const error = await this.#until((done) => replaceAtSameAddress(this.#cluster, place, done));
    return this.#serving(this.#host(place), error);
  }

  async stop() {
    for (const host of this.#cluster.hosts) host.kill();
  }

  async #serving(host, error) {
    if (error === null) host.node?.membership.setRpcReady(true);
    return error;
  }

  #host(place) {
    const host =
      this.#cluster.host(place) ??
      this.#cluster.departed.find((one) => one.placement.place === place);
    if (host === undefined) throw new Error(`There is no node ${place}.`);
    return host;
  }

  /** Waits for an operation of the world, which moves on meanwhile. */
  #until(begin) {
    this.#waiting++;
    const answered = () => {
      this.#waiting--;
      this.#answered++;
    };
    const result = new Promise((resolve, reject) => {
      const limit = this.#loop.after(ANSWER_LIMIT_MS, () =>
        reject(new Error('no answer within 20 minutes')),
      );
      begin((value) => {
        limit.cancel?.();
        resolve(value);
      }, reject);
    }).finally(answered);
    if (!this.#pumping) {
      this.#pumping = true;
      setImmediate(() => this.#pump());
    }
    return result;
  }

  #pump() {
    const answered = this.#answered;
    for (let events = 0; events < EVENTS_A_TURN && answered === this.#answered; events++)
      this.#loop.step(Infinity);
    if (this.#waiting > 0) setImmediate(() => this.#pump());
    else this.#pumping = false;
  }
}

/** Promises that an event settled are heard between two turns. */
const EVENTS_A_TURN = 1;
