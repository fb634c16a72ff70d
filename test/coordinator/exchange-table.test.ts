// The table of open exchanges against a Map: many open at once, and some that stay open while thousands pass.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ExchangeTable } from '../../src/node/messaging/exchange-table.ts';

describe('the table of exchanges', () => {
  it('finds what a Map of the same entries holds', () => {
    const step = fc.record({
      open: fc.integer({ min: 0, max: 400 }),
      /** Which of the open ones close, by a share of their number. */
      close: fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
        maxLength: 300,
      }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const table = new ExchangeTable<{ readonly id: number }>();
        const model = new Map<number, { readonly id: number }>();
        let nextId = 1;
        for (const { open, close } of steps) {
          for (let n = 0; n < open; n++) {
            const entry = { id: nextId++ };
            table.add(entry);
            model.set(entry.id, entry);
          }
          for (const share of close) {
            const id = [...model.keys()][Math.floor(share * model.size)] ?? nextId;
            table.delete(id);
            model.delete(id);
          }
          expect(table.size).toBe(model.size);
          const differs = (id: number): boolean => table.get(id) !== model.get(id);
          expect(Array.from({ length: nextId + 1 }, (_, id) => id).filter(differs)).toEqual([]);
          const oldest = Math.min(...model.keys());
          expect(table.hasUpTo(oldest)).toBe(model.size > 0);
          expect(table.hasUpTo(oldest - 1)).toBe(false);
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('keeps an exchange that stays open while the numbers go around', () => {
    const table = new ExchangeTable<{ readonly id: number }>();
    const stays = { id: 1 };
    table.add(stays);
    for (let id = 2; id < 50_000; id++) {
      table.add({ id });
      if (table.get(id)?.id !== id) expect.fail(`exchange ${id} is gone`);
      table.delete(id);
    }
    expect(table.get(1)).toBe(stays);
    expect(table.size).toBe(1);
    expect(table.hasUpTo(1)).toBe(true);
    table.delete(1);
    table.delete(1);
    expect(table.get(1)).toBeUndefined();
    expect(table.size).toBe(0);
  });
});
