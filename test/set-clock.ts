// A clock that stands where a test sets it; its timers never fire.

import type { Clock } from '../src/world/ports.ts';

export interface SetClock extends Clock {
  /** Wall clock, milliseconds. */
  now: number;
}

/** From the time at which virtual runs begin. */
export function setClock(now = 1_767_225_600_000): SetClock {
  return {
    now,
    wallMs() {
      return this.now;
    },
    wallMicros() {
      return this.now * 1000;
    },
    nowMs: () => 0,
    after: () => ({ cancel: () => undefined }),
  };
}
