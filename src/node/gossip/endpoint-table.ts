// The table of all nodes a gossiper knows, and the arithmetic of an exchange: digests, what to ask for, what to send,
// what a delta changes. A machine: no ports, no liveness, no listeners. Test: test/gossip/endpoint-table.test.ts.
// Cassandra: gms/Gossiper.java (examineGossiper, applyStateLocally, getStateForVersionBiggerThan).

import type { Endpoint } from '../../world/ports.ts';
import type { ApplicationState, StateDelta, StateEntry } from './endpoint-state.ts';
import { EndpointState, HIGHEST_VERSION } from './endpoint-state.ts';
import type { Deltas, Digests } from './gossip-messages.ts';

/** Generations further ahead of our clock than this (seconds) are corrupt. */
const GENERATION_AHEAD_MAX = 86_400 * 365;

/** What a delta did. */
export type Applied =
  | { readonly kind: 'ignored' }
  /** Nothing new, but the same life of the node. */
  | { readonly kind: 'known'; readonly state: EndpointState }
  | {
      readonly kind: 'updated';
      readonly state: EndpointState;
      readonly changed: readonly ApplicationState[];
    }
  /** A node not known before, or one that has restarted (`before` is its earlier life). */
  | {
      readonly kind: 'replaced';
      readonly state: EndpointState;
      readonly before: EndpointState | null;
    };

const IGNORED: Applied = Object.freeze({ kind: 'ignored' });
const NO_CHANGES: readonly ApplicationState[] = Object.freeze([]);

export interface Examined {
  readonly requests: Digests;
  readonly deltas: Deltas;
}

export class EndpointTable {
  private readonly states = new Map<Endpoint, EndpointState>();
  private readonly self: Endpoint;
  private version = 0;

  constructor(self: Endpoint) {
    this.self = self;
  }

  get size(): number {
    return this.states.size;
  }

  get(endpoint: Endpoint): EndpointState | undefined {
    return this.states.get(endpoint);
  }

  entries(): IterableIterator<[Endpoint, EndpointState]> {
    return this.states.entries();
  }

  endpoints(): readonly Endpoint[] {
    return [...this.states.keys()];
  }

  set(endpoint: Endpoint, state: EndpointState): void {
    this.states.set(endpoint, state);
  }

  remove(endpoint: Endpoint): void {
    this.states.delete(endpoint);
  }

  clear(): void {
    this.states.clear();
  }

  /** Begins this node's own entry. */
  startLife(generation: number, entries: readonly StateEntry[], nowMs: number): EndpointState {
    const state = new EndpointState(generation, 0, nowMs);
    state.isAlive = true;
    this.states.set(this.self, state);
    this.publish(state, entries);
    return state;
  }

  /** Advances this node's heartbeat. */
  beat(nowMs: number): void {
    const state = this.states.get(this.self);
    if (state === undefined) return;
    state.heartbeat = ++this.version;
    state.updatedAtMs = nowMs;
  }

  /** Sets states with fresh versions of this node's counter. */
  publish(state: EndpointState, entries: readonly StateEntry[]): void {
    for (const [key, value] of entries) state.put(key, { value, version: ++this.version });
  }

  digests(): Digests {
    const endpoints: Endpoint[] = [];
    const generations: number[] = [];
    const versions: number[] = [];
    for (const [endpoint, state] of this.states) {
      endpoints.push(endpoint);
      generations.push(state.generation);
      versions.push(state.maxVersion);
    }
    return { endpoints, generations, versions };
  }

  /** What to ask a peer for and what to tell it, given what it has. No digests: it wants everything. */
  examine(digests: Digests): Examined {
    const requests = {
      endpoints: [] as Endpoint[],
      generations: [] as number[],
      versions: [] as number[],
    };
    const deltas: [Endpoint, StateDelta][] = [];
    if (digests.endpoints.length === 0) return { requests, deltas: this.everything() };
    const { endpoints, generations, versions } = digests;
    for (let i = 0; i < endpoints.length; i++) {
      const endpoint = endpoints[i] as Endpoint;
      const generation = generations[i] as number;
      const version = versions[i] as number;
      const state = this.states.get(endpoint);
      if (state === undefined || generation > state.generation) {
        requests.endpoints.push(endpoint);
        requests.generations.push(generation);
        requests.versions.push(0);
        continue;
      }
      const mine = state.maxVersion;
      if (generation === state.generation && version === mine) continue;
      if (generation === state.generation && version > mine) {
        requests.endpoints.push(endpoint);
        requests.generations.push(generation);
        requests.versions.push(mine);
        continue;
      }
      const delta = state.deltaAbove(generation < state.generation ? 0 : version);
      if (delta !== null) deltas.push([endpoint, delta]);
    }
    return { requests, deltas };
  }

  /** What a peer asked for. */
  answer(requests: Digests): Deltas {
    const deltas: [Endpoint, StateDelta][] = [];
    requests.endpoints.forEach((endpoint, i) => {
      const delta = this.states.get(endpoint)?.deltaAbove(requests.versions[i] as number);
      if (delta !== undefined && delta !== null) deltas.push([endpoint, delta]);
    });
    return deltas;
  }

  /** Takes in what a message says of a node. `nowSeconds` is the wall clock, against corrupt generations. */
  apply(endpoint: Endpoint, delta: StateDelta, nowMs: number, nowSeconds: number): Applied {
    const state = this.states.get(endpoint);
    if (state === undefined || delta.generation > state.generation) {
      if (delta.generation > nowSeconds + GENERATION_AHEAD_MAX) return IGNORED;
      const fresh = new EndpointState(delta.generation, delta.heartbeat, nowMs);
      for (const [key, value] of delta.states) fresh.put(key, value);
      this.states.set(endpoint, fresh);
      return { kind: 'replaced', state: fresh, before: state ?? null };
    }
    if (delta.generation < state.generation) return IGNORED;
    if (delta.heartbeat <= state.heartbeat && delta.states.length === 0)
      return { kind: 'known', state };
    const known = state.maxVersion;
    if (delta.heartbeat > state.heartbeat) state.heartbeat = delta.heartbeat;
    let changed: ApplicationState[] | null = null;
    for (const [key, value] of delta.states) {
      const before = state.versioned(key);
      if (before !== undefined && before.version >= value.version) continue;
      state.put(key, value);
      (changed ??= []).push(key);
    }
    if (state.maxVersion <= known) return { kind: 'known', state };
    state.updatedAtMs = nowMs;
    return { kind: 'updated', state, changed: changed ?? NO_CHANGES };
  }

  /** Puts words in a dead node's mouth: a newer generation with these states, as removal and assassination do. */
  overrule(
    endpoint: Endpoint,
    entries: readonly StateEntry[],
    nowMs: number,
  ): EndpointState | undefined {
    const state = this.states.get(endpoint);
    if (state === undefined) return undefined;
    state.generation++;
    state.updatedAtMs = nowMs;
    this.publish(state, entries);
    return state;
  }

  /** Freezes a node's entry at the highest version: what it said is its last word. */
  close(endpoint: Endpoint): void {
    const state = this.states.get(endpoint);
    if (state !== undefined) state.heartbeat = HIGHEST_VERSION;
  }

  private everything(): Deltas {
    const deltas: [Endpoint, StateDelta][] = [];
    for (const [endpoint, state] of this.states) {
      const delta = state.deltaAbove(0);
      if (delta !== null) deltas.push([endpoint, delta]);
    }
    return deltas;
  }
}
