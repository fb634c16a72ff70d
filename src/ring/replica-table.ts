// Replicas by token index for one (ring, replication): SimpleStrategy and NetworkTopologyStrategy as Cassandra walks
// the ring, computed once. Lists that are equal are the same object, so callers may cache by identity.
// Test: test/ring/token-ring.test.ts. Cassandra: locator/SimpleStrategy.java, locator/NetworkTopologyStrategy.java.

import type { Endpoint } from '../base/endpoint.ts';
import type { ReplicationParams } from '../data/schema.ts';
import type { Replication } from './replication.ts';
import { replicationOf } from './replication.ts';
import type { Token } from './token.ts';
import { rangeShare } from './token.ts';
import type { TokenRange } from './token-range.ts';
import type { RingMember, TokenRing } from './token-ring.ts';

/** Replicas in ring order, the primary first. Never changed; equal lists of one table are one object. */
export type ReplicaList = readonly Endpoint[];

export const NO_REPLICAS: ReplicaList = Object.freeze([]);

/** Who holds which range. Immutable. */
export class ReplicaTable {
  readonly replication: Replication;
  readonly ring: TokenRing;
  /** By token index. Under LocalStrategy all are empty: the node itself is not the ring's business. */
  readonly lists: readonly ReplicaList[];

  constructor(ring: TokenRing, replication: Replication, lists: readonly ReplicaList[]) {
    this.ring = ring;
    this.replication = replication;
    this.lists = lists;
  }

  /** Natural replicas of a token: O(log tokens), no allocation. */
  at(token: Token): ReplicaList {
    return this.lists[this.ring.indexFor(token)] ?? NO_REPLICAS;
  }

  /** All ranges a node replicates, in ring order. */
  rangesOf(endpoint: Endpoint): readonly TokenRange[] {
    const ranges: TokenRange[] = [];
    this.lists.forEach((list, index) => {
      if (list.includes(endpoint)) ranges.push(this.ring.rangeAt(index));
    });
    return ranges;
  }

  /** Share of the data each node replicates; sums to the number of replicas that exist. */
  effectiveOwnership(): ReadonlyMap<Endpoint, number> {
    const shares = new Map<Endpoint, number>(this.ring.members.map((m) => [m.endpoint, 0]));
    this.lists.forEach((list, index) => {
      const { left, right } = this.ring.rangeAt(index);
      const share = rangeShare(left, right);
      for (const endpoint of list) shares.set(endpoint, (shares.get(endpoint) ?? 0) + share);
    });
    return shares;
  }
}

export function buildReplicaTable(ring: TokenRing, params: ReplicationParams): ReplicaTable {
  const replication = replicationOf(params);
  const interned = new Map<string, ReplicaList>();
  const lists: ReplicaList[] = [];
  const walk = walkerFor(ring, replication);
  for (let i = 0; i < ring.size; i++) {
    const picked = walk(i);
    const key = picked.join();
    let list = interned.get(key);
    if (list === undefined) {
      list = Object.freeze(picked.map((m) => (ring.members[m] as RingMember).endpoint));
      interned.set(key, list);
    }
    lists.push(list);
  }
  return new ReplicaTable(ring, replication, lists);
}

/** Gives, for a token index, the members' indices in the order the strategy meets them. */
function walkerFor(ring: TokenRing, replication: Replication): (start: number) => number[] {
  switch (replication.kind) {
    case 'local':
      return () => [];
    case 'simple':
      return (start) => walkSimple(ring, replication.total, start);
    case 'network':
      return networkWalker(ring, replication.factors);
  }
}

function walkSimple(ring: TokenRing, factor: number, start: number): number[] {
  const picked: number[] = [];
  const { owners, size } = ring;
  for (let step = 0; step < size && picked.length < factor; step++) {
    const owner = owners[(start + step) % size] as number;
    if (!picked.includes(owner)) picked.push(owner);
  }
  return picked;
}

/** One pass over all datacenters' tokens together, so that the result is in ring order. */
function networkWalker(
  ring: TokenRing,
  factors: ReadonlyMap<string, number>,
): (start: number) => number[] {
  const { members, owners, size } = ring;
  const names = [...factors.keys()].filter((name) => ring.datacenters.has(name));
  const limits = names.map((name) => {
    const topology = ring.datacenters.get(name);
    const factor = factors.get(name) ?? 0;
    return {
      left: Math.min(factor, topology?.endpoints.length ?? 0),
      repeats: factor - (topology?.racks.size ?? 0),
    };
  });
  const datacenterOf = members.map(({ datacenter }) => names.indexOf(datacenter));
  const rackIds = new Map<string, number>();
  const rackOf = members.map(({ datacenter, rack }) => {
    const key = `${datacenter}\u0000${rack}`;
    const id = rackIds.get(key) ?? rackIds.size;
    rackIds.set(key, id);
    return id;
  });
  const want = limits.reduce((sum, { left }) => sum + left, 0);
  // Marks hold the walk's number, so that nothing is cleared between walks.
  const memberSeen = new Int32Array(members.length);
  const rackSeen = new Int32Array(rackIds.size);
  let walkNumber = 0;

  return (start) => {
    walkNumber++;
    const left = limits.map((limit) => limit.left);
    const repeats = limits.map((limit) => limit.repeats);
    const picked: number[] = [];
    for (let step = 0; step < size && picked.length < want; step++) {
      const owner = owners[(start + step) % size] as number;
      const datacenter = datacenterOf[owner] as number;
      if (datacenter < 0 || (left[datacenter] as number) <= 0) continue;
      if (memberSeen[owner] === walkNumber) continue;
      const rack = rackOf[owner] as number;
      if (rackSeen[rack] === walkNumber) {
        if ((repeats[datacenter] as number) <= 0) continue;
        repeats[datacenter] = (repeats[datacenter] as number) - 1;
      }
      rackSeen[rack] = walkNumber;
      memberSeen[owner] = walkNumber;
      left[datacenter] = (left[datacenter] as number) - 1;
      picked.push(owner);
    }
    return picked;
  };
}
