// A fault of the program in the middle of a request: it stops the run, and nobody is left waiting for an answer.

import { describe, expect, it } from 'vitest';

import type { CasDecision, CasResult, ReadResult } from '../../src/node/coordinator/coordinator.ts';
import type { ToyNode } from './toy-cluster.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import { mutation, readOf, toyKeyspace, toySchema, toyTable, update } from './toy-schema.ts';

const table = toyTable({ speculative_retry: 'NEVER' });

function open(variant: 'v1' | 'v2' = 'v1'): ToyCluster {
  return new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b', 'c'] }),
    schema: toySchema(toyKeyspace({ dc1: 3 }, [table])),
    config: { paxos_variant: variant },
  });
}

/** Runs on through faults; their texts. */
function runThroughFaults(cluster: ToyCluster, ms: number): readonly string[] {
  const faults: string[] = [];
  const end = cluster.loop.nowMs() + ms;
  while (cluster.loop.nowMs() < end) {
    try {
      cluster.loop.runUntil(end);
    } catch (fault) {
      faults.push(String(fault));
    }
  }
  return faults;
}

function cas(cluster: ToyCluster, evaluate: () => CasDecision): CasResult[] {
  const results: CasResult[] = [];
  cluster.node('a/1').coordinator.cas(
    {
      table,
      read: readOf(table, { k: '1' }),
      serialConsistency: 'SERIAL',
      commitConsistency: 'QUORUM',
      evaluate,
    },
    cluster.context(),
    (result) => results.push(result),
  );
  return results;
}

describe('a fault of the program', () => {
  it.each(['v1', 'v2'] as const)('in a condition is the answer, Paxos %s', (variant) => {
    const cluster = open(variant);
    const failed = cas(cluster, () => {
      throw new TypeError('nobody thought of this');
    });
    expect(runThroughFaults(cluster, 10_000)).toEqual(['TypeError: nobody thought of this']);
    const error = { code: 'SERVER_ERROR', message: 'TypeError: nobody thought of this' };
    expect(failed).toEqual([{ ok: false, error }]);

    const next = mutation(update(table, { k: '1', v: 'x', timestamp: 1 }), 0);
    const applied = cas(cluster, () => ({ kind: 'apply', mutation: next }));
    expect(runThroughFaults(cluster, 10_000)).toEqual([]);
    expect(applied).toEqual([{ ok: true, applied: true }]);
  });

  it('in a replica is a failure of that replica, at once', () => {
    const cluster = open();
    const fail = (node: ToyNode): void => {
      Object.assign(node.store, {
        read: () => {
          throw new TypeError('no such row');
        },
      });
    };
    for (const name of ['b/1', 'c/1']) fail(cluster.node(name));
    const results: ReadResult[] = [];
    const { coordinator } = cluster.node('a/1');
    coordinator.read([readOf(table, { k: '1' })], 'QUORUM', cluster.context(), (result) =>
      results.push(result),
    );
    expect(runThroughFaults(cluster, 1_000)).toEqual(['TypeError: no such row']);
    const [result] = results;
    expect(result?.ok === false && result.error.code).toBe('READ_FAILURE');
  });

  it('in a coordinator reaches the request that it worked for', () => {
    const cluster = open();
    const { messaging } = cluster.node('a/1');
    const heard: unknown[] = [];
    messaging.faults.run(
      (thrown) => heard.push(thrown),
      () =>
        messaging.ask(cluster.node('b/1').address, 'ECHO_REQ', null, () => {
          throw new TypeError('no idea');
        }),
    );
    expect(runThroughFaults(cluster, 60_000)).toEqual(['TypeError: no idea']);
    expect(heard.map(String)).toEqual(['TypeError: no idea']);
    expect(messaging.pending()).toBe(0);
  });

  it('in one deadline leaves the others', () => {
    const cluster = open();
    const { messaging } = cluster.node('a/1');
    const expired: string[] = [];
    const wait = (name: string): void => {
      const done = (): void => {
        expired.push(name);
        if (name === 'first') throw new TypeError('first');
      };
      messaging.open({ onResponse: done, onFailure: done, onExpired: done }, null, 1_000);
    };
    wait('first');
    wait('second');
    expect(runThroughFaults(cluster, 5_000)).toEqual(['TypeError: first']);
    expect(expired).toEqual(['first', 'second']);
  });
});
