// One instance of the sample application, a shop, as an ordinary HTTP service on the unmodified
// cassandra-driver: DC-aware policy pinned to its own region, prepared idempotent statements, a
// level for the application and per statement. Ordinary Node only.
//
//   GET  /healthz           200 while the process serves (what the balancer checks)
//   GET  /carts/:user       200 {version, items} (version 0: no cart yet)
//   PUT  /carts/:user       {version, items, at?} -> 200; `at`: the user's time in microseconds, so that the same write
//                           sent again late never hides a newer one
//   POST /orders            {slot, order, user, total} -> 201 {order} first, 409 {order} when the slot is taken
//   GET  /orders/:slot      200 {order} or 404; slots belong to the region that serves them
//   GET  /stats             driver connections by host and datacenter

import * as http from 'node:http';
import type { Socket } from 'node:net';
import cassandra from 'cassandra-driver';
import type { HttpPlacement } from '../cluster/placement.ts';
import type { Topology } from '../topology/topology.ts';
import type { ShopStatement } from './shop-schema.ts';
import { SHOP_KEYSPACE, SHOP_STATEMENTS } from './shop-schema.ts';

export interface AppSettings {
  readonly contactPoints: readonly string[];
  readonly localDatacenter: string;
  readonly read: string;
  readonly write: string;
  readonly serial: string;
  /** Statement -> level. */
  readonly statements: Topology['app']['statements'];
  /** Where the driver finds nodes that do not use the default port. */
  readonly nativePort: number;
  /** Milliseconds the driver waits for one response. */
  readonly readTimeoutMs: number;
}

/** Connections of one instance's driver. */
export interface DriverConnections {
  readonly instance: string;
  readonly hosts: readonly {
    readonly address: string;
    readonly datacenter: string;
    readonly connections: number;
  }[];
}

const BODY_BYTES_MAX = 64 * 1024;
const UNDECIDED_ATTEMPTS = 5;

type Answer = { readonly status: number; readonly body: unknown };

export class AppInstance {
  readonly at: HttpPlacement;
  private readonly settings: AppSettings;
  private client: cassandra.Client | null = null;
  private server: http.Server | null = null;
  private readonly sockets = new Set<Socket>();

  constructor(at: HttpPlacement, settings: AppSettings) {
    this.at = at;
    this.settings = settings;
  }

  /** Connects the driver, prepares, listens. Rejects with the driver's or the system's error. */
  async start(): Promise<void> {
    const client = new cassandra.Client({
      contactPoints: [...this.settings.contactPoints],
      localDataCenter: this.settings.localDatacenter,
      protocolOptions: { port: this.settings.nativePort },
      policies: {
        loadBalancing: new cassandra.policies.loadBalancing.TokenAwarePolicy(
          new cassandra.policies.loadBalancing.DCAwareRoundRobinPolicy(
            this.settings.localDatacenter,
          ),
        ),
        reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(1_000),
      },
      pooling: { coreConnectionsPerHost: { [cassandra.types.distance.local]: 1 }, warmup: true },
      socketOptions: { readTimeout: this.settings.readTimeoutMs },
      queryOptions: { prepare: true, isIdempotent: true },
    });
    client.on('log', () => undefined);
    await client.connect();
    this.client = client;
    const server = http.createServer((request, response) => void this.serve(request, response));
    server.keepAliveTimeout = 75_000;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.at.port, this.at.address, resolve);
    });
    server.on('error', () => undefined);
    this.server = server;
  }

  isRunning(): boolean {
    return this.server !== null;
  }

  /** The process is gone: sockets are torn, the driver's connections with them. */
  async kill(): Promise<void> {
    const { server, client } = this;
    this.server = null;
    this.client = null;
    server?.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    await client?.shutdown().catch(() => undefined);
  }

  connections(): DriverConnections {
    const hosts: { address: string; datacenter: string; connections: number }[] = [];
    if (this.client !== null) {
      const state = this.client.getState();
      for (const host of this.client.hosts.values()) {
        hosts.push({
          address: host.address,
          datacenter: host.datacenter,
          connections: state.getOpenConnections(host),
        });
      }
    }
    return { instance: this.at.place, hosts };
  }

  private async serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.route(request);
    } catch (error) {
      answer = errorAnswer(error);
    }
    if (response.destroyed) return;
    const body = JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-region': this.at.region,
      'x-instance': this.at.place,
    });
    response.end(body);
  }

  private async route(request: http.IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const [, first = '', second] = path.split('/');
    const key = second === undefined ? '' : decodeURIComponent(second);
    const route = `${request.method ?? ''} ${first}${second === undefined ? '' : '/:key'}`;
    switch (route) {
      case 'GET healthz':
        return { status: 200, body: { status: 'ok' } };
      case 'GET stats':
        return { status: 200, body: this.connections() };
      case 'GET carts/:key':
        return this.readCart(key);
      case 'PUT carts/:key':
        return this.writeCart(key, await readJson(request));
      case 'POST orders':
        return this.placeOrder(await readJson(request));
      case 'GET orders/:key':
        return this.readOrder(key);
      default:
        return {
          status: 404,
          body: { error: `no such resource: ${request.method ?? ''} ${path}` },
        };
    }
  }

  private async readCart(user: string): Promise<Answer> {
    const row = (await this.run('read-cart', [user])).first();
    const body =
      row === null
        ? { version: 0, items: '', writtenIn: null }
        : {
            version: Number(row['version']),
            items: row['items'] as string,
            writtenIn: row['written_in'] as string,
          };
    return { status: 200, body };
  }

  private async writeCart(user: string, body: Record<string, unknown>): Promise<Answer> {
    const { version, items, at } = body;
    if (
      !Number.isSafeInteger(version) ||
      typeof items !== 'string' ||
      (at !== undefined && !Number.isSafeInteger(at))
    ) {
      return {
        status: 400,
        body: {
          error:
            'a cart is {"version": <integer>, "items": "<text>", "at": <microseconds, optional>}',
        },
      };
    }
    const long = cassandra.types.Long.fromNumber(version as number);
    const timestamp =
      at === undefined ? {} : { timestamp: cassandra.types.Long.fromNumber(at as number) };
    await this.run('write-cart', [user, long, items, this.at.region, new Date()], timestamp);
    return { status: 200, body: { version } };
  }

  private async placeOrder(body: Record<string, unknown>): Promise<Answer> {
    const { slot, order, user, total } = body;
    if (typeof slot !== 'string' || typeof order !== 'string' || typeof user !== 'string') {
      return { status: 400, body: { error: 'an order is {"slot", "order", "user", "total"}' } };
    }
    const key = this.slotKey(slot);
    const result = await this.runUntilDecided([key, order, user, Number(total ?? 0), new Date()]);
    if (result.wasApplied()) return { status: 201, body: { slot: key, order } };
    const winner = result.first()?.['order_id'] as string;
    // The same order again (a retry) has succeeded, whoever carried it.
    return { status: winner === order ? 201 : 409, body: { slot: key, order: winner } };
  }

  /**
   * A conditional write that lost a race may time out undecided (write type CAS). The order's id
   * makes asking again safe: whoever finished the round, the second answer tells.
   */
  private async runUntilDecided(values: unknown[]): Promise<cassandra.types.ResultSet> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.run('place-order', values);
      } catch (error) {
        if (attempt >= UNDECIDED_ATTEMPTS || !isUndecided(error)) throw error;
      }
    }
  }

  private async readOrder(slot: string): Promise<Answer> {
    const key = this.slotKey(slot);
    const row = (await this.run('read-order', [key], { level: this.settings.serial })).first();
    return row === null
      ? { status: 404, body: { slot: key, order: null } }
      : { status: 200, body: { slot: key, order: row['order_id'] as string } };
  }

  /** A slot belongs to the region that serves it, so that LOCAL_SERIAL decides about it. */
  private slotKey(slot: string): string {
    return `${this.at.region}:${slot}`;
  }

  private run(
    name: ShopStatement,
    values: unknown[],
    how: { readonly level?: string; readonly timestamp?: cassandra.types.Long } = {},
  ): Promise<cassandra.types.ResultSet> {
    if (this.client === null) throw new Error('the instance is stopping');
    const statement = SHOP_STATEMENTS[name];
    const consistency =
      how.level ??
      (name === 'read-order' ? undefined : this.settings.statements[name]) ??
      this.settings[statement.level];
    return this.client.execute(statement.cql, values, {
      prepare: true,
      isIdempotent: true,
      keyspace: SHOP_KEYSPACE,
      consistency: levelCode(consistency),
      ...(how.timestamp === undefined ? {} : { timestamp: how.timestamp }),
      ...(statement.conditional ? { serialConsistency: levelCode(this.settings.serial) } : {}),
    });
  }
}

/**
 * A write timeout of type CAS: the round may have been decided, by us or by another coordinator.
 */
function isUndecided(error: unknown): boolean {
  if (!(error instanceof cassandra.errors.ResponseError)) return false;
  return (
    error.code === cassandra.types.responseErrorCodes.writeTimeout &&
    (error as { writeType?: string }).writeType === 'CAS'
  );
}

function levelCode(level: string): number {
  const name = level
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return (
    (cassandra.types.consistencies as unknown as Record<string, number>)[name] ??
    cassandra.types.consistencies.localQuorum
  );
}

/** 503 with the driver's words: the database could not do it at this level. */
function errorAnswer(error: unknown): Answer {
  if (error instanceof BadBody) return { status: 400, body: { error: error.message } };
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof cassandra.errors.ResponseError ? error.code : null;
  return { status: 503, body: { error: text, code } };
}

class BadBody extends Error {
  override readonly name = 'BadBody';
}

async function readJson(request: http.IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new BadBody(`the body is larger than ${BODY_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new BadBody('the body is not a JSON object');
}
