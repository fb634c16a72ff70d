// Whom to tell when the program itself fails in the middle of a request: the client behind it, who would else wait for
// an answer that never comes. The fault goes on afterwards: it is a bug of ours. Travels with exchanges and timers.
// Test: test/coordinator/faults.test.ts. Cassandra: transport/messages/ErrorMessage.fromException.

/** Hears what was thrown; called at most once for a fault. */
export type OnFault = (thrown: unknown) => void;

export class FaultScope {
  /** Of the request that this turn works for; null: of none. */
  current: OnFault | null = null;

  /** Runs `work` for a request. What it throws is told to the request and thrown on. */
  run(request: OnFault | null, work: () => void): void {
    const outer = this.current;
    this.current = request;
    try {
      work();
    } catch (thrown) {
      request?.(thrown);
      throw thrown;
    } finally {
      this.current = outer;
    }
  }

  /** `work` to be done later for the request of now. */
  bind(work: () => void): () => void {
    const request = this.current;
    return request === null ? work : () => this.run(request, work);
  }
}
