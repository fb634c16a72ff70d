// One client's conditional write or serial read with Paxos v2: prepare and read in one round trip, propose in another,
// commit. An uncontended read ends after the first. Test: test/traces/paxos-v2-*.trace, test/coordinator/paxos-swarm.test.ts.
// Cassandra: service/paxos/Paxos.cas, read, begin.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import { uuidText } from '../../data/uuid.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Deadline } from '../messaging/deadline-list.ts';
import type { Message } from '../messaging/message.ts';
import type { RequestVerb } from '../messaging/verb.ts';
import type { CasDecision, RequestContext } from './coordinator.ts';
import { casWriteTimeout, overloaded, paxos2Error, readTimeout, writeTimeout } from './errors.ts';
import { evaluated } from './cas-decision.ts';
import type { PaxosService } from './paxos.ts';
import type { Ballot, PaxosKey, Prepare2Request, Proposal } from './paxos-messages.ts';
import { isSameElectorate, nonSerial, planPaxos2, planPaxosCommit } from './paxos-plan.ts';
import type { Paxos2Plan } from './paxos-plan.ts';
import { Prepare2Round, Propose2Round } from './paxos2-rounds.ts';
import type { Prepare2Result, Propose2Result, TooFew } from './paxos2-rounds.ts';
import type { SentRound } from './paxos2-send.ts';
import { sendRound } from './paxos2-send.ts';
import { filteringText } from './read-repair.ts';
import { readBlockFor } from './replica-plan.ts';
import type { Unavailable } from './replica-plan.ts';
import { Resolution } from './resolution.ts';

export interface Paxos2Spec {
  readonly keyspace: KeyspaceMetadata;
  readonly at: PaxosKey;
  readonly level: 'SERIAL' | 'LOCAL_SERIAL';
  readonly read: SinglePartitionRead;
  readonly context: RequestContext;
  /** Null: a serial read. */
  readonly write: {
    readonly commitLevel: ConsistencyLevel;
    readonly evaluate: (current: readonly PartitionData[], ballotMicros: number) => CasDecision;
  } | null;
  readonly done: (outcome: Outcome2) => void;
}

export type Outcome2 =
  | { readonly kind: 'applied' }
  /** What was read: the answer of a read, or why the condition did not hold. */
  | { readonly kind: 'content'; readonly partitions: readonly PartitionData[] }
  | { readonly kind: 'failed'; readonly error: CqlError };

/** A ballot with the content that came with its promises. */
interface Begun {
  readonly plan: Paxos2Plan;
  readonly ballot: Ballot;
  readonly current: readonly PartitionData[];
  readonly isPromised: boolean;
  readonly isLinearizable: boolean;
  readonly supersededBy: Ballot | null;
}

/** Also an entry of the service's deadline lists; those fields belong to the list. */
export class Paxos2Operation implements Deadline {
  deadlineMs = Infinity;
  previous: Deadline | null = null;
  next: Deadline | null = null;
  private readonly service: PaxosService;
  private readonly spec: Paxos2Spec;
  private readonly startedAtMs: number;
  private readonly endsAtMs: number;
  private readonly lockId: string;
  private readonly enter = (): void => {
    this.hasEntered = true;
    this.begin();
  };
  private hasEntered = false;
  private isOver = false;
  private round: Prepare2Round | Propose2Round | null = null;
  private contentions = 0;
  private afterMicros = 0;
  private acceptsEarlyRead: boolean;

  constructor(service: PaxosService, spec: Paxos2Spec) {
    this.service = service;
    this.spec = spec;
    this.acceptsEarlyRead = spec.write === null;
    this.startedAtMs = service.parts.clock.nowMs();
    this.endsAtMs = this.startedAtMs + this.timeoutMs;
    this.lockId = `${spec.at.tableId}\u0000${spec.at.key.id}`;
  }

  /** Waits for this coordinator's other operations on the partition, then works until `done` or the deadline. */
  start(): void {
    this.service.deadlineList(this.spec.write !== null).add(this, this.endsAtMs);
    this.service.locks.enter(this.lockId, this.enter);
  }

  /** The time for reading, or for proposing, is over. */
  onDeadline(): void {
    if (this.isOver) return;
    if (this.hasEntered) {
      this.round?.onDeadline();
      return;
    }
    const { level, keyspace, write } = this.spec;
    const { cluster } = this.service.parts;
    const blockFor = readBlockFor(level, cluster.replication(keyspace), cluster.localDatacenter);
    if (write === null) this.fail(readTimeout(level, 0, blockFor, false));
    else this.fail(writeTimeout('CAS', level, 0, blockFor));
  }

  private get timeoutMs(): number {
    const { config } = this.service.parts;
    return this.spec.write === null ? config.read_request_timeout : config.cas_contention_timeout;
  }

  private begin(): void {
    const { context, write } = this.spec;
    if (write !== null) context.trace?.event('Reading existing values for CAS precondition');
    const plan = this.plan();
    if (plan.kind === 'unavailable') this.fail(plan.error);
    else this.prepare(plan, null);
  }

  private plan(): Paxos2Plan | Unavailable {
    const { keyspace, at, level } = this.spec;
    const input = this.service.parts.plans.input(keyspace, at.key, level, { sorted: false });
    return planPaxos2({ ...input, level });
  }

  private isElectorateSame(plan: Paxos2Plan): boolean {
    const now = this.plan();
    return now.kind === 'unavailable' || isSameElectorate(now.electorate, plan.electorate);
  }

  /** A new ballot; with `decided`, that is committed on the same way. */
  private prepare(plan: Paxos2Plan, decided: Proposal | null): void {
    const { at, read, context, write } = this.spec;
    const ballot = this.service.nextBallot(
      Math.max(this.afterMicros, decided?.ballot.micros ?? 0),
      this.spec.level,
    );
    const { electorate } = plan;
    const isWrite = write !== null;
    const request: Prepare2Request = { ...at, ballot, electorate, isWrite, read };
    const blind: Prepare2Request = { ...request, read: null };
    context.trace?.event(preparingText(ballot, decided));
    const round = new Prepare2Round(plan, this.acceptsEarlyRead, {
      done: (result) => this.prepared(plan, ballot, result),
      refresh: (nodes, commit) => this.refresh(round, nodes, ballot, commit),
      isElectorateSame: () => this.isElectorateSame(plan),
    });
    this.run({
      round,
      verb: decided === null ? 'PAXOS2_PREPARE_REQ' : 'PAXOS2_COMMIT_AND_PREPARE_REQ',
      contacts: plan.contacts,
      payloadFor: (node) => {
        const prepare = electorate.pending.includes(node) ? blind : request;
        return decided === null ? prepare : { proposal: decided, prepare };
      },
      onResponse: (from, message) =>
        round.onResponse(from, (message as Message<'PAXOS2_PREPARE_RSP'>).payload),
    });
  }

  private refresh(
    round: Prepare2Round,
    nodes: readonly Endpoint[],
    promised: Ballot,
    proposal: Proposal,
  ): void {
    const { messaging } = this.service.parts;
    const request = { ...this.spec.at, promised, proposal };
    for (const node of nodes) {
      messaging.ask(node, 'PAXOS2_PREPARE_REFRESH_REQ', request, (answer, reason) => {
        if (answer === null) round.onFailure(node, reason);
        else {
          const { payload } = answer as Message<'PAXOS2_PREPARE_REFRESH_RSP'>;
          round.onRefreshed(node, payload.supersededBy);
        }
      });
    }
  }

  private run<V extends RequestVerb>(sent: SentRound<V>): void {
    const { parts } = this.service;
    this.round = sent.round;
    sendRound(parts, sent, this.spec.context.trace);
    if (parts.clock.nowMs() >= this.endsAtMs) sent.round.onDeadline();
  }

  private prepared(plan: Paxos2Plan, ballot: Ballot, result: Prepare2Result): void {
    const { trace } = this.spec.context;
    switch (result.kind) {
      case 'too-few':
        this.fail(this.errorOf(result));
        return;
      case 'electorate-changed':
        this.begin();
        return;
      case 'superseded':
        trace?.event('Some replicas have already promised a higher ballot than ours; aborting');
        this.contend(plan, result.by, () => this.prepare(plan, null));
        return;
      case 'found-committed':
        trace?.event('Repairing replicas that missed the most recent commit');
        this.prepare(plan, result.committed);
        return;
      case 'found-accepted':
        trace?.event('Finishing incomplete paxos round');
        this.finish(plan, { ballot, mutation: result.accepted.mutation });
        return;
      case 'permitted':
        this.resolve(plan, ballot, result);
    }
  }

  /** Another coordinator's proposal under our ballot; its mutation keeps its timestamp. */
  private finish(plan: Paxos2Plan, proposal: Proposal): void {
    this.propose(plan, proposal, { waits: false }, (result) => {
      if (result.kind === 'too-few') this.fail(this.errorOf(result));
      else if (result.kind === 'accepted') this.prepare(plan, proposal);
      else this.contend(plan, result.by, () => this.prepare(plan, null));
    });
  }

  /** Merges what was read; asking a replica for more costs the read its linearizability. */
  private resolve(
    plan: Paxos2Plan,
    ballot: Ballot,
    permitted: Prepare2Result & { readonly kind: 'permitted' },
  ): void {
    const resolution = new Resolution(this.spec.read, permitted.sources);
    let isShort = false;
    const advance = (): void => {
      const step = resolution.next();
      if (step.kind === 'too-many-rows') {
        this.fail(overloaded(filteringText(step.rows)));
        return;
      }
      if (step.kind === 'ask') {
        isShort = true;
        this.ask(resolution, step.asks, advance);
        return;
      }
      const { isPromised, isReadSafe, supersededBy } = permitted;
      if (!isPromised && isShort) {
        this.acceptsEarlyRead = false;
        this.contend(plan, supersededBy, () => this.prepare(plan, null));
        return;
      }
      const current = step.result.partitions;
      const isLinearizable = isReadSafe && !isShort;
      this.begun({ plan, ballot, current, isPromised, isLinearizable, supersededBy });
    };
    advance();
  }

  private ask(
    resolution: Resolution,
    asks: Parameters<PaxosService['askAll']>[1],
    done: () => void,
  ): void {
    const { level, context } = this.spec;
    const timeoutMs = Math.max(0, this.endsAtMs - this.service.parts.clock.nowMs());
    const options = { level: nonSerial(level), context, timeoutMs };
    this.service.askAll(resolution, asks, options, (error) => {
      if (error === null) done();
      else this.fail(error);
    });
  }

  private begun(begun: Begun): void {
    const { write, context } = this.spec;
    const { current, ballot, isLinearizable } = begun;
    const { paxos_variant: variant } = this.service.parts.config;
    if (write === null) {
      if (isLinearizable || variant !== 'v2') this.end({ kind: 'content', partitions: current });
      else this.proposeEmpty(begun);
      return;
    }
    const decision = evaluated(
      () => write.evaluate(current, ballot.micros),
      (error) => this.fail(error),
    );
    if (decision.kind === 'error') this.fail(decision.error);
    else if (decision.kind === 'apply') this.proposeUpdate(begun, decision.mutation);
    else if (isLinearizable || variant === 'v2_without_linearizable_reads_or_rejected_writes') {
      context.trace?.event('CAS precondition rejected');
      this.end({ kind: 'content', partitions: current });
    } else {
      context.trace?.event(
        'CAS precondition does not match current values; proposing empty update',
      );
      this.proposeEmpty(begun);
    }
  }

  /** Ends whatever might still be decided before our reading, so that the reading has its place in the order. */
  private proposeEmpty({ plan, ballot, current }: Begun): void {
    this.propose(plan, { ballot, mutation: null }, { waits: false }, (result) => {
      if (result.kind === 'accepted') this.end({ kind: 'content', partitions: current });
      else this.notAccepted(plan, result);
    });
  }

  private proposeUpdate(
    { plan, ballot, isPromised, supersededBy }: Begun,
    mutation: Mutation,
  ): void {
    const { trace } = this.spec.context;
    if (!isPromised) {
      trace?.event('CAS precondition is met, but ballot stale for proposal; retrying');
      this.afterMicros = Math.max(this.afterMicros, supersededBy?.micros ?? 0);
      this.begin();
      return;
    }
    trace?.event('CAS precondition is met; proposing client-requested updates');
    const proposal = { ballot, mutation };
    this.propose(plan, proposal, { waits: true }, (result) => {
      if (result.kind === 'accepted') this.commit(plan, proposal, mutation);
      else this.notAccepted(plan, result);
    });
  }

  private notAccepted(
    plan: Paxos2Plan,
    result: Exclude<Propose2Result, { readonly kind: 'accepted' }>,
  ): void {
    if (result.kind === 'too-few') this.fail(this.errorOf(result));
    else if (result.isUnknown) this.fail(this.unknown(plan));
    else {
      this.spec.context.trace?.event('Paxos proposal not accepted (pre-empted by a higher ballot)');
      this.contend(plan, result.by, () => this.begin());
    }
  }

  private propose(
    plan: Paxos2Plan,
    proposal: Proposal,
    options: { readonly waits: boolean },
    done: (result: Propose2Result) => void,
  ): void {
    const round = new Propose2Round(plan, options.waits, done);
    const request = { ...this.spec.at, proposal };
    this.run({
      round,
      verb: 'PAXOS2_PROPOSE_REQ',
      contacts: plan.contacts,
      payloadFor: () => request,
      onResponse: (from, message) => {
        const { supersededBy } = (message as Message<'PAXOS2_PROPOSE_RSP'>).payload;
        round.onResponse(from, supersededBy);
      },
    });
  }

  private commit(decided: Paxos2Plan, proposal: Proposal, mutation: Mutation): void {
    const { keyspace, at, level, write, context } = this.spec;
    const { config, plans } = this.service.parts;
    const commitLevel = write?.commitLevel ?? 'QUORUM';
    this.round = null;
    const input = plans.input(keyspace, at.key, commitLevel, { sorted: false });
    this.service.commits.start({
      plan: planPaxosCommit(input, decided),
      mutation,
      request: { ...at, proposal },
      isLocalSerial: level === 'LOCAL_SERIAL',
      contentions: this.contentions,
      deadlineMs: Math.max(this.endsAtMs, this.startedAtMs + config.write_request_timeout),
      trace: context.trace,
      done: (error) => {
        if (error !== null) this.fail(error);
        else {
          context.trace?.event('CAS successful');
          this.end({ kind: 'applied' });
        }
      },
    });
  }

  /** Pauses before another ballot, or gives up when the pause would outlast the deadline. */
  private contend(plan: Paxos2Plan, by: Ballot | null, again: () => void): void {
    const { clock, messaging } = this.service.parts;
    this.round = null;
    this.contentions++;
    this.afterMicros = Math.max(this.afterMicros, by?.micros ?? 0);
    this.service.reportContention(this.spec.at);
    const waitMs = this.service.backoff.waitMs(this.contentions);
    if (clock.nowMs() + waitMs < this.endsAtMs) clock.after(waitMs, messaging.faults.bind(again));
    else this.fail(this.unknown(plan));
  }

  /** A timeout of type CAS, of reads too: nobody knows what became of the last ballot. */
  private unknown({ required: blockFor }: Paxos2Plan): CqlError {
    const { level: consistency } = this.spec;
    const { contentions } = this;
    return casWriteTimeout({ writeType: 'CAS', consistency, received: 0, blockFor, contentions });
  }

  private errorOf(result: TooFew): CqlError {
    const { level, write } = this.spec;
    return paxos2Error(result, { level, isWrite: write !== null, contentions: this.contentions });
  }

  private fail(error: CqlError): void {
    this.end({ kind: 'failed', error });
  }

  private end(outcome: Outcome2): void {
    const { service, spec, startedAtMs } = this;
    this.isOver = true;
    const isWrite = spec.write !== null;
    service.deadlineList(isWrite).remove(this);
    const { reads, writes } = service.backoff;
    (isWrite ? writes : reads).record(service.parts.clock.nowMs() - startedAtMs);
    service.locks.leave(this.lockId, this.enter);
    spec.done(outcome);
  }
}

function preparingText(ballot: Ballot, decided: Proposal | null): string {
  const name = uuidText(ballot.uuid);
  if (decided === null) return `Preparing ${name} with read`;
  return `Committing ${uuidText(decided.ballot.uuid)}; Preparing ${name}`;
}
