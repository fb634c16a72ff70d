// Replica plans kept while the cluster's state stays the same, so that a request costs a lookup and no list. Holds
// nothing a plan is not made from; the counting itself is replica-plan.ts.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import { CONSISTENCY_CODES } from '../../data/consistency.ts';
import type { Token } from '../../data/partition.ts';
import type { KeyspaceMetadata } from '../../data/schema.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { ClusterState, Replication } from '../cluster-state.ts';
import type { PlanInput, ReadPlan, Unavailable, WritePlan } from './replica-plan.ts';
import { planRead, planWrite } from './replica-plan.ts';

/** Plans for one pair of (natural, pending) lists, by the level's code. */
interface Slot {
  readonly pending: readonly Endpoint[];
  readonly writes: (WritePlan | Unavailable | undefined)[];
  readonly reads: (ReadPlan | Unavailable | undefined)[];
  readonly alwaysReads: (ReadPlan | Unavailable | undefined)[];
}

const LEVELS = Object.keys(CONSISTENCY_CODES).length;

export class PlanCache {
  private readonly cluster: ClusterState;
  private readonly slots = new Map<Replication, Map<readonly Endpoint[], Slot>>();
  private epoch: number | undefined = undefined;
  private readonly isAlive = (node: Endpoint): boolean => this.cluster.isAlive(node);
  private readonly datacenterOf = (node: Endpoint): string =>
    this.cluster.info(node)?.datacenter ?? '';

  constructor(cluster: ClusterState) {
    this.cluster = cluster;
  }

  write(
    keyspace: KeyspaceMetadata,
    token: Token,
    level: ConsistencyLevel,
  ): WritePlan | Unavailable {
    const replication = this.cluster.replication(keyspace);
    const natural = replication.natural(token);
    const slot = this.slot(replication, natural, replication.pending(token));
    const code = CONSISTENCY_CODES[level];
    let plan = slot.writes[code];
    if (plan === undefined) {
      plan = planWrite(this.inputOf(replication, natural, slot.pending, level));
      slot.writes[code] = plan;
    }
    return plan;
  }

  read(
    keyspace: KeyspaceMetadata,
    token: Token,
    level: ConsistencyLevel,
    alwaysSpeculate: boolean,
  ): ReadPlan | Unavailable {
    const replication = this.cluster.replication(keyspace);
    const natural = replication.natural(token);
    const slot = this.slot(replication, natural, replication.pending(token));
    const code = CONSISTENCY_CODES[level];
    const plans = alwaysSpeculate ? slot.alwaysReads : slot.reads;
    let plan = plans[code];
    if (plan === undefined) {
      const sorted = this.cluster.sortedByProximity(natural);
      plan = planRead(this.inputOf(replication, sorted, slot.pending, level), { alwaysSpeculate });
      plans[code] = plan;
    }
    return plan;
  }

  /** What a plan of any kind is made from, for one token. */
  input(
    keyspace: KeyspaceMetadata,
    token: Token,
    level: ConsistencyLevel,
    options: { readonly sorted: boolean },
  ): PlanInput {
    const replication = this.cluster.replication(keyspace);
    const natural = replication.natural(token);
    const ordered = options.sorted ? this.cluster.sortedByProximity(natural) : natural;
    return this.inputOf(replication, ordered, replication.pending(token), level);
  }

  private inputOf(
    replication: Replication,
    natural: readonly Endpoint[],
    pending: readonly Endpoint[],
    level: ConsistencyLevel,
  ): PlanInput {
    const { isAlive, datacenterOf } = this;
    const { localDatacenter } = this.cluster;
    return { level, replication, natural, pending, localDatacenter, isAlive, datacenterOf };
  }

  private slot(
    replication: Replication,
    natural: readonly Endpoint[],
    pending: readonly Endpoint[],
  ): Slot {
    const { epoch } = this.cluster;
    if (epoch === undefined || epoch !== this.epoch) {
      this.slots.clear();
      this.epoch = epoch;
    }
    let lists = this.slots.get(replication);
    if (lists === undefined) {
      lists = new Map();
      this.slots.set(replication, lists);
    }
    let slot = lists.get(natural);
    if (slot === undefined || (slot.pending !== pending && !isEmpty(slot.pending, pending))) {
      slot = { pending, writes: emptyRow(), reads: emptyRow(), alwaysReads: emptyRow() };
      lists.set(natural, slot);
    }
    return slot;
  }
}

function isEmpty(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === 0 && b.length === 0;
}

function emptyRow<T>(): (T | undefined)[] {
  return Array.from<T | undefined>({ length: LEVELS });
}
