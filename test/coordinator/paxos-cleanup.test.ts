// What Paxos repair leaves behind: the ballot below which all is finished, by range; what a replica may then forget,
// under each paxos_state_purging; whom a ballot belongs to. The repair itself: test/traces/paxos-repair.trace.

import { describe, expect, it } from 'vitest';

import type { Ballot, PrepareResponse } from '../../src/node/coordinator/paxos-messages.ts';
import {
  ballotLevel,
  ballotOf,
  newBallot,
  NO_BALLOT,
} from '../../src/node/coordinator/paxos-messages.ts';
import type { PaxosStatePurging } from '../../src/node/node-config.ts';
import { PaxosRepairHistory } from '../../src/node/replica/paxos-repair-history.ts';
import { PaxosStore } from '../../src/node/replica/paxos-store.ts';
import type { TokenRange } from '../../src/ring/token-range.ts';
import { FULL_RANGE } from '../../src/ring/token-range.ts';
import { parseToken } from '../../src/ring/token.ts';
import { ToyStore } from './toy-cluster.ts';
import { key, KEYSPACE, mutation, toyTable, update } from './toy-schema.ts';
import { setClock } from '../set-clock.ts';

const table = toyTable();
const tableById = (id: string) => (id === table.id ? table : undefined);
const at = { keyspace: KEYSPACE, tableId: table.id, key: key('1') };
const NODE = Buffer.from('8000000000000001', 'hex');
const START_MS = 1_767_225_600_000;
const DAY_MS = 24 * 3_600_000;
const GRACE_MS = 60_000;

function ballot(ms: number, level: 'SERIAL' | 'LOCAL_SERIAL' = 'SERIAL'): Ballot {
  return newBallot((START_MS + ms) * 1000, NODE, level);
}

function range(left: number | string, right: number | string): TokenRange {
  return { left: parseToken(String(left)), right: parseToken(String(right)) };
}

describe('a ballot', () => {
  it('tells whose votes decide', () => {
    expect(ballotLevel(ballot(0))).toBe('SERIAL');
    expect(ballotLevel(ballot(0, 'LOCAL_SERIAL'))).toBe('LOCAL_SERIAL');
    expect(ballotLevel(NO_BALLOT)).toBeNull();
    expect(ballotOf(ballot(7).uuid)).toEqual(ballot(7));
    expect(ballotOf(NO_BALLOT.uuid)).toBe(NO_BALLOT);
  });
});

describe('the history of Paxos repairs', () => {
  it('holds the newest ballot of every range, also after a restart', () => {
    const store = new ToyStore();
    const time = setClock();
    const history = new PaxosRepairHistory(store, time, tableById);
    const token = at.key;
    const own = {
      left: { high: token.high - 1, low: 0 },
      right: { high: token.high, low: token.low },
    };
    expect(history.lowBound(table.id, at.key)).toBe(NO_BALLOT);
    history.raise(table, [own], ballot(10));
    time.now += 1;
    history.raise(table, [FULL_RANGE], ballot(5));
    time.now += 1;
    history.raise(table, [range(0, 100), range(200, 300)], ballot(20));
    const again = new PaxosRepairHistory(store, time, tableById);
    for (const one of [history, again]) {
      expect(one.lowBound(table.id, at.key)).toEqual(ballot(10));
      expect(one.lowBound(table.id, { ...at.key, high: 0, low: 250 })).toEqual(ballot(20));
      expect(one.lowBound(table.id, { ...at.key, high: 0, low: 150 })).toEqual(ballot(5));
      expect(one.lowBound(table.id, { ...at.key, high: -0x8000_0000, low: 1 })).toEqual(ballot(5));
    }
  });
});

describe('what a replica may forget', () => {
  const open = (policy: PaxosStatePurging) => {
    const time = setClock();
    const store = new ToyStore();
    return {
      time,
      paxos: () => new PaxosStore(store, time, tableById, { policy, graceMs: GRACE_MS }),
    };
  };
  const commit = (paxos: PaxosStore): void => {
    const one = mutation(update(table, { k: '1', v: 'x', timestamp: 5 }), 0);
    const proposal = { ballot: ballot(0), mutation: one };
    paxos.prepare(at, ballot(0), () => undefined);
    paxos.propose(at, proposal, () => undefined);
    paxos.commit(at, proposal, () => undefined);
  };
  const knows = (paxos: PaxosStore): boolean => paxos.current(at).committed !== null;

  it.each(['legacy', 'gc_grace'] as const)('%s: everything, after gc_grace', (policy) => {
    const { time, paxos } = open(policy);
    const running = paxos();
    commit(running);
    time.now += 9 * DAY_MS;
    expect([knows(running), knows(paxos())]).toEqual([true, true]);
    time.now += 2 * DAY_MS;
    expect([knows(running), knows(paxos())]).toEqual([false, false]);
  });

  it('repaired: only what a Paxos repair has finished, after a pause', () => {
    const { time, paxos } = open('repaired');
    const running = paxos();
    commit(running);
    time.now += 100 * DAY_MS;
    expect([knows(running), knows(paxos())]).toEqual([true, true]);
    running.history.raise(table, [FULL_RANGE], ballot(GRACE_MS));
    expect([knows(running), knows(paxos())]).toEqual([true, true]);
    time.now += 1;
    running.history.raise(table, [FULL_RANGE], ballot(GRACE_MS + 1));
    expect([knows(running), knows(paxos())]).toEqual([false, false]);
    // What was forgotten cannot come back: an older ballot finds no ear.
    const heard: PrepareResponse[] = [];
    paxos().prepare(at, ballot(5), (response) => heard.push(response));
    expect(heard).toMatchObject([{ promised: false, promisedBallot: ballot(GRACE_MS + 1) }]);
  });

  it('is unfinished until it is committed, or overruled by an empty proposal', () => {
    const { paxos } = open('repaired');
    const running = paxos();
    const unfinished = (): number => running.uncommitted(table, [FULL_RANGE]).length;
    expect(unfinished()).toBe(0);
    running.prepare(at, ballot(0), () => undefined);
    expect(unfinished()).toBe(1);
    commit(running);
    expect(unfinished()).toBe(0);
    running.prepare(at, ballot(9), () => undefined);
    expect(
      running.uncommitted(table, [range(at.key.high >= 0 ? -5 : 5, at.key.high >= 0 ? 0 : 9)]),
    ).toEqual([]);
    expect(running.uncommitted(table, [FULL_RANGE])).toMatchObject([{ ballot: ballot(9) }]);
    running.propose(at, { ballot: ballot(9), mutation: null }, () => undefined);
    expect(unfinished()).toBe(0);
  });
});
