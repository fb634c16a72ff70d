// A node's view of the shared event loop: its own wall-clock skew, and timers that die with the node.

import type { EventLoop } from './event-loop.ts';
import type { Gate } from './gate.ts';
import type { Clock, Timer } from './ports.ts';

export class NodeClock implements Clock {
  /** Added to the wall clock, milliseconds: a fault. */
  skewMs = 0;
  private readonly loop: EventLoop;
  private readonly gate: Gate;

  constructor(loop: EventLoop, gate: Gate) {
    this.loop = loop;
    this.gate = gate;
  }

  wallMs(): number {
    return Math.floor(this.wallMicros() / 1000);
  }

  wallMicros(): number {
    return this.loop.wallMicros() + Math.round(this.skewMs * 1000);
  }

  nowMs(): number {
    return this.loop.nowMs();
  }

  after(ms: number, callback: () => void): Timer {
    const { gate } = this;
    return this.loop.after(ms, () => {
      if (gate.state === 'open') callback();
      else gate.pass(callback);
    });
  }
}
