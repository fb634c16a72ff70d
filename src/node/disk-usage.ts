// How full a node's disk is, for the guardrail data_disk_usage: against data_disk_usage_max_disk_size, since the data is
// in memory. Each node gossips a word on it; a coordinator asks before it writes. Test: test/guardrails/disk-usage.test.ts.
// Cassandra: service/disk/usage/DiskUsageMonitor, DiskUsageBroadcaster.

import type { KeyspaceMetadata } from '../data/schema.ts';
import type { Token } from '../data/partition.ts';
import type { Clock, Timer } from '../world/ports.ts';
import type { GuardrailSettings } from './guardrails/guardrail-settings.ts';
import type { Guard } from './guardrails/guardrails.ts';
import type { Membership } from './membership/membership.ts';

const LOOK_INTERVAL_MS = 30_000;
/** A client hears of full disks once in so long. */
const NOTIFY_INTERVAL_MS = 30 * 60_000;

type DiskState = 'NOT_AVAILABLE' | 'SPACIOUS' | 'STUFFED' | 'FULL';

export interface DiskUsageParts {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly dataBytes: () => number;
  readonly settings: () => GuardrailSettings;
}

export class DiskUsage {
  private readonly parts: DiskUsageParts;
  private state: DiskState = 'NOT_AVAILABLE';
  private timer: Timer | null = null;
  private readonly toldAtMs = { STUFFED: -Infinity, FULL: -Infinity };

  constructor(parts: DiskUsageParts) {
    this.parts = parts;
  }

  /** Looks now and, while the guardrail is on, again and again; also when its settings have changed. */
  look(): void {
    this.stop();
    const state = this.stateNow();
    if (state !== this.state) {
      this.state = state;
      this.parts.membership.gossiper.publish([['DISK_USAGE', state]]);
    }
    if (state !== 'NOT_AVAILABLE')
      this.timer = this.parts.clock.after(LOOK_INTERVAL_MS, () => this.look());
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  /** Whether writes are held against the disks of their replicas. */
  get isOn(): boolean {
    const {
      data_disk_usage_percentage_warn_threshold: warn,
      data_disk_usage_percentage_fail_threshold: fail,
      data_disk_usage_max_disk_size: size,
    } = this.parts.settings();
    return size !== null && (warn > 0 || fail > 0);
  }

  /** The replicas of keys that are written, those that are down too. Throws INVALID when one is full. */
  guard(keyspace: KeyspaceMetadata, keys: readonly Token[], guard: Guard): void {
    const { membership } = this.parts;
    const replication = membership.replication(keyspace);
    for (const key of keys) {
      for (const replica of [...replication.natural(key), ...replication.pending(key)]) {
        const state = membership.gossiper.state(replica)?.get('DISK_USAGE');
        if (state !== 'STUFFED' && state !== 'FULL') continue;
        guard.replicaDisk(state, this.isToTell(state));
      }
    }
  }

  private isToTell(state: 'STUFFED' | 'FULL'): boolean {
    const now = this.parts.clock.nowMs();
    if (now - this.toldAtMs[state] < NOTIFY_INTERVAL_MS) return false;
    this.toldAtMs[state] = now;
    return true;
  }

  private stateNow(): DiskState {
    if (!this.isOn) return 'NOT_AVAILABLE';
    const {
      data_disk_usage_percentage_warn_threshold: warn,
      data_disk_usage_percentage_fail_threshold: fail,
      data_disk_usage_max_disk_size: size,
    } = this.parts.settings();
    const percent = Math.ceil((100 * this.parts.dataBytes()) / (size ?? Infinity));
    if (fail > 0 && percent > fail) return 'FULL';
    return warn > 0 && percent > warn ? 'STUFFED' : 'SPACIOUS';
  }
}
