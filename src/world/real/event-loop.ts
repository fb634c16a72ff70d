// The event loop by the machine's clock. One Node timer for the earliest deadline; messages without delay are
// delivered in a microtask after the turn that sent them, up to a bound, so that a socket's whole read is handled and
// its answers leave in one write.

import { performance } from 'node:perf_hooks';
import { Heap } from '../../base/heap.ts';
import type { EventLoop, Inbox } from '../event-loop.ts';
import { isBefore, PostQueue, ScheduledEvent } from '../event-loop.ts';
import type { Endpoint, NetworkMessage, Timer } from '../ports.ts';

/** Messages delivered in one turn before sockets get their chance again. */
const MESSAGES_PER_TURN = 20_000;

export class RealEventLoop implements EventLoop {
  private readonly heap = new Heap<ScheduledEvent>(isBefore);
  private readonly posts = new PostQueue();
  private wallOffsetMs = Date.now() - performance.now();
  private sequence = 0;
  private draining = false;
  private armed: NodeJS.Timeout | null = null;
  private armedForMs = Infinity;
  private stopped = false;

  nowMs(): number {
    return performance.now();
  }

  /**
   * Finer than the machine tells it, and never outside of the millisecond that it tells: whoever wrote a moment ago with
   * the machine's time is not ahead of it.
   */
  wallMicros(): number {
    const monotonicMs = performance.now();
    const toldMs = Date.now();
    const ms = this.wallOffsetMs + monotonicMs;
    if (ms < toldMs) this.wallOffsetMs += toldMs - ms;
    else if (ms >= toldMs + 1) this.wallOffsetMs -= ms - toldMs - 0.999;
    return Math.floor((this.wallOffsetMs + monotonicMs) * 1000);
  }

  after(ms: number, callback: () => void): Timer {
    const event = new ScheduledEvent(
      performance.now() + Math.max(0, ms),
      this.sequence++,
      callback,
    );
    this.heap.push(event);
    if (event.dueMs < this.armedForMs) this.arm();
    return event;
  }

  post(inbox: Inbox, from: Endpoint, message: NetworkMessage): void {
    this.posts.push(inbox, from, message);
    if (this.draining) return;
    this.draining = true;
    queueMicrotask(this.drain);
  }

  /** Ends all timers; nothing is delivered any more. */
  stop(): void {
    this.stopped = true;
    if (this.armed !== null) clearTimeout(this.armed);
    this.armed = null;
  }

  private readonly drain = (): void => {
    const { posts } = this;
    try {
      for (let n = 0; n < MESSAGES_PER_TURN && posts.size > 0 && !this.stopped; n++)
        posts.deliverOne();
    } finally {
      if (posts.size > 0 && !this.stopped) setImmediate(this.drain);
      else this.draining = false;
    }
  };

  private arm(): void {
    if (this.armed !== null) clearTimeout(this.armed);
    this.armed = null;
    this.armedForMs = Infinity;
    const next = this.heap.peek();
    if (next === undefined || this.stopped) return;
    this.armedForMs = next.dueMs;
    this.armed = setTimeout(this.fire, Math.max(0, Math.ceil(next.dueMs - performance.now())));
  }

  private readonly fire = (): void => {
    this.armed = null;
    // While events run, new ones need not re-arm: it is done once at the end.
    this.armedForMs = -Infinity;
    const now = performance.now();
    try {
      for (;;) {
        const next = this.heap.peek();
        if (next === undefined || next.dueMs > now || this.stopped) break;
        this.heap.pop();
        const { callback } = next;
        next.callback = null;
        callback?.();
      }
    } finally {
      this.arm();
    }
  };
}
