// Rows and bounds of two clustering columns, the second descending, against the order of plain numbers.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { NATIVE } from '../../src/data/cql-type.ts';
import type { Position } from '../../src/data/clustering-order.ts';
import { BOTTOM, clusteringOrder, TOP } from '../../src/data/clustering-order.ts';
import { compareNames } from '../../src/data/type-order.ts';
import { int, makeTable } from './fixtures.ts';

const table = makeTable({
  name: 'ord',
  clustering: { a: NATIVE.int, b: NATIVE.int },
  descending: ['b'],
});
const order = clusteringOrder(table);

const small = fc.integer({ min: -2, max: 2 });
const row = fc.tuple(small, small);
const position = fc.record({
  prefix: fc.oneof(fc.constant([]), fc.tuple(small), row),
  side: fc.constantFrom(-1 as const, 1 as const),
});

const bytes = (values: readonly number[]) => values.map(int);

/** A number per column, the end of a prefix beyond all that begins with it. */
function rank(values: readonly number[], side: number): number {
  const [a, b] = values;
  const beyond = side * 10;
  return (
    (a ?? beyond) * 100 +
    (a === undefined ? 0 : b === undefined ? beyond : -b * 4) +
    (b === undefined ? 0 : side)
  );
}

test('positions and rows order as their ranks do', () => {
  fc.assert(
    fc.property(position, position, row, row, (x, y, r, s) => {
      const of = (one: typeof x): Position => ({ prefix: bytes(one.prefix), side: one.side });
      const positions = order.comparePositions(of(x), of(y));
      expect(Math.sign(positions)).toBe(Math.sign(rank(x.prefix, x.side) - rank(y.prefix, y.side)));
      const rowToPosition = order.compareToPosition(bytes(r), bytes(x.prefix), x.side);
      expect(Math.sign(rowToPosition)).toBe(Math.sign(rank(r, 0) - rank(x.prefix, x.side)));
      expect(Math.sign(order.compare(bytes(r), bytes(s)))).toBe(Math.sign(rank(r, 0) - rank(s, 0)));
    }),
  );
  expect(order.comparePositions(BOTTOM, TOP)).toBeLessThan(0);
});

test('column names order as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareNames(a, b))).toBe(expected);
    }),
  );
  expect(compareNames('\u{1F600}', '\uFF5E')).toBeGreaterThan(0);
});
