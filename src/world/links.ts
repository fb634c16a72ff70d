// Which messages get through between two nodes, and when: base latencies by topology, and the rules that faults lay
// over them. Pure but for its random streams: one named stream a pair of places, so that removing a rule moves no
// other draw. TCP's view: messages of one pair stay in order; a lost packet is a delay unless the link is cut.

import type { Endpoint, Random } from './ports.ts';

/** Where an endpoint stands. */
export interface Place {
  readonly datacenter: string;
  readonly rack: string;
}

/** One-way latency: `oneWayMs` plus `jitterMs` (exponential tail cut at four times), and what the link loses. */
export interface Latency {
  readonly oneWayMs: number;
  readonly jitterMs: number;
  /** Share of messages that are lost, 0 to 1. Absent: none. */
  readonly lossRate?: number;
}

/** A change to some links while it lasts. `matches` is asked once a pair; it must be pure. */
export interface LinkRule {
  readonly name: string;
  readonly matches: (from: Endpoint, to: Endpoint) => boolean;
  readonly effect:
    | { readonly kind: 'cut' }
    | { readonly kind: 'slow'; readonly addedMs: number; readonly jitterMs: number }
    /** Share of messages that are lost, 0 to 1 (the message is gone: half-open connections, one-way loss). */
    | { readonly kind: 'lose'; readonly rate: number }
    /** Messages wait until the rule is lifted, then arrive in a burst. */
    | { readonly kind: 'jam' };
}

/** The state of one directed pair, kept until a rule or place changes. */
export interface Link {
  readonly generation: number;
  readonly oneWayMs: number;
  readonly jitterMs: number;
  readonly cut: boolean;
  readonly jammed: boolean;
  readonly lossRate: number;
  /** Arrival time of the latest message, to keep the order. */
  lastArrivalMs: number;
}

export type LatencyModel = (from: Place, to: Place, same: boolean) => Latency;

const NOTHING_BETWEEN: Latency = { oneWayMs: 0, jitterMs: 0 };

export const NO_LATENCY: LatencyModel = () => NOTHING_BETWEEN;

export class LinkTable {
  /** Grows with every change: users compare it with a cached link's. */
  generation = 0;
  private readonly places = new Map<Endpoint, Place>();
  private readonly rules = new Map<string, LinkRule>();
  private readonly listeners = new Set<() => void>();
  private model: LatencyModel;
  private readonly random: Random;

  constructor(model: LatencyModel, random: Random) {
    this.model = model;
    this.random = random;
  }

  /** Exchanges the base latencies. */
  setModel(model: LatencyModel): void {
    this.model = model;
    this.changed();
  }

  place(node: Endpoint, place: Place): void {
    this.places.set(node, place);
    this.changed();
  }

  placeOf(node: Endpoint): Place | undefined {
    return this.places.get(node);
  }

  add(rule: LinkRule): void {
    this.rules.set(rule.name, rule);
    this.changed();
  }

  remove(name: string): void {
    if (this.rules.delete(name)) this.changed();
  }

  activeRules(): readonly LinkRule[] {
    return [...this.rules.values()];
  }

  /** Called when links may have changed (jammed messages look again). Returns the way to stop listening. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The link as it is now; keep it while `generation` stays the same. */
  link(from: Endpoint, to: Endpoint): Link {
    const a = this.places.get(from);
    const b = this.places.get(to);
    const base = a && b ? this.model(a, b, from === to) : NOTHING_BETWEEN;
    let { oneWayMs, jitterMs } = base;
    let cut = false;
    let jammed = false;
    let passRate = 1 - (base.lossRate ?? 0);
    if (from !== to) {
      for (const rule of this.rules.values()) {
        if (!rule.matches(from, to)) continue;
        const effect = rule.effect;
        if (effect.kind === 'cut') cut = true;
        else if (effect.kind === 'jam') jammed = true;
        else if (effect.kind === 'lose') passRate *= 1 - effect.rate;
        else {
          oneWayMs += effect.addedMs;
          jitterMs += effect.jitterMs;
        }
      }
    }
    return {
      generation: this.generation,
      oneWayMs,
      jitterMs,
      cut,
      jammed,
      lossRate: 1 - passRate,
      lastArrivalMs: 0,
    };
  }

  /** The pair's own stream, for jitter and loss. Fork it once a pair. */
  stream(from: Endpoint, to: Endpoint): Random {
    return this.random.fork(`link ${from}..${to}`);
  }

  private changed(): void {
    this.generation++;
    for (const listener of this.listeners) listener();
  }
}

/** Milliseconds until a message sent now arrives; negative when it is lost. `stream` is asked only when needed. */
export function transitMs(link: Link, stream: () => Random): number {
  if (link.cut) return -1;
  if (link.lossRate > 0 && stream().float() < link.lossRate) return -1;
  if (link.jitterMs === 0) return link.oneWayMs;
  const tail = Math.min(4, -Math.log(1 - stream().float()));
  return link.oneWayMs + link.jitterMs * tail * 0.5;
}
