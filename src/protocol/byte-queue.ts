// Received bytes that are not consumed yet, always contiguous. A chunk that is consumed whole is
// never copied; what is left over is moved to a buffer that grows by doubling, so that nobody can
// make us copy quadratically or hold more than twice what he sent.

export class ByteQueue {
  private bytes: Buffer = NO_BYTES;
  private start = 0;
  private end = 0;
  /** The buffer is ours and may be written after `end`. */
  private owned = false;

  get length(): number {
    return this.end - this.start;
  }

  push(chunk: Buffer): void {
    const left = this.end - this.start;
    if (left === 0) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      this.owned = false;
      return;
    }
    const needed = left + chunk.length;
    if (!this.owned || this.end + chunk.length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(this.owned ? needed * 2 : needed);
      larger.set(this.bytes.subarray(this.start, this.end));
      this.bytes = larger;
      this.start = 0;
      this.end = left;
      this.owned = true;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** The byte at `offset` from the first one not consumed; `offset` < length. */
  at(offset: number): number {
    return this.bytes[this.start + offset] as number;
  }

  int16At(offset: number): number {
    return (((this.at(offset) << 8) | this.at(offset + 1)) << 16) >> 16;
  }

  uint32At(offset: number): number {
    const high = (this.at(offset) << 8) | this.at(offset + 1);
    const low = (this.at(offset + 2) << 8) | this.at(offset + 3);
    return high * 0x1_0000 + low;
  }

  /** Consumes `count` bytes, which must be there, as a slice from `skip` on. */
  take(count: number, skip = 0): Buffer {
    const slice = this.bytes.subarray(this.start + skip, this.start + count);
    this.consume(count);
    return slice;
  }

  /** Consumes at most `count` bytes; returns how many. */
  skip(count: number): number {
    const skipped = Math.min(count, this.length);
    this.consume(skipped);
    return skipped;
  }

  clear(): void {
    this.consume(this.length);
  }

  private consume(count: number): void {
    this.start += count;
    if (this.start < this.end) return;
    this.bytes = NO_BYTES;
    this.start = 0;
    this.end = 0;
    this.owned = false;
  }
}

const NO_BYTES = Buffer.alloc(0);
