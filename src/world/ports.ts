// The four ports through which the database core reaches the world: Clock, Network, Disk, Random.
// world/real and world/virtual hold two sets of implementations. Below the ports nothing else is allowed:
// no Date, Math.random, timers, promises, console or node:* (test/layers.test.ts holds this law).

import type { Endpoint } from '../base/endpoint.ts';

export type { Endpoint } from '../base/endpoint.ts';
export { endpoint } from '../base/endpoint.ts';

/** A running timer. Cancelling a timer that has fired or was cancelled does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock in milliseconds since 1970; may be skewed and may jump (a fault). */
  wallMs(): number;
  /** Wall clock in microseconds since 1970, an integer. */
  wallMicros(): number;
  /** Monotonic milliseconds with fractions; differences only. */
  nowMs(): number;
  /** Runs `callback` once after `ms` milliseconds, in an event of its own; ordered by (time, sequence). */
  after(ms: number, callback: () => void): Timer;
}

/** What a message must tell the network: which verb it is (for faults and telemetry) and until when it is wanted. */
export interface NetworkMessage {
  readonly verb: string;
  /** Sender's wall clock, milliseconds: afterwards nobody wants it. Absent or Infinity: never. */
  readonly expiresAtMs?: number;
}

/** One node's way to its peers. `send` only enqueues, also to oneself; delivery is an event of the receiver. */
export interface Network {
  readonly self: Endpoint;
  /** May lose the message when the link is cut or lossy or the peer is not listening; never throws, never answers. */
  send(to: Endpoint, message: NetworkMessage): void;
  /** Sets the receiver of this node's messages; a killed node's network never calls it again. */
  listen(receive: (from: Endpoint, message: NetworkMessage) => void): void;
  close(): void;
}

/** A named, forkable stream of random numbers. Taking one consumer away moves no other consumer's draws. */
export interface Random {
  fork(name: string): Random;
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in [0, below). */
  below(below: number): number;
  /** 32 random bits, unsigned. */
  uint32(): number;
  bytes(length: number): Buffer;
}

/** What a disk operation ends with. `error` is the system's word: ENOSPC, EIO, EACCES ... */
export type DiskResult<T = undefined> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: string; readonly path: string };

/**
 * One node's files. Calls enqueue; their callbacks are events of their own. `append` is in the page cache when its
 * callback runs (it survives a process kill); `sync` makes it survive a power cut.
 */
export interface Disk {
  append(path: string, bytes: Buffer, done: (result: DiskResult) => void): void;
  sync(path: string, done: (result: DiskResult) => void): void;
  /** Replaces a whole file atomically and durably (write aside, sync, rename, sync the folder). */
  replace(path: string, bytes: Buffer, done: (result: DiskResult) => void): void;
  remove(path: string, done: (result: DiskResult) => void): void;
  /** Hard-links or copies a file, for snapshots. */
  link(from: string, to: string, done: (result: DiskResult) => void): void;
  /** Used at start only, before the node serves. */
  readSync(path: string): DiskResult<Buffer>;
  /** Names (not paths) of the files and folders in a folder, sorted; an absent folder is empty. */
  listSync(folder: string): readonly string[];
}

/** The world of one node. */
export interface World {
  readonly clock: Clock;
  readonly network: Network;
  /** null: nothing is kept on disk (the default of `up` without --data). */
  readonly disk: Disk | null;
  readonly random: Random;
}
