// Load on the shop: user populations in every region, an open model, three tasks (read a cart,
// write a cart, place an order). A user does one thing at a time, so each cart has one writer; who
// is busy is not asked again, another user is.

import { setTimeout as sleep } from 'node:timers/promises';
import type { FrontDoor } from '../stack/stack.ts';
import type { LoadShape } from './arrivals.ts';
import { Arrivals } from './arrivals.ts';
import type { Outcome } from './history.ts';
import { History } from './history.ts';
import type { Attempt, HttpRequest } from './http-client.ts';
import { HttpClient } from './http-client.ts';

export interface ShopLoadOptions {
  readonly frontDoors: readonly FrontDoor[];
  /** Requests per second over all regions. */
  readonly shape: LoadShape;
  /** Region -> share of the requests; adds up to 1. */
  readonly shares: ReadonlyMap<string, number>;
  /** Shares of reads and cart writes; the rest places orders. */
  readonly mix: { readonly read: number; readonly write: number };
  /** Users retry a failed idempotent request once, at the next nearest region. */
  readonly retryOnce: boolean;
  readonly timeoutMs: number;
  readonly draw: () => number;
  /** Called for every attempt and for every finished request. */
  readonly onRequest: (request: FinishedRequest) => void;
}

/** One request of a user with all its attempts. */
export interface FinishedRequest {
  readonly method: string;
  /** Grouped as Locust's name=: `/carts/[user]`. */
  readonly name: string;
  readonly region: string;
  /** When it was due, milliseconds of performance.now(). */
  readonly dueMs: number;
  readonly endMs: number;
  readonly attempts: readonly Attempt[];
  /** What the user saw after the retry; null: success. */
  readonly error: string | null;
}

interface User {
  readonly id: string;
  readonly home: FrontDoor;
  version: number;
  /** Of the last write, microseconds since 1970: the user's own clock never goes back. */
  writtenAt: number;
}

/** How late the generator itself was: an overloaded generator measures itself, not the system. */
export interface Lateness {
  readonly arrivals: number;
  /** Arrivals that started over a second after they were due. */
  readonly late: number;
  readonly maxMs: number;
}

/** A slot is contended by the few orders that ask for it within this time. */
const SLOT_MS = 50;
const LATE_MS = 1_000;
/** The population grows to this; beyond it only when everybody is busy. */
const USERS_PER_REGION = 400;
const NEW_USER_SHARE = 0.3;

export class ShopLoad {
  readonly history = new History();
  /** Requests under way. */
  inFlight = 0;
  private readonly options: ShopLoadOptions;
  private readonly client: HttpClient;
  private readonly users = new Map<string, { all: User[]; idle: User[] }>();
  private timer: NodeJS.Timeout | null = null;
  private orders = 0;
  private startedMs = 0;
  private readonly run: string;
  private arrivals = 0;
  private late = 0;
  private lateMsMax = 0;

  constructor(options: ShopLoadOptions) {
    this.options = options;
    this.run = Math.floor(options.draw() * 36 ** 6)
      .toString(36)
      .padStart(6, '0');
    this.client = new HttpClient(options.timeoutMs);
  }

  start(): void {
    this.startedMs = performance.now();
    const arrivals = new Arrivals(this.options.shape, this.options.draw);
    let due = arrivals.next();
    const step = (): void => {
      const now = performance.now() - this.startedMs;
      while (due <= now) {
        this.noteLateness(now - due);
        void this.arrive(this.startedMs + due);
        due = arrivals.next();
      }
      this.timer = setTimeout(step, Math.max(0, due - (performance.now() - this.startedMs)));
    };
    step();
  }

  lateness(): Lateness {
    return { arrivals: this.arrivals, late: this.late, maxMs: this.lateMsMax };
  }

  private noteLateness(ms: number): void {
    this.arrivals++;
    if (ms > LATE_MS) this.late++;
    this.lateMsMax = Math.max(this.lateMsMax, ms);
  }

  /** Users so far. */
  userCount(): number {
    let count = 0;
    for (const { all } of this.users.values()) count += all.length;
    return count;
  }

  /** Lets no more requests start and waits for those under way, at most the client's time limit. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    const deadline = performance.now() + this.options.timeoutMs * 2 + 1_000;
    while (this.inFlight > 0 && performance.now() < deadline) await sleep(20);
    await this.client.close();
  }

  private async arrive(dueMs: number): Promise<void> {
    const user = this.pickUser();
    if (user === null) return;
    this.inFlight++;
    const draw = this.options.draw();
    const { mix } = this.options;
    try {
      if (draw < mix.read) await this.readCart(user, dueMs);
      else if (draw < mix.read + mix.write) await this.writeCart(user, dueMs);
      else await this.placeOrder(user, dueMs);
    } finally {
      this.inFlight--;
      this.users.get(user.home.region)?.idle.push(user);
    }
  }

  private pickUser(): User | null {
    let left = this.options.draw();
    for (const [region, share] of this.options.shares) {
      if (left >= share) {
        left -= share;
        continue;
      }
      const home = this.options.frontDoors.find((door) => door.region === region);
      return home === undefined ? null : this.idleUser(home);
    }
    const [home] = this.options.frontDoors;
    return home === undefined ? null : this.idleUser(home);
  }

  private idleUser(home: FrontDoor): User {
    let group = this.users.get(home.region);
    if (group === undefined) {
      group = { all: [], idle: [] };
      this.users.set(home.region, group);
    }
    const { all, idle } = group;
    const isNew =
      idle.length === 0 || (all.length < USERS_PER_REGION && this.options.draw() < NEW_USER_SHARE);
    if (!isNew) {
      const at = Math.floor(this.options.draw() * idle.length);
      const user = idle[at];
      const last = idle.pop();
      if (user !== undefined && last !== undefined) {
        if (user !== last) idle[at] = last;
        return user;
      }
    }
    const user: User = {
      id: `${home.region}-${this.run}-${all.length + 1}`,
      home,
      version: 0,
      writtenAt: 0,
    };
    all.push(user);
    return user;
  }

  private async readCart(user: User, dueMs: number): Promise<void> {
    const request: HttpRequest = { method: 'GET', path: `/carts/${user.id}`, body: null };
    const startMs = performance.now();
    const { last } = await this.send(user, request, '/carts/[user]', dueMs);
    const { version } = (last.body ?? {}) as { version?: number };
    this.history.add({
      kind: 'read-cart',
      user: user.id,
      version: version ?? -1,
      startMs,
      endMs: performance.now(),
      outcome: last.error === null ? 'ok' : 'failed',
      region: last.region,
    });
  }

  private async writeCart(user: User, dueMs: number): Promise<void> {
    const version = ++user.version;
    user.writtenAt = Math.max(user.writtenAt + 1, Date.now() * 1_000);
    const body = JSON.stringify({
      version,
      items: `item-${version}`.padEnd(80, '.'),
      at: user.writtenAt,
    });
    const startMs = performance.now();
    const { last, attempts } = await this.send(
      user,
      { method: 'PUT', path: `/carts/${user.id}`, body },
      '/carts/[user]',
      dueMs,
    );
    this.history.add({
      kind: 'write-cart',
      user: user.id,
      version,
      startMs,
      endMs: performance.now(),
      outcome: outcomeOf(last, attempts),
      region: last.region,
    });
  }

  private async placeOrder(user: User, dueMs: number): Promise<void> {
    const slot = `${this.run}-${Math.floor((performance.now() - this.startedMs) / SLOT_MS)}`;
    const order = `${this.run}-${++this.orders}`;
    const body = JSON.stringify({
      slot,
      order,
      user: user.id,
      total: Math.floor(this.options.draw() * 10_000),
    });
    const startMs = performance.now();
    const { last, attempts } = await this.send(
      user,
      { method: 'POST', path: '/orders', body },
      '/orders',
      dueMs,
    );
    const answer = (last.body ?? {}) as { slot?: string; order?: string };
    const endMs = performance.now();
    // A first attempt that may have run in another region than the one that answered is an
    // operation of its own.
    for (const attempt of attempts) {
      if (attempt === last || !attempt.mayHaveRun) continue;
      this.history.add({
        kind: 'place-order',
        slot: null,
        askedSlot: slot,
        order,
        winner: null,
        startMs,
        endMs,
        outcome: 'unknown',
      });
    }
    this.history.add({
      kind: 'place-order',
      slot: answer.slot ?? null,
      askedSlot: slot,
      order,
      winner: answer.order ?? null,
      startMs,
      endMs,
      outcome: outcomeOf(last, [last]),
    });
  }

  private async send(
    user: User,
    request: HttpRequest,
    name: string,
    dueMs: number,
  ): Promise<{ readonly last: Attempt; readonly attempts: readonly Attempt[] }> {
    let last = await this.client.send(user.home.url, request);
    const attempts = [last];
    if (last.error !== null && this.options.retryOnce) {
      last = await this.client.send(user.home.retryUrl() ?? user.home.url, request);
      attempts.push(last);
    }
    this.options.onRequest({
      method: request.method,
      name,
      region: user.home.region,
      dueMs,
      endMs: performance.now(),
      attempts,
      error: last.error,
    });
    return { last, attempts };
  }
}

/** Failed only when no attempt can have had an effect. */
function outcomeOf(last: Attempt, attempts: readonly Attempt[]): Outcome {
  if (last.error === null) return 'ok';
  return attempts.some(({ mayHaveRun }) => mayHaveRun) ? 'unknown' : 'failed';
}
