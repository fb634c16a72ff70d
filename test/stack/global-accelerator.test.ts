// The accelerator over real TCP: steering by health after propagation, connections that stay, fail
// open.

import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { GlobalAccelerator } from '../../src/stack/global-accelerator.ts';
import type { StackEvent } from '../../src/stack/stack-event.ts';
import { freeBlock } from '../free-block.ts';
import { until } from '../until.ts';

let block = '';
const cleanups: (() => void)[] = [];
beforeAll(async () => {
  block = await freeBlock();
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Region {
  readonly name: string;
  readonly port: number;
  healthy: boolean;
}

/** A "balancer" that greets with its name and echoes. */
async function region(name: string): Promise<Region> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${name};`);
    socket.pipe(socket);
    cleanups.push(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return { name, port: (server.address() as AddressInfo).port, healthy: true };
}

async function accelerator(
  regions: readonly Region[],
  dials: Record<string, number> = {},
): Promise<{
  front: (population: string) => net.NetConnectOpts;
  events: StackEvent[];
  accelerator: GlobalAccelerator;
}> {
  const events: StackEvent[] = [];
  const edges = regions.map(({ name }, at) => ({
    population: name,
    address: `${block}.0.${111 + at}`,
    port: 8_080,
  }));
  const running = new GlobalAccelerator(
    {
      edges,
      endpoints: regions.map((one) => ({
        region: one.name,
        dial: dials[one.name] ?? 1,
        addresses: () => [['127.0.0.1', one.port]],
        isHealthy: () => one.healthy,
      })),
      nearest: (population) =>
        regions
          .map(({ name }) => name)
          .sort((a, b) => Number(b === population) - Number(a === population)),
      shares: new Map(regions.map(({ name }) => [name, 1 / regions.length])),
      propagationMs: 100,
      connectTimeoutMs: 1_000,
    },
    (event) => events.push(event),
  );
  await running.start();
  cleanups.push(() => running.stop());
  return {
    events,
    accelerator: running,
    front: (population) => {
      const edge = edges.find((one) => one.population === population);
      return { host: edge?.address ?? '', port: edge?.port ?? 0 };
    },
  };
}

interface Client {
  readonly socket: net.Socket;
  text: string;
  closed: boolean;
}

function connect(to: net.NetConnectOpts): Client {
  const client: Client = { socket: net.connect(to), text: '', closed: false };
  client.socket.on('data', (chunk) => (client.text += chunk.toString()));
  client.socket.on('close', () => (client.closed = true));
  client.socket.on('error', () => undefined);
  cleanups.push(() => client.socket.destroy());
  return client;
}

async function servedBy(to: net.NetConnectOpts): Promise<string> {
  const client = connect(to);
  await until(() => client.text.includes(';') || client.closed);
  client.socket.destroy();
  return client.closed && client.text === '' ? 'torn' : (client.text.split(';')[0] ?? '');
}

test('each population enters its nearest region, and bytes pass both ways', async () => {
  const regions = [await region('east'), await region('west')];
  const { front, accelerator: running } = await accelerator(regions);
  expect(await servedBy(front('east'))).toBe('east');
  expect(await servedBy(front('west'))).toBe('west');
  const client = connect(front('west'));
  client.socket.write('ping');
  await until(() => client.text === 'west;ping');
  expect(running.connections).toEqual(
    new Map([
      ['east', 1],
      ['west', 2],
    ]),
  );
});

test('an unhealthy region is left after propagation; connections that stand are not moved; it comes back', async () => {
  const [east, west] = [await region('east'), await region('west')];
  const { front, events } = await accelerator([east, west]);
  const standing = connect(front('east'));
  await until(() => standing.text === 'east;');
  east.healthy = false;
  const since = performance.now();
  expect(await servedBy(front('east'))).toBe('east');
  await until(() => events.some(({ kind }) => kind === 'endpoint-unhealthy'));
  expect(performance.now() - since).toBeGreaterThanOrEqual(99);
  expect(await servedBy(front('east'))).toBe('west');
  standing.socket.write('still here');
  await until(() => standing.text === 'east;still here');
  east.healthy = true;
  await until(() => events.some(({ kind }) => kind === 'endpoint-healthy'));
  expect(await servedBy(front('east'))).toBe('east');
});

test('a wink shorter than the propagation changes nothing', async () => {
  const [east, west] = [await region('east'), await region('west')];
  const { front, events } = await accelerator([east, west]);
  east.healthy = false;
  await servedBy(front('east'));
  east.healthy = true;
  expect(await servedBy(front('east'))).toBe('east');
  expect(events).toEqual([]);
});

test('all unhealthy: fail open to the nearest, said aloud', async () => {
  const regions = [await region('east'), await region('west')];
  const { front, events } = await accelerator(regions);
  for (const one of regions) one.healthy = false;
  await until(() => events.filter(({ kind }) => kind === 'endpoint-unhealthy').length === 2);
  expect(await servedBy(front('west'))).toBe('west');
  expect(events).toContainEqual({ kind: 'accelerator-failed-open' });
});

test('a dial of 0 sends the near ones away; failover ignores it', async () => {
  const [east, west] = [await region('east'), await region('west')];
  const { front, events } = await accelerator([east, west], { east: 0 });
  expect(await servedBy(front('east'))).toBe('west');
  west.healthy = false;
  await until(() => events.some(({ kind }) => kind === 'endpoint-unhealthy'));
  expect(await servedBy(front('west'))).toBe('east');
});

test('a balancer that refuses tears the connection, with the cause told', async () => {
  const { front, events } = await accelerator([{ name: 'east', port: 1, healthy: true }]);
  expect(await servedBy(front('east'))).toBe('torn');
  expect(events).toEqual([
    { kind: 'accelerator-dropped', region: 'east', cause: expect.stringContaining('ECONNREFUSED') },
  ]);
});
