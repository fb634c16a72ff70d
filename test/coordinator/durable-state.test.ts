// Promises and batches outlive the process: what a node has said it must still know after a restart.

import { describe, expect, it } from 'vitest';

import { NO_BALLOT } from '../../src/node/coordinator/paxos-messages.ts';
import type { Ballot, PrepareResponse } from '../../src/node/coordinator/paxos-messages.ts';
import { BatchStore } from '../../src/node/replica/batch-store.ts';
import { PaxosStore } from '../../src/node/replica/paxos-store.ts';
import { timeUuidAt } from '../../src/data/time-uuid.ts';
import { ToyStore } from './toy-cluster.ts';
import { key, KEYSPACE, mutation, toyTable, update } from './toy-schema.ts';
import { setClock } from '../set-clock.ts';

const table = toyTable();
const tableById = (id: string) => (id === table.id ? table : undefined);
const at = { keyspace: KEYSPACE, tableId: table.id, key: key('1') };

function ballot(offset: number): Ballot {
  const micros = 1_767_225_600_000_000 + offset;
  return { micros, uuid: timeUuidAt(micros, Buffer.from('8000000000000001', 'hex')) };
}

describe('Paxos state', () => {
  it('is what it was after a restart', () => {
    const store = new ToyStore();
    const time = setClock();
    const open = () => new PaxosStore(store, time, tableById);
    const one = mutation(update(table, { k: '1', v: 'x', timestamp: 5 }), 0);
    const heard: (PrepareResponse | boolean)[] = [];
    const first = open();
    first.prepare(at, ballot(10), (response) => heard.push(response));
    first.propose(at, { ballot: ballot(10), mutation: one }, (accepted) => heard.push(accepted));
    expect(heard).toEqual([
      { promised: true, promisedBallot: ballot(10), accepted: null, committed: null },
      true,
    ]);
    heard.length = 0;
    const second = open();
    second.prepare(at, ballot(5), (response) => heard.push(response));
    second.propose(at, { ballot: ballot(5), mutation: one }, (accepted) => heard.push(accepted));
    const [refused] = heard as [PrepareResponse, boolean];
    expect(refused.promised).toBe(false);
    expect(refused.promisedBallot).toEqual(ballot(10));
    expect(refused.accepted?.ballot).toEqual(ballot(10));
    expect(refused.accepted?.mutation?.updates[0]?.rows.length).toBe(1);
    expect(heard[1]).toBe(false);
    second.commit(at, { ballot: ballot(10), mutation: one }, () => undefined);
    open().prepare(at, ballot(20), (response) => {
      expect(response.promised).toBe(true);
      expect(response.accepted).toBeNull();
      expect(response.committed?.ballot).toEqual(ballot(10));
    });
  });

  it('keeps promises to readers apart from promises to writers, also over a restart', () => {
    const store = new ToyStore();
    const time = setClock();
    const open = () => new PaxosStore(store, time, tableById);
    const kinds: string[] = [];
    const ask = (offset: number, isWrite: boolean) =>
      open().promise(at, ballot(offset), isWrite, (result) => kinds.push(result.kind));
    ask(10, true);
    ask(30, false);
    ask(20, false);
    ask(20, true);
    ask(5, false);
    ask(40, true);
    ask(35, false);
    expect(kinds).toEqual([
      'promise',
      'promise',
      'permit-read',
      'permit-read',
      'reject',
      'promise',
      'reject',
    ]);
    expect(open().current(at)).toMatchObject({ promised: ballot(40), promisedWrite: ballot(40) });
  });

  it('names the ballot in whose favour it refuses', () => {
    const states = new PaxosStore(new ToyStore(), setClock(), tableById);
    const heard: (Ballot | null)[] = [];
    const propose = (offset: number) =>
      states.accept(at, { ballot: ballot(offset), mutation: null }, (by) => heard.push(by));
    states.promise(at, ballot(20), true, () => undefined);
    propose(10);
    propose(20);
    propose(30);
    propose(25);
    states.commit(at, { ballot: ballot(40), mutation: null }, () => undefined);
    propose(35);
    propose(40);
    expect(heard).toEqual([ballot(20), null, null, ballot(30), ballot(40), null]);
  });

  it('is forgotten after its time to live', () => {
    const store = new ToyStore();
    const time = setClock();
    new PaxosStore(store, time, tableById).prepare(at, ballot(10), () => undefined);
    time.now += (table.params.gc_grace_seconds + 1) * 1000;
    new PaxosStore(store, time, tableById).prepare(at, ballot(5), (response) => {
      expect(response.promised).toBe(true);
    });
    expect(NO_BALLOT.micros).toBeLessThan(0);
  });
});

describe('batch store', () => {
  it('has its batches again after a restart, but for those removed', () => {
    const store = new ToyStore();
    const time = setClock();
    const batches = new BatchStore(store, time);
    const createdAtMs = time.now;
    const id = (n: number): string => `5dcf2a0${n}-e6ab-11f0-8000-000000000001`;
    const mutations = ['1', '2'].map((k) =>
      mutation(update(table, { k, v: 'x', timestamp: 1 }), 0),
    );
    batches.add({ batchId: id(1), createdAtMs, mutations });
    batches.add({ batchId: id(2), createdAtMs, mutations });
    batches.remove(id(1));
    const again = new BatchStore(store, time);
    again.load(tableById);
    expect(again.all().map((batch) => batch.batchId)).toEqual([id(2)]);
    expect(again.all()[0]?.mutations.map((one) => one.key.id)).toEqual(['1', '2']);
  });
});
