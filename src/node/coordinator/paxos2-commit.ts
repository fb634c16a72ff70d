// Tells every replica what Paxos v2 decided, and answers when the commit level is reached. Never unavailable: the value
// is decided whatever comes of the telling. Who fails, stays silent or is dead gets a hint.
// Test: test/traces/paxos-v2-*.trace. Cassandra: service/paxos/PaxosCommit.

import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { Clock, Endpoint, Timer } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import type { Exchange, ExchangeHandler, Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { Telemetry } from '../telemetry.ts';
import type { Trace } from './coordinator.ts';
import { casWriteTimeout } from './errors.ts';
import type { CommitRequest } from './paxos-messages.ts';
import type { PaxosCommitPlan } from './paxos-plan.ts';
import type { HintSink } from './write-service.ts';

export interface Paxos2CommitParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly config: NodeConfig;
  readonly hints: HintSink;
  readonly telemetry: Telemetry;
}

export interface Paxos2Commit {
  readonly plan: PaxosCommitPlan;
  readonly mutation: Mutation;
  readonly request: CommitRequest;
  /** LOCAL_SERIAL: other datacenters get the mutation and no Paxos state. */
  readonly isLocalSerial: boolean;
  readonly contentions: number;
  /** Monotonic milliseconds: the client's answer. */
  readonly deadlineMs: number;
  readonly trace: Trace | null;
  readonly done: (error: CqlError | null) => void;
}

interface Running {
  readonly commit: Paxos2Commit;
  readonly open: Set<Endpoint>;
  received: number;
  failed: number;
  answered: boolean;
  timer: Timer | null;
}

export class Paxos2Commits implements ExchangeHandler<Running> {
  private readonly parts: Paxos2CommitParts;

  constructor(parts: Paxos2CommitParts) {
    this.parts = parts;
  }

  /** `commit.done` is called once; hints may follow it. */
  start(commit: Paxos2Commit): void {
    const { plan, request, mutation, trace, deadlineMs } = commit;
    const { messaging, clock, config } = this.parts;
    const open = new Set(plan.contacts);
    const running: Running = { commit, open, received: 0, failed: 0, answered: false, timer: null };
    const exchange = messaging.open(this, running, config.write_request_timeout);
    for (const node of plan.contacts) {
      const isRemote = commit.isLocalSerial && !this.isLocal(node);
      if (isRemote) {
        messaging.request(exchange, node, 'PAXOS2_COMMIT_REMOTE_REQ', mutation, trace);
      } else messaging.request(exchange, node, 'PAXOS_COMMIT_REQ', request, trace);
    }
    for (const node of plan.dead) this.miss(running, node);
    // A commit that cannot reach its level any more still hears this node's own answer first.
    const leftMs = this.isHopeless(running) ? 0 : Math.max(0, deadlineMs - clock.nowMs());
    running.timer = clock.after(leftMs, () => this.answer(running, false));
  }

  onResponse(running: Running, from: Endpoint, _message: Message, exchange: Exchange): void {
    if (!running.open.delete(from)) return;
    if (this.counts(running, from)) running.received++;
    if (running.received >= running.commit.plan.required) this.answer(running, true);
    if (running.open.size === 0) this.parts.messaging.close(exchange);
  }

  onFailure(running: Running, from: Endpoint, _reason: unknown, exchange: Exchange): void {
    if (!running.open.delete(from)) return;
    this.miss(running, from);
    if (this.isHopeless(running)) this.answer(running, false);
    if (running.open.size === 0) this.parts.messaging.close(exchange);
  }

  onExpired(running: Running): void {
    for (const node of running.open) this.miss(running, node);
    this.answer(running, false);
  }

  private miss(running: Running, node: Endpoint): void {
    if (this.counts(running, node)) running.failed++;
    this.parts.hints.store(node, running.commit.mutation);
  }

  private isHopeless({ commit, failed }: Running): boolean {
    const { contacts, dead, required } = commit.plan;
    return contacts.length + dead.length - failed < required;
  }

  private counts({ commit }: Running, node: Endpoint): boolean {
    return !commit.plan.localOnly || this.isLocal(node);
  }

  private isLocal(node: Endpoint): boolean {
    const { cluster } = this.parts;
    return cluster.info(node)?.datacenter === cluster.localDatacenter;
  }

  /** Cassandra keeps no reasons here, so that even a refused commit is a timeout. */
  private answer(running: Running, isApplied: boolean): void {
    if (running.answered) return;
    running.answered = true;
    running.timer?.cancel();
    const { plan, mutation, contentions, done } = running.commit;
    if (isApplied) {
      this.parts.telemetry.witness?.acknowledged([mutation]);
      done(null);
      return;
    }
    const { level: consistency, required: blockFor } = plan;
    const { received } = running;
    done(casWriteTimeout({ writeType: 'CAS', consistency, received, blockFor, contentions }));
  }
}
