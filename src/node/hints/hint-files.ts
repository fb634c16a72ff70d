// Hints on disk: one file a host, appended without waiting for the disk, removed when all are delivered. A damaged
// record ends its file. Test: test/hints/hints.test.ts. Cassandra: hints/HintsWriter, HintsReader, HintsCatalog.

import { crc32 } from 'node:zlib';

import { FormatError } from '../../data/byte-writer.ts';
import type { TableResolver } from '../../data/mutation-serializer.ts';
import { deserializeMutation, serializeMutation } from '../../data/mutation-serializer.ts';
import type { Disk } from '../../world/ports.ts';
import type { Hint } from './host-hints.ts';
import { HINT_HEADER_BYTES } from './host-hints.ts';

const FOLDER = 'hints';
const SUFFIX = '.hints';

export class HintFiles {
  private readonly disk: Disk;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** `done` hears whether they are in the file. */
  append(hostId: string, hints: readonly Hint[], done: (ok: boolean) => void): void {
    const bytes = Buffer.concat(hints.map(encodeHint));
    this.disk.append(pathOf(hostId), bytes, (result) => done(result.ok));
  }

  /** Replaces a host's file: what was delivered is left out. */
  rewrite(hostId: string, hints: readonly Hint[]): void {
    if (hints.length === 0) this.disk.remove(pathOf(hostId), () => undefined);
    else this.disk.replace(pathOf(hostId), Buffer.concat(hints.map(encodeHint)), () => undefined);
  }

  /** Everything an earlier life left, by host id. Call once, at start. */
  load(tableById: TableResolver): ReadonlyMap<string, readonly Hint[]> {
    const found = new Map<string, readonly Hint[]>();
    for (const name of this.disk.listSync(FOLDER)) {
      if (!name.endsWith(SUFFIX)) continue;
      const file = this.disk.readSync(`${FOLDER}/${name}`);
      if (file.ok) found.set(name.slice(0, -SUFFIX.length), decodeHints(file.value, tableById));
    }
    return found;
  }
}

function pathOf(hostId: string): string {
  return `${FOLDER}/${hostId}${SUFFIX}`;
}

function encodeHint(hint: Hint): Buffer {
  const body = serializeMutation(hint.mutation);
  const record = Buffer.allocUnsafe(HINT_HEADER_BYTES + body.length);
  record.writeUInt32BE(body.length, 0);
  record.writeDoubleBE(hint.createdAtMs, 8);
  record.writeUInt32BE(Math.min(hint.gcGraceSeconds, 0xffff_ffff), 16);
  record.writeUInt32BE(hint.bytes, 20);
  body.copy(record, HINT_HEADER_BYTES);
  record.writeUInt32BE(crc32(record.subarray(8)), 4);
  return record;
}

function decodeHints(bytes: Buffer, tableById: TableResolver): readonly Hint[] {
  const hints: Hint[] = [];
  let at = 0;
  while (at + HINT_HEADER_BYTES <= bytes.length) {
    const end = at + HINT_HEADER_BYTES + bytes.readUInt32BE(at);
    if (end > bytes.length || crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32BE(at + 4))
      break;
    const hint = decodeHint(bytes, at, end, tableById);
    if (hint !== null) hints.push(hint);
    at = end;
  }
  return hints;
}

/** null: of a table that is gone. */
function decodeHint(bytes: Buffer, at: number, end: number, tableById: TableResolver): Hint | null {
  try {
    const mutation = deserializeMutation(bytes.subarray(at + HINT_HEADER_BYTES, end), tableById);
    if (mutation === null) return null;
    return {
      mutation,
      createdAtMs: bytes.readDoubleBE(at + 8),
      gcGraceSeconds: bytes.readUInt32BE(at + 16),
      bytes: end - at,
    };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
