// Which nodes keep a logged batch until it is applied: one or two of the local datacenter, from other racks when there
// are any. Pure but for the draws it is given. Test: test/coordinator/batchlog-plan.test.ts.
// Cassandra: locator/ReplicaPlans.forBatchlogWrite, filterBatchlogEndpointsRandom.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Endpoint, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';

const WANTED = 2;

export type BatchlogPlan =
  | {
      readonly kind: 'batchlog';
      readonly endpoints: readonly Endpoint[];
      readonly level: ConsistencyLevel;
    }
  | { readonly kind: 'unavailable'; readonly error: CqlError };

/** `isAny`: the batch is written at ANY, for which the coordinator itself is counted, and is one too few. */
export function planBatchlog(cluster: ClusterState, random: Random, isAny: boolean): BatchlogPlan {
  const endpoints = chooseEndpoints(cluster, random);
  const level = endpoints.length === 1 ? 'ONE' : 'TWO';
  if (endpoints.length > 0) return { kind: 'batchlog', endpoints, level };
  const why = isAny ? '' : ` for batchlog in local DC, required:${WANTED}, available:0`;
  const error: CqlError = {
    code: 'UNAVAILABLE',
    message: `Cannot achieve consistency level ${level}${why}`,
    consistency: level,
    required: WANTED,
    alive: isAny ? 1 : 0,
  };
  return { kind: 'unavailable', error };
}

function chooseEndpoints(cluster: ClusterState, random: Random): readonly Endpoint[] {
  const { self, localDatacenter, localRack } = cluster;
  const nodes = cluster.endpoints().flatMap((node) => {
    const info = cluster.info(node);
    const owns = info !== undefined && info.status !== 'joining' && info.status !== 'left';
    return owns && info.datacenter === localDatacenter ? [{ node, rack: info.rack }] : [];
  });
  // With one or two nodes there is nothing to choose, not even by liveness.
  if (nodes.length <= WANTED) return nodes.map(({ node }) => node);
  const live = nodes.filter(({ node }) => node !== self && cluster.isAlive(node));
  if (live.length <= WANTED) return live.map(({ node }) => node);
  const elsewhere = live.filter(({ rack }) => rack !== localRack);
  const candidates = elsewhere.length >= WANTED ? elsewhere : live;
  const racks = shuffle([...new Set(candidates.map(({ rack }) => rack))], random);
  if (racks.length === 1) {
    return shuffle(candidates, random)
      .slice(0, WANTED)
      .map(({ node }) => node);
  }
  return racks.slice(0, WANTED).map((rack) => {
    const members = candidates.filter((candidate) => candidate.rack === rack);
    return (members[random.below(members.length)] ?? candidates[0] ?? { node: self }).node;
  });
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
  }
  return shuffled;
}
