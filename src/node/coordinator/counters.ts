// Counter updates: the coordinator hands the delta to a leader among the replicas; the leader turns it into its own
// shard under the newest clock, applies it and replicates the shard like a write. Test: test/traces/counter*.trace, test/coordinator/swarm.test.ts.
// Cassandra: service/StorageProxy.mutateCounter, db/CounterMutation, db/CounterMutationVerbHandler.

import { required } from '../../base/assert.ts';
import { readInt64 } from '../../base/int64.ts';
import type { ConsistencyLevel } from '../../data/consistency.ts';
import { addCounterDelta, counterTotal } from '../../data/counter-context.ts';
import { isTombstone } from '../../data/deletion.ts';
import type { Cell, Mutation, PartitionData, Row } from '../../data/partition.ts';
import { isComplexData } from '../../data/partition.ts';
import type { SinglePartitionRead } from '../../data/read-command.ts';
import { NO_LIMITS } from '../../data/read-command.ts';
import { uuidBytes } from '../../data/uuid.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { Message } from '../messaging/message.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { CounterCache, CounterPlace } from '../replica/counter-cache.ts';
import type { LocalStore } from '../replica/local-store.ts';
import { traceAt } from '../replica/replica.ts';
import type { SchemaView } from '../schema-view.ts';
import type { Trace, WriteDone } from './coordinator.ts';
import { invalidRequest, writeFailure, writeTimeout } from './errors.ts';
import type { PlanCache } from './plan-cache.ts';
import { planCounterLeader } from './replica-plan.ts';
import type { WritePlan } from './replica-plan.ts';
import type { WriteService } from './write-service.ts';
import { unknownKeyspace } from './write-service.ts';

export interface CounterParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly messaging: Messaging;
  readonly cluster: ClusterState;
  readonly schema: SchemaView;
  readonly config: NodeConfig;
  readonly plans: PlanCache;
  readonly writes: WriteService;
  readonly store: LocalStore;
  readonly counterCache: CounterCache;
}

export class CounterService {
  private readonly parts: CounterParts;
  private readonly random: Random;

  constructor(parts: CounterParts) {
    this.parts = parts;
    this.random = parts.random.fork('counter leaders');
  }

  /** Serves COUNTER_MUTATION_REQ: this node leads. */
  serve(): void {
    const { messaging } = this.parts;
    messaging.serve('COUNTER_MUTATION_REQ', (message, from) => this.onRequest(message, from));
  }

  /** `mutation` carries deltas. Not idempotent: a timeout leaves it unknown whether it was counted. */
  write(
    mutation: Mutation,
    consistency: ConsistencyLevel,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const { schema, plans, cluster } = this.parts;
    const keyspace = schema.current.keyspaces.get(mutation.keyspace);
    if (keyspace === undefined) {
      done(unknownKeyspace(mutation.keyspace));
      return;
    }
    const input = plans.input(keyspace, mutation.key, consistency, { sorted: true });
    const candidates = planCounterLeader(input);
    if (candidates.kind === 'unavailable') {
      done(candidates.error);
      return;
    }
    const { leaders } = candidates;
    const leader = required(leaders[this.random.below(leaders.length)], 'a leader');
    if (leader === cluster.self) {
      this.lead(mutation, consistency, trace, done);
      return;
    }
    const plan = this.parts.writes.plan(mutation, consistency);
    if (plan.kind === 'unavailable') {
      done(plan.error);
      return;
    }
    this.forward(leader, mutation, consistency, trace, done);
  }

  private forward(
    leader: Endpoint,
    mutation: Mutation,
    consistency: ConsistencyLevel,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    trace?.event(`Enqueuing counter update to /${leader}`);
    const { messaging } = this.parts;
    messaging.ask(leader, 'COUNTER_MUTATION_REQ', { mutation, consistency }, (answer, reason) => {
      if (answer !== null) done(null);
      else if (reason === 'TIMEOUT') done(writeTimeout('COUNTER', 'ONE', 0, 1));
      else {
        const failures = new Map([[leader as string, reason]]);
        const counts = { consistency: 'ONE', received: 0, blockFor: 1 } as const;
        done(writeFailure({ writeType: 'COUNTER', ...counts, failures }));
      }
    });
  }

  /**
   * As in Cassandra, a leader that is not the coordinator answers as soon as its write is decided, also when so many
   * replicas timed out that the level cannot be reached: the client then hears of a success. While it is undecided the
   * leader stays silent, and the coordinator's own deadline counts.
   */
  private onRequest(message: Message<'COUNTER_MUTATION_REQ'>, from: Endpoint): void {
    const { mutation, consistency } = message.payload;
    const { messaging, writes } = this.parts;
    const trace = traceAt(message, messaging.self);
    const plan = writes.plan(mutation, consistency);
    this.lead(mutation, consistency, trace, (error) => {
      if (error === null) messaging.respond(message, from, 'COUNTER_MUTATION_RSP', null);
      else if (error.code !== 'WRITE_TIMEOUT') messaging.fail(message, from, 'UNKNOWN');
      else if (plan.kind === 'write' && isBeyondReach(plan, error.received)) {
        messaging.respond(message, from, 'COUNTER_MUTATION_RSP', null);
      }
    });
  }

  private lead(
    mutation: Mutation,
    consistency: ConsistencyLevel,
    trace: Trace | null,
    done: WriteDone,
  ): void {
    const { cluster, store, writes, counterCache } = this.parts;
    const hostId = cluster.info(cluster.self)?.hostId;
    if (hostId === undefined) {
      done(invalidRequest('this node has no host id yet'));
      return;
    }
    const plan = writes.plan(mutation, consistency);
    if (plan.kind === 'unavailable') {
      done(plan.error);
      return;
    }
    trace?.event('Acquiring counter locks');
    const counted = new Map<string, Buffer>();
    const shards = this.shardsOf(mutation, uuidBytes(hostId), counted);
    const failure = store.apply(shards);
    if (failure !== null) {
      const failures = new Map([[cluster.self as string, failure]]);
      const { blockFor } = plan;
      done(writeFailure({ writeType: 'COUNTER', consistency, received: 0, blockFor, failures }));
      return;
    }
    for (const [counter, shard] of counted) counterCache.set(counter, shard);
    writes.execute(plan, shards, 'COUNTER', trace, done);
  }

  /** The same mutation with this node's new shards in place of the deltas; they are added to `counted` as well. */
  private shardsOf(mutation: Mutation, id: Buffer, counted: Map<string, Buffer>): Mutation {
    const updates = mutation.updates.map((update) => {
      const counting = new Counting(this.parts, update, id, counted);
      const { staticRow } = update;
      return {
        ...update,
        rows: update.rows.map((row) => counting.count(row)),
        staticRow: staticRow === null ? null : counting.count(staticRow),
      };
    });
    return { ...mutation, updates };
  }
}

/** Turns the deltas of one partition into shards. What it holds is read when a counter is not in the cache. */
class Counting {
  private readonly parts: CounterParts;
  private readonly update: PartitionData;
  private readonly id: Buffer;
  private readonly counted: Map<string, Buffer>;
  /** undefined: not read yet; null: the partition is empty. */
  private current: PartitionData | null | undefined = undefined;

  constructor(
    parts: CounterParts,
    update: PartitionData,
    id: Buffer,
    counted: Map<string, Buffer>,
  ) {
    this.parts = parts;
    this.update = update;
    this.id = id;
    this.counted = counted;
  }

  count(row: Row): Row {
    const { table, key } = this.update;
    const place = { table, key, clustering: row.clustering };
    return {
      ...row,
      data: row.data.map((entry) =>
        isComplexData(entry) || isTombstone(entry) ? entry : this.shardCell(entry, place),
      ),
    };
  }

  private shardCell(cell: Cell, place: CounterPlace): Cell {
    const { counterCache, clock } = this.parts;
    const counter = counterCache.idOf(place, cell.column.name);
    const known =
      this.counted.get(counter) ?? counterCache.get(counter) ?? this.stored(cell, place.clustering);
    const value = addCounterDelta(known, this.id, deltaOf(cell), clock.wallMicros());
    this.counted.set(counter, value);
    return { ...cell, value };
  }

  /** The counter as this node has it; null: it does not. */
  private stored({ column }: Cell, clustering: Row['clustering']): Buffer | null {
    if (this.current === undefined) this.current = this.read();
    const { current } = this;
    const row = column.kind === 'static' ? current?.staticRow : findRow(current, clustering);
    const found = row?.data.find((one) => one.column.name === column.name);
    if (found === undefined || isComplexData(found) || isTombstone(found)) return null;
    return found.value;
  }

  private read(): PartitionData | null {
    const { table, key, rows } = this.update;
    const command: SinglePartitionRead = {
      kind: 'partition',
      table,
      key,
      columns: { fetched: null },
      filter: null,
      indexName: null,
      ann: null,
      limits: NO_LIMITS,
      clustering: {
        kind: 'names',
        clusterings: rows.map((row) => row.clustering),
        reversed: false,
      },
      nowSeconds: Math.floor(this.parts.clock.wallMs() / 1000),
    };
    const result = this.parts.store.read(command);
    return result.kind === 'data' ? (result.partitions[0] ?? null) : null;
  }
}

/** So many replicas timed out that the others cannot make up the level. */
function isBeyondReach(plan: WritePlan, received: number): boolean {
  const asked = plan.countedContacts;
  return plan.blockFor + asked - received > plan.candidates;
}

function deltaOf(cell: Cell): ReturnType<typeof readInt64> {
  return cell.value.length === 8 ? readInt64(cell.value, 0) : counterTotal(cell.value);
}

function findRow(partition: PartitionData | null, clustering: Row['clustering']): Row | undefined {
  return partition?.rows.find((one) =>
    one.clustering.every((value, at) => {
      const other = clustering[at] ?? null;
      return value === null || other === null ? value === other : value.equals(other);
    }),
  );
}
