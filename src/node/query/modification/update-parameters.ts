// What operations are applied with: bound values, the write's time, and the row as it is where an operation needs it.
// Cassandra: cql3/UpdateParameters.java, cql3/Lists.PrecisionTime.

import type { Int64 } from '../../../base/int64.ts';
import { addInt64 } from '../../../base/int64.ts';
import type { DeletionTime, Row } from '../../../data/partition.ts';
import { timeUuidAt } from '../../../data/time-uuid.ts';
import type { BindContext } from '../terms/term.ts';

export interface UpdateParameters {
  readonly bind: BindContext;
  /** Microseconds. */
  readonly timestamp: Int64;
  /** Seconds; 0: does not expire. */
  readonly ttl: number;
  readonly nowSeconds: number;
  /** Of a conditional update: partitions are deleted a microsecond before its rows are written. */
  readonly isConditional?: boolean;
  /** The paths of appended and prepended list elements. */
  readonly listPaths: ListPaths;
}

export interface ListPaths {
  append(): Buffer;
  /** Paths for `count` elements in front of all others, in order. */
  prepend(count: number): readonly Buffer[];
}

export function deletionOf(parameters: UpdateParameters): DeletionTime {
  return { markedForDeleteAt: parameters.timestamp, localDeletionTime: parameters.nowSeconds };
}

/** Of a collection that is overwritten: one microsecond earlier, so that the new elements survive it. */
export function overwriteOf(parameters: UpdateParameters): DeletionTime {
  return {
    markedForDeleteAt: addInt64(parameters.timestamp, -1),
    localDeletionTime: parameters.nowSeconds,
  };
}

/** The row that operations with a read look at; null: there is none. */
export type CurrentRow = Row | null;

const REFERENCE_MICROS = 1_262_304_000_000_000;

/** The list paths of one node: growing with the clock for appends, falling from 2010 on for prepends. */
export class NodeListPaths implements ListPaths {
  private readonly clock: { wallMs(): number };
  private readonly nextTimeUuid: () => Buffer;
  private readonly clockSequenceAndNode: Buffer;
  private lastPrepend = Number.MAX_SAFE_INTEGER;

  constructor(clock: { wallMs(): number }, nextTimeUuid: () => Buffer) {
    this.clock = clock;
    this.nextTimeUuid = nextTimeUuid;
    this.clockSequenceAndNode = Buffer.from(nextTimeUuid().subarray(8));
  }

  append(): Buffer {
    return this.nextTimeUuid();
  }

  prepend(count: number): readonly Buffer[] {
    const now = Math.floor(this.clock.wallMs()) * 1000;
    const mirrored = 2 * REFERENCE_MICROS - now;
    const start = Math.min(mirrored, this.lastPrepend) - count;
    this.lastPrepend = start;
    return Array.from({ length: count }, (_, i) =>
      timeUuidAt(start + i, this.clockSequenceAndNode),
    );
  }
}

/** The list paths of a conditional update: by its ballot, so that a replayed proposal writes the same cells. */
export class BallotListPaths implements ListPaths {
  private readonly ballotMicros: number;
  private readonly node: ListPaths;
  private count = 0;

  constructor(ballotMicros: number, node: ListPaths) {
    this.ballotMicros = ballotMicros;
    this.node = node;
  }

  append(): Buffer {
    const sequence = Buffer.alloc(8);
    sequence.writeUInt32BE(this.count++, 4);
    // Path comparison takes these bytes as signed: counting starts at the lowest.
    for (let i = 0; i < 8; i++) sequence[i] = (sequence[i] as number) ^ 0x80;
    return timeUuidAt(this.ballotMicros, sequence);
  }

  prepend(count: number): readonly Buffer[] {
    return this.node.prepend(count);
  }
}
