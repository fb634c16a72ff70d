// startStack: the shop over HTTP through the accelerator, a region lost and taken over by the
// other, and back.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack } from '../../src/index.ts';
import type { RunningStack, StackEvent } from '../../src/index.ts';
import { freeBlock } from '../free-block.ts';
import { until } from '../until.ts';

let stack: RunningStack;

beforeAll(async () => {
  stack = await startStack({
    addressBlock: await freeBlock(),
    seed: 1,
    topology: {
      regions: { 'us-east-1': { zones: ['a', 'b'] }, 'us-west-2': { zones: ['a'] } },
      cassandra: { gossip_interval: '250ms' },
      balancers: {
        regional: { health: { interval: '200ms', timeout: '150ms' } },
        global: { propagation: '300ms' },
      },
    },
  });
});
afterAll(() => stack?.stop());

async function put(url: string, version: number): Promise<string | null> {
  const body = JSON.stringify({ version, items: 'a book' });
  const response = await fetch(`${url}/carts/ada`, {
    method: 'PUT',
    body,
    headers: { connection: 'close' },
  });
  expect(response.status).toBe(200);
  return response.headers.get('x-region');
}

test('users enter nearest to them, and drivers stay in their region', async () => {
  expect(await put(stack.urlFor('us-east-1') ?? '', 1)).toBe('us-east-1');
  expect(await put(stack.urlFor('us-west-2') ?? '', 2)).toBe('us-west-2');
  expect(stack.urlFor('eu-west-1')).toBeUndefined();
  const cart = await (await fetch(`${stack.globalUrl}/carts/ada`)).json();
  expect(cart).toMatchObject({ version: expect.any(Number) });
  for (const { instance, hosts } of stack.driverConnections) {
    for (const { datacenter, connections } of hosts) {
      if (connections > 0) expect(instance.startsWith(datacenter)).toBe(true);
    }
  }
});

test('a lost region is served by the other after propagation, and serves again when it is back', async () => {
  const events: StackEvent[] = [];
  const stop = stack.onEvent((event) => events.push(event));
  const outage = await stack.fault({ kind: 'outage', at: 'us-west-2' });
  expect(outage.radius).toBe('1 node, 1 instance, 1 balancer node');
  const isTold =
    (kind: StackEvent['kind']): (() => boolean) =>
    () =>
      events.some((event) => event.kind === kind);
  await until(isTold('endpoint-unhealthy'));
  expect(await put(stack.urlFor('us-west-2') ?? '', 3)).toBe('us-east-1');
  await outage.heal();
  await stack.settled();
  expect(events.some(({ kind }) => kind === 'endpoint-healthy')).toBe(true);
  expect(await put(stack.urlFor('us-west-2') ?? '', 4)).toBe('us-west-2');
  stop();
  expect((await stack.cluster.check('lost-writes')).violations).toEqual([]);
});
