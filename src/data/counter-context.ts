// A counter cell's value: one shard a counter id (the host that leads the increment) with its clock
// and its count. Merging takes the larger clock of each id, so shards may arrive in any order and
// twice. Laid out as Cassandra does: int16 n, n int16 flags (which shards are global), then shards
// of id (16), clock (8), count (8) sorted by id. Test: test/types/counter-context.test.ts.
// Cassandra: db/context/CounterContext.java.

import { addInt64, compareInt64, readInt64, writeInt64 } from '../base/int64.ts';
import type { Int64 } from '../base/int64.ts';

const ID_LENGTH = 16;
const CLOCK_AT = ID_LENGTH;
const COUNT_AT = ID_LENGTH + 8;
const SHARD_LENGTH = ID_LENGTH + 16;

/** The id under which an increment travels to the leader: not yet a shard of anybody. */
const UPDATE_ID = Buffer.alloc(ID_LENGTH);
UPDATE_ID[8] = 0xc0;

export interface ClockAndCount {
  readonly clock: Int64;
  readonly count: Int64;
}
const BLANK: ClockAndCount = Object.freeze({ clock: 0, count: 0 });

interface Shard extends ClockAndCount {
  readonly id: Buffer;
  readonly global: boolean;
}

/** The context an UPDATE's `n = n + delta` carries to the leader. */
export function counterUpdate(delta: Int64): Buffer {
  return write([{ id: UPDATE_ID, clock: 1, count: delta, global: false }]);
}

/** True for a context made by `counterUpdate` (or the sum of several in one mutation). */
export function isCounterUpdate(context: Buffer): boolean {
  const at = headerLength(context);
  return (
    context.length === at + SHARD_LENGTH && UPDATE_ID.compare(context, at, at + ID_LENGTH) === 0
  );
}

/** One global shard: what the leader writes and replicates. `id` has 16 bytes. */
export function counterShard(id: Buffer, clock: Int64, count: Int64): Buffer {
  return write([{ id, clock, count, global: true }]);
}

/** The clock and count of an id; zeros when it has no shard. */
export function counterClockAndCount(context: Buffer, id: Buffer): ClockAndCount {
  for (let at = headerLength(context); at + SHARD_LENGTH <= context.length; at += SHARD_LENGTH) {
    if (id.compare(context, at, at + ID_LENGTH) === 0) {
      return { clock: readInt64(context, at + CLOCK_AT), count: readInt64(context, at + COUNT_AT) };
    }
  }
  return BLANK;
}

/**
 * The leader's new shard: its own count in `current` (null: no cell), advanced by `delta`, under the next clock. That
 * is the time, so that a leader which lost its data does not fall behind what others have of it.
 */
export function addCounterDelta(
  current: Buffer | null,
  id: Buffer,
  delta: Int64,
  nowMicros = 0,
): Buffer {
  const { clock, count } = current === null ? BLANK : counterClockAndCount(current, id);
  const next = addInt64(clock, 1);
  return counterShard(
    id,
    compareInt64(next, nowMicros) > 0 ? next : nowMicros,
    addInt64(count, delta),
  );
}

/** What a read returns: the sum of all counts, wrapped to 64 bits. */
export function counterTotal(context: Buffer): Int64 {
  let total: Int64 = 0;
  for (let at = headerLength(context) + COUNT_AT; at + 8 <= context.length; at += SHARD_LENGTH) {
    total = addInt64(total, readInt64(context, at));
  }
  return total;
}

/**
 * The merge of two contexts; one of the arguments itself when it holds all of the other. Two
 * updates of one mutation add up.
 */
export function mergeCounterContexts(a: Buffer, b: Buffer): Buffer {
  if (a === b) return a;
  const left = read(a);
  const right = read(b);
  const merged: Shard[] = [];
  let leftHoldsAll = true;
  let rightHoldsAll = true;
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const x = left[i];
    const y = right[j];
    const order = x === undefined ? 1 : y === undefined ? -1 : Buffer.compare(x.id, y.id);
    if (x !== undefined && order < 0) {
      merged.push(x);
      rightHoldsAll = false;
      i++;
    } else if (y !== undefined && order > 0) {
      merged.push(y);
      leftHoldsAll = false;
      j++;
    } else if (x !== undefined && y !== undefined) {
      const winner = mergeShards(x, y);
      if (winner !== x && !sameShard(winner, x)) leftHoldsAll = false;
      if (winner !== y && !sameShard(winner, y)) rightHoldsAll = false;
      merged.push(winner);
      i++;
      j++;
    }
  }
  if (leftHoldsAll) return a;
  return rightHoldsAll ? b : write(merged);
}

function sameShard(a: Shard, b: Shard): boolean {
  return a.clock === b.clock && a.count === b.count && a.global === b.global;
}

/**
 * Null when the bytes are no context: `Invalid size for a counter context` is the text of that
 * error.
 */
export function isCounterContext(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.length - headerLength(bytes)) % SHARD_LENGTH === 0;
}

function mergeShards(x: Shard, y: Shard): Shard {
  if (x.global !== y.global) return x.global ? x : y;
  if (!x.global) {
    return {
      id: x.id,
      clock: addInt64(x.clock, y.clock),
      count: addInt64(x.count, y.count),
      global: false,
    };
  }
  const order = compareInt64(x.clock, y.clock);
  if (order !== 0) return order > 0 ? x : y;
  return x.count >= y.count ? x : y;
}

function headerLength(context: Buffer): number {
  return 2 + Math.abs(context.readInt16BE(0)) * 2;
}

function read(context: Buffer): Shard[] {
  const shards: Shard[] = [];
  const flagged = new Set<number>();
  const flags = Math.abs(context.readInt16BE(0));
  for (let i = 0; i < flags; i++) {
    const flag = context.readInt16BE(2 + 2 * i);
    if (flag < 0) flagged.add(flag + 0x8000);
  }
  for (let at = headerLength(context); at + SHARD_LENGTH <= context.length; at += SHARD_LENGTH) {
    shards.push({
      id: context.subarray(at, at + ID_LENGTH),
      clock: readInt64(context, at + CLOCK_AT),
      count: readInt64(context, at + COUNT_AT),
      global: flagged.has(shards.length),
    });
  }
  return shards;
}

function write(shards: readonly Shard[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 + shards.length * (2 + SHARD_LENGTH));
  bytes.writeInt16BE(shards.length, 0);
  let at = 2 + 2 * shards.length;
  shards.forEach((shard, i) => {
    bytes.writeInt16BE(shard.global ? i - 0x8000 : i, 2 + 2 * i);
    shard.id.copy(bytes, at);
    writeInt64(bytes, shard.clock, at + CLOCK_AT);
    writeInt64(bytes, shard.count, at + COUNT_AT);
    at += SHARD_LENGTH;
  });
  return bytes;
}
