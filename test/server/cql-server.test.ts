// The CQL edge on real sockets: an unmodified driver, clients that misbehave, limits, events, and all ways to stop.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import cassandra from 'cassandra-driver';
import { afterEach, describe, expect, test } from 'vitest';
import { NATIVE } from '../../src/data/cql-type.ts';
import { BodyWriter } from '../../src/protocol/body-writer.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { RequestMessage } from '../../src/protocol/requests/request.ts';
import { encodeRequest, PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import type { ResponseMessage } from '../../src/protocol/responses/response.ts';
import { decodeResponse } from '../../src/protocol/responses/response.ts';
import type { TransportLimits } from '../../src/server/transport-limits.ts';
import { CqlServer } from '../../src/server/cql-server.ts';
import type { FakeNode } from './fake-node.ts';
import { fakeNode, int, table } from './fake-node.ts';

const HOST = '127.0.0.1';
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

interface Started {
  readonly server: CqlServer;
  readonly node: FakeNode;
  readonly port: number;
}

async function start(limits: Partial<TransportLimits> = {}, node = fakeNode()): Promise<Started> {
  const server = new CqlServer({ node, address: HOST, port: 0, limits });
  const at = await server.listen();
  if (!at.ok) throw new Error(at.message);
  cleanup.push(() => server.kill());
  return { server, node, port: at.port };
}

/** A raw client that collects whole version 4 frames. */
class Raw {
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
        return { stream, response: decodeResponse({ version: 4, flags, stream, opcode, body }).response };
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }

  async startup(options: Readonly<Record<string, string>> = {}): Promise<this> {
    this.send({ kind: 'startup', options: new Map(Object.entries({ CQL_VERSION: '3.0.0', ...options })) });
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

function query(text: string): RequestMessage {
  return { kind: 'query', ...PLAIN_HEADER, query: text, parameters: DEFAULT_PARAMETERS };
}

describe('the unmodified cassandra-driver', () => {
  const text = NATIVE.text;
  const tokens = { kind: 'set', element: text, frozen: false } as const;

  async function withSystemTables(): Promise<Started> {
    const started = await start();
    const setOf = (value: string): Buffer =>
      Buffer.concat([int(1), int(value.length), Buffer.from(value)]);
    const local = {
      key: text, cluster_name: text, data_center: text, rack: text, release_version: text,
      partitioner: text, rpc_address: NATIVE.inet, host_id: NATIVE.uuid, schema_version: NATIVE.uuid, tokens,
    };
    const row = [
      Buffer.from('local'), Buffer.from('Test'), Buffer.from('dc1'), Buffer.from('r1'),
      Buffer.from('5.0.9'), Buffer.from('org.apache.cassandra.dht.Murmur3Partitioner'),
      Buffer.from([127, 0, 0, 1]), Buffer.alloc(16, 1), Buffer.alloc(16, 2), setOf('0'),
    ];
    const { answers } = started.node;
    answers.set("SELECT * FROM system.local WHERE key='local'", table(local, [row]));
    answers.set('SELECT * FROM system.peers', table({ peer: NATIVE.inet }, []));
    answers.set('SELECT * FROM system_schema.keyspaces', table({ keyspace_name: text }, []));
    answers.set('SELECT * FROM system_virtual_schema.keyspaces', table({ keyspace_name: text }, []));
    return started;
  }

  function client(port: number, options: Partial<cassandra.ClientOptions> = {}): cassandra.Client {
    const driver = new cassandra.Client({
      contactPoints: [`${HOST}:${port}`], localDataCenter: 'dc1', protocolOptions: { port }, ...options,
    });
    cleanup.push(() => driver.shutdown());
    return driver;
  }

  test('negotiates down from 0x42, queries, prepares, batches, reads errors and warnings', async () => {
    const { node, port, server } = await withSystemTables();
    const driver = client(port);
    await driver.connect();
    node.answers.set('q', table({ a: NATIVE.int, b: text }, [[int(7), null], [int(8), Buffer.from('x')]]));
    const result = await driver.execute('q');
    expect(result.rows.map((row) => [row['a'], row['b']])).toEqual([[7, null], [8, 'x']]);
    const prepared = await driver.execute('SELECT k FROM ks.t WHERE k=?', [42], { prepare: true });
    expect(prepared.first()['k']).toBe(42);
    await driver.batch(['INSERT 1', 'INSERT 2']);
    node.answers.set('bad', { kind: 'error', error: { code: 'INVALID', message: 'table nope does not exist' } });
    await expect(driver.execute('bad')).rejects.toThrow('table nope does not exist');
    node.extras = { warnings: ['careful'], tracingId: Buffer.alloc(16, 9) };
    const warned = await driver.execute('x', [], { traceQuery: true });
    expect(warned.info.warnings).toEqual(['careful']);
    expect(warned.info.traceId?.toString()).toBe('09090909-0909-0909-0909-090909090909');
    expect(node.requests.filter((r) => r.kind === 'batch')).toHaveLength(1);
    expect(server.clients().map((c) => [c.driverName, c.protocolVersion])).toContainEqual(
      ['Apache Cassandra Node.js Driver', 4],
    );
  });

  test('every protocol version it can speak', async () => {
    const { node, port } = await withSystemTables();
    node.answers.set('q', table({ a: NATIVE.int }, [[int(7)]]));
    for (const maxVersion of [3, 4]) {
      const driver = client(port, { protocolOptions: { port, maxVersion } });
      expect((await driver.execute('q')).first()['a']).toBe(7);
    }
  });

  test('pages through a result', async () => {
    const { node, port } = await withSystemTables();
    const driver = client(port);
    const columns = [{ keyspace: 'ks', table: 't', name: 'a', type: NATIVE.int }];
    const executed: (string | null)[] = [];
    const original = node.execute;
    node.execute = (request, state, done) => {
      if (request.kind !== 'query' || request.query !== 'paged') return original(request, state, done);
      const { pagingState } = request.parameters;
      executed.push(pagingState === null ? null : pagingState.toString());
      const page = pagingState === null ? 0 : Number(pagingState.toString());
      const next = page < 2 ? Buffer.from(`${page + 1}`) : null;
      done({ kind: 'rows', metadata: { columns, pagingState: next }, rows: [[int(page)]] });
    };
    const values: unknown[] = [];
    for await (const row of driver.stream('paged', [], { autoPage: true })) values.push(row['a']);
    expect(values).toEqual([0, 1, 2]);
    expect(executed).toEqual([null, '1', '2']);
  });

  test('logs in, and is refused with a wrong password', async () => {
    const { node, port } = await withSystemTables();
    node.password = 'secret';
    const good = client(port, { credentials: { username: 'alice', password: 'secret' } });
    await good.connect();
    const bad = client(port, { credentials: { username: 'alice', password: 'guess' } });
    await expect(bad.connect()).rejects.toThrow('All host(s) tried for query failed');
  });

  test('hears events', async () => {
    const { node, port, server } = await withSystemTables();
    const driver = client(port);
    await driver.connect();
    const added = new Promise((resolve) => {
      driver.on('hostUp', resolve);
      driver.on('hostAdd', resolve);
    });
    node.answers.set('SELECT * FROM system.peers', table(
      { peer: NATIVE.inet, rpc_address: NATIVE.inet, data_center: text, rack: text, release_version: text, tokens },
      [[Buffer.from([127, 0, 0, 2]), Buffer.from([127, 0, 0, 2]), Buffer.from('dc1'), Buffer.from('r1'),
        Buffer.from('5.0.9'), Buffer.concat([int(1), int(1), Buffer.from('1')])]],
    ));
    server.broadcast({ type: 'TOPOLOGY_CHANGE', change: 'NEW_NODE', address: '127.0.0.2', port });
    await added;
  });
});

test('answers of one turn leave together, in the order they were given', async () => {
  const { port } = await start();
  const raw = await new Raw(port).startup();
  for (let i = 0; i < 1000; i++) raw.send(query('x'), i);
  const streams: number[] = [];
  while (streams.length < 1000) streams.push((await raw.next())?.stream ?? -1);
  expect(streams).toEqual(Array.from({ length: 1000 }, (_, i) => i));
});

test('USE is seen in the client list', async () => {
  const { port, server } = await start();
  const raw = await new Raw(port).startup({ DRIVER_NAME: 'raw' });
  raw.send(query('USE ks1'));
  expect((await raw.next())?.response).toEqual({ kind: 'set-keyspace', keyspace: 'ks1' });
  expect(server.clients()).toMatchObject([{
    remoteAddress: HOST, keyspace: 'ks1', driverName: 'raw', stage: 'READY', requestCount: 1,
  }]);
});

test('a frame over the limit: the recorded text, and the connection goes on', async () => {
  const { port } = await start();
  const raw = await new Raw(port).startup();
  const header = Buffer.from('040000010701100000', 'hex');
  raw.socket.write(Buffer.concat([header, Buffer.alloc(17 << 20)]));
  const answer = await raw.next();
  expect(answer?.response).toEqual({
    kind: 'error',
    error: {
      code: 'INVALID',
      message: 'Request is too big: length 17825801 exceeds maximum allowed length 16777216.',
    },
  });
  raw.send({ kind: 'options' });
  expect((await raw.next())?.response.kind).toBe('supported');
});

test('a client that never reads is not read any more; past the limit it is closed', async () => {
  const big = table({ a: NATIVE.blob }, [[Buffer.alloc(100_000)]]);
  const { node, port, server } = await start({ output_pause_bytes: 200_000, output_close_bytes: 50_000_000 });
  node.answers.set('big', big);
  const raw = await new Raw(port).startup();
  raw.socket.pause();
  const asked = 2000;
  for (let i = 0; i < asked; i++) raw.send(query('big'));
  let seen = -1;
  while (seen !== node.requests.length) {
    seen = node.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(node.requests.length).toBeLessThan(asked);
  raw.socket.resume();
  for (let i = 0; i < asked; i++) expect((await raw.next())?.response.kind).toBe('rows');
  expect(node.requests.length).toBe(asked);
  expect(server.connectionCount).toBe(1);
  raw.socket.pause();
  node.hold = true;
  for (let i = 0; i < 1000; i++) raw.send(query('big'));
  while (node.held.length < 1000) await new Promise((resolve) => setImmediate(resolve));
  for (const answer of node.held.splice(0)) answer();
  while (server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('too many bytes in flight: OVERLOADED for those who asked for it, patience for the others', async () => {
  const { node, port } = await start({ native_transport_max_request_data_in_flight_per_ip: 300 });
  node.hold = true;
  const patient = await new Raw(port).startup();
  const eager = await new Raw(port).startup({ THROW_ON_OVERLOAD: '1' });
  const text = 'y'.repeat(180);
  for (let i = 0; i < 4; i++) patient.send(query(text), i);
  while (node.held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  eager.send(query(text));
  expect((await eager.next())?.response).toEqual({
    kind: 'error',
    error: {
      code: 'OVERLOADED',
      message:
        'Request breached limit on bytes in flight. (Endpoint: 392/300 bytes, Global: 392/268435456 bytes.)' +
        'Server is currently in an overloaded state and cannot accept more requests.',
    },
  });
  expect(node.held).toHaveLength(2);
  for (let answered = 0; answered < 4; answered++) {
    while (node.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    node.held.shift()?.();
    expect((await patient.next())?.response).toEqual({ kind: 'void' });
  }
});

test('malformed and hostile bytes never bring the server down', async () => {
  const { port, server } = await start();
  const junk = [
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), Buffer.alloc(1000, 0xff), Buffer.alloc(1000),
    Buffer.from('16030100a5010000a1', 'hex'), Buffer.from('0400000101ffffffff', 'hex'),
    Buffer.from('04000001010000000affff00016100016200', 'hex'),
  ];
  for (const bytes of junk) {
    const raw = new Raw(port);
    raw.socket.end(bytes);
    await raw.closed();
  }
  const good = await new Raw(port).startup();
  good.send(query('x'));
  expect((await good.next())?.response).toEqual({ kind: 'void' });
  expect(server.connectionCount).toBe(1);
});

test('thousands of silent connections cost little', async () => {
  const { port, server } = await start();
  const count = 2000;
  const sockets = Array.from({ length: count }, () => connect({ host: HOST, port }));
  cleanup.push(() => sockets.forEach((socket) => socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  while (server.connectionCount < count) await new Promise((resolve) => setImmediate(resolve));
  const raw = await new Raw(port).startup();
  raw.send(query('x'));
  expect((await raw.next())?.response).toEqual({ kind: 'void' });
});

test('connections over the limit are closed at once', async () => {
  const { port } = await start({ native_transport_max_concurrent_connections_per_ip: 1 });
  await new Raw(port).startup();
  const second = new Raw(port);
  await second.closed();
});

test('idle connections are closed after their timeout', async () => {
  const { port } = await start({ native_transport_idle_timeout: 30 });
  await (await new Raw(port).startup()).closed();
});

describe('addresses that cannot be listened on are values', () => {
  test('in use', async () => {
    const { port } = await start();
    const second = new CqlServer({ node: fakeNode(), address: HOST, port });
    expect(await second.listen()).toEqual({
      ok: false, code: 'EADDRINUSE', address: HOST, port,
      message: `${HOST}:${port} is in use by another program.`,
    });
    expect(second.isListening).toBe(false);
  });
  test('not of this machine', async () => {
    const server = new CqlServer({ node: fakeNode(), address: '203.0.113.1', port: 9042 });
    expect(await server.listen()).toMatchObject({
      ok: false, code: 'EADDRNOTAVAIL', message: '203.0.113.1 is not an address of this machine.',
    });
  });
});

describe('stopping', () => {
  test('drain answers what is being executed and takes no more; listen starts again', async () => {
    const { node, port, server } = await start();
    node.hold = true;
    const raw = await new Raw(port).startup();
    raw.send(query('x'), 5);
    while (node.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const drained = server.drain();
    raw.send(query('late'), 6);
    await expect(connectOnce(port)).rejects.toThrow('ECONNREFUSED');
    node.held.shift()?.();
    expect(await raw.next()).toEqual({ stream: 5, response: { kind: 'void' } });
    await drained;
    expect(await raw.next()).toBe(null);
    expect(node.requests).toHaveLength(1);
    const again = new CqlServer({ node, address: HOST, port });
    expect(await again.listen()).toMatchObject({ ok: true, port });
    again.kill();
  });

  test('kill drops connections and the port at once, and late answers are ignored', async () => {
    const { node, port, server } = await start();
    node.hold = true;
    const raw = await new Raw(port).startup();
    raw.send(query('x'));
    while (node.held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    server.kill();
    await raw.closed();
    expect(raw.received).toHaveLength(0);
    node.held.shift()?.();
    await expect(connectOnce(port)).rejects.toThrow('ECONNREFUSED');
    expect(await server.listen()).toMatchObject({ ok: true });
  });

  test('close lets clients read what was answered', async () => {
    const { node, port, server } = await start();
    node.answers.set('big', table({ a: NATIVE.blob }, [[Buffer.alloc(5_000_000)]]));
    const raw = await new Raw(port).startup();
    raw.send(query('big'));
    while (node.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    server.close();
    expect((await raw.next())?.response.kind).toBe('rows');
    await raw.closed();
  });
});

async function connectOnce(port: number): Promise<void> {
  const socket = connect({ host: HOST, port });
  cleanup.push(() => socket.destroy());
  await once(socket, 'connect');
}
