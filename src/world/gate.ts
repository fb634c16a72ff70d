// What stands between a node and its events: open, paused (a long GC, SIGSTOP: events wait) or closed (a killed
// process: events are lost). Every timer, message and disk callback of a node passes its gate. Messages that wait are
// bounded, as the send queues of a paused process's peers are: what has expired goes first, then what comes last.
// Test: test/coordinator/paused-node.test.ts.

const MESSAGES_MAX = 50_000;
/** A full queue is searched for expired messages no more often. */
const SWEEP_MS = 250;

interface Waiting {
  readonly event: () => void;
  /** Wall clock, milliseconds. Null: no message, never dropped. */
  readonly expiresAtMs: number | null;
}

export class Gate {
  state: 'open' | 'paused' | 'closed' = 'open';
  /** Messages lost for want of room, since the start. */
  droppedMessages = 0;
  private waiting: Waiting[] = [];
  private messages = 0;
  private sweptAtMs = -Infinity;

  /** Timers and disk callbacks: as many as the node itself has begun. */
  pass(event: () => void): void {
    if (this.state === 'open') event();
    else if (this.state === 'paused') this.waiting.push({ event, expiresAtMs: null });
  }

  /** `expiresAtMs` and `nowMs` by the wall clock; Infinity: never expires. */
  passMessage(event: () => void, expiresAtMs: number, nowMs: number): void {
    if (this.state === 'open') event();
    else if (this.state === 'paused' && this.hasRoom(nowMs)) {
      this.messages++;
      this.waiting.push({ event, expiresAtMs });
    }
  }

  /** Messages that wait for the node to go on. */
  get waitingMessages(): number {
    return this.messages;
  }

  pause(): void {
    if (this.state === 'open') this.state = 'paused';
  }

  /** Runs what waited, in order. */
  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'open';
    const { waiting } = this;
    this.waiting = [];
    this.messages = 0;
    this.sweptAtMs = -Infinity;
    for (const one of waiting) this.run(one);
  }

  close(): void {
    this.state = 'closed';
    this.waiting = [];
    this.messages = 0;
  }

  /** An earlier event may have paused or closed the node again. */
  private run(one: Waiting): void {
    if (this.state === 'open') one.event();
    else if (this.state === 'paused') {
      this.waiting.push(one);
      if (one.expiresAtMs !== null) this.messages++;
    }
  }

  private hasRoom(nowMs: number): boolean {
    if (this.messages < MESSAGES_MAX) return true;
    if (nowMs - this.sweptAtMs >= SWEEP_MS) this.dropExpired(nowMs);
    if (this.messages < MESSAGES_MAX) return true;
    this.droppedMessages++;
    return false;
  }

  private dropExpired(nowMs: number): void {
    this.sweptAtMs = nowMs;
    const { length } = this.waiting;
    this.waiting = this.waiting.filter(
      ({ expiresAtMs }) => expiresAtMs === null || expiresAtMs >= nowMs,
    );
    const dropped = length - this.waiting.length;
    this.messages -= dropped;
    this.droppedMessages += dropped;
  }
}
