// Replicas to be: what nodes that join, leave, move or replace will own on top of what they own now. Writes go to
// them as well. Empty in a quiet cluster. Test: test/ring/pending-table.test.ts.
// Cassandra: locator/TokenMetadata.java (calculatePendingRanges), locator/PendingRangeMaps.java.

import type { Endpoint } from '../base/endpoint.ts';
import type { ReplicationParams } from '../data/schema.ts';
import type { ReplicaList } from './replica-table.ts';
import { NO_REPLICAS } from './replica-table.ts';
import { replicationOf } from './replication.ts';
import type { Token } from './token.ts';
import { compareTokens } from './token.ts';
import type { TokenRange } from './token-range.ts';
import type { RingMember } from './token-ring.ts';
import { TokenRing } from './token-ring.ts';

/** Range movements under way, as gossip tells them. */
export interface RingMovements {
  /** Bootstrapping and replacing nodes with the tokens they will have (a replacing node: the replaced node's). */
  readonly joining: readonly RingMember[];
  readonly leaving: ReadonlySet<Endpoint>;
  /** Nodes of the ring with the tokens they will have. */
  readonly moving: readonly RingMember[];
}

export const NO_MOVEMENTS: RingMovements = Object.freeze({
  joining: [],
  leaving: new Set<Endpoint>(),
  moving: [],
});

export function isMoving({ joining, leaving, moving }: RingMovements): boolean {
  return joining.length > 0 || leaving.size > 0 || moving.length > 0;
}

/** Pending replicas by token. Immutable. */
export class PendingTable {
  /** Its tokens cut the ring wherever pending replicas may change; owners mean nothing here. */
  private readonly cuts: TokenRing;
  private readonly lists: readonly ReplicaList[];
  readonly isEmpty: boolean;

  constructor(cuts: TokenRing, lists: readonly ReplicaList[]) {
    this.cuts = cuts;
    this.lists = lists;
    this.isEmpty = lists.every((list) => list.length === 0);
  }

  /** O(log tokens), no allocation; the one empty list when nothing moves. */
  at(token: Token): ReplicaList {
    return this.isEmpty ? NO_REPLICAS : (this.lists[this.cuts.indexFor(token)] ?? NO_REPLICAS);
  }

  /** What a node is about to own, in ring order; touching ranges are not joined. */
  rangesOf(endpoint: Endpoint): readonly TokenRange[] {
    const ranges: TokenRange[] = [];
    this.lists.forEach((list, index) => {
      if (list.includes(endpoint)) ranges.push(this.cuts.rangeAt(index));
    });
    return ranges;
  }
}

export const NOTHING_PENDING = new PendingTable(new TokenRing([]), []);

/** Ring-after minus ring-now, each movement taken by itself on the ring that the leaving nodes have left. */
export function buildPendingTable(
  ring: TokenRing,
  movements: RingMovements,
  params: ReplicationParams,
): PendingTable {
  if (!isMoving(movements) || replicationOf(params).kind === 'local') return NOTHING_PENDING;
  const now = ring.replicas(params);
  const allLeft = ring.without(movements.leaving);
  const afterLeaving = allLeft.replicas(params);
  const joins = movements.joining.map((member) => ({
    endpoint: member.endpoint,
    table: allLeft.with(member).replicas(params),
  }));
  const moves = movements.moving.map((member) => allLeft.with(member).replicas(params));
  const cuts = cutsOf(ring, movements);
  const lists = cuts.tokens.map((token): ReplicaList => {
    const current = now.at(token);
    const pending = new Set<Endpoint>();
    if (movements.leaving.size > 0) addGained(pending, afterLeaving.at(token), current);
    for (const { endpoint, table } of joins) {
      if (table.at(token).includes(endpoint)) pending.add(endpoint);
    }
    for (const table of moves) addGained(pending, table.at(token), current);
    return pending.size === 0 ? NO_REPLICAS : Object.freeze([...pending]);
  });
  return new PendingTable(cuts, lists);
}

function addGained(pending: Set<Endpoint>, after: ReplicaList, now: ReplicaList): void {
  for (const endpoint of after) if (!now.includes(endpoint)) pending.add(endpoint);
}

/** A ring of every token that is or will be, all given to one nameless owner. */
function cutsOf(ring: TokenRing, movements: RingMovements): TokenRing {
  const coming = [...movements.joining, ...movements.moving].flatMap(({ tokens }) => tokens);
  const sorted = [...ring.tokens, ...coming].sort(compareTokens);
  const tokens = sorted.filter(
    (token, i) => i === 0 || compareTokens(sorted[i - 1] ?? token, token) !== 0,
  );
  return new TokenRing([{ endpoint: '' as Endpoint, datacenter: '', rack: '', tokens }]);
}
