// Stores of several replicas: shared objects, statistics, nearest rows, partitions that come and go.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { digestPartitions } from '../../src/data/digest.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import type { AnnOrdering } from '../../src/data/read-command.ts';
import { partitionSize } from '../../src/node/storage/data-size.ts';
import { similarityFunction } from '../../src/data/vector-similarity.ts';
import { annScore } from '../../src/node/storage/nearest-rows.ts';
import { sizeEstimate, tableStats } from '../../src/node/storage/table-stats.ts';
import { TableStore, WHOLE_RING } from '../../src/node/storage/table-store.ts';
import {
  column,
  dataOf,
  floats,
  int,
  intKey,
  makeTable,
  NO_LIMITS,
  NOW,
  onePartition,
  readAll,
  readKey,
  STORE_OPTIONS,
  text,
} from './fixtures.ts';
import { fingerprint, operation, TABLE, updateOf } from './operations.ts';
import { mergeAllPartitions } from '../../src/data/merge-partitions.ts';

const table = makeTable({ name: 'ts', clustering: { c: NATIVE.int } });

test('replicas share the objects of first writes and of merges', () => {
  const stores = Array.from({ length: 3 }, () => new TableStore(table, STORE_OPTIONS));
  const updates = [1, 2, 3].map((timestamp) =>
    onePartition(table, 1, [int(1)], { v: text('x') }, { timestamp }),
  );
  for (const update of updates) for (const store of stores) store.apply(update);
  const [a, b, c] = stores.map((store) => store.partition(intKey(1)));
  expect(a).toBe(b);
  expect(b).toBe(c);
  expect(a?.rows[0]).toBe(updates[2]?.rows[0]);
  const wide = Array.from({ length: 200 }, (_, i) =>
    onePartition(table, 2, [int(i)], { v: text('x') }),
  );
  for (const update of wide) for (const store of stores) store.apply(update);
  const late = onePartition(table, 2, [int(7)], { v: text('y') }, { timestamp: 9, update: true });
  for (const store of stores) store.apply(late);
  const rows = stores.map((store) => store.partition(intKey(2))?.rows[7]);
  expect(rows[0]).toBe(rows[1]);
  expect(rows[1]).toBe(rows[2]);
});

test('the size of the data is what a fresh count gives', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 20 }), (list) => {
      const store = new TableStore(TABLE, STORE_OPTIONS);
      for (const one of list) store.apply(updateOf([one]));
      let expected = 0;
      store.forEachPartition(WHOLE_RING, (partition) => {
        expected += partitionSize(partition);
        expect(fingerprint(partition)).toBe(
          fingerprint(mergeAllPartitions(list.map((one) => updateOf([one])))),
        );
      });
      expect(store.dataBytes).toBe(expected);
      expect(sizeEstimate(store, WHOLE_RING).dataBytes).toBe(expected);
    }),
    { numRuns: 300 },
  );
});

test('a partition that grows large keeps its size and content, and can be removed', () => {
  const store = new TableStore(table, STORE_OPTIONS);
  for (let i = 0; i < 500; i++)
    store.apply(onePartition(table, 1, [int((i * 7) % 500)], { v: text('x') }));
  const whole = store.partition(intKey(1));
  expect(whole?.rows.map((row) => row.clustering[0]?.readInt32BE(0))).toEqual(
    Array.from({ length: 500 }, (_, i) => i),
  );
  expect(whole === null ? 0 : partitionSize(whole)).toBe(store.dataBytes);
  const stats = tableStats(store, NOW);
  expect(stats).toMatchObject({
    partitions: 1,
    rows: 500,
    liveCells: 500,
    tombstones: 0,
    dataBytes: store.dataBytes,
  });
  store.remove(intKey(1));
  expect(store).toMatchObject({ dataBytes: 0, partitionCount: 0 });
  expect(tableStats(store, NOW)).toMatchObject({
    partitions: 0,
    partitionBytesMean: 0,
    partitionBytesMin: 0,
  });
});

test('keys written between scans are found in order', () => {
  const store = new TableStore(table, STORE_OPTIONS);
  const seen = () => {
    const keys: bigint[] = [];
    store.forEachPartition(WHOLE_RING, ({ key }) => {
      keys.push((BigInt(key.high) << 32n) | BigInt(key.low));
    });
    return keys;
  };
  let written = 0;
  for (const batch of [1, 100, 3, 0, 1000, 5]) {
    for (let i = 0; i < batch; i++)
      store.apply(onePartition(table, written++, [int(1)], { v: text('x') }));
    const keys = seen();
    expect(keys).toHaveLength(written);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
  }
  for (let key = 0; key < written; key += 2) store.remove(intKey(key));
  expect(seen()).toHaveLength(Math.floor(written / 2));
});

test('nearest rows: the best of the range, filtered, with their scores', () => {
  const VECTOR: CqlType = { kind: 'vector', element: NATIVE.float, dimension: 2 };
  const options = new Map([
    ['target', 'e'],
    ['class_name', 'StorageAttachedIndex'],
    ['similarity_function', 'euclidean'],
  ]);
  const index = { name: 'ann', kind: 'CUSTOM' as const, options };
  const vectors = makeTable({
    name: 'vec',
    clustering: { c: NATIVE.int },
    regulars: { e: VECTOR, n: NATIVE.int },
    indexes: [index],
  });
  const store = new TableStore(vectors, STORE_OPTIONS);
  for (let i = 0; i < 100; i++) {
    store.apply(onePartition(vectors, i % 10, [int(i)], { e: floats(i, 0), n: int(i % 2) }));
  }
  store.apply(onePartition(vectors, 3, [int(1000)], { n: int(0) }));
  const ann: AnnOrdering = {
    column: column(vectors, 'e'),
    vector: floats(42.4, 0),
    indexName: 'ann',
  };
  const best = (changes: Parameters<typeof readAll>[1]) => {
    const command = readAll(vectors, { ann, limits: { ...NO_LIMITS, rows: 4 }, ...changes });
    const result = dataOf(store, command);
    expect(result.liveRows).toBe(4);
    const kind = similarityFunction(vectors, ann);
    const rows = result.partitions.flatMap(({ rows: own }) => own);
    const score = (row: (typeof rows)[number]) =>
      annScore(row, ann, { kind, nowSeconds: NOW }) ?? 0;
    return rows.sort((a, b) => score(b) - score(a)).map((row) => row.clustering[0]?.readInt32BE(0));
  };
  expect(best({})).toEqual([42, 43, 41, 44]);
  const even = {
    kind: 'column' as const,
    column: column(vectors, 'n'),
    operator: '=' as const,
    value: int(0),
  };
  expect(best({ filter: { expressions: [even] } })).toEqual([42, 44, 40, 46]);
});

test('a zero vector is refused by a cosine index, stored and searched', () => {
  const VECTOR: CqlType = { kind: 'vector', element: NATIVE.float, dimension: 2 };
  const options = new Map([
    ['target', 'e'],
    ['class_name', 'StorageAttachedIndex'],
  ]);
  const cosine = makeTable({
    name: 'zero',
    regulars: { e: VECTOR },
    indexes: [{ name: 'ann', kind: 'CUSTOM', options }],
  });
  const store = new TableStore(cosine, STORE_OPTIONS);
  expect(store.indexes.refusal(onePartition(cosine, 1, [], { e: floats(0, 0) }))).toContain(
    'cosine',
  );
  expect(store.indexes.refusal(onePartition(cosine, 1, [], { e: floats(0, 1) }))).toBeNull();
  const ann: AnnOrdering = { column: column(cosine, 'e'), vector: floats(0, 0), indexName: 'ann' };
  const command = readAll(cosine, { ann, limits: { ...NO_LIMITS, rows: 4 } });
  expect(store.read(command)).toMatchObject({ kind: 'failure', reason: 'UNKNOWN' });
});

test('equal content has equal digests however it is stored', () => {
  const values = { v: text('x') };
  const alone = new TableStore(table, STORE_OPTIONS);
  alone.apply(onePartition(table, 1, [int(5)], values, { timestamp: 9 }));
  const crowded = new TableStore(table, STORE_OPTIONS);
  for (let c = 0; c < 200; c++) {
    crowded.apply(
      onePartition(table, 1, [int(c)], { v: text('y') }, { timestamp: c === 5 ? 3 : 9 }),
    );
  }
  crowded.apply(onePartition(table, 1, [int(5)], values, { timestamp: 9 }));
  const clusterings = [[int(5)]];
  const byName = readKey(table, intKey(1), {
    clustering: { kind: 'names', clusterings, reversed: false },
  });
  const bound = { prefix: [int(5)], inclusive: true };
  const slices = [{ start: bound, end: bound }];
  const bySlice = readKey(table, intKey(1), {
    clustering: { kind: 'slices', slices, reversed: false },
  });
  const digests = [byName, bySlice].flatMap((command) =>
    [alone, crowded].map((store) => {
      const result = store.read(command);
      return result.kind === 'data' ? digestPartitions(result.partitions).toString('hex') : '';
    }),
  );
  expect(new Set(digests).size).toBe(1);
});
