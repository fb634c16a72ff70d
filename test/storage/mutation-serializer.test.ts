// Mutations to bytes and back, also when the schema changed in between.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { int64 } from '../../src/base/int64.ts';
import { FormatError } from '../../src/data/byte-writer.ts';
import { deserializeMutation, serializeMutation } from '../../src/data/mutation-serializer.ts';
import { compactMutation } from '../../src/data/compact-mutation.ts';
import { EXPIRED_LIVENESS_TTL } from '../../src/data/deletion.ts';
import { liveCell, RowBuilder, singleRowPartition } from '../../src/data/partition-builder.ts';
import type { Mutation } from '../../src/data/partition.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { decorateKey } from '../../src/ring/token.ts';
import { column, int, makeTable, NOW, onePartition, text } from './fixtures.ts';
import { fingerprint, KEY, operation, TABLE, updateOf } from './operations.ts';

const resolve = (...tables: readonly TableMetadata[]) => {
  const byId = new Map(tables.map((table) => [table.id, table]));
  return (id: string) => byId.get(id);
};

test('any mutation comes back equal', () => {
  const lists = fc.array(fc.array(operation, { minLength: 1, maxLength: 10 }), {
    minLength: 1,
    maxLength: 3,
  });
  fc.assert(
    fc.property(lists, fc.double({ noNaN: true }), (all, createdAtMs) => {
      const mutation: Mutation = {
        keyspace: 'ks',
        key: KEY,
        updates: all.map(updateOf),
        createdAtMs,
      };
      const bytes = serializeMutation(mutation);
      const back = deserializeMutation(bytes, resolve(TABLE));
      expect(back).toEqual(mutation);
      expect(serializeMutation(back as Mutation)).toEqual(bytes);
    }),
    { numRuns: 500 },
  );
});

test('extreme times survive', () => {
  const row = new RowBuilder([int(1)])
    .setLiveness({
      timestamp: int64(-(2n ** 63n)),
      ttl: EXPIRED_LIVENESS_TTL,
      localExpirationTime: 2 ** 32,
    })
    .addCell(
      liveCell(column(TABLE, 'v'), text('x'), {
        timestamp: int64(2n ** 63n - 1n),
        ttl: 630_720_000,
        nowSeconds: NOW,
      }),
    )
    .build();
  if (row === null) throw new Error('empty');
  const update = singleRowPartition(TABLE, KEY, row);
  const mutation = { keyspace: 'ks', key: KEY, updates: [update], createdAtMs: 0 };
  expect(deserializeMutation(serializeMutation(mutation), resolve(TABLE))).toEqual(mutation);
});

test('tables and columns that are gone are left out', () => {
  const table = makeTable({ name: 'alter' });
  const later = { ...table, columns: new Map([...table.columns].filter(([name]) => name !== 'v')) };
  const update = onePartition(table, 1, [], { v: text('x') });
  const mutation = {
    keyspace: 'ks',
    key: update.key,
    updates: [update, updateOf([])],
    createdAtMs: 1,
  };
  const bytes = serializeMutation(mutation);
  expect(deserializeMutation(bytes, resolve())).toBeNull();
  const back = deserializeMutation(bytes, resolve(later));
  expect(back?.updates).toHaveLength(1);
  expect(back?.updates[0]?.rows[0]?.data).toEqual([]);
  const updateOnly = onePartition(table, 1, [], { v: text('x') }, { update: true });
  const gone = serializeMutation({ ...mutation, updates: [updateOnly] });
  expect(deserializeMutation(gone, resolve(later))?.updates[0]?.rows).toEqual([]);
});

test('cut or changed bytes are a FormatError or another mutation, never a crash', () => {
  const update = updateOf([
    { kind: 'write', c: 1, column: 'v', value: 'ab', timestamp: 3, ttl: 100 },
    { kind: 'delete-range', from: 1, to: 2, timestamp: 1 },
    { kind: 'add', c: 2, path: 'x', timestamp: 3, ttl: 0 },
  ]);
  const bytes = serializeMutation({ keyspace: 'ks', key: KEY, updates: [update], createdAtMs: 1 });
  const read = (from: Buffer) => {
    try {
      deserializeMutation(from, resolve(TABLE));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  };
  for (let length = 0; length < bytes.length; length++) {
    const cut = () => deserializeMutation(bytes.subarray(0, length), resolve(TABLE));
    expect(cut).toThrow(FormatError);
  }
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      read(changed);
    }),
  );
});

test('compacting copies what would pin a frame and keeps the content', () => {
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 10 }), (list) => {
      const frame = Buffer.alloc(1 << 20);
      const update = updateOf(list);
      const mutation: Mutation = { keyspace: 'ks', key: KEY, updates: [update], createdAtMs: 1 };
      const bytes = serializeMutation(mutation);
      bytes.copy(frame);
      const before = deserializeMutation(frame.subarray(0, bytes.length), resolve(TABLE));
      const after = compactMutation(before as Mutation);
      expect(fingerprint(after.updates[0] ?? update)).toBe(fingerprint(update));
    }),
  );
  const frame = Buffer.alloc(1 << 20);
  const slice = frame.subarray(10, 30);
  const row = new RowBuilder([slice.subarray(0, 4)])
    .addCell(liveCell(column(TABLE, 'v'), slice, { timestamp: 1, ttl: 0, nowSeconds: NOW }))
    .build();
  if (row === null) throw new Error('empty');
  const key = decorateKey(slice.subarray(0, 4));
  const mutation = {
    keyspace: 'ks',
    key,
    updates: [singleRowPartition(TABLE, key, row)],
    createdAtMs: 1,
  };
  const compacted = compactMutation(mutation);
  const buffers = [
    compacted.key.bytes,
    compacted.updates[0]?.rows[0]?.clustering[0],
    (compacted.updates[0]?.rows[0]?.data[0] as { value: Buffer } | undefined)?.value,
  ];
  for (const bytes of buffers) expect(bytes?.buffer.byteLength).toBeLessThan(20_000);
  expect(compacted.updates[0]?.key).toBe(compacted.key);
  expect(compactMutation(compacted)).toBe(compacted);
});
