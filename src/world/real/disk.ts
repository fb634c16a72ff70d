// Files of one node below its folder. Work on one file is done in order; callbacks pass the node's gate.

import * as fs from 'node:fs';
import { promises as files } from 'node:fs';
import * as path from 'node:path';
import type { Gate } from '../gate.ts';
import type { Disk, DiskResult } from '../ports.ts';

const OK: DiskResult = { ok: true, value: undefined };

export class RealDisk implements Disk {
  private readonly root: string;
  private readonly gate: Gate;
  /** The tail of each file's work; open handles stay with their file until it is removed or the disk closed. */
  private readonly queues = new Map<string, Promise<unknown>>();
  private readonly handles = new Map<string, files.FileHandle>();

  /** `root` is made when absent; throws the system's error when that fails. */
  constructor(root: string, gate: Gate) {
    this.root = root;
    this.gate = gate;
    fs.mkdirSync(root, { recursive: true });
  }

  append(name: string, bytes: Buffer, done: (result: DiskResult) => void): void {
    this.enqueue(name, done, async () => {
      const handle = await this.handle(name);
      let at = 0;
      while (at < bytes.length)
        at += (await handle.write(bytes, at, bytes.length - at, null)).bytesWritten;
    });
  }

  sync(name: string, done: (result: DiskResult) => void): void {
    this.enqueue(name, done, async () => {
      await (await this.handle(name)).datasync();
    });
  }

  replace(name: string, bytes: Buffer, done: (result: DiskResult) => void): void {
    this.enqueue(name, done, async () => {
      const target = this.absolute(name);
      const aside = `${target}.tmp`;
      await files.mkdir(path.dirname(target), { recursive: true });
      await files.writeFile(aside, bytes, { flush: true });
      await files.rename(aside, target);
      await syncFolder(path.dirname(target));
    });
  }

  remove(name: string, done: (result: DiskResult) => void): void {
    this.enqueue(name, done, async () => {
      await this.handles.get(name)?.close();
      this.handles.delete(name);
      await files.rm(this.absolute(name), { force: true });
    });
  }

  link(from: string, to: string, done: (result: DiskResult) => void): void {
    this.enqueue(from, done, async () => {
      await files.mkdir(path.dirname(this.absolute(to)), { recursive: true });
      await files.copyFile(this.absolute(from), this.absolute(to));
    });
  }

  readSync(name: string): DiskResult<Buffer> {
    try {
      return { ok: true, value: fs.readFileSync(this.absolute(name)) };
    } catch (error) {
      return { ok: false, error: systemCode(error), path: this.absolute(name) };
    }
  }

  listSync(folder: string): readonly string[] {
    try {
      return fs
        .readdirSync(this.absolute(folder))
        .filter((name) => !name.endsWith('.tmp'))
        .sort();
    } catch {
      return [];
    }
  }

  /** Waits for the work under way and closes the files; after a kill, before the next life reads them. */
  async close(): Promise<void> {
    await Promise.allSettled(this.queues.values());
    for (const handle of this.handles.values()) await handle.close().catch(() => undefined);
    this.handles.clear();
  }

  private absolute(name: string): string {
    return path.join(this.root, name);
  }

  private async handle(name: string): Promise<files.FileHandle> {
    const open = this.handles.get(name);
    if (open !== undefined) return open;
    const target = this.absolute(name);
    await files.mkdir(path.dirname(target), { recursive: true });
    const isNew = !fs.existsSync(target);
    const handle = await files.open(target, 'a');
    if (isNew) await syncFolder(path.dirname(target));
    this.handles.set(name, handle);
    return handle;
  }

  private enqueue(
    name: string,
    done: (result: DiskResult) => void,
    work: () => Promise<void>,
  ): void {
    const before = this.queues.get(name) ?? Promise.resolve();
    // A killed node's files belong to its next life: what is not under way yet is dropped, as the kill would.
    const next = before
      .then(() => (this.gate.state === 'closed' ? undefined : work()))
      .then(
        () => this.gate.pass(() => done(OK)),
        (error: unknown) =>
          this.gate.pass(() =>
            done({ ok: false, error: systemCode(error), path: this.absolute(name) }),
          ),
      );
    this.queues.set(name, next);
    void next.then(() => {
      if (this.queues.get(name) === next) this.queues.delete(name);
    });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await files.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
