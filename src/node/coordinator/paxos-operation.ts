// One client's conditional write or serial read, from ballot to commit, over as many ballots as it takes until the
// contention timeout. Test: test/traces/cas-*.trace, test/coordinator/swarm.test.ts.
// Cassandra: service/StorageProxy.doPaxos, beginAndRepairPaxos, proposePaxos, commitPaxos.

import { required } from '../../base/assert.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import type { Message } from '../messaging/message.ts';
import type { RequestContext } from './coordinator.ts';
import { casWriteTimeout, casWriteUnknown } from './errors.ts';
import type { PaxosService } from './paxos.ts';
import type { Ballot, PaxosKey, Proposal } from './paxos-messages.ts';
import { PrepareRound, ProposeRound } from './paxos-rounds.ts';
import { planPaxos } from './paxos-plan.ts';
import type { PaxosPlan } from './paxos-plan.ts';
import { readBlockFor } from './replica-plan.ts';
import type { Unavailable } from './replica-plan.ts';

/** What a proposal is to be, once the current content is known. */
export type Decided =
  | { readonly mutation: Mutation | null; readonly rejected: PartitionData | null }
  | { readonly error: CqlError };

export type Outcome = { readonly rejected: PartitionData | null } | { readonly error: CqlError };

export interface PaxosSpec {
  readonly keyspace: KeyspaceMetadata;
  readonly at: PaxosKey;
  readonly level: 'SERIAL' | 'LOCAL_SERIAL';
  readonly commitLevel: ConsistencyLevel;
  /** At which another coordinator's unfinished proposal is committed. */
  readonly replayLevel: ConsistencyLevel;
  readonly context: RequestContext;
  readonly propose: (ballot: Ballot, decided: (decision: Decided) => void) => void;
  readonly done: (outcome: Outcome) => void;
}

/** One client's conditional write or serial read, over as many ballots as it takes. */
export class PaxosOperation {
  private readonly service: PaxosService;
  private readonly spec: PaxosSpec;
  private readonly deadlineMs: number;
  private readonly startedAtMs: number;
  private contentions = 0;
  private afterMicros = 0;

  constructor(service: PaxosService, spec: PaxosSpec) {
    this.service = service;
    this.spec = spec;
    const { clock, config } = service.parts;
    this.startedAtMs = clock.nowMs();
    this.deadlineMs = this.startedAtMs + config.cas_contention_timeout;
  }

  /** Prepares a new ballot, or gives up when the contention timeout is over. */
  begin(): void {
    const { parts } = this.service;
    if (parts.clock.nowMs() >= this.deadlineMs) {
      this.giveUp();
      return;
    }
    const plan = this.plan();
    if (plan.kind === 'unavailable') {
      this.fail(plan.error);
      return;
    }
    const ballot = this.service.nextBallot(this.afterMicros, this.spec.level);
    this.spec.context.trace?.event('Preparing ballot');
    const request = { ...this.spec.at, ballot };
    const round = new PrepareRound(plan, (result) => {
      if (result.kind === 'timeout') this.timeout(result.received, plan.required);
      else this.prepared(plan, ballot, round);
    });
    this.send(plan, round, 'PAXOS_PREPARE_REQ', request);
  }

  private plan(): PaxosPlan | Unavailable {
    const { keyspace, at, level } = this.spec;
    const input = this.service.parts.plans.input(keyspace, at.key, level, { sorted: false });
    return planPaxos({ ...input, level });
  }

  private prepared(plan: PaxosPlan, ballot: Ballot, round: PrepareRound): void {
    const { trace } = this.spec.context;
    if (!round.isPromised) {
      trace?.event('Some replicas have already promised a higher ballot than ours; aborting');
      this.afterMicros = round.newestPromised.micros;
      this.contend();
      return;
    }
    const unfinished = round.unfinished();
    if (unfinished !== null) {
      trace?.event('Finishing incomplete paxos round');
      this.finish(plan, { ballot, mutation: unfinished.mutation });
      return;
    }
    const missing = round.missingNewestCommit();
    if (missing.length > 0 && round.newestCommit !== null) {
      trace?.event('Repairing replicas that missed the most recent commit');
      const { messaging } = this.service.parts;
      const request = { ...this.spec.at, proposal: round.newestCommit };
      for (const node of missing) messaging.tell(node, 'PAXOS_COMMIT_REQ', request);
      this.again();
      return;
    }
    this.spec.propose(ballot, (decision) => {
      if ('error' in decision) this.fail(decision.error);
      else this.propose(plan, { ballot, mutation: decision.mutation }, decision.rejected);
    });
  }

  /** Proposes again, under our ballot, what another coordinator left accepted, and commits it. */
  private finish(plan: PaxosPlan, proposal: Proposal): void {
    const round = new ProposeRound(plan, { failFast: true }, (result) => {
      if (result.kind === 'timeout') this.timeout(result.received, plan.contacts.length);
      else if (!round.isAccepted) this.contend();
      else {
        this.commit(proposal, this.spec.replayLevel, (error) => {
          if (error !== null) this.fail(error);
          else this.again();
        });
      }
    });
    this.send(plan, round, 'PAXOS_PROPOSE_REQ', { ...this.spec.at, proposal });
  }

  private propose(plan: PaxosPlan, proposal: Proposal, rejected: PartitionData | null): void {
    const { trace } = this.spec.context;
    const { paxos_variant: variant } = this.service.parts.config;
    const isEmpty = proposal.mutation === null;
    if (isEmpty && variant === 'v1_without_linearizable_reads_or_rejected_writes') {
      this.accepted(proposal, rejected);
      return;
    }
    const round = new ProposeRound(plan, { failFast: false }, (result) => {
      if (result.kind === 'timeout') {
        this.timeout(result.received, plan.contacts.length);
      } else if (round.isAccepted) {
        this.accepted(proposal, rejected);
      } else if (round.accepts > 0) {
        this.fail(casWriteUnknown(this.spec.level, round.accepts, plan.required));
      } else {
        trace?.event('Paxos proposal not accepted (pre-empted by a higher ballot)');
        this.contend();
      }
    });
    this.send(plan, round, 'PAXOS_PROPOSE_REQ', { ...this.spec.at, proposal });
  }

  private accepted(proposal: Proposal, rejected: PartitionData | null): void {
    const { trace } = this.spec.context;
    const finish = (): void => {
      trace?.event(rejected === null ? 'CAS successful' : 'CAS did not apply');
      this.spec.done({ rejected });
    };
    if (proposal.mutation === null) {
      finish();
      return;
    }
    this.commit(proposal, this.spec.commitLevel, (error) => {
      if (error === null) finish();
      else this.fail(error);
    });
  }

  private commit(
    proposal: Proposal,
    level: ConsistencyLevel,
    done: (error: CqlError | null) => void,
  ): void {
    const { writes } = this.service.parts;
    const mutation = required(proposal.mutation, 'a mutation to commit');
    const plan = writes.plan(mutation, level);
    if (plan.kind === 'unavailable') {
      done(plan.error);
      return;
    }
    const request = { ...this.spec.at, proposal };
    const isAwaited = level !== 'ANY';
    writes.commit(plan, mutation, request, this.spec.context.trace, (error) => {
      if (isAwaited) done(error === null ? null : this.commitError(error));
    });
    if (!isAwaited) done(null);
  }

  private commitError(error: CqlError): CqlError {
    if (error.code !== 'WRITE_TIMEOUT') return error;
    const { writeType, consistency, received, blockFor } = error;
    const { contentions } = this;
    return casWriteTimeout({ writeType, consistency, received, blockFor, contentions });
  }

  private send<V extends 'PAXOS_PREPARE_REQ' | 'PAXOS_PROPOSE_REQ'>(
    plan: PaxosPlan,
    round: PrepareRound | ProposeRound,
    verb: V,
    payload: Message<V>['payload'],
  ): void {
    const { messaging, config, clock } = this.service.parts;
    // The write timeout is the request's, not the round's: after a slow read no time is left for the proposal.
    const leftMs = Math.max(0, this.startedAtMs + config.write_request_timeout - clock.nowMs());
    const exchange = messaging.open(
      {
        onResponse: (_, from, message) => {
          round.onResponse(from, message);
          if (round.isOver) messaging.close(exchange);
        },
        onFailure: () => undefined,
        onExpired: () => round.onExpired(),
      },
      null,
      leftMs,
    );
    for (const node of plan.contacts) {
      messaging.request(exchange, node, verb, payload, this.spec.context.trace);
    }
    if (leftMs > 0) return;
    messaging.close(exchange);
    round.onExpired();
  }

  /** The next ballot at once. */
  private again(): void {
    this.begin();
  }

  private contend(): void {
    this.contentions++;
    this.service.reportContention(this.spec.at);
    this.service.sleep(() => this.begin());
  }

  private giveUp(): void {
    const { cluster } = this.service.parts;
    const { level, keyspace } = this.spec;
    const replication = cluster.replication(keyspace);
    this.timeout(0, readBlockFor(level, replication, cluster.localDatacenter));
  }

  private timeout(received: number, blockFor: number): void {
    const { level: consistency } = this.spec;
    const { contentions } = this;
    this.fail(casWriteTimeout({ writeType: 'CAS', consistency, received, blockFor, contentions }));
  }

  private fail(error: CqlError): void {
    this.spec.done({ error });
  }
}
