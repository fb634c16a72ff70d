// What membership remembers over a restart, kept in system.local and system.peers_v2 as Cassandra keeps it.

import { parseToken, tokenText } from '../ring/token.ts';
import { endpoint } from '../world/ports.ts';
import type { MembershipStore, SavedNode, SavedPeer } from './membership/membership-store.ts';
import type { LocalTables } from './query/system/local-tables.ts';

/** The peers' rows are written by whoever keeps system.peers: here they are only read. */
export function systemMembershipStore(tables: LocalTables): MembershipStore {
  let saved: SavedNode | null = null;
  return {
    load() {
      const local = tables.readLocal();
      if (local?.hostId === undefined) return null;
      const peers = tables.readPeers().flatMap((peer): SavedPeer[] => {
        const { hostId, datacenter, rack, tokens } = peer;
        if (hostId === null || datacenter === null || rack === null) return [];
        return [
          {
            endpoint: endpoint(peer.address, peer.port),
            hostId,
            datacenter,
            rack,
            tokens: (tokens ?? []).map(parseToken),
          },
        ];
      });
      return {
        hostId: local.hostId,
        generation: local.gossipGeneration ?? 0,
        bootstrapped: local.bootstrapped ?? 'NEEDS_BOOTSTRAP',
        datacenter: local.datacenter ?? '',
        rack: local.rack ?? '',
        tokens: (local.tokens ?? []).map(parseToken),
        peers,
      };
    },
    save(node: SavedNode) {
      // Peers that come and go, dozens at a start, do not change this node's row.
      if (saved !== null && isSameButPeers(saved, node)) return;
      saved = node;
      tables.updateLocal({
        hostId: node.hostId,
        gossipGeneration: node.generation,
        bootstrapped: node.bootstrapped,
        datacenter: node.datacenter,
        rack: node.rack,
        tokens: node.tokens.map(tokenText),
      });
    },
  };
}

function isSameButPeers(a: SavedNode, b: SavedNode): boolean {
  return (
    a.hostId === b.hostId &&
    a.generation === b.generation &&
    a.bootstrapped === b.bootstrapped &&
    a.datacenter === b.datacenter &&
    a.rack === b.rack &&
    a.tokens === b.tokens
  );
}
