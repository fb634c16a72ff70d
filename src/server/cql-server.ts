// The CQL edge of one node: listens on the node's address, owns its clients' sockets, and pushes
// events. It holds no data and takes no decisions of the database: those are behind CqlNode.
// Cassandra: transport/Server.java. Test: test/server/cql-server.test.ts

import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientState } from '../protocol/client-state.ts';
import { newClientState } from '../protocol/client-state.ts';
import type { CompressionCodecs } from '../protocol/compression.ts';
import type { ClientEvent } from '../protocol/responses/event.ts';
import { supportedOptions } from '../protocol/responses/supported.ts';
import type { SocketOwner } from './client-socket.ts';
import { ClientSocket } from './client-socket.ts';
import { loadCompressionCodecs } from './compression-codecs.ts';
import type { ConnectionOptions } from './connection.ts';
import { EventFilter } from './event-filter.ts';
import { InFlight } from './in-flight.ts';
import type { CqlNode } from './node-port.ts';
import type { TransportLimits } from './transport-limits.ts';
import { DEFAULT_TRANSPORT_LIMITS } from './transport-limits.ts';

export interface CqlServerOptions {
  readonly node: CqlNode;
  /** The address clients connect to: 127.0.1.1. */
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits?: Partial<TransportLimits>;
  /** Left out: what is installed. */
  readonly codecs?: CompressionCodecs;
}

/** How listening ended. `code` is the system's word: EADDRINUSE, EADDRNOTAVAIL, EACCES ... */
export type ListenResult =
  | { readonly ok: true; readonly address: string; readonly port: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly address: string;
      readonly port: number;
      readonly message: string;
    };

const BUFFER_BYTES = 0x1_0000;
const BUFFERS_KEPT_MAX = 64;
const LISTEN_BACKLOG = 4096;
const DRAIN_POLL_MS = 10;

export class CqlServer implements SocketOwner {
  readonly node: CqlNode;
  readonly limits: TransportLimits;
  readonly inFlight: InFlight;
  readonly connectionOptions: ConnectionOptions;
  private readonly address: string;
  private readonly port: number;
  private server: Server | null = null;
  private readonly sockets = new Set<ClientSocket>();
  private readonly eventFilter = new EventFilter();
  private readonly spareBuffers: Buffer[] = [];
  private turn: ClientSocket[] = [];
  private waiting = new Set<ClientSocket>();
  private turnScheduled = false;
  private nextId = 1;
  private frozen = false;

  constructor(options: CqlServerOptions) {
    const codecs = options.codecs ?? loadCompressionCodecs();
    this.node = options.node;
    this.address = options.address;
    this.port = options.port;
    this.limits = { ...DEFAULT_TRANSPORT_LIMITS, ...options.limits };
    this.inFlight = new InFlight(this.limits);
    this.connectionOptions = {
      maxFrameBytes: this.limits.native_transport_max_frame_size,
      maxMessageBytes: this.limits.native_transport_max_message_size,
      allowOlderProtocols: this.limits.native_transport_allow_older_protocols,
      consecutiveErrorsMax: this.limits.consecutive_message_errors_threshold,
      codecs,
      supported: supportedOptions(codecs),
      lendBuffer: () => this.spareBuffers.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES),
    };
  }

  /** Whether new clients are accepted. */
  get isListening(): boolean {
    return this.server !== null;
  }

  get isFrozen(): boolean {
    return this.frozen;
  }

  /** Looks to clients as a stopped process does: connections are made, and nothing is read or answered. */
  freeze(): void {
    this.frozen = true;
  }

  /** Goes on with what waited. */
  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    for (const socket of this.sockets) this.scheduleTurn(socket);
  }

  /** Connections being served. */
  get connectionCount(): number {
    return this.sockets.size;
  }

  /** Bytes of answers that clients have not taken yet. */
  pendingOutputBytes(): number {
    let bytes = 0;
    for (const socket of this.sockets) bytes += socket.pendingBytes();
    return bytes;
  }

  /** Starts accepting clients. A port in use or an address this machine lacks is a value. */
  listen(): Promise<ListenResult> {
    const { address, port } = this;
    const server = createServer({ noDelay: true }, (socket) => this.onConnection(socket));
    return new Promise((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        resolve(listenFailure(error, { address, port }));
      });
      server.listen({ host: address, port, backlog: LISTEN_BACKLOG }, () => {
        server.removeAllListeners('error');
        server.on('error', () => undefined);
        this.server = server;
        const bound = server.address();
        const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
        resolve({ ok: true, address, port: boundPort });
      });
    });
  }

  /** Every open connection, as system_views.clients lists them. */
  clients(): readonly ClientState[] {
    return Array.from(this.sockets, (socket) => socket.state);
  }

  /**
   * Pushes an event to every client that registered for it, unless it repeats the last one of its
   * node.
   */
  broadcast(event: ClientEvent): void {
    if (!this.eventFilter.isNews(event)) return;
    for (const socket of this.sockets) socket.pushEvent(event);
  }

  /**
   * Stops like `nodetool disablebinary`: no new clients, no new requests; requests being executed
   * are answered (for native_transport_timeout at most), then all connections are closed. `listen`
   * starts again.
   */
  async drain(): Promise<void> {
    this.stopListening();
    for (const socket of this.sockets) socket.stopReading();
    let leftMs = this.limits.native_transport_timeout;
    while (leftMs > 0 && this.hasRequestsInFlight()) {
      await sleep(DRAIN_POLL_MS);
      leftMs -= DRAIN_POLL_MS;
    }
    for (const socket of this.sockets) socket.end();
  }

  /** Closes everything, letting clients read what was answered. */
  close(): void {
    this.stopListening();
    for (const socket of this.sockets) socket.end();
  }

  /** Drops everything at once, as the end of a killed process looks to clients. */
  kill(): void {
    this.stopListening();
    for (const socket of this.sockets) socket.destroy();
  }

  scheduleTurn(socket: ClientSocket): void {
    if (socket.scheduled) return;
    socket.scheduled = true;
    this.turn.push(socket);
    this.ensureTurn();
  }

  returnBuffer(buffer: Buffer): void {
    if (buffer.length !== BUFFER_BYTES || this.spareBuffers.length >= BUFFERS_KEPT_MAX) return;
    this.spareBuffers.push(buffer);
  }

  waitForCapacity(socket: ClientSocket): void {
    this.waiting.add(socket);
  }

  onCapacity(): void {
    if (this.waiting.size > 0) this.ensureTurn();
  }

  onClosed(socket: ClientSocket): void {
    this.sockets.delete(socket);
    this.waiting.delete(socket);
  }

  private onConnection(socket: Socket): void {
    const remoteAddress = socket.remoteAddress ?? '';
    if (this.server === null || !this.admits(remoteAddress)) {
      socket.destroy();
      return;
    }
    const remotePort = socket.remotePort ?? 0;
    const state = newClientState({ id: this.nextId++, remoteAddress, remotePort });
    this.sockets.add(new ClientSocket(socket, this, state));
  }

  private admits(address: string): boolean {
    const all = this.limits.native_transport_max_concurrent_connections;
    const each = this.limits.native_transport_max_concurrent_connections_per_ip;
    return (
      (all < 0 || this.sockets.size < all) &&
      (each < 0 || this.inFlight.connections(address) < each)
    );
  }

  private ensureTurn(): void {
    if (this.turnScheduled) return;
    this.turnScheduled = true;
    setImmediate(() => this.endTurn());
  }

  private endTurn(): void {
    this.turnScheduled = false;
    const { turn } = this;
    this.turn = [];
    for (const socket of turn) socket.scheduled = false;
    for (const socket of turn) socket.endTurn();
    if (this.waiting.size === 0) return;
    const { waiting } = this;
    this.waiting = new Set();
    for (const socket of waiting) socket.endTurn();
  }

  private stopListening(): void {
    this.server?.close();
    this.server = null;
  }

  private hasRequestsInFlight(): boolean {
    for (const socket of this.sockets) if (socket.requestsInFlight > 0) return true;
    return false;
  }
}

function listenFailure(
  error: NodeJS.ErrnoException,
  at: { readonly address: string; readonly port: number },
): ListenResult {
  const { address, port } = at;
  const code = error.code ?? 'UNKNOWN';
  const place = `${address}:${port}`;
  const messages: Readonly<Record<string, string>> = {
    EADDRINUSE: `${place} is in use by another program.`,
    EADDRNOTAVAIL: `${address} is not an address of this machine.`,
    EACCES: `${place} may not be opened by this user.`,
  };
  const message = messages[code] ?? `${place} cannot be listened on: ${error.message}`;
  return { ok: false, code, address, port, message };
}
