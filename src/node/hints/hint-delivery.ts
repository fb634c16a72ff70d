// Delivers one host's hints to a node, page after page at the throttle's speed. A page that is not acknowledged whole
// ends the delivery; what is left is tried again later. Test: test/hints/hints.test.ts. Cassandra: hints/HintsDispatcher.

import type { Clock, Endpoint } from '../../world/ports.ts';
import type { Messaging } from '../messaging/messaging.ts';
import type { NodeConfig } from '../node-config.ts';
import type { Hint, HostHints } from './host-hints.ts';
import { isHintExpired } from './host-hints.ts';

const PAGE_HINTS = 128;
const PAGE_BYTES = 64 * 1024;

export interface DeliveryResult {
  readonly ok: boolean;
  readonly delivered: number;
  readonly expired: number;
}

interface DeliveryParts {
  readonly clock: Clock;
  readonly messaging: Messaging;
  readonly config: NodeConfig;
  readonly hints: HostHints;
  readonly node: Endpoint;
  readonly bytesPerSecond: number;
  readonly graceOf: (tableId: string) => number | undefined;
}

export class HintDelivery {
  private readonly parts: DeliveryParts;
  private readonly done: (result: DeliveryResult) => void;
  private delivered = 0;
  private expired = 0;
  private isOver = false;

  constructor(parts: DeliveryParts, done: (result: DeliveryResult) => void) {
    this.parts = parts;
    this.done = done;
  }

  start(): void {
    this.nextPage();
  }

  /** Ends it where it is; hints under way may be delivered again. */
  stop(): void {
    this.finish(false);
  }

  private nextPage(): void {
    if (this.isOver) return;
    const { hints, clock } = this.parts;
    const page = hints.page(PAGE_HINTS, PAGE_BYTES);
    if (page.length === 0) {
      this.finish(true);
      return;
    }
    const startedAtMs = clock.nowMs();
    this.send(page, (kept, expired) => {
      if (this.isOver) return;
      hints.dropPage(page.length, kept);
      this.expired += expired;
      this.delivered += page.length - expired - kept.length;
      if (kept.length > 0) {
        this.finish(false);
        return;
      }
      this.pause(page, startedAtMs);
    });
  }

  /** Waits until the throttle allows the next page. */
  private pause(page: readonly Hint[], startedAtMs: number): void {
    const { clock, bytesPerSecond } = this.parts;
    const bytes = page.reduce((sum, hint) => sum + hint.bytes, 0);
    const dueMs = bytesPerSecond <= 0 ? 0 : startedAtMs + (bytes / bytesPerSecond) * 1000;
    const waitMs = dueMs - clock.nowMs();
    if (waitMs <= 0) this.nextPage();
    else clock.after(waitMs, () => this.nextPage());
  }

  /** `done` hears which hints of the page were not acknowledged, and how many were dead already. */
  private send(
    page: readonly Hint[],
    done: (kept: readonly Hint[], expired: number) => void,
  ): void {
    const { messaging, node, hints, clock, graceOf } = this.parts;
    const now = clock.wallMs();
    const live = page.filter((hint) => !isHintExpired(hint, now, graceOf));
    const expired = page.length - live.length;
    const kept: Hint[] = [];
    let left = live.length;
    if (left === 0) {
      done([], expired);
      return;
    }
    const { hostId } = hints;
    for (const hint of live) {
      messaging.ask(node, 'HINT_REQ', { hostId, mutation: hint.mutation }, (answer) => {
        left--;
        if (answer === null) kept.push(hint);
        if (left === 0) done(kept, expired);
      });
    }
  }

  private finish(ok: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    const { delivered, expired } = this;
    this.done({ ok, delivered, expired });
  }
}
