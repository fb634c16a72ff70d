// Conditional writes and serial reads: prepare, finish what another coordinator left, read, decide, propose, commit.
// `paxos_variant` chooses at each request: v1 takes four round trips (paxos-operation.ts), v2 two and a commit
// (paxos2-operation.ts); both work on one stored state. Replica side: paxos-replica.ts, replica/paxos-store.ts.
// Test: test/traces/cas-*.trace, paxos-v2-*.trace, test/coordinator/swarm.test.ts.
// Cassandra: service/StorageProxy.cas, doPaxos, beginAndRepairPaxos, readWithPaxos, service/paxos/Paxos.

import { required } from '../../base/assert.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import { DeadlineList } from '../messaging/deadline-list.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { LocalStore } from '../replica/local-store.ts';
import type { PaxosStore } from '../replica/paxos-store.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Telemetry } from '../telemetry.ts';
import { evaluated } from './cas-decision.ts';
import type { CasRequest, CasResult, RequestContext } from './coordinator.ts';
import { DataReader } from './data-read.ts';
import { readFailure, readTimeout } from './errors.ts';
import { ContentionBackoff, PartitionLocks } from './paxos-contention.ts';
import type { Ballot, PaxosKey, SerialLevel } from './paxos-messages.ts';
import { newBallot } from './paxos-messages.ts';
import { PaxosOperation } from './paxos-operation.ts';
import type { Decided } from './paxos-operation.ts';
import { nonSerial } from './paxos-plan.ts';
import { PaxosReplica } from './paxos-replica.ts';
import { Paxos2Commits } from './paxos2-commit.ts';
import { Paxos2Operation } from './paxos2-operation.ts';
import type { PlanCache } from './plan-cache.ts';
import type { PartitionsDone } from './read-operation.ts';
import type { ReadService } from './read-service.ts';
import { readBlockFor } from './replica-plan.ts';
import type { Ask, Resolution } from './resolution.ts';
import { emptyFor } from './partition-lists.ts';
import { unknownKeyspace } from './write-service.ts';
import type { HintSink, WriteService } from './write-service.ts';

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
  readonly hints: HintSink;
}

export class PaxosService {
  readonly parts: PaxosParts;
  readonly locks = new PartitionLocks();
  readonly backoff: ContentionBackoff;
  readonly commits: Paxos2Commits;
  private readonly reader: DataReader;
  private readonly readDeadlines: DeadlineList<Paxos2Operation>;
  private readonly writeDeadlines: DeadlineList<Paxos2Operation>;
  private readonly random: Random;
  private readonly ballotNode: Buffer;
  private lastMicros = 0;

  constructor(parts: PaxosParts) {
    this.parts = parts;
    this.random = parts.random.fork('paxos');
    const node = this.random.bytes(8);
    node[0] = (node.readUInt8(0) & 0x3f) | 0x80;
    this.ballotNode = node;
    this.backoff = new ContentionBackoff(parts.clock, this.random);
    this.commits = new Paxos2Commits(parts);
    this.reader = new DataReader(parts.messaging);
    const onDeadline = (operation: Paxos2Operation): void => operation.onDeadline();
    this.readDeadlines = new DeadlineList(parts.clock, onDeadline);
    this.writeDeadlines = new DeadlineList(parts.clock, onDeadline);
  }

  /** Serves the replica's part. */
  serve(): void {
    new PaxosReplica(this.parts).serve();
  }

  /** A conditional write. A timeout of type CAS, or unknown, may have been applied. */
  cas(request: CasRequest, context: RequestContext, done: (result: CasResult) => void): void {
    const { table, read, serialConsistency, commitConsistency } = request;
    const keyspace = this.keyspaceOf(table.keyspace);
    if (keyspace === null) {
      done({ ok: false, error: unknownKeyspace(table.keyspace) });
      return;
    }
    if (this.isSecond) {
      this.cas2(request, keyspace, context, done);
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
    if (this.isSecond) {
      this.read2(command, keyspace, level, context, done);
      return;
    }
    const readLevel = nonSerial(level);
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
  nextBallot(afterMicros: number, level: SerialLevel): Ballot {
    const { clock } = this.parts;
    const micros = Math.max(clock.wallMicros(), this.lastMicros + 1, afterMicros + 1);
    this.lastMicros = micros;
    return newBallot(micros, this.ballotNode, level);
  }

  sleep(resume: () => void): void {
    const { clock, messaging } = this.parts;
    clock.after(this.random.below(CONTENTION_SLEEP_MS), messaging.faults.bind(resume));
  }

  /** Where a v2 operation waits for its deadline: one list a duration. */
  deadlineList(isWrite: boolean): DeadlineList<Paxos2Operation> {
    return isWrite ? this.writeDeadlines : this.readDeadlines;
  }

  /** Asks single replicas what a resolution still lacks. `done` is called once. */
  askAll(
    resolution: Resolution,
    asks: readonly Ask[],
    options: {
      readonly level: ConsistencyLevel;
      readonly context: RequestContext;
      readonly timeoutMs: number;
    },
    done: (error: CqlError | null) => void,
  ): void {
    let waiting = asks.length;
    for (const ask of asks) {
      const { command, node } = ask;
      this.reader.read({ ...options, command, contacts: [node], blockFor: 1 }, (sources, error) => {
        if (waiting <= 0) return;
        waiting = sources === null ? 0 : waiting - 1;
        if (sources !== null) resolution.onAnswer(ask, sources[0]?.partitions ?? []);
        if (waiting === 0) done(error);
      });
    }
  }

  reportContention({ keyspace, tableId }: PaxosKey): void {
    const { telemetry, cluster, schema } = this.parts;
    if (!telemetry.detailed) return;
    const tables = schema.current.keyspaces.get(keyspace)?.tables.values() ?? [];
    const table = [...tables].find((one) => one.id === tableId)?.name ?? tableId;
    telemetry.emit({ kind: 'paxos-contended', by: cluster.self, keyspace, table });
  }

  private get isSecond(): boolean {
    return this.parts.config.paxos_variant.startsWith('v2');
  }

  private cas2(
    { table, read, serialConsistency: level, commitConsistency, evaluate }: CasRequest,
    keyspace: KeyspaceMetadata,
    context: RequestContext,
    done: (result: CasResult) => void,
  ): void {
    new Paxos2Operation(this, {
      keyspace,
      at: { keyspace: table.keyspace, tableId: table.id, key: read.key },
      level,
      read,
      context,
      write: {
        commitLevel: commitConsistency,
        evaluate: (current, micros) => evaluate(current[0] ?? emptyFor(read), micros),
      },
      done: (outcome) => {
        if (outcome.kind === 'failed') done({ ok: false, error: outcome.error });
        else if (outcome.kind === 'applied') done({ ok: true, applied: true });
        else {
          done({ ok: true, applied: false, current: outcome.partitions[0] ?? emptyFor(read) });
        }
      },
    }).start();
  }

  private read2(
    read: SinglePartitionRead,
    keyspace: KeyspaceMetadata,
    level: 'SERIAL' | 'LOCAL_SERIAL',
    context: RequestContext,
    done: PartitionsDone,
  ): void {
    new Paxos2Operation(this, {
      keyspace,
      at: { keyspace: read.table.keyspace, tableId: read.table.id, key: read.key },
      level,
      read,
      context,
      write: null,
      done: (outcome) => {
        if (outcome.kind === 'failed') done(null, outcome.error);
        else done(outcome.kind === 'content' ? outcome.partitions : [], null);
      },
    }).start();
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
    const level = nonSerial(serialConsistency);
    const { trace } = context;
    trace?.event('Reading existing values for CAS precondition');
    this.parts.reads.read(read, level, context, (partitions, error) => {
      if (partitions === null) {
        decided({ error: required(error, 'an error') });
        return;
      }
      const current = partitions[0] ?? emptyFor(read);
      const decision = evaluated(
        () => request.evaluate(current, ballot.micros),
        (failure) => decided({ error: failure }),
      );
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
