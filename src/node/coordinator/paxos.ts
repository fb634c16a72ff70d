// Conditional writes and serial reads: prepare, finish what another coordinator left, read, decide, propose, commit.
// Paxos variant v1: four round trips. Replica side: replica/paxos-store.ts. Test: test/traces/cas-*.trace, test/coordinator/swarm.test.ts.
// Cassandra: service/StorageProxy.cas, doPaxos, beginAndRepairPaxos, readWithPaxos.

import { required } from '../../base/assert.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import { timeUuidAt } from '../../data/time-uuid.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { PaxosStore } from '../replica/paxos-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import type { CasDecision, CasRequest, CasResult, RequestContext } from './coordinator.ts';
import { readFailure, readTimeout } from './errors.ts';
import type { Ballot } from './paxos-messages.ts';
import { PaxosOperation } from './paxos-operation.ts';
import type { Decided } from './paxos-operation.ts';
import type { PlanCache } from './plan-cache.ts';
import type { PartitionsDone } from './read-operation.ts';
import type { ReadService } from './read-service.ts';
import { readBlockFor } from './replica-plan.ts';
import { emptyFor } from './partition-lists.ts';
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
