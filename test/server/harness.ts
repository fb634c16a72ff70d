// What the tests on real sockets share: a server over a fake node, and a raw version 4 client.

import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, expect } from 'vitest';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { encodeRequest, PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { ResponseMessage } from '../../src/protocol/responses/response.ts';
import { decodeResponse } from '../../src/protocol/responses/response.ts';
import { CqlServer } from '../../src/server/cql-server.ts';
import type { TransportLimits } from '../../src/server/transport-limits.ts';
import type { FakeNode } from './fake-node.ts';
import { fakeNode } from './fake-node.ts';

export const HOST = '127.0.0.1';
/** Runs after each test, last first. */
export const cleanup: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

export interface Started {
  readonly server: CqlServer;
  readonly node: FakeNode;
  readonly port: number;
}

export async function start(
  limits: Partial<TransportLimits> = {},
  node = fakeNode(),
): Promise<Started> {
  const server = new CqlServer({ node, address: HOST, port: 0, limits });
  const at = await server.listen();
  if (!at.ok) throw new Error(at.message);
  cleanup.push(() => server.kill());
  return { server, node, port: at.port };
}

/** A raw client that collects whole version 4 frames. */
export class Raw {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  ended = false;
  private readonly waiters: (() => void)[] = [];

  constructor(port: number) {
    this.socket = connect({ host: HOST, port });
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
    cleanup.push(() => this.socket.destroy());
  }

  send(message: RequestMessage, stream = 1): void {
    const writer = new BodyWriter();
    encodeRequest(writer, message, { version: 4, stream });
    this.socket.write(Buffer.from(writer.written()));
  }

  /** The next frame; null when the server has closed. */
  async next(): Promise<{ stream: number; response: ResponseMessage } | null> {
    for (;;) {
      const { received } = this;
      const end = received.length < 9 ? Infinity : 9 + received.readInt32BE(5);
      if (received.length >= end) {
        this.received = received.subarray(end);
        const stream = received.readInt16BE(2);
        const opcode = received[4] as number;
        const flags = received[1] as number;
        const body = received.subarray(9, end);
        return {
          stream,
          response: decodeResponse({ version: 4, flags, stream, opcode, body }).response,
        };
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  async startup(options: Readonly<Record<string, string>> = {}): Promise<this> {
    this.send({
      kind: 'startup',
      options: new Map(Object.entries({ CQL_VERSION: '3.0.0', ...options })),
    });
    expect((await this.next())?.response).toEqual({ kind: 'ready' });
    return this;
  }

  async closed(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => this.waiters.push(resolve));
  }

  private wake(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }
}

export function query(text: string): RequestMessage {
  return { kind: 'query', ...PLAIN_HEADER, query: text, parameters: DEFAULT_PARAMETERS };
}
