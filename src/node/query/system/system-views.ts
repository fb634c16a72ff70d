// system_views: what a node tells of itself in tables. Each table asks a source when it is read; tables whose source
// the node does not give are there and empty. Test: test/schema/virtual-tables.test.ts.
// Cassandra: db/virtual/SystemViewsKeyspace and the tables beside it.

import { required } from '../../../base/assert.ts';
import type { ClientState } from '../../../protocol/client-state.ts';
import type { NodeConfig } from '../../node-config.ts';
import { VIRTUAL_KEYSPACES } from '../../schema/system-keyspaces.ts';
import { schemaViews } from './schema-views.ts';
import { settingRows } from './settings-view.ts';
import type { VirtualRow, VirtualTable } from './virtual-tables.ts';
import { VirtualTableRegistry } from './virtual-tables.ts';

/** What gossip knows of a node. */
export interface GossipedNode {
  readonly address: string;
  readonly port: number;
  readonly generation: number;
  readonly heartbeat: number;
  /** Application state (`DC`, `STATUS_WITH_PORT` ...) -> value and version. */
  readonly states: Iterable<
    readonly [string, { readonly value: string; readonly version: number }]
  >;
}

export interface PoolState {
  readonly active?: number;
  readonly limit?: number;
  readonly pending?: number;
  readonly completed?: number;
}

/** Where the rows come from. Absent: the table is empty (or shows an idle node). */
export interface SystemViewSources {
  readonly config: () => NodeConfig;
  /** Settings that are not in the configuration: addresses, snitch, partitioner. */
  readonly settings?: Readonly<Record<string, string | null>>;
  readonly clients?: () => Iterable<ClientState>;
  readonly gossip?: () => Iterable<GossipedNode>;
  /** By stage (`MutationStage`, `ReadStage` ...). */
  readonly threadPools?: () => ReadonlyMap<string, PoolState>;
  /** Rows of any other table of system_views, by its name; columns by theirs. */
  readonly rows?: Readonly<Record<string, () => Iterable<VirtualRow>>>;
}

/** Every virtual table of a node. */
export function systemViews(sources: SystemViewSources): VirtualTableRegistry {
  const keyspace = required(
    VIRTUAL_KEYSPACES.find(({ name }) => name === 'system_views'),
    'system_views',
  );
  const views = [...keyspace.tables.values()].map((table): VirtualTable => {
    const rows = sources.rows?.[table.name] ?? builtInRows(table.name, sources);
    return { table, rows, filtersImplicitly: table.name !== 'system_logs' };
  });
  return new VirtualTableRegistry([...views, ...schemaViews()]);
}

function builtInRows(name: string, sources: SystemViewSources): () => Iterable<VirtualRow> {
  switch (name) {
    case 'settings':
      return () => settingRows(sources.config(), sources.settings ?? {});
    case 'clients':
      return () => [...(sources.clients?.() ?? [])].map(clientRow);
    case 'gossip_info':
      return () => [...(sources.gossip?.() ?? [])].map(gossipRow);
    case 'thread_pools':
      return () => poolRows(sources.threadPools?.() ?? new Map());
    case 'caches':
      return () => CACHES.map(cacheRow);
    default:
      return () => [];
  }
}

const STAGES: Readonly<Record<ClientState['stage'], string>> = {
  ESTABLISHED: 'established',
  AUTHENTICATING: 'authenticating',
  READY: 'ready',
};

function clientRow(client: ClientState): VirtualRow {
  return {
    address: client.remoteAddress,
    port: client.remotePort,
    client_options: client.options,
    connection_stage: STAGES[client.stage],
    driver_name: client.driverName,
    driver_version: client.driverVersion,
    hostname: client.remoteAddress,
    keyspace_name: client.keyspace,
    protocol_version: client.protocolVersion,
    request_count: client.requestCount,
    ssl_enabled: false,
    username: client.user ?? 'anonymous',
  };
}

function gossipRow(node: GossipedNode): VirtualRow {
  const row: Record<string, VirtualRow[string]> = {
    address: node.address,
    port: node.port,
    hostname: node.address,
    generation: node.generation,
    heartbeat: node.heartbeat,
  };
  for (const [state, { value, version }] of node.states) {
    const column = state.toLowerCase();
    row[`${column}_version`] = version;
    if (column !== 'tokens') row[column] = value;
  }
  return row;
}

const POOLS: readonly (readonly [name: string, limit: number])[] = [
  ['CacheCleanupExecutor', 1],
  ['CompactionExecutor', 1],
  ['GossipStage', 1],
  ['HintsDispatcher', 2],
  ['MemtableFlushWriter', 2],
  ['MemtablePostFlush', 1],
  ['MemtableReclaimMemory', 1],
  ['MigrationStage', 1],
  ['MutationStage', 32],
  ['Native-Transport-Auth-Requests', 4],
  ['Native-Transport-Requests', 128],
  ['PendingRangeCalculator', 1],
  ['ReadStage', 32],
  ['Sampler', 1],
  ['SecondaryIndexManagement', 1],
  ['ValidationExecutor', 1],
  ['ViewBuildExecutor', 1],
];

function poolRows(states: ReadonlyMap<string, PoolState>): VirtualRow[] {
  const known = new Map(POOLS);
  const names = new Set([...known.keys(), ...states.keys()]);
  return [...names].map((name) => {
    const state = states.get(name) ?? {};
    return {
      name,
      active_tasks: state.active ?? 0,
      active_tasks_limit: state.limit ?? known.get(name) ?? 1,
      blocked_tasks: 0,
      blocked_tasks_all_time: 0,
      completed_tasks: state.completed ?? 0,
      pending_tasks: state.pending ?? 0,
    };
  });
}

/** Everything is in memory: the caches of SSTables are there in name. */
const CACHES = ['counters', 'keys', 'rows'];

function cacheRow(name: string): VirtualRow {
  return {
    name,
    capacity_bytes: 0,
    entry_count: 0,
    hit_count: 0,
    hit_ratio: Number.NaN,
    recent_hit_rate_per_second: 0,
    recent_request_rate_per_second: 0,
    request_count: 0,
    size_bytes: 0,
  };
}
