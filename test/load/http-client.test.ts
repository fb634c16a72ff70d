// One request as an SDK sends it: what counts as an answer, what may have run, how failures are
// named so that equal causes add up, and connections that are renewed.

import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { HttpClient } from '../../src/load/http-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(timeoutMs = 2_000): HttpClient {
  const made = new HttpClient(timeoutMs);
  cleanups.push(() => made.close());
  return made;
}

const GET = { method: 'GET', path: '/carts/ada', body: null } as const;

test.each([
  [200, {}, '{"version":3}', { error: null, body: { version: 3 }, mayHaveRun: true }],
  [404, {}, '{"order":null}', { error: null, body: { order: null } }],
  [409, {}, '{"order":"x"}', { error: null, body: { order: 'x' } }],
  [200, {}, 'not JSON', { error: null, body: null }],
  [
    503,
    {},
    '{"error":"too few"}',
    { error: '503 from the application: too few', mayHaveRun: true },
  ],
  [400, {}, '{"error":"bad"}', { error: '400 from the application: bad', mayHaveRun: false }],
  [502, { 'x-starfish-cause': 'refused' }, '<html>', { error: '502 from the balancer: refused' }],
] as const)('%i %j %s', async (status, headers, body, seen) => {
  const origin = await serve((_request, response) => {
    response.writeHead(status, { ...headers, 'x-region': 'east' });
    response.end(body);
  });
  expect(await client().send(origin, GET)).toMatchObject({ status, region: 'east', ...seen });
});

test('a body is sent as JSON and its answer measured', async () => {
  const origin = await serve((request, response) => {
    response.setHeader('x-type', String(request.headers['content-type']));
    request.pipe(response);
  });
  const attempt = await client().send(origin, { method: 'PUT', path: '/', body: '{"a":1}' });
  expect(attempt).toMatchObject({ body: { a: 1 }, bytes: 7, url: origin });
  expect(attempt.ms).toBeGreaterThan(0);
});

test('nobody there: it surely had no effect', async () => {
  const attempt = await client().send('http://127.0.0.1:1', GET);
  expect(attempt).toMatchObject({ status: null, mayHaveRun: false, region: null });
  expect(attempt.error).toMatch(/^ECONNREFUSED/);
});

test('torn or silent: it may have had one', async () => {
  const torn = await serve((request) => request.socket.destroy());
  expect(await client().send(torn, GET)).toMatchObject({ status: null, mayHaveRun: true });
  const silent = await serve(() => undefined);
  const attempt = await client(100).send(silent, GET);
  expect(attempt).toMatchObject({ status: null, mayHaveRun: true });
  expect(attempt.error).toMatch(/^UND_ERR_HEADERS_TIMEOUT/);
});

test('connections are kept', async () => {
  const ports = new Set<number | undefined>();
  const origin = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('{}');
  });
  const kept = client();
  for (let at = 0; at < 5; at++) await kept.send(origin, GET);
  expect(ports.size).toBeLessThanOrEqual(2);
});

test('what is no HTTP is an error like any other', async () => {
  const server = net.createServer((socket) => socket.end('SSH-2.0\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect((await client().send(origin, GET)).error).not.toBeNull();
});
