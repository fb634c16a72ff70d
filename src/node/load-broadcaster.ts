// Gossips this node's amount of data every minute, so that every node's `nodetool status` shows everybody's load.
// Cassandra: service/LoadBroadcaster.

import type { Clock, Timer } from '../world/ports.ts';
import type { Membership } from './membership/membership.ts';

const BROADCAST_INTERVAL_MS = 60_000;

export class LoadBroadcaster {
  private readonly clock: Clock;
  private readonly membership: Membership;
  private readonly dataBytes: () => number;
  private timer: Timer | null = null;

  constructor(parts: {
    readonly clock: Clock;
    readonly membership: Membership;
    readonly dataBytes: () => number;
  }) {
    this.clock = parts.clock;
    this.membership = parts.membership;
    this.dataBytes = parts.dataBytes;
  }

  start(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(2 * this.membership.settings.config.gossip_interval, this.round);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private readonly round = (): void => {
    this.membership.publishLoad(this.dataBytes());
    this.timer = this.clock.after(BROADCAST_INTERVAL_MS, this.round);
  };
}
