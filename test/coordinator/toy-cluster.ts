// Nodes with real messaging, coordinator, replica and storage over virtual time, and a cluster state that is simply
// told who is alive: what coordination does, without gossip.

import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { LinkTable, NO_LATENCY } from '../../src/world/links.ts';
import type { LatencyModel } from '../../src/world/links.ts';
import { Fabric } from '../../src/world/network.ts';
import type { NodeWorld } from '../../src/world/node-world.ts';
import { openNodeWorld } from '../../src/world/node-world.ts';
import { SeededRandom } from '../../src/world/random.ts';
import { endpoint } from '../../src/world/ports.ts';
import type { Disk, Endpoint, Random } from '../../src/world/ports.ts';
import type { EventLoop } from '../../src/world/event-loop.ts';
import type { Gate } from '../../src/world/gate.ts';
import { NO_REPLICAS } from '../../src/ring/replica-table.ts';
import { TokenRing } from '../../src/ring/token-ring.ts';
import type { RingMember } from '../../src/ring/token-ring.ts';
import type { Token } from '../../src/ring/token.ts';
import { replicationOf } from '../../src/ring/replication.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';
import type { FailureReason } from '../../src/data/cql-error.ts';
import type { Mutation } from '../../src/data/partition.ts';
import type { ReadCommand } from '../../src/data/read-command.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../src/data/schema.ts';
import type { ClusterState, NodeInfo, Replication } from '../../src/node/cluster-state.ts';
import { CoordinatorService } from '../../src/node/coordinator/coordinator-service.ts';
import type { RequestContext } from '../../src/node/coordinator/coordinator.ts';
import type { HintSink } from '../../src/node/coordinator/write-service.ts';
import { serveHints } from '../../src/node/hints/hint-receiver.ts';
import { Hints } from '../../src/node/hints/hints.ts';
import { Messaging } from '../../src/node/messaging/messaging.ts';
import type { NodeConfig } from '../../src/node/node-config.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import type { LocalStore } from '../../src/node/replica/local-store.ts';
import { CounterCache } from '../../src/node/replica/counter-cache.ts';
import { Replica } from '../../src/node/replica/replica.ts';
import { RepairService } from '../../src/node/repair/repair-service.ts';
import { Streaming } from '../../src/node/repair/streaming.ts';
import type { ReplicaResult } from '../../src/node/storage/replica-result.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import type { Telemetry, TelemetryEvent } from '../../src/node/telemetry.ts';

interface ToyNodeSpec {
  readonly name: string;
  readonly datacenter: string;
  readonly rack: string;
  /** Owns no tokens until `addPending`. */
  readonly spare?: boolean;
}

/** What all nodes of a toy cluster share: the truth about the ring, which every node knows at once. */
class ToyRing {
  readonly specs: readonly ToyNodeSpec[];
  ring: TokenRing;
  /** Joining nodes get the writes of all their ring neighbours' ranges: endpoint lists by token are computed so. */
  pendingRing: TokenRing | null = null;
  epoch = 0;
  readonly down = new Map<Endpoint, number>();

  constructor(specs: readonly ToyNodeSpec[], random: Random, tokensPerNode = 4) {
    this.specs = specs;
    this.ring = new TokenRing(
      specs
        .filter((spec) => spec.spare !== true)
        .map((spec) => ({
          endpoint: addressOf(specs, spec.name),
          datacenter: spec.datacenter,
          rack: spec.rack,
          tokens: Array.from({ length: tokensPerNode }, () => ({
            high: random.uint32() | 0,
            low: random.uint32(),
          })),
        })),
    );
  }

  /** A node that is about to own `tokens`: a pending endpoint. */
  join(member: RingMember): void {
    this.pendingRing = this.ring.with(member);
    this.epoch++;
  }
}

/** Node n of a datacenter d is 127.0.<d>.<n>. */
export function addressOf(specs: readonly ToyNodeSpec[], name: string): Endpoint {
  const datacenters = [...new Set(specs.map((spec) => spec.datacenter))];
  const spec = specs.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`no node ${name}`);
  const d = datacenters.indexOf(spec.datacenter) + 1;
  const n = specs.filter((one) => one.datacenter === spec.datacenter).indexOf(spec) + 1;
  return endpoint(`127.0.${d}.${n}`, 7000);
}

class ToyReplication implements Replication {
  readonly strategy: Replication['strategy'];
  readonly factor: number;
  readonly datacenters: readonly string[];
  readonly ranges: readonly TokenRange[];
  private readonly factors: ReadonlyMap<string, number>;
  private readonly toy: ToyRing;
  private readonly keyspace: KeyspaceMetadata;
  private readonly pendingLists = new Map<string, readonly Endpoint[]>();

  constructor(toy: ToyRing, keyspace: KeyspaceMetadata) {
    this.toy = toy;
    this.keyspace = keyspace;
    const replication = replicationOf(keyspace.replication);
    this.strategy = replication.kind === 'network' ? 'NetworkTopologyStrategy' : 'SimpleStrategy';
    this.factor = replication.total;
    this.factors = replication.kind === 'network' ? replication.factors : new Map();
    this.datacenters = [...this.factors].filter(([, factor]) => factor > 0).map(([name]) => name);
    const { ring } = toy;
    const min = { high: -0x8000_0000, low: 0 };
    const ends = [...ring.tokens, min];
    this.ranges = ends.map((right, at) => ({ left: ends[at - 1] ?? min, right }));
  }

  factorOf(datacenter: string): number {
    return this.strategy === 'SimpleStrategy' ? this.factor : (this.factors.get(datacenter) ?? 0);
  }

  natural(token: Token): readonly Endpoint[] {
    return this.toy.ring.replicas(this.keyspace.replication).at(token);
  }

  pendingRanges(): readonly TokenRange[] {
    return [];
  }

  pending(token: Token): readonly Endpoint[] {
    const { pendingRing } = this.toy;
    if (pendingRing === null) return NO_REPLICAS;
    const natural = this.natural(token);
    const future = pendingRing.replicas(this.keyspace.replication).at(token);
    const pending = future.filter((node) => !natural.includes(node));
    const id = pending.join();
    const known = this.pendingLists.get(id);
    if (known !== undefined) return known;
    this.pendingLists.set(id, pending);
    return pending;
  }
}

class ToyClusterState implements ClusterState {
  readonly self: Endpoint;
  readonly localDatacenter: string;
  readonly localRack: string;
  private readonly toy: ToyRing;
  private readonly nowMs: () => number;
  private replications = new Map<KeyspaceMetadata, ToyReplication>();
  private replicationsEpoch = -1;
  private readonly infos = new Map<Endpoint, NodeInfo>();

  constructor(toy: ToyRing, spec: ToyNodeSpec, nowMs: () => number) {
    this.toy = toy;
    this.nowMs = nowMs;
    this.self = addressOf(toy.specs, spec.name);
    this.localDatacenter = spec.datacenter;
    this.localRack = spec.rack;
    for (const one of toy.specs) {
      const address = addressOf(toy.specs, one.name);
      this.infos.set(address, {
        endpoint: address,
        hostId: hostIdOf(address),
        datacenter: one.datacenter,
        rack: one.rack,
        status: 'normal',
      });
    }
  }

  get epoch(): number {
    return this.toy.epoch;
  }

  replication(keyspace: KeyspaceMetadata): Replication {
    if (this.replicationsEpoch !== this.toy.epoch) {
      this.replications = new Map();
      this.replicationsEpoch = this.toy.epoch;
    }
    let replication = this.replications.get(keyspace);
    if (replication === undefined) {
      replication = new ToyReplication(this.toy, keyspace);
      this.replications.set(keyspace, replication);
    }
    return replication;
  }

  isAlive(node: Endpoint): boolean {
    return node === this.self || !this.toy.down.has(node);
  }

  info(node: Endpoint): NodeInfo | undefined {
    return this.infos.get(node);
  }

  endpoints(): readonly Endpoint[] {
    return [...this.infos.keys()];
  }

  downtimeMs(node: Endpoint): number {
    const since = this.toy.down.get(node);
    return since === undefined ? 0 : this.nowMs() - since;
  }

  sortedByProximity(nodes: readonly Endpoint[]): Endpoint[] {
    return [...nodes].sort((a, b) => this.distance(a) - this.distance(b));
  }

  recordLatency(): void {
    // The toy snitch is static.
  }

  private distance(node: Endpoint): number {
    if (node === this.self) return 0;
    const info = this.infos.get(node);
    if (info?.datacenter !== this.localDatacenter) return 3;
    return info.rack === this.localRack ? 1 : 2;
  }
}

export function hostIdOf(address: Endpoint): string {
  const [, , d, n] = address.split(/[.:]/);
  return `00000000-0000-4000-8000-0000000${(d ?? '').padStart(2, '0')}${(n ?? '').padStart(3, '0')}`;
}

/** The real table stores behind the narrow interface. */
export class ToyStore implements LocalStore {
  readonly applyDurably = null;
  readonly tables = new Map<string, TableStore>();
  /** Set by a test: every mutation is refused with it. */
  refuse: FailureReason | null = null;
  /** Set by a test: every read is refused with it. */
  refuseReads: FailureReason | null = null;

  apply(mutation: Mutation): FailureReason | null {
    if (this.refuse !== null) return this.refuse;
    for (const update of mutation.updates) this.table(update.table).apply(update);
    return null;
  }

  read(command: ReadCommand): ReplicaResult {
    if (this.refuseReads !== null) {
      return { kind: 'failure', reason: this.refuseReads, message: 'refused' };
    }
    return this.table(command.table).read(command);
  }

  truncate(table: TableMetadata, done: (failure: FailureReason | null) => void): void {
    this.table(table).truncate();
    done(null);
  }

  table(table: TableMetadata): TableStore {
    let store = this.tables.get(table.id);
    if (store === undefined) {
      store = new TableStore(table, { tombstoneFailureThreshold: 100_000 });
      this.tables.set(table.id, store);
    }
    return store;
  }
}

export interface ToyNode {
  readonly spec: ToyNodeSpec;
  readonly address: Endpoint;
  readonly world: NodeWorld;
  readonly store: ToyStore;
  readonly messaging: Messaging;
  readonly coordinator: CoordinatorService;
  readonly cluster: ToyClusterState;
  readonly hints: Hints;
  readonly streaming: Streaming;
  readonly repairs: RepairService;
  /** This node's own settings. */
  readonly config: NodeConfig;
}

interface ToyOptions {
  readonly nodes: readonly ToyNodeSpec[];
  readonly schema: Schema;
  readonly config?: Partial<NodeConfig>;
  readonly latency?: LatencyModel;
  readonly seed?: number;
  /** In place of hinted handoff. */
  readonly hints?: HintSink;
  readonly tokensPerNode?: number;
  /** Where hints are kept; in memory only when absent. */
  readonly hintsDisk?: (loop: EventLoop, gate: Gate) => Disk;
  readonly hintBytesMax?: number;
  readonly hintBufferBytes?: number;
}

export const NO_HINTS: HintSink = { store: () => false, overload: () => null, isBusy: false };

export class ToyCluster {
  readonly loop = new VirtualEventLoop();
  readonly links: LinkTable;
  readonly fabric: Fabric;
  readonly ring: ToyRing;
  readonly nodes: readonly ToyNode[];
  readonly events: TelemetryEvent[] = [];
  readonly telemetry: Telemetry;
  readonly schema: Schema;

  constructor(options: ToyOptions) {
    this.schema = options.schema;
    const random = new SeededRandom(options.seed ?? 1);
    this.links = new LinkTable(options.latency ?? NO_LATENCY, random.fork('links'));
    this.fabric = new Fabric(this.loop, this.links);
    this.ring = new ToyRing(options.nodes, random.fork('tokens'), options.tokensPerNode);
    this.telemetry = { detailed: true, emit: (event) => void this.events.push(event) };
    const schema = { current: options.schema };
    this.nodes = options.nodes.map((spec) => {
      const config = { ...DEFAULT_NODE_CONFIG, ...options.config };
      const address = addressOf(options.nodes, spec.name);
      this.links.place(address, spec);
      const nodeRandom = random.fork(spec.name);
      const world = openNodeWorld({
        fabric: this.fabric,
        self: address,
        random: nodeRandom,
        disk: null,
      });
      const { clock } = world;
      const messaging = new Messaging(world, config);
      const store = new ToyStore();
      const cluster = new ToyClusterState(this.ring, spec, () => this.loop.nowMs());
      const counterCache = new CounterCache();
      const onTruncated = (table: TableMetadata): void => counterCache.forget(table);
      const thresholds = DEFAULT_NODE_CONFIG;
      new Replica({ messaging, store, schema, onTruncated, thresholds }).serve();
      const { telemetry } = this;
      const tableById = (id: string): TableMetadata | undefined => {
        const keyspaces = [...schema.current.keyspaces.values()];
        return keyspaces.flatMap((one) => [...one.tables.values()]).find((one) => one.id === id);
      };
      const shared = {
        clock,
        random: nodeRandom,
        messaging,
        cluster,
        schema,
        config,
        telemetry,
        store,
        counterCache,
      };
      const hints = new Hints({
        ...shared,
        disk: options.hintsDisk?.(this.loop, world.gate) ?? null,
        tableById,
        ...(options.hintBufferBytes === undefined ? {} : { bufferBytes: options.hintBufferBytes }),
        ...(options.hintBytesMax === undefined ? {} : { bytesMax: options.hintBytesMax }),
      });
      const streaming = new Streaming(shared);
      const coordinator = new CoordinatorService({
        ...shared,
        hints: options.hints ?? hints,
      });
      const repairs = new RepairService({
        ...shared,
        streaming,
        paxos: coordinator.paxosCleanup,
        coordinator,
      });
      coordinator.serve();
      streaming.serve();
      repairs.serve();
      serveHints({ ...shared, hints, writes: coordinator.writes });
      if (options.hints === undefined) hints.start();
      return {
        spec,
        address,
        world,
        store,
        messaging,
        coordinator,
        cluster,
        hints,
        streaming,
        repairs,
        config,
      };
    });
  }

  node(name: string): ToyNode {
    const found = this.nodes.find((node) => node.spec.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  /** The node's name by its address. */
  nameOf(address: string): string {
    return this.nodes.find((node) => node.address === address)?.spec.name ?? address;
  }

  /** The others know at once that it is dead. Its process is gone. */
  kill(name: string): void {
    this.crash(name);
    this.convict(name);
  }

  /** Its process is gone; nobody knows yet. */
  crash(name: string): void {
    const { address } = this.node(name);
    this.links.add({
      name: `crash ${name}`,
      matches: (from, to) => from === address || to === address,
      effect: { kind: 'cut' },
    });
  }

  convict(name: string): void {
    this.ring.down.set(this.node(name).address, this.loop.nowMs());
    this.ring.epoch++;
  }

  revive(name: string): void {
    this.links.remove(`crash ${name}`);
    this.ring.down.delete(this.node(name).address);
    this.ring.epoch++;
  }

  /** A node of the cluster that owned nothing (see `spare`) begins to join: its ranges have it as pending endpoint. */
  addPending(name: string, tokenHigh: number): void {
    const { spec, address } = this.node(name);
    const { datacenter, rack } = spec;
    const token = { high: tokenHigh, low: 0 };
    this.ring.join({ endpoint: address, datacenter, rack, tokens: [token] });
  }

  context(): RequestContext {
    return {
      startedAtMs: this.loop.nowMs(),
      trace: null,
      warnings: null,
      guard: null,
      reads: null,
    };
  }
}

/** Nodes `a/1`, `b/1` ... per datacenter: `{ dc1: ['a', 'b', 'c'] }`; `c+` is a spare node. */
export function toyNodes(racks: Readonly<Record<string, readonly string[]>>): ToyNodeSpec[] {
  return Object.entries(racks).flatMap(([datacenter, names]) => {
    const counts = new Map<string, number>();
    return names.map((text) => {
      const spare = text.endsWith('+');
      const rack = spare ? text.slice(0, -1) : text;
      const n = (counts.get(rack) ?? 0) + 1;
      counts.set(rack, n);
      const prefix = Object.keys(racks).length > 1 ? `${datacenter}/` : '';
      return { name: `${prefix}${rack}/${n}`, datacenter, rack, spare };
    });
  });
}
