// A disk in memory that is honest about crashes: a process kill keeps what was appended, a power cut keeps what was
// synced. Faults: full disk, unreadable file, a flipped bit.

import type { EventLoop } from '../event-loop.ts';
import type { Gate } from '../gate.ts';
import type { Disk, DiskResult } from '../ports.ts';

interface File {
  bytes: Buffer;
  length: number;
  syncedLength: number;
}

/** What outlives the node: hand the same image to its next start. */
export class DiskImage {
  readonly files = new Map<string, File>();
  /** Bytes left before ENOSPC. */
  freeBytes = Infinity;
  readonly unreadable = new Set<string>();

  /** Drops everything that was not synced. */
  cutPower(): void {
    for (const [path, file] of this.files) {
      if (file.syncedLength === 0) this.files.delete(path);
      else file.length = file.syncedLength;
    }
  }

  flipBit(path: string, offset: number): void {
    const file = this.files.get(path);
    if (file !== undefined && offset < file.length)
      file.bytes[offset] = (file.bytes[offset] ?? 0) ^ 1;
  }
}

export class VirtualDisk implements Disk {
  private readonly image: DiskImage;
  private readonly loop: EventLoop;
  private readonly gate: Gate;
  private readonly syncMs: number;

  constructor(image: DiskImage, loop: EventLoop, gate: Gate, syncMs = 1) {
    this.image = image;
    this.loop = loop;
    this.gate = gate;
    this.syncMs = syncMs;
  }

  append(path: string, bytes: Buffer, done: (result: DiskResult) => void): void {
    const result = this.write(path, bytes);
    this.finish(0, () => done(result));
  }

  sync(path: string, done: (result: DiskResult) => void): void {
    this.finish(this.syncMs, () => {
      const file = this.image.files.get(path);
      if (file === undefined) return done({ ok: false, error: 'ENOENT', path });
      file.syncedLength = file.length;
      done({ ok: true, value: undefined });
    });
  }

  replace(path: string, bytes: Buffer, done: (result: DiskResult) => void): void {
    this.finish(this.syncMs, () => {
      if (bytes.length > this.image.freeBytes) return done({ ok: false, error: 'ENOSPC', path });
      this.image.freeBytes -= bytes.length;
      this.image.files.set(path, {
        bytes: Buffer.from(bytes),
        length: bytes.length,
        syncedLength: bytes.length,
      });
      done({ ok: true, value: undefined });
    });
  }

  remove(path: string, done: (result: DiskResult) => void): void {
    const file = this.image.files.get(path);
    this.image.files.delete(path);
    if (file !== undefined) this.image.freeBytes += file.length;
    this.finish(0, () => done({ ok: true, value: undefined }));
  }

  link(from: string, to: string, done: (result: DiskResult) => void): void {
    const file = this.image.files.get(from);
    if (file !== undefined) {
      const bytes = Buffer.from(file.bytes.subarray(0, file.length));
      this.image.files.set(to, { bytes, length: bytes.length, syncedLength: bytes.length });
    }
    this.finish(0, () =>
      done(
        file === undefined
          ? { ok: false, error: 'ENOENT', path: from }
          : { ok: true, value: undefined },
      ),
    );
  }

  readSync(path: string): DiskResult<Buffer> {
    const file = this.image.files.get(path);
    if (file === undefined) return { ok: false, error: 'ENOENT', path };
    if (this.image.unreadable.has(path)) return { ok: false, error: 'EIO', path };
    return { ok: true, value: Buffer.from(file.bytes.subarray(0, file.length)) };
  }

  listSync(folder: string): readonly string[] {
    const prefix = folder.endsWith('/') ? folder : `${folder}/`;
    const inside = [...this.image.files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length));
    return [...new Set(inside.map((path) => path.split('/')[0] ?? path))].sort();
  }

  private write(path: string, bytes: Buffer): DiskResult {
    if (bytes.length > this.image.freeBytes) return { ok: false, error: 'ENOSPC', path };
    this.image.freeBytes -= bytes.length;
    let file = this.image.files.get(path);
    if (file === undefined) {
      file = { bytes: Buffer.alloc(Math.max(1024, bytes.length)), length: 0, syncedLength: 0 };
      this.image.files.set(path, file);
    }
    if (file.length + bytes.length > file.bytes.length) {
      const larger = Buffer.alloc(Math.max(file.bytes.length * 2, file.length + bytes.length));
      file.bytes.copy(larger, 0, 0, file.length);
      file.bytes = larger;
    }
    bytes.copy(file.bytes, file.length);
    file.length += bytes.length;
    return { ok: true, value: undefined };
  }

  private finish(ms: number, event: () => void): void {
    this.loop.after(ms, () => this.gate.pass(event));
  }
}
