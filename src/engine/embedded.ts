// The embedded engine: a cluster of our own nodes in this process, by the machine's clock, each with its CQL port.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LostWritesReport } from '../cluster/acknowledged-writes.ts';
import { AcknowledgedWrites } from '../cluster/acknowledged-writes.ts';
import { openDataFolder, saveDataFolder } from '../cluster/data-folder.ts';
import { nodeConfig } from '../cluster/cassandra-settings.ts';
import { Cluster } from '../cluster/cluster.ts';
import { CqlPort } from '../cluster/cql-port.ts';
import type { NodeHost } from '../cluster/node-host.ts';
import { latencyModel, placeTopology, withMembers } from '../cluster/placement.ts';
import type { NodePlacement } from '../cluster/placement.ts';
import { runNodetool } from '../cluster/nodetool.ts';
import { tableContent } from '../cluster/table-content.ts';
import type { TelemetryEvent } from '../node/telemetry.ts';
import { decorateKey, tokenText } from '../ring/token.ts';
import type { Topology } from '../topology/topology.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { SeededRandom } from '../world/random.ts';
import { RealDisk } from '../world/real/disk.ts';
import { RealEventLoop } from '../world/real/event-loop.ts';
import { vmUserCode } from '../cluster/user-code.ts';
import type {
  Engine,
  EngineEvent,
  HintCounts,
  LinkFault,
  NodeState,
  NodeStatus,
  RepairReport,
  ReplicaContent,
  RingView,
} from './engine.ts';
import { linkRule } from './link-rule.ts';
import type { EngineOptions } from './open-engine.ts';
import { EngineMembership } from './embedded-membership.ts';
import { repairKeyspace } from './embedded-repair.ts';

/** Resolves when every node serves CQL on its port. Rejects with the system's error when a port cannot be had. */
export async function openEmbeddedEngine(options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

interface Counts {
  stored: number;
  delivered: number;
  expired: number;
  windowPassed: number;
}

export class EmbeddedEngine implements Engine {
  readonly kind = 'embedded';
  private readonly founded: EngineOptions['topology'];
  readonly cluster: Cluster;
  /** Nodes that come and go. */
  readonly membership: EngineMembership;
  private readonly loop = new RealEventLoop();
  private readonly ports = new Map<string, CqlPort>();
  private readonly listeners = new Set<(event: EngineEvent) => void>();
  private readonly counts: Counts = { stored: 0, delivered: 0, expired: 0, windowPassed: 0 };
  /** By place; one a life. */
  private readonly disks = new Map<string, RealDisk[]>();
  private readonly account: AcknowledgedWrites | null;
  private readonly startedMs = performance.now();
  private linkFaults = 0;

  constructor(options: EngineOptions) {
    const { topology, addresses, seed, dataFolder } = options;
    this.founded = topology;
    this.account = options.keepAccount === true ? new AcknowledgedWrites() : null;
    const folder =
      dataFolder === null ? null : openDataFolder(dataFolder, { topology, addresses, seed });
    const random = new SeededRandom(seed);
    const disk =
      dataFolder === null ? null : (placement: NodePlacement) => this.diskOf(dataFolder, placement);
    this.cluster = new Cluster({
      loop: this.loop,
      nodes: folder?.members ?? placeTopology(topology, addresses).nodes,
      random,
      disk,
      tokenRandom: new SeededRandom(folder?.seed ?? seed),
      config: nodeConfig(topology.cassandra),
      latency: latencyModel(topology, options.latency ? 1 : 0),
      userCode: vmUserCode(),
      ...(this.account === null ? {} : { witness: this.account }),
    });
    for (const host of this.cluster.hosts) this.portOf(host);
    this.membership = new EngineMembership(this.cluster, (host) => this.portOf(host));
    if (dataFolder !== null && folder !== null) {
      this.cluster.onMembers = () => saveDataFolder(dataFolder, { ...folder, members: this.nodes });
    }
    this.cluster.onClientEvent = (host, event) =>
      this.ports.get(host.placement.place)?.broadcast(event);
    this.cluster.onFatal = (host, reason) =>
      this.tell('node-failed', host.placement.place, { reason });
    this.cluster.on((event) => this.onTelemetry(event));
    if (options.onEvent !== undefined) this.listeners.add(options.onEvent);
  }

  async start(): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.cluster.start((error) => (error === null ? resolve() : reject(new Error(error))));
      });
      for (const port of this.ports.values()) await port.open();
      await new Promise<void>((resolve) => this.cluster.announceClients(resolve));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  get topology(): Topology {
    return withMembers(this.founded, this.nodes);
  }

  /** Those of the topology, and those that came later; without those that left. */
  get nodes(): readonly NodePlacement[] {
    return this.cluster.hosts.map((host) => host.placement);
  }

  get startErrors(): readonly string[] {
    return this.cluster.startErrors;
  }

  status(): readonly NodeStatus[] {
    const running = this.cluster.hosts.filter((host) => host.node !== null);
    return this.cluster.hosts.map((host) => {
      const { placement, node } = host;
      const membership = node?.membership ?? running[0]?.node?.membership;
      const believesDown =
        node === null
          ? []
          : this.cluster.hosts
              .filter((other) => !node.membership.isAlive(other.placement.endpoint))
              .map((other) => other.placement.place);
      return {
        ...placement,
        state: stateOf(host),
        believesDown,
        hostId: membership?.info(placement.endpoint)?.hostId ?? '',
        tokens: membership?.metadata.tokensOf(placement.endpoint).length ?? 0,
        loadBytes: node?.storage.dataBytes ?? 0,
      };
    });
  }

  on(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async kill(place: string): Promise<void> {
    const host = this.host(place);
    this.ports.get(place)?.kill();
    host.kill();
    this.tell('node-killed', place, {});
  }

  async restart(place: string): Promise<void> {
    const host = this.host(place);
    if (host.state === 'up') return;
    host.kill();
    await this.closeDisks(place);
    await new Promise<void>((resolve, reject) => {
      host.start((error) =>
        error === null ? resolve() : reject(new Error(`${place} did not start: ${error}`)),
      );
    });
    await this.ports.get(place)?.open();
    this.tell('node-restarted', place, {});
  }

  async drain(place: string): Promise<void> {
    const host = this.host(place);
    await this.ports.get(place)?.drain();
    await new Promise<void>((resolve) => host.drain(resolve));
    this.tell('node-drained', place, {});
  }

  async pause(place: string): Promise<void> {
    this.host(place).pause();
    this.tell('node-paused', place, {});
  }

  async resume(place: string): Promise<void> {
    this.host(place).resume();
    this.tell('node-resumed', place, {});
  }

  async linkFault(fault: LinkFault): Promise<() => Promise<void>> {
    const name = `fault ${++this.linkFaults}`;
    const placeOf = (node: Endpoint): string | undefined =>
      this.cluster.hostAt(node)?.placement.place;
    this.cluster.links.add(linkRule(name, fault, placeOf));
    return async () => this.cluster.links.remove(name);
  }

  repair(
    keyspace: string,
    options: { readonly at?: string; readonly full?: boolean } = {},
  ): Promise<RepairReport> {
    return repairKeyspace(this.cluster, keyspace, options);
  }

  hints(): HintCounts {
    let pending = 0;
    for (const { node } of this.cluster.hosts) {
      for (const { count } of node?.hints.pendingHints() ?? []) pending += count;
    }
    return { ...this.counts, pending };
  }

  execute(cql: string): Promise<void> {
    for (const host of this.cluster.hosts) {
      const port = this.ports.get(host.placement.place);
      if (host.state === 'up' && port !== undefined) return port.execute(cql);
    }
    return Promise.reject(new Error('No node is up.'));
  }

  replicasOf(keyspace: string, key: Buffer): readonly string[] {
    const node = this.anyNode();
    const metadata = node.schema.current.keyspaces.get(keyspace);
    if (metadata === undefined) throw new Error(`There is no keyspace ${keyspace}.`);
    return this.places(node.membership.replication(metadata).natural(decorateKey(key)));
  }

  ring(keyspace: string, key: Buffer | null): RingView {
    const node = this.anyNode();
    const metadata = node.schema.current.keyspaces.get(keyspace);
    if (metadata === undefined) throw new Error(`There is no keyspace ${keyspace}.`);
    const ring = node.membership.cluster.ring;
    const ownership = ring.replicas(metadata.replication).effectiveOwnership();
    return {
      keyspace,
      nodes: this.nodes.map(({ place, endpoint }) => ({
        place,
        tokens: node.membership.metadata.tokensOf(endpoint).length,
        owns: ownership.get(endpoint) ?? 0,
      })),
      key:
        key === null
          ? null
          : { token: tokenText(decorateKey(key)), replicas: this.replicasOf(keyspace, key) },
    };
  }

  async nodetool(place: string, verb: string, words: readonly string[]): Promise<string> {
    return runNodetool(this.cluster, this.host(place), verb, words);
  }

  async contents(keyspace: string, table: string): Promise<readonly ReplicaContent[]> {
    return this.cluster.hosts.flatMap(({ placement, node }) =>
      node === null
        ? []
        : [{ place: placement.place, partitions: tableContent(node, keyspace, table) }],
    );
  }

  lostWrites(): LostWritesReport | null {
    return this.account?.lost(this.cluster.hosts) ?? null;
  }

  async settled(limitMs: number): Promise<void> {
    const deadline = performance.now() + limitMs;
    const underWay = this.underWay();
    while (underWay() || this.unsettled() !== null) {
      if (performance.now() > deadline)
        throw new Error(
          `The cluster did not settle within ${limitMs / 1_000} s: ${this.unsettled() ?? 'writes are under way'}.`,
        );
      await sleep(20);
    }
  }

  async stop(): Promise<void> {
    for (const port of this.ports.values()) port.kill();
    for (const host of [...this.cluster.hosts, ...this.cluster.departed]) {
      if (this.disks.size > 0 && host.state === 'up') {
        host.node?.hints.stop();
        await new Promise<void>((resolve) => host.node?.storage.stop(resolve));
        await this.closeDisks(host.placement.place);
      }
      host.kill();
    }
    this.loop.stop();
    for (const place of this.disks.keys()) await this.closeDisks(place);
  }

  /**
   * Tells whether a write that was under way now still is: it may leave a hint when its time is over. Repairs and the
   * like, which take longer, are not waited for.
   */
  private underWay(): () => boolean {
    const until = performance.now() + this.cluster.config.write_request_timeout + 100;
    const marks = this.cluster.hosts.flatMap(({ node }) =>
      node === null ? [] : [{ node, opened: node.messaging.opened }],
    );
    return () =>
      performance.now() < until &&
      marks.some(({ node, opened }) => node.messaging.isWaitingForFirst(opened));
  }

  /** Everybody sees everybody who runs, and no hint waits for anybody who runs; else what is not so. */
  private unsettled(): string | null {
    const { hosts } = this.cluster;
    const up = hosts.filter((host) => host.state === 'up');
    for (const { node, placement } of up) {
      const unseen = up.find(
        (other) => node?.membership.isAlive(other.placement.endpoint) === false,
      );
      if (unseen !== undefined) return `${placement.place} sees ${unseen.placement.place} down`;
    }
    if (!this.cluster.isWhole()) return 'the nodes know different schemas';
    for (const { node, placement } of hosts) {
      for (const hints of node?.hints.pendingHints() ?? []) {
        const target =
          hints.node === null
            ? undefined
            : up.find((host) => host.placement.endpoint === hints.node);
        if (target !== undefined && hints.count > 0)
          return `${hints.count} hints on ${placement.place} wait for ${target.placement.place}`;
      }
    }
    return null;
  }

  private portOf(host: NodeHost): CqlPort {
    let port = this.ports.get(host.placement.place);
    if (port === undefined || !port.serves(host)) {
      port = new CqlPort(host);
      this.ports.set(host.placement.place, port);
    }
    return port;
  }

  private host(place: string): NodeHost {
    const host =
      this.cluster.host(place) ??
      this.cluster.departed.find((one) => one.placement.place === place);
    if (host === undefined)
      throw new Error(
        `There is no node ${place}. Nodes: ${this.nodes.map((node) => node.place).join(', ')}`,
      );
    return host;
  }

  private anyNode(): NonNullable<NodeHost['node']> {
    for (const host of this.cluster.hosts)
      if (host.state === 'up' && host.node !== null) return host.node;
    throw new Error('No node is up.');
  }

  private places(endpoints: readonly Endpoint[]): readonly string[] {
    return endpoints.map((endpoint) => this.cluster.hostAt(endpoint)?.placement.place ?? endpoint);
  }

  private diskOf(
    folder: string,
    placement: NodePlacement,
  ): (loop: unknown, gate: ConstructorParameters<typeof RealDisk>[1]) => RealDisk {
    return (_loop, gate) => {
      const disk = new RealDisk(join(folder, placement.place.replaceAll('/', '-')), gate);
      this.disks.set(placement.place, [...(this.disks.get(placement.place) ?? []), disk]);
      return disk;
    };
  }

  /** What earlier lives had under way is over. */
  private async closeDisks(place: string): Promise<void> {
    for (const disk of this.disks.get(place) ?? []) await disk.close();
    this.disks.delete(place);
  }

  private onTelemetry(event: TelemetryEvent): void {
    if (event.kind === 'hint-stored') this.counts.stored += event.count;
    else if (event.kind === 'hints-delivered') this.counts.delivered += event.count;
    else if (event.kind === 'hint-expired') this.counts.expired += event.count;
    else if (event.kind === 'hint-window-passed') this.counts.windowPassed += event.count;
    if (this.listeners.size === 0) return;
    const details: Record<string, string | number | boolean> = {};
    let place = '';
    for (const [name, value] of Object.entries(event)) {
      if (name === 'kind') continue;
      const text = this.readable(value);
      if (name === 'by' || (name === 'node' && place === '')) place = String(text);
      details[name] = text;
    }
    this.tell(event.kind, place, details);
  }

  private readable(value: unknown): string | number | boolean {
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    if (Array.isArray(value)) return value.map((item) => this.readable(item)).join(',');
    const text = String(value);
    return this.cluster.hostAt(text as Endpoint)?.placement.place ?? text;
  }

  private tell(kind: string, place: string, details: EngineEvent['details']): void {
    const event = { atMs: performance.now() - this.startedMs, kind, place, details };
    for (const listener of this.listeners) listener(event);
  }
}

function stateOf(host: NodeHost): NodeState {
  switch (host.state) {
    case 'up':
    case 'paused':
    case 'drained':
      return host.state;
    case 'starting':
      return 'joining';
    case 'draining':
      return 'leaving';
    case 'down':
    case 'failed':
      return 'down';
  }
}
