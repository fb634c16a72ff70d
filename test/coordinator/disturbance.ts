// Random faults and random clients for a toy cluster: what the swarms of this folder share.

import type { CqlError } from '../../src/data/cql-error.ts';
import type { Random } from '../../src/world/ports.ts';
import type { ToyCluster, ToyNode } from './toy-cluster.ts';

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

/** Crashes, cuts and losses for a while; all healed at the end. */
export function disturb(cluster: ToyCluster, random: Random, untilMs: number): void {
  const { loop, links, nodes } = cluster;
  let rules = 0;
  const next = (): void => {
    if (loop.nowMs() > untilMs) return;
    const name = `fault ${rules++}`;
    const a = pick(random, nodes).address;
    const b = pick(random, nodes).address;
    const kind = random.below(4);
    links.add({
      name,
      matches: (from, to) =>
        kind === 0
          ? from === a || to === a
          : kind === 1
            ? from === a && to === b
            : from === a || to === b,
      effect: kind === 3 ? { kind: 'lose', rate: 0.5 } : { kind: 'cut' },
    });
    loop.after(random.float() * 1_500, () => links.remove(name));
    loop.after(random.float() * 700, next);
  };
  loop.after(100, next);
}

export function heal(cluster: ToyCluster): void {
  for (const rule of cluster.links.activeRules()) cluster.links.remove(rule.name);
}

/** Surely not applied. */
export function isRefused(error: CqlError): boolean {
  return error.code === 'UNAVAILABLE' || error.code === 'OVERLOADED' || error.code === 'INVALID';
}

/** `clients` loops of requests, each waiting for its answer, for `ms` milliseconds. */
export function load(
  cluster: ToyCluster,
  random: Random,
  options: { readonly clients: number; readonly ms: number },
  request: (node: ToyNode, done: () => void) => void,
): void {
  const { loop, nodes } = cluster;
  const end = loop.nowMs() + options.ms;
  for (let client = 0; client < options.clients; client++) {
    const next = (): void => {
      if (loop.nowMs() < end)
        request(pick(random, nodes), () => loop.after(1 + random.below(50), next));
    };
    loop.after(random.below(50), next);
  }
  loop.runFor(options.ms + 30_000);
}
