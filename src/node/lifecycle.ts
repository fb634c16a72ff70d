// What is asked of a node that runs: leave, remove another, move, rebuild, clean up, resume a bootstrap, go silent and
// speak again. One object a node; it puts the operations of node/membership together with the node's other services.
// Test: test/membership-cluster/. Cassandra: service/StorageService (the MBean's operations).

import type { Endpoint } from '../world/ports.ts';
import { tokenText } from '../ring/token.ts';
import type { CleanupResult } from './cleanup.ts';
import { cleanup } from './cleanup.ts';
import type { Hints } from './hints/hints.ts';
import { STATUS, tokensValue } from './gossip/endpoint-state.ts';
import type { StateEntry } from './gossip/endpoint-state.ts';
import type { OperationDone } from './membership/departure.ts';
import { assassinate, decommission, Removals } from './membership/departure.ts';
import type { JoinDone, JoinHandle } from './membership/join.ts';
import { join } from './membership/join.ts';
import type { Membership } from './membership/membership.ts';
import type { StreamProgress } from './membership/range-streaming.ts';
import { move, rebuild } from './membership/relocation.ts';
import type { NodeStorage } from './storage/node-storage.ts';

export interface LifecycleParts {
  readonly membership: Membership;
  readonly storage: NodeStorage;
  readonly hints: Hints;
}

export class Lifecycle {
  readonly removals: Removals;
  private readonly parts: LifecycleParts;
  private handle: JoinHandle | null = null;
  private isRebuilding = false;

  constructor(parts: LifecycleParts) {
    this.parts = parts;
    this.removals = new Removals(parts.membership);
  }

  join(done: JoinDone): void {
    this.handle = join(this.parts.membership, done);
  }

  /** True for a node whose bootstrap failed and may be resumed. */
  get isResumable(): boolean {
    return this.parts.membership.mode === 'JOINING_FAILED' && this.handle !== null;
  }

  resumeBootstrap(done: JoinDone): void {
    if (this.handle === null) done('The node has not begun to join.');
    else this.handle.resume(done);
  }

  decommission(options: { readonly force: boolean }, done: OperationDone): void {
    decommission(this.parts.membership, options, done);
  }

  assassinate(endpoint: Endpoint, done: OperationDone): void {
    assassinate(this.parts.membership, endpoint, done);
  }

  move(token: string, done: OperationDone): void {
    move(this.parts.membership, token, done);
  }

  /** `datacenter` null: from anybody. */
  rebuild(
    datacenter: string | null,
    progress: (progress: StreamProgress) => void,
    done: OperationDone,
  ): void {
    if (this.isRebuilding) {
      done('Node is still rebuilding. Check nodetool netstats.');
      return;
    }
    this.isRebuilding = true;
    rebuild(this.parts.membership, datacenter, progress, (error) => {
      this.isRebuilding = false;
      done(error);
    });
  }

  /** The refusal, or what was dropped. */
  cleanup(
    which: { readonly keyspace: string | null; readonly tables: readonly string[] | null },
    done: (error: string | null, result: CleanupResult) => void,
  ): void {
    const { membership, storage } = this.parts;
    if (membership.mode === 'JOINING' || membership.mode === 'JOINING_FAILED') {
      done('Cleanup cannot run before node has joined the ring', {
        tables: 0,
        partitionsDropped: 0,
      });
      return;
    }
    const { clock, schema } = membership.ports;
    cleanup({ clock, schema, storage, cluster: membership }, which, (result) => done(null, result));
  }

  /** Hands all hints to the nearest live member; the next one takes over when it does not answer. */
  transferHints(done: () => void): void {
    const { membership, hints } = this.parts;
    const { metadata } = membership;
    const live = membership.gossiper
      .liveEndpoints()
      .filter((node) => metadata.isMember(node) && !metadata.isLeaving(node));
    const targets = membership.sortedByProximity(live);
    const next = (): void => {
      const target = targets.shift();
      if (target === undefined) {
        done();
        return;
      }
      hints.transferAll(target, (ok) => (ok ? done() : next()));
    };
    next();
  }

  /** nodetool disablegossip: says goodbye and is silent; the node still serves clients. */
  stopGossip(done: () => void): void {
    this.parts.membership.gossiper.shutdown(done);
  }

  /** nodetool enablegossip: a new generation, with the states of before. */
  startGossip(isServingClients: boolean): void {
    const { membership } = this.parts;
    const { gossiper, metadata, self, ports } = membership;
    if (gossiper.isEnabled) return;
    const before = gossiper.state(self);
    const tokens = metadata.tokensOf(self);
    const kept = [...(before?.entries() ?? [])]
      .filter(([key]) => key !== 'STATUS_WITH_PORT' && key !== 'RPC_READY' && key !== 'TOKENS')
      .map(([key, { value }]): StateEntry => [key, value]);
    const generation = Math.max(
      Math.floor(ports.clock.wallMs() / 1000),
      (before?.generation ?? 0) + 1,
    );
    membership.persist({ generation });
    gossiper.start(generation, [
      ...kept,
      ['TOKENS', tokensValue(tokens)],
      ['RPC_READY', String(isServingClients)],
      [
        'STATUS_WITH_PORT',
        `${STATUS.NORMAL},${tokens[0] === undefined ? '' : tokenText(tokens[0])}`,
      ],
    ]);
  }
}
