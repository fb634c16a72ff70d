// Asks seeds and known peers for the state of the cluster before this node has a place in it: to see whether its
// address is taken, what the tokens are, whom it replaces. Test: test/gossip/gossiper.test.ts.
// Cassandra: gms/Gossiper.java (doShadowRound).

import type { Clock, Endpoint, Timer } from '../../world/ports.ts';
import { EndpointState } from './endpoint-state.ts';
import type { GossipDigestAck } from './gossip-messages.ts';
import type { GossipOptions } from './gossip-options.ts';

export type ShadowResult =
  /** Empty when nobody else is there yet. */
  | { readonly ok: true; readonly states: ReadonlyMap<Endpoint, EndpointState> }
  | { readonly ok: false; readonly error: string };

export class ShadowRound {
  private readonly clock: Clock;
  private readonly options: GossipOptions;
  private readonly isSeed: boolean;
  private readonly ask: (to: Endpoint) => void;
  private seeds: readonly Endpoint[] = [];
  private peers: readonly Endpoint[] = [];
  private done: ((result: ShadowResult) => void) | null = null;
  private readonly shadowed = new Set<Endpoint>();
  private askPeers = false;
  private startedAtMs = 0;
  private timer: Timer | null = null;

  /** `ask` sends an empty SYN. */
  constructor(clock: Clock, options: GossipOptions, self: Endpoint, ask: (to: Endpoint) => void) {
    this.clock = clock;
    this.options = options;
    this.isSeed = options.seeds.includes(self);
    this.ask = ask;
  }

  get isRunning(): boolean {
    return this.done !== null;
  }

  start(
    seeds: readonly Endpoint[],
    peers: readonly Endpoint[],
    done: (result: ShadowResult) => void,
  ): void {
    this.seeds = seeds;
    this.peers = peers;
    this.shadowed.clear();
    this.askPeers = false;
    this.startedAtMs = this.clock.nowMs();
    if (seeds.length === 0 && peers.length === 0) {
      done({ ok: true, states: new Map() });
      return;
    }
    this.done = done;
    this.onTimer();
  }

  onAck(from: Endpoint, ack: GossipDigestAck): void {
    if (ack.requests.endpoints.length === 0 && ack.deltas.length === 0) {
      this.shadowed.add(from);
      // All seeds start at once: a seed need not wait for anybody.
      if (this.isSeed && this.seeds.every((seed) => this.shadowed.has(seed)))
        this.finish(new Map());
      return;
    }
    const nowMs = this.clock.nowMs();
    const states = new Map<Endpoint, EndpointState>();
    for (const [endpoint, delta] of ack.deltas) {
      const state = new EndpointState(delta.generation, delta.heartbeat, nowMs);
      for (const [key, value] of delta.states) state.put(key, value);
      states.set(endpoint, state);
    }
    this.finish(states);
  }

  private readonly onTimer = (): void => {
    if (this.done === null) return;
    // Twice as long for a node that is no seed: when a whole cluster starts, the seeds may come up late.
    const limitMs = this.isSeed ? this.options.shadowRoundMs / 2 : this.options.shadowRoundMs;
    if (this.clock.nowMs() - this.startedAtMs >= limitMs) {
      if (this.isSeed) this.finish(new Map());
      else this.finish(null);
      return;
    }
    for (const seed of this.seeds) this.ask(seed);
    if (this.askPeers) for (const peer of this.peers) this.ask(peer);
    this.askPeers = true;
    this.timer = this.clock.after(this.options.shadowRetryMs, this.onTimer);
  };

  /** null: nobody has answered. */
  private finish(states: ReadonlyMap<Endpoint, EndpointState> | null): void {
    const { done } = this;
    this.done = null;
    this.timer?.cancel();
    this.timer = null;
    if (states === null) done?.({ ok: false, error: 'Unable to gossip with any peers' });
    else done?.({ ok: true, states });
  }
}
