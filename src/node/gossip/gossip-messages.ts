// What gossip messages carry. They travel by reference: nobody changes one.
// Cassandra: gms/GossipDigestSyn.java, GossipDigestAck.java, GossipDigestAck2.java, GossipShutdown.java.

import type { Endpoint } from '../../world/ports.ts';
import type { StateDelta } from './endpoint-state.ts';

/** One row a node: what the sender has of it. Parallel arrays, because every message has one row for every node. */
export interface Digests {
  readonly endpoints: readonly Endpoint[];
  readonly generations: readonly number[];
  /** Highest version known; in a request: everything above it is wanted. */
  readonly versions: readonly number[];
}

export type Deltas = readonly (readonly [Endpoint, StateDelta])[];

export interface GossipDigestSyn {
  readonly clusterName: string;
  readonly partitioner: string;
  /** Empty: a shadow round, the sender wants everything and tells nothing. */
  readonly digests: Digests;
}

/** Both empty: the sender is itself in its shadow round. */
export interface GossipDigestAck {
  readonly requests: Digests;
  readonly deltas: Deltas;
}

export interface GossipDigestAck2 {
  readonly deltas: Deltas;
}

/** The sender's last state, its status being `shutdown`. */
export interface GossipShutdown {
  readonly state: StateDelta;
}

export interface GossipPayloads {
  GOSSIP_DIGEST_SYN: GossipDigestSyn;
  GOSSIP_DIGEST_ACK: GossipDigestAck;
  GOSSIP_DIGEST_ACK2: GossipDigestAck2;
  GOSSIP_SHUTDOWN: GossipShutdown;
}

export type GossipVerb = keyof GossipPayloads;

/** The gossiper's way to its peers: over node/messaging in a node. */
export interface GossipTransport {
  readonly self: Endpoint;
  tell<V extends GossipVerb>(to: Endpoint, verb: V, payload: GossipPayloads[V]): void;
  /** Sends ECHO_REQ; `done(true)` when the answer came, `done(false)` when it did not in time. */
  echo(to: Endpoint, done: (answered: boolean) => void): void;
}

export const NO_DIGESTS: Digests = Object.freeze({ endpoints: [], generations: [], versions: [] });
