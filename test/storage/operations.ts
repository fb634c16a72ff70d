// Random writes to one partition, as updates and as the plain facts an oracle reasons about.

import fc from 'fast-check';

import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import {
  liveCell,
  livenessOf,
  PartitionBuilder,
  RowBuilder,
  tombstoneCell,
} from '../../src/data/partition-builder.ts';
import type { PartitionData, Row, Slice } from '../../src/data/partition.ts';
import { serializeMutation } from '../../src/data/mutation-serializer.ts';
import { isCellLive } from '../../src/data/deletion.ts';
import { columnData } from '../../src/data/live-view.ts';
import { isLive } from '../../src/data/deletion.ts';
import type { Cell, ComplexData } from '../../src/data/partition.ts';
import { column, int, intKey, makeTable, NOW, text } from './fixtures.ts';

const SET: CqlType = { kind: 'set', element: NATIVE.text, frozen: false };

export const TABLE = makeTable({
  name: 'ops',
  clustering: { c: NATIVE.int },
  statics: { st: NATIVE.text },
  regulars: { v: NATIVE.text, w: NATIVE.text, s: SET },
});
export const KEY = intKey(1);

const CLUSTERINGS = 5;

/** `c` -1: the static row. Ranges are [from, to) over half steps: an end at 2.5 lies between rows 2 and 3. */
export type Operation =
  | { kind: 'write'; c: number; column: string; value: string; timestamp: number; ttl: number }
  | { kind: 'marker'; c: number; timestamp: number; ttl: number }
  | { kind: 'delete-cell'; c: number; column: string; path: string | null; timestamp: number }
  | { kind: 'add'; c: number; path: string; timestamp: number; ttl: number }
  | { kind: 'delete-set'; c: number; timestamp: number }
  | { kind: 'delete-row'; c: number; timestamp: number }
  | { kind: 'delete-range'; from: number; to: number; timestamp: number }
  | { kind: 'delete-partition'; timestamp: number };

const timestamp = fc.integer({ min: 1, max: 8 });
const ttl = fc.constantFrom(0, 0, 0, 100, 200);
const c = fc.integer({ min: 0, max: CLUSTERINGS - 1 });
const value = fc.constantFrom('', 'a', 'b', 'ab');
const path = fc.constantFrom('x', 'y', 'z');
const simple = fc.constantFrom('v', 'w');

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      c,
      column: simple,
      value,
      timestamp,
      ttl,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      c: fc.constant(-1),
      column: fc.constant('st'),
      value,
      timestamp,
      ttl,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('marker' as const), c, timestamp, ttl }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete-cell' as const),
      c,
      column: simple,
      path: fc.constant(null),
      timestamp,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete-cell' as const),
      c,
      column: fc.constant('s'),
      path,
      timestamp,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('add' as const), c, path, timestamp, ttl }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-set' as const), c, timestamp }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-row' as const), c, timestamp }) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        kind: fc.constant('delete-range' as const),
        from: fc.integer({ min: -1, max: 2 * CLUSTERINGS }),
        length: fc.integer({ min: 1, max: 2 * CLUSTERINGS }),
        timestamp,
      })
      .map(({ kind, from, length, timestamp: at }) => ({
        kind,
        from: from / 2,
        to: (from + length) / 2,
        timestamp: at,
      })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('delete-partition' as const), timestamp }),
  },
);

/** [from, to) in half steps: a whole number is before the row, a half one after it. */
export function sliceOf(from: number, to: number): Slice {
  const bound = (at: number, isStart: boolean) => {
    if (at < 0 || at >= CLUSTERINGS) return { prefix: [], inclusive: true };
    const isBefore = Number.isInteger(at);
    return { prefix: [int(Math.floor(at))], inclusive: isStart === isBefore };
  };
  return { start: bound(from, true), end: bound(to, false) };
}

export function coversRow(
  one: { readonly from: number; readonly to: number },
  row: number,
): boolean {
  const afterStart = one.from >= CLUSTERINGS || one.from <= row;
  return afterStart && (one.to < 0 || one.to > row);
}

export function updateOf(operations: readonly Operation[]): PartitionData {
  const builder = new PartitionBuilder(TABLE, KEY);
  for (const one of operations) addOperation(builder, one);
  return builder.build();
}

function addOperation(builder: PartitionBuilder, one: Operation): void {
  const deletion = { markedForDeleteAt: one.timestamp, localDeletionTime: NOW };
  if (one.kind === 'delete-partition') {
    builder.deletePartition(deletion);
    return;
  }
  if (one.kind === 'delete-range') {
    builder.addRange({ ...sliceOf(one.from, one.to), deletion });
    return;
  }
  const row = new RowBuilder(one.c < 0 ? [] : [int(one.c)]);
  const at = { timestamp: one.timestamp, ttl: 'ttl' in one ? one.ttl : 0, nowSeconds: NOW };
  switch (one.kind) {
    case 'write':
      row.addCell(liveCell(column(TABLE, one.column), text(one.value), at));
      break;
    case 'marker':
      row.setLiveness(livenessOf(at));
      break;
    case 'add':
      row.addCell(liveCell(column(TABLE, 's'), Buffer.alloc(0), at, text(one.path)));
      break;
    case 'delete-cell':
      row.addCell(
        tombstoneCell(column(TABLE, one.column), at, one.path === null ? null : text(one.path)),
      );
      break;
    case 'delete-set':
      row.addComplex(column(TABLE, 's'), deletion, []);
      break;
    case 'delete-row':
      row.deleteRow(deletion);
      break;
  }
  if (one.c < 0) builder.addStatic(row.build());
  else builder.addRow(row.build());
}

/** What lives of a partition at NOW + `after` seconds: row -> column -> value, with `*` for a live marker. */
type LiveContent = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function liveContent(partition: PartitionData, after = 0): LiveContent {
  const content: Record<string, Record<string, string>> = {};
  const rows: readonly (readonly [number, Row])[] = [
    ...(partition.staticRow === null ? [] : [[-1, partition.staticRow] as const]),
    ...partition.rows.map((row) => [row.clustering[0]?.readInt32BE(0) ?? -2, row] as const),
  ];
  for (const [number, row] of rows) {
    if (!isLive(row, NOW + after)) continue;
    const shown: Record<string, string> = {};
    for (const name of ['v', 'w', 'st']) {
      const cell = columnData(row, column(TABLE, name)) as Cell | undefined;
      if (cell !== undefined && isCellLive(cell, NOW + after)) shown[name] = String(cell.value);
    }
    const set = columnData(row, column(TABLE, 's')) as ComplexData | undefined;
    for (const cell of set?.cells ?? []) {
      if (isCellLive(cell, NOW + after)) shown[`s.${String(cell.path)}`] = '';
    }
    content[number] = shown;
  }
  return content;
}

/** The same, from the facts alone: of every place the best write that no deletion shadows. */
export function expectedContent(operations: readonly Operation[], after = 0): LiveContent {
  const content: Record<string, Record<string, string>> = {};
  for (let row = -1; row < CLUSTERINGS; row++) {
    const shown: Record<string, string> = {};
    const places = row < 0 ? ['st'] : ['v', 'w', 's.x', 's.y', 's.z'];
    let isAlive = row >= 0 && placeValue(operations, row, '*', after) !== null;
    for (const place of places) {
      const found = placeValue(operations, row, place, after);
      if (found === null) continue;
      shown[place] = found;
      isAlive = true;
    }
    if (isAlive) content[row] = shown;
  }
  return content;
}

interface Version {
  readonly timestamp: number;
  /** 2 tombstone, 1 expiring, 0 plain. */
  readonly rank: number;
  readonly expires: number;
  readonly value: string;
}

function placeValue(
  operations: readonly Operation[],
  row: number,
  place: string,
  after: number,
): string | null {
  let shadow = 0;
  const versions: Version[] = [];
  for (const one of operations) {
    if (isDeletionOf(one, row, place)) shadow = Math.max(shadow, one.timestamp);
    const version = versionOf(one, row, place);
    if (version !== null) versions.push(version);
  }
  const best = versions
    .filter((version) => version.timestamp > shadow)
    .sort(
      (a, b) =>
        b.timestamp - a.timestamp ||
        b.rank - a.rank ||
        b.expires - a.expires ||
        Buffer.compare(text(b.value), text(a.value)),
    )[0];
  if (best === undefined || best.rank === 2) return null;
  return best.rank === 1 && best.expires <= after ? null : best.value;
}

function isDeletionOf(one: Operation, row: number, place: string): boolean {
  switch (one.kind) {
    case 'delete-partition':
      return true;
    case 'delete-range':
      return row >= 0 && coversRow(one, row);
    case 'delete-row':
      return one.c === row;
    case 'delete-set':
      return one.c === row && place.startsWith('s.');
    default:
      return false;
  }
}

function versionOf(one: Operation, row: number, place: string): Version | null {
  if (!('c' in one) || one.c !== row) return null;
  const plain = (given: number, shown: string) => ({
    timestamp: one.timestamp,
    rank: given === 0 ? 0 : 1,
    expires: given,
    value: shown,
  });
  switch (one.kind) {
    case 'write':
      return one.column === place ? plain(one.ttl, one.value) : null;
    case 'marker':
      return place === '*' ? plain(one.ttl, '') : null;
    case 'add':
      return place === `s.${one.path}` ? plain(one.ttl, '') : null;
    case 'delete-cell': {
      const name = one.path === null ? one.column : `s.${one.path}`;
      return name === place ? { timestamp: one.timestamp, rank: 2, expires: 0, value: '' } : null;
    }
    default:
      return null;
  }
}

/** Everything about a partition as bytes, for comparing. */
export function fingerprint(partition: PartitionData): string {
  const mutation = { keyspace: 'ks', key: partition.key, updates: [partition], createdAtMs: 0 };
  return serializeMutation(mutation).toString('hex');
}
