// Drops events that say again what was said last of a node. Cassandra: transport/Server.java
// (EventNotifier). Test: test/server/event-filter.test.ts

import type { ClientEvent } from '../protocol/responses/event.ts';

interface Latest {
  readonly topology: string | null;
  readonly status: string | null;
}

export class EventFilter {
  private readonly latest = new Map<string, Latest>();

  /**
   * Whether this event is news; remembers it. A change of status makes any topology change news
   * again.
   */
  isNews(event: ClientEvent): boolean {
    if (event.type === 'SCHEMA_CHANGE') return true;
    const key = `${event.address}:${event.port}`;
    const latest = this.latest.get(key) ?? { topology: null, status: null };
    if (event.type === 'TOPOLOGY_CHANGE') {
      if (latest.topology === event.change) return false;
      this.latest.set(key, { topology: event.change, status: latest.status });
    } else {
      if (latest.status === event.change) return false;
      this.latest.set(key, { topology: null, status: event.change });
    }
    return true;
  }
}
