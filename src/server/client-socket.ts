// One client's socket around its connection machine: reads, asks the node, batches answers, and
// slows or cuts off a client that does not read. All answers of one turn leave in one write. Driven
// by CqlServer. Test: test/server/cql-server.test.ts

import type { Socket } from 'node:net';
import type { ClientState } from '../protocol/client-state.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import type { ResponseExtras, StatementResponse } from '../protocol/responses/response.ts';
import type { ConnectionEvent, ConnectionOptions } from './connection.ts';
import { Connection } from './connection.ts';
import type { ClientAddress, InFlight } from './in-flight.ts';
import type { CqlNode } from './node-port.ts';
import type { TransportLimits } from './transport-limits.ts';

/** What a socket needs of its server. */
export interface SocketOwner {
  readonly node: CqlNode;
  readonly limits: TransportLimits;
  readonly inFlight: InFlight;
  readonly connectionOptions: ConnectionOptions;
  /** The process stands still: nothing is read or written. */
  readonly isFrozen: boolean;
  /** Runs `endTurn` of this socket when the present turn is over. */
  scheduleTurn(socket: ClientSocket): void;
  /** Takes back a lent buffer whose bytes the kernel has. */
  returnBuffer(buffer: Buffer): void;
  /** Runs `endTurn` of this socket when requests have been answered. */
  waitForCapacity(socket: ClientSocket): void;
  onCapacity(): void;
  onClosed(socket: ClientSocket): void;
}

/** How long an ended connection may take to read its last answer. */
const LINGER_MS = 2_000;

export class ClientSocket {
  readonly client: ClientAddress;
  /** Has output or is to go on reading; in the server's list for the end of this turn. */
  scheduled = false;
  private readonly socket: Socket;
  private readonly owner: SocketOwner;
  private readonly connection: Connection;
  private requests = 0;
  private paused = false;
  /** Requests are no longer read. */
  private ending = false;
  /** Answers are no longer sent. */
  private ended = false;
  private closed = false;

  constructor(socket: Socket, owner: SocketOwner, state: ClientState) {
    this.socket = socket;
    this.owner = owner;
    this.client = owner.inFlight.connect(state.remoteAddress);
    this.connection = new Connection(state, owner.connectionOptions);
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    const idleMs = owner.limits.native_transport_idle_timeout;
    if (idleMs > 0) socket.setTimeout(idleMs, () => this.destroy());
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('drain', () => this.endTurn());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.onClose());
  }

  get state(): ClientState {
    return this.connection.state;
  }

  /** Requests being executed. */
  get requestsInFlight(): number {
    return this.requests;
  }

  pushEvent(event: ClientEvent): void {
    if (this.closed || this.ending) return;
    if (this.pendingBytes() > this.owner.limits.output_close_bytes) {
      this.destroy();
      return;
    }
    if (!this.connection.pushEvent(event)) return;
    this.owner.scheduleTurn(this);
  }

  /** Sends what there is, then goes on with requests that had to wait. */
  endTurn(): void {
    if (this.closed || this.owner.isFrozen) return;
    this.flush();
    if (!this.paused || this.ending) return;
    if (this.mustPause()) {
      this.waitIfNeeded();
      return;
    }
    this.paused = false;
    this.socket.resume();
    this.process();
  }

  /** No more requests are read; answers of those being executed are still sent. */
  stopReading(): void {
    this.ending = true;
  }

  /** Sends what there is and closes, letting the client read it. */
  end(): void {
    if (this.closed || this.ended) return;
    this.ending = true;
    this.flush();
    this.ended = true;
    this.socket.end();
    this.socket.resume();
    setTimeout(() => this.destroy(), LINGER_MS).unref();
  }

  /** Closes at once; answers not yet sent are lost. */
  destroy(): void {
    this.socket.destroy();
  }

  private onData(chunk: Buffer): void {
    if (this.ending) return;
    this.connection.receive(chunk);
    this.process();
  }

  private process(): void {
    const { connection } = this;
    while (!this.closed && !this.ending) {
      if (this.mustPause()) {
        this.pause();
        break;
      }
      const event = connection.next();
      if (event === null) break;
      this.onEvent(event);
    }
    if (connection.outputBytes > 0) this.owner.scheduleTurn(this);
  }

  private onEvent(event: ConnectionEvent): void {
    const { connection, owner } = this;
    switch (event.kind) {
      case 'statement':
        this.onStatement(event);
        return;
      case 'startup':
        connection.answerStartup(event.stream, owner.node.startup(connection.state));
        return;
      case 'auth-response':
        this.requests++;
        owner.node.authenticate(connection.state, event.token, (result) => {
          this.requests--;
          if (this.closed || this.ended) return;
          connection.answerAuthentication(event.stream, result);
          owner.scheduleTurn(this);
        });
        return;
      case 'close':
        this.end();
        return;
      default:
    }
  }

  private onStatement(event: Extract<ConnectionEvent, { kind: 'statement' }>): void {
    const { connection, owner, client } = this;
    const { stream, request, bytes } = event;
    const { inFlight } = owner;
    if (!inFlight.fits(client, bytes) && connection.throwsOnOverload) {
      const message = inFlight.overloadText(client);
      connection.reply(stream, { kind: 'error', error: { code: 'OVERLOADED', message } });
      return;
    }
    inFlight.acquire(client, bytes);
    this.requests++;
    owner.node.execute(request, connection.state, (response, extras) => {
      this.onResponse({ stream, bytes, response, extras });
    });
  }

  private onResponse(answer: {
    readonly stream: number;
    readonly bytes: number;
    readonly response: StatementResponse;
    readonly extras: ResponseExtras | undefined;
  }): void {
    const { connection, owner } = this;
    this.requests--;
    owner.inFlight.release(this.client, answer.bytes);
    owner.onCapacity();
    if (this.closed || this.ended) return;
    if (this.pendingBytes() > owner.limits.output_close_bytes) {
      this.destroy();
      return;
    }
    connection.reply(answer.stream, answer.response, answer.extras);
    owner.scheduleTurn(this);
  }

  /** Bytes the client has not taken: those of this turn, and those the kernel does not want yet. */
  pendingBytes(): number {
    return this.connection.outputBytes + this.socket.writableLength;
  }

  private mustPause(): boolean {
    const { limits, inFlight, isFrozen } = this.owner;
    return (
      isFrozen ||
      this.pendingBytes() > limits.output_pause_bytes ||
      this.requests >= limits.max_requests_in_flight_per_connection ||
      (!this.connection.throwsOnOverload && !inFlight.fits(this.client, 0))
    );
  }

  private pause(): void {
    this.paused = true;
    this.socket.pause();
    this.waitIfNeeded();
  }

  /**
   * Output ends in a `drain` and requests in answers; only bytes in flight may be another client's.
   */
  private waitIfNeeded(): void {
    if (!this.owner.inFlight.fits(this.client, 0)) this.owner.waitForCapacity(this);
  }

  private flush(): void {
    const output = this.connection.takeOutput();
    if (output === null || this.ended) return;
    this.socket.write(output.bytes);
    // Nothing is queued in the stream: the kernel has copied the bytes, and the buffer is free.
    if (this.socket.writableLength === 0) this.owner.returnBuffer(output.buffer);
  }

  private onClose(): void {
    if (this.closed) return;
    this.closed = true;
    this.owner.inFlight.disconnect(this.client);
    this.owner.onClosed(this);
  }
}
