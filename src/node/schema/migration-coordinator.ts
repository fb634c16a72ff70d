// Fetches the schema from peers whose gossiped version differs from ours: at once while this node is young, after a
// delay otherwise (the push is usually on its way), again every minute while a version was never received.
// Test: test/schema/schema-service.test.ts. Cassandra: schema/MigrationCoordinator.

import type { Mutation } from '../../data/partition.ts';
import type { Clock, Endpoint, Timer } from '../../world/ports.ts';

/** cassandra.migration_delay_ms. */
const MIGRATION_DELAY_MS = 60_000;
/** cassandra.schema_pull_interval_ms. */
const SCHEMA_PULL_INTERVAL_MS = 60_000;

export interface MigrationMessenger {
  /** SCHEMA_PUSH_REQ: one way. */
  push(to: Endpoint, mutations: readonly Mutation[]): void;
  /** SCHEMA_PULL_REQ; null when no answer came in time. */
  pull(from: Endpoint, done: (mutations: readonly Mutation[] | null) => void): void;
}

interface MigrationOptions {
  readonly clock: Clock;
  readonly messenger: MigrationMessenger;
  readonly localVersion: () => string;
  readonly merge: (mutations: readonly Mutation[]) => void;
}

export class MigrationCoordinator {
  private readonly options: MigrationOptions;
  private readonly versions = new Map<Endpoint, string>();
  /** Peers asked or about to be asked. */
  private readonly pulling = new Map<Endpoint, Timer | null>();
  private startedAtMs = 0;
  private round: Timer | null = null;

  constructor(options: MigrationOptions) {
    this.options = options;
  }

  start(): void {
    this.startedAtMs = this.options.clock.nowMs();
    this.round?.cancel();
    this.round = this.options.clock.after(SCHEMA_PULL_INTERVAL_MS, () => this.onRound());
  }

  stop(): void {
    this.round?.cancel();
    this.round = null;
    for (const timer of this.pulling.values()) timer?.cancel();
    this.pulling.clear();
  }

  /** Gossip reports a peer's SCHEMA state. */
  onVersion(peer: Endpoint, version: string): void {
    if (this.versions.get(peer) === version) return;
    this.versions.set(peer, version);
    if (version === this.options.localVersion() || this.pulling.has(peer)) return;
    const age = this.options.clock.nowMs() - this.startedAtMs;
    this.schedule(peer, age < MIGRATION_DELAY_MS ? 0 : MIGRATION_DELAY_MS);
  }

  onRemoved(peer: Endpoint): void {
    this.versions.delete(peer);
    this.pulling.get(peer)?.cancel();
    this.pulling.delete(peer);
  }

  /** True when every known peer has this node's version. */
  isAgreed(): boolean {
    const local = this.options.localVersion();
    return [...this.versions.values()].every((version) => version === local);
  }

  private onRound(): void {
    for (const [peer, version] of this.versions) {
      if (version !== this.options.localVersion() && !this.pulling.has(peer))
        this.schedule(peer, 0);
    }
    this.round = this.options.clock.after(SCHEMA_PULL_INTERVAL_MS, () => this.onRound());
  }

  private schedule(peer: Endpoint, delayMs: number): void {
    const timer = this.options.clock.after(delayMs, () => this.pull(peer));
    this.pulling.set(peer, timer);
  }

  private pull(peer: Endpoint): void {
    const version = this.versions.get(peer);
    if (version === undefined || version === this.options.localVersion()) {
      this.pulling.delete(peer);
      return;
    }
    this.pulling.set(peer, null);
    this.options.messenger.pull(peer, (mutations) => {
      if (!this.pulling.has(peer)) return;
      this.pulling.delete(peer);
      if (mutations !== null) this.options.merge(mutations);
      // An unanswered pull is tried again by the periodic round, or when the peer gossips another version.
    });
  }
}
