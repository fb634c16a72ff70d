// What a node must remember of its place in the cluster over a restart: system.local and system.peers in Cassandra.
// Who keeps it (a table, a file, a variable) is the node's affair. Cassandra: db/SystemKeyspace.java.

import type { Token } from '../../data/partition.ts';
import type { Endpoint } from '../../world/ports.ts';

/** system.local.bootstrapped. */
export type BootstrapState = 'NEEDS_BOOTSTRAP' | 'IN_PROGRESS' | 'COMPLETED' | 'DECOMMISSIONED';

/** A peer that owned tokens when last heard of. */
export interface SavedPeer {
  readonly endpoint: Endpoint;
  readonly hostId: string;
  readonly datacenter: string;
  readonly rack: string;
  readonly tokens: readonly Token[];
}

export interface SavedNode {
  readonly hostId: string;
  /** Gossip generation of the last start, unix seconds. */
  readonly generation: number;
  readonly bootstrapped: BootstrapState;
  readonly datacenter: string;
  readonly rack: string;
  readonly tokens: readonly Token[];
  readonly peers: readonly SavedPeer[];
}

export interface MembershipStore {
  /** null for a node that starts for the first time. */
  load(): SavedNode | null;
  save(node: SavedNode): void;
}

/** Remembers for as long as the process lives: hand the same one to the next life of a node. */
export function memoryStore(saved: SavedNode | null = null): MembershipStore {
  let current = saved;
  return {
    load: () => current,
    save: (node) => {
      current = node;
    },
  };
}
