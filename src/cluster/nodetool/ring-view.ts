// The ring as one node sees it, for the verbs that print it: every node with tokens or about to have some, with state,
// load and ownership.

import { compareEndpoints } from '../../node/membership/cluster-metadata.ts';
import type { CassandraNode } from '../../node/node.ts';
import type { Token } from '../../ring/token.ts';
import { compareTokens } from '../../ring/token.ts';
import { isDistributed } from '../../ring/replication.ts';
import type { Endpoint } from '../../world/ports.ts';
import { sizeText } from './text.ts';
import { NodetoolFailure } from './verb.ts';

export interface RingNode {
  readonly endpoint: Endpoint;
  readonly datacenter: string;
  readonly rack: string;
  readonly hostId: string;
  readonly tokens: readonly Token[];
  /** U, D. */
  readonly status: 'U' | 'D';
  /** N, J, L, M. */
  readonly state: 'N' | 'J' | 'L' | 'M';
  /** As printed; `?` until gossip brings it. */
  readonly load: string;
}

/** By datacenter in alphabetical order, then by address. */
export function ringNodes(node: CassandraNode): ReadonlyMap<string, readonly RingNode[]> {
  const { membership } = node;
  const { metadata, cluster } = membership;
  const found = [...cluster.nodes.values()].map(
    ({ endpoint, datacenter, rack, hostId, status }): RingNode => {
      const tokens = metadata.isMember(endpoint)
        ? metadata.tokensOf(endpoint)
        : (metadata.joiners().get(endpoint) ?? []);
      return {
        endpoint,
        datacenter,
        rack,
        hostId,
        tokens: [...tokens].sort(compareTokens),
        status: membership.isAlive(endpoint) ? 'U' : 'D',
        state: STATES[status],
        load: loadText(node, endpoint),
      };
    },
  );
  found.sort((a, b) =>
    a.datacenter < b.datacenter
      ? -1
      : a.datacenter > b.datacenter
        ? 1
        : compareEndpoints(a.endpoint, b.endpoint),
  );
  const byDatacenter = new Map<string, RingNode[]>();
  for (const one of found)
    byDatacenter.set(one.datacenter, [...(byDatacenter.get(one.datacenter) ?? []), one]);
  return byDatacenter;
}

const STATES = {
  joining: 'J',
  replacing: 'J',
  leaving: 'L',
  moving: 'M',
  normal: 'N',
  left: 'N',
} as const;

/** This node's data as it is, the others' as they gossip it once a minute. */
function loadText(node: CassandraNode, endpoint: Endpoint): string {
  if (endpoint === node.self) return sizeText(node.storage.dataBytes);
  const load = Number(node.membership.gossiper.state(endpoint)?.get('LOAD'));
  return Number.isNaN(load) ? '?' : sizeText(load);
}

export interface Ownership {
  readonly isEffective: boolean;
  readonly shares: ReadonlyMap<Endpoint, number>;
  /** Why it is not effective. */
  readonly note: string | null;
}

const DIFFERENT_SETTINGS =
  "Non-system keyspaces don't have the same replication settings, effective ownership information is meaningless";
const SYSTEM_KEYSPACES: ReadonlySet<string> = new Set([
  'system',
  'system_schema',
  'system_auth',
  'system_distributed',
  'system_traces',
  'system_views',
  'system_virtual_schema',
]);

/** Of a keyspace; null: of all, when they are replicated alike. Cassandra: StorageService.effectiveOwnership. */
export function ownership(node: CassandraNode, name: string | null): Ownership {
  const { ring } = node.membership.cluster;
  const { keyspaces } = node.schema.current;
  const primary = (note: string): Ownership => ({
    isEffective: false,
    shares: ring.primaryOwnership(),
    note,
  });
  const users = [...keyspaces.values()].filter(
    (keyspace) => keyspace.kind === 'regular' && !SYSTEM_KEYSPACES.has(keyspace.name),
  );
  if (name === null && new Set(users.map(({ replication }) => settingsText(replication))).size > 1)
    return primary(DIFFERENT_SETTINGS);
  const keyspace =
    name === null ? (users[0] ?? keyspaces.get('system_traces')) : keyspaces.get(name);
  if (keyspace === undefined)
    throw new NodetoolFailure(`\nError: The keyspace ${name ?? ''}, does not exist`, 1);
  if (!isDistributed(keyspace)) {
    return primary('Ownership values for keyspaces with LocalStrategy are meaningless');
  }
  return {
    isEffective: true,
    shares: ring.replicas(keyspace.replication).effectiveOwnership(),
    note: null,
  };
}

function settingsText({
  className,
  options,
}: {
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
}): string {
  return JSON.stringify([className, [...options].sort()]);
}
