// Rows on their way between nodes: all of a range and nothing else, large partitions, throttle, a peer that dies.

import { describe, expect, it } from 'vitest';

import type { StreamTotals } from '../../src/node/repair/streaming.ts';
import type { StreamProgress } from '../../src/node/membership/range-streaming.ts';
import { rangeContains } from '../../src/ring/token-range.ts';
import { ToyCluster, toyNodes } from '../coordinator/toy-cluster.ts';
import {
  KEYSPACE,
  key,
  mutation,
  toyKeyspace,
  toySchema,
  toyTable,
  update,
} from '../coordinator/toy-schema.ts';

const table = toyTable();

function twoNodes(): ToyCluster {
  return new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b'] }),
    schema: toySchema(toyKeyspace({ dc1: 1 }, [table])),
    latency: (_from, _to, same) => ({ oneWayMs: same ? 0 : 1, jitterMs: 0 }),
  });
}

function fill(cluster: ToyCluster, name: string, partitions: number, rows: number): void {
  const { store } = cluster.node(name);
  for (let k = 0; k < partitions; k++) {
    for (let c = 0; c < rows; c++) {
      store.apply(mutation(update(table, { k: `key${k}`, c, v: `value ${c}`, timestamp: 1 }), 0));
    }
  }
}

describe('streaming', () => {
  it('fetches all rows of the ranges and no others', () => {
    const cluster = twoNodes();
    fill(cluster, 'a/1', 300, 3);
    fill(cluster, 'a/1', 1, 2_500);
    const a = cluster.node('a/1');
    const b = cluster.node('b/1');
    const ranges = [{ left: { high: -0x4000_0000, low: 0 }, right: { high: 0x2000_0000, low: 0 } }];
    let totals: StreamTotals | null = null;
    b.streaming.fetch(
      a.address,
      { session: 's', keyspace: KEYSPACE, tables: ['t'], ranges },
      (sums, error) => {
        expect(error).toBeNull();
        totals = sums;
      },
    );
    cluster.loop.runFor(60_000);
    const wanted = Array.from({ length: 300 }, (_, k) => key(`key${k}`)).filter((one) =>
      ranges.some((range) => rangeContains(range, one)),
    );
    expect(b.store.table(table).partitionCount).toBe(wanted.length);
    for (const one of wanted) {
      expect(b.store.table(table).partition(one)?.rows.length).toBe(
        a.store.table(table).partition(one)?.rows.length,
      );
    }
    const sums = totals as StreamTotals | null;
    expect(sums?.rows).toBe(
      wanted.reduce((n, one) => n + (a.store.table(table).partition(one)?.rows.length ?? 0), 0),
    );
  });

  it('keeps to the throughput', () => {
    const cluster = twoNodes();
    fill(cluster, 'a/1', 1_000, 1);
    const a = cluster.node('a/1');
    const { dataBytes } = a.store.table(table);
    a.streaming.setThroughput(dataBytes / 10);
    let endedAt = 0;
    const ranges = [
      { left: { high: -0x8000_0000, low: 0 }, right: { high: -0x8000_0000, low: 0 } },
    ];
    a.streaming.send(
      cluster.node('b/1').address,
      { session: 's', keyspace: KEYSPACE, tables: null, ranges },
      () => {
        endedAt = cluster.loop.nowMs();
      },
    );
    cluster.loop.runFor(60_000);
    expect(endedAt).toBeGreaterThan(4_000);
    expect(endedAt).toBeLessThan(12_000);
  });

  it('ends when the peer dies', () => {
    const cluster = twoNodes();
    fill(cluster, 'a/1', 1_000, 1);
    const a = cluster.node('a/1');
    a.streaming.setThroughput(1_000);
    let failure: string | null = null;
    const ranges = [
      { left: { high: -0x8000_0000, low: 0 }, right: { high: -0x8000_0000, low: 0 } },
    ];
    a.streaming.send(
      cluster.node('b/1').address,
      { session: 's', keyspace: KEYSPACE, tables: null, ranges },
      (_sums, error) => {
        failure = error;
      },
    );
    cluster.loop.runFor(5_000);
    expect(failure).toBeNull();
    cluster.kill('b/1');
    cluster.loop.runFor(2_000);
    expect(failure).toContain('died');
  });

  it('runs a plan of several tasks and tells how far it is', () => {
    const cluster = twoNodes();
    fill(cluster, 'a/1', 50, 1);
    const a = cluster.node('a/1').address;
    const b = cluster.node('b/1');
    const half = { high: 0, low: 0 };
    const min = { high: -0x8000_0000, low: 0 };
    const told: StreamProgress[] = [];
    let result: string | null | undefined = undefined;
    b.streaming.stream(
      {
        operation: 'Bootstrap',
        tasks: [
          { keyspace: KEYSPACE, direction: 'fetch', peer: a, ranges: [{ left: min, right: half }] },
          { keyspace: KEYSPACE, direction: 'fetch', peer: a, ranges: [{ left: half, right: min }] },
        ],
      },
      (progress) => told.push(progress),
      (error) => {
        result = error;
      },
    );
    cluster.loop.runFor(10_000);
    expect(result).toBeNull();
    expect([...new Set(told.map((one) => `${one.ranges}/${one.rangesTotal}`))]).toEqual([
      '0/2',
      '1/2',
      '2/2',
    ]);
    expect(told.at(-1)?.rows).toBe(50);
    expect(b.store.table(table).partitionCount).toBe(50);
  });
});
