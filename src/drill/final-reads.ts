// Reads every key of the history back at the end, in every region, through that region's own
// application.

import type { History } from '../load/history.ts';
import { HttpClient } from '../load/http-client.ts';
import type { Stack } from '../stack/stack.ts';
import type { Topology } from '../topology/topology.ts';
import type { FinalState } from './final-checks.ts';

const PARALLEL = 32;
/** A key is asked for this often before it counts as unreadable. */
const ATTEMPTS = 3;

export async function readFinalState(
  history: History,
  stack: Stack,
  topology: Topology,
): Promise<FinalState> {
  const users = new Set<string>();
  for (const { user } of history.carts) users.add(user);
  const slots = new Set<string>();
  for (const { slot } of history.orders) if (slot !== null) slots.add(slot);
  const client = new HttpClient(10_000);
  const carts = new Map<string, Map<string, number>>();
  const orders = new Map<string, string | null>();
  const read = async (region: string, path: string): Promise<unknown> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const addresses = stack.balancers.get(region)?.addresses() ?? [];
      const address = addresses[attempt % Math.max(1, addresses.length)];
      if (address === undefined) return null;
      const { error, body } = await client.send(`http://${address[0]}:${address[1]}`, {
        method: 'GET',
        path,
        body: null,
      });
      if (error === null) return body;
    }
    return null;
  };
  try {
    for (const region of Object.keys(topology.regions)) {
      const cartsHere = new Map<string, number>();
      await eachOf([...users], async (user) => {
        const cart = (await read(region, `/carts/${user}`)) as { version: number } | null;
        if (cart !== null) cartsHere.set(user, cart.version);
      });
      carts.set(region, cartsHere);
      // A slot belongs to one region: its final state is what that region reads.
      const own = [...slots].filter((slot) => slot.startsWith(`${region}:`));
      await eachOf(own, async (slot) => {
        const answer = (await read(region, `/orders/${slot.slice(region.length + 1)}`)) as {
          order: string | null;
        } | null;
        if (answer !== null) orders.set(slot, answer.order);
      });
    }
  } finally {
    await client.close();
  }
  return { carts, orders };
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
