// Who is asked and how many must answer, against the closed form: every level, every set of dead nodes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ConsistencyLevel } from '../../src/data/consistency.ts';
import type { Replication } from '../../src/node/cluster-state.ts';
import type { PlanInput } from '../../src/node/coordinator/replica-plan.ts';
import {
  nonSerial,
  planPaxos,
  planPaxos2,
  planPaxosCommit,
} from '../../src/node/coordinator/paxos-plan.ts';
import { planRead, planReadRepair, planWrite } from '../../src/node/coordinator/replica-plan.ts';
import { endpoint } from '../../src/world/ports.ts';
import type { Endpoint } from '../../src/world/ports.ts';

const LEVELS: readonly ConsistencyLevel[] = [
  'ANY',
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_ONE',
  'LOCAL_QUORUM',
  'EACH_QUORUM',
];

interface Situation {
  /** Factor by datacenter; the coordinator is in the first. */
  readonly factors: readonly number[];
  readonly dead: ReadonlySet<string>;
  /** Pending replicas by datacenter. */
  readonly pending: readonly number[];
}

function node(datacenter: number, index: number, pending = false): Endpoint {
  return endpoint(`127.0.${datacenter}.${index}${pending ? '00' : ''}`, 7000);
}

function naturalOf({ factors }: Situation): Endpoint[] {
  return factors.flatMap((factor, d) => Array.from({ length: factor }, (_, n) => node(d, n + 1)));
}

function pendingOf({ pending }: Situation): Endpoint[] {
  return pending.flatMap((count, d) =>
    Array.from({ length: count }, (_, n) => node(d, n + 1, true)),
  );
}

function datacenterOf(one: Endpoint): string {
  return `dc${one.split('.')[2]}`;
}

function input(situation: Situation, level: ConsistencyLevel): PlanInput {
  const { factors, dead } = situation;
  const factorOf = (name: string): number => factors[Number(name.slice(2))] ?? 0;
  const replication: Replication = {
    strategy: 'NetworkTopologyStrategy',
    factor: factors.reduce((sum, factor) => sum + factor, 0),
    factorOf,
    datacenters: factors.flatMap((factor, d) => (factor > 0 ? [`dc${d}`] : [])),
    natural: () => naturalOf(situation),
    pending: () => pendingOf(situation),
    pendingRanges: () => [],
    ranges: [],
  };
  return {
    level,
    replication,
    natural: naturalOf(situation),
    pending: pendingOf(situation),
    localDatacenter: 'dc0',
    isAlive: (one) => !dead.has(one),
    datacenterOf,
  };
}

const half = (n: number): number => Math.floor(n / 2) + 1;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** reliability closed form: may a read, or a write, succeed with these nodes? `extra` counts pending replicas. */
function available(situation: Situation, level: ConsistencyLevel, write: boolean): boolean {
  const nodes = write ? [...naturalOf(situation), ...pendingOf(situation)] : naturalOf(situation);
  const up = situation.factors.map(
    (_, d) =>
      nodes.filter((one) => datacenterOf(one) === `dc${d}` && !situation.dead.has(one)).length,
  );
  const extra = write ? situation.pending : situation.factors.map(() => 0);
  const { factors } = situation;
  const local = up[0] ?? 0;
  const moreLocal = extra[0] ?? 0;
  const more = sum(extra);
  switch (level) {
    case 'ANY':
      return true;
    case 'ONE':
      return sum(up) >= 1 + more;
    case 'TWO':
      return sum(up) >= 2 + more;
    case 'THREE':
      return sum(up) >= 3 + more;
    case 'QUORUM':
      return sum(up) >= half(sum(factors)) + more;
    case 'ALL':
      return sum(up) >= sum(factors) + more;
    case 'LOCAL_ONE':
      return local >= 1;
    case 'LOCAL_QUORUM':
      return local >= half(factors[0] ?? 0) + moreLocal;
    default:
      return factors.every((factor, d) => factor === 0 || (up[d] ?? 0) >= half(factor));
  }
}

const situations = fc
  .tuple(
    fc
      .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 })
      .filter((f) => sum(f) > 0),
    fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 3, maxLength: 3 }),
    fc.infiniteStream(fc.boolean()),
  )
  .map(([factors, pending, coin]): Situation => {
    const all = {
      factors,
      pending: factors.map((_, d) => pending[d] ?? 0),
      dead: new Set<string>(),
    };
    const nodes = [...naturalOf(all), ...pendingOf(all)];
    return { ...all, dead: new Set(nodes.filter(() => coin.next().value)) };
  });

describe('replica plan', () => {
  it('says UNAVAILABLE exactly when the closed form does, for every set of dead nodes', () => {
    let cells = 0;
    for (const factors of [[1], [2], [3], [5], [3, 3], [3, 2], [2, 2, 2], [3, 3, 3]]) {
      const nodes = naturalOf({ factors, pending: [], dead: new Set() });
      for (let bits = 0; bits < 2 ** nodes.length; bits++) {
        const dead = new Set(nodes.filter((_, at) => (bits >> at) % 2 === 1));
        const situation = { factors, pending: factors.map(() => 0), dead };
        for (const level of LEVELS) {
          const one = input(situation, level);
          const write = planWrite(one).kind === 'write';
          expect(write, `${level} ${factors.join()} dead ${[...dead].join()}`).toBe(
            available(situation, level, true),
          );
          if (level !== 'ANY') {
            const read = planRead(one, { alwaysSpeculate: false }).kind === 'read';
            expect(read, `read ${level}`).toBe(available(situation, level, false));
          }
          cells++;
        }
      }
    }
    expect(cells).toBeGreaterThan(5_000);
  });

  it('holds with pending replicas and uneven factors', () => {
    fc.assert(
      fc.property(situations, fc.constantFrom(...LEVELS), (situation, level) => {
        const plan = planWrite(input(situation, level));
        expect(plan.kind === 'write').toBe(available(situation, level, true));
        if (plan.kind !== 'write') return;
        const live = [...naturalOf(situation), ...pendingOf(situation)].filter(
          (one) => !situation.dead.has(one),
        );
        expect([...plan.contacts].sort()).toEqual(live.sort());
        expect(plan.dead.every((one) => situation.dead.has(one))).toBe(true);
        expect(plan.remoteGroups.flat().length + plan.localCount).toBe(plan.contacts.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads from the nearest and keeps the rest to spare', () => {
    fc.assert(
      fc.property(situations, fc.constantFrom(...LEVELS), (situation, level) => {
        if (level === 'ANY') return;
        const plan = planRead(input(situation, level), { alwaysSpeculate: false });
        if (plan.kind !== 'read') return;
        const all = [...plan.contacts, ...plan.spares];
        expect(new Set(all).size).toBe(all.length);
        expect(plan.contacts.length).toBe(plan.blockFor);
        expect(all.some((one) => situation.dead.has(one))).toBe(false);
        if (level.startsWith('LOCAL'))
          expect(all.every((one) => datacenterOf(one) === 'dc0')).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('repairs what was read, and enough more to be read again at the level', () => {
    fc.assert(
      fc.property(situations, fc.constantFrom(...LEVELS), (situation, level) => {
        if (level === 'ANY') return;
        const read = planRead(input(situation, level), { alwaysSpeculate: false });
        const repair =
          read.kind === 'read' ? planReadRepair(input(situation, level), read.contacts) : read;
        if (read.kind !== 'read' || repair.kind !== 'write') return;
        for (const one of read.contacts) expect(repair.contacts).toContain(one);
        if (level !== 'EACH_QUORUM' && level !== 'LOCAL_ONE')
          expect(repair.contacts.length).toBeGreaterThanOrEqual(repair.blockFor);
      }),
      { numRuns: 1000 },
    );
  });

  it('counts Paxos participants from the endpoints there are', () => {
    fc.assert(
      fc.property(
        situations,
        fc.constantFrom('SERIAL' as const, 'LOCAL_SERIAL' as const),
        (situation, level) => {
          const plan = planPaxos({ ...input(situation, level), level });
          const inScope = (one: Endpoint): boolean =>
            level === 'SERIAL' || datacenterOf(one) === 'dc0';
          const all = [...naturalOf(situation), ...pendingOf(situation)].filter(inScope);
          const live = all.filter((one) => !situation.dead.has(one));
          const pending = pendingOf(situation).filter(inScope);
          const ok = live.length >= half(all.length) && pending.length <= 1;
          expect(plan.kind === 'paxos').toBe(ok);
          if (plan.kind === 'paxos') expect(plan.required).toBe(half(all.length));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('counts a majority of the natural voters and all pending ones for Paxos v2', () => {
    fc.assert(
      fc.property(
        situations,
        fc.constantFrom('SERIAL' as const, 'LOCAL_SERIAL' as const),
        (situation, level) => {
          const plan = planPaxos2({ ...input(situation, level), level });
          const inScope = (one: Endpoint): boolean =>
            level === 'SERIAL' || datacenterOf(one) === 'dc0';
          const natural = naturalOf(situation).filter(inScope);
          const pending = pendingOf(situation).filter(inScope);
          const live = [...natural, ...pending].filter((one) => !situation.dead.has(one));
          const required = half(natural.length) + pending.length;
          expect(plan.kind === 'paxos2').toBe(live.length >= required);
          if (plan.kind !== 'paxos2') return;
          expect(plan).toMatchObject({
            required,
            contacts: live,
            readRequired: half(natural.length),
          });
          const commit = planPaxosCommit(input(situation, nonSerial(level)), plan);
          expect(commit.required).toBe(required);
          expect(new Set([...commit.contacts, ...commit.dead])).toEqual(
            new Set([...naturalOf(situation), ...pendingOf(situation)]),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('gives the numbers and texts of a running 5.0', () => {
    const situation = { factors: [3], pending: [0], dead: new Set([node(0, 2), node(0, 3)]) };
    const texts = LEVELS.map((level) => {
      const plan = planWrite(input(situation, level));
      if (plan.kind === 'write') return `${level} blockFor ${plan.blockFor}`;
      const { error } = plan;
      return 'required' in error ? `${error.message} ${error.required}/${error.alive}` : error.code;
    });
    expect(texts).toEqual([
      'ANY blockFor 1',
      'ONE blockFor 1',
      'Cannot achieve consistency level TWO 2/1',
      'Cannot achieve consistency level THREE 3/1',
      'Cannot achieve consistency level QUORUM 2/1',
      'Cannot achieve consistency level ALL 3/1',
      'LOCAL_ONE blockFor 1',
      'Cannot achieve consistency level LOCAL_QUORUM 2/1',
      'Cannot achieve consistency level EACH_QUORUM in DC dc0 2/0',
    ]);
  });
});
