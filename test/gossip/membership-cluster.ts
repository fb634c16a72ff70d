// Whole memberships over the virtual world, with a toy store of sampled tokens behind RangeStreaming: enough to see
// whether every owner has its data after every movement.

import type { KeyspaceMetadata, ReplicationParams } from '../../src/data/schema.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { Removals } from '../../src/node/membership/departure.ts';
import { join } from '../../src/node/membership/join.ts';
import type { JoinHandle } from '../../src/node/membership/join.ts';
import type { ClusterEvent, NodeIdentity } from '../../src/node/membership/membership-parts.ts';
import { NO_HOOKS } from '../../src/node/membership/membership-parts.ts';
import type { MembershipStore } from '../../src/node/membership/membership-store.ts';
import { memoryStore } from '../../src/node/membership/membership-store.ts';
import { Membership } from '../../src/node/membership/membership.ts';
import type { StreamPlan } from '../../src/node/membership/range-streaming.ts';
import { Messaging } from '../../src/node/messaging/messaging.ts';
import { SILENT } from '../../src/node/telemetry.ts';
import { networkReplication } from '../../src/ring/replication.ts';
import { decorateKey } from '../../src/ring/token.ts';
import type { Token } from '../../src/ring/token.ts';
import { rangeContains } from '../../src/ring/token-range.ts';
import { LinkTable } from '../../src/world/links.ts';
import { Fabric } from '../../src/world/network.ts';
import type { NodeWorld } from '../../src/world/node-world.ts';
import { openNodeWorld } from '../../src/world/node-world.ts';
import type { Endpoint } from '../../src/world/ports.ts';
import { endpoint } from '../../src/world/ports.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';

const SAMPLES: readonly Token[] = Array.from({ length: 300 }, (_, i) =>
  decorateKey(Buffer.from(`key ${i}`)),
);

interface TestNode {
  readonly n: number;
  readonly world: NodeWorld;
  readonly membership: Membership;
  readonly removals: Removals;
  readonly events: string[];
  readonly plans: StreamPlan[];
  /** Indices of the samples this node holds. */
  readonly data: Set<number>;
  /** undefined: not finished; null: joined. */
  joined: string | null | undefined;
  handle: JoinHandle | null;
}

interface StartOptions {
  readonly datacenter?: string;
  readonly rack?: string;
  readonly replace?: number;
  readonly config?: Partial<NodeConfig>;
  readonly store?: MembershipStore;
}

export const at = (n: number): Endpoint => endpoint(`127.0.1.${n}`, 7000);

function keyspace(name: string, replication: ReplicationParams): KeyspaceMetadata {
  return {
    name,
    kind: 'regular',
    durableWrites: true,
    replication,
    tables: new Map(),
    types: new Map(),
    functions: [],
    aggregates: [],
  };
}

export class MembershipCluster {
  readonly loop = new VirtualEventLoop();
  readonly nodes = new Map<number, TestNode>();
  readonly stores = new Map<number, MembershipStore>();
  readonly keyspace: KeyspaceMetadata;
  /** Set to make every stream fail. */
  streamError: string | null = null;
  private readonly random: SeededRandom;
  private readonly links: LinkTable;
  private readonly fabric: Fabric;

  constructor(replication: ReplicationParams = networkReplication({ dc1: 3 }), seed = 1) {
    this.keyspace = keyspace('ks', replication);
    this.random = new SeededRandom(seed);
    this.links = new LinkTable(() => ({ oneWayMs: 1, jitterMs: 0.5 }), this.random);
    this.fabric = new Fabric(this.loop, this.links);
  }

  /** Opens a node and begins its join. */
  begin(n: number, options: StartOptions = {}): TestNode {
    const world = openNodeWorld({
      fabric: this.fabric,
      self: at(n),
      disk: null,
      random: this.random.fork(`node ${n} ${this.loop.nowMs()}`),
    });
    const store = options.store ?? this.stores.get(n) ?? memoryStore();
    this.stores.set(n, store);
    const config = { ...DEFAULT_NODE_CONFIG, cluster_name: 'Test', ...options.config };
    const identity: NodeIdentity = {
      datacenter: options.datacenter ?? 'dc1',
      rack: options.rack ?? `rack${((n - 1) % 3) + 1}`,
      releaseVersion: '5.0.9',
      nativeAddress: `127.0.1.${n}`,
      nativePort: 9042,
      seeds: [at(1)],
      replaceAddress: options.replace === undefined ? null : at(options.replace),
      snitch: 'topology',
    };
    const events: string[] = [];
    const plans: StreamPlan[] = [];
    const data = new Set<number>();
    const schema = { current: { keyspaces: new Map([['ks', this.keyspace]]), version: 'v' } };
    const membership = new Membership(
      {
        clock: world.clock,
        random: world.random,
        telemetry: SILENT,
        schema,
        store,
        messaging: new Messaging(world, config),
        streaming: {
          stream: (plan, _progress, done) => {
            plans.push(plan);
            world.clock.after(2000, () => {
              if (this.streamError === null) this.copy(n, plan);
              done(this.streamError);
            });
          },
        },
        hooks: { ...NO_HOOKS, onClusterEvent: (event) => events.push(describe(event)) },
      },
      {
        config,
        identity,
        gossip: {},
        consistentRangeMovement: true,
        randomTokensIfUnsupported: false,
      },
    );
    const node: TestNode = {
      n,
      world,
      membership,
      events,
      plans,
      data,
      joined: undefined,
      handle: null,
      removals: new Removals(membership),
    };
    this.nodes.set(n, node);
    node.handle = join(membership, (error) => {
      node.joined = error;
      if (error === null) membership.setRpcReady(true);
    });
    return node;
  }

  /** Begins and waits for the end of the join. */
  start(n: number, options: StartOptions = {}): TestNode {
    const node = this.begin(n, options);
    this.loop.runUntilTrue(() => node.joined !== undefined, 300_000);
    if (node.joined !== null) throw new Error(`node ${n}: ${node.joined ?? 'still joining'}`);
    // Until the others have heard of it nobody else may bootstrap.
    this.loop.runUntilTrue(() => this.isSettled, 20_000);
    return node;
  }

  startAll(count: number, options: StartOptions = {}): void {
    for (let n = 1; n <= count; n++) this.start(n, options);
    this.seconds(15);
  }

  kill(n: number): void {
    this.nodes.get(n)?.world.kill();
    this.nodes.delete(n);
  }

  node(n: number): TestNode {
    const node = this.nodes.get(n);
    if (node === undefined) throw new Error(`node ${n} is not there`);
    return node;
  }

  seconds(count: number): void {
    this.loop.runFor(count * 1000);
  }

  /** Runs one of the operations to its end. */
  run(operation: (done: (error: string | null) => void) => void): string | null {
    let result: string | null | undefined;
    operation((error) => (result = error));
    this.loop.runUntilTrue(() => result !== undefined, 300_000);
    return result === undefined ? 'it never ended' : result;
  }

  /** Writes every sample to its natural and pending replicas, as node `via` sees them. */
  write(via = 1): void {
    const replication = this.node(via).membership.replication(this.keyspace);
    SAMPLES.forEach((token, i) => {
      for (const owner of [...replication.natural(token), ...replication.pending(token)]) {
        this.byEndpoint(owner)?.data.add(i);
      }
    });
  }

  /** Samples that a live natural replica lacks, as node `via` sees the ring. */
  missing(via = 1): number {
    const replication = this.node(via).membership.replication(this.keyspace);
    let missing = 0;
    SAMPLES.forEach((token, i) => {
      for (const owner of replication.natural(token)) {
        const node = this.byEndpoint(owner);
        if (node !== undefined && !node.data.has(i)) missing++;
      }
    });
    return missing;
  }

  /** All nodes have the same ring and nothing moves. */
  get isSettled(): boolean {
    const rings = [...this.nodes.values()].map(({ membership }) =>
      JSON.stringify(membership.cluster.ring.members),
    );
    const quiet = [...this.nodes.values()].every(({ membership }) =>
      [...membership.cluster.nodes.values()].every(({ status }) => status === 'normal'),
    );
    return quiet && new Set(rings).size === 1;
  }

  private copy(n: number, plan: StreamPlan): void {
    for (const { direction, peer, ranges } of plan.tasks) {
      const self = this.nodes.get(n);
      const other = this.byEndpoint(peer);
      if (self === undefined || other === undefined) continue;
      const [from, to] = direction === 'fetch' ? [other, self] : [self, other];
      SAMPLES.forEach((token, i) => {
        if (from.data.has(i) && ranges.some((range) => rangeContains(range, token))) to.data.add(i);
      });
    }
  }

  private byEndpoint(node: Endpoint): TestNode | undefined {
    return [...this.nodes.values()].find(({ membership }) => membership.self === node);
  }
}

function describe({ kind, address }: ClusterEvent): string {
  return `${kind} ${address.split('.').at(-1) ?? ''}`;
}
