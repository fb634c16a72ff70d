// The chunked sorted collection against a plain sorted array.

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SortedChunks } from '../../src/node/storage/sorted-chunks.ts';

const probe = (value: number) => (item: number) => item - value;

test('inserts, deletes, look-ups and cursors agree with a sorted array', () => {
  const step = fc.record({
    value: fc.integer({ min: 0, max: 3000 }),
    isDelete: fc.constantFrom(false, false, false, true),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 3000, size: 'max' }),
      fc.nat({ max: 3000 }),
      (steps, at) => {
        const chunks = new SortedChunks<number>();
        const model = new Set<number>();
        for (const { value, isDelete } of steps) {
          if (isDelete) {
            expect(chunks.delete(probe(value))).toBe(model.delete(value) ? value : undefined);
          } else {
            expect(chunks.set(value, probe(value))).toBe(model.has(value) ? value : undefined);
            model.add(value);
          }
        }
        const sorted = [...model].sort((a, b) => a - b);
        expect(chunks.toArray()).toEqual(sorted);
        expect(chunks.length).toBe(sorted.length);
        expect(chunks.find(probe(at))).toBe(model.has(at) ? at : undefined);
        const forward: number[] = [];
        const cursor = chunks.cursor(probe(at));
        for (let item = cursor.item; item !== undefined; item = cursor.item) {
          forward.push(item);
          cursor.next();
        }
        expect(forward).toEqual(sorted.filter((value) => value >= at));
        const backward: number[] = [];
        const last = chunks.last();
        for (let item = last.item; item !== undefined; item = last.item) {
          backward.push(item);
          last.previous();
        }
        expect(backward).toEqual(sorted.toReversed());
        expect(SortedChunks.from(sorted).toArray()).toEqual(sorted);
      },
    ),
    { numRuns: 30 },
  );
});

test('many sorted and random inserts keep their order', () => {
  for (const multiplier of [1, 7919]) {
    const chunks = new SortedChunks<number>();
    for (let i = 0; i < 10_007; i++) {
      const value = (i * multiplier) % 10_007;
      chunks.set(value, probe(value));
    }
    expect(chunks.toArray()).toEqual(Array.from({ length: 10_007 }, (_, i) => i));
  }
});
