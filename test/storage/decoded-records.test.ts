// Records that several nodes read at a start are decoded once, and files are read once.

import { describe, expect, test } from 'vitest';

import type { Mutation, PartitionData } from '../../src/data/partition.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { DecodedRecords } from '../../src/node/storage/decoded-records.ts';
import type { MutationRecord } from '../../src/node/storage/log-format.ts';
import {
  endRecord,
  fileHeader,
  markerRecord,
  mutationRecord,
  readLog,
} from '../../src/node/storage/log-format.ts';
import type { RecoveryPass } from '../../src/node/storage/recovery.ts';
import { Recovery } from '../../src/node/storage/recovery.ts';
import { Gate } from '../../src/world/gate.ts';
import { DiskImage, VirtualDisk } from '../../src/world/virtual/disk.ts';
import { VirtualEventLoop } from '../../src/world/virtual/event-loop.ts';
import { makeTable, onePartition, text } from './fixtures.ts';

const table = makeTable({ name: 'a' });
const second = makeTable({ name: 'b' });

function update(of: TableMetadata, k: number, v = 'x'): PartitionData {
  return onePartition(of, k, [], { v: text(v) });
}

function bytesOf(updates: readonly PartitionData[], keyspace = 'ks'): Buffer {
  const [first] = updates;
  if (first === undefined) throw new Error('no update');
  return mutationRecord({ keyspace, key: first.key, updates, createdAtMs: 0 });
}

/** The records of a file of their own, as another node's file would have them. */
function recordsOf(...parts: readonly Buffer[]): MutationRecord[] {
  const records: MutationRecord[] = [];
  readLog(Buffer.concat([fileHeader(1), ...parts]), (record) => {
    if (record.kind === 'mutation') records.push(record);
  });
  return records;
}

const knows =
  (...tables: readonly TableMetadata[]) =>
  (id: string) =>
    tables.find((one) => one.id === id);

/** What a node makes of records: as recovery.ts asks. */
function read(
  records: DecodedRecords,
  file: readonly MutationRecord[],
  tables = knows(table, second),
): (Mutation | null)[] {
  return file.map((record) => records.find(record, tables) ?? records.decode(record, tables));
}

describe('records of several nodes', () => {
  const parts = [1, 2, 3, 4].map((k) => bytesOf([update(table, k)]));

  test('the same bytes give the same mutation, in any order', () => {
    const records = new DecodedRecords();
    const first = read(records, recordsOf(...parts));
    expect(new Set(first).size).toBe(4);
    expect(read(records, recordsOf(...parts))).toEqual(first);
    const reversed = read(records, recordsOf(...parts.toReversed()));
    expect(reversed.every((mutation, at) => mutation === first[3 - at])).toBe(true);
  });

  test('other bytes under one checksum are another mutation', () => {
    const records = new DecodedRecords();
    const [one] = recordsOf(bytesOf([update(table, 1, 'x')]));
    const [other] = recordsOf(bytesOf([update(table, 1, 'y')]));
    if (one === undefined || other === undefined) throw new Error('no records');
    read(records, [one]);
    expect(records.find({ ...other, checksum: one.checksum }, knows(table))).toBeNull();
  });

  test('a node whose table is another object decodes for itself', () => {
    const records = new DecodedRecords();
    read(records, recordsOf(...parts));
    const altered = { ...table };
    const [mine] = read(records, recordsOf(...parts), knows(altered));
    expect(mine?.updates[0]?.table).toBe(altered);
  });

  test('a mutation that lost an update is nobody else’s', () => {
    const both = bytesOf([update(table, 1), update(second, 1)]);
    const records = new DecodedRecords();
    const [short] = read(records, recordsOf(both), knows(table));
    expect(short?.updates).toHaveLength(1);
    const [whole] = read(records, recordsOf(both));
    expect(whole?.updates).toHaveLength(2);
  });

  test('beyond its bound nothing is remembered', () => {
    const records = new DecodedRecords(0);
    const [first] = read(records, recordsOf(...parts));
    const [again] = read(records, recordsOf(...parts));
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
  });
});

describe('files of one node', () => {
  const system = { ...makeTable({ name: 's' }), keyspace: 'system' };

  function recoveryOf(segment: Buffer): { recovery: Recovery; reads: string[] } {
    const image = new DiskImage();
    const loop = new VirtualEventLoop();
    const disk = new VirtualDisk(image, loop, new Gate());
    const reads: string[] = [];
    let isWritten = false;
    disk.append('commitlog/commitlog-0000000001.log', segment, () => (isWritten = true));
    loop.runUntilTrue(() => isWritten, 1_000);
    const counting = Object.assign(Object.create(disk) as VirtualDisk, {
      readSync: (path: string) => {
        reads.push(path);
        return disk.readSync(path);
      },
    });
    return { recovery: new Recovery(counting, { log: 'commitlog', data: 'data' }), reads };
  }

  function pass(wanted: string, applied: string[]): RecoveryPass {
    return {
      wantsKeyspace: (keyspace) => keyspace === wanted,
      tableById: knows(table, system),
      decoded: new DecodedRecords(),
      apply: ({ keyspace, key }) => void applied.push(`${keyspace} ${key.bytes.readInt32BE(0)}`),
      truncate: () => undefined,
    };
  }

  const strict = { log: false, data: false };
  const parts = [
    fileHeader(1),
    bytesOf([update(table, 1)]),
    bytesOf([update(system, 2)], 'system'),
    bytesOf([update(table, 3)]),
  ];

  test('the replay of the rest reads nothing again', () => {
    const { recovery, reads } = recoveryOf(Buffer.concat([...parts, endRecord()]));
    const applied: string[] = [];
    expect(recovery.replay(pass('system', applied), strict)).toMatchObject({ mutations: 1 });
    expect(recovery.replay(pass('ks', applied), strict)).toMatchObject({ mutations: 2 });
    expect(applied).toEqual(['system 2', 'ks 1', 'ks 3']);
    expect(reads).toHaveLength(1);
    // A third one, whoever wants it, finds everything again.
    expect(recovery.replay(pass('ks', applied), strict)).toMatchObject({ mutations: 2 });
    expect(reads).toHaveLength(2);
  });

  test('damage and a torn tail are told by both', () => {
    const torn = recoveryOf(Buffer.concat([...parts, Buffer.alloc(5)])).recovery;
    const damaged = Buffer.concat([...parts, markerRecord(100)]);
    damaged[40] = (damaged[40] ?? 0) ^ 1;
    const broken = recoveryOf(damaged).recovery;
    for (const keyspace of ['system', 'ks']) {
      expect(torn.replay(pass(keyspace, []), strict).torn).toMatchObject([{ bytes: 5 }]);
      expect(broken.replay(pass(keyspace, []), strict).error?.kind).toBe('corrupt-segment');
    }
  });
});
