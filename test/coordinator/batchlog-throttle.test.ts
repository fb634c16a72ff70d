// The replay of a batchlog takes its time: batchlog_replay_throttle bytes a second, divided by the nodes.

import { describe, expect, it } from 'vitest';

import { serializeMutation } from '../../src/data/mutation-serializer.ts';
import { ToyCluster, toyNodes } from './toy-cluster.ts';
import { mutation, toyKeyspace, toySchema, toyTable, update } from './toy-schema.ts';

const table = toyTable();
const BATCHES = 10;

function replay(batchesPerSecond: number) {
  const written = (n: number) =>
    mutation(update(table, { k: String(n), v: 'x'.repeat(100), timestamp: 1 }), 0);
  const bytes = serializeMutation(written(0)).length;
  const cluster = new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b', 'c'] }),
    schema: toySchema(toyKeyspace({ dc1: 3 }, [table])),
    config: { batchlog_replay_throttle: bytes * batchesPerSecond * 3 },
  });
  const { batchlog } = cluster.node('a/1').coordinator;
  const createdAtMs = Math.floor(cluster.loop.wallMicros() / 1000);
  for (let n = 0; n < BATCHES; n++) {
    const batchId = `0000000${n}-0000-1000-8000-000000000000`;
    batchlog.stored.add({ batchId, createdAtMs, mutations: [written(n)] });
  }
  cluster.loop.runFor(4_000);
  let isOver = false;
  batchlog.replay(() => {
    isOver = true;
  });
  const replayed = (): number =>
    cluster.events.filter((event) => event.kind === 'batch-replayed').length;
  return { cluster, batchlog, replayed, isOver: () => isOver };
}

describe('the replay of a batchlog', () => {
  it('is as fast as the throttle allows', () => {
    const { cluster, batchlog, replayed, isOver } = replay(2);
    cluster.loop.runFor(10);
    const counts = [replayed()];
    for (let second = 1; second <= 5; second++) {
      cluster.loop.runFor(1_000);
      counts.push(replayed());
    }
    expect(counts).toEqual([1, 3, 5, 7, 9, 10]);
    expect([isOver(), batchlog.stored.size]).toEqual([true, 0]);
  });

  it('is immediate without a throttle', () => {
    const { cluster, batchlog, replayed, isOver } = replay(0);
    cluster.loop.runFor(10);
    expect([replayed(), isOver(), batchlog.stored.size]).toEqual([BATCHES, true, 0]);
  });

  it('leaves out what was removed meanwhile, and ends when the node stops', () => {
    const { cluster, batchlog, replayed, isOver } = replay(1);
    cluster.loop.runFor(10);
    batchlog.stored.remove('00000001-0000-1000-8000-000000000000');
    cluster.loop.runFor(1_000);
    expect(replayed()).toBe(2);
    expect(batchlog.stored.has('00000002-0000-1000-8000-000000000000')).toBe(false);
    batchlog.stop();
    cluster.loop.runFor(20_000);
    expect([replayed(), isOver(), batchlog.stored.size]).toEqual([2, true, 7]);
  });
});
