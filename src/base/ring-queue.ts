// A first-in, first-out queue over a circular array: no shifting, no garbage per item.

/** A queue that grows as needed; its owner bounds it by looking at `size`. */
export class RingQueue<T> {
  private items: (T | undefined)[];
  private head = 0;
  private mask: number;
  size = 0;

  constructor(capacity = 64) {
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(2, capacity)));
    this.items = Array.from({ length: rounded });
    this.mask = rounded - 1;
  }

  push(item: T): void {
    if (this.size > this.mask) this.grow();
    this.items[(this.head + this.size) & this.mask] = item;
    this.size++;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.items[this.head];
    this.items[this.head] = undefined;
    this.head = (this.head + 1) & this.mask;
    this.size--;
    return item;
  }

  clear(): void {
    while (this.size > 0) this.shift();
  }

  private grow(): void {
    const old = this.items;
    const larger: (T | undefined)[] = Array.from({ length: old.length * 2 });
    for (let i = 0; i < this.size; i++) larger[i] = old[(this.head + i) & this.mask];
    this.items = larger;
    this.mask = larger.length - 1;
    this.head = 0;
  }
}
