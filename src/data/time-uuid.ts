// Version 1 UUIDs: their time, the smallest and largest of a millisecond, and a node's generator.
// Test: test/types/time-uuid.test.ts. Cassandra: utils/TimeUUID.java.

/** 1970-01-01 in 100 ns intervals since 1582-10-15. */
const EPOCH_OFFSET = 122_192_928_000_000_000n;

/** The 60-bit timestamp of a version 1 UUID, in 100 ns since 1582-10-15. */
function timeUuidTimestamp(uuid: Buffer): bigint {
  const low = BigInt(uuid.readUInt32BE(0));
  const middle = BigInt(uuid.readUInt16BE(4));
  const high = BigInt(uuid.readUInt16BE(6) & 0x0fff);
  return (high << 48n) | (middle << 32n) | low;
}

/**
 * Milliseconds since 1970 (microseconds truncated, then milliseconds truncated, as Java divides).
 */
export function timeUuidUnixMs(uuid: Buffer): bigint {
  return timeUuidUnixMicros(uuid) / 1000n;
}

/** 100 ns intervals since 1970. */
export function timeUuidTicks(uuid: Buffer): bigint {
  return timeUuidTimestamp(uuid) - EPOCH_OFFSET;
}

export function timeUuidUnixMicros(uuid: Buffer): bigint {
  return timeUuidTimestamp(uuid) / 10n - EPOCH_OFFSET / 10n;
}

/** The smallest timeuuid of a millisecond in comparator order: min_timeuuid(). */
export function minTimeUuid(unixMs: bigint): Buffer {
  const uuid = fromTimestamp(unixMs * 10_000n + EPOCH_OFFSET);
  return uuid.fill(0x80, 8);
}

/** The largest timeuuid of a millisecond: max_timeuuid(). */
export function maxTimeUuid(unixMs: bigint): Buffer {
  const uuid = fromTimestamp((unixMs + 1n) * 10_000n + EPOCH_OFFSET - 1n);
  return uuid.fill(0x7f, 8);
}

function fromTimestamp(timestamp: bigint): Buffer {
  const uuid = Buffer.alloc(16);
  const bits = BigInt.asUintN(64, timestamp);
  uuid.writeUInt32BE(Number(bits & 0xffff_ffffn), 0);
  uuid.writeUInt16BE(Number((bits >> 32n) & 0xffffn), 4);
  uuid.writeUInt16BE(Number(bits >> 48n) | 0x1000, 6);
  return uuid;
}

/** A timeuuid of the given microsecond, and tenths of it, with the given clock sequence and node (8 bytes). */
export function timeUuidAt(unixMicros: number, clockSequenceAndNode: Buffer, ticks = 0): Buffer {
  const uuid = fromTimestamp(BigInt(unixMicros) * 10n + EPOCH_OFFSET + BigInt(ticks));
  clockSequenceAndNode.copy(uuid, 8);
  return uuid;
}

/** One node's timeuuids: strictly growing, though the clock stands still or jumps back. */
export class TimeUuidGenerator {
  private lastMicros = 0;
  private readonly clockSequenceAndNode: Buffer;

  /** `random` has 8 bytes: the variant and the multicast bit are set here. */
  constructor(random: Buffer) {
    const bytes = Buffer.from(random.subarray(0, 8));
    bytes[0] = ((bytes[0] as number) & 0x3f) | 0x80;
    bytes[2] = (bytes[2] as number) | 0x01;
    this.clockSequenceAndNode = bytes;
  }

  /** `nowMs` is the wall clock, whole milliseconds. */
  next(nowMs: number): Buffer {
    const micros = Math.floor(nowMs) * 1000;
    this.lastMicros = micros > this.lastMicros ? micros : this.lastMicros + 1;
    return timeUuidAt(this.lastMicros, this.clockSequenceAndNode);
  }
}
