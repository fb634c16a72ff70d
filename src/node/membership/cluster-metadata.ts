// The cluster at one moment, immutable: ring, movements, every node with its place and status, replication views per
// keyspace. Whoever plans something takes one and keeps to it. Test: test/gossip/membership.test.ts.
// Cassandra: locator/TokenMetadata.java (cachedOnlyTokenMap), locator/TokenMetadata.Topology.

import type { KeyspaceMetadata, ReplicationParams } from '../../data/schema.ts';
import type { PendingTable, RingMovements } from '../../ring/pending-table.ts';
import { buildPendingTable, isMoving, NOTHING_PENDING } from '../../ring/pending-table.ts';
import type { ReplicaList, ReplicaTable } from '../../ring/replica-table.ts';
import type { Replication as ReplicationFactors } from '../../ring/replication.ts';
import { replicationFactorIn } from '../../ring/replication.ts';
import type { Token } from '../../ring/token.ts';
import { MIN_TOKEN } from '../../ring/token.ts';
import type { TokenRange } from '../../ring/token-range.ts';
import type { RingMember } from '../../ring/token-ring.ts';
import { TokenRing } from '../../ring/token-ring.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { NodeInfo, Replication } from '../cluster-state.ts';
import type { Location } from '../../ring/snitch.ts';
import type { TokenMetadata } from './token-metadata.ts';

export class ClusterMetadata {
  readonly self: Endpoint;
  readonly ring: TokenRing;
  readonly movements: RingMovements;
  /** Members and joining nodes, by address. */
  readonly nodes: ReadonlyMap<Endpoint, NodeInfo>;
  private readonly views = new WeakMap<ReplicationParams, ReplicationView>();
  private readonly pendings = new WeakMap<ReplicationParams, PendingTable>();

  constructor(
    self: Endpoint,
    ring: TokenRing,
    movements: RingMovements,
    nodes: ReadonlyMap<Endpoint, NodeInfo>,
  ) {
    this.self = self;
    this.ring = ring;
    this.movements = movements;
    this.nodes = nodes;
  }

  replication(keyspace: KeyspaceMetadata): Replication {
    return this.view(keyspace.replication);
  }

  view(params: ReplicationParams): ReplicationView {
    let view = this.views.get(params);
    if (view === undefined) {
      view = new ReplicationView(this, this.ring.replicas(params), this.pending(params));
      this.views.set(params, view);
    }
    return view;
  }

  /** What the movements under way will add. */
  pending(params: ReplicationParams): PendingTable {
    if (!isMoving(this.movements)) return NOTHING_PENDING;
    let table = this.pendings.get(params);
    if (table === undefined) {
      table = buildPendingTable(this.ring, this.movements, params);
      this.pendings.set(params, table);
    }
    return table;
  }

  /** Nodes of each datacenter, the local one at least, for checking replication options. */
  nodesByDatacenter(localDatacenter: string): ReadonlyMap<string, number> {
    const counts = new Map([[localDatacenter, 0]]);
    for (const { datacenter } of this.nodes.values()) {
      counts.set(datacenter, (counts.get(datacenter) ?? 0) + 1);
    }
    return counts;
  }
}

/** A keyspace's replication over one ring, as the coordinator reads it. */
class ReplicationView implements Replication {
  readonly strategy: Replication['strategy'];
  readonly factor: number;
  readonly datacenters: readonly string[];
  private readonly factors: ReplicationFactors;
  private readonly table: ReplicaTable;
  private readonly pendingTable: PendingTable;
  /** LocalStrategy: this node and nobody else. */
  private readonly local: ReplicaList | null;
  private cuts: readonly TokenRange[] | null = null;

  constructor(metadata: ClusterMetadata, table: ReplicaTable, pending: PendingTable) {
    const { replication } = table;
    this.table = table;
    this.pendingTable = pending;
    this.factors = replication;
    this.factor = replication.total;
    this.strategy = STRATEGY_NAMES[replication.kind];
    this.local = replication.kind === 'local' ? Object.freeze([metadata.self]) : null;
    this.datacenters =
      replication.kind === 'network'
        ? [...replication.factors].flatMap(([name, factor]) => (factor > 0 ? [name] : []))
        : [];
  }

  factorOf(datacenter: string): number {
    return replicationFactorIn(this.factors, datacenter);
  }

  natural(token: Token): ReplicaList {
    return this.local ?? this.table.at(token);
  }

  pending(token: Token): ReplicaList {
    return this.pendingTable.at(token);
  }

  pendingRanges(node: Endpoint): readonly TokenRange[] {
    return this.pendingTable.rangesOf(node);
  }

  get ranges(): readonly TokenRange[] {
    this.cuts ??= cutRing(this.table.ring.tokens);
    return this.cuts;
  }
}

const STRATEGY_NAMES = {
  local: 'LocalStrategy',
  simple: 'SimpleStrategy',
  network: 'NetworkTopologyStrategy',
} as const;

/** (MIN, t0], (t0, t1] ... (tn, MIN]. */
function cutRing(tokens: readonly Token[]): readonly TokenRange[] {
  const ends = [...tokens, MIN_TOKEN];
  return ends
    .map((right, i) => ({ left: i === 0 ? MIN_TOKEN : (ends[i - 1] as Token), right }))
    .filter(({ left, right }, i) => i === 0 || left !== right);
}

/** Freezes the books. `locate` gives datacenter and rack by what is known of a node. */
export function snapshot(
  self: Endpoint,
  metadata: TokenMetadata,
  locate: (endpoint: Endpoint) => Location,
): ClusterMetadata {
  const member = (endpoint: Endpoint, tokens: readonly Token[]): RingMember => ({
    endpoint,
    ...locate(endpoint),
    tokens,
  });
  const members = sorted(metadata.members()).map(([node, tokens]) => member(node, tokens));
  const joining = sorted(metadata.joiners()).map(([node, tokens]) => member(node, tokens));
  const moving = sorted(metadata.moving()).map(([node, token]) => member(node, [token]));
  const nodes = new Map<Endpoint, NodeInfo>();
  for (const { endpoint, datacenter, rack } of [...members, ...joining]) {
    const hostId = metadata.hostId(endpoint) ?? '';
    nodes.set(endpoint, {
      endpoint,
      hostId,
      datacenter,
      rack,
      status: statusOf(metadata, endpoint),
    });
  }
  const movements = { joining, leaving: new Set(metadata.leaving()), moving };
  return new ClusterMetadata(self, new TokenRing(members), movements, nodes);
}

function sorted<T>(map: ReadonlyMap<Endpoint, T>): [Endpoint, T][] {
  return [...map].sort(([a], [b]) => compareEndpoints(a, b));
}

function statusOf(metadata: TokenMetadata, endpoint: Endpoint): NodeInfo['status'] {
  if (metadata.isJoining(endpoint)) {
    return metadata.replacedBy(endpoint) === undefined ? 'joining' : 'replacing';
  }
  if (metadata.isLeaving(endpoint)) return 'leaving';
  return metadata.isMoving(endpoint) ? 'moving' : 'normal';
}

/** By address bytes, then port, so that 127.0.0.10 follows 127.0.0.9. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const left = a.split(/[.:]/);
  const right = b.split(/[.:]/);
  for (let i = 0; i < left.length; i++) {
    const difference = Number(left[i]) - Number(right[i] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
