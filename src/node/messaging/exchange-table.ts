// The open exchanges of a node, by their running number. A ring of slots rather than a Map: a Map that entries come to
// and go from all the time is copied now and then, and V8 links each copy to the next, so that the dead copies in its
// old space keep whatever was open at their time alive (measured: a third of all that was allocated for reads).
// An exchange that stays open while the ring goes once around moves aside. Test: test/coordinator/exchange-table.test.ts.

import { assert } from '../../base/assert.ts';

const SLOTS_MIN = 64;
/** Beyond, older exchanges move aside to a Map, which is slower and no problem. */
const SLOTS_MAX = 4_096;

interface Numbered {
  readonly id: number;
}

export class ExchangeTable<T extends Numbered> {
  /** Exchange `id` is in slot `id & (slots.length - 1)` or aside. */
  private slots: (T | null)[] = emptySlots(SLOTS_MIN);
  private readonly aside = new Map<number, T>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Ids are given out in rising order, each once. */
  add(entry: T): void {
    if (this.count * 2 > this.slots.length && this.slots.length < SLOTS_MAX) this.grow();
    this.put(entry);
    this.count++;
  }

  get(id: number): T | undefined {
    const entry = this.slots[id & (this.slots.length - 1)] as T | null;
    if (entry !== null && entry.id === id) return entry;
    return this.aside.size === 0 ? undefined : this.aside.get(id);
  }

  /** Does nothing for an id that is not there. */
  delete(id: number): void {
    const at = id & (this.slots.length - 1);
    if (this.slots[at]?.id === id) {
      this.slots[at] = null;
      this.count--;
    } else if (this.aside.delete(id)) this.count--;
  }

  /** Looks at every slot: for rare questions. */
  hasUpTo(id: number): boolean {
    if (this.slots.some((entry) => entry !== null && entry.id <= id)) return true;
    return [...this.aside.keys()].some((one) => one <= id);
  }

  private put(entry: T): void {
    const at = entry.id & (this.slots.length - 1);
    const older = this.slots[at] as T | null;
    if (older !== null) {
      assert(older.id < entry.id, 'exchanges are numbered in rising order');
      this.aside.set(older.id, older);
    }
    this.slots[at] = entry;
  }

  private grow(): void {
    const entries = this.slots.filter((entry) => entry !== null);
    this.slots = emptySlots(this.slots.length * 2);
    // Twice the slots part what shared none before: nothing moves aside here.
    for (const entry of entries) this.put(entry);
  }
}

function emptySlots(length: number): null[] {
  return Array.from({ length }, () => null);
}
