// What membership is made with and tells of: identity, hooks into the rest of the node, events for drivers.
// Cassandra: service/IEndpointLifecycleSubscriber.java, transport/Server.java (EventNotifier).

import type { SnitchKind } from '../../ring/snitch.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { GossipOptions } from '../gossip/gossip-options.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { MembershipStore } from './membership-store.ts';
import type { RangeStreaming } from './range-streaming.ts';

/** Who this node is. */
export interface NodeIdentity {
  readonly datacenter: string;
  readonly rack: string;
  readonly releaseVersion: string;
  readonly nativeAddress: string;
  readonly nativePort: number;
  readonly seeds: readonly Endpoint[];
  /** -Dcassandra.replace_address_first_boot. */
  readonly replaceAddress: Endpoint | null;
  /** SimpleSnitch keeps replicas in ring order. */
  readonly snitch: SnitchKind;
}

export interface MembershipPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly telemetry: Telemetry;
  readonly schema: SchemaView;
  readonly store: MembershipStore;
  readonly streaming: RangeStreaming;
  readonly hooks: MembershipHooks;
}

export interface MembershipSettings {
  readonly config: NodeConfig;
  readonly identity: NodeIdentity;
  /** Overrides of gossip's intervals; drills and tests shorten them. */
  readonly gossip: Partial<GossipOptions>;
  /** -Dcassandra.consistent.rangemovement. */
  readonly consistentRangeMovement: boolean;
  /** Random tokens where allocation refuses (fewer racks than the replication factor). */
  readonly randomTokensIfUnsupported: boolean;
}

export type NodeMode =
  | 'STARTING'
  | 'NORMAL'
  | 'JOINING'
  | 'JOINING_FAILED'
  | 'LEAVING'
  | 'DECOMMISSIONED'
  | 'DECOMMISSION_FAILED'
  | 'MOVING'
  | 'DRAINING'
  | 'DRAINED';

/** What a driver is told. `address` and `port` are where the node's clients connect. */
export interface ClusterEvent {
  readonly kind: 'NEW_NODE' | 'REMOVED_NODE' | 'MOVED_NODE' | 'UP' | 'DOWN';
  readonly endpoint: Endpoint;
  readonly address: string;
  readonly port: number;
}

/** What the rest of the node does for, and hears from, membership. */
export interface MembershipHooks {
  /** The schema has been pulled from somebody, or there is nobody to pull it from. */
  isSchemaReady(): boolean;
  onClusterEvent(event: ClusterEvent): void;
  /** Gossip tells that a peer has another schema version. */
  onPeerSchema(endpoint: Endpoint, version: string): void;
  onPeerAlive(endpoint: Endpoint): void;
  onPeerDead(endpoint: Endpoint): void;
  /** The node is gone for good; its hints are worthless. */
  onHostRemoved(hostId: string, endpoint: Endpoint): void;
  /** Before ranges change hands: conditional writes that are under way are finished. `done` hears why not, or null. */
  repairPaxos(reason: string, done: (error: string | null) => void): void;
  /** Before this node leaves: its batchlog must be replayed ... */
  replayBatchlog(done: () => void): void;
  /** ... and its hints handed to another node. */
  transferHints(done: () => void): void;
}

/** Hooks that do nothing and are always ready: for tests and for parts that are not there. */
export const NO_HOOKS: MembershipHooks = {
  isSchemaReady: () => true,
  onClusterEvent: () => undefined,
  onPeerSchema: () => undefined,
  onPeerAlive: () => undefined,
  onPeerDead: () => undefined,
  onHostRemoved: () => undefined,
  repairPaxos: (_reason, done) => done(null),
  replayBatchlog: (done) => done(),
  transferHints: (done) => done(),
};

/** A row of system.peers_v2: a node that owns tokens. */
export interface PeerInfo {
  readonly endpoint: Endpoint;
  readonly hostId: string;
  readonly datacenter: string;
  readonly rack: string;
  /** Decimal texts. */
  readonly tokens: readonly string[];
  /** null until gossip brings it. */
  readonly releaseVersion: string | null;
  readonly schemaVersion: string | null;
  readonly nativeAddress: string | null;
  readonly nativePort: number | null;
}
