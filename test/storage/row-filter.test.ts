// Conditions on rows: every operator, nulls, collections, keys, analyzers.

import { describe, expect, test } from 'vitest';

import { int64Bytes } from '../../src/base/int64.ts';
import { addCounterDelta } from '../../src/data/counter-context.ts';
import type { CqlType } from '../../src/data/cql-type.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { liveCell, RowBuilder, tombstoneCell } from '../../src/data/partition-builder.ts';
import type { FilterOperator, RowFilterExpression } from '../../src/data/read-command.ts';
import { RowMatcher } from '../../src/data/row-filter.ts';
import { analyzerFor } from '../../src/data/text-analyzer.ts';
import {
  isIndexableVector,
  similarityOf,
  vectorSimilarity,
} from '../../src/data/vector-similarity.ts';
import { column, floats, int, intKey, makeTable, NOW, text } from './fixtures.ts';

const MAP: CqlType = { kind: 'map', key: NATIVE.text, value: NATIVE.int, frozen: false };
const SET: CqlType = { kind: 'set', element: NATIVE.int, frozen: false };
const FROZEN: CqlType = { kind: 'list', element: NATIVE.int, frozen: true };
const table = makeTable({
  name: 'rf',
  clustering: { c: NATIVE.int },
  statics: { st: NATIVE.text },
  regulars: {
    n: NATIVE.int,
    t: NATIVE.text,
    d: NATIVE.decimal,
    m: MAP,
    s: SET,
    f: FROZEN,
    z: NATIVE.counter,
    gone: NATIVE.int,
  },
});
const at = { timestamp: 1, ttl: 0, nowSeconds: NOW };
const cell = (name: string, value: Buffer, path: Buffer | null = null) =>
  liveCell(column(table, name), value, at, path);
const empty = Buffer.alloc(0);
const row = new RowBuilder([int(3)])
  .addCell(cell('n', int(-5)))
  .addCell(cell('t', text('hello')))
  .addCell(cell('d', Buffer.from([0, 0, 0, 1, 10])))
  .addCell(cell('m', int(1), text('a')))
  .addCell(cell('m', int(2), text('b')))
  .addCell(cell('s', empty, int(7)))
  .addCell(cell('f', Buffer.concat([int(1), int(4), int(9)])))
  .addCell(cell('z', addCounterDelta(null, Buffer.alloc(16, 1), 12)))
  .addCell(tombstoneCell(column(table, 'gone'), at))
  .build();
const staticRow = new RowBuilder().addCell(cell('st', text('s'))).build();

function holds(...expressions: RowFilterExpression[]): boolean {
  const matcher = new RowMatcher(table, { expressions }, NOW);
  return (
    matcher.matchesPartition(intKey(1), staticRow) && matcher.matchesRow(intKey(1), row, staticRow)
  );
}
function is(
  name: string,
  operator: FilterOperator,
  value: Buffer,
  values?: readonly Buffer[],
): RowFilterExpression {
  const base = { kind: 'column' as const, column: column(table, name), operator, value };
  return values === undefined ? base : { ...base, values };
}

test.each([
  ['n', '=', int(-5), true],
  ['n', '!=', int(-5), false],
  ['n', '<', int(0), true],
  ['n', '>', int(-6), true],
  ['n', '>=', int(-4), false],
  ['n', '<=', int(-5), true],
  ['d', '=', Buffer.from([0, 0, 0, 0, 1]), true],
  ['gone', '=', int(1), false],
  ['gone', '!=', int(1), false],
  ['k', '=', int(1), true],
  ['k', '>', int(1), false],
  ['c', '>=', int(3), true],
  ['st', '=', text('s'), true],
  ['st', '=', text('x'), false],
  ['z', '=', int64Bytes(12), true],
  ['z', '>', int64Bytes(12), false],
  ['m', 'CONTAINS', int(2), true],
  ['m', 'CONTAINS', int(3), false],
  ['m', 'CONTAINS KEY', text('a'), true],
  ['m', 'NOT CONTAINS KEY', text('q'), true],
  ['s', 'CONTAINS', int(7), true],
  ['s', 'NOT CONTAINS', int(7), false],
  ['f', 'CONTAINS', int(9), true],
  ['t', 'LIKE_PREFIX', text('he'), true],
  ['t', 'LIKE_SUFFIX', text('lo'), true],
  ['t', 'LIKE_CONTAINS', text('ell'), true],
  ['t', 'LIKE_MATCHES', text('hell'), false],
] as const)('%s %s', (name, operator, value, expected) => {
  expect(holds(is(name, operator, value))).toBe(expected);
});

test('IN, map entries, several conditions', () => {
  expect(holds(is('n', 'IN', empty, [int(1), int(-5)]))).toBe(true);
  expect(holds(is('n', 'NOT IN', empty, [int(1), int(-5)]))).toBe(false);
  const entry = (key: string, value: number): RowFilterExpression => ({
    kind: 'map-entry',
    column: column(table, 'm'),
    key: text(key),
    value: int(value),
  });
  expect(holds(entry('a', 1))).toBe(true);
  expect(holds(entry('a', 2))).toBe(false);
  expect(holds(entry('a', 1), is('n', '=', int(-5)))).toBe(true);
  expect(holds(entry('a', 1), is('n', '=', int(5)))).toBe(false);
  expect(holds()).toBe(true);
});

describe('text analyzers', () => {
  const analyze = (options: Record<string, string>, input: string) => {
    const index = { name: 'i', kind: 'CUSTOM' as const, options: new Map(Object.entries(options)) };
    return analyzerFor(index, NATIVE.text)?.(input) ?? null;
  };
  const sasi = { class_name: 'org.apache.cassandra.index.sasi.SASIIndex' };
  test.each([
    [{}, 'É', null],
    [{ case_sensitive: 'false' }, 'ÉA', ['éa']],
    [{ normalize: 'true' }, 'e\u0301', ['é']],
    [{ ascii: 'true' }, 'Éßø', ['Esso']],
    [{ ...sasi }, 'A', null],
    [{ ...sasi, analyzer_class: 'NonTokenizingAnalyzer', case_sensitive: 'false' }, 'A b', ['a b']],
    [{ ...sasi, analyzer_class: 'NonTokenizingAnalyzer', normalize_uppercase: 'true' }, 'a', ['A']],
    [{ ...sasi, analyzer_class: 'StandardAnalyzer' }, 'one, Two-3', ['one', 'Two', '3']],
    [{ ...sasi, analyzer_class: 'DelimiterAnalyzer', delimiter: ';' }, 'a;b', ['a', 'b']],
  ] as const)('%o of %s', (options, input, expected) => {
    expect(analyze(options, input)).toEqual(expected);
  });
});

test('vector similarities are Cassandra’s', () => {
  const [a, b] = [floats(1, 0), floats(0, 1)];
  expect(vectorSimilarity('cosine', a, a)).toBeCloseTo(1);
  expect(vectorSimilarity('cosine', a, b)).toBeCloseTo(0.5);
  expect(vectorSimilarity('dot_product', a, floats(-1, 0))).toBeCloseTo(0);
  expect(vectorSimilarity('euclidean', a, b)).toBeCloseTo(1 / 3);
  expect(similarityOf(new Map([['similarity_function', 'EUCLIDEAN']]))).toBe('euclidean');
  expect(similarityOf(new Map())).toBe('cosine');
  expect(isIndexableVector('cosine', floats(0, 0))).toBe(false);
  expect(isIndexableVector('euclidean', floats(0, 0))).toBe(true);
  expect(isIndexableVector('euclidean', floats(NaN, 0))).toBe(false);
});
