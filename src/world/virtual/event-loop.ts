// The event loop in virtual time: nothing waits, time jumps to the next event. The same seed and the same calls give
// the same order of events, and `traceHash` proves it.

import { Heap } from '../../base/heap.ts';
import { assert } from '../../base/assert.ts';
import type { EventLoop, Inbox } from '../event-loop.ts';
import { isBefore, PostQueue, ScheduledEvent } from '../event-loop.ts';
import type { Endpoint, NetworkMessage, Timer } from '../ports.ts';

/** Virtual runs begin at this wall time: 2026-01-01T00:00:00Z. */
const EPOCH_MICROS = 1_767_225_600_000_000;

export class VirtualEventLoop implements EventLoop {
  /** Events run so far. */
  events = 0;
  private readonly heap = new Heap<ScheduledEvent>(isBefore);
  private readonly posts = new PostQueue();
  private sequence = 0;
  private now = 0;
  private hash = 0x811c_9dc5 | 0;

  nowMs(): number {
    return this.now;
  }

  wallMicros(): number {
    return EPOCH_MICROS + Math.floor(this.now * 1000);
  }

  after(ms: number, callback: () => void): Timer {
    const event = new ScheduledEvent(this.now + Math.max(0, ms), this.sequence++, callback);
    this.heap.push(event);
    return event;
  }

  post(inbox: Inbox, from: Endpoint, message: NetworkMessage): void {
    this.posts.push(inbox, from, message);
  }

  /** Runs every event up to `ms` from now and leaves the clock there. */
  runFor(ms: number): void {
    this.runUntil(this.now + ms);
  }

  runUntil(timeMs: number): void {
    assert(timeMs >= this.now, 'virtual time does not run backwards');
    while (this.step(timeMs));
    this.now = timeMs;
  }

  /** Runs events until `condition` holds or `limitMs` have passed; true when it holds. */
  runUntilTrue(condition: () => boolean, limitMs: number): boolean {
    const end = this.now + limitMs;
    while (!condition()) if (!this.step(end)) return condition();
    return true;
  }

  /** One event not later than `limitMs`; false when there is none. */
  step(limitMs: number): boolean {
    if (this.posts.size > 0) {
      this.count(1);
      this.posts.deliverOne();
      return true;
    }
    for (;;) {
      const next = this.heap.peek();
      if (next === undefined || next.dueMs > limitMs) return false;
      this.heap.pop();
      const { callback } = next;
      if (callback === null) continue;
      next.callback = null;
      this.now = next.dueMs;
      this.count(next.sequence);
      callback();
      return true;
    }
  }

  /** Mixes what happened into the trace hash: observers add what they see (messages, decisions). */
  mix(text: string): void {
    let { hash } = this;
    for (let at = 0; at < text.length; at++)
      hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
    this.hash = hash;
  }

  /** Equal for equal runs; 8 hex digits. */
  traceHash(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }

  private count(value: number): void {
    this.events++;
    this.hash = Math.imul(this.hash ^ value, 0x0100_0193) ^ ((this.now * 1000) | 0);
  }
}
