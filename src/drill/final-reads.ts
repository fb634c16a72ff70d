// Reads every key of the history back at the end, in every region, through that region's own application.

import type { History } from '../load/history.ts';
import { HttpClient } from '../load/http-client.ts';
import type { Stack } from '../stack/stack.ts';
import type { Topology } from '../topology/topology.ts';
import type { FinalState } from './final-checks.ts';

const PARALLEL = 32;

export async function readFinalState(history: History, stack: Stack, topology: Topology): Promise<FinalState> {
  const users = new Set<string>();
  for (const { user } of history.carts) users.add(user);
  const slots = new Set<string>();
  for (const { slot } of history.orders) if (slot !== null) slots.add(slot);
  const client = new HttpClient(10_000);
  const carts = new Map<string, Map<string, number>>();
  const orders = new Map<string, Map<string, string>>();
  try {
    for (const region of Object.keys(topology.regions)) {
      const [address] = stack.balancers.get(region)?.addresses() ?? [];
      if (address === undefined) continue;
      const origin = `http://${address[0]}:${address[1]}`;
      const cartsHere = new Map<string, number>();
      await eachOf([...users], async (user) => {
        const answer = await client.send(origin, { method: 'GET', path: `/carts/${user}`, body: null });
        const version = (answer.body as { version?: number } | null)?.version;
        if (version !== undefined) cartsHere.set(user, version);
      });
      carts.set(region, cartsHere);
      const ordersHere = new Map<string, string>();
      const own = [...slots].filter((slot) => slot.startsWith(`${region}:`));
      await eachOf(own, async (slot) => {
        const path = `/orders/${slot.slice(region.length + 1)}`;
        const answer = await client.send(origin, { method: 'GET', path, body: null });
        const order = (answer.body as { order?: string | null } | null)?.order;
        if (order !== undefined && order !== null) ordersHere.set(slot, order);
      });
      orders.set(region, ordersHere);
    }
  } finally {
    await client.close();
  }
  // A slot belongs to one region: its final state is what that region reads.
  const all = new Map<string, string>();
  for (const here of orders.values()) for (const [slot, order] of here) all.set(slot, order);
  return { carts, orders: new Map([['its own region', all]]) };
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const item = items[next++];
      if (item === undefined) return;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
