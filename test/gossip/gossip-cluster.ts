// Several gossipers over the virtual world: what the gossip tests drive.

import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import type { StateEntry } from '../../src/node/gossip/endpoint-state.ts';
import { gossipOptions } from '../../src/node/gossip/gossip-options.ts';
import type { GossipOptions } from '../../src/node/gossip/gossip-options.ts';
import { gossipTransport, serveGossip } from '../../src/node/gossip/gossip-over-messaging.ts';
import { Gossiper } from '../../src/node/gossip/gossiper.ts';
import { Messaging } from '../../src/node/messaging/messaging.ts';
import type { TelemetryEvent } from '../../src/node/telemetry.ts';
import { PARTITIONER_CLASS } from '../../src/ring/token.ts';
import { LinkTable } from '../../src/world/links.ts';
import { Fabric } from '../../src/world/network.ts';
import type { NodeWorld } from '../../src/world/node-world.ts';
import { openNodeWorld } from '../../src/world/node-world.ts';
import type { Endpoint } from '../../src/world/ports.ts';
import { endpoint } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';

interface GossipNode {
  readonly world: NodeWorld;
  readonly gossiper: Gossiper;
  /** `joined 2`, `alive 2`, `dead 2` ... by the last part of the address, in order. */
  readonly log: string[];
  readonly members: Set<Endpoint>;
}

export const at = (n: number): Endpoint => endpoint(`127.0.1.${n}`, 7000);
const short = (node: Endpoint): string => node.split(':')[0]?.split('.').at(-1) ?? node;

export class GossipCluster {
  readonly loop = new VirtualEventLoop();
  readonly random: SeededRandom;
  readonly links: LinkTable;
  readonly nodes = new Map<number, GossipNode>();
  readonly telemetry: TelemetryEvent[] = [];
  private readonly fabric: Fabric;
  private readonly options: Partial<GossipOptions>;
  private readonly seeds: readonly Endpoint[];

  constructor(options: Partial<GossipOptions> = {}, seed = 1, seeds: readonly number[] = [1]) {
    this.random = new SeededRandom(seed);
    this.links = new LinkTable(() => ({ oneWayMs: 1, jitterMs: 0.5 }), this.random);
    this.fabric = new Fabric(this.loop, this.links);
    this.options = options;
    this.seeds = seeds.map(at);
    for (let n = 1; n <= 60; n++) this.links.place(at(n), { datacenter: 'dc1', rack: 'r1' });
  }

  /** Opens a node without starting its gossip. */
  open(n: number, options: Partial<GossipOptions> = {}): GossipNode {
    const world = openNodeWorld({
      fabric: this.fabric,
      self: at(n),
      random: this.random.fork(`node ${n} ${this.loop.nowMs()}`),
      disk: null,
    });
    const messaging = new Messaging(world, DEFAULT_NODE_CONFIG);
    const log: string[] = [];
    const members = new Set<Endpoint>();
    const gossiper = new Gossiper(
      {
        clock: world.clock,
        random: world.random,
        transport: gossipTransport(messaging),
        telemetry: { detailed: false, emit: (event) => this.telemetry.push(event) },
      },
      gossipOptions({
        clusterName: 'Test',
        partitioner: PARTITIONER_CLASS,
        seeds: this.seeds,
        ...this.options,
        ...options,
      }),
      {
        onJoin: (node) => log.push(`joined ${short(node)}`),
        onRestart: (node) => log.push(`restarted ${short(node)}`),
        onChange: (node, state, key) => log.push(`${short(node)} ${key}=${state.get(key) ?? ''}`),
        onAlive: (node) => log.push(`alive ${short(node)}`),
        onDead: (node) => log.push(`dead ${short(node)}`),
        onRemove: (node) => log.push(`removed ${short(node)}`),
        isMember: (node) => members.has(node),
      },
    );
    serveGossip(messaging, gossiper);
    const node = { world, gossiper, log, members };
    this.nodes.set(n, node);
    return node;
  }

  /** Opens and starts a node; its generation is the virtual clock's second. */
  start(
    n: number,
    entries: readonly StateEntry[] = [['STATUS_WITH_PORT', 'NORMAL,0']],
  ): GossipNode {
    const node = this.open(n);
    node.gossiper.start(Math.floor(node.world.clock.wallMs() / 1000), entries);
    for (const [, other] of this.nodes) {
      for (const [m] of this.nodes) other.members.add(at(m));
    }
    return node;
  }

  startAll(count: number): void {
    for (let n = 1; n <= count; n++) this.start(n);
  }

  kill(n: number): void {
    this.nodes.get(n)?.world.kill();
    this.nodes.delete(n);
  }

  node(n: number): GossipNode {
    const node = this.nodes.get(n);
    if (node === undefined) throw new Error(`node ${n} is not open`);
    return node;
  }

  /** Every node believes every other alive. */
  get isWhole(): boolean {
    return [...this.nodes.values()].every(
      ({ gossiper }) => gossiper.liveEndpoints().length === this.nodes.size - 1,
    );
  }

  cut(name: string, from: readonly number[], to: readonly number[]): void {
    const left = new Set(from.map(at));
    const right = new Set(to.map(at));
    this.links.add({
      name,
      matches: (a, b) => (left.has(a) && right.has(b)) || (left.has(b) && right.has(a)),
      effect: { kind: 'cut' },
    });
  }

  seconds(count: number): void {
    this.loop.runFor(count * 1000);
  }
}
