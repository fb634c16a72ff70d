// How evenly a ring spreads data, as `nodetool status` counts it; and rings grown node by node to see it coming.
// For tools and tests. Test: test/ring/allocation.test.ts. Cassandra: service/StorageService.java (effectiveOwnership).

import type { ReplicationParams } from '../data/schema.ts';
import type { Endpoint } from '../base/endpoint.ts';
import type { RandomSource } from '../base/random-source.ts';
import { endpoint } from '../base/endpoint.ts';
import { chooseTokens } from './allocation/choose-tokens.ts';
import type { RingMember } from './token-ring.ts';
import { TokenRing } from './token-ring.ts';

export interface NodeBalance {
  readonly endpoint: Endpoint;
  readonly datacenter: string;
  readonly rack: string;
  readonly tokenCount: number;
  /** Share of the ring the node is first owner of, percent. */
  readonly primaryPercent: number;
  /** Share of the datacenter's data it replicates, percent. */
  readonly effectivePercent: number;
}

export interface DatacenterBalance {
  readonly datacenter: string;
  readonly nodes: readonly NodeBalance[];
  readonly effectivePercentMin: number;
  readonly effectivePercentMax: number;
  /** Standard deviation over the mean, percent. */
  readonly deviationPercent: number;
}

/** Balance of every datacenter under a keyspace's replication. */
export function ringBalance(
  ring: TokenRing,
  params: ReplicationParams,
): readonly DatacenterBalance[] {
  const primary = ring.primaryOwnership();
  const effective = ring.replicas(params).effectiveOwnership();
  return [...ring.datacenters.keys()].map((datacenter) => {
    const members = ring.members.filter((member) => member.datacenter === datacenter);
    const nodes = members.map(({ endpoint: node, rack, tokens }): NodeBalance => ({
      endpoint: node,
      datacenter,
      rack,
      tokenCount: tokens.length,
      primaryPercent: (primary.get(node) ?? 0) * 100,
      effectivePercent: (effective.get(node) ?? 0) * 100,
    }));
    const shares = nodes.map(({ effectivePercent }) => effectivePercent);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    return {
      datacenter,
      nodes,
      effectivePercentMin: Math.min(...shares),
      effectivePercentMax: Math.max(...shares),
      deviationPercent: mean === 0 ? 0 : (Math.sqrt(variance) / mean) * 100,
    };
  });
}

export interface RingPlan {
  /** Node counts by datacenter; nodes are added round-robin over the racks, one datacenter after the other. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly racks: number;
  readonly numTokens: number;
  readonly allocateForLocalReplicationFactor: number;
  readonly random: RandomSource;
}

/** The ring that starting these nodes one by one would make. `onNode` sees it after every node. */
export function growRing(
  plan: RingPlan,
  onNode: (ring: TokenRing) => void = () => undefined,
): TokenRing {
  let ring = new TokenRing([]);
  Object.entries(plan.nodes).forEach(([datacenter, count], region) => {
    for (let i = 0; i < count; i++) {
      const newcomer = {
        endpoint: endpoint(`127.0.${region + 1}.${i + 1}`, 7000),
        datacenter,
        rack: `rack${(i % plan.racks) + 1}`,
      };
      const { tokens } = chooseTokens({
        ring,
        joining: [],
        newcomer,
        numTokens: plan.numTokens,
        allocateForLocalReplicationFactor: plan.allocateForLocalReplicationFactor,
        randomIfUnsupported: true,
        random: plan.random.fork(newcomer.endpoint),
      });
      const member: RingMember = { ...newcomer, tokens };
      ring = ring.with(member);
      onNode(ring);
    }
  });
  return ring;
}
