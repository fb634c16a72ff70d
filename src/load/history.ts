// What the clients saw, operation by operation, bounded: the checkers' only witness of the client
// side. Times are milliseconds on one monotonic clock; an operation whose answer never came is
// unknown, never failed.

export type Outcome = 'ok' | 'failed' | 'unknown';

export interface CartOperation {
  readonly kind: 'read-cart' | 'write-cart';
  readonly user: string;
  /** Written, or read (0: no cart); meaningless unless ok. */
  readonly version: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
  /** Region that served it; null when nobody did. */
  readonly region: string | null;
}

export interface OrderOperation {
  readonly kind: 'place-order' | 'read-order';
  /** `<region>:<slot>`; null when no region answered (then it may have reached any). */
  readonly slot: string | null;
  /** The slot as asked, without region. */
  readonly askedSlot: string;
  readonly order: string;
  /** The order that holds the slot by the answer; null: free. */
  readonly winner: string | null;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
}

export type Operation = CartOperation | OrderOperation;

const OPERATIONS_MAX = 2_000_000;

export class History {
  readonly carts: CartOperation[] = [];
  readonly orders: OrderOperation[] = [];
  /** Operations not kept because the history was full: the verdict is then inconclusive. */
  dropped = 0;
  private readonly operationsMax: number;

  constructor(operationsMax = OPERATIONS_MAX) {
    this.operationsMax = operationsMax;
  }

  add(operation: Operation): void {
    if (this.carts.length + this.orders.length >= this.operationsMax) {
      this.dropped++;
      return;
    }
    if ('user' in operation) this.carts.push(operation);
    else this.orders.push(operation);
  }
}
