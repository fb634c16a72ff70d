// Hints on disk and in memory: what outlives a restart, pages, the throttle, handing on, forgetting a host.

import { describe, expect, it } from 'vitest';

import { HintFiles } from '../../src/node/hints/hint-files.ts';
import { HostHints, isHintExpired, newHint } from '../../src/node/hints/host-hints.ts';
import { Gate } from '../../src/world/gate.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { hostIdOf, ToyCluster, toyNodes } from '../coordinator/toy-cluster.ts';
import { mutation, toyKeyspace, toySchema, toyTable, update } from '../coordinator/toy-schema.ts';

const table = toyTable();
const HOST = '00000000-0000-4000-8000-000000001002';

function hint(k: string, createdAtMs = 1_000) {
  return newHint(mutation(update(table, { k, v: 'x', timestamp: 1 }), createdAtMs), createdAtMs);
}

function threeNodes(config = {}, hintBytesMax = Infinity): ToyCluster {
  return new ToyCluster({
    nodes: toyNodes({ dc1: ['a', 'b', 'c'] }),
    schema: toySchema(toyKeyspace({ dc1: 3 }, [table])),
    config,
    hintBytesMax,
    latency: (_from, _to, same) => ({ oneWayMs: same ? 0 : 1, jitterMs: 0 }),
  });
}

function write(cluster: ToyCluster, k: string, consistency: 'QUORUM' | 'ONE' = 'QUORUM'): void {
  const now = Math.floor(cluster.loop.wallMicros() / 1000);
  const one = mutation(update(table, { k, v: 'x', timestamp: 1 }), now);
  cluster
    .node('a/1')
    .coordinator.write([one], { kind: 'simple', consistency }, cluster.context(), (error) =>
      expect(error).toBeNull(),
    );
}

describe('host hints', () => {
  it('gives pages oldest first and keeps what was not delivered', () => {
    const hints = new HostHints(HOST);
    for (let i = 0; i < 5; i++) hints.add(hint(String(i)));
    const page = hints.page(3, 1_000_000);
    expect(page.map((one) => one.mutation.key.id)).toEqual(['0', '1', '2']);
    hints.dropPage(3, [page[1] as (typeof page)[number]]);
    expect(hints.all().map((one) => one.mutation.key.id)).toEqual(['1', '3', '4']);
    expect(hints.count).toBe(3);
    const { bytes } = hints;
    expect(bytes).toBe(hints.all().reduce((sum, one) => sum + one.bytes, 0));
    expect(hints.page(10, 1).length).toBe(1);
  });

  it('counts from the smaller gc_grace of then and now', () => {
    const one = hint('1', 0);
    const grace = one.gcGraceSeconds * 1000;
    expect(isHintExpired(one, grace - 1, () => undefined)).toBe(false);
    expect(isHintExpired(one, grace, () => undefined)).toBe(true);
    expect(isHintExpired(one, 5_000, () => 5)).toBe(true);
    expect(isHintExpired(one, 4_999, () => 5)).toBe(false);
  });
});

describe('hint files', () => {
  it('brings back what was appended, up to a damaged record', () => {
    const image = new DiskImage();
    const loop = new VirtualEventLoop();
    const open = () => new HintFiles(new VirtualDisk(image, loop, new Gate()));
    const files = open();
    files.append(HOST, [hint('1'), hint('2')], () => undefined);
    files.append(HOST, [hint('3')], () => undefined);
    loop.runFor(1);
    const read = (): string[] =>
      (
        open()
          .load((id) => (id === table.id ? table : undefined))
          .get(HOST) ?? []
      ).map((one) => one.mutation.key.id);
    expect(read()).toEqual(['1', '2', '3']);
    expect(
      open()
        .load(() => undefined)
        .get(HOST),
    ).toEqual([]);
    const length = image.files.get(`hints/${HOST}.hints`)?.length ?? 0;
    image.flipBit(`hints/${HOST}.hints`, length - 1);
    expect(read()).toEqual(['1', '2']);
    files.rewrite(HOST, [hint('9')]);
    loop.runFor(100);
    expect(read()).toEqual(['9']);
    files.rewrite(HOST, []);
    loop.runFor(100);
    expect(read()).toEqual([]);
  });
});

describe('hinted handoff', () => {
  it('delivers at the throttle: bytes a second divided by the other nodes', () => {
    const cluster = threeNodes({ hinted_handoff_throttle: 2_000 });
    cluster.kill('c/1');
    for (let i = 0; i < 1_000; i++) write(cluster, `key${i}`);
    cluster.loop.runFor(100);
    const [pending] = cluster.node('a/1').hints.pendingHints();
    expect(pending?.count).toBe(1_000);
    cluster.revive('c/1');
    cluster.loop.runFor(10_000);
    const seconds = (pending?.bytes ?? 0) / 1_000;
    cluster.loop.runFor((seconds * 1_000) / 2);
    const half = cluster.node('a/1').hints.pendingHints()[0]?.count ?? 0;
    expect(half).toBeGreaterThan(300);
    expect(half).toBeLessThan(700);
    cluster.loop.runFor(seconds * 1_000);
    expect(cluster.node('a/1').hints.pendingHints()).toEqual([]);
    expect(cluster.node('c/1').store.table(table).partitionCount).toBe(1_000);
  });

  it('counts bytes as they are written, and keeps no more than max_hints_size_per_host', () => {
    const { bytes } = hint('1');
    const image = new DiskImage();
    const files = new HintFiles(new VirtualDisk(image, new VirtualEventLoop(), new Gate()));
    files.append(HOST, [hint('1'), hint('2')], () => undefined);
    expect(image.files.get(`hints/${HOST}.hints`)?.length).toBe(2 * bytes);

    // Beyond the size, not at it: Cassandra looks before it writes.
    const cluster = threeNodes({ max_hints_size_per_host: 2 * bytes });
    cluster.kill('c/1');
    for (const k of ['1', '2', '3', '4', '5']) write(cluster, k);
    cluster.loop.runFor(100);
    expect(cluster.node('a/1').hints.pendingHints()).toMatchObject([
      { count: 3, bytes: 3 * bytes },
    ]);
    const refused = cluster.events.filter(({ kind }) => kind === 'hint-window-passed');
    expect(refused).toHaveLength(2);
  });

  it('keeps no more bytes than the node may hold, all hosts together', () => {
    const cluster = threeNodes({}, 3 * hint('1').bytes);
    cluster.kill('b/1');
    cluster.kill('c/1');
    for (const k of ['1', '2', '3', '4', '5']) write(cluster, k, 'ONE');
    cluster.loop.runFor(100);
    const counts = cluster
      .node('a/1')
      .hints.pendingHints()
      .map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('pauses and resumes', () => {
    const cluster = threeNodes();
    const { hints } = cluster.node('a/1');
    cluster.kill('c/1');
    write(cluster, '1');
    hints.setPaused(true);
    cluster.revive('c/1');
    cluster.loop.runFor(30_000);
    expect(hints.pendingHints().length).toBe(1);
    hints.setPaused(false);
    cluster.loop.runFor(10_100);
    expect(hints.pendingHints()).toEqual([]);
  });

  it('hands all hints to another node, which delivers them', () => {
    const cluster = threeNodes();
    cluster.kill('c/1');
    write(cluster, '1');
    cluster.loop.runFor(100);
    let taken: boolean | null = null;
    cluster.node('a/1').hints.transferAll(cluster.node('b/1').address, (ok) => {
      taken = ok;
    });
    cluster.loop.runFor(100);
    expect(taken).toBe(true);
    expect(cluster.node('a/1').hints.pendingHints()).toEqual([]);
    expect(
      cluster
        .node('b/1')
        .hints.pendingHints()
        .map((one) => one.node),
    ).toEqual([cluster.node('c/1').address]);
    cluster.revive('c/1');
    cluster.loop.runFor(20_000);
    expect(cluster.node('c/1').store.table(table).partitionCount).toBe(1);
  });

  it('forgets a host that left', () => {
    const cluster = threeNodes();
    cluster.kill('c/1');
    write(cluster, '1');
    cluster.node('a/1').hints.truncate(hostIdOf(cluster.node('c/1').address));
    expect(cluster.node('a/1').hints.pendingHints()).toEqual([]);
  });
});
