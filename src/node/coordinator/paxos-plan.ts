// Who votes in a round of Paxos, how many votes decide, and who is told: replica-plan.ts for conditional writes and
// serial reads, both variants. Pure. Test: test/coordinator/replica-plan.test.ts, test/traces/paxos-v2-*.trace.
// Cassandra: locator/ReplicaPlans.forPaxos, service/paxos/Paxos.Participants.

import type { ConsistencyLevel } from '../../data/consistency.ts';
import { isDatacenterLocal } from '../../data/consistency.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { Endpoint } from '../../world/ports.ts';
import { unavailable } from './errors.ts';
import type { Electorate } from './paxos-messages.ts';
import type { PlanInput, Unavailable } from './replica-plan.ts';
import { quorum, writeBlockFor } from './replica-plan.ts';

export interface PaxosPlan {
  readonly kind: 'paxos';
  readonly level: 'SERIAL' | 'LOCAL_SERIAL';
  readonly required: number;
  readonly contacts: readonly Endpoint[];
}

/** v2: a majority of the natural replicas and all pending ones must agree. */
export interface Paxos2Plan {
  readonly kind: 'paxos2';
  readonly electorate: Electorate;
  readonly required: number;
  /** Answers with content a read needs; `required` of any kind always hold as many. */
  readonly readRequired: number;
  /** The live ones of the electorate. */
  readonly contacts: readonly Endpoint[];
}

/** v2's commit: every replica of every datacenter is told. */
export interface PaxosCommitPlan {
  readonly level: ConsistencyLevel;
  readonly required: number;
  readonly contacts: readonly Endpoint[];
  readonly dead: readonly Endpoint[];
  /** True: only answers of the local datacenter count. */
  readonly localOnly: boolean;
}

/** Participants of a Paxos round; counted from the endpoints that exist, not from the factor. */
export function planPaxos(
  input: PlanInput & { readonly level: 'SERIAL' | 'LOCAL_SERIAL' },
): PaxosPlan | Unavailable {
  const { level, localDatacenter, isAlive, datacenterOf } = input;
  const belongs = (node: Endpoint): boolean =>
    level === 'SERIAL' || datacenterOf(node) === localDatacenter;
  const pending = input.pending.filter(belongs);
  const participants = [...input.natural.filter(belongs), ...pending];
  const required = Math.floor(participants.length / 2) + 1;
  const contacts = participants.filter(isAlive);
  if (contacts.length < required) {
    return { kind: 'unavailable', error: unavailable(level, required, contacts.length) };
  }
  if (pending.length > 1) {
    const error: CqlError = {
      code: 'UNAVAILABLE',
      message: `Cannot perform LWT operation as there is more than one (${pending.length}) pending range movement`,
      consistency: level,
      required: participants.length + 1,
      alive: contacts.length,
    };
    return { kind: 'unavailable', error };
  }
  return { kind: 'paxos', level, required, contacts };
}

/** Whose votes count for a token at a serial level. */
export function electorateOf(input: PlanInput, level: 'SERIAL' | 'LOCAL_SERIAL'): Electorate {
  const { natural, pending, localDatacenter, datacenterOf } = input;
  if (level === 'SERIAL') return { level, natural, pending };
  const isLocal = (node: Endpoint): boolean => datacenterOf(node) === localDatacenter;
  return { level, natural: natural.filter(isLocal), pending: pending.filter(isLocal) };
}

export function isSameElectorate(one: Electorate, other: Electorate): boolean {
  return isSameSet(one.natural, other.natural) && isSameSet(one.pending, other.pending);
}

function isSameSet(one: readonly Endpoint[], other: readonly Endpoint[]): boolean {
  return (
    one === other || (one.length === other.length && one.every((node) => other.includes(node)))
  );
}

/** Cassandra: service/paxos/Paxos.Participants. */
export function planPaxos2(
  input: PlanInput & { readonly level: 'SERIAL' | 'LOCAL_SERIAL' },
): Paxos2Plan | Unavailable {
  const { level, isAlive } = input;
  const electorate = electorateOf(input, level);
  const { natural, pending } = electorate;
  const readRequired = quorum(natural.length);
  const required = readRequired + pending.length;
  const contacts = [...natural, ...pending].filter(isAlive);
  if (contacts.length < required) {
    return { kind: 'unavailable', error: unavailable(level, required, contacts.length) };
  }
  return { kind: 'paxos2', electorate, required, readRequired, contacts };
}

/** A commit is never unavailable: the value is decided. `input.level` is the commit's. */
export function planPaxosCommit(input: PlanInput, decided: Paxos2Plan): PaxosCommitPlan {
  const { level, natural, pending, isAlive } = input;
  const all = [...natural, ...pending];
  const isConsensus = level === nonSerial(decided.electorate.level);
  return {
    level,
    required: isConsensus ? decided.required : writeBlockFor(input),
    contacts: all.filter(isAlive),
    dead: all.filter((node) => !isAlive(node)),
    localOnly: isDatacenterLocal(level),
  };
}

/** The level at which a serial level's reads and repairs count. */
export function nonSerial(level: 'SERIAL' | 'LOCAL_SERIAL'): 'QUORUM' | 'LOCAL_QUORUM' {
  return level === 'SERIAL' ? 'QUORUM' : 'LOCAL_QUORUM';
}
