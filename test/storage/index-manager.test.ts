// Secondary indexes: whatever was written and deleted, an indexed read gives what a scan with the same filter gives.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { forEachLiveRow } from '../../src/data/live-view.ts';
import {
  liveCell,
  PartitionBuilder,
  RowBuilder,
  tombstoneCell,
} from '../../src/data/partition-builder.ts';
import type { PartitionData } from '../../src/data/partition.ts';
import type { ReadCommand, RowFilterExpression } from '../../src/data/read-command.ts';
import type { IndexMetadata, TableMetadata } from '../../src/data/schema.ts';
import { parseTarget } from '../../src/node/storage/index-target.ts';
import { TableStore } from '../../src/node/storage/table-store.ts';
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

const MAP: CqlType = { kind: 'map', key: NATIVE.text, value: NATIVE.int, frozen: false };
const LIST: CqlType = { kind: 'list', element: NATIVE.int, frozen: true };

function legacy(name: string, target: string): IndexMetadata {
  return { name, kind: 'COMPOSITES', options: new Map([['target', target]]) };
}
function custom(
  name: string,
  target: string,
  className: string,
  options: Record<string, string> = {},
): IndexMetadata {
  return {
    name,
    kind: 'CUSTOM',
    options: new Map([['target', target], ['class_name', className], ...Object.entries(options)]),
  };
}

const INDEXES = [
  legacy('by_v', 'v'),
  custom('by_n', 'n', 'StorageAttachedIndex'),
  custom('by_d', 'd', 'StorageAttachedIndex'),
  legacy('by_st', 'st'),
  legacy('by_c', 'c'),
  legacy('by_k2', 'k2'),
  legacy('by_values', 'values(m)'),
  legacy('by_keys', 'keys(m)'),
  legacy('by_entries', 'entries(m)'),
  legacy('by_full', 'full(f)'),
  custom('by_fv', 'values(f)', 'StorageAttachedIndex'),
];

const table = makeTable({
  name: 'ix',
  key: { k: NATIVE.int, k2: NATIVE.int },
  clustering: { c: NATIVE.int },
  statics: { st: NATIVE.int },
  regulars: { v: NATIVE.int, n: NATIVE.int, d: NATIVE.decimal, m: MAP, f: LIST },
  indexes: INDEXES,
});

function key(k: number, k2: number) {
  const bytes = Buffer.concat([
    Buffer.from([0, 4]),
    int(k),
    Buffer.from([0, 0, 4]),
    int(k2),
    Buffer.from([0]),
  ]);
  return { ...intKey(k * 10 + k2), bytes, id: bytes.toString('latin1') };
}

const tiny = fc.nat({ max: 3 });
const write = fc.record({
  k: tiny,
  k2: fc.nat({ max: 1 }),
  c: tiny,
  timestamp: fc.integer({ min: 1, max: 9 }),
  what: fc.constantFrom(
    'v',
    'n',
    'd',
    'st',
    'm',
    'f',
    'delete-v',
    'delete-m',
    'row',
    'range',
    'partition',
    'set-m',
  ),
  value: tiny,
  other: tiny,
  ttl: fc.constantFrom(0, 0, 50),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

function updateOf(one: Write): PartitionData {
  const builder = new PartitionBuilder(table, key(one.k, one.k2));
  const at = { timestamp: one.timestamp, ttl: one.ttl, nowSeconds: NOW };
  const deletion = { markedForDeleteAt: one.timestamp, localDeletionTime: NOW };
  const row = new RowBuilder([int(one.c)]);
  const put = (name: string, value: Buffer, path: Buffer | null = null) =>
    row.addCell(liveCell(column(table, name), value, at, path));
  const m = column(table, 'm');
  switch (one.what) {
    case 'd':
      put(
        'd',
        Buffer.from([
          0,
          0,
          0,
          one.other & 1,
          ...((one.other & 1) === 0 ? [one.value] : [one.value * 10]),
        ]),
      );
      break;
    case 'st':
      return builder
        .addStatic(
          new RowBuilder().addCell(liveCell(column(table, 'st'), int(one.value), at)).build(),
        )
        .build();
    case 'm':
      put('m', int(one.value), text(`p${one.other}`));
      break;
    case 'set-m':
      row.addComplex(m, { ...deletion, markedForDeleteAt: one.timestamp - 1 }, [
        liveCell(m, int(one.value), at, text('p1')),
      ]);
      break;
    case 'delete-m':
      row.addComplex(m, deletion, []);
      break;
    case 'f':
      put('f', Buffer.concat([int(2), int(4), int(one.value), int(4), int(one.other)]));
      break;
    case 'delete-v':
      row.addCell(tombstoneCell(column(table, 'v'), at));
      break;
    case 'row':
      row.deleteRow(deletion);
      break;
    case 'range':
      return builder
        .addRange({
          start: { prefix: [int(one.c)], inclusive: true },
          end: { prefix: [int(one.c + 1)], inclusive: true },
          deletion,
        })
        .build();
    case 'partition':
      return builder.deletePartition(deletion).build();
    default:
      put(one.what, int(one.value));
  }
  return builder.addRow(row.build()).build();
}

function where(
  name: string,
  operator: Extract<RowFilterExpression, { kind: 'column' }>['operator'],
  value: Buffer,
): RowFilterExpression {
  return { kind: 'column', column: column(table, name), operator, value };
}

const expressions = fc.oneof(
  fc
    .tuple(fc.constantFrom('v', 'n', 'st', 'c', 'k2'), tiny)
    .map(([name, value]) => where(name, '=', int(value))),
  fc
    .tuple(fc.constantFrom('<', '<=', '>', '>=') as fc.Arbitrary<'<'>, tiny)
    .map(([operator, value]) => where('n', operator, int(value))),
  tiny.map((value) => where('d', '=', Buffer.from([0, 0, 0, 0, value]))),
  tiny.map((value) => where('d', '>', Buffer.from([0, 0, 0, 1, value * 10]))),
  tiny.map((value) => where('m', 'CONTAINS', int(value))),
  tiny.map((value) => where('m', 'CONTAINS KEY', text(`p${value}`))),
  fc.tuple(tiny, tiny).map(([path, value]): RowFilterExpression => ({
    kind: 'map-entry',
    column: column(table, 'm'),
    key: text(`p${path}`),
    value: int(value),
  })),
  tiny.map((value) => where('f', 'CONTAINS', int(value))),
  fc
    .tuple(tiny, tiny)
    .map(([a, b]) => where('f', '=', Buffer.concat([int(2), int(4), int(a), int(4), int(b)]))),
);

function rows(store: TableStore, command: ReadCommand): string[] {
  const out: string[] = [];
  for (const partition of dataOf(store, command).partitions) {
    forEachLiveRow(partition, command, (row) => {
      out.push(`${partition.key.id}/${row?.clustering[0]?.readInt32BE(0) ?? '-'}`);
    });
  }
  return out;
}

describe('indexed reads', () => {
  const filters = fc.array(expressions, { minLength: 1, maxLength: 2 });
  test('give what scans give, through writes, deletions, expiry and rebuilds', () => {
    fc.assert(
      fc.property(
        fc.array(write, { maxLength: 40 }),
        filters,
        fc.nat({ max: 60 }),
        fc.boolean(),
        (list, filter, later, rebuild) => {
          const store = new TableStore(table, STORE_OPTIONS);
          for (const one of list) store.apply(updateOf(one));
          if (rebuild) for (const { name } of INDEXES) store.indexes.rebuild(name);
          const common = { filter: { expressions: filter }, nowSeconds: NOW + later };
          const scanned = rows(store, readAll(table, common));
          expect(rows(store, readAll(table, { ...common, indexName: 'by_v' }))).toEqual(scanned);
          const limits = { ...NO_LIMITS, rows: 2 };
          expect(rows(store, readAll(table, { ...common, indexName: 'by_v', limits }))).toEqual(
            scanned.slice(0, 2),
          );
          const one = key(1, 1);
          expect(rows(store, readKey(table, one, { ...common, indexName: 'by_v' }))).toEqual(
            scanned.filter((row) => row.startsWith(`${one.id}/`)),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  test('an index made later is built from what is there, and dropped with the schema', () => {
    const bare: TableMetadata = { ...table, indexes: [] };
    const store = new TableStore(bare, STORE_OPTIONS);
    const at = { timestamp: 1, ttl: 0, nowSeconds: NOW };
    const row = new RowBuilder([int(1)]).addCell(liveCell(column(table, 'v'), int(7), at)).build();
    store.apply(new PartitionBuilder(table, key(1, 1)).addRow(row).build());
    const filter = { expressions: [where('v', '=', int(7))] };
    const command = readAll(table, { filter, indexName: 'by_v' });
    expect(store.read(command)).toMatchObject({ kind: 'failure', reason: 'INDEX_NOT_AVAILABLE' });
    store.setTable(table);
    expect(rows(store, command)).toHaveLength(1);
    store.indexes.setQueryable('by_v', false);
    expect(store.read(command)).toMatchObject({ kind: 'failure', reason: 'INDEX_NOT_AVAILABLE' });
    store.setTable(bare);
    expect(store.indexes.isEmpty).toBe(true);
  });
});

describe('text', () => {
  const folded = custom('folded', 'v', 'StorageAttachedIndex', {
    case_sensitive: 'false',
    normalize: 'true',
    ascii: 'true',
  });
  const words = custom('words', 'w', 'org.apache.cassandra.index.sasi.SASIIndex', {
    mode: 'CONTAINS',
    analyzer_class: 'org.apache.cassandra.index.sasi.analyzer.StandardAnalyzer',
    tokenization_normalize_lowercase: 'true',
  });
  const prefix = custom('prefix', 'p', 'org.apache.cassandra.index.sasi.SASIIndex');
  const texts = makeTable({
    name: 'tx',
    regulars: { v: NATIVE.text, w: NATIVE.text, p: NATIVE.text },
    indexes: [folded, words, prefix],
  });
  const store = new TableStore(texts, STORE_OPTIONS);
  const values = ['Straße', 'STRASSE', 'strand', 'éclair', 'The quick Fox'];
  for (const [i, value] of values.entries()) {
    store.apply(onePartition(texts, i, [], { v: text(value), w: text(value), p: text(value) }));
  }
  const find = (
    name: string,
    operator: Extract<RowFilterExpression, { kind: 'column' }>['operator'],
    value: string,
    indexName: string,
  ) => {
    const expression = {
      kind: 'column' as const,
      column: column(texts, name),
      operator,
      value: text(value),
      indexName,
    };
    const command = readAll(texts, { filter: { expressions: [expression] }, indexName });
    return dataOf(store, command)
      .partitions.map(({ key: { bytes } }) => values[bytes.readInt32BE(0)])
      .sort();
  };

  test.each([
    ['v', '=', 'strasse', 'folded', ['STRASSE', 'Straße']],
    ['v', '=', 'ECLAIR', 'folded', ['éclair']],
    ['w', 'LIKE_CONTAINS', 'qui', 'words', ['The quick Fox']],
    ['w', '=', 'fox', 'words', ['The quick Fox']],
    ['w', 'LIKE_PREFIX', 'str', 'words', ['STRASSE', 'Straße', 'strand']],
    ['p', 'LIKE_PREFIX', 'str', 'prefix', ['strand']],
    ['p', 'LIKE_SUFFIX', 'Fox', 'prefix', ['The quick Fox']],
    ['p', 'LIKE_MATCHES', 'strand', 'prefix', ['strand']],
    ['p', '=', 'The quick', 'prefix', []],
  ] as const)('%s %s %s with %s', (name, operator, value, index, expected) => {
    expect(find(name, operator, value, index)).toEqual(expected);
  });
});

test('targets as the schema writes them', () => {
  expect(parseTarget('v')).toEqual({ kind: 'simple', name: 'v' });
  expect(parseTarget('"My ""Col"')).toEqual({ kind: 'simple', name: 'My "Col' });
  expect(parseTarget('values("M")')).toEqual({ kind: 'values', name: 'M' });
  expect(parseTarget('entries(m)')).toEqual({ kind: 'entries', name: 'm' });
});

test('an index follows updates without keeping old terms', () => {
  const small = makeTable({
    name: 'grow',
    regulars: { v: NATIVE.int },
    indexes: [legacy('g', 'v')],
  });
  const store = new TableStore(small, STORE_OPTIONS);
  for (let i = 0; i < 100; i++)
    store.apply(onePartition(small, 1, [], { v: int(i) }, { timestamp: i }));
  const command = (value: number) =>
    readAll(small, {
      indexName: 'g',
      filter: {
        expressions: [
          { kind: 'column', column: column(small, 'v'), operator: '=', value: int(value) },
        ],
      },
    });
  expect(store.indexes.candidates(command(99))).toHaveLength(1);
  expect(store.indexes.candidates(command(98))).toEqual([]);
  store.remove(intKey(1));
  expect(store.indexes.candidates(command(99))).toEqual([]);
  store.apply(onePartition(small, 1, [], { v: int(5) }));
  store.truncate();
  expect(store.indexes.candidates(command(5))).toEqual([]);
  expect(simpleRow(small, [], { v: int(1) }).data).toHaveLength(1);
});
