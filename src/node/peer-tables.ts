// Keeps system.local and system.peers in step with membership: drivers read these rows first, and expect them to be
// there before the event that tells of them.

import type { Membership } from './membership/membership.ts';
import type { PeerInfo } from './membership/membership-parts.ts';
import type { LocalTables } from './query/system/local-tables.ts';

export class PeerTables {
  private readonly tables: LocalTables;
  private readonly membership: Membership;
  /** What was written of each peer, to write only what changed. */
  private readonly written = new Map<string, string>();

  constructor(tables: LocalTables, membership: Membership) {
    this.tables = tables;
    this.membership = membership;
  }

  /** Writes what changed since the last call. */
  refresh(): void {
    const present = new Set<string>();
    for (const peer of this.membership.peers()) {
      present.add(peer.endpoint);
      this.write(peer);
    }
    for (const endpoint of this.written.keys()) {
      if (present.has(endpoint)) continue;
      this.written.delete(endpoint);
      this.tables.removePeer(addressOf(endpoint));
    }
  }

  private write(peer: PeerInfo): void {
    const text = JSON.stringify(peer);
    if (this.written.get(peer.endpoint) === text) return;
    this.written.set(peer.endpoint, text);
    this.tables.updatePeer(addressOf(peer.endpoint), peer);
  }
}

function addressOf(endpoint: string): { address: string; port: number } {
  const at = endpoint.lastIndexOf(':');
  return { address: endpoint.slice(0, at), port: Number(endpoint.slice(at + 1)) };
}
