// The shared event loop of all nodes of one process. world/real drives it by the machine's clock, world/virtual by
// jumping from event to event. Order is (time, sequence); messages without delay go through one first-in, first-out
// queue, so that a send to oneself and to a peer in the same zone take the same way.

import type { Endpoint, NetworkMessage, Timer } from './ports.ts';

/** Where a message arrives. */
export interface Inbox {
  deliver(from: Endpoint, message: NetworkMessage): void;
}

export interface EventLoop {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Wall clock, microseconds since 1970. */
  wallMicros(): number;
  after(ms: number, callback: () => void): Timer;
  /** Delivers in a later event, in order, without delay. */
  post(inbox: Inbox, from: Endpoint, message: NetworkMessage): void;
}

/** The queue behind `post`: three slots an item in one circular array, no object a message. */
export class PostQueue {
  private slots: unknown[];
  private mask: number;
  private head = 0;
  private used = 0;

  constructor(capacity = 1024) {
    this.slots = Array.from({ length: capacity * 4 });
    this.mask = capacity * 4 - 1;
  }

  get size(): number {
    return this.used >> 2;
  }

  push(inbox: Inbox, from: Endpoint, message: NetworkMessage): void {
    if (this.used > this.mask) this.grow();
    const at = (this.head + this.used) & this.mask;
    this.slots[at] = inbox;
    this.slots[at + 1] = from;
    this.slots[at + 2] = message;
    this.used += 4;
  }

  /** Delivers the oldest item. */
  deliverOne(): void {
    const at = this.head;
    const inbox = this.slots[at] as Inbox;
    const from = this.slots[at + 1] as Endpoint;
    const message = this.slots[at + 2] as NetworkMessage;
    this.slots[at] = undefined;
    this.slots[at + 2] = undefined;
    this.head = (at + 4) & this.mask;
    this.used -= 4;
    inbox.deliver(from, message);
  }

  private grow(): void {
    const larger: unknown[] = Array.from({ length: this.slots.length * 2 });
    for (let i = 0; i < this.used; i++) larger[i] = this.slots[(this.head + i) & this.mask];
    this.slots = larger;
    this.mask = larger.length - 1;
    this.head = 0;
  }
}

/** A scheduled callback in the heap of either loop; null once it was cancelled or has run. */
export class ScheduledEvent implements Timer {
  readonly dueMs: number;
  readonly sequence: number;
  callback: (() => void) | null;

  constructor(dueMs: number, sequence: number, callback: () => void) {
    this.dueMs = dueMs;
    this.sequence = sequence;
    this.callback = callback;
  }

  cancel(): void {
    this.callback = null;
  }
}

export function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence);
}
