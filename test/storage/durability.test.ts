// A node's data over kills and power cuts, on the virtual disk: what was acknowledged in each sync mode is there
// again; torn tails and damage; checkpoints; truncation; failing disks.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Mutation, PartitionData } from '../../src/data/partition.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import type { FailureDecision } from '../../src/node/storage/disk-failure-policy.ts';
import { onCommitFailure, onDiskFailure } from '../../src/node/storage/disk-failure-policy.ts';
import type { ApplyResult, StorageConfig } from '../../src/node/storage/node-storage.ts';
import { NodeStorage } from '../../src/node/storage/node-storage.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { Gate } from '../../src/world/gate.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { int, makeTable, onePartition, text } from './fixtures.ts';
import { fingerprint } from './operations.ts';
import { NATIVE } from '../../src/data/cql-type.ts';

const table = makeTable({ name: 'dur', clustering: { c: NATIVE.int } });
const other = { ...makeTable({ name: 'oth' }), keyspace: 'system' };

class Bed {
  readonly loop = new VirtualEventLoop();
  readonly image = new DiskImage();
  readonly failures: FailureDecision[] = [];
  gate = new Gate();
  storage: NodeStorage;
  private readonly config: StorageConfig;

  constructor(config: Partial<StorageConfig> = {}, checkpointLogBytes = 2 ** 40) {
    this.config = { ...DEFAULT_NODE_CONFIG, commitlog_total_space: checkpointLogBytes, ...config };
    this.storage = this.begin();
    this.storage.start();
  }

  /** A process kill (or a power cut) and a start from what the disk kept. */
  restart(by: { readonly powerCut?: boolean; readonly lenient?: boolean } = {}) {
    this.gate.close();
    if (by.powerCut === true) this.image.cutPower();
    this.gate = new Gate();
    this.storage = this.begin();
    const result = this.storage.replay(() => true, by.lenient ?? false);
    let isStarted = false;
    this.storage.start(() => {
      isStarted = true;
    });
    this.loop.runUntilTrue(() => isStarted, 1000);
    return result;
  }

  write(update: PartitionData, createdAtMs = 0): { result: ApplyResult | null } {
    const outcome: { result: ApplyResult | null } = { result: null };
    const mutation: Mutation = {
      keyspace: update.table.keyspace,
      key: update.key,
      updates: [update],
      createdAtMs,
    };
    this.storage.apply(mutation, true, (result) => {
      outcome.result = result;
    });
    return outcome;
  }

  keys(): number[] {
    const keys: number[] = [];
    this.storage.store(table.id)?.forEachPartition(WHOLE_RING, ({ key }) => {
      keys.push(key.bytes.readInt32BE(0));
    });
    return keys.sort((a, b) => a - b);
  }

  content(): string[] {
    const all: string[] = [];
    for (const store of this.storage.stores()) {
      store.forEachPartition(WHOLE_RING, (partition) => void all.push(fingerprint(partition)));
    }
    return all;
  }

  private begin(): NodeStorage {
    const { loop, gate } = this;
    const storage = new NodeStorage({
      clock: {
        wallMs: () => loop.nowMs(),
        wallMicros: () => loop.wallMicros(),
        nowMs: () => loop.nowMs(),
        after: (ms, callback) => loop.after(ms, () => gate.pass(callback)),
      },
      disk: new VirtualDisk(this.image, loop, gate),
      config: this.config,
      onFailure: (decision) => void this.failures.push(decision),
    });
    storage.createTable(table);
    storage.createTable(other);
    return storage;
  }
}

function row(key: number, c = 1, timestamp = 1): PartitionData {
  return onePartition(table, key, [int(c)], { v: text(`${key}/${c}/${timestamp}`) }, { timestamp });
}

describe('when a write is acknowledged', () => {
  test('periodic: in the page cache; a kill keeps it, a power cut loses what was not synced', () => {
    const bed = new Bed({ commitlog_sync: 'periodic' });
    const first = bed.write(row(1));
    expect(first.result).toBeNull();
    bed.loop.runFor(0.1);
    expect(first.result).toEqual({ ok: true });
    bed.loop.runFor(10_100);
    const second = bed.write(row(2));
    bed.loop.runFor(0.1);
    expect(second.result).toEqual({ ok: true });
    bed.restart();
    expect(bed.keys()).toEqual([1, 2]);
    bed.write(row(3));
    bed.loop.runFor(100);
    const { error, torn } = bed.restart({ powerCut: true });
    // What the restart replayed it made durable first.
    expect([error, torn, bed.keys()]).toEqual([null, [], [1, 2]]);
  });

  test('periodic: held back while the last sync is overdue', () => {
    const bed = new Bed({ commitlog_sync: 'periodic', commitlog_sync_period: 1000 });
    bed.write(row(1));
    // The disk's callbacks wait with the node's other events; nothing is synced meanwhile.
    bed.gate.pause();
    bed.loop.runFor(1600);
    const late = bed.write(row(2));
    expect(late.result).toBeNull();
    bed.gate.resume();
    bed.loop.runFor(1100);
    expect(late.result).toEqual({ ok: true });
    expect(bed.keys()).toEqual([1, 2]);
  });

  test('batch: after the sync, and survives a power cut', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    const outcome = bed.write(row(1));
    expect(outcome.result).toBeNull();
    expect(bed.keys()).toEqual([]);
    bed.loop.runFor(2);
    expect(outcome.result).toEqual({ ok: true });
    bed.restart({ powerCut: true });
    expect(bed.keys()).toEqual([1]);
  });

  test('group: when the window is over', () => {
    const bed = new Bed({ commitlog_sync: 'group', commitlog_sync_group_window: 50 });
    const outcomes = [bed.write(row(1)), bed.write(row(2))];
    bed.loop.runFor(49);
    expect(outcomes.map(({ result }) => result)).toEqual([null, null]);
    bed.loop.runFor(5);
    expect(outcomes.map(({ result }) => result?.ok)).toEqual([true, true]);
    bed.restart({ powerCut: true });
    expect(bed.keys()).toEqual([1, 2]);
  });

  test('an orderly stop makes everything durable', () => {
    const bed = new Bed({ commitlog_sync: 'periodic' });
    for (let key = 0; key < 50; key++) bed.write(row(key));
    let isStopped = false;
    bed.storage.stop(() => {
      isStopped = true;
    });
    bed.loop.runFor(50);
    expect(isStopped).toBe(true);
    bed.restart({ powerCut: true });
    expect(bed.keys()).toHaveLength(50);
  });
});

describe('random lives of a node', () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('write' as const),
        key: fc.nat({ max: 9 }),
        c: fc.nat({ max: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(0, 1, 3, 200),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'power-cut' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('checkpoint' as const, 'truncate' as const) }),
    },
  );
  const modes = fc.constantFrom('batch' as const, 'group' as const, 'periodic' as const);

  test('what was acknowledged outlives kills, in batch and group mode power cuts too; nothing unwritten appears', () => {
    fc.assert(
      fc.property(modes, fc.array(step, { maxLength: 60 }), (mode, steps) => {
        const bed = new Bed({
          commitlog_sync: mode,
          commitlog_sync_group_window: 5,
          commitlog_segment_size: 600,
        });
        let timestamp = 0;
        let written: {
          readonly update: PartitionData;
          readonly outcome: { result: ApplyResult | null };
        }[] = [];
        for (const one of steps) {
          if (one.kind === 'wait') bed.loop.runFor(one.ms);
          else if (one.kind === 'write') {
            const update = row(one.key, one.c, ++timestamp);
            written.push({ update, outcome: bed.write(update) });
          } else if (one.kind === 'checkpoint') bed.storage.checkpoint();
          else if (one.kind === 'truncate') {
            bed.loop.runFor(20);
            bed.storage.truncate(table.id, bed.loop.nowMs(), () => undefined);
            bed.loop.runFor(20);
            written = [];
          } else {
            const before = new Set(bed.keys());
            const { error } = bed.restart({ powerCut: one.kind === 'power-cut' });
            expect(error).toBeNull();
            const isSafe = mode !== 'periodic' || one.kind === 'kill';
            if (isSafe) for (const key of before) expect(bed.keys()).toContain(key);
            else written = written.map(({ update }) => ({ update, outcome: { result: null } }));
          }
        }
        bed.loop.runFor(20);
        bed.restart({ powerCut: mode !== 'periodic' });
        const acknowledged = written.filter(({ outcome }) => outcome.result?.ok === true);
        const keys = bed.keys();
        for (const { update } of acknowledged)
          expect(keys).toContain(update.key.bytes.readInt32BE(0));
        const possible = new Set(written.map(({ update }) => update.key.bytes.readInt32BE(0)));
        for (const key of keys) expect(possible).toContain(key);
      }),
      { numRuns: 200 },
    );
  });
});

describe('checkpoints', () => {
  test('bound the log and hold the same data', () => {
    const bed = new Bed({ commitlog_sync: 'batch', commitlog_segment_size: 4_000 }, 20_000);
    for (let key = 0; key < 400; key++) {
      for (const c of [1, 2]) bed.write(row(key, c));
      bed.loop.runFor(3);
    }
    bed.loop.runFor(100);
    const names = [...bed.image.files.keys()];
    expect(names.filter((name) => name.endsWith('.manifest'))).toHaveLength(1);
    expect(names.filter((name) => name.endsWith('.log')).length).toBeLessThan(12);
    const before = bed.content();
    bed.restart({ powerCut: true });
    expect(bed.content()).toEqual(before);
    expect(bed.storage.hasEarlierData).toBe(true);
  });

  test('a large partition is written in parts', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    for (let c = 0; c < 12_000; c++) bed.write(row(1, c));
    bed.loop.runFor(10);
    bed.storage.checkpoint();
    bed.loop.runFor(100);
    const before = bed.content();
    bed.restart({ powerCut: true });
    expect(bed.content()).toEqual(before);
  });

  test('damage in a checkpoint is named', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    bed.write(row(1));
    bed.loop.runFor(5);
    bed.storage.checkpoint();
    bed.loop.runFor(50);
    const path = [...bed.image.files.keys()].findLast((name) => name.endsWith('.db')) ?? '';
    bed.image.flipBit(path, 40);
    expect(bed.restart().error).toMatchObject({ kind: 'corrupt-checkpoint', path });
  });
});

describe('damage', () => {
  test('before the last sync is an error with a name; lenient starts go on', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    for (let key = 0; key < 5; key++) {
      bed.write(row(key));
      bed.loop.runFor(3);
    }
    const path = [...bed.image.files.keys()].find((name) => name.endsWith('.log')) ?? '';
    bed.image.flipBit(path, 200);
    const result = bed.restart();
    expect(result.error).toMatchObject({ kind: 'corrupt-segment', path });
    expect(result.error?.message).toContain('ignore_replay_errors');
    expect(bed.restart({ lenient: true }).error).toBeNull();
    expect(bed.keys().length).toBeLessThan(5);
  });

  test('after an orderly stop all of it is an error with a name', () => {
    for (const commitlog_sync of ['periodic', 'batch', 'group'] as const) {
      const bed = new Bed({ commitlog_sync });
      for (let key = 0; key < 5; key++) bed.write(row(key));
      let isStopped = false;
      bed.storage.stop(() => {
        isStopped = true;
      });
      bed.loop.runUntilTrue(() => isStopped, 1000);
      const path = [...bed.image.files.keys()].find((name) => name.endsWith('.log')) ?? '';
      bed.image.flipBit(path, 60);
      expect(bed.restart().error).toMatchObject({ kind: 'corrupt-segment', path });
    }
  });

  test('an unreadable file is an error with a name', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    bed.write(row(1));
    bed.loop.runFor(5);
    const path = [...bed.image.files.keys()][0] ?? '';
    bed.image.unreadable.add(path);
    expect(bed.restart().error).toMatchObject({ kind: 'unreadable-file', path });
  });
});

describe('keyspaces and tables', () => {
  test('system keyspaces replay first, tables that are gone are skipped', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    bed.write(row(1));
    bed.write(onePartition(other, 5, [], { v: text('x') }));
    bed.loop.runFor(5);
    bed.gate.close();
    const fresh = new Bed({ commitlog_sync: 'batch' });
    for (const [path, file] of bed.image.files) fresh.image.files.set(path, file);
    fresh.restart();
    expect(fresh.keys()).toEqual([1]);
    fresh.storage.dropTable(table.id);
    expect(fresh.storage.replay((keyspace) => keyspace === 'system')).toMatchObject({
      mutations: 1,
      skipped: 0,
    });
    expect(fresh.storage.replay((keyspace) => keyspace !== 'system')).toMatchObject({
      mutations: 0,
      skipped: 1,
    });
  });

  test('a write to a table that does not exist is refused', () => {
    const bed = new Bed();
    bed.storage.dropTable(table.id);
    expect(bed.write(row(1)).result).toMatchObject({ ok: false, reason: 'INCOMPATIBLE_SCHEMA' });
  });

  test('truncation outlives a restart, snapshots keep the content', () => {
    const bed = new Bed({ commitlog_sync: 'batch' });
    bed.write(row(1));
    bed.loop.runFor(5);
    bed.storage.takeSnapshot('before', table.id);
    bed.storage.truncate(table.id, 77, () => undefined);
    bed.write(row(2));
    bed.loop.runFor(5);
    expect(bed.storage.listSnapshots()[0]?.partitions).toHaveLength(1);
    bed.storage.clearSnapshots('before', null);
    expect(bed.storage.listSnapshots()).toEqual([]);
    for (let round = 0; round < 2; round++) {
      bed.restart({ powerCut: true });
      expect(bed.keys()).toEqual([2]);
      expect(bed.storage.truncatedAtMs(table.id)).toBe(77);
      bed.storage.checkpoint();
      bed.loop.runFor(20);
    }
  });
});

describe('a failing disk', () => {
  const full = (policy: StorageConfig['commit_failure_policy']) => {
    const bed = new Bed({ commitlog_sync: 'batch', commit_failure_policy: policy });
    bed.write(row(1));
    bed.loop.runFor(5);
    bed.image.freeBytes = 0;
    const outcome = bed.write(row(2));
    bed.loop.runFor(5);
    return { bed, outcome };
  };

  test.each([
    ['stop', 'stop-node'],
    ['die', 'kill-node'],
    ['stop_commit', 'stop-writes'],
    ['ignore', 'go-on'],
  ] as const)('commit_failure_policy %s: %s', (policy, decision) => {
    const { bed, outcome } = full(policy);
    expect(bed.failures).toEqual([decision]);
    expect(outcome.result).toMatchObject({ ok: false, reason: 'UNKNOWN' });
    expect(bed.keys()).toEqual([1]);
    expect(onCommitFailure(policy)).toBe(decision);
  });

  test('ignore: writes work again once there is space', () => {
    const { bed } = full('ignore');
    bed.image.freeBytes = Infinity;
    const outcome = bed.write(row(3));
    bed.loop.runFor(5);
    expect(outcome.result).toEqual({ ok: true });
    bed.restart({ powerCut: true });
    expect(bed.keys()).toEqual([1, 3]);
  });

  test('disk_failure_policy decides about checkpoints', () => {
    const bed = new Bed({ commitlog_sync: 'batch', disk_failure_policy: 'best_effort' });
    bed.write(row(1));
    bed.loop.runFor(5);
    bed.image.freeBytes = 0;
    bed.storage.checkpoint();
    bed.loop.runFor(20);
    expect(bed.failures).toContain('go-on');
    expect(onDiskFailure('stop_paranoid')).toBe('stop-node');
    expect(onDiskFailure('die')).toBe('kill-node');
  });
});

test('without a disk data lives in memory only', () => {
  const { loop } = new Bed();
  const storage = new NodeStorage({
    clock: {
      wallMs: () => 0,
      wallMicros: () => 0,
      nowMs: () => 0,
      after: (ms, callback) => loop.after(ms, callback),
    },
    disk: null,
    config: DEFAULT_NODE_CONFIG,
    onFailure: () => undefined,
    dataBytesMax: 100,
  });
  storage.createTable(table);
  const results: ApplyResult[] = [];
  const update = row(1);
  const write = () =>
    storage.apply(
      { keyspace: 'ks', key: update.key, updates: [row(results.length)], createdAtMs: 0 },
      true,
      (one) => {
        results.push(one);
      },
    );
  while (results.length < 10) write();
  expect(results.map((one) => (one.ok ? 'ok' : one.reason))).toContain('OVERLOADED');
  expect(storage.dataBytes).toBeLessThan(200);
});
