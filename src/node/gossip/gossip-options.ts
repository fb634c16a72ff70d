// The gossiper's intervals and limits, with Cassandra's values; drills shorten them together.
// Cassandra: gms/Gossiper.java, gms/FailureDetector.java.

import type { Endpoint } from '../../world/ports.ts';

export interface GossipOptions {
  readonly clusterName: string;
  readonly partitioner: string;
  readonly seeds: readonly Endpoint[];
  /** Between rounds; everything below follows it or the ring delay unless set. */
  readonly intervalMs: number;
  readonly phiConvictThreshold: number;
  readonly initialIntervalMs: number;
  readonly localPauseMs: number;
  /** How long a removed node's gossip is not listened to. */
  readonly quarantineMs: number;
  /** A node without tokens that is silent this long is forgotten. */
  readonly fatClientTimeoutMs: number;
  /** How long a node tries to learn of the cluster before it joins. */
  readonly shadowRoundMs: number;
  readonly shadowRetryMs: number;
  readonly settleMinMs: number;
  readonly settlePollMs: number;
  readonly settlePolls: number;
  /** How long a graceful stop waits after its goodbye. */
  readonly shutdownAnnounceMs: number;
  /** How long the state of a node that left is kept (wall clock). */
  readonly expireMs: number;
}

const DEFAULT_INTERVAL_MS = 1000;
const DEFAULT_RING_DELAY_MS = 30_000;
const PHI_CONVICT_THRESHOLD = 8;
/** A little more than conviction takes. */
const PATIENCE_ROUNDS = 20;
const THREE_DAYS_MS = 3 * 86_400_000;

/** Cassandra's options for these seeds, scaled with the interval and the ring delay where they depend on them. */
export function gossipOptions(
  given: Partial<GossipOptions> & {
    readonly clusterName: string;
    readonly partitioner: string;
    readonly seeds: readonly Endpoint[];
    readonly ringDelayMs?: number;
  },
): GossipOptions {
  const intervalMs = given.intervalMs ?? DEFAULT_INTERVAL_MS;
  const { ringDelayMs = DEFAULT_RING_DELAY_MS, ...options } = given;
  // A drill may shorten the ring delay far below what gossip needs to notice anything.
  const patienceMs = PATIENCE_ROUNDS * intervalMs;
  return {
    intervalMs,
    phiConvictThreshold: PHI_CONVICT_THRESHOLD,
    initialIntervalMs: 2 * intervalMs,
    localPauseMs: 5 * intervalMs,
    quarantineMs: Math.max(2 * ringDelayMs, patienceMs),
    fatClientTimeoutMs: Math.max(ringDelayMs, patienceMs),
    shadowRoundMs: Math.max(2 * ringDelayMs, 3 * patienceMs),
    shadowRetryMs: intervalMs,
    settleMinMs: 5 * intervalMs,
    settlePollMs: intervalMs,
    settlePolls: 3,
    shutdownAnnounceMs: 2 * intervalMs,
    expireMs: THREE_DAYS_MS,
    ...options,
  };
}
