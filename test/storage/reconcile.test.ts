// Cell against cell, marker against marker: Cassandra's tie rules, each pair in both orders.

import { expect, test } from 'vitest';

import { int64 } from '../../src/base/int64.ts';
import { addCounterDelta, counterTotal } from '../../src/data/counter-context.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { EXPIRED_LIVENESS_TTL, livenessSupersedes, supersedes } from '../../src/data/deletion.ts';
import type { Cell, Liveness } from '../../src/data/partition.ts';
import { LIVE, NO_DELETION_TIME, NO_LIVENESS } from '../../src/data/partition.ts';
import { liveCell, RowBuilder, tombstoneCell } from '../../src/data/partition-builder.ts';
import { mergeRows, reconcileCells } from '../../src/data/reconcile.ts';
import { column, makeTable, NOW, text } from './fixtures.ts';

const table = makeTable({ name: 'rec', regulars: { v: NATIVE.text, n: NATIVE.counter } });
const v = column(table, 'v');
const n = column(table, 'n');

function cell(timestamp: number | bigint, value: string, ttl = 0, now = NOW): Cell {
  return liveCell(v, text(value), { timestamp, ttl, nowSeconds: now });
}
function dead(timestamp: number, now = NOW): Cell {
  return tombstoneCell(v, { timestamp, nowSeconds: now });
}

test.each([
  ['larger timestamp', cell(11, 'a'), cell(10, 'b')],
  ['larger timestamp over a tombstone', cell(11, 'a'), dead(10)],
  ['a timestamp above 2^53', cell(int64(2n ** 60n), 'a'), cell(10, 'b')],
  ['tombstone at a tie', dead(10), cell(10, 'z')],
  ['expiring over plain', cell(10, 'a', 1), cell(10, 'z')],
  ['tombstone over expiring', dead(10, 1), cell(10, 'z', 1000)],
  ['later expiration', cell(10, 'a', 2000), cell(10, 'z', 1000)],
  ['later tombstone', dead(10, NOW + 1), dead(10, NOW)],
  ['lower TTL at equal expiration', cell(10, 'a', 500, NOW + 500), cell(10, 'z', 1000, NOW)],
  ['larger bytes', cell(10, 'b'), cell(10, 'a')],
  ['longer bytes', cell(10, 'aa'), cell(10, 'a')],
  [
    'bytes are unsigned',
    liveCell(v, Buffer.from([0xff]), { timestamp: 1, ttl: 0, nowSeconds: NOW }),
    cell(1, 'z'),
  ],
  ['larger bytes among equally expiring', cell(10, 'b', 5), cell(10, 'a', 5)],
])('%s wins', (_name, winner, loser) => {
  expect(reconcileCells(winner, loser)).toBe(winner);
  expect(reconcileCells(loser, winner)).toBe(winner);
});

test('a tie keeps the first object', () => {
  const [a, b] = [cell(1, 'x'), cell(1, 'x')];
  expect(reconcileCells(a, b)).toBe(a);
});

test('counter shards merge by clock; a tombstone beats shards of any timestamp', () => {
  const [one, two] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
  const shard = (value: Buffer, timestamp: number): Cell =>
    liveCell(n, value, { timestamp, ttl: 0, nowSeconds: NOW });
  const first = shard(addCounterDelta(null, one, 5), 1);
  const second = shard(addCounterDelta(first.value, one, 2), 2);
  const other = shard(addCounterDelta(null, two, 10), 3);
  const merged = reconcileCells(reconcileCells(first, other), second);
  expect(counterTotal(merged.value)).toBe(17);
  expect(merged.timestamp).toBe(3);
  expect(reconcileCells(second, merged).value).toEqual(merged.value);
  expect(reconcileCells(merged, first)).toBe(merged);
  const tombstone = tombstoneCell(n, { timestamp: 1, nowSeconds: NOW });
  expect(reconcileCells(merged, tombstone)).toBe(tombstone);
  expect(reconcileCells(tombstone, merged)).toBe(tombstone);
});

test('a row deletion takes old counter tombstones out before shards meet them', () => {
  const shard = liveCell(n, addCounterDelta(null, Buffer.alloc(16, 1), 5), {
    timestamp: 10,
    ttl: 0,
    nowSeconds: NOW,
  });
  const row = (build: (builder: RowBuilder) => RowBuilder) => {
    const built = build(new RowBuilder()).build();
    if (built === null) throw new Error('empty');
    return built;
  };
  const deletion = { markedForDeleteAt: 7, localDeletionTime: NOW };
  const old = row((one) => one.addCell(tombstoneCell(n, { timestamp: 5, nowSeconds: NOW })));
  const current = row((one) => one.deleteRow(deletion).addCell(shard));
  expect(mergeRows(old, current, LIVE)?.data).toEqual([shard]);
  expect(mergeRows(current, old, LIVE)).toBe(current);
});

function marker(timestamp: number, ttl = 0, expires = NO_DELETION_TIME): Liveness {
  return { timestamp, ttl, localExpirationTime: expires };
}

test.each([
  ['larger timestamp', marker(2), marker(1, 5, NOW)],
  ['any over none', marker(-5), NO_LIVENESS],
  ['expired over live', marker(1, EXPIRED_LIVENESS_TTL, NOW), marker(1, 5, NOW + 99)],
  ['expiring over plain', marker(1, 5, NOW), marker(1)],
  ['later expiration', marker(1, 5, NOW + 9), marker(1, 5, NOW)],
  ['lower TTL', marker(1, 4, NOW), marker(1, 5, NOW)],
])('marker: %s supersedes', (_name, winner, loser) => {
  expect(livenessSupersedes(winner, loser)).toBe(true);
  expect(livenessSupersedes(loser, winner)).toBe(false);
});

test('deletions: later mark, then later local time', () => {
  const at = (markedForDeleteAt: number, localDeletionTime: number) => ({
    markedForDeleteAt,
    localDeletionTime,
  });
  expect(supersedes(at(2, 1), at(1, 9))).toBe(true);
  expect(supersedes(at(1, 9), at(1, 8))).toBe(true);
  expect(supersedes(at(1, 8), at(1, 8))).toBe(false);
  expect(supersedes(at(-1, 1), LIVE)).toBe(true);
  expect(supersedes(LIVE, LIVE)).toBe(false);
});
