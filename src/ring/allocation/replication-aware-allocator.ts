// Chooses tokens so that replicated ownership evens out: each candidate, the middle of an existing span, is judged by
// how much it improves the variance over tokens and over nodes; the best is taken, neighbours are judged again.
// Test: test/ring/allocation.test.ts. Cassandra: dht/tokenallocator/ReplicationAwareTokenAllocator.java.

import { assert, required } from '../../base/assert.ts';
import { Heap } from '../../base/heap.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import type { RandomSource } from '../../base/random-source.ts';
import { midpoint, shareBetween } from '../token-arithmetic.ts';
import type { AllocationRing, AllocationStrategy } from './allocation-ring.ts';
import { generateSplits } from './allocation-ring.ts';

/** A node as the allocator sees it. */
interface Unit {
  readonly group: string;
  ownership: number;
  tokenCount: number;
}

/** A token, existing or proposed, and the stretch of ring it replicates: (start, token]. */
interface Span {
  readonly token: bigint;
  readonly unit: Unit;
  /** First token of the RF-th different group seen going backwards. */
  start: bigint;
  /** A new token nearer than this becomes the new start. */
  threshold: bigint;
  ownership: number;
}

interface RingSpan extends Span {
  prev: RingSpan;
  next: RingSpan;
}

interface Candidate extends Span {
  /** The ring's token it would stand before. */
  readonly splits: RingSpan;
  prev: Candidate;
  next: Candidate;
}

interface Ranked {
  readonly gain: number;
  readonly sequence: number;
  readonly candidate: Candidate;
}

/** Adds `count` tokens of `owner` to the ring and returns them in the order they were chosen. */
export function allocateWithReplication(
  ring: AllocationRing,
  strategy: AllocationStrategy,
  owner: Endpoint,
  count: number,
  random: RandomSource,
): bigint[] {
  const tooYoung = ring.owners.size < strategy.replicas || count > ring.size;
  const groups = new Set([...ring.owners].map(strategy.groupOf));
  if (tooYoung || groups.size < strategy.replicas)
    return generateSplits(ring, owner, count, random);
  const search = new Search(ring, strategy, owner, count);
  const chosen = search.run();
  for (const token of chosen) ring.insert(token, owner);
  return chosen;
}

class Search {
  private readonly replicas: number;
  private readonly count: number;
  /** Ownership of a token when all are equal. */
  private readonly optimum: number;
  private readonly newcomer: Unit;
  private readonly first: RingSpan;

  constructor(ring: AllocationRing, strategy: AllocationStrategy, owner: Endpoint, count: number) {
    this.replicas = strategy.replicas;
    this.count = count;
    this.optimum = strategy.replicas / (ring.size + count);
    const units = new Map<Endpoint, Unit>();
    for (const entry of ring.entries) {
      const unit = units.get(entry.owner) ?? newUnit(strategy.groupOf(entry.owner));
      unit.tokenCount++;
      units.set(entry.owner, unit);
    }
    this.newcomer = newUnit(strategy.groupOf(owner));
    this.newcomer.ownership = count * this.optimum;
    this.newcomer.tokenCount = count;
    const spans = ring.entries.map(({ token, owner: holder }) =>
      newSpan(token, required(units.get(holder), 'every owner is a unit')),
    );
    this.first = linkRing(spans);
    for (let span = this.first, i = 0; i < ring.size; i++, span = span.next) this.settle(span);
  }

  run(): bigint[] {
    const queue = new Heap<Ranked>((a, b) =>
      a.gain !== b.gain ? a.gain > b.gain : a.sequence < b.sequence,
    );
    let sequence = 0;
    const push = (candidate: Candidate, gain: number): void =>
      queue.push({ gain, sequence: sequence++, candidate });
    for (const candidate of this.candidates())
      push(candidate, this.gain(candidate, 1 / this.count));
    const chosen: bigint[] = [];
    let best = required(queue.pop(), 'a ring has spans to split').candidate;
    for (let number = 1; ; number++) {
      chosen.push(best.token);
      this.confirm(best);
      if (number === this.count) return chosen;
      // The next best may have lost its worth (it cures what was just cured): judge it anew before taking it.
      while (true) {
        best = required(
          queue.pop(),
          'there are at least as many spans as tokens to choose',
        ).candidate;
        const gain = this.gain(best, (number + 1) / this.count);
        const next = queue.peek();
        if (next === undefined || gain >= next.gain) break;
        push(best, gain);
      }
    }
  }

  /** Middles of all spans, in ring order, linked in a circle. */
  private candidates(): Candidate[] {
    const list: Candidate[] = [];
    let span = this.first;
    do {
      const candidate = {
        ...newSpan(midpoint(span.prev.token, span.token), this.newcomer),
        splits: span,
        ownership: this.optimum,
      } as Candidate;
      this.measure(candidate, span.prev);
      list.push(candidate);
      span = span.next;
    } while (span !== this.first);
    list.forEach((candidate, i) => {
      candidate.next = list[(i + 1) % list.length] as Candidate;
      candidate.prev = list.at(i - 1) as Candidate;
    });
    return list;
  }

  /** Puts a candidate into the ring and brings everything it touches up to date. */
  private confirm(chosen: Candidate): void {
    chosen.prev.next = chosen.next;
    chosen.next.prev = chosen.prev;
    const after = chosen.splits;
    const span = newSpan(chosen.token, this.newcomer) as RingSpan;
    span.ownership = chosen.ownership;
    span.prev = after.prev;
    span.next = after;
    after.prev.next = span;
    after.prev = span;
    this.settle(span);
    const seen = new Set<string>();
    let candidate = chosen;
    for (let current = after; seen.size < this.replicas; current = current.next) {
      candidate = candidate.next;
      this.measure(candidate, candidate.splits.prev);
      if (seen.has(current.unit.group)) continue;
      seen.add(current.unit.group);
      this.settle(current);
    }
  }

  /** Sets a span's start and threshold; `from` is the ring's token before it. */
  private measure(span: Span, from: RingSpan): void {
    const own = span.unit.group;
    const newcomer = this.newcomer.group;
    const seen = new Set<string>();
    let start = from.token;
    let threshold = span.token;
    let group = from.unit.group;
    for (let current = from; ; current = current.prev) {
      start = current.token;
      group = current.unit.group;
      if (seen.has(group)) continue;
      seen.add(group);
      if (seen.size >= this.replicas) break;
      threshold = start;
      if (group === own) break;
    }
    if (newcomer === own) threshold = span.token;
    else if (newcomer !== group && seen.has(newcomer)) threshold = start;
    span.threshold = threshold;
    span.start = start;
  }

  /** Measures a span of the ring and books the change on its node. */
  private settle(span: RingSpan): void {
    this.measure(span, span.prev);
    const ownership = shareBetween(span.start, span.token);
    span.unit.ownership += ownership - span.ownership;
    span.ownership = ownership;
  }

  /** How much less variance with the candidate in the ring. `weight` discounts the newcomer's own imbalance. */
  private gain(candidate: Candidate, weight: number): number {
    const changes = new Map<Unit, number>();
    let change = this.tokenChange(changes, candidate, candidate.start);
    const seen = new Set<string>();
    for (let span = candidate.splits; seen.size < this.replicas; span = span.next) {
      if (seen.has(span.unit.group)) continue;
      seen.add(span.unit.group);
      const start = furtherStart(span.threshold, candidate.token, span.token);
      change += this.tokenChange(changes, span, start);
    }
    let unitChange = 0;
    for (const [unit, difference] of [...changes].reverse()) {
      const after = (unit.ownership + difference) / unit.tokenCount - this.optimum;
      const before = unit.ownership / unit.tokenCount - this.optimum;
      const improvement = after * after - before * before;
      unitChange += unit === this.newcomer ? improvement * weight : improvement;
    }
    return -(change + unitChange);
  }

  private tokenChange(changes: Map<Unit, number>, span: Span, start: bigint): number {
    assert(span.unit.tokenCount > 0, 'a unit in the ring has tokens');
    const ownership = shareBetween(start, span.token);
    changes.set(span.unit, (changes.get(span.unit) ?? 0) + (ownership - span.ownership));
    const after = ownership - this.optimum;
    const before = span.ownership - this.optimum;
    return (after * after - before * before) / (span.unit.tokenCount * span.unit.tokenCount);
  }
}

function newUnit(group: string): Unit {
  return { group, ownership: 0, tokenCount: 0 };
}

function newSpan(token: bigint, unit: Unit): Span {
  return { token, unit, start: token, threshold: token, ownership: 0 };
}

function linkRing(spans: readonly Span[]): RingSpan {
  const ring = spans as readonly RingSpan[];
  ring.forEach((span, i) => {
    span.next = ring[(i + 1) % ring.length] as RingSpan;
    span.prev = ring.at(i - 1) as RingSpan;
  });
  return required(ring[0], 'the ring is not empty');
}

/** The token that makes the longer range up to `end`; `end` itself is no range at all. */
function furtherStart(a: bigint, b: bigint, end: bigint): bigint {
  if (a === end) return b;
  if (b === end) return a;
  return shareBetween(a, end) > shareBetween(b, end) ? a : b;
}
