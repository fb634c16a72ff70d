// The checks at a drill's end, from the clients' history and the replicas' content, each with its
// words.

import { checkConvergence } from '../check/convergence.ts';
import { checkLostCarts, checkLostOrders } from '../check/lost-writes.ts';
import { checkOrders } from '../check/orders.ts';
import { checkStaleReads } from '../check/stale-reads.ts';
import type { Engine } from '../engine/engine.ts';
import type { History } from '../load/history.ts';
import type { DriverConnections } from '../stack/app-instance.ts';
import type { CheckId, CheckResult } from './drill-result.ts';

/**
 * What final reads in each region returned: region -> key -> value. A key that could not be read is
 * absent.
 */
export interface FinalState {
  /** User -> version (0: no cart). */
  readonly carts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Slot -> order (null: free), from the slot's own region. */
  readonly orders: ReadonlyMap<string, string | null>;
}

export interface HistoryCheckOptions {
  /** The application's levels, for the words. */
  readonly levels: { readonly read: string; readonly write: string };
}

const EXAMPLES_MAX = 5;

export function checkLostWrites(history: History, final: FinalState): CheckResult {
  const results = [
    ...[...final.carts].map(([region, carts]) => ({
      where: ` in ${region}`,
      ...checkLostCarts(history.carts, (user) => carts.get(user)),
    })),
    { where: '', ...checkLostOrders(history.orders, (slot) => final.orders.get(slot)) },
  ];
  const lost = results.flatMap(({ where, violations }) =>
    violations.map(
      ({ key, expected, found }) => `${key}${where}: expected ${expected}, found ${found}`,
    ),
  );
  const sum = (pick: (result: (typeof results)[number]) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  const checked = sum((result) => result.checked);
  const unread = sum((result) => result.unread);
  const text = `${lost.length} lost of ${checked} read back in ${final.carts.size} regions`;
  return verdict('lost-writes', 'acknowledged writes lost', {
    problems: lost,
    checked,
    text: unread === 0 ? text : `${text}; ${unread} could not be read back`,
    complete: history.dropped === 0 && unread === 0,
  });
}

/** Read your writes within a region; whatever the levels, which only give the check its words. */
export function checkStale(history: History, { levels }: HistoryCheckOptions): CheckResult {
  const { checked, violations, behindInOtherRegion } = checkStaleReads(history.carts);
  return verdict(
    'stale-reads',
    `stale reads within a region (read ${levels.read}, write ${levels.write})`,
    {
      problems: violations.map(
        (v) =>
          `${v.user} in ${v.region}: read version ${v.read} after ${v.acknowledged} was acknowledged`,
      ),
      checked,
      complete: history.dropped === 0,
      text: `${violations.length} stale of ${checked} reads; ${behindInOtherRegion} behind another region, which is legal`,
    },
  );
}

export function checkConditionalWrites(history: History): CheckResult {
  const orders = checkOrders(history.orders);
  const base = verdict('conditional-writes', 'conditional writes linearizable per key', {
    problems: orders.violations,
    checked: orders.operations,
    complete: history.dropped === 0,
    text: `${orders.operations} operations on ${orders.keys} keys, ${orders.violations.length} keys violated`,
  });
  if (base.verdict !== 'passed' || orders.unknown.length === 0) return base;
  return {
    ...base,
    verdict: 'inconclusive',
    text: `${base.text}; ${orders.unknown.length} keys out of the search budget`,
    examples: orders.unknown.slice(0, EXAMPLES_MAX),
  };
}

/** All replicas of every partition equal. Asked of the replicas themselves. */
export async function checkReplicas(
  engine: Engine,
  keyspace: string,
  tables: readonly string[],
): Promise<CheckResult> {
  const divergent: string[] = [];
  let partitions = 0;
  for (const table of tables) {
    const contents = await engine.contents(keyspace, table);
    const result = checkConvergence(contents, (key) =>
      engine.replicasOf(keyspace, Buffer.from(key, 'latin1')),
    );
    partitions += result.partitions;
    divergent.push(
      ...result.violations.map((v) => `${keyspace}.${table} ${v.key} on ${v.places.join(', ')}`),
    );
  }
  return verdict('convergence', 'all replicas equal at the end', {
    problems: divergent,
    checked: partitions,
    complete: true,
    text: `${partitions} partitions, ${divergent.length} differ`,
  });
}

/**
 * Each instance's driver has connections to every node of its own datacenter and, at the start and
 * at the end, to none of another.
 */
export function checkConnections(
  atStart: readonly DriverConnections[],
  atEnd: readonly DriverConnections[],
  engine: Engine,
): CheckResult {
  const wrong: string[] = [];
  const eachNode = (
    connections: readonly DriverConnections[],
    see: (seen: { instance: string; place: string; own: boolean; count: number }) => void,
  ): void => {
    for (const { instance, hosts } of connections) {
      const region = instance.split('/')[0] ?? '';
      for (const node of engine.nodes) {
        const host = hosts.find(({ address }) => address === `${node.address}:${node.nativePort}`);
        see({
          instance,
          place: node.place,
          own: node.datacenter === region,
          count: host?.connections ?? 0,
        });
      }
    }
  };
  eachNode(atStart, ({ instance, place, own, count }) => {
    if (own && count === 0) wrong.push(`${instance} has no connection to ${place}`);
    if (!own && count > 0)
      wrong.push(`${instance} has ${count} connections to ${place} in another region`);
  });
  eachNode(atEnd, ({ instance, place, own, count }) => {
    if (!own && count > 0)
      wrong.push(`${instance} has ${count} connections to ${place} in another region at the end`);
  });
  return verdict('local-connections', 'drivers connect to their own region only', {
    problems: wrong,
    checked: atStart.length,
    complete: true,
    text: `${atStart.length} instances, ${wrong.length} connections missing or in another region`,
  });
}

interface Judged {
  readonly problems: readonly string[];
  readonly checked: number;
  /** False: something was not looked at, so that no problem found proves nothing. */
  readonly complete: boolean;
  readonly text: string;
}

function verdict(
  id: CheckId,
  name: string,
  { problems, checked, complete, text }: Judged,
): CheckResult {
  return {
    id,
    name,
    text,
    verdict:
      problems.length > 0 ? 'violated' : checked === 0 || !complete ? 'inconclusive' : 'passed',
    examples: problems.slice(0, EXAMPLES_MAX),
  };
}
