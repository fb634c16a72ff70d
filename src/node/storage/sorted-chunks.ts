// A sorted collection in chunks of a few hundred items: 8 bytes an item, cheap inserts anywhere, cursors both ways.
// Holds the rows of a large partition and the keys of a table. Test: test/storage/sorted-chunks.test.ts.

const CHUNK_ITEMS_MAX = 512;

/** Negative when the item lies before what is looked for, zero when it is it, positive when after. */
export type Probe<T> = (item: T) => number;

/** Items in the order of probes; at most one item compares equal to a probe. */
export class SortedChunks<T> {
  private chunks: T[][] = [];
  private count = 0;

  /** From items already in order; the array is not kept. */
  static from<T>(sorted: readonly T[]): SortedChunks<T> {
    const result = new SortedChunks<T>();
    const size = CHUNK_ITEMS_MAX >> 1;
    for (let at = 0; at < sorted.length; at += size)
      result.chunks.push(sorted.slice(at, at + size));
    result.count = sorted.length;
    return result;
  }

  get length(): number {
    return this.count;
  }

  find(probe: Probe<T>): T | undefined {
    const chunk = this.chunks[this.chunkOf(probe)];
    if (chunk === undefined) return undefined;
    const item = chunk[lowerBound(chunk, probe)];
    return item !== undefined && probe(item) === 0 ? item : undefined;
  }

  /** Puts an item in its place; gives the item it replaces. */
  set(item: T, probe: Probe<T>): T | undefined {
    const { chunks } = this;
    if (chunks.length === 0) {
      chunks.push([item]);
      this.count = 1;
      return undefined;
    }
    const at = Math.min(this.chunkOf(probe), chunks.length - 1);
    const chunk = chunks[at] as T[];
    const index = lowerBound(chunk, probe);
    const existing = chunk[index];
    if (existing !== undefined && probe(existing) === 0) {
      chunk[index] = item;
      return existing;
    }
    if (index === chunk.length) chunk.push(item);
    else chunk.splice(index, 0, item);
    this.count++;
    if (chunk.length > CHUNK_ITEMS_MAX) this.split(at);
    return undefined;
  }

  /** Takes an item out; gives it. */
  delete(probe: Probe<T>): T | undefined {
    const at = this.chunkOf(probe);
    const chunk = this.chunks[at];
    if (chunk === undefined) return undefined;
    const index = lowerBound(chunk, probe);
    const existing = chunk[index];
    if (existing === undefined || probe(existing) !== 0) return undefined;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count--;
    return existing;
  }

  /** Stands at the first item not before; invalid once the collection changes. */
  cursor(probe: Probe<T>): Cursor<T> {
    const at = this.chunkOf(probe);
    const chunk = this.chunks[at];
    return new Cursor(this.chunks, at, chunk === undefined ? 0 : lowerBound(chunk, probe));
  }

  first(): Cursor<T> {
    return new Cursor(this.chunks, 0, 0);
  }

  last(): Cursor<T> {
    const at = Math.max(0, this.chunks.length - 1);
    return new Cursor(this.chunks, at, (this.chunks[at]?.length ?? 1) - 1);
  }

  toArray(): T[] {
    return this.chunks.flat();
  }

  /** The first chunk whose last item is not before. */
  private chunkOf(probe: Probe<T>): number {
    const { chunks } = this;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = chunks[middle] as T[];
      if (probe(chunk[chunk.length - 1] as T) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private split(at: number): void {
    const chunk = this.chunks[at] as T[];
    // Appending in order fills chunks instead of leaving them half empty.
    const keep = at === this.chunks.length - 1 ? chunk.length - 32 : chunk.length >> 1;
    this.chunks.splice(at + 1, 0, chunk.splice(keep));
  }
}

/** A place in the collection. `item` is undefined beyond either end. */
export class Cursor<T> {
  private readonly chunks: readonly (readonly T[])[];
  private chunk: number;
  private index: number;

  constructor(chunks: readonly (readonly T[])[], chunk: number, index: number) {
    this.chunks = chunks;
    this.chunk = chunk;
    this.index = index;
  }

  get item(): T | undefined {
    return this.chunks[this.chunk]?.[this.index];
  }

  next(): void {
    const chunk = this.chunks[this.chunk];
    if (chunk === undefined) return;
    if (++this.index < chunk.length) return;
    this.chunk++;
    this.index = 0;
  }

  previous(): void {
    if (this.index > 0) {
      this.index--;
      return;
    }
    this.chunk--;
    this.index = (this.chunks[this.chunk]?.length ?? 0) - 1;
  }
}

function lowerBound<T>(items: readonly T[], probe: Probe<T>): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (probe(items[middle] as T) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
