// The sources of system_views in a running node: its clients, what gossip knows, the hints it keeps, the streams under
// way, its snapshots, its addresses. Reads only, at the moment somebody selects. Test: test/schema/node-views.test.ts.
// Cassandra: db/virtual/GossipInfoTable, PendingHintsTable, StreamingVirtualTable, SnapshotsTable, CQLMetricsTable.

import type { ClientState } from '../../../protocol/client-state.ts';
import { snitchName } from '../../../ring/snitch.ts';
import { PARTITIONER_CLASS } from '../../../ring/token.ts';
import type { Clock, Endpoint } from '../../../world/ports.ts';
import type { ClusterState } from '../../cluster-state.ts';
import type { EndpointState } from '../../gossip/endpoint-state.ts';
import type { GuardrailSettings } from '../../guardrails/guardrail-settings.ts';
import type { Gossiper } from '../../gossip/gossiper.ts';
import type { Hints } from '../../hints/hints.ts';
import type { NodeIdentity } from '../../membership/membership-parts.ts';
import type { NodeConfig } from '../../node-config.ts';
import type { SnapshotEntry } from '../../storage/snapshots.ts';
import type { StreamPlans, StreamPlanState } from '../../stream-plans.ts';
import type { CqlMetrics } from '../query-processor.ts';
import type { GossipedNode, SystemViewSources } from './system-views.ts';
import type { VirtualRow } from './virtual-tables.ts';

export interface ViewedNode {
  readonly self: Endpoint;
  readonly config: NodeConfig;
  /** As they are at the moment; absent: the configuration's. */
  readonly guardrails?: () => GuardrailSettings;
  readonly identity: NodeIdentity;
  readonly clock: Clock;
  readonly clients: () => Iterable<ClientState>;
  readonly gossiper: Pick<Gossiper, 'states'>;
  readonly cluster: Pick<ClusterState, 'info' | 'isAlive'>;
  readonly hints: Pick<Hints, 'pendingHints'>;
  readonly streams: Pick<StreamPlans, 'active' | 'finished'>;
  readonly cqlMetrics: () => CqlMetrics;
  readonly snapshots: () => readonly SnapshotEntry[];
}

export function nodeViewSources(node: ViewedNode): SystemViewSources {
  return {
    config: () => ({ ...node.config, ...node.guardrails?.() }),
    settings: addressSettings(node),
    clients: node.clients,
    gossip: () => [...node.gossiper.states()].map(gossipedNode),
    rows: {
      pending_hints: () => pendingHintRows(node),
      streaming: () => streamRows(node),
      snapshots: () => node.snapshots().map(snapshotRow),
      cql_metrics: () => cqlMetricRows(node.cqlMetrics()),
    },
  };
}

function addressSettings({ self, identity, config }: ViewedNode): Record<string, string | null> {
  const seeds = identity.seeds.map((seed) => {
    const { address, port } = splitEndpoint(seed);
    return port === config.storage_port ? address : `${address}:${port}`;
  });
  return {
    endpoint_snitch: snitchName(identity.snitch),
    listen_address: splitEndpoint(self).address,
    partitioner: PARTITIONER_CLASS,
    rpc_address: identity.nativeAddress,
    'seed_provider.class_name': 'org.apache.cassandra.locator.SimpleSeedProvider',
    'seed_provider.parameters': `{seeds=${seeds.join(',')}}`,
  };
}

function gossipedNode([endpoint, state]: [Endpoint, EndpointState]): GossipedNode {
  const { generation, heartbeat } = state;
  return { ...splitEndpoint(endpoint), generation, heartbeat, states: state.entries() };
}

function cqlMetricRows(metrics: CqlMetrics): VirtualRow[] {
  const { prepared, evicted, preparedExecuted, regularExecuted } = metrics;
  return [
    { name: 'prepared_statements_count', value: prepared },
    { name: 'prepared_statements_evicted', value: evicted },
    { name: 'prepared_statements_executed', value: preparedExecuted },
    // NaN before the first statement, as there.
    {
      name: 'prepared_statements_ratio',
      value: preparedExecuted / (preparedExecuted + regularExecuted),
    },
    { name: 'regular_statements_executed', value: regularExecuted },
  ];
}

function snapshotRow(snapshot: SnapshotEntry): VirtualRow {
  const { tag, keyspace, tableName, createdAtMs, dataBytes } = snapshot;
  return {
    name: tag,
    keyspace_name: keyspace,
    table_name: tableName,
    created_at: createdAtMs,
    ephemeral: false,
    size_on_disk: dataBytes,
    true_size: dataBytes,
  };
}

function pendingHintRows({ hints, cluster }: ViewedNode): VirtualRow[] {
  return hints.pendingHints().map(({ hostId, node, oldestMs, newestMs }) => {
    const info = node === null ? undefined : cluster.info(node);
    return {
      host_id: hostId,
      ...(node === null ? {} : splitEndpoint(node)),
      dc: info?.datacenter ?? 'Unknown',
      rack: info?.rack ?? 'Unknown',
      status: node === null ? 'Unknown' : cluster.isAlive(node) ? 'UP' : 'DOWN',
      files: 1,
      newest: newestMs,
      oldest: oldestMs,
    };
  });
}

function streamRows({ streams, clock }: ViewedNode): VirtualRow[] {
  const startedAt = clock.wallMs() - clock.nowMs();
  return [...streams.active(), ...streams.finished()].map((plan) =>
    streamRow(plan, startedAt, clock.nowMs()),
  );
}

/** `startedAt`: the wall time at which the monotonic clock was zero. */
function streamRow(plan: StreamPlanState, startedAt: number, nowMs: number): VirtualRow {
  const { progress, error, number } = plan;
  const begun = startedAt + plan.startedAtMs;
  const done = progress.rangesTotal === 0 ? 1 : progress.ranges / progress.rangesTotal;
  const status = error === undefined ? 'start' : error === null ? 'success' : 'failure';
  return {
    id: planId(number),
    duration_millis: nowMs - plan.startedAtMs,
    failure_cause: typeof error === 'string' ? error : null,
    follower: false,
    last_updated_at: startedAt + nowMs,
    operation: plan.operation,
    peers: [...new Set(plan.peers.map(({ peer }) => `/${peer}`))],
    progress_percentage: Math.round(done * 100),
    status,
    status_init_timestamp: begun,
    status_start_timestamp: begun,
  };
}

/** A version 1 UUID that only counts: plans have numbers here. */
function planId(number: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-1000-8080-808080808080`;
}

function splitEndpoint(endpoint: Endpoint): { readonly address: string; readonly port: number } {
  const colon = endpoint.lastIndexOf(':');
  return { address: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) };
}
