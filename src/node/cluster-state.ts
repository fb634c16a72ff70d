// What one node believes of the cluster right now: who owns a token, who is alive, who is near. The coordinator,
// hints and repair read it; gossip and membership write it. A plan must take what it needs once, at its start.

import type { Endpoint } from '../world/ports.ts';
import type { KeyspaceMetadata } from '../data/schema.ts';
import type { Token } from '../data/partition.ts';
import type { TokenRange } from '../ring/token-range.ts';

export interface NodeInfo {
  readonly endpoint: Endpoint;
  readonly hostId: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly status: 'joining' | 'normal' | 'leaving' | 'moving' | 'left' | 'replacing';
}

/** Owners of tokens under one keyspace's replication, for the ring of this moment. */
export interface Replication {
  readonly strategy: 'SimpleStrategy' | 'NetworkTopologyStrategy' | 'LocalStrategy';
  /** Configured factor over all datacenters (not what exists). */
  readonly factor: number;
  /** Configured factor of a datacenter; 0 when not listed. SimpleStrategy: the whole factor. */
  factorOf(datacenter: string): number;
  /** Datacenters with a factor above 0, in the order of the options (SimpleStrategy: empty). */
  readonly datacenters: readonly string[];
  /** Natural endpoints in ring order. The array is shared: do not change it. */
  natural(token: Token): readonly Endpoint[];
  /** Endpoints that are about to own the token. The array is shared: do not change it. */
  pending(token: Token): readonly Endpoint[];
  /** What a node is about to own. */
  pendingRanges(node: Endpoint): readonly TokenRange[];
  /**
   * The ring cut at every token: adjacent ranges in ring order, none wrapping (the last ends at the minimum token, which
   * stands for the ring's end there). Owners of a range are `natural(range.right)`.
   */
  readonly ranges: readonly TokenRange[];
}

export interface ClusterState {
  readonly self: Endpoint;
  readonly localDatacenter: string;
  readonly localRack: string;
  /**
   * Changes whenever an answer of this object may have changed: ring, liveness, replication, proximity. Plans are
   * cached while it stays the same. Absent: nothing is cached.
   */
  readonly epoch?: number;
  /** Cached per (ring, keyspace object). */
  replication(keyspace: KeyspaceMetadata): Replication;
  isAlive(node: Endpoint): boolean;
  /** Undefined for a node that is not known (any more). */
  info(node: Endpoint): NodeInfo | undefined;
  /** Nodes that own tokens or join, in a stable order, this node included. */
  endpoints(): readonly Endpoint[];
  /** Milliseconds since the node was marked down; 0 when alive. */
  downtimeMs(node: Endpoint): number;
  /** Nearest first, by the (dynamic) snitch; a new array. */
  sortedByProximity(nodes: readonly Endpoint[]): Endpoint[];
  /** Feeds the dynamic snitch: a read response of `node` took so long. */
  recordLatency(node: Endpoint, ms: number): void;
}
