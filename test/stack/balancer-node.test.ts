// A balancer node as a real HTTP proxy over sockets: what it passes on, what it answers by itself
// and why.

import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { HttpPlacement } from '../../src/cluster/placement.ts';
import type { BalancerSettings } from '../../src/stack/balancer-node.ts';
import { BalancerNode } from '../../src/stack/balancer-node.ts';
import type { StackEvent } from '../../src/stack/stack-event.ts';
import { freeBlock } from '../free-block.ts';
import { until } from '../until.ts';

const SETTINGS: BalancerSettings = {
  health: {
    path: '/healthz',
    intervalMs: 20,
    timeoutMs: 500,
    unhealthyThreshold: 2,
    healthyThreshold: 2,
  },
  routing: { algorithm: 'round_robin', crossZone: true, slowStartMs: 0 },
  idleTimeoutMs: 2_000,
  connectTimeoutMs: 1_000,
  deregistrationDelayMs: 50,
};

let block = '';
/** A port of its own each time: the client's agent keeps connections. */
let nextPort = 8_081;
const cleanups: (() => void)[] = [];
beforeAll(async () => {
  block = await freeBlock();
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function place(zone: string, port: number): HttpPlacement {
  return { place: `r/${zone}/app-1`, region: 'r', zone, address: '127.0.0.1', port };
}

/** An HTTP target on a port of its own; health checks succeed unless it says otherwise. */
async function target(
  zone: string,
  handler: http.RequestListener,
): Promise<{ at: HttpPlacement; server: http.Server }> {
  const server = http.createServer((request, response) => {
    if (request.url === '/healthz') response.end('ok');
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { at: place(zone, (server.address() as AddressInfo).port), server };
}

async function balancer(
  targets: readonly HttpPlacement[],
  changes: Partial<BalancerSettings> = {},
): Promise<{ node: BalancerNode; url: string; events: StackEvent[] }> {
  const events: StackEvent[] = [];
  const port = nextPort++;
  const at = { place: 'r/a/elb', region: 'r', zone: 'a', address: `${block}.1.101`, port };
  const node = new BalancerNode(at, targets, { ...SETTINGS, ...changes }, (event) =>
    events.push(event),
  );
  await node.start();
  cleanups.push(() => node.kill());
  return { node, url: `http://${at.address}:${port}`, events };
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

function ask(
  url: string,
  options: http.RequestOptions = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** A port whose queue of connections is full, because whoever listens stands still. */
async function portThatAcceptsNobody(): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  cleanups.push(() => void worker.terminate());
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  let connected = 0;
  const filling = Array.from({ length: 8 }, () =>
    net.connect(port, '127.0.0.1', () => connected++).on('error', () => undefined),
  );
  cleanups.push(() => {
    for (const socket of filling) socket.destroy();
  });
  await until(() => connected >= 2);
  return port;
}

describe('what it passes on', () => {
  test('method, path, query, body and answer; each zone in turn', async () => {
    const echo =
      (zone: string): http.RequestListener =>
      (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          response.writeHead(201, { 'x-zone': zone, 'set-cookie': ['a=1', 'b=2'] });
          response.end(`${request.method} ${request.url} ${body}`);
        });
      };
    const targets = [await target('a', echo('a')), await target('b', echo('b'))];
    const { node, url } = await balancer(targets.map(({ at }) => at));
    await until(() => node.targetStates().every(({ state }) => state === 'healthy'));
    const answers = [
      await ask(`${url}/x?y=1`, { method: 'PUT' }, 'hello'),
      await ask(`${url}/x?y=1`, { method: 'PUT' }, 'hello'),
    ];
    expect(answers.map(({ headers }) => headers['x-zone']).toSorted()).toEqual(['a', 'b']);
    expect(answers[0]).toMatchObject({ status: 201, body: 'PUT /x?y=1 hello' });
    expect(answers[0]?.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(node.statuses.get(201)).toBe(2);
  });

  test('client address, protocol, port and trace; nothing that belongs to one connection', async () => {
    let seen: http.IncomingHttpHeaders = {};
    const { at } = await target('a', (request, response) => {
      seen = request.headers;
      response.writeHead(200, { connection: 'close', 'x-own': 'kept' });
      response.end();
    });
    const { url } = await balancer([at]);
    const answer = await ask(url, {
      headers: {
        'x-forwarded-for': '10.0.0.1',
        'proxy-connection': 'x',
        te: 'trailers',
        host: 'shop.example',
        'x-own': 'kept',
      },
    });
    expect(seen).toMatchObject({
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-forwarded-proto': 'http',
      host: 'shop.example',
      'x-own': 'kept',
    });
    expect(seen['x-forwarded-port']).toBe(new URL(url).port);
    expect(seen['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(seen).not.toHaveProperty('proxy-connection');
    expect(seen).not.toHaveProperty('te');
    expect(answer.headers).toMatchObject({ 'x-own': 'kept', 'x-starfish-target': 'r/a/app-1' });
  });

  test('big bodies both ways, also in chunks', async () => {
    const { at } = await target('a', (request, response) => request.pipe(response));
    const { url } = await balancer([at]);
    const body = Buffer.alloc(3_000_000, 'starfish ');
    for (const headers of [{ 'content-length': body.length }, { 'transfer-encoding': 'chunked' }]) {
      const answer = await ask(url, { method: 'POST', headers }, body);
      expect(answer.body.length).toBe(body.length);
      expect(answer.body === body.toString()).toBe(true);
    }
  });

  test('keep-alive: one client connection and one target connection carry many requests', async () => {
    const clients = new Set<number | undefined>();
    let connections = 0;
    const { at, server } = await target('a', (request, response) => {
      clients.add(request.socket.remotePort);
      response.end();
    });
    server.on('connection', () => connections++);
    // No checks but the first: each opens a connection of its own.
    const { url } = await balancer([at], { health: { ...SETTINGS.health, intervalMs: 60_000 } });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let request = 0; request < 5; request++)
      expect((await ask(url, { agent })).status).toBe(200);
    agent.destroy();
    expect(clients.size).toBe(1);
    expect(connections).toBe(2);
  });
});

describe('what it answers by itself', () => {
  test('502: the target refuses the connection', async () => {
    const { at, server } = await target('a', (_request, response) => response.end());
    server.close();
    const { url, events } = await balancer([at]);
    const answer = await ask(url);
    expect(answer).toMatchObject({
      status: 502,
      headers: { server: 'awselb/2.0', 'x-starfish-cause': 'the target refused the connection' },
    });
    expect(answer.body).toContain('<h1>502 Bad Gateway</h1>');
    expect(events).toContainEqual({
      kind: 'balancer-answered',
      by: 'r/a/elb',
      status: 502,
      target: 'r/a/app-1',
      cause: 'the target refused the connection',
    });
  });

  test('502: the target closes with the request outstanding, and is not asked again', async () => {
    let asked = 0;
    const { at } = await target('a', (request) => {
      asked++;
      request.socket.destroy();
    });
    const other = await target('b', (_request, response) => response.end());
    const { node, url } = await balancer([at, other.at], {
      routing: { ...SETTINGS.routing, crossZone: false },
    });
    await until(() => node.hasHealthyTarget('a'));
    const answer = await ask(url);
    expect(answer.headers['x-starfish-cause']).toBe(
      'the target closed the connection with the request outstanding',
    );
    expect([answer.status, asked]).toEqual([502, 1]);
  });

  test('502: what the target says is not HTTP', async () => {
    const server = net.createServer((socket) => socket.end('SSH-2.0\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { url } = await balancer([place('a', (server.address() as AddressInfo).port)]);
    expect((await ask(url)).status).toBe(502);
  });

  test('503: nothing is registered', async () => {
    const { url } = await balancer([]);
    expect(await ask(url)).toMatchObject({
      status: 503,
      headers: { 'x-starfish-cause': 'no registered targets' },
    });
  });

  test('504: connected, but no answer within the idle timeout', async () => {
    const { at } = await target('a', () => undefined);
    const { url } = await balancer([at], { idleTimeoutMs: 60 });
    expect(await ask(url)).toMatchObject({
      status: 504,
      headers: { 'x-starfish-cause': 'the target did not answer within the idle timeout' },
    });
  });

  test('504: no connection within the connect timeout', async () => {
    const port = await portThatAcceptsNobody();
    const { url } = await balancer([place('a', port)], { connectTimeoutMs: 100 });
    expect(await ask(url)).toMatchObject({
      status: 504,
      headers: { 'x-starfish-cause': 'no connection to the target in time' },
    });
  });

  test('460: the client goes away while it waits; the target hears of it', async () => {
    let gone = false;
    let reached = false;
    const { at } = await target('a', (request) => {
      reached = true;
      request.socket.on('close', () => (gone = true));
    });
    const { node, url } = await balancer([at]);
    const request = http.get(url);
    request.on('error', () => undefined);
    await until(() => reached);
    request.destroy();
    await until(() => gone && node.statuses.get(460) === 1);
  });

  test('a target that breaks off in the middle of its answer breaks the client off', async () => {
    const { at } = await target('a', (request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half');
      setImmediate(() => request.socket.destroy());
    });
    const { url } = await balancer([at]);
    await expect(ask(url)).rejects.toThrow(/aborted|ECONNRESET/);
  });

  test.each([
    [405, 'TRACE', {}, '/'],
    [
      463,
      'GET',
      { 'x-forwarded-for': Array.from({ length: 31 }, (_, at) => `10.0.0.${at}`).join(', ') },
      '/',
    ],
    [414, 'GET', {}, `/${'x'.repeat(17_000)}`],
    [400, 'GET', { 'x-large': 'x'.repeat(17_000) }, '/'],
    [
      400,
      'GET',
      Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`x-${at}`, 'x'.repeat(12_000)])),
      '/',
    ],
  ] as const)('%i: %s with what the ALB refuses', async (status, method, headers, path) => {
    let reached = false;
    const { at } = await target('a', (_request, response) => {
      reached = true;
      response.end();
    });
    const { url } = await balancer([at]);
    expect((await ask(`${url}${path}`, { method, headers })).status).toBe(status);
    expect(reached).toBe(false);
  });

  test('400: malformed', async () => {
    const { node, url } = await balancer([]);
    const { hostname, port } = new URL(url);
    const answer = await new Promise<string>((resolve) => {
      const socket = net.connect(Number(port), hostname, () => socket.write('NOT HTTP\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nServer: awselb\/2\.0/);
    expect(node.statuses.get(400)).toBe(1);
  });
});

describe('health and registration', () => {
  test('a target that starts to fail its checks is left out, and comes back', async () => {
    let healthy = true;
    const server = http.createServer((request, response) => {
      response.writeHead(request.url === '/healthz' && !healthy ? 500 : 200);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { node, url, events } = await balancer([
      place('a', (server.address() as AddressInfo).port),
    ]);
    await until(() => node.hasHealthyTarget());
    healthy = false;
    await until(() => !node.hasHealthyTarget());
    expect(node.targetStates()).toEqual([
      { place: 'r/a/app-1', state: 'unhealthy', reason: 'Target.ResponseCodeMismatch' },
    ]);
    // Nobody else is left: fail open, said aloud.
    expect((await ask(url)).status).toBe(200);
    expect(events).toContainEqual({ kind: 'balancer-failed-open', by: 'r/a/elb' });
    healthy = true;
    await until(() => node.hasHealthyTarget());
  });

  test('draining: no new requests; one under way may finish; what is left after the delay is cut with a 502', async () => {
    const waiting: http.ServerResponse[] = [];
    const { at } = await target('a', (_request, response) => void waiting.push(response));
    const other = await target('b', (_request, response) => response.end('b'));
    const { node, url } = await balancer([at, other.at]);
    await until(() => node.targetStates().every(({ state }) => state === 'healthy'));
    const underWay = [ask(url), ask(url), ask(url), ask(url)];
    await until(() => waiting.length === 2);
    node.drain('r/a/app-1');
    waiting[0]?.end('finished');
    for (let round = 0; round < 4; round++) expect((await ask(url)).body).toBe('b');
    const answers = await Promise.all(underWay);
    expect(answers.map(({ status, body }) => (status === 502 ? 'cut' : body)).toSorted()).toEqual([
      'b',
      'b',
      'cut',
      'finished',
    ]);
    expect(answers.find(({ status }) => status === 502)?.headers['x-starfish-cause']).toBe(
      'the deregistration delay ran out under the request',
    );
    expect(node.targetStates()[0]).toMatchObject({ state: 'unused', reason: 'Target.NotInUse' });
  });

  test('a killed node tears its connections; started again it knows nothing of its targets', async () => {
    const { at } = await target('a', () => undefined);
    const { node, url, events } = await balancer([at]);
    await until(() => node.hasHealthyTarget());
    const request = ask(url);
    await until(() => node.requests === 1);
    node.kill();
    await expect(request).rejects.toThrow('ECONNRESET');
    await expect(ask(url)).rejects.toThrow('ECONNREFUSED');
    const started = node.start();
    expect(node.isListening()).toBe(false);
    await started;
    expect(node.targetStates()[0]?.state).toBe('initial');
    await until(() => node.hasHealthyTarget());
    expect(events.map(({ kind }) => kind)).toEqual([
      'balancer-node-started',
      'target-healthy',
      'balancer-node-killed',
      'balancer-node-started',
      'target-healthy',
    ]);
  });
});
