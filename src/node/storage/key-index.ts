// The keys of a table in (token, key) order, for scans. Writes only append to a list; the first scan after them sorts
// it in, so that point writes pay nothing for order. Test: test/storage/table-store.test.ts.

import type { DecoratedKey, Token } from '../../data/partition.ts';
import type { PartitionRange } from '../../data/read-command.ts';
import { compareKeys, compareTokens } from '../../ring/token.ts';
import type { Cursor } from './sorted-chunks.ts';
import { SortedChunks } from './sorted-chunks.ts';

export class KeyIndex {
  private sorted = new SortedChunks<DecoratedKey>();
  private added: DecoratedKey[] = [];

  add(key: DecoratedKey): void {
    this.added.push(key);
  }

  remove(key: DecoratedKey): void {
    this.settle();
    this.sorted.delete((other) => compareKeys(other, key));
  }

  clear(): void {
    this.sorted = new SortedChunks();
    this.added = [];
  }

  /** At the first key of a range. */
  from(range: Pick<PartitionRange, 'left' | 'leftInclusive' | 'startKey' | 'startKeyInclusive'>) {
    this.settle();
    const { startKey, left } = range;
    if (startKey !== null) {
      const after = range.startKeyInclusive ? 0 : -1;
      return this.sorted.cursor((key) => compareKeys(key, startKey) || after);
    }
    return left === null ? this.sorted.first() : this.cursorAt(left, range.leftInclusive);
  }

  /** Visits the keys of a range in order; stops when `visit` answers false. The index must not change meanwhile. */
  forEach(range: PartitionRange, visit: (key: DecoratedKey) => boolean): void {
    const cursor = this.from(range);
    for (let key = cursor.item; key !== undefined; key = cursor.item) {
      if (isPastEnd(key, range) || !visit(key)) return;
      cursor.next();
    }
  }

  private cursorAt(left: Token, inclusive: boolean): Cursor<DecoratedKey> {
    const equal = inclusive ? 0 : -1;
    return this.sorted.cursor((key) => compareTokens(key, left) || equal);
  }

  private settle(): void {
    const { added } = this;
    if (added.length === 0) return;
    this.added = [];
    if (added.length * 8 < this.sorted.length) {
      for (const key of added) this.sorted.set(key, (other) => compareKeys(other, key));
      return;
    }
    added.sort(compareKeys);
    this.sorted = SortedChunks.from(mergeSorted(this.sorted.toArray(), added));
  }
}

/** Whether a key lies beyond a range's right end. */
function isPastEnd(key: Token, range: Pick<PartitionRange, 'right' | 'rightInclusive'>): boolean {
  if (range.right === null) return false;
  const order = compareTokens(key, range.right);
  return order > 0 || (order === 0 && !range.rightInclusive);
}

/** Whether a key lies within a range. */
export function isInRange(key: DecoratedKey, range: PartitionRange): boolean {
  if (isPastEnd(key, range)) return false;
  if (range.startKey !== null) {
    const order = compareKeys(key, range.startKey);
    return order > 0 || (order === 0 && range.startKeyInclusive);
  }
  if (range.left === null) return true;
  const order = compareTokens(key, range.left);
  return order > 0 || (order === 0 && range.leftInclusive);
}

function mergeSorted(a: readonly DecoratedKey[], b: readonly DecoratedKey[]): DecoratedKey[] {
  if (a.length === 0) return [...b];
  const out: DecoratedKey[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const x = a[i] as DecoratedKey;
    const y = b[j] as DecoratedKey;
    const order = compareKeys(x, y);
    if (order <= 0) out.push(x);
    if (order > 0) out.push(y);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  while (i < a.length) out.push(a[i++] as DecoratedKey);
  while (j < b.length) out.push(b[j++] as DecoratedKey);
  return out;
}
