// Materialized views: after any writes to the base, in whatever order the view's updates arrive, the view shows the
// base's live rows under its own key.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NATIVE } from '../../src/data/cql-type.ts';
import { forEachLiveRow, valueOf } from '../../src/data/live-view.ts';
import {
  liveCell,
  livenessOf,
  PartitionBuilder,
  RowBuilder,
  tombstoneCell,
} from '../../src/data/partition-builder.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import type { RowFilter } from '../../src/data/read-command.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
import { ALL_SLICES } from '../../src/data/clustering-order.ts';
import { viewUpdates } from '../../src/node/storage/view-updates.ts';
import { column, dataOf, int, intKey, makeTable, NOW, readAll, STORE_OPTIONS } from './fixtures.ts';

const base = makeTable({
  name: 'base',
  clustering: { c: NATIVE.int },
  regulars: { v: NATIVE.int, w: NATIVE.int, x: NATIVE.int },
});

function view(
  name: string,
  spec: {
    key: string;
    clustering: readonly string[];
    regulars: readonly string[];
    all?: boolean;
    strict: boolean;
  },
): TableMetadata {
  const types = (names: readonly string[]) =>
    Object.fromEntries(names.map((one) => [one, NATIVE.int]));
  const made = makeTable({
    name,
    key: types([spec.key]),
    clustering: types(spec.clustering),
    regulars: types(spec.regulars),
  });
  return {
    ...made,
    kind: 'view',
    view: {
      baseTable: 'base',
      baseTableId: base.id,
      includeAllColumns: spec.all ?? false,
      whereClause: '',
      strictLiveness: spec.strict,
    },
  };
}

const VIEWS = {
  'by a regular column': view('by_v', {
    key: 'v',
    clustering: ['k', 'c'],
    regulars: ['w'],
    strict: true,
  }),
  'keys turned round, all columns': view('by_c', {
    key: 'c',
    clustering: ['k'],
    regulars: ['v', 'w', 'x'],
    all: true,
    strict: false,
  }),
  'keys turned round, some columns': view('by_c2', {
    key: 'c',
    clustering: ['k'],
    regulars: ['w'],
    strict: false,
  }),
} as const;

const write = fc.record({
  c: fc.nat({ max: 2 }),
  what: fc.constantFrom(
    'insert',
    'insert',
    'v',
    'v',
    'w',
    'x',
    'delete-v',
    'delete-w',
    'row',
    'range',
    'partition',
  ),
  value: fc.nat({ max: 2 }),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

function updateOf(one: Write, timestamp: number): PartitionData {
  const builder = new PartitionBuilder(base, intKey(1));
  const at = { timestamp, ttl: 0, nowSeconds: NOW };
  const deletion = { markedForDeleteAt: timestamp, localDeletionTime: NOW };
  const row = new RowBuilder([int(one.c)]);
  const put = (name: string) => row.addCell(liveCell(column(base, name), int(one.value), at));
  switch (one.what) {
    case 'insert':
      row.setLiveness(livenessOf(at));
      put('v');
      put('w');
      break;
    case 'delete-v':
    case 'delete-w':
      row.addCell(tombstoneCell(column(base, one.what.slice(7)), at));
      break;
    case 'row':
      row.deleteRow(deletion);
      break;
    case 'range':
      return builder
        .addRange({
          start: { prefix: [int(one.c)], inclusive: true },
          end: { prefix: [], inclusive: true },
          deletion,
        })
        .build();
    case 'partition':
      return builder.deletePartition(deletion).build();
    default:
      put(one.what);
  }
  return builder.addRow(row.build()).build();
}

type Shown = Readonly<Record<string, number | null>>;

function rowsOf(store: TableStore): Shown[] {
  const { table } = store;
  const command = readAll(table);
  const out: Shown[] = [];
  for (const partition of dataOf(store, command).partitions) {
    forEachLiveRow(partition, command, (row) => {
      if (row === null) return;
      const shown: Record<string, number | null> = {};
      for (const { name, kind, position } of table.columns.values()) {
        const bytes =
          kind === 'partition_key'
            ? partition.key.bytes
            : kind === 'clustering'
              ? (row.clustering[position] ?? null)
              : valueOf(row, column(table, name), NOW);
        shown[name] = bytes === null ? null : bytes.readInt32BE(0);
      }
      out.push(shown);
    });
  }
  return out.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

function expected(
  baseRows: readonly Shown[],
  target: TableMetadata,
  keeps: (row: Shown) => boolean,
): Shown[] {
  const keys = [...target.partitionKey, ...target.clustering].map(({ name }) => name);
  const names = [...target.columns.keys()];
  return baseRows
    .filter((row) => keeps(row) && keys.every((name) => row[name] !== null))
    .map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null])))
    .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

describe.each(Object.entries(VIEWS))('a view %s', (_name, target) => {
  // Conditions on columns outside the view's key are not allowed by default.
  const filterName = target.partitionKey[0]?.name ?? '';
  const filter: RowFilter = {
    expressions: [
      { kind: 'column', column: column(base, filterName), operator: '=', value: int(1) },
    ],
  };
  const cases = fc.record({
    writes: fc.array(fc.tuple(write, fc.integer({ min: 1, max: 30 })), { maxLength: 12 }),
    order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
    filtered: fc.boolean(),
  });
  test('converges to the base', () => {
    fc.assert(
      fc.property(cases, ({ writes, order, filtered }) => {
        const baseStore = new TableStore(base, STORE_OPTIONS);
        const updates: PartitionData[] = [];
        for (const [i, [one]] of writes.entries()) {
          const update = updateOf(one, i + 1);
          const before = baseStore.current(update.key);
          baseStore.apply(update);
          const after = baseStore.current(update.key);
          updates.push(
            ...viewUpdates({
              slices: ALL_SLICES,
              base,
              view: target,
              before,
              after,
              filter: filtered ? filter : null,
              nowSeconds: NOW,
            }),
          );
        }
        const viewStore = new TableStore(target, STORE_OPTIONS);
        const shuffled = updates
          .map((update, i) => ({ update, rank: order[i] ?? 0 }))
          .sort((a, b) => a.rank - b.rank);
        for (const { update } of shuffled) viewStore.apply(update);
        const keeps = (row: Shown) => !filtered || row[filterName] === 1;
        expect(rowsOf(viewStore)).toEqual(expected(rowsOf(baseStore), target, keeps));
      }),
      { numRuns: 500 },
    );
  });
});

test('a change that touches nothing of the view moves only its marker', () => {
  const target = VIEWS['keys turned round, some columns'];
  const store = new TableStore(base, STORE_OPTIONS);
  store.apply(updateOf({ c: 1, what: 'insert', value: 1 }, 1));
  const before = store.current(intKey(1));
  store.apply(updateOf({ c: 1, what: 'x', value: 1 }, 2));
  const [update] = viewUpdates({
    slices: ALL_SLICES,
    base,
    view: target,
    before,
    after: store.current(intKey(1)),
    filter: null,
    nowSeconds: NOW,
  });
  expect(update?.rows[0]).toMatchObject({ liveness: { timestamp: 2 }, data: [] });
});
