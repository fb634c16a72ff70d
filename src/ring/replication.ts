// What a keyspace's replication options say: the strategy and its factors. How replicas are picked from a ring is
// replica-table.ts; how options are checked is replication-options.ts. Test: test/ring/replication-options.test.ts.
// Cassandra: locator/ReplicationFactor.java, locator/AbstractReplicationStrategy.java.

import type { KeyspaceMetadata, ReplicationParams } from '../data/schema.ts';

export const STRATEGY_PACKAGE = 'org.apache.cassandra.locator.';
export const SIMPLE_STRATEGY = `${STRATEGY_PACKAGE}SimpleStrategy`;
export const NETWORK_TOPOLOGY_STRATEGY = `${STRATEGY_PACKAGE}NetworkTopologyStrategy`;
export const LOCAL_STRATEGY = `${STRATEGY_PACKAGE}LocalStrategy`;

export const REPLICATION_FACTOR = 'replication_factor';

/** A keyspace's replication, decoded. `total` is what QUORUM and ALL count from, whatever nodes exist. */
export type Replication =
  | { readonly kind: 'local'; readonly total: 1 }
  | { readonly kind: 'simple'; readonly total: number }
  | {
      readonly kind: 'network';
      readonly total: number;
      readonly factors: ReadonlyMap<string, number>;
    };

const LOCAL: Replication = Object.freeze({ kind: 'local', total: 1 });

/** Decoded options by their (immutable) object: a cache, nothing else. */
const decoded = new WeakMap<ReplicationParams, Replication>();

/** Decodes options that replication-options.ts has accepted. */
export function replicationOf(params: ReplicationParams): Replication {
  const known = decoded.get(params);
  if (known !== undefined) return known;
  const replication = decode(params);
  decoded.set(params, replication);
  return replication;
}

/** Whether its data is spread over nodes; under LocalStrategy every node has its own. */
export function isDistributed({ replication }: Pick<KeyspaceMetadata, 'replication'>): boolean {
  return replicationOf(replication).kind !== 'local';
}

/** RF of one datacenter; under SimpleStrategy the whole RF, as Cassandra's local levels count it. */
export function replicationFactorIn(replication: Replication, datacenter: string): number {
  return replication.kind === 'network'
    ? (replication.factors.get(datacenter) ?? 0)
    : replication.total;
}

export function simpleReplication(factor: number): ReplicationParams {
  const options = new Map([[REPLICATION_FACTOR, String(factor)]]);
  return { className: SIMPLE_STRATEGY, options };
}

export function networkReplication(factors: Readonly<Record<string, number>>): ReplicationParams {
  const options = new Map(Object.entries(factors).map(([name, rf]) => [name, String(rf)]));
  return { className: NETWORK_TOPOLOGY_STRATEGY, options };
}

function decode(params: ReplicationParams): Replication {
  if (params.className === NETWORK_TOPOLOGY_STRATEGY) {
    const factors = new Map<string, number>();
    let total = 0;
    for (const [datacenter, text] of params.options) {
      const factor = Number.parseInt(text, 10);
      factors.set(datacenter, factor);
      total += factor;
    }
    return { kind: 'network', total, factors };
  }
  if (params.className === SIMPLE_STRATEGY) {
    return {
      kind: 'simple',
      total: Number.parseInt(params.options.get(REPLICATION_FACTOR) ?? '1', 10),
    };
  }
  return LOCAL;
}
