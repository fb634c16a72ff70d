// A node whose disk cannot keep up with its hints refuses writes to the hosts that cause them, in Cassandra's words, and
// to nobody else; it holds no more than its buffers and the hints in flight.

import { describe, expect, it } from 'vitest';

import type { CqlError } from '../../src/data/cql-error.ts';
import { HintBuffers } from '../../src/node/hints/hint-buffers.ts';
import { newHint } from '../../src/node/hints/host-hints.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { ToyCluster, toyNodes } from '../coordinator/toy-cluster.ts';
import {
  keyspaceOf,
  mutation,
  toyKeyspace,
  toySchema,
  toyTable,
  update,
} from '../coordinator/toy-schema.ts';

const table = toyTable();
const BUFFER_BYTES = 2_000;

/** One replica a key, so that a dead node concerns a part of the writes only. */
function newCluster(image: DiskImage): ToyCluster {
  return new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b', 'c'] }),
    schema: toySchema(toyKeyspace({ dc1: 1 }, [table])),
    hintsDisk: (loop, gate) => new VirtualDisk(image, loop, gate),
    hintBufferBytes: BUFFER_BYTES,
  });
}

function write(cluster: ToyCluster, k: string): CqlError | null {
  let answer: CqlError | null | undefined;
  const one = mutation(
    update(table, { k, v: 'x', timestamp: 1 }),
    cluster.loop.wallMicros() / 1000,
  );
  cluster
    .node('a/1')
    .coordinator.write(
      [one],
      { kind: 'simple', consistency: 'ANY' },
      cluster.context(),
      (error) => {
        answer = error;
      },
    );
  cluster.loop.runFor(1);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

/** Keys of which c/1 is the replica, or is not. */
function keysOf(cluster: ToyCluster, count: number, isOnC: boolean): string[] {
  const keys: string[] = [];
  for (let n = 0; keys.length < count; n++) {
    const replication = cluster.node('a/1').cluster.replication(keyspaceOf(cluster.schema));
    const one = mutation(update(table, { k: String(n), v: 'x', timestamp: 1 }), 0);
    const onC = replication.natural(one.key)[0] === cluster.node('c/1').address;
    if (onC === isOnC) keys.push(String(n));
  }
  return keys;
}

describe('too many hints in flight', () => {
  it('refuses writes to their host until the disk takes hints again', () => {
    const image = new DiskImage();
    const cluster = newCluster(image);
    const toC = keysOf(cluster, 1_500, true);
    const elsewhere = keysOf(cluster, 1, false);
    cluster.kill('c/1');
    image.freeBytes = 0;
    const answers = toC.map((k) => write(cluster, k));
    const accepted = answers.findIndex((error) => error !== null);
    const refused = answers.slice(accepted);
    expect(accepted).toBeGreaterThan(1_025);
    expect(refused.every((error) => error?.code === 'OVERLOADED')).toBe(true);
    expect(refused[0]?.message).toMatch(
      /^Too many in flight hints: 1025 destination: Full\(\/127\.0\.1\.3:7000,\(-?\d+,-?\d+\]\) destination hints: 1025$/,
    );
    // Nothing more was kept than what was accepted, and the other hosts' writes go on.
    expect(cluster.node('a/1').hints.pendingHints()).toMatchObject([{ count: accepted }]);
    for (const k of elsewhere) expect(write(cluster, k)).toBeNull();
    image.freeBytes = Infinity;
    cluster.loop.runFor(10_500);
    for (const k of toC) expect(write(cluster, k)).toBeNull();
  });

  it('never happens while the disk keeps up', () => {
    const cluster = newCluster(new DiskImage());
    const toC = keysOf(cluster, 3_000, true);
    cluster.kill('c/1');
    for (const k of toC) expect(write(cluster, k)).toBeNull();
    expect(cluster.node('a/1').hints.pendingHints()).toMatchObject([{ count: 3_000 }]);
  });
});

describe('hint buffers', () => {
  const hint = newHint(mutation(update(table, { k: '1', v: 'x', timestamp: 1 }), 0), 0);
  const buffers = () => new HintBuffers(hint.bytes * 10);

  it('ask for the disk when one is full, and no more while it has two', () => {
    const some = buffers();
    const asks = (count: number): number =>
      Array.from({ length: count }, () => some.add('h', hint)).filter((isFull) => isFull).length;
    expect(asks(9)).toBe(0);
    expect(asks(1)).toBe(1);
    const first = some.hand('h', 10);
    expect(asks(10)).toBe(1);
    const second = some.hand('h', 10);
    expect([some.canHand, some.inFlight]).toEqual([false, 0]);
    expect(asks(25)).toBe(0);
    expect([some.inFlight, some.inFlightFor('h'), some.inFlightFor('other')]).toEqual([15, 15, 0]);
    some.settle(first);
    some.settle(second);
    expect([some.canHand, some.inFlight]).toEqual([true, 15]);
    some.settle(some.hand('h', 25));
    expect([some.inFlight, some.inFlightFor('h')]).toEqual([0, 0]);
  });

  it('keep what the disk refused, and wait for the next round', () => {
    const some = buffers();
    for (let n = 0; n < 35; n++) some.add('h', hint);
    some.returned(some.hand('h', 35));
    expect(some.inFlight).toBe(5);
    expect(some.add('h', hint)).toBe(false);
    some.settle(some.hand('h', 36));
    expect(some.inFlight).toBe(0);
  });
});
