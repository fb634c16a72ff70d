// Conditional writes and serial reads: prepare, finish what another coordinator left, read, decide, propose, commit.
// Paxos variant v1: four round trips. Replica side: replica/paxos-store.ts. Test: test/coordinator/paxos.test.ts.
// Cassandra: service/StorageProxy.cas, doPaxos, beginAndRepairPaxos, readWithPaxos.

import { required } from '../../base/assert.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation, PartitionData } from '../../data/partition.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import { timeUuidAt } from '../../data/time-uuid.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { PaxosStore } from '../replica/paxos-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { CasDecision, CasRequest, CasResult, RequestContext } from './coordinator.ts';
import { casWriteTimeout, casWriteUnknown, readFailure, readTimeout } from './errors.ts';
import type { Ballot, PaxosKey, Proposal } from './paxos-messages.ts';
import { PrepareRound, ProposeRound } from './paxos-rounds.ts';
import type { PlanCache } from './plan-cache.ts';
import type { PartitionsDone } from './read-operation.ts';
import type { ReadService } from './read-service.ts';
import { planPaxos, readBlockFor } from './replica-plan.ts';
import type { PaxosPlan, Unavailable } from './replica-plan.ts';
import { emptyFor } from './resolution.ts';
import { unknownKeyspace } from './write-service.ts';
import type { WriteService } from './write-service.ts';

/** A refused ballot waits up to this long before the next. */
const CONTENTION_SLEEP_MS = 100;

export interface PaxosParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly config: NodeConfig;
  readonly telemetry: Telemetry;
  readonly plans: PlanCache;
  readonly reads: ReadService;
  readonly writes: WriteService;
  readonly store: LocalStore;
  readonly paxosStore: PaxosStore;
}

export class PaxosService {
  readonly parts: PaxosParts;
  private readonly random: Random;
  private readonly ballotNode: Buffer;
  private lastMicros = 0;

  constructor(parts: PaxosParts) {
    this.parts = parts;
    this.random = parts.random.fork('paxos');
    const node = this.random.bytes(8);
    node[0] = (node.readUInt8(0) & 0x3f) | 0x80;
    this.ballotNode = node;
  }

  /** Serves the replica's part. */
  serve(): void {
    const { messaging, paxosStore, store } = this.parts;
    messaging.serve('PAXOS_PREPARE_REQ', (message, from) => {
      paxosStore.prepare(message.payload, message.payload.ballot, (response) =>
        messaging.respond(message, from, 'PAXOS_PREPARE_RSP', response),
      );
    });
    messaging.serve('PAXOS_PROPOSE_REQ', (message, from) => {
      paxosStore.propose(message.payload, message.payload.proposal, (accepted) =>
        messaging.respond(message, from, 'PAXOS_PROPOSE_RSP', accepted),
      );
    });
    messaging.serve('PAXOS_COMMIT_REQ', (message, from) => {
      const { proposal } = message.payload;
      const failure = proposal.mutation === null ? null : store.apply(proposal.mutation);
      if (failure !== null) {
        messaging.fail(message, from, failure);
        return;
      }
      paxosStore.commit(message.payload, proposal, () =>
        messaging.respond(message, from, 'PAXOS_COMMIT_RSP', null),
      );
    });
  }

  /** A conditional write. A timeout of type CAS, or unknown, may have been applied. */
  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void {
    const { table, read, serialConsistency, commitConsistency } = request;
    const keyspace = this.keyspaceOf(table.keyspace);
    if (keyspace === null) {
      done({ ok: false, error: unknownKeyspace(table.keyspace) });
      return;
    }
    new PaxosOperation(this, {
      keyspace,
      at: { keyspace: table.keyspace, tableId: table.id, key: read.key },
      level: serialConsistency,
      commitLevel: commitConsistency,
      replayLevel: commitConsistency,
      context,
      propose: (ballot, decided) => this.decide(request, ballot, context, decided),
      done: (outcome) => {
        if ('error' in outcome) done({ ok: false, error: outcome.error });
        else if (outcome.rejected === null) done({ ok: true, applied: true });
        else done({ ok: true, applied: false, current: outcome.rejected });
      },
    }).begin();
  }

  /** A read at SERIAL or LOCAL_SERIAL: what is in progress is finished first. */
  read(
    command: SinglePartitionRead,
    level: 'SERIAL' | 'LOCAL_SERIAL',
    context: RequestContext,
    done: PartitionsDone,
  ): void {
    const { table } = command;
    const keyspace = this.keyspaceOf(table.keyspace);
    if (keyspace === null) {
      done(null, unknownKeyspace(table.keyspace));
      return;
    }
    const readLevel = level === 'SERIAL' ? 'QUORUM' : 'LOCAL_QUORUM';
    const { cluster } = this.parts;
    const replication = cluster.replication(keyspace);
    const blockFor = readBlockFor(level, replication, cluster.localDatacenter);
    new PaxosOperation(this, {
      keyspace,
      at: { keyspace: table.keyspace, tableId: table.id, key: command.key },
      level,
      commitLevel: 'ANY',
      replayLevel: readLevel,
      context,
      propose: (_ballot, decided) => decided({ mutation: null, rejected: null }),
      done: (outcome) => {
        if ('error' in outcome) done(null, readErrorOf(outcome.error, level, blockFor));
        else this.parts.reads.read(command, readLevel, context, done);
      },
    }).begin();
  }

  /** Unique on this node, newer than `afterMicros` and than every earlier one. */
  nextBallot(afterMicros: number): Ballot {
    const { clock } = this.parts;
    const micros = Math.max(clock.wallMicros(), this.lastMicros + 1, afterMicros + 1);
    this.lastMicros = micros;
    return { micros, uuid: timeUuidAt(micros, this.ballotNode) };
  }

  sleep(resume: () => void): void {
    this.parts.clock.after(this.random.below(CONTENTION_SLEEP_MS), resume);
  }

  private keyspaceOf(name: string): KeyspaceMetadata | null {
    return this.parts.schema.current.keyspaces.get(name) ?? null;
  }

  /** Reads the current content and asks the statement. */
  private decide(
    request: CasRequest,
    ballot: Ballot,
    context: RequestContext,
    decided: (decision: Decided) => void,
  ): void {
    const { read, serialConsistency } = request;
    const level = serialConsistency === 'LOCAL_SERIAL' ? 'LOCAL_QUORUM' : 'QUORUM';
    const { trace } = context;
    trace?.event('Reading existing values for CAS precondition');
    this.parts.reads.read(read, level, context, (partitions, error) => {
      if (partitions === null) {
        decided({ error: required(error, 'an error') });
        return;
      }
      const current = partitions[0] ?? emptyFor(read);
      const decision: CasDecision = request.evaluate(current, ballot.micros);
      if (decision.kind === 'error') decided({ error: decision.error });
      else if (decision.kind === 'reject') {
        trace?.event('CAS precondition does not match current values');
        decided({ mutation: null, rejected: current });
      } else {
        trace?.event('CAS precondition is met; proposing client-requested updates');
        decided({ mutation: decision.mutation, rejected: null });
      }
    });
  }
}

type Decided =
  | { readonly mutation: Mutation | null; readonly rejected: PartitionData | null }
  | { readonly error: CqlError };

type Outcome = { readonly rejected: PartitionData | null } | { readonly error: CqlError };

interface PaxosSpec {
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
class PaxosOperation {
  private readonly service: PaxosService;
  private readonly spec: PaxosSpec;
  private readonly deadlineMs: number;
  private contentions = 0;
  private afterMicros = 0;

  constructor(service: PaxosService, spec: PaxosSpec) {
    this.service = service;
    this.spec = spec;
    const { clock, config } = service.parts;
    this.deadlineMs = clock.nowMs() + config.cas_contention_timeout;
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
    const ballot = this.service.nextBallot(this.afterMicros);
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
      this.afterMicros = round.newestPromise.micros;
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
    const { messaging, config } = this.service.parts;
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
      config.write_request_timeout,
    );
    for (const node of plan.contacts) {
      messaging.request(exchange, node, verb, payload, this.spec.context.trace);
    }
  }

  /** The next ballot at once. */
  private again(): void {
    this.begin();
  }

  private contend(): void {
    const { telemetry, cluster, schema } = this.service.parts;
    this.contentions++;
    if (telemetry.detailed) {
      const { keyspace, tableId } = this.spec.at;
      const tables = schema.current.keyspaces.get(keyspace)?.tables.values() ?? [];
      const table = [...tables].find((one) => one.id === tableId)?.name ?? tableId;
      telemetry.emit({ kind: 'paxos-contended', by: cluster.self, keyspace, table });
    }
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

/** What a serial read says when its Paxos rounds fail. */
function readErrorOf(error: CqlError, level: ConsistencyLevel, blockFor: number): CqlError {
  if (error.code === 'WRITE_TIMEOUT' || error.code === 'CAS_WRITE_UNKNOWN') {
    return readTimeout(level, 0, blockFor, false);
  }
  if (error.code === 'WRITE_FAILURE') {
    const { received, failures } = error;
    return readFailure({ consistency: level, received, blockFor, dataPresent: false, failures });
  }
  return error;
}
