// The interface through which drills, the stack, faults and checks know a cluster: embedded.ts (many nodes in this
// process) and cassandra/ (real Apache Cassandra) implement it. Nothing above it knows which one runs.

import type { LostWritesReport } from '../cluster/acknowledged-writes.ts';
import type { NodePlacement } from '../cluster/placement.ts';
import type { Topology } from '../topology/topology.ts';

export type NodeState = 'up' | 'down' | 'paused' | 'joining' | 'leaving' | 'drained';

export interface NodeStatus extends NodePlacement {
  readonly state: NodeState;
  /** Nodes (places) that this node believes to be down. */
  readonly believesDown: readonly string[];
  readonly hostId: string;
  readonly tokens: number;
  /** Approximate bytes of data. */
  readonly loadBytes: number;
}

/** What engines tell while they run; the union of node/telemetry's kinds for the embedded one, with places. */
export interface EngineEvent {
  /** Milliseconds since the engine started. */
  readonly atMs: number;
  readonly kind: string;
  /** The node (place) it is about. */
  readonly place: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Links between two sets of places, both directions unless `oneWay`. Regions, zones or nodes. */
export interface LinkFault {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly oneWay: boolean;
  readonly effect:
    | { readonly kind: 'cut' }
    | { readonly kind: 'slow'; readonly addedMs: number; readonly jitterMs: number }
    | { readonly kind: 'lose'; readonly rate: number };
}

export interface RepairReport {
  readonly ok: boolean;
  readonly error: string | null;
  readonly treesCompared: number;
  readonly rangesThatDiffered: number;
  readonly rowsStreamed: number;
  readonly bytesStreamed: number;
  readonly seconds: number;
}

export interface HintCounts {
  readonly stored: number;
  readonly delivered: number;
  readonly expired: number;
  /** Mutations for which no hint was kept because the node was away longer than the window. */
  readonly windowPassed: number;
  readonly pending: number;
}

/** One replica's live content of a table: key text -> digest of its rows, for the convergence check. */
export interface ReplicaContent {
  readonly place: string;
  readonly partitions: ReadonlyMap<string, string>;
}

export interface RingView {
  readonly keyspace: string;
  /** Share of the ring a node owns under the keyspace's replication, 0 to 1. */
  readonly nodes: readonly {
    readonly place: string;
    readonly tokens: number;
    readonly owns: number;
  }[];
  readonly key: { readonly token: string; readonly replicas: readonly string[] } | null;
}

/** A region that comes into a running cluster. */
export interface RegionShape {
  readonly zones: readonly string[];
  readonly nodesPerZone: number;
  /** Replicas that every keyspace gets there. */
  readonly factor: number;
  /** The region its data comes from. */
  readonly source: string;
}

/** Nodes that come into a running cluster. All reject with Cassandra's words for why not. */
export interface Membership {
  /** Bootstraps `count` nodes into a zone of a known region, one after another; the zone may be new. */
  addNodes(region: string, zone: string, count?: number): Promise<readonly NodePlacement[]>;
  addRegion(region: string, shape: RegionShape): Promise<readonly NodePlacement[]>;
  /** A dead node's place is taken: at its own address, or by a new node of its zone. */
  replace(place: string, options: { readonly sameAddress: boolean }): Promise<NodePlacement>;
}

export interface Engine {
  /** Absent: nodes neither come nor go. */
  readonly membership?: Membership;
  /** Nodes that could not start with the others (`us-east-1/a/1 (127.0.1.1): why`); absent or empty: all did. */
  readonly startErrors?: readonly string[];
  readonly kind: 'embedded' | 'cassandra';
  /** With the zones and regions that came later. */
  readonly topology: Topology;
  readonly nodes: readonly NodePlacement[];
  status(): readonly NodeStatus[];
  on(listener: (event: EngineEvent) => void): () => void;
  /** Kills a node's process without a goodbye. */
  kill(place: string): Promise<void>;
  /** Starts a killed or drained node again, with what its disk (memory image) kept. */
  restart(place: string): Promise<void>;
  drain(place: string): Promise<void>;
  pause(place: string): Promise<void>;
  resume(place: string): Promise<void>;
  /** Lays a fault over links; the returned function lifts it. */
  linkFault(fault: LinkFault): Promise<() => Promise<void>>;
  repair(
    keyspace: string,
    options?: { readonly at?: string; readonly full?: boolean },
  ): Promise<RepairReport>;
  hints(): HintCounts;
  /** Runs a statement of set-up on some live node. */
  execute(cql: string): Promise<void>;
  /** Replicas of a partition key (text form of a single text/uuid key), as places in ring order. */
  replicasOf(keyspace: string, key: Buffer): readonly string[];
  /** Without a key: ownership per node. With one: its token and replicas, as `starfish ring` prints them. */
  ring(keyspace: string, key: Buffer | null): RingView;
  /** nodetool's answer, as text. Throws with nodetool's words. */
  nodetool(place: string, verb: string, words: readonly string[]): Promise<string>;
  contents(keyspace: string, table: string): Promise<readonly ReplicaContent[]>;
  /**
   * Acknowledged writes, by whatever client, that no running replica holds. Absent, or null: this engine keeps no
   * account (see `keepAccount` of its options).
   */
  lostWrites?(): LostWritesReport | null;
  /** Resolves when every live node sees all live nodes up and no hints are pending for them; rejects at the limit. */
  settled(limitMs: number): Promise<void>;
  stop(): Promise<void>;
}
