import { describe, expect, it } from 'vitest';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import { EndpointState } from '../../src/node/gossip/endpoint-state.ts';
import type { ViewedNode } from '../../src/node/query/system/node-views.ts';
import { nodeViewSources } from '../../src/node/query/system/node-views.ts';
import { systemViews } from '../../src/node/query/system/system-views.ts';
import { liveRows } from '../../src/node/schema/row-reader.ts';
import { tableCommand } from '../../src/node/schema/stored-rows.ts';
import { VIRTUAL_KEYSPACES } from '../../src/node/schema/system-keyspaces.ts';
import { codecFor } from '../../src/data/codec/codec.ts';
import { required } from '../../src/base/assert.ts';
import { endpoint } from '../../src/world/ports.ts';
import { StepClock } from './schema-world.ts';

const SELF = endpoint('127.0.1.1', 7000);
const PEER = endpoint('127.0.1.2', 7000);
const PEER_ID = 'd7ef2810-e5ff-4ac2-86cc-58f8ef004371';

function state(): EndpointState {
  const made = new EndpointState(5, 77, 0);
  made.put('DC', { value: 'dc1', version: 12 });
  made.put('TOKENS', { value: 'bytes', version: 3 });
  return made;
}

const NODE: ViewedNode = {
  self: SELF,
  config: DEFAULT_NODE_CONFIG,
  identity: {
    datacenter: 'dc1',
    rack: 'rack1',
    releaseVersion: '5.0.9',
    nativeAddress: '127.0.1.1',
    nativePort: 9042,
    seeds: [SELF, endpoint('127.0.1.9', 7999)],
    replaceAddress: null,
    snitch: 'topology',
  },
  clock: new StepClock(),
  clients: () => [],
  gossiper: { states: () => new Map([[SELF, state()]]).entries() },
  cluster: {
    isAlive: () => false,
    info: (node) => ({
      endpoint: node,
      hostId: PEER_ID,
      datacenter: 'dc1',
      rack: 'rack2',
      status: 'normal',
    }),
  },
  hints: {
    pendingHints: () => [
      { hostId: PEER_ID, node: PEER, count: 3, bytes: 99, oldestMs: 1_000, newestMs: 2_000 },
    ],
  },
  streams: {
    active: () => [
      {
        number: 1,
        operation: 'Bootstrap',
        peers: [{ peer: PEER, direction: 'fetch', keyspace: 'ks', ranges: 4 }],
        startedAtMs: 1_700_000_000_000,
        progress: { ranges: 1, rangesTotal: 4, rows: 10 },
        error: undefined,
      },
    ],
    finished: () => [],
  },
  cqlMetrics: () => ({ prepared: 7, evicted: 1, preparedExecuted: 3, regularExecuted: 1 }),
  snapshots: () => [],
};

function read(name: string): Record<string, string>[] {
  const keyspace = VIRTUAL_KEYSPACES.find((other) => other.name === 'system_views');
  const table = required(keyspace?.tables.get(name), name);
  const result = systemViews(nodeViewSources(NODE)).read(tableCommand(table, 0));
  if (result.kind !== 'data') throw new Error(result.message);
  return result.partitions.flatMap((partition) =>
    liveRows(partition).map((row) => {
      const cells = [...table.columns.values()].flatMap((column) => {
        if (column.kind === 'clustering') return [];
        const isKey = column.kind === 'partition_key' && table.partitionKey.length === 1;
        const bytes = isKey ? partition.key.bytes : row.value(column.name);
        return bytes === null ? [] : [[column.name, codecFor(column.type).toText(bytes)]];
      });
      return Object.fromEntries(cells) as Record<string, string>;
    }),
  );
}

describe('system_views of a node', () => {
  it('gossip_info', () => {
    expect(read('gossip_info')).toMatchObject([
      { generation: '5', heartbeat: '77', dc: 'dc1', dc_version: '12', tokens_version: '3' },
    ]);
  });

  it('pending_hints', () => {
    expect(read('pending_hints')).toMatchObject([
      { host_id: PEER_ID, dc: 'dc1', rack: 'rack2', status: 'DOWN', port: '7000' },
    ]);
  });

  it('streaming', () => {
    expect(read('streaming')).toMatchObject([
      { operation: 'Bootstrap', status: 'start', progress_percentage: '25.0', follower: 'false' },
    ]);
  });

  it('settings and cql_metrics', () => {
    const settings = new Map(read('settings').map((row) => [row['name'], row['value']]));
    expect(settings.get('endpoint_snitch')).toBe('GossipingPropertyFileSnitch');
    expect(settings.get('seed_provider.parameters')).toBe('{seeds=127.0.1.1,127.0.1.9:7999}');
    expect(read('cql_metrics')).toEqual([
      { name: 'prepared_statements_count', value: '7.0' },
      { name: 'prepared_statements_evicted', value: '1.0' },
      { name: 'prepared_statements_executed', value: '3.0' },
      { name: 'prepared_statements_ratio', value: '0.75' },
      { name: 'regular_statements_executed', value: '1.0' },
    ]);
  });
});
