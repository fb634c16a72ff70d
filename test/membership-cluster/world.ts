// A whole cluster in virtual time, with CQL in and rows out, and load that notes every failed request: for changes of
// membership.

import { Cluster } from '../../src/cluster/cluster.ts';
import { whenQuiet } from '../../src/cluster/membership-changes.ts';
import type { NodeHost } from '../../src/cluster/node-host.ts';
import type { NodePlacement } from '../../src/cluster/placement.ts';
import { placeTopology } from '../../src/cluster/placement.ts';
import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { StatementResponse } from '../../src/protocol/responses/response.ts';
import { decorateKey } from '../../src/ring/token.ts';
import { toTopology } from '../../src/topology/load-topology.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { SeededRandom } from '../../src/world/random.ts';
import type { EventLoop } from '../../src/world/event-loop.ts';
import type { Gate } from '../../src/world/gate.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { int } from '../int-bytes.ts';

export const MINUTES = 60_000;

interface WorldOptions {
  readonly seed?: number;
  readonly regions?: Readonly<
    Record<string, { readonly zones: readonly string[]; readonly nodesPerZone: number }>
  >;
  readonly config?: Partial<NodeConfig>;
  /** Data on disks that outlive the nodes' lives. */
  readonly hasDisks?: boolean;
}

export class ClusterWorld {
  readonly loop = new VirtualEventLoop();
  readonly cluster: Cluster;
  readonly random: SeededRandom;

  constructor({ seed = 1, regions, config, hasDisks = false }: WorldOptions = {}) {
    this.random = new SeededRandom(seed);
    const given = Object.entries(
      regions ?? { 'us-east-1': { zones: ['a', 'b', 'c'], nodesPerZone: 2 } },
    );
    const topology = toTopology({
      regions: Object.fromEntries(
        given.map(([name, region]) => [
          name,
          { zones: [...region.zones], nodesPerZone: region.nodesPerZone },
        ]),
      ),
    });
    this.cluster = new Cluster({
      loop: this.loop,
      nodes: placeTopology(topology).nodes,
      config: { ...DEFAULT_NODE_CONFIG, ...config },
      random: this.random.fork('cluster'),
      latency: (from, to, same) => ({
        oneWayMs: same ? 0 : from.datacenter === to.datacenter ? 0.5 : 30,
        jitterMs: same ? 0 : 0.3,
      }),
      disk: hasDisks ? diskOf() : null,
    });
    this.until((done) => this.cluster.start(done));
  }

  /** Runs the loop until the operation has called back; throws its error. */
  until(operation: (done: (error: string | null) => void) => void, limitMs = 30 * MINUTES): void {
    const error = this.outcome(operation, limitMs);
    if (error !== null) throw new Error(error);
  }

  outcome(
    operation: (done: (error: string | null) => void) => void,
    limitMs = 30 * MINUTES,
  ): string | null {
    let outcome: string | null | undefined;
    operation((error) => {
      outcome = error;
    });
    if (!this.loop.runUntilTrue(() => outcome !== undefined, limitMs))
      throw new Error('it does not end');
    return outcome ?? null;
  }

  host(place: string): NodeHost {
    const host = this.cluster.host(place);
    if (host === undefined) throw new Error(`no ${place}`);
    return host;
  }

  /** Kills a node and waits until everybody knows. */
  killAndConvict(place: string): void {
    const host = this.host(place);
    host.kill();
    const { endpoint } = host.placement;
    const isKnown = (): boolean =>
      this.up.every(({ node }) => node?.membership.isAlive(endpoint) === false);
    if (!this.loop.runUntilTrue(isKnown, 60_000)) throw new Error(`${place} is not convicted`);
  }

  get up(): readonly NodeHost[] {
    return this.cluster.hosts.filter((host) => host.state === 'up');
  }

  /** A statement on a node; the answer comes as the loop runs. */
  send(
    host: NodeHost,
    cql: string,
    consistency: ConsistencyLevel,
    done: (response: StatementResponse) => void,
  ): void {
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 50_000 });
    client.protocolVersion = 5;
    const parameters = { ...DEFAULT_PARAMETERS, consistency };
    if (host.node === null) throw new Error(`${host.placement.place} is down`);
    host.node.cql.execute({ kind: 'query', ...PLAIN_HEADER, query: cql, parameters }, client, done);
  }

  cql(
    cql: string,
    at: NodeHost | undefined = this.up[0],
    consistency: ConsistencyLevel = 'LOCAL_QUORUM',
  ): StatementResponse {
    let answer: StatementResponse | undefined;
    if (at === undefined) throw new Error('nobody is up');
    this.send(at, cql, consistency, (response) => {
      answer = response;
    });
    this.loop.runUntilTrue(() => answer !== undefined, 60_000);
    if (answer === undefined) throw new Error(`no answer to ${cql}`);
    if (answer.kind === 'error') throw new Error(`${cql}: ${answer.error.message}`);
    return answer;
  }

  rows(
    cql: string,
    at?: NodeHost,
    consistency?: ConsistencyLevel,
  ): readonly (readonly (Buffer | null)[])[] {
    const answer = this.cql(cql, at, consistency);
    return answer.kind === 'rows' ? answer.rows : [];
  }

  /** Runs statements one after another, each when the schema has been agreed on, as an operator would. */
  alter(statements: readonly string[], done: (error: string | null) => void): void {
    const [first, ...rest] = statements;
    if (first === undefined) {
      done(null);
      return;
    }
    this.send(this.up[0] as NodeHost, first, 'ONE', (response) => {
      if (response.kind === 'error') done(response.error.message);
      else whenQuiet(this.cluster, () => this.alter(rest, done));
    });
  }

  settle(): void {
    if (!this.loop.runUntilTrue(() => this.cluster.isWhole(), 10 * MINUTES))
      throw new Error('the cluster is not whole');
  }

  /** The keyspace and table of the tests, at a factor a region. */
  createTable(factors: Readonly<Record<string, number>>): void {
    const options = Object.entries(factors).map(([region, factor]) => `'${region}': ${factor}`);
    this.cql(
      `CREATE KEYSPACE ks WITH replication = {'class': 'NetworkTopologyStrategy', ${options.join(', ')}}`,
    );
    this.cql('CREATE TABLE ks.t (k int PRIMARY KEY, v int)');
    this.settle();
  }

  /** Inserts keys from..to (exclusive), value = key. */
  fill(from: number, to: number): void {
    let left = to - from;
    const hosts = this.up;
    for (let k = from; k < to; k++) {
      this.send(
        hosts[k % hosts.length] as NodeHost,
        `INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`,
        'LOCAL_QUORUM',
        (response) => {
          if (response.kind === 'error') throw new Error(response.error.message);
          left--;
        },
      );
    }
    this.loop.runUntilTrue(() => left === 0, 60_000);
    if (left > 0) throw new Error(`${left} writes are missing`);
  }

  /** Keys of 0..count that some node cannot read at the level. */
  unreadable(
    keys: number | Iterable<number>,
    consistency: ConsistencyLevel,
    hosts: readonly NodeHost[] = this.up,
  ): readonly string[] {
    const wrong: string[] = [];
    const all = listOf(keys);
    let left = all.length;
    for (const k of all) {
      const host = hosts[k % hosts.length] as NodeHost;
      this.send(host, `SELECT v FROM ks.t WHERE k = ${k}`, consistency, (response) => {
        left--;
        const value = response.kind === 'rows' ? response.rows[0]?.[0]?.readInt32BE(0) : undefined;
        if (value !== k)
          wrong.push(
            `${k} at ${host.placement.place}: ${response.kind === 'error' ? response.error.message : value}`,
          );
      });
    }
    this.loop.runUntilTrue(() => left === 0, 60_000);
    return wrong;
  }

  /** Owners (by the first node's ring) that do not hold a key they own: "key place". */
  missingCopies(keys: number | Iterable<number>): readonly string[] {
    const missing: string[] = [];
    const [first] = this.up;
    const keyspace = first?.node?.schema.current.keyspaces.get('ks');
    const table = keyspace?.tables.get('t');
    if (
      first?.node === undefined ||
      first.node === null ||
      keyspace === undefined ||
      table === undefined
    )
      throw new Error('no table');
    const replication = first.node.membership.replication(keyspace);
    for (const host of this.cluster.hosts) {
      const store = host.node?.storage.store(table.id);
      const held = new Set<number>();
      store?.forEachStored(WHOLE_RING, ({ key }) => void held.add(key.bytes.readInt32BE(0)));
      for (const k of listOf(keys)) {
        const key = keyOf(k);
        if (replication.natural(key).includes(host.placement.endpoint) && !held.has(k))
          missing.push(`${k} ${host.placement.place}`);
      }
    }
    return missing;
  }

  /** Keys held by nodes that do not own them. */
  surplusCopies(): number {
    let surplus = 0;
    for (const { node, placement } of this.up) {
      const keyspace = node?.schema.current.keyspaces.get('ks');
      const table = keyspace?.tables.get('t');
      if (node === null || keyspace === undefined || table === undefined) continue;
      const replication = node.membership.replication(keyspace);
      node.storage.store(table.id)?.forEachStored(WHOLE_RING, ({ key }) => {
        if (!replication.natural(key).includes(placement.endpoint)) surplus++;
      });
    }
    return surplus;
  }
}

/** A world with the table of the tests at factor 3, and that many keys in it. */
export function filledWorld(options: WorldOptions, keys: number): ClusterWorld {
  const world = new ClusterWorld(options);
  world.createTable({ 'us-east-1': 3 });
  world.fill(0, keys);
  return world;
}

function diskOf(): (placement: NodePlacement) => (loop: EventLoop, gate: Gate) => VirtualDisk {
  return () => {
    const image = new DiskImage();
    return (loop, gate) => new VirtualDisk(image, loop, gate);
  };
}

function listOf(keys: number | Iterable<number>): readonly number[] {
  return typeof keys === 'number' ? Array.from({ length: keys }, (_, k) => k) : [...keys];
}

function keyOf(k: number): ReturnType<typeof decorateKey> {
  return decorateKey(int(k));
}

/** Writes new keys and reads old ones at LOCAL_QUORUM through every node that serves, until stopped. */
export class Load {
  readonly failures: string[] = [];
  /** Keys 0..written are acknowledged, without gaps once all have been answered. */
  written: number;
  requests = 0;
  /** Keys known to be written: from before, and acknowledged. */
  readonly acknowledged = new Set<number>();
  private stopped = false;
  private open = 0;
  private readonly world: ClusterWorld;
  private readonly regions: readonly string[] | null;

  constructor(
    world: ClusterWorld,
    options: {
      readonly from: number;
      readonly everyMs?: number;
      readonly regions?: readonly string[];
    },
  ) {
    this.world = world;
    this.written = options.from;
    this.regions = options.regions ?? null;
    for (let k = 0; k < options.from; k++) this.acknowledged.add(k);
    const everyMs = options.everyMs ?? 100;
    const random = world.random.fork('load');
    const round = (): void => {
      if (this.stopped) return;
      const hosts = world.up.filter(
        (host) => this.regions === null || this.regions.includes(host.placement.region),
      );
      const host = hosts[random.below(hosts.length)] as NodeHost;
      const k = this.written++;
      this.request(host, `INSERT INTO ks.t (k, v) VALUES (${k}, ${k})`, k);
      this.request(host, `SELECT v FROM ks.t WHERE k = ${random.below(options.from)}`);
      world.loop.after(everyMs, round);
    };
    round();
  }

  /** Lets what is under way end, also what goes on after the answers. */
  stop(): void {
    this.stopped = true;
    this.world.loop.runUntilTrue(() => this.open === 0, 60_000);
    this.world.loop.runFor(1_000);
  }

  private request(host: NodeHost, cql: string, written: number | null = null): void {
    this.open++;
    this.requests++;
    const startedMs = this.world.loop.nowMs();
    this.world.send(host, cql, 'LOCAL_QUORUM', (response) => {
      this.open--;
      if (response.kind === 'error') {
        this.failures.push(
          `${startedMs} ${host.placement.place} ${cql}: ${response.error.code} ${response.error.message}`,
        );
      } else if (written !== null) this.acknowledged.add(written);
      else if (response.kind === 'rows' && response.rows.length === 0)
        this.failures.push(`${startedMs} ${cql}: no row`);
    });
  }
}
