// What stands between a node and its events: open, paused (a long GC, SIGSTOP: events wait) or closed (a killed
// process: events are lost). Every timer, message and disk callback of a node passes its gate.

export class Gate {
  state: 'open' | 'paused' | 'closed' = 'open';
  private waiting: (() => void)[] = [];

  pass(event: () => void): void {
    if (this.state === 'open') event();
    else if (this.state === 'paused') this.waiting.push(event);
  }

  pause(): void {
    if (this.state === 'open') this.state = 'paused';
  }

  /** Runs what waited, in order. */
  resume(): void {
    if (this.state !== 'paused') return;
    this.state = 'open';
    const events = this.waiting;
    this.waiting = [];
    for (const event of events) this.pass(event);
  }

  close(): void {
    this.state = 'closed';
    this.waiting = [];
  }
}
