// Where nodes stand and who is near: the proximity order of replicas as Cassandra's snitches give it.
// The dynamic snitch, which reorders by measured latency, is dynamic-snitch.ts. Test: test/ring/snitch.test.ts.
// Cassandra: locator/AbstractNetworkTopologySnitch.java, SimpleSnitch.java, RackInferringSnitch.java.

import type { Endpoint } from '../base/endpoint.ts';
import type { ReplicaList } from './replica-table.ts';

export interface Location {
  readonly datacenter: string;
  readonly rack: string;
}

/** RackInferringSnitch: the second octet is the datacenter, the third the rack. */
export function inferLocation(address: string): Location {
  const [, datacenter = '', rack = ''] = address.split('.');
  return { datacenter, rack };
}

/** How a node learns who is near: by the topology's places, or not at all. */
export type SnitchKind = 'topology' | 'simple';

/** The snitch's class, as cassandra.yaml names it. */
export function snitchName(kind: SnitchKind): string {
  return kind === 'simple' ? 'SimpleSnitch' : 'GossipingPropertyFileSnitch';
}

/** Which order a node asks replicas in, before latencies are known. */
export type ProximityOrder = (replicas: ReplicaList) => ReplicaList;

/** SimpleSnitch: ring order. */
export const ringOrder: ProximityOrder = (replicas) => replicas;

/**
 * Topology snitches: the node itself, its rack, its datacenter, the rest; equal ranks keep their order. Results for
 * frozen lists (the ring's own are) are kept by list: make a new order when the topology changes.
 */
export function topologyOrder(
  self: Endpoint,
  locate: (endpoint: Endpoint) => Location | undefined,
): ProximityOrder {
  const home = locate(self);
  const ranks = new Map<Endpoint, number>();
  const sorted = new WeakMap<ReplicaList, ReplicaList>();
  const rankOf = (endpoint: Endpoint): number => {
    const known = ranks.get(endpoint);
    if (known !== undefined) return known;
    const rank = endpoint === self ? 0 : distance(home, locate(endpoint));
    ranks.set(endpoint, rank);
    return rank;
  };
  return (replicas) => {
    const known = sorted.get(replicas);
    if (known !== undefined) return known;
    const list = Object.freeze([...replicas].sort((a, b) => rankOf(a) - rankOf(b)));
    if (Object.isFrozen(replicas)) sorted.set(replicas, list);
    return list;
  };
}

function distance(from: Location | undefined, to: Location | undefined): number {
  if (from === undefined || to === undefined || from.datacenter !== to.datacenter) return 3;
  return from.rack === to.rack ? 1 : 2;
}
