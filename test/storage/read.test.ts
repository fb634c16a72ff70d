// Reading from a store: slices, names, limits, paging, thresholds, against plain lists of what was written.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NATIVE } from '../../src/data/cql-type.ts';
import { countLiveRows, forEachLiveRow, limitPartitions } from '../../src/data/live-view.ts';
import { mergePartitions } from '../../src/data/merge-partitions.ts';
import { PartitionBuilder, RowBuilder, tombstoneCell } from '../../src/data/partition-builder.ts';
import type { PartitionData, Slice } from '../../src/data/partition.ts';
import type { PartitionRange, ReadCommand } from '../../src/data/read-command.ts';
import { TableStore, WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { compareKeys } from '../../src/ring/token.ts';
import {
  column,
  dataOf,
  int,
  intKey,
  makeTable,
  NO_LIMITS,
  NOW,
  onePartition,
  readAll,
  readKey,
  simpleRow,
  STORE_OPTIONS,
  text,
} from './fixtures.ts';
import { KEY, liveContent, operation, sliceOf, TABLE, updateOf } from './operations.ts';

const table = makeTable({
  name: 'rd',
  clustering: { c: NATIVE.int },
  statics: { st: NATIVE.text },
  regulars: { v: NATIVE.text },
});

/** (key, clustering) of the live rows in the order a client sees them; null: static content only. */
function seen(
  partitions: readonly PartitionData[],
  command: ReadCommand,
): (readonly [number, number | null])[] {
  const out: (readonly [number, number | null])[] = [];
  for (const partition of partitions) {
    forEachLiveRow(partition, command, (row) => {
      out.push([partition.key.bytes.readInt32BE(0), row?.clustering[0]?.readInt32BE(0) ?? null]);
    });
  }
  return out;
}

function slice(from: number, to: number): Slice {
  return {
    start: { prefix: [int(from)], inclusive: true },
    end: { prefix: [int(to)], inclusive: true },
  };
}

describe('rows of one partition', () => {
  const rowCounts = fc.constantFrom(1, 3, 40, 60, 700);
  const commands = fc.record({
    count: rowCounts,
    dead: fc.array(fc.nat({ max: 700 }), { maxLength: 20 }),
    from: fc.integer({ min: -1, max: 60 }),
    length: fc.nat({ max: 100 }),
    second: fc.integer({ min: 200, max: 220 }),
    reversed: fc.boolean(),
    limit: fc.constantFrom(Infinity, 1, 5, 50),
    names: fc.option(fc.array(fc.nat({ max: 80 }), { minLength: 1, maxLength: 6 })),
  });
  test('slices and names, both ways, with limits', () => {
    fc.assert(
      fc.property(commands, ({ count, dead, from, length, second, reversed, limit, names }) => {
        const store = new TableStore(table, STORE_OPTIONS);
        const builder = new PartitionBuilder(table, intKey(1));
        for (let c = 0; c < count; c++)
          builder.addRow(simpleRow(table, [int(c)], { v: text(`${c}`) }));
        store.apply(builder.build());
        for (const c of dead) {
          const deletion = { markedForDeleteAt: 5, localDeletionTime: NOW };
          const row = new RowBuilder([int(c)]).deleteRow(deletion).build();
          store.apply(new PartitionBuilder(table, intKey(1)).addRow(row).build());
        }
        const to = from + length;
        const slices = to < second ? [slice(from, to), slice(second, 10_000)] : [slice(from, to)];
        const sorted = names === null ? [] : [...new Set(names)].sort((a, b) => a - b);
        const command = readKey(table, intKey(1), {
          limits: { ...NO_LIMITS, rows: limit },
          clustering:
            names === null
              ? { kind: 'slices', slices, reversed }
              : { kind: 'names', clusterings: sorted.map((c) => [int(c)]), reversed },
        });
        const alive = Array.from({ length: count }, (_, c) => c)
          .filter((c) => !dead.includes(c))
          .filter((c) =>
            names === null
              ? (c >= from && c <= to) || (to < second && c >= second)
              : sorted.includes(c),
          );
        if (reversed) alive.reverse();
        const expected = alive.slice(0, limit === Infinity ? undefined : limit);
        const result = dataOf(store, command);
        expect(seen(result.partitions, command)).toEqual(expected.map((c) => [1, c]));
        expect(result.liveRows).toBe(expected.length);
        expect(result.limitReached).toBe(expected.length === limit);
      }),
      { numRuns: 300 },
    );
  });

  test('what two replicas answer merges to what one with everything answers', () => {
    const writes = fc.array(operation, { maxLength: 12 });
    const window = fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: 1, max: 10 }));
    const picked = fc.subarray([0, 1, 2, 3, 4], { minLength: 1 });
    fc.assert(
      fc.property(writes, writes, fc.option(window), picked, (x, y, at, names) => {
        const stores = [x, y, [...x, ...y]].map((list) => {
          const store = new TableStore(TABLE, STORE_OPTIONS);
          for (const one of list) store.apply(updateOf([one]));
          return store;
        });
        const clustering =
          at === null
            ? { kind: 'names' as const, clusterings: names.map((c) => [int(c)]), reversed: false }
            : {
                kind: 'slices' as const,
                slices: [sliceOf(at[0] / 2, (at[0] + at[1]) / 2)],
                reversed: false,
              };
        const command = readKey(TABLE, KEY, { clustering });
        const [a, b, both] = stores.map((store) => dataOf(store, command).partitions[0]);
        const merged = a === undefined ? b : b === undefined ? a : mergePartitions(a, b);
        const content = (one: PartitionData | undefined) =>
          one === undefined ? {} : liveContent(one);
        expect(content(merged)).toEqual(content(both));
      }),
      { numRuns: 500 },
    );
  });

  test('the stored object itself comes back when all of it is wanted', () => {
    const store = new TableStore(table, STORE_OPTIONS);
    const update = onePartition(table, 1, [int(1)], { v: text('a') });
    store.apply(update);
    expect(dataOf(store, readKey(table, intKey(1))).partitions[0]).toBe(update);
    const clusterings = [[int(1)]];
    const byName = readKey(table, intKey(1), {
      clustering: { kind: 'names', clusterings, reversed: false },
    });
    expect(dataOf(store, byName).partitions[0]).toBe(update);
    expect(dataOf(store, readKey(table, intKey(2))).partitions).toEqual([]);
  });

  test('deletions beyond the row the limit stopped at are left out', () => {
    const store = new TableStore(table, STORE_OPTIONS);
    const deletion = { markedForDeleteAt: 5, localDeletionTime: NOW };
    const builder = new PartitionBuilder(table, intKey(1)).addRange({ ...slice(10, 90), deletion });
    for (const c of [1, 50]) {
      builder.addRow(simpleRow(table, [int(c)], { v: text('x') }, { timestamp: 9 }));
    }
    store.apply(builder.build());
    const read = (rows: number, reversed: boolean) => {
      const command = readKey(table, intKey(1), {
        limits: { ...NO_LIMITS, rows },
        clustering: { kind: 'slices', slices: [slice(0, 100)], reversed },
      });
      const [partition] = dataOf(store, command).partitions;
      return partition?.rangeTombstones.map(({ start, end }) => [
        start.prefix[0]?.readInt32BE(0),
        end.prefix[0]?.readInt32BE(0),
      ]);
    };
    expect(read(1, false)).toEqual([]);
    expect(read(2, false)).toEqual([[10, 50]]);
    expect(read(3, false)).toEqual([[10, 90]]);
    expect(read(1, true)).toEqual([[50, 90]]);
  });
});

describe('tables', () => {
  const rows = fc.uniqueArray(fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 6 })), {
    maxLength: 40,
    selector: ([k, c]) => `${k}/${c}`,
  });
  const statics = fc.subarray(Array.from({ length: 13 }, (_, k) => k));

  function filled(
    list: readonly (readonly [number, number])[],
    keys: readonly number[],
  ): TableStore {
    const store = new TableStore(table, STORE_OPTIONS);
    for (const [k, c] of list) store.apply(onePartition(table, k, [int(c)], { v: text('x') }));
    for (const k of keys) {
      const row = simpleRow(table, [], { st: text('s') }, { update: true });
      store.apply(new PartitionBuilder(table, intKey(k)).addStatic(row).build());
    }
    return store;
  }

  function everything(
    list: readonly (readonly [number, number])[],
    keys: readonly number[],
    by: { readonly reversed: boolean; readonly perPartition: number },
  ): (readonly [number, number | null])[] {
    const all = [...new Set([...list.map(([k]) => k), ...keys])].map(intKey).sort(compareKeys);
    return all.flatMap((key): (readonly [number, number | null])[] => {
      const k = key.bytes.readInt32BE(0);
      const own = list.filter(([other]) => other === k).map(([, c]) => c);
      own.sort((a, b) => (by.reversed ? b - a : a - b));
      if (own.length === 0) return [[k, null] as const];
      return own.slice(0, by.perPartition).map((c) => [k, c] as const);
    });
  }

  test('pages of any size put together are the whole, in order', () => {
    const input = fc.tuple(
      rows,
      statics,
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      fc.constantFrom(Infinity, 1, 2),
    );
    fc.assert(
      fc.property(input, ([list, keys, pageRows, reversed, perPartition]) => {
        const store = filled(list, keys);
        const got: (readonly [number, number | null])[] = [];
        let range: PartitionRange = WHOLE_RING;
        let counted = 0;
        for (let page = 0; page < 200; page++) {
          const command = readAll(table, {
            range,
            limits: {
              rows: pageRows,
              perPartition,
              countedInFirstPartition: counted,
              distinct: false,
            },
            clustering: {
              kind: 'slices',
              slices: [
                { start: { prefix: [], inclusive: true }, end: { prefix: [], inclusive: true } },
              ],
              reversed,
            },
          });
          const result = dataOf(store, command);
          const rowsOfPage = seen(result.partitions, command);
          expect(result.liveRows).toBe(rowsOfPage.length);
          got.push(...rowsOfPage);
          const last = rowsOfPage.at(-1);
          if (!result.limitReached || last === undefined) break;
          const [k, c] = last;
          const inPage = rowsOfPage.filter(([key]) => key === k).length;
          counted = range.startKey?.id === intKey(k).id ? counted + inPage : inPage;
          range = {
            ...WHOLE_RING,
            startKey: intKey(k),
            startKeyInclusive: c !== null,
            startAfter: c === null ? null : [int(c)],
          };
          if (c === null) counted = 0;
        }
        expect(got).toEqual(everything(list, keys, { reversed, perPartition }));
      }),
      { numRuns: 300 },
    );
  });

  test('token ranges cover each partition once', () => {
    fc.assert(
      fc.property(
        rows,
        fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 }),
        (list, cuts) => {
          const store = filled(list, []);
          const tokens = [...new Set(cuts)].map(intKey).sort(compareKeys);
          const ends = [null, ...tokens, null];
          const got = ends.slice(0, -1).flatMap((left, i) => {
            const range = {
              ...WHOLE_RING,
              left,
              leftInclusive: left === null,
              right: ends[i + 1] ?? null,
              rightInclusive: true,
            };
            const command = readAll(table, { range });
            return seen(dataOf(store, command).partitions, command);
          });
          expect(got).toEqual(everything(list, [], { reversed: false, perPartition: Infinity }));
        },
      ),
    );
  });

  test('DISTINCT counts one row a partition', () => {
    const store = filled(
      [
        [1, 1],
        [1, 2],
        [2, 1],
        [3, 1],
        [3, 2],
      ],
      [4],
    );
    const command = readAll(table, { limits: { ...NO_LIMITS, rows: 3, distinct: true } });
    const result = dataOf(store, command);
    expect(result.liveRows).toBe(3);
    expect(result.partitions.map((one) => countLiveRows(one, NOW))).toEqual([1, 1, 1]);
  });

  test('merged answers are cut to the limits again', () => {
    const store = filled(
      [
        [1, 1],
        [1, 2],
        [1, 3],
        [2, 1],
        [2, 2],
      ],
      [],
    );
    const command = readAll(table);
    const { partitions } = dataOf(store, command);
    const limited = limitPartitions(partitions, {
      ...command,
      limits: { ...NO_LIMITS, rows: 3, perPartition: 2 },
    });
    expect(seen(limited.partitions, command)).toHaveLength(3);
    expect(limited.limitReached).toBe(true);
    expect(limitPartitions(partitions, command).partitions[0]).toBe(partitions[0]);
  });
});

describe('tombstones', () => {
  function withTombstones(count: number): TableStore {
    const store = new TableStore(table, { tombstoneFailureThreshold: 20 });
    const builder = new PartitionBuilder(table, intKey(1));
    const at = { timestamp: 1, nowSeconds: NOW };
    for (let c = 0; c < count; c++) {
      builder.addRow(
        new RowBuilder([int(c)]).addCell(tombstoneCell(column(table, 'v'), at)).build(),
      );
    }
    store.apply(builder.build());
    return store;
  }

  test('are counted, and fail the read above the threshold', () => {
    expect(dataOf(withTombstones(20), readKey(table, intKey(1))).tombstones).toBe(20);
    const failed = withTombstones(21).read(readKey(table, intKey(1)));
    expect(failed).toMatchObject({ kind: 'failure', reason: 'READ_TOO_MANY_TOMBSTONES' });
  });

  test('are gone once gc_grace has passed, and so do not count', () => {
    const command = readKey(table, intKey(1), { nowSeconds: NOW + 864_001 });
    const result = dataOf(withTombstones(30), command);
    expect(result).toMatchObject({ partitions: [], tombstones: 0, liveRows: 0 });
  });

  test('travel with the answer, so that merging can use them', () => {
    const command = readKey(table, intKey(1));
    const [partition] = dataOf(withTombstones(2), command).partitions;
    expect(partition?.rows).toHaveLength(2);
    expect(seen(partition === undefined ? [] : [partition], command)).toEqual([]);
  });
});

test('static content: only the columns asked for', () => {
  const two = makeTable({
    name: 'st2',
    clustering: { c: NATIVE.int },
    statics: { s1: NATIVE.text, s2: NATIVE.text },
  });
  const store = new TableStore(two, STORE_OPTIONS);
  const row = simpleRow(two, [], { s1: text('a'), s2: text('b') }, { update: true });
  store.apply(new PartitionBuilder(two, intKey(1)).addStatic(row).build());
  const read = (names: readonly string[]) =>
    dataOf(
      store,
      readKey(two, intKey(1), {
        columns: { fetched: new Set(names.map((name) => column(two, name))) },
      }),
    ).partitions[0]?.staticRow?.data.map((entry) => entry.column.name);
  expect(read(['s2', 'v'])).toEqual(['s2']);
  expect(read(['v'])).toBeUndefined();
});
