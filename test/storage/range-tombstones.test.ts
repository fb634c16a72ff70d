// Lists of range tombstones against a line of half steps painted with timestamps.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { clusteringOrder } from '../../src/data/clustering-order.ts';
import type { RangeTombstone } from '../../src/data/partition.ts';
import {
  clipRanges,
  mergeRanges,
  rangeDeletionAt,
  rangesEqual,
} from '../../src/data/range-tombstones.ts';
import { int, NOW } from './fixtures.ts';
import { coversRow, sliceOf, TABLE } from './operations.ts';

const order = clusteringOrder(TABLE);

const piece = fc
  .record({
    from: fc.integer({ min: -1, max: 9 }),
    length: fc.integer({ min: 1, max: 10 }),
    timestamp: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ from, length, timestamp }) => ({ from: from / 2, to: (from + length) / 2, timestamp }))
  .filter(({ from, to }) => from < 5 && to >= 0);

type Piece = { readonly from: number; readonly to: number; readonly timestamp: number };

function rangeOf(one: Piece): RangeTombstone {
  const deletion = { markedForDeleteAt: one.timestamp, localDeletionTime: NOW };
  return { ...sliceOf(one.from, one.to), deletion };
}

function listOf(pieces: readonly Piece[]): readonly RangeTombstone[] {
  return pieces.reduce<readonly RangeTombstone[]>(
    (list, one) => mergeRanges(order, list, [rangeOf(one)]),
    [],
  );
}

test('every row is deleted by the latest range over it, in a list that is canonical', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const list = listOf(pieces);
      for (let row = 0; row < 5; row++) {
        const covering = pieces.filter((one) => coversRow(one, row));
        const expected = Math.max(-Infinity, ...covering.map(({ timestamp }) => timestamp));
        expect(rangeDeletionAt(order, list, [int(row)]).markedForDeleteAt).toBe(expected);
      }
      const reversed = listOf(pieces.toReversed());
      expect(rangesEqual(order, list, reversed)).toBe(true);
      expect(mergeRanges(order, list, reversed)).toBe(list);
    }),
    { numRuns: 800 },
  );
});

test('clipping keeps what lies within a slice', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), piece, (pieces, window) => {
      const list = listOf(pieces);
      const clipped = clipRanges(order, list, sliceOf(window.from, window.to));
      for (let row = 0; row < 5; row++) {
        const whole = rangeDeletionAt(order, list, [int(row)]).markedForDeleteAt;
        const expected = coversRow(window, row) ? whole : -Infinity;
        expect(rangeDeletionAt(order, clipped, [int(row)]).markedForDeleteAt).toBe(expected);
      }
    }),
  );
});

test('neighbours of one deletion join, and a list that covers an update stays the same object', () => {
  const list = listOf([
    { from: 0, to: 1, timestamp: 3 },
    { from: 1, to: 4, timestamp: 3 },
  ]);
  expect(list).toHaveLength(1);
  expect(mergeRanges(order, list, [rangeOf({ from: 1, to: 2, timestamp: 2 })])).toBe(list);
});
