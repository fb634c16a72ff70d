// Many nodes in one process, over either event loop: the same code in real and in virtual time. It starts, kills and
// restarts nodes and owns the links between them; it holds no data and takes no decisions of the database.

import type { EventLoop } from '../world/event-loop.ts';
import type { Gate } from '../world/gate.ts';
import { LinkTable, NO_LATENCY } from '../world/links.ts';
import type { LatencyModel } from '../world/links.ts';
import { Fabric } from '../world/network.ts';
import type { Disk, Endpoint, Random } from '../world/ports.ts';
import type { NodeConfig } from '../node/node-config.ts';
import type { UserCodeRunner } from '../node/query/user-code.ts';
import { NO_USER_CODE } from '../node/query/user-code.ts';
import { SchemaCache } from '../node/schema/schema-cache.ts';
import { DecodedRecords } from '../node/storage/decoded-records.ts';
import type { Telemetry, TelemetryEvent, WriteWitness } from '../node/telemetry.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import { initialTokens } from './initial-tokens.ts';
import { NodeHost } from './node-host.ts';
import type { NodePlacement } from './placement.ts';

export interface ClusterOptions {
  readonly loop: EventLoop;
  readonly nodes: readonly NodePlacement[];
  readonly config: NodeConfig;
  readonly random: Random;
  /** Of the founders' tokens; absent: `random`. */
  readonly tokenRandom?: Random;
  readonly latency: LatencyModel;
  /** Makes a node's disk for one life; null: in memory. */
  readonly disk: ((placement: NodePlacement) => (loop: EventLoop, gate: Gate) => Disk) | null;
  readonly userCode?: UserCodeRunner;
  /** Tokens of the nodes, in their order, decimal; absent: allocated. */
  readonly tokens?: readonly (readonly string[])[];
  /** Keeps account of acknowledged writes; absent: nobody does. */
  readonly witness?: WriteWitness;
}

export type TelemetryListener = (event: TelemetryEvent) => void;

export class Cluster {
  readonly links: LinkTable;
  readonly fabric: Fabric;
  onClientEvent: (host: NodeHost, event: ClientEvent) => void = () => undefined;
  onFatal: (host: NodeHost, reason: string) => void = () => undefined;
  /** The members are others than before: one left, or joined to the end. */
  onMembers: () => void = () => undefined;
  /** Why nodes did not start with the others. */
  readonly startErrors: string[] = [];
  private readonly options: ClusterOptions;
  private readonly listeners = new Set<TelemetryListener>();
  private readonly telemetry: Telemetry;
  private readonly schemaCache = new SchemaCache();
  /** While all nodes start. */
  private decodedRecords: DecodedRecords | null = null;
  private readonly members: NodeHost[];
  private gone: readonly NodeHost[] = [];
  private admitted = 0;
  private readonly seeds: readonly Endpoint[];

  constructor(options: ClusterOptions) {
    const { loop, nodes, config, random } = options;
    this.options = options;
    this.links = new LinkTable(NO_LATENCY, random.fork('links'));
    this.fabric = new Fabric(loop, this.links);
    const { listeners } = this;
    this.telemetry = {
      get detailed() {
        return listeners.size > 0;
      },
      emit: (event) => {
        for (const listener of listeners) listener(event);
      },
      witness: options.witness ?? null,
    };
    this.seeds = firstOfEachDatacenter(nodes);
    const tokens = options.tokens ?? initialTokens(nodes, config, options.tokenRandom ?? random);
    this.members = nodes.map((placement, at) =>
      this.newHost(placement, tokens[at] ?? null, random.fork(placement.endpoint)),
    );
  }

  /** The members of the cluster, running or not, in the order they came. */
  get hosts(): readonly NodeHost[] {
    return this.members;
  }

  /** Nodes that left; their processes may still run, as after `nodetool decommission`. */
  get departed(): readonly NodeHost[] {
    return this.gone;
  }

  /** cassandra.yaml's settings of every node. */
  get config(): NodeConfig {
    return this.options.config;
  }

  get loop(): EventLoop {
    return this.options.loop;
  }

  /** Nodes a newcomer asks for the way: the seeds that run, or else anybody who does. */
  seedsFor(newcomer: Endpoint): readonly Endpoint[] {
    const up = this.hosts
      .filter((host) => host.state === 'up' && host.placement.endpoint !== newcomer)
      .map((host) => host.placement.endpoint);
    const seeds = this.seeds.filter((seed) => up.includes(seed));
    return seeds.length > 0 ? seeds : up.slice(0, 1);
  }

  /** Takes a new node in; it is down, and empty. Its name and address must be free. */
  admit(placement: NodePlacement): NodeHost {
    const random = this.options.random.fork(`${placement.endpoint} admitted ${++this.admitted}`);
    const host = this.newHost(placement, null, random);
    this.members.push(host);
    this.gone = this.gone.filter((one) => one.placement.place !== placement.place);
    return host;
  }

  /** The node is no member any more. */
  dismiss(host: NodeHost): void {
    const at = this.members.indexOf(host);
    if (at < 0) return;
    this.members.splice(at, 1);
    this.gone = [...this.gone, host];
    this.onMembers();
  }

  /** Hears every telemetry event; returns the way to stop. */
  on(listener: TelemetryListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Starts all nodes at once, without latency between them, and introduces everybody to everybody, so that the cluster
   * is whole after a few events. A node that cannot read its files stays down while the others serve: see `startErrors`.
   * `done` hears the first error when none runs, or null. Latency applies from then on.
   */
  start(done: (error: string | null) => void): void {
    let waiting = this.hosts.length;
    // Every node has read its files when `start` returns.
    this.decodedRecords = new DecodedRecords();
    for (const host of this.hosts) {
      host.start((error) => {
        if (error !== null)
          this.startErrors.push(`${host.placement.place} (${host.placement.address}): ${error}`);
        if (--waiting > 0) return;
        if (!this.hosts.some(({ state }) => state === 'up'))
          done(this.startErrors[0] ?? 'No node started.');
        else
          this.introduce(
            () => this.isWhole(),
            () => {
              this.links.setModel(this.options.latency);
              for (const { node } of this.hosts) node?.refreshPeers();
              done(null);
            },
          );
      });
    }
    this.decodedRecords = null;
  }

  /**
   * Tells every node at once which others serve clients now, which gossip alone would take seconds to do: a driver that
   * connects when the cluster is ready must not hear of new nodes any more.
   */
  announceClients(done: () => void): void {
    const running = this.hosts.flatMap(({ node }) => (node === null ? [] : [node.membership]));
    this.introduce(
      () => running.every((one) => running.every((other) => one.isRpcReady(other.self))),
      done,
    );
  }

  host(place: string): NodeHost | undefined {
    return this.hosts.find((host) => host.placement.place === place);
  }

  hostAt(endpoint: Endpoint): NodeHost | undefined {
    return this.hosts.find((host) => host.placement.endpoint === endpoint);
  }

  /** True when every running node sees every running node up, no one else, and the schema is one. */
  isWhole(): boolean {
    const running = this.hosts.filter((host) => host.state === 'up');
    const versions = new Set<string>();
    for (const { node } of running) {
      if (node === null) return false;
      versions.add(node.schema.current.version);
      for (const other of running)
        if (!node.membership.isAlive(other.placement.endpoint)) return false;
    }
    return versions.size <= 1;
  }

  private newHost(
    placement: NodePlacement,
    tokens: readonly string[] | null,
    random: Random,
  ): NodeHost {
    const { options } = this;
    const { datacenter, rack, endpoint } = placement;
    this.links.place(endpoint, { datacenter, rack });
    return new NodeHost({
      placement,
      seeds: this.seeds,
      schemaCache: this.schemaCache,
      decodedRecords: () => this.decodedRecords,
      fabric: this.fabric,
      config: { ...options.config, initial_token: tokens, auto_bootstrap: false },
      random,
      telemetry: this.telemetry,
      userCode: options.userCode ?? NO_USER_CODE,
      siblings: () => this.hosts.flatMap(({ node }) => (node === null ? [] : [node.storage])),
      disk: options.disk === null ? null : options.disk(placement),
      onClientEvent: (host, event) => this.onClientEvent(host, event),
      onFatal: (host, reason) => this.onFatal(host, reason),
    });
  }

  /** Every node gossips to every other at once; then again, until they have `met`. */
  private introduce(met: () => boolean, done: () => void): void {
    let rounds = 0;
    const round = (): void => {
      if (met() || rounds++ > 200) {
        done();
        return;
      }
      for (const { node } of this.hosts) {
        if (node === null) continue;
        for (const { placement } of this.hosts) {
          if (placement.endpoint !== node.self)
            node.membership.gossiper.gossipTo(placement.endpoint);
        }
      }
      this.options.loop.after(rounds < 3 ? 1 : 10, round);
    };
    round();
  }
}

function firstOfEachDatacenter(nodes: readonly NodePlacement[]): readonly Endpoint[] {
  const seeds = new Map<string, Endpoint>();
  for (const { datacenter, endpoint } of nodes)
    if (!seeds.has(datacenter)) seeds.set(datacenter, endpoint);
  return [...seeds.values()];
}
