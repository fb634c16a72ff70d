// The checks at a drill's end, from the clients' history and the replicas' content, each with its words.

import { checkConvergence } from '../check/convergence.ts';
import { checkLostCarts, checkLostOrders } from '../check/lost-writes.ts';
import { checkOrders } from '../check/orders.ts';
import { checkStaleReads } from '../check/stale-reads.ts';
import type { Engine } from '../engine/engine.ts';
import type { History } from '../load/history.ts';
import type { DriverConnections } from '../stack/app-instance.ts';
import type { CheckResult } from './drill-result.ts';

export interface FinalState {
  /** Versions and orders as final reads at LOCAL_QUORUM in each region returned them: region -> key -> value. */
  readonly carts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly orders: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const EXAMPLES_MAX = 5;

export function checkHistory(history: History, final: FinalState): readonly CheckResult[] {
  const complete = history.dropped === 0;
  const results: CheckResult[] = [];
  let checked = 0;
  const lost: string[] = [];
  for (const [region, carts] of final.carts) {
    const result = checkLostCarts(history.carts, (user) => carts.get(user));
    checked += result.checked;
    lost.push(...result.violations.map((v) => `${v.key} in ${region}: expected ${v.expected}, found ${v.found}`));
  }
  for (const [region, orders] of final.orders) {
    const result = checkLostOrders(history.orders, (slot) => orders.get(slot));
    checked += result.checked;
    lost.push(...result.violations.map((v) => `${v.key} in ${region}: expected ${v.expected}, found ${v.found}`));
  }
  results.push(verdict('acknowledged writes lost', lost, checked, complete, `${lost.length} lost, ${checked} read back in ${final.carts.size} regions`));

  const stale = checkStaleReads(history.carts);
  results.push(verdict(
    'stale reads at LOCAL_QUORUM within a region',
    stale.violations.map((v) => `${v.user} in ${v.region}: read version ${v.read} after ${v.acknowledged} was acknowledged`),
    stale.checked, complete,
    `${stale.violations.length} stale of ${stale.checked} reads; ${stale.behindInOtherRegion} behind in another region, which is legal`,
  ));

  const orders = checkOrders(history.orders);
  const base = verdict('conditional writes linearizable per key', orders.violations, orders.operations, complete,
    `${orders.operations} operations on ${orders.keys} keys, ${orders.violations.length} keys violated`);
  results.push(base.verdict === 'passed' && orders.unknown.length > 0
    ? { ...base, verdict: 'inconclusive', text: `${base.text}; ${orders.unknown.length} keys out of the search budget`, examples: orders.unknown.slice(0, EXAMPLES_MAX) }
    : base);
  return results;
}

/** All replicas of every partition equal. Asked of the replicas themselves. */
export async function checkReplicas(engine: Engine, keyspace: string, tables: readonly string[]): Promise<CheckResult> {
  const divergent: string[] = [];
  let partitions = 0;
  for (const table of tables) {
    const contents = await engine.contents(keyspace, table);
    const result = checkConvergence(contents, (key) => engine.replicasOf(keyspace, Buffer.from(key, 'latin1')));
    partitions += result.partitions;
    divergent.push(...result.violations.map((v) => `${keyspace}.${table} ${v.key} on ${v.places.join(', ')}`));
  }
  return verdict('replicas equal after repair', divergent, partitions, true, `${partitions} partitions, ${divergent.length} differ`);
}

/** Each instance's driver has connections to every node of its own datacenter and to none of another. */
export function checkConnections(connections: readonly DriverConnections[], engine: Engine): CheckResult {
  const wrong: string[] = [];
  for (const { instance, hosts } of connections) {
    const region = instance.split('/')[0] ?? '';
    for (const node of engine.nodes) {
      const own = node.datacenter === region;
      const host = hosts.find(({ address }) => address === `${node.address}:${node.nativePort}`);
      const count = host?.connections ?? 0;
      if (own && count === 0) wrong.push(`${instance} has no connection to ${node.place}`);
      if (!own && count > 0) wrong.push(`${instance} has ${count} connections to ${node.place} in another region`);
    }
  }
  return verdict('drivers connect to their own region only', wrong, connections.length, true,
    `${connections.length} instances, ${wrong.length} connections missing or in another region`);
}

function verdict(name: string, problems: readonly string[], checked: number, complete: boolean, text: string): CheckResult {
  const state = problems.length > 0 ? 'violated' : checked === 0 || !complete ? 'inconclusive' : 'passed';
  return {
    name, verdict: state,
    text: complete ? text : `${text}; the history was full, later operations were not kept`,
    examples: problems.slice(0, EXAMPLES_MAX),
  };
}
