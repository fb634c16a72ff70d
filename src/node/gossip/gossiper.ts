// Spreads what nodes know of one another and decides who is alive: a round every interval, digests compared, deltas
// sent, silence judged by the failure detector, revival confirmed by an echo. A service: it owns the timers; the
// table and the detector are machines. It does not know what statuses mean for the ring: its subscriber does.
// Test: test/gossip/gossiper.test.ts. Cassandra: gms/Gossiper.java.

import type { Clock, Endpoint, Random, Timer } from '../../world/ports.ts';
import type { Telemetry } from '../telemetry.ts';
import type { ApplicationState, EndpointState, StateDelta, StateEntry } from './endpoint-state.ts';
import { STATUS } from './endpoint-state.ts';
import { EndpointTable } from './endpoint-table.ts';
import { FailureDetector } from './failure-detector.ts';
import type { GossipOptions } from './gossip-options.ts';
import type {
  Deltas,
  GossipDigestAck,
  GossipDigestAck2,
  GossipDigestSyn,
  GossipShutdown,
  GossipTransport,
} from './gossip-messages.ts';
import { NO_DIGESTS } from './gossip-messages.ts';
import { ShadowRound } from './shadow-round.ts';
import type { ShadowResult } from './shadow-round.ts';

/** Who acts on what gossip finds out. Calls come one at a time, after the table has changed. */
export interface GossipSubscriber {
  /** A node not known before, or a new life of a known one; its states are complete. */
  onJoin(endpoint: Endpoint, state: EndpointState): void;
  onRestart(endpoint: Endpoint, before: EndpointState): void;
  onChange(endpoint: Endpoint, state: EndpointState, key: ApplicationState): void;
  onAlive(endpoint: Endpoint, state: EndpointState): void;
  onDead(endpoint: Endpoint, state: EndpointState): void;
  onRemove(endpoint: Endpoint): void;
  /** Owns tokens: such a node is never dropped for being silent. */
  isMember(endpoint: Endpoint): boolean;
}

export interface GossiperPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: GossipTransport;
  readonly telemetry: Telemetry;
}

/** Heartbeat of an entry made up for a node that nobody has heard of. */
const INVENTED_HEARTBEAT = 9999;

export class Gossiper {
  readonly self: Endpoint;
  readonly options: GossipOptions;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly transport: GossipTransport;
  private readonly telemetry: Telemetry;
  private readonly subscriber: GossipSubscriber;
  private readonly table: EndpointTable;
  private readonly detector: FailureDetector;
  private seeds: Endpoint[];
  /** Alive nodes but this one, in the order they came; an array, because rounds pick by index. */
  private readonly live: Endpoint[] = [];
  /** Dead nodes and since when (monotonic milliseconds). */
  private readonly unreachable = new Map<Endpoint, number>();
  private readonly echoing = new Set<Endpoint>();
  /** Nodes not listened to, until when (monotonic milliseconds). */
  private readonly quarantined = new Map<Endpoint, number>();
  /** Wall clock milliseconds after which a node that left is forgotten. */
  private readonly expiries = new Map<Endpoint, number>();
  private readonly shadow: ShadowRound;
  private timer: Timer | null = null;
  private enabled = false;

  constructor(ports: GossiperPorts, options: GossipOptions, subscriber: GossipSubscriber) {
    this.self = ports.transport.self;
    this.clock = ports.clock;
    this.random = ports.random.fork('gossip');
    this.transport = ports.transport;
    this.telemetry = ports.telemetry;
    this.options = options;
    this.subscriber = subscriber;
    this.table = new EndpointTable(this.self);
    this.detector = new FailureDetector(options);
    this.seeds = options.seeds.filter((seed) => seed !== this.self);
    this.shadow = new ShadowRound(this.clock, options, this.self, (to) => this.sendSyn(to, true));
  }

  /** Learns of the cluster without joining it; `done` is called once, in an event of its own or at once. */
  shadowRound(peers: readonly Endpoint[], done: (result: ShadowResult) => void): void {
    this.shadow.start(this.seeds, peers, done);
  }

  /** Begins to gossip. `generation`: unix seconds of the start, above that of every earlier life. */
  start(generation: number, entries: readonly StateEntry[]): void {
    this.table.startLife(generation, entries, this.clock.nowMs());
    this.enabled = true;
    this.timer ??= this.clock.after(this.options.intervalMs, this.onRound);
  }

  /**
   * Takes in what the shadow round brought: for a node that hibernates while it replaces another under its address, which
   * nobody gossips to. After `start`.
   */
  learn(states: ReadonlyMap<Endpoint, EndpointState>): void {
    const deltas: [Endpoint, StateDelta][] = [];
    for (const [endpoint, state] of states) {
      const delta = state.deltaAbove(0);
      if (delta !== null) deltas.push([endpoint, delta]);
    }
    this.takeIn(deltas);
  }

  /** Stops without a goodbye (nodetool disablegossip comes with one: see shutdown). */
  stop(): void {
    this.enabled = false;
    this.timer?.cancel();
    this.timer = null;
  }

  /** Says goodbye to all live nodes, who mark this one down at once, and stops. `done` after the announcement. */
  shutdown(done: () => void): void {
    const own = this.table.get(this.self);
    if (own === undefined || own.isDeadStatus) {
      this.stop();
      done();
      return;
    }
    this.publish([
      ['RPC_READY', 'false'],
      ['STATUS_WITH_PORT', `${STATUS.SHUTDOWN},true`],
    ]);
    const state = own.deltaAbove(0);
    if (state !== null) {
      for (const peer of this.live) this.transport.tell(peer, 'GOSSIP_SHUTDOWN', { state });
    }
    this.stop();
    this.clock.after(this.options.shutdownAnnounceMs, done);
  }

  /** Changes this node's own states; the subscriber hears of them as of anyone's. */
  publish(entries: readonly StateEntry[]): void {
    const state = this.table.get(this.self);
    if (state === undefined) return;
    this.table.publish(state, entries);
    for (const [key] of entries) this.subscriber.onChange(this.self, state, key);
  }

  /** The seeds in use, this node excluded. */
  seedEndpoints(): readonly Endpoint[] {
    return this.seeds;
  }

  /** nodetool reloadseeds: takes the seed provider's list anew. */
  reloadSeeds(seeds: readonly Endpoint[]): void {
    this.seeds = seeds.filter((seed) => seed !== this.self);
  }

  get isEnabled(): boolean {
    return this.enabled;
  }

  state(endpoint: Endpoint): EndpointState | undefined {
    return this.table.get(endpoint);
  }

  states(): IterableIterator<[Endpoint, EndpointState]> {
    return this.table.entries();
  }

  /** What the failure detector and gossip believe; a node itself is alive. */
  isAlive(endpoint: Endpoint): boolean {
    return endpoint === this.self || this.table.get(endpoint)?.isAlive === true;
  }

  liveEndpoints(): readonly Endpoint[] {
    return this.live;
  }

  unreachableEndpoints(): readonly Endpoint[] {
    return [...this.unreachable.keys()];
  }

  /** Milliseconds since the node was marked down; 0 when it is not. */
  downtimeMs(endpoint: Endpoint): number {
    const since = this.unreachable.get(endpoint);
    return since === undefined ? 0 : this.clock.nowMs() - since;
  }

  phi(endpoint: Endpoint): number {
    return this.detector.phi(endpoint, this.clock.nowMs());
  }

  hasSeenSeed(): boolean {
    if (this.options.seeds.includes(this.self)) return true;
    return this.seeds.some((seed) => this.table.get(seed) !== undefined);
  }

  /** Adds a node known from an earlier life: down until it is heard of. */
  addSavedEndpoint(endpoint: Endpoint, entries: readonly StateEntry[]): void {
    if (endpoint === this.self || this.table.get(endpoint) !== undefined) return;
    const nowMs = this.clock.nowMs();
    const delta = { generation: 0, heartbeat: 0, states: [] };
    this.table.apply(endpoint, delta, nowMs, 0);
    const state = this.table.get(endpoint);
    if (state !== undefined) {
      for (const [key, value] of entries) state.put(key, { value, version: 0 });
    }
    this.unreachable.set(endpoint, nowMs);
  }

  /** Calls `done` when the number of known nodes has stopped changing. */
  whenSettled(done: () => void): void {
    const { settleMinMs, settlePollMs, settlePolls } = this.options;
    let known = this.table.size;
    let calm = 0;
    const poll = (): void => {
      calm = this.table.size === known ? calm + 1 : 0;
      known = this.table.size;
      if (calm >= settlePolls) done();
      else this.clock.after(settlePollMs, poll);
    };
    this.clock.after(
      settleMinMs,
      settlePolls === 0 ? done : () => this.clock.after(settlePollMs, poll),
    );
  }

  /** Forgets a node that left and does not listen to old gossip of it for a while. */
  removeEndpoint(endpoint: Endpoint): void {
    this.subscriber.onRemove(endpoint);
    const state = this.table.get(endpoint);
    if (state !== undefined) state.isAlive = false;
    this.seeds = this.seeds.filter((seed) => seed !== endpoint);
    this.drop(this.live, endpoint);
    this.unreachable.delete(endpoint);
    this.detector.forget(endpoint);
    this.quarantine(endpoint);
  }

  /** Removes a node that another has replaced, its state too. */
  replacedEndpoint(endpoint: Endpoint): void {
    this.removeEndpoint(endpoint);
    this.evict(endpoint);
    this.quarantined.set(endpoint, this.clock.nowMs() + 2 * this.options.quarantineMs);
  }

  /** When the state of a node that left may be forgotten (wall clock, milliseconds). */
  setExpiry(endpoint: Endpoint, expiresAtMs: number): void {
    this.expiries.set(endpoint, expiresAtMs);
  }

  /** Wall clock milliseconds at which the state of a node that leaves now expires. */
  expiryForNow(): number {
    return Math.floor(this.clock.wallMs()) + this.options.expireMs;
  }

  /** Speaks for a dead node with a newer generation (removenode, assassinate). False for an unknown node. */
  overrule(endpoint: Endpoint, entries: readonly StateEntry[]): boolean {
    const state = this.table.overrule(endpoint, entries, this.clock.nowMs());
    if (state === undefined) return false;
    for (const [key] of entries) this.subscriber.onChange(endpoint, state, key);
    return true;
  }

  /** Makes up an entry for a node nobody knows, so that it can be overruled (assassinate). */
  invent(endpoint: Endpoint): void {
    const generation = Math.floor(this.clock.wallMs() / 1000) + 60;
    const delta = { generation, heartbeat: INVENTED_HEARTBEAT, states: [] };
    this.table.apply(endpoint, delta, this.clock.nowMs(), this.clock.wallMs() / 1000);
  }

  onSyn(from: Endpoint, syn: GossipDigestSyn): void {
    const inShadow = this.shadow.isRunning;
    if (!this.enabled && !inShadow) return;
    if (syn.clusterName !== this.options.clusterName) return;
    if (syn.partitioner !== this.options.partitioner) return;
    if (inShadow) {
      // Two nodes that start at once: each tells the other that it knows nothing yet.
      const empty: GossipDigestAck = { requests: NO_DIGESTS, deltas: [] };
      if (syn.digests.endpoints.length === 0) this.transport.tell(from, 'GOSSIP_DIGEST_ACK', empty);
      return;
    }
    this.transport.tell(from, 'GOSSIP_DIGEST_ACK', this.table.examine(syn.digests));
  }

  onAck(from: Endpoint, ack: GossipDigestAck): void {
    if (this.shadow.isRunning) {
      this.shadow.onAck(from, ack);
      return;
    }
    if (!this.enabled) return;
    this.takeIn(ack.deltas);
    if (ack.requests.endpoints.length === 0) return;
    this.transport.tell(from, 'GOSSIP_DIGEST_ACK2', { deltas: this.table.answer(ack.requests) });
  }

  onAck2(_from: Endpoint, ack2: GossipDigestAck2): void {
    if (this.enabled) this.takeIn(ack2.deltas);
  }

  onShutdown(from: Endpoint, { state: delta }: GossipShutdown): void {
    if (!this.enabled) return;
    const state = this.table.get(from);
    if (state === undefined) return;
    this.take(from, delta);
    this.markShutdown(from);
  }

  private readonly onRound = (): void => {
    this.timer = this.clock.after(this.options.intervalMs, this.onRound);
    this.table.beat(this.clock.nowMs());
    const { live, unreachable, seeds, random } = this;
    let metSeed = false;
    if (live.length > 0) {
      const peer = live[random.below(live.length)] as Endpoint;
      this.sendSyn(peer, false);
      metSeed = seeds.includes(peer);
    }
    if (unreachable.size > 0 && random.float() < unreachable.size / (live.length + 1)) {
      this.gossipToUnreachable();
    }
    if (!metSeed || live.length < seeds.length) this.gossipToSeed();
    this.checkStatus();
  };

  /** A round with one peer out of turn: when whoever starts a cluster introduces its nodes to each other. */
  gossipTo(peer: Endpoint): void {
    if (this.enabled) this.sendSyn(peer, false);
  }

  private gossipToUnreachable(): void {
    const candidates = [...this.unreachable.keys()].filter(
      (endpoint) => this.table.get(endpoint)?.isDeadStatus !== true,
    );
    const peer = candidates[this.random.below(candidates.length)];
    if (peer !== undefined) this.sendSyn(peer, false);
  }

  private gossipToSeed(): void {
    const { live, unreachable, seeds, random } = this;
    if (seeds.length === 0) return;
    const probability = live.length === 0 ? 1 : seeds.length / (live.length + unreachable.size);
    if (probability < 1 && random.float() > probability) return;
    this.sendSyn(seeds[random.below(seeds.length)] as Endpoint, false);
  }

  private sendSyn(to: Endpoint, empty: boolean): void {
    const { clusterName, partitioner } = this.options;
    const digests = empty ? NO_DIGESTS : this.table.digests();
    this.transport.tell(to, 'GOSSIP_DIGEST_SYN', { clusterName, partitioner, digests });
  }

  private takeIn(deltas: Deltas): void {
    for (const [endpoint, delta] of deltas) {
      if (endpoint === this.self || this.quarantined.has(endpoint)) continue;
      this.take(endpoint, delta);
    }
  }

  private take(endpoint: Endpoint, delta: StateDelta): void {
    const nowMs = this.clock.nowMs();
    this.reportToDetector(endpoint, delta, nowMs);
    const applied = this.table.apply(endpoint, delta, nowMs, this.clock.wallMs() / 1000);
    switch (applied.kind) {
      case 'ignored':
        return;
      case 'replaced':
        this.onReplaced(endpoint, applied.state, applied.before);
        return;
      case 'updated':
        for (const key of applied.changed) {
          this.subscriber.onChange(endpoint, applied.state, key);
          if (key === 'STATUS_WITH_PORT' && applied.state.isShutdown) this.markShutdown(endpoint);
        }
        break;
      case 'known':
        break;
    }
    const { state } = applied;
    if (!state.isAlive && mayLive(state)) this.confirmAlive(endpoint, state);
  }

  private reportToDetector(endpoint: Endpoint, delta: StateDelta, nowMs: number): void {
    const state = this.table.get(endpoint);
    if (state === undefined) {
      this.detector.onHeartbeat(endpoint, nowMs);
    } else if (delta.generation > state.generation) {
      // A reboot: intervals of the life before say nothing.
      if (!state.isAlive) this.detector.forget(endpoint);
      this.detector.onHeartbeat(endpoint, nowMs);
    } else if (delta.generation === state.generation && delta.heartbeat > state.maxVersion) {
      this.detector.onHeartbeat(endpoint, nowMs);
    }
  }

  private onReplaced(endpoint: Endpoint, state: EndpointState, before: EndpointState | null): void {
    // Generation 0: known from an earlier life of ours only.
    if (before !== null && before.generation > 0) {
      this.subscriber.onRestart(endpoint, before);
      if (before.isAlive) this.drop(this.live, endpoint);
    }
    state.isAlive = false;
    if (!this.unreachable.has(endpoint)) this.unreachable.set(endpoint, this.clock.nowMs());
    if (state.isDeadStatus || state.isShutdown) this.subscriber.onDead(endpoint, state);
    else this.confirmAlive(endpoint, state);
    this.subscriber.onJoin(endpoint, state);
    if (state.isShutdown) this.markShutdown(endpoint);
  }

  /** A node is alive when it answers itself; that others have heard of it is not enough. */
  private confirmAlive(endpoint: Endpoint, state: EndpointState): void {
    if (this.echoing.has(endpoint)) return;
    this.echoing.add(endpoint);
    this.transport.echo(endpoint, (answered) => {
      this.echoing.delete(endpoint);
      const current = this.table.get(endpoint);
      if (!answered || !this.enabled || current === undefined) return;
      if (current === state) this.markAlive(endpoint, state);
      else if (!current.isAlive && mayLive(current)) this.confirmAlive(endpoint, current);
    });
  }

  private markAlive(endpoint: Endpoint, state: EndpointState): void {
    if (state.isAlive || !mayLive(state)) return;
    state.isAlive = true;
    state.updatedAtMs = this.clock.nowMs();
    if (!this.live.includes(endpoint)) this.live.push(endpoint);
    this.unreachable.delete(endpoint);
    this.expiries.delete(endpoint);
    this.telemetry.emit({ kind: 'node-marked-up', by: this.self, node: endpoint });
    this.subscriber.onAlive(endpoint, state);
  }

  private markDead(endpoint: Endpoint, state: EndpointState): void {
    const wasAlive = state.isAlive;
    state.isAlive = false;
    this.drop(this.live, endpoint);
    if (!this.unreachable.has(endpoint)) this.unreachable.set(endpoint, this.clock.nowMs());
    if (wasAlive) this.subscriber.onDead(endpoint, state);
  }

  private markShutdown(endpoint: Endpoint): void {
    const state = this.table.get(endpoint);
    if (state === undefined) return;
    this.table.close(endpoint);
    this.markDead(endpoint, state);
    this.detector.forget(endpoint);
  }

  private checkStatus(): void {
    const nowMs = this.clock.nowMs();
    const wallMs = this.clock.wallMs();
    const mayConvict = this.detector.beginCheck(nowMs);
    const silent: Endpoint[] = [];
    const expired: Endpoint[] = [];
    for (const [endpoint, state] of this.table.entries()) {
      if (endpoint === this.self) continue;
      if (state.isAlive) {
        const phi = mayConvict ? this.detector.convicts(endpoint, nowMs) : null;
        if (phi !== null) {
          this.telemetry.emit({ kind: 'node-convicted', by: this.self, node: endpoint, phi });
          this.markDead(endpoint, state);
        }
      }
      if (this.subscriber.isMember(endpoint)) continue;
      const silenceMs = nowMs - state.updatedAtMs;
      if (!state.isDeadStatus && silenceMs > this.options.fatClientTimeoutMs) silent.push(endpoint);
      else if (!state.isAlive && wallMs > (this.expiries.get(endpoint) ?? Infinity))
        expired.push(endpoint);
    }
    for (const endpoint of silent) {
      if (!this.quarantined.has(endpoint)) {
        this.removeEndpoint(endpoint);
        this.evict(endpoint);
      }
    }
    for (const endpoint of expired) this.evict(endpoint);
    for (const [endpoint, until] of this.quarantined) {
      if (nowMs > until) this.quarantined.delete(endpoint);
    }
  }

  private evict(endpoint: Endpoint): void {
    this.unreachable.delete(endpoint);
    this.drop(this.live, endpoint);
    this.table.remove(endpoint);
    this.expiries.delete(endpoint);
    this.detector.forget(endpoint);
    this.quarantine(endpoint);
  }

  private quarantine(endpoint: Endpoint): void {
    this.quarantined.set(endpoint, this.clock.nowMs() + this.options.quarantineMs);
  }

  private drop(list: Endpoint[], endpoint: Endpoint): void {
    const at = list.indexOf(endpoint);
    if (at >= 0) list.splice(at, 1);
  }
}

function mayLive(state: EndpointState): boolean {
  return !state.isDeadStatus && !state.isShutdown;
}
