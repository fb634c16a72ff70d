// Sends requests and answers over the Network port and brings each answer to the exchange that waits for it. An
// exchange is one operation's talk with any number of nodes under one id and one deadline: it costs one table entry
// and no timer. It knows nothing of what the messages mean. Test: test/coordinator/messaging.test.ts.
// Cassandra: net/MessagingService, net/RequestCallbacks.

import type { FailureReason } from '../../data/cql-error.ts';
import type { Clock, Endpoint, Network, NetworkMessage } from '../../world/ports.ts';
import type { Trace } from '../coordinator/coordinator.ts';
import type { NodeConfig } from '../node-config.ts';
import type { Deadline } from './deadline-list.ts';
import { DeadlineList } from './deadline-list.ts';
import { ExchangeTable } from './exchange-table.ts';
import type { OnFault } from './fault-scope.ts';
import { FaultScope } from './fault-scope.ts';
import type { Message, MessagePayloads } from './message.ts';
import { newMessage } from './message.ts';
import type { RequestVerb, ResponseVerb, Verb } from './verb.ts';
import { REQUEST_VERBS, verbTimeoutMs } from './verb.ts';

/** Serves the answers of the exchanges of one kind of operation `T`; one object for all of them. */
export interface ExchangeHandler<T> {
  onResponse(operation: T, from: Endpoint, message: Message, exchange: Exchange): void;
  onFailure(operation: T, from: Endpoint, reason: FailureReason, exchange: Exchange): void;
  /** The deadline passed: every target that has not answered counts as failed by TIMEOUT. The exchange is closed. */
  onExpired(operation: T, exchange: Exchange): void;
}

/**
 * An open talk. Close it when no further answer matters. A class, not a literal: where many objects of one literal live
 * long (a start of 48 nodes), V8 makes all later ones in its old space, where they outlive their request by far and keep
 * alive what they refer to.
 */
export class Exchange implements Deadline {
  readonly id: number;
  readonly handler: ExchangeHandler<unknown>;
  readonly operation: unknown;
  readonly deadlines: DeadlineList<Exchange>;
  /** Wall clock: put on every request of the exchange. */
  readonly expiresAtMs: number;
  /** The client's request it works for. */
  readonly onFault: OnFault | null;
  open = true;
  deadlineMs = Infinity;
  previous: Deadline | null = null;
  next: Deadline | null = null;

  constructor(
    id: number,
    handler: ExchangeHandler<unknown>,
    operation: unknown,
    deadlines: DeadlineList<Exchange>,
    expiresAtMs: number,
    onFault: OnFault | null,
  ) {
    this.id = id;
    this.handler = handler;
    this.operation = operation;
    this.deadlines = deadlines;
    this.expiresAtMs = expiresAtMs;
    this.onFault = onFault;
  }
}

export type RequestHandler<V extends RequestVerb> = (message: Message<V>, from: Endpoint) => void;

/** What serves a verb, and how often it has. */
interface ServedVerb {
  readonly handle: RequestHandler<RequestVerb>;
  handled: number;
}

/** Messages by verb since the start, for nodetool tpstats and netstats. */
export interface MessagingStats {
  received: number;
  sent: number;
  readonly dropped: Map<Verb, number>;
}

export class Messaging {
  readonly self: Endpoint;
  readonly faults = new FaultScope();
  readonly stats: MessagingStats = { received: 0, sent: 0, dropped: new Map() };
  private readonly clock: Clock;
  private readonly network: Network;
  private readonly config: NodeConfig;
  private readonly handlers = new Map<string, ServedVerb>();
  private readonly exchanges = new ExchangeTable<Exchange>();
  private readonly lists = new Map<number, DeadlineList<Exchange>>();
  private nextId = 1;
  /** The request that was answered last. */
  private answered: Message | null = null;

  constructor(ports: { readonly clock: Clock; readonly network: Network }, config: NodeConfig) {
    this.clock = ports.clock;
    this.network = ports.network;
    this.config = config;
    this.self = ports.network.self;
    ports.network.listen((from, message) => this.receive(from, message));
  }

  /** Sets what serves a request verb on this node. It answers with `respond` or `fail`, now or later, or not at all. */
  serve<V extends RequestVerb>(verb: V, handler: RequestHandler<V>): void {
    this.handlers.set(verb, {
      handle: handler as unknown as RequestHandler<RequestVerb>,
      handled: 0,
    });
  }

  /** Opens an exchange that expires after `timeoutMs` milliseconds. */
  open<T>(handler: ExchangeHandler<T>, operation: T, timeoutMs: number): Exchange {
    const deadlines = this.lists.get(timeoutMs) ?? this.newList(timeoutMs);
    const exchange = new Exchange(
      this.nextId++,
      handler as ExchangeHandler<unknown>,
      operation,
      deadlines,
      this.clock.wallMs() + timeoutMs,
      this.faults.current,
    );
    this.exchanges.add(exchange);
    deadlines.add(exchange, this.clock.nowMs() + timeoutMs);
    return exchange;
  }

  /** Forgets the exchange; later answers are ignored. Closing twice does nothing. */
  close(exchange: Exchange): void {
    if (!exchange.open) return;
    exchange.open = false;
    this.exchanges.delete(exchange.id);
    exchange.deadlines.remove(exchange);
  }

  /** Sends one request of an exchange. */
  request<V extends RequestVerb>(
    exchange: Exchange,
    to: Endpoint,
    verb: V,
    payload: MessagePayloads[V],
    trace: Trace | null,
  ): void {
    this.send(to, newMessage(verb, exchange.id, exchange.expiresAtMs, payload, null, null, trace));
  }

  /** Sends a message nobody answers. */
  tell<V extends Verb>(to: Endpoint, verb: V, payload: MessagePayloads[V]): void {
    const expiresAtMs = this.expiryOf(verb);
    this.send(to, newMessage(verb, 0, expiresAtMs, payload, null, null, null));
  }

  /**
   * One request to one node, for the paths where clarity counts more than speed: `done` is called once, with the
   * answer or with why there is none.
   */
  ask<V extends RequestVerb>(
    to: Endpoint,
    verb: V,
    payload: MessagePayloads[V],
    done: (answer: Message | null, reason: FailureReason) => void,
    timeoutMs = verbTimeoutMs(verb, this.config),
  ): void {
    const exchange = this.open(SINGLE, { done, messaging: this }, timeoutMs);
    this.request(exchange, to, verb, payload, null);
  }

  /** Sends a message as it is: the same object may go to many nodes. */
  send(to: Endpoint, message: Message): void {
    this.stats.sent++;
    if (message.trace !== null && to !== this.self) this.traceSend(to, message);
    this.network.send(to, message);
  }

  /** Answers a request. */
  respond<V extends ResponseVerb>(
    request: Message,
    from: Endpoint,
    verb: V,
    payload: MessagePayloads[V],
  ): void {
    const to = request.respondTo ?? from;
    this.answered = request;
    this.send(to, newMessage(verb, request.id, Infinity, payload, null, null, request.trace));
  }

  /** Answers a request with a failure; the client may see the reason. */
  fail(request: Message, from: Endpoint, reason: FailureReason): void {
    this.respond(request, from, 'FAILURE_RSP', reason);
  }

  /** Requests handled since the start, by verb; for nodetool tpstats. */
  handledByVerb(): ReadonlyMap<string, number> {
    return new Map([...this.handlers].map(([verb, { handled }]) => [verb, handled]));
  }

  /** Exchanges that still wait. */
  pending(): number {
    return this.exchanges.size;
  }

  /** Exchanges opened since the start. */
  get opened(): number {
    return this.nextId - 1;
  }

  /** True while one of the first `count` exchanges still waits for an answer: it may yet leave a hint. */
  isWaitingForFirst(count: number): boolean {
    return this.exchanges.hasUpTo(count);
  }

  /** Lists are kept for the durations of the configuration; a remainder of one is a list, and a timer, of its own. */
  private newList(timeoutMs: number): DeadlineList<Exchange> {
    const list = new DeadlineList<Exchange>(this.clock, (entry) => this.expire(entry));
    const verbs = Object.keys(REQUEST_VERBS) as RequestVerb[];
    if (verbs.some((verb) => verbTimeoutMs(verb, this.config) === timeoutMs)) {
      this.lists.set(timeoutMs, list);
    }
    return list;
  }

  private expiryOf(verb: Verb): number {
    const timeoutMs = isRequestVerb(verb) ? verbTimeoutMs(verb, this.config) : Infinity;
    return timeoutMs === Infinity ? Infinity : this.clock.wallMs() + timeoutMs;
  }

  private receive(from: Endpoint, incoming: NetworkMessage): void {
    const message = incoming as Message;
    this.stats.received++;
    if (message.trace !== null && from !== this.self) this.traceReceive(from, message);
    const served = this.handlers.get(message.verb);
    if (served !== undefined) {
      if (message.expiresAtMs !== Infinity && message.expiresAtMs < this.clock.wallMs()) {
        this.drop(message.verb);
        return;
      }
      served.handled++;
      this.handle(served, message as Message<RequestVerb>, from);
      return;
    }
    const exchange = this.exchanges.get(message.id);
    if (exchange === undefined) return;
    const { faults } = this;
    faults.current = exchange.onFault;
    try {
      this.onAnswer(exchange, from, message);
    } catch (thrown) {
      exchange.onFault?.(thrown);
      throw thrown;
    } finally {
      faults.current = null;
    }
  }

  /** A handler that fails has failed its request: the coordinator does not wait for nothing. */
  private handle(served: ServedVerb, message: Message<RequestVerb>, from: Endpoint): void {
    try {
      served.handle(message, from);
    } catch (thrown) {
      if (this.answered !== message) this.fail(message, from, 'UNKNOWN');
      throw thrown;
    }
  }

  private onAnswer(exchange: Exchange, from: Endpoint, message: Message): void {
    if (message.verb === 'FAILURE_RSP') {
      const { payload } = message as Message<'FAILURE_RSP'>;
      exchange.handler.onFailure(exchange.operation, from, payload, exchange);
    } else {
      exchange.handler.onResponse(exchange.operation, from, message, exchange);
    }
  }

  private traceSend(to: Endpoint, { trace, verb }: Message): void {
    const here = trace?.at === undefined ? trace : trace.at(this.self);
    here?.event(`Sending ${verb} message to /${to}`);
  }

  private traceReceive(from: Endpoint, { trace, verb }: Message): void {
    const here = trace?.at === undefined ? trace : trace.at(this.self);
    here?.event(`${verb} message received from /${from}`);
    if (verb.endsWith('_RSP')) here?.event(`Processing response from /${from}`);
  }

  private drop(verb: Verb): void {
    this.stats.dropped.set(verb, (this.stats.dropped.get(verb) ?? 0) + 1);
  }

  private expire(exchange: Exchange): void {
    exchange.open = false;
    this.exchanges.delete(exchange.id);
    this.faults.run(exchange.onFault, () =>
      exchange.handler.onExpired(exchange.operation, exchange),
    );
  }
}

interface SingleAsk {
  readonly done: (answer: Message | null, reason: FailureReason) => void;
  readonly messaging: Messaging;
}

const SINGLE: ExchangeHandler<SingleAsk> = {
  onResponse({ done, messaging }, _from, message, exchange) {
    messaging.close(exchange);
    done(message, 'UNKNOWN');
  },
  onFailure({ done, messaging }, _from, reason, exchange) {
    messaging.close(exchange);
    done(null, reason);
  },
  onExpired({ done }) {
    done(null, 'TIMEOUT');
  },
};

function isRequestVerb(verb: Verb): verb is RequestVerb {
  return Object.hasOwn(REQUEST_VERBS, verb);
}
