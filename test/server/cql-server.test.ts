// The CQL edge on real sockets: clients that misbehave, limits, and all ways to stop.

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { NATIVE } from '../../src/data/cql-type.ts';
import { CqlServer } from '../../src/server/cql-server.ts';
import { fakeNode, table } from './fake-node.ts';
import { cleanup, HOST, query, Raw, start } from './harness.ts';

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
  expect(server.clients()).toMatchObject([
    {
      remoteAddress: HOST,
      keyspace: 'ks1',
      driverName: 'raw',
      stage: 'READY',
      requestCount: 1,
    },
  ]);
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
  const { node, port, server } = await start({
    output_pause_bytes: 200_000,
    output_close_bytes: 50_000_000,
  });
  node.answers.set('big', big);
  let pendingMax = 0;
  const original = node.execute;
  node.execute = (request, state, done) => {
    pendingMax = Math.max(pendingMax, server.pendingOutputBytes());
    original(request, state, done);
  };
  const raw = await new Raw(port).startup();
  const asked = 2000;
  for (let i = 0; i < asked; i++) raw.send(query('big'));
  for (let i = 0; i < asked; i++) expect((await raw.next())?.response.kind).toBe('rows');
  expect(pendingMax).toBeLessThan(301_000);
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
    Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    Buffer.alloc(1000, 0xff),
    Buffer.alloc(1000),
    Buffer.from('16030100a5010000a1', 'hex'),
    Buffer.from('0400000101ffffffff', 'hex'),
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

test('a frozen server reads and answers nothing, and goes on where it stood', async () => {
  const { node, port, server } = await start();
  const executed: string[] = [];
  const original = node.execute;
  node.execute = (request, state, done) => {
    executed.push(request.kind);
    original(request, state, done);
  };
  const raw = await new Raw(port).startup();
  server.freeze();
  raw.send({ kind: 'options' }, 1);
  for (let stream = 2; stream < 5_000; stream++) raw.send(query('x'), stream % 30_000);
  const late = new Raw(port);
  await once(late.socket, 'connect');
  // Another server's whole exchange takes longer than anything this one would have done with its bytes.
  const other = await start();
  const witness = await new Raw(other.port).startup();
  for (let n = 0; n < 20; n++) {
    witness.send({ kind: 'options' });
    expect((await witness.next())?.response.kind).toBe('supported');
  }
  expect([executed.length, raw.received.length]).toEqual([0, 0]);
  server.thaw();
  expect((await raw.next())?.response.kind).toBe('supported');
  const streams: number[] = [];
  while (streams.length < 4_998) streams.push((await raw.next())?.stream ?? -1);
  expect(streams).toEqual(Array.from({ length: 4_998 }, (_, at) => at + 2));
  await late.startup();
});

describe('addresses that cannot be listened on are values', () => {
  test('in use', async () => {
    const { port } = await start();
    const second = new CqlServer({ node: fakeNode(), address: HOST, port });
    expect(await second.listen()).toEqual({
      ok: false,
      code: 'EADDRINUSE',
      address: HOST,
      port,
      message: `${HOST}:${port} is in use by another program.`,
    });
    expect(second.isListening).toBe(false);
  });
  test('not of this machine', async () => {
    const server = new CqlServer({ node: fakeNode(), address: '203.0.113.1', port: 9042 });
    expect(await server.listen()).toMatchObject({
      ok: false,
      code: 'EADDRNOTAVAIL',
      message: '203.0.113.1 is not an address of this machine.',
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
