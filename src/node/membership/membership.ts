// A node's view of the cluster, kept from gossip: who is where, owns what, is alive, and what drivers must hear. It
// answers as ClusterState. How this node joins and leaves is join.ts, departure.ts, relocation.ts.
// Test: test/gossip/membership.test.ts. Cassandra: service/StorageService.java, transport/Server.java (EventNotifier).

import type { KeyspaceMetadata } from '../../data/schema.ts';
import { DynamicSnitch } from '../../ring/dynamic-snitch.ts';
import type { Location, ProximityOrder } from '../../ring/snitch.ts';
import { ringOrder, topologyOrder } from '../../ring/snitch.ts';
import { PARTITIONER_CLASS, tokenText } from '../../ring/token.ts';
import type { Clock, Endpoint } from '../../world/ports.ts';
import type { ClusterState, NodeInfo, Replication } from '../cluster-state.ts';
import type { ApplicationState, EndpointState, StateEntry } from '../gossip/endpoint-state.ts';
import { gossipTransport, serveGossip } from '../gossip/gossip-over-messaging.ts';
import { gossipOptions } from '../gossip/gossip-options.ts';
import { Gossiper } from '../gossip/gossiper.ts';
import type { ClusterMetadata } from './cluster-metadata.ts';
import { compareEndpoints, snapshot } from './cluster-metadata.ts';
import type {
  ClusterEvent,
  MembershipPorts,
  MembershipSettings,
  NodeMode,
  PeerInfo,
} from './membership-parts.ts';
import type { BootstrapState, SavedNode } from './membership-store.ts';
import type { StreamContext } from './range-streaming.ts';
import type { GossipView, StatusEffect } from './status-rules.ts';
import { applyStatus, leave } from './status-rules.ts';
import { TokenMetadata } from './token-metadata.ts';

const UNKNOWN_PLACE: Location = { datacenter: 'UNKNOWN_DC', rack: 'UNKNOWN_RACK' };

export class Membership implements ClusterState {
  readonly self: Endpoint;
  readonly localDatacenter: string;
  readonly localRack: string;
  readonly gossiper: Gossiper;
  readonly metadata = new TokenMetadata();
  readonly ports: MembershipPorts;
  readonly settings: MembershipSettings;
  /** As nodetool netstats prints it. Only the lifecycle operations change it. */
  mode: NodeMode = 'STARTING';
  /** Set while this node takes the place of a dead one under the same address. */
  replacingHostId: string | null = null;
  /** A node that is being removed -> who wants to hear that this node has its share. Set by departure.ts. */
  onRemoving: ((gone: Endpoint, coordinatorId: string) => void) | null = null;
  private readonly clock: Clock;
  private readonly gossipView: GossipView;
  private readonly snitch: DynamicSnitch | null;
  private near: ProximityOrder = ringOrder;
  private saved: SavedNode | null = null;
  /** Where nodes stood when last told, in this life or before. */
  private readonly places = new Map<Endpoint, Location>();
  private snapshotVersion = -1;
  private current: ClusterMetadata;
  /** Liveness changes so far. */
  private livenessVersion = 0;
  private readonly pendingJoined = new Set<Endpoint>();
  private readonly lastStatus = new Map<Endpoint, 'UP' | 'DOWN'>();

  constructor(ports: MembershipPorts, settings: MembershipSettings) {
    const { config, identity } = settings;
    this.ports = ports;
    this.settings = settings;
    this.clock = ports.clock;
    this.self = ports.messaging.self;
    this.localDatacenter = identity.datacenter;
    this.localRack = identity.rack;
    this.snitch = config.dynamic_snitch
      ? new DynamicSnitch(ports.random.fork('dynamic snitch'), {
          updateIntervalMs: config.dynamic_snitch_update_interval,
          resetIntervalMs: config.dynamic_snitch_reset_interval,
          badnessThreshold: config.dynamic_snitch_badness_threshold,
        })
      : null;
    const options = gossipOptions({
      clusterName: config.cluster_name,
      partitioner: PARTITIONER_CLASS,
      seeds: identity.seeds,
      intervalMs: config.gossip_interval,
      phiConvictThreshold: config.phi_convict_threshold,
      ringDelayMs: config.ring_delay,
      ...settings.gossip,
    });
    const { clock, random, messaging, telemetry } = ports;
    this.gossiper = new Gossiper(
      { clock, random, telemetry, transport: gossipTransport(messaging) },
      options,
      {
        onJoin: (endpoint, state) => this.onJoin(endpoint, state),
        onRestart: (endpoint, before) => this.onRestart(endpoint, before),
        onChange: (endpoint, state, key) => this.onChange(endpoint, state, key),
        onAlive: (endpoint) => this.onAlive(endpoint),
        onDead: (endpoint) => this.onDead(endpoint),
        onRemove: (endpoint) => this.onRemove(endpoint),
        isMember: (endpoint) => this.metadata.isMember(endpoint),
      },
    );
    serveGossip(messaging, this.gossiper);
    this.gossipView = {
      self: this.self,
      isAlive: (endpoint) => this.gossiper.isAlive(endpoint),
      state: (endpoint) => this.gossiper.state(endpoint),
      isReplacingSame: (hostId) => this.replacingHostId === hostId,
    };
    this.current = snapshot(this.self, this.metadata, (endpoint) => this.locate(endpoint));
  }

  /** The cluster as this node knows it now; the same object until something changes. */
  get cluster(): ClusterMetadata {
    if (this.snapshotVersion !== this.metadata.version) this.refresh();
    return this.current;
  }

  get epoch(): number {
    const snitch = this.snitch === null ? 0 : this.snitch.version(this.clock.nowMs());
    return this.metadata.version + this.livenessVersion + snitch;
  }

  replication(keyspace: KeyspaceMetadata): Replication {
    return this.cluster.replication(keyspace);
  }

  isAlive(node: Endpoint): boolean {
    return this.gossiper.isAlive(node);
  }

  info(node: Endpoint): NodeInfo | undefined {
    return this.cluster.nodes.get(node);
  }

  endpoints(): readonly Endpoint[] {
    return [...this.cluster.nodes.keys()];
  }

  downtimeMs(node: Endpoint): number {
    return this.gossiper.downtimeMs(node);
  }

  sortedByProximity(nodes: readonly Endpoint[]): Endpoint[] {
    if (this.snapshotVersion !== this.metadata.version) this.refresh();
    const { near } = this;
    if (this.snitch === null) return [...near(nodes)];
    return [...this.snitch.order(nodes, near, this.clock.nowMs())];
  }

  recordLatency(node: Endpoint, ms: number): void {
    this.snitch?.onLatency(node, ms, this.clock.nowMs());
  }

  /** Rows of system.peers: every other node that owns tokens. */
  peers(): readonly PeerInfo[] {
    return [...this.metadata.members().keys()]
      .filter((endpoint) => endpoint !== this.self)
      .sort(compareEndpoints)
      .map((endpoint) => this.peer(endpoint));
  }

  get hostId(): string {
    return this.metadata.hostId(this.self) ?? this.saved?.hostId ?? '';
  }

  /** Decimal texts, as system.local.tokens has them. */
  get localTokens(): readonly string[] {
    return this.metadata.tokensOf(this.self).map(tokenText);
  }

  /** The node's native transport is up (or not): what makes other nodes' drivers hear UP. */
  setRpcReady(ready: boolean): void {
    this.gossiper.publish([['RPC_READY', String(ready)]]);
  }

  publishSchemaVersion(version: string): void {
    this.gossiper.publish([['SCHEMA', version]]);
  }

  publishLoad(bytes: number): void {
    this.gossiper.publish([['LOAD', bytes.toFixed(1)]]);
  }

  /** Takes over what an earlier life has saved. Before gossip starts. */
  restore(saved: SavedNode): void {
    this.saved = saved;
    for (const peer of saved.peers) {
      if (peer.endpoint === this.self || peer.tokens.length === 0) continue;
      const { endpoint, datacenter, rack } = peer;
      this.places.set(endpoint, { datacenter, rack });
      this.metadata.setNormal(endpoint, peer.tokens);
      this.metadata.setHostId(endpoint, peer.hostId);
      const place: StateEntry[] = [
        ['DC', datacenter],
        ['RACK', rack],
        ['HOST_ID', peer.hostId],
      ];
      this.gossiper.addSavedEndpoint(endpoint, place);
    }
  }

  /** Remembers this node's place; absent fields stay as they were. */
  persist(change: Partial<Omit<SavedNode, 'peers'>>): void {
    const { datacenter, rack } = this.settings.identity;
    const before = this.saved ?? {
      hostId: this.hostId,
      generation: 0,
      bootstrapped: 'NEEDS_BOOTSTRAP' as BootstrapState,
      datacenter,
      rack,
      tokens: [],
    };
    const peers = [...this.metadata.members()]
      .filter(([endpoint]) => endpoint !== this.self)
      .map(([endpoint, tokens]) => ({
        endpoint,
        tokens,
        hostId: this.metadata.hostId(endpoint) ?? '',
        ...this.locate(endpoint),
      }));
    this.saved = { ...before, ...change, peers };
    this.ports.store.save(this.saved);
  }

  /** What streaming plans are made from. */
  streamContext(): StreamContext {
    const { cluster } = this;
    return {
      self: this.self,
      ring: cluster.ring,
      keyspaces: [...this.ports.schema.current.keyspaces.values()],
      isAlive: (endpoint) => this.isAlive(endpoint),
      sorted: (replicas) => this.near(replicas),
    };
  }

  /** Removes a node from ring and gossip on this node's own account. */
  excise(endpoint: Endpoint, expiresAtMs: number | null): void {
    this.perform(leave(this.metadata, endpoint, expiresAtMs));
  }

  private refresh(): void {
    this.snapshotVersion = this.metadata.version;
    const locate = (endpoint: Endpoint): Location => this.locate(endpoint);
    this.current = snapshot(this.self, this.metadata, locate);
    if (this.settings.identity.snitch === 'topology') this.near = topologyOrder(this.self, locate);
  }

  private peer(endpoint: Endpoint): PeerInfo {
    const state = this.gossiper.state(endpoint);
    const native = state?.get('NATIVE_ADDRESS_AND_PORT')?.split(':');
    return {
      endpoint,
      hostId: this.metadata.hostId(endpoint) ?? '',
      ...this.locate(endpoint),
      tokens: this.metadata.tokensOf(endpoint).map(tokenText),
      releaseVersion: state?.get('RELEASE_VERSION') ?? null,
      schemaVersion: state?.get('SCHEMA') ?? null,
      nativeAddress: native?.[0] ?? null,
      nativePort: native?.[1] === undefined ? null : Number(native[1]),
    };
  }

  private locate(endpoint: Endpoint): Location {
    if (endpoint === this.self) return { datacenter: this.localDatacenter, rack: this.localRack };
    const state = this.gossiper.state(endpoint);
    const datacenter = state?.get('DC');
    const rack = state?.get('RACK');
    if (datacenter !== undefined && rack !== undefined) return { datacenter, rack };
    return this.places.get(endpoint) ?? UNKNOWN_PLACE;
  }

  private onJoin(endpoint: Endpoint, state: EndpointState): void {
    for (const [key] of state.entries()) this.onChange(endpoint, state, key);
  }

  /** A life that ended without our noticing: drivers must drop their connections to it. */
  private onRestart(endpoint: Endpoint, before: EndpointState): void {
    this.livenessVersion++;
    this.ports.telemetry.emit({ kind: 'node-restarted', by: this.self, node: endpoint });
    if (before.isAlive) this.onDead(endpoint);
  }

  private onChange(endpoint: Endpoint, state: EndpointState, key: ApplicationState): void {
    switch (key) {
      case 'STATUS_WITH_PORT':
        this.perform(applyStatus(this.metadata, this.gossipView, endpoint, state));
        return;
      case 'DC':
      case 'RACK':
        this.onPlace(endpoint);
        return;
      case 'SCHEMA':
        if (endpoint !== this.self) this.ports.hooks.onPeerSchema(endpoint, state.get(key) ?? '');
        return;
      case 'RPC_READY':
        if (!this.metadata.isMember(endpoint)) return;
        if (this.isRpcReady(endpoint)) this.notifyUp(endpoint);
        else this.notify('DOWN', endpoint);
        return;
      default:
        return;
    }
  }

  private onPlace(endpoint: Endpoint): void {
    const place = this.locate(endpoint);
    const known = this.places.get(endpoint);
    if (known?.datacenter === place.datacenter && known.rack === place.rack) return;
    this.places.set(endpoint, place);
    this.metadata.version++;
  }

  private perform(effects: readonly StatusEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'joined':
          this.onNodeJoined(effect.endpoint);
          break;
        case 'moved':
          this.notify('MOVED_NODE', effect.endpoint);
          break;
        case 'left':
          if (effect.expiresAtMs !== null)
            this.gossiper.setExpiry(effect.endpoint, effect.expiresAtMs);
          this.onNodeLeft(effect.endpoint, effect.hostId);
          this.gossiper.removeEndpoint(effect.endpoint);
          break;
        case 'displaced':
          this.onNodeLeft(effect.endpoint, effect.replaced ? effect.hostId : null);
          if (effect.endpoint === this.self) break;
          if (effect.replaced) this.gossiper.replacedEndpoint(effect.endpoint);
          else this.gossiper.removeEndpoint(effect.endpoint);
          break;
        case 'removing':
          this.onRemoving?.(effect.endpoint, effect.coordinatorId);
          break;
        case 'refused':
          break;
      }
    }
    if (effects.length > 0 && this.saved !== null) this.persist({});
  }

  private onNodeJoined(endpoint: Endpoint): void {
    if (endpoint === this.self) return;
    this.ports.telemetry.emit({ kind: 'node-joined', by: this.self, node: endpoint });
    if (!this.isRpcReady(endpoint)) {
      this.pendingJoined.add(endpoint);
      return;
    }
    this.notify('NEW_NODE', endpoint);
    this.notifyUp(endpoint);
  }

  private onNodeLeft(endpoint: Endpoint, hostId: string | null): void {
    if (endpoint === this.self) return;
    this.ports.telemetry.emit({ kind: 'node-left', by: this.self, node: endpoint });
    this.pendingJoined.delete(endpoint);
    this.notify('REMOVED_NODE', endpoint);
    this.lastStatus.delete(endpoint);
    if (hostId !== null) this.ports.hooks.onHostRemoved(hostId, endpoint);
  }

  private onAlive(endpoint: Endpoint): void {
    this.livenessVersion++;
    if (this.metadata.isMember(endpoint)) this.notifyUp(endpoint);
    this.ports.hooks.onPeerAlive(endpoint);
  }

  private onDead(endpoint: Endpoint): void {
    this.livenessVersion++;
    if (this.metadata.isMember(endpoint)) this.notify('DOWN', endpoint);
    this.ports.hooks.onPeerDead(endpoint);
  }

  private onRemove(endpoint: Endpoint): void {
    this.livenessVersion++;
    this.metadata.remove(endpoint);
  }

  /** True when the node has told that it serves clients. */
  isRpcReady(endpoint: Endpoint): boolean {
    return this.gossiper.state(endpoint)?.get('RPC_READY') === 'true';
  }

  private notifyUp(endpoint: Endpoint): void {
    if (endpoint === this.self || !this.isRpcReady(endpoint) || !this.isAlive(endpoint)) return;
    if (this.pendingJoined.delete(endpoint)) this.notify('NEW_NODE', endpoint);
    this.notify('UP', endpoint);
  }

  private notify(kind: ClusterEvent['kind'], endpoint: Endpoint): void {
    if (endpoint === this.self) return;
    if (kind === 'UP' || kind === 'DOWN') {
      if (this.lastStatus.get(endpoint) === kind) return;
      this.lastStatus.set(endpoint, kind);
    }
    const native = this.gossiper.state(endpoint)?.get('NATIVE_ADDRESS_AND_PORT')?.split(':');
    const [storageAddress = ''] = endpoint.split(':');
    this.ports.hooks.onClusterEvent({
      kind,
      endpoint,
      address: native?.[0] ?? storageAddress,
      port: Number(native?.[1] ?? this.settings.config.native_transport_port),
    });
  }
}
