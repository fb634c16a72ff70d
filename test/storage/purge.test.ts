// Time passing: expired cells, gc_grace, dropped columns, compaction.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NATIVE } from '../../src/data/cql-type.ts';
import { EXPIRED_LIVENESS_TTL, isLive } from '../../src/data/deletion.ts';
import { forEachLiveRow, valueOf } from '../../src/data/live-view.ts';
import { isEmptyPartition, mergePartitions } from '../../src/data/merge-partitions.ts';
import { RowBuilder } from '../../src/data/partition-builder.ts';
import { hideDropped, liveRow, purgePartition, purgeRow } from '../../src/data/purge.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import {
  column,
  dataOf,
  intKey,
  makeTable,
  NOW,
  onePartition,
  readKey,
  simpleRow,
  text,
} from './fixtures.ts';
import { fingerprint, KEY, liveContent, operation, TABLE, updateOf } from './operations.ts';

const GRACE = 864_000;
const table = makeTable({ name: 'pu', regulars: { v: NATIVE.text, w: NATIVE.text } });

function purger(after: number, strict = false) {
  return { nowSeconds: NOW + after, gcBefore: NOW + after - GRACE, strict };
}

function shown(store: TableStore, after: number) {
  const command = readKey(table, intKey(1), { nowSeconds: NOW + after });
  const rows: (string | null)[][] = [];
  for (const partition of dataOf(store, command).partitions) {
    forEachLiveRow(partition, command, (row) => {
      if (row === null) return;
      const value = (name: string) =>
        valueOf(row, column(table, name), NOW + after)?.toString() ?? null;
      rows.push([value('v'), value('w')]);
    });
  }
  return rows;
}

describe('expiry, as Cassandra 5.0.9 showed it', () => {
  const store = (...updates: Parameters<TableStore['apply']>[0][]) => {
    const made = new TableStore(table, { tombstoneFailureThreshold: 100 });
    for (const update of updates) made.apply(update);
    return made;
  };

  test('after expiry of INSERT TTL with another column UPDATEd without: the row stays with that column', () => {
    const made = store(
      onePartition(table, 1, [], { v: text('a') }, { timestamp: 10, ttl: 2 }),
      onePartition(table, 1, [], { w: text('w') }, { timestamp: 11, update: true }),
    );
    expect(shown(made, 1)).toEqual([['a', 'w']]);
    expect(shown(made, 2)).toEqual([[null, 'w']]);
  });

  test('after expiry of all cells and the marker the row is gone', () => {
    const made = store(onePartition(table, 1, [], { v: text('a'), w: text('b') }, { ttl: 2 }));
    expect(shown(made, 1)).toHaveLength(1);
    expect(shown(made, 2)).toEqual([]);
  });

  test('an expired newer value does not reveal the older one, nor the older marker', () => {
    const made = store(
      onePartition(table, 1, [], { v: text('old') }, { timestamp: 1 }),
      onePartition(table, 1, [], { v: text('new') }, { timestamp: 2, ttl: 2 }),
    );
    expect(shown(made, 1)).toEqual([['new', null]]);
    expect(shown(made, 2)).toEqual([]);
  });
});

test('an expired cell becomes the tombstone of its write, then disappears', () => {
  const row = simpleRow(table, [], { v: text('a') }, { ttl: 100, update: true });
  expect(purgeRow(row, purger(99))).toBe(row);
  const dead = purgeRow(row, purger(100));
  expect(dead?.data[0]).toMatchObject({ ttl: 0, localDeletionTime: NOW, value: text('') });
  expect(purgeRow(row, purger(100 + GRACE + 1))).toBeNull();
});

test('purging changes nothing that lives and keeps deletions within gc_grace', () => {
  const list = fc.array(operation, { maxLength: 12 });
  fc.assert(
    fc.property(list, fc.constantFrom(0, 150, 500, GRACE + 1, GRACE + 500), (writes, after) => {
      const partition = updateOf(writes);
      const purged = purgePartition(partition, purger(after));
      expect(liveContent(purged, after)).toEqual(liveContent(partition, after));
      expect(purgePartition(purged, purger(after))).toBe(purged);
      if (after === 0) expect(purged).toBe(partition);
      if (after <= GRACE) {
        expect(fingerprint(mergePartitions(partition, purged))).toBe(
          fingerprint(mergePartitions(purged, partition)),
        );
      }
      if (after === GRACE + 500) {
        expect(isEmptyPartition(purged)).toBe(
          Object.keys(liveContent(partition, after)).length === 0,
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('compaction purges stored partitions and forgets empty ones', () => {
  const store = new TableStore(TABLE, { tombstoneFailureThreshold: 100 });
  store.apply(updateOf([{ kind: 'delete-partition', timestamp: 5 }]));
  const other = onePartition(TABLE, 2, [Buffer.alloc(4)], { v: text('x') }, { timestamp: 3 });
  store.apply(other);
  expect(store.compact(NOW + GRACE, null, 1)).not.toBeNull();
  expect(store.partitionCount).toBe(2);
  let from = store.compact(NOW + GRACE + 1, null, 1);
  while (from !== null) from = store.compact(NOW + GRACE + 1, from, 1);
  expect(store.partition(KEY)).toBeNull();
  expect(store.partition(other.key)).toBe(other);
  expect(store.partitionCount).toBe(1);
});

test('cells of dropped columns are hidden, and of the new column of that name shown', () => {
  const dropped = { column: column(table, 'v'), droppedTimeMicros: 10 };
  const droppedColumns = new Map([['v', dropped]]);
  const gone = {
    ...table,
    droppedColumns,
    columns: new Map([...table.columns].filter(([name]) => name !== 'v')),
  };
  const again = { ...table, droppedColumns };
  const at = (timestamp: number) =>
    simpleRow(table, [], { v: text('a') }, { timestamp, update: true });
  expect(hideDropped(at(10), again)).toBeNull();
  expect(hideDropped(at(11), again)?.data).toHaveLength(1);
  expect(hideDropped(at(11), gone)).toBeNull();
  const marked = simpleRow(table, [], { v: text('a') }, { timestamp: 5 });
  expect(hideDropped(marked, gone)?.data).toEqual([]);
});

test('strict liveness: without a live marker nothing lives', () => {
  const row = simpleRow(table, [], { v: text('a') }, { update: true });
  expect(isLive(row, NOW)).toBe(true);
  expect(isLive(row, NOW, true)).toBe(false);
  expect(purgeRow(row, purger(0, true))).toBeNull();
  expect(liveRow(row, NOW)).toBe(row);
  const marker = { timestamp: 3, ttl: EXPIRED_LIVENESS_TTL, localExpirationTime: NOW };
  const expired = new RowBuilder().setLiveness(marker).build();
  if (expired === null) throw new Error('empty');
  expect(isLive(expired, NOW - 10)).toBe(false);
  expect(purgeRow(expired, purger(10))).toBe(expired);
  expect(purgeRow(expired, purger(GRACE + 10))).toBeNull();
});
