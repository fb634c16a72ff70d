// Who is asked and how many must answer: the only place that counts replicas, but for Paxos' voters (paxos-plan.ts).
// Pure: the ring, the liveness and the level of one moment in, a plan or UNAVAILABLE out. A plan is immutable and may
// serve many requests (plan-cache.ts).
// Test: test/coordinator/replica-plan.test.ts. Cassandra: locator/ReplicaPlans, db/ConsistencyLevel.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isDatacenterLocal } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Endpoint } from '../../world/ports.ts';
import type { Replication } from '../cluster-state.ts';
import { unavailable } from './errors.ts';

/** What a plan is made from. */
export interface PlanInput {
  readonly level: ConsistencyLevel;
  readonly replication: Replication;
  readonly natural: readonly Endpoint[];
  readonly pending: readonly Endpoint[];
  readonly localDatacenter: string;
  readonly isAlive: (node: Endpoint) => boolean;
  readonly datacenterOf: (node: Endpoint) => string;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly error: CqlError;
}

/** How acks add up to success. */
export type Counting =
  /** Any contact counts. */
  | { readonly kind: 'all' }
  /** Only contacts of the local datacenter count. */
  | { readonly kind: 'local' }
  /** Every datacenter must reach its own number; `required` by datacenter index. */
  | { readonly kind: 'each'; readonly required: readonly number[] };

export interface WritePlan {
  readonly kind: 'write';
  readonly level: ConsistencyLevel;
  readonly blockFor: number;
  /** Live natural and pending replicas, the local datacenter's first: all of them are sent the mutation. */
  readonly contacts: readonly Endpoint[];
  /** Acks of so many leading contacts count: of all, or of the local datacenter's. */
  readonly countedContacts: number;
  /** By contact: an index into `counting.required`; 0 unless counting is 'each'. */
  readonly datacenterIndex: readonly number[];
  readonly counting: Counting;
  /** How many leading contacts stand in the local datacenter. */
  readonly localCount: number;
  /** The remaining contacts by datacenter: one message to one of each group, which forwards it. */
  readonly remoteGroups: readonly (readonly Endpoint[])[];
  /** Replicas known to be dead: hinted at once, never waited for. */
  readonly dead: readonly Endpoint[];
  /** Replicas, live or dead, whose failures can end the wait. */
  readonly candidates: number;
}

/** Whom a write-back goes to. */
export interface ReadRepairPlan extends WritePlan {
  /** Live replicas left out, for when those of the plan are slow. */
  readonly spares: readonly Endpoint[];
}

export interface ReadPlan {
  readonly kind: 'read';
  readonly level: ConsistencyLevel;
  readonly blockFor: number;
  /** Nearest first. The first is asked for data, the others for digests. */
  readonly contacts: readonly Endpoint[];
  /** Live candidates that were not contacted, nearest first, for speculative retry. */
  readonly spares: readonly Endpoint[];
}

export function quorum(factor: number): number {
  return Math.floor(factor / 2) + 1;
}

/** The quorum of one datacenter; of the whole factor when the strategy does not know datacenters. */
function datacenterQuorum(replication: Replication, datacenter: string): number {
  return replication.strategy === 'NetworkTopologyStrategy'
    ? quorum(replication.factorOf(datacenter))
    : quorum(replication.factor);
}

/** Answers a read must have. */
export function readBlockFor(
  level: ConsistencyLevel,
  replication: Replication,
  localDatacenter: string,
): number {
  switch (level) {
    case 'ANY':
    case 'ONE':
    case 'LOCAL_ONE':
    case 'NODE_LOCAL':
      return 1;
    case 'TWO':
      return 2;
    case 'THREE':
      return 3;
    case 'QUORUM':
    case 'SERIAL':
      return quorum(replication.factor);
    case 'ALL':
      return replication.factor;
    case 'LOCAL_QUORUM':
    case 'LOCAL_SERIAL':
      return datacenterQuorum(replication, localDatacenter);
    case 'EACH_QUORUM':
      return eachQuorumTotal(replication);
  }
}

function eachQuorumTotal(replication: Replication): number {
  if (replication.strategy !== 'NetworkTopologyStrategy') return quorum(replication.factor);
  let total = 0;
  for (const datacenter of replication.datacenters) {
    total += quorum(replication.factorOf(datacenter));
  }
  return total;
}

/** Acks a write must have: pending replicas raise it (of the local datacenter for the local levels). */
export function writeBlockFor(input: PlanInput): number {
  const { level, replication, pending, localDatacenter } = input;
  const base = readBlockFor(level, replication, localDatacenter);
  if (level === 'ANY' || pending.length === 0) return base;
  if (!isDatacenterLocal(level)) return base + pending.length;
  let local = 0;
  for (const node of pending) if (input.datacenterOf(node) === localDatacenter) local++;
  return base + local;
}

/** Who gets a mutation and whose acks are awaited. */
export function planWrite(input: PlanInput): WritePlan | Unavailable {
  const { level, natural, pending, localDatacenter, isAlive, datacenterOf } = input;
  const local: Endpoint[] = [];
  const remote = new Map<string, Endpoint[]>();
  const dead: Endpoint[] = [];
  let localReplicas = 0;
  const replicas = pending.length === 0 ? natural : [...natural, ...pending];
  for (const node of replicas) {
    const datacenter = datacenterOf(node);
    const isLocal = datacenter === localDatacenter;
    if (isLocal) localReplicas++;
    if (!isAlive(node)) dead.push(node);
    else if (isLocal) local.push(node);
    else {
      const group = remote.get(datacenter);
      if (group === undefined) remote.set(datacenter, [node]);
      else group.push(node);
    }
  }
  const remoteGroups = [...remote.values()];
  const contacts = [...local, ...remoteGroups.flat()];
  const blockFor = writeBlockFor(input);
  const error = writeShortage(input, blockFor, contacts, local.length);
  if (error !== null) return { kind: 'unavailable', error };
  const isLocalLevel = isDatacenterLocal(level);
  const { counting, indexOf } = countingOf(input);
  return {
    kind: 'write',
    level,
    blockFor,
    contacts,
    countedContacts: isLocalLevel ? local.length : contacts.length,
    datacenterIndex: contacts.map((node) => indexOf.get(datacenterOf(node)) ?? 0),
    counting,
    localCount: local.length,
    remoteGroups,
    dead,
    candidates: isLocalLevel ? localReplicas : replicas.length,
  };
}

function countingOf(input: PlanInput): {
  readonly counting: Counting;
  readonly indexOf: ReadonlyMap<string, number>;
} {
  const { level, replication, pending, datacenterOf } = input;
  const indexOf = new Map<string, number>();
  if (isDatacenterLocal(level)) return { counting: { kind: 'local' }, indexOf };
  if (level !== 'EACH_QUORUM' || replication.strategy !== 'NetworkTopologyStrategy') {
    return { counting: { kind: 'all' }, indexOf };
  }
  const required: number[] = [];
  for (const datacenter of replication.datacenters) {
    indexOf.set(datacenter, required.length);
    required.push(quorum(replication.factorOf(datacenter)));
  }
  for (const node of pending) {
    const index = indexOf.get(datacenterOf(node));
    if (index !== undefined) required[index] = (required[index] ?? 0) + 1;
  }
  return { counting: { kind: 'each', required }, indexOf };
}

/** assureSufficientLiveReplicasForWrite. ANY is never short: a hint at the coordinator serves. */
function writeShortage(
  input: PlanInput,
  blockFor: number,
  live: readonly Endpoint[],
  liveLocal: number,
): CqlError | null {
  const { level } = input;
  if (level === 'ANY') return null;
  if (level === 'LOCAL_ONE') return liveLocal >= 1 ? null : unavailable(level, 1, liveLocal);
  if (isDatacenterLocal(level)) {
    return liveLocal >= blockFor ? null : unavailable(level, blockFor, liveLocal);
  }
  if (isPerDatacenter(input)) return eachQuorumShortage(input, live);
  return live.length >= blockFor ? null : unavailable(level, blockFor, live.length);
}

function isPerDatacenter({ level, replication }: PlanInput): boolean {
  return level === 'EACH_QUORUM' && replication.strategy === 'NetworkTopologyStrategy';
}

/** Names the first datacenter that lacks its quorum. `alive` is always 0 there, as Cassandra 5.0 reports it. */
function eachQuorumShortage(input: PlanInput, live: readonly Endpoint[]): CqlError | null {
  const { level, replication, datacenterOf } = input;
  for (const datacenter of replication.datacenters) {
    const required = quorum(replication.factorOf(datacenter));
    let alive = 0;
    for (const node of live) if (datacenterOf(node) === datacenter) alive++;
    if (alive < required) return unavailable(level, required, 0, datacenter);
  }
  return null;
}

/** `natural` must be sorted nearest first. Pending replicas are never read. */
export function planRead(
  input: PlanInput,
  options: { readonly alwaysSpeculate: boolean },
): ReadPlan | Unavailable {
  const { level, natural, localDatacenter, isAlive, datacenterOf, replication } = input;
  const localOnly = isDatacenterLocal(level);
  const candidates = natural.filter(
    (node) => isAlive(node) && (!localOnly || datacenterOf(node) === localDatacenter),
  );
  const blockFor = readBlockFor(level, replication, localDatacenter);
  if (isPerDatacenter(input)) {
    const contacts = eachQuorumContacts(input, candidates);
    const error = eachQuorumShortage(input, contacts);
    if (error !== null) return { kind: 'unavailable', error };
    return {
      kind: 'read',
      level,
      blockFor,
      contacts,
      spares: candidates.filter((node) => !contacts.includes(node)),
    };
  }
  const count = Math.min(blockFor + (options.alwaysSpeculate ? 1 : 0), candidates.length);
  if (count < blockFor) {
    const required = level === 'LOCAL_ONE' ? 1 : blockFor;
    return { kind: 'unavailable', error: unavailable(level, required, count) };
  }
  return {
    kind: 'read',
    level,
    blockFor,
    contacts: candidates.slice(0, count),
    spares: candidates.slice(count),
  };
}

function eachQuorumContacts(input: PlanInput, candidates: readonly Endpoint[]): Endpoint[] {
  const left = new Map<string, number>();
  for (const datacenter of input.replication.datacenters) {
    left.set(datacenter, quorum(input.replication.factorOf(datacenter)));
  }
  return candidates.filter((node) => {
    const datacenter = input.datacenterOf(node);
    const count = left.get(datacenter) ?? 0;
    left.set(datacenter, count - 1);
    return count > 0;
  });
}

/**
 * Who is written to when a read found replicas that differ: those that were read and live, and as many more live ones
 * as the level needs to stay monotonic.
 */
export function planReadRepair(
  input: PlanInput,
  readContacts: readonly Endpoint[],
): ReadRepairPlan | Unavailable {
  const full = planWrite(input);
  if (full.kind === 'unavailable') return full;
  const { level, localDatacenter, datacenterOf } = input;
  const contacts = full.contacts.filter((node) => readContacts.includes(node));
  const others = full.contacts.filter((node) => !readContacts.includes(node));
  if (full.counting.kind === 'each') {
    const left = [...full.counting.required];
    const take = (node: Endpoint): boolean => {
      const index = full.datacenterIndex[full.contacts.indexOf(node)] ?? 0;
      left[index] = (left[index] ?? 0) - 1;
      return (left[index] ?? 0) >= 0;
    };
    contacts.forEach(take);
    contacts.push(...others.filter(take));
  } else {
    const localOnly = isDatacenterLocal(level);
    for (const node of others) {
      if (contacts.length >= full.blockFor) break;
      if (!localOnly || datacenterOf(node) === localDatacenter) contacts.push(node);
    }
  }
  const spares = full.contacts.filter(
    (node) =>
      !contacts.includes(node) &&
      (!isDatacenterLocal(level) || datacenterOf(node) === localDatacenter),
  );
  return { ...withContacts(full, contacts), spares };
}

function withContacts(plan: WritePlan, contacts: readonly Endpoint[]): WritePlan {
  const kept = plan.contacts
    .map((node, at) => ({ node, at }))
    .filter((c) => contacts.includes(c.node));
  return {
    ...plan,
    contacts: kept.map((c) => c.node),
    countedContacts: kept.filter((c) => c.at < plan.countedContacts).length,
    datacenterIndex: kept.map((c) => plan.datacenterIndex[c.at] ?? 0),
    localCount: kept.filter((c) => c.at < plan.localCount).length,
    remoteGroups: [],
    dead: [],
    candidates: kept.length,
  };
}

/**
 * Candidates to lead a counter update: live replicas of the local datacenter, else, unless the level is local, the
 * nearest live one. `natural` must be sorted nearest first.
 */
export function planCounterLeader(
  input: PlanInput,
): { readonly kind: 'leaders'; readonly leaders: readonly Endpoint[] } | Unavailable {
  const { level, natural, localDatacenter, isAlive, datacenterOf, replication } = input;
  const live = natural.filter(isAlive);
  const local = live.filter((node) => datacenterOf(node) === localDatacenter);
  if (local.length > 0) return { kind: 'leaders', leaders: local };
  const nearest = live[0];
  if (nearest === undefined || isDatacenterLocal(level)) {
    const required = readBlockFor(level, replication, localDatacenter);
    return { kind: 'unavailable', error: unavailable(level, required, 0) };
  }
  return { kind: 'leaders', leaders: [nearest] };
}
