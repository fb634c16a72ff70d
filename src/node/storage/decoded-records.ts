// What the nodes of one start have read from their files: replicas log the same bytes, so that a record is decoded once
// and its mutation shared, as it was when it was written. A hit is compared byte by byte. Bounded; whoever starts the
// nodes lets go of it when they run. Test: test/durability-cluster/restart.test.ts, test/storage/decoded-records.test.ts.

import type { TableResolver } from '../../data/mutation-serializer.ts';
import { readMutation } from '../../data/mutation-serializer.ts';
import type { Mutation } from '../../data/partition.ts';
import type { MutationRecord } from './log-format.ts';

/** Bytes of the files whose records are remembered; what comes later is decoded by every node. */
const BYTES_MAX = 64 * 1024 * 1024;

interface Decoded {
  readonly checksum: number;
  readonly bytes: Buffer;
  readonly mutation: Mutation;
  /** What was decoded after it: other nodes logged most records in the same order. */
  next: Decoded | null;
}

export class DecodedRecords {
  /** By checksum. */
  private readonly known = new Map<number, Decoded>();
  private latest: Decoded | null = null;
  /** Where the last `find` ended. */
  private found: Decoded | null = null;
  /** A remembered record is a slice and keeps its whole file in memory. */
  private readonly files = new Set<ArrayBufferLike>();
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax = BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** A mutation that another node read from the same bytes and holds, of the tables that this node has; else null. */
  find({ reader, checksum }: MutationRecord, tableById: TableResolver): Mutation | null {
    const next = this.found?.next ?? null;
    const isNext = next !== null && next.checksum === checksum;
    const known = isNext ? next : this.known.get(checksum);
    if (known === undefined || !known.bytes.equals(reader.buffer)) return null;
    this.found = known;
    return isOf(known.mutation, tableById) ? known.mutation : null;
  }

  /** As `readMutation`; remembers it for the nodes to come, if there is room and nothing was left out. */
  decode({ reader, checksum }: MutationRecord, tableById: TableResolver): Mutation | null {
    let lacksTable = false;
    const mutation = readMutation(reader, (id) => {
      const table = tableById(id);
      lacksTable ||= table === undefined;
      return table;
    });
    if (mutation !== null && !lacksTable && this.hasRoomFor(reader.buffer.buffer)) {
      const decoded = { checksum, bytes: reader.buffer, mutation, next: null };
      this.known.set(checksum, decoded);
      if (this.latest !== null) this.latest.next = decoded;
      this.latest = decoded;
    }
    return mutation;
  }

  private hasRoomFor(file: ArrayBufferLike): boolean {
    if (this.files.has(file)) return true;
    if (this.bytes + file.byteLength > this.bytesMax) return false;
    this.bytes += file.byteLength;
    this.files.add(file);
    return true;
  }
}

/** Nodes whose schemas agree have the same table objects (schema-cache.ts). */
function isOf({ updates }: Mutation, tableById: TableResolver): boolean {
  for (const { table } of updates) if (tableById(table.id) !== table) return false;
  return true;
}
