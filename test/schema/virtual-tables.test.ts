import { describe, expect, it } from 'vitest';
import { splitCompositeKey } from '../../src/data/partition-key.ts';
import { codecFor } from '../../src/data/codec/codec.ts';
import type { TableMetadata } from '../../src/data/schema.ts';
import { DEFAULT_NODE_CONFIG } from '../../src/node/node-config.ts';
import type { SystemViewSources } from '../../src/node/query/system/system-views.ts';
import { systemViews } from '../../src/node/query/system/system-views.ts';
import { liveRows } from '../../src/node/schema/row-reader.ts';
import { tableCommand } from '../../src/node/schema/stored-rows.ts';
import { VIRTUAL_KEYSPACES } from '../../src/node/schema/system-keyspaces.ts';
import { newClientState } from '../../src/protocol/client-state.ts';
import { decorateKey } from '../../src/ring/token.ts';
import { systemRows } from './system-rows.ts';

type Rows = { readonly rows: readonly Readonly<Record<string, unknown>>[] };
const FIXTURE = systemRows<{
  readonly virtualKeyspaces: Rows;
  readonly virtualTables: Rows;
  readonly virtualColumnsSample: Rows;
  readonly views: { readonly settings: Rows; readonly clients: Rows; readonly gossip_info: Rows };
}>();

function table(keyspace: string, name: string): TableMetadata {
  const found = VIRTUAL_KEYSPACES.find((other) => other.name === keyspace)?.tables.get(name);
  if (found === undefined) throw new Error(`${keyspace}.${name}`);
  return found;
}

/** Rows as texts by column. */
function read(
  sources: SystemViewSources,
  keyspace: string,
  name: string,
): Record<string, string>[] {
  const of = table(keyspace, name);
  const result = systemViews(sources).read(tableCommand(of, 0));
  if (result.kind !== 'data') throw new Error(result.message);
  return result.partitions.flatMap((partition) => {
    const key = splitCompositeKey(partition.key.bytes, of.partitionKey.length);
    return liveRows(partition).map((row) => {
      const found: Record<string, string> = {};
      for (const column of of.columns.values()) {
        const bytes =
          column.kind === 'partition_key'
            ? (key[column.position] ?? null)
            : column.kind === 'clustering'
              ? row.clustering(column.position)
              : row.value(column.name);
        if (bytes === null) continue;
        found[column.name] = codecFor(column.type).toText(bytes).replaceAll("''", "'");
      }
      return found;
    });
  });
}

const SOURCES: SystemViewSources = { config: () => DEFAULT_NODE_CONFIG };

/** The fixture's values as texts, without nulls. */
function texts(rows: Rows['rows']): Record<string, string>[] {
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => [name, String(value)]),
    ),
  );
}

describe('virtual tables', () => {
  it.each(VIRTUAL_KEYSPACES.flatMap(({ tables }) => [...tables.values()]))(
    '$keyspace.$name can be read',
    ({ keyspace, name }) => {
      expect(Array.isArray(read(SOURCES, keyspace, name))).toBe(true);
    },
  );

  it('show clients and gossip', () => {
    const client = newClientState({ id: 1, remoteAddress: '127.0.0.1', remotePort: 52_600 });
    client.stage = 'READY';
    client.keyspace = 'ds';
    client.options = new Map([['CQL_VERSION', '3.0.0']]);
    client.requestCount = 105;
    const sources: SystemViewSources = {
      ...SOURCES,
      clients: () => [client],
      gossip: () => [
        {
          address: '127.0.1.1',
          port: 7000,
          generation: 1,
          heartbeat: 151,
          states: [
            ['DC', { value: 'dc1', version: 12 }],
            ['TOKENS', { value: '', version: 26 }],
          ],
        },
      ],
    };
    const [shown] = read(sources, 'system_views', 'clients');
    expect(Object.keys(shown ?? {}).sort()).toEqual(
      Object.keys(texts(FIXTURE.views.clients.rows)[0] ?? {}).sort(),
    );
    expect(read(sources, 'system_views', 'gossip_info')[0]).toMatchObject({
      dc: 'dc1',
      dc_version: '12',
      tokens_version: '26',
      generation: '1',
    });
  });

  it('lie in the order of their keys, also from page to page', () => {
    const names = read(SOURCES, 'system_views', 'settings').map(({ name }) => name ?? '');
    expect(names).toEqual([...names].sort());
    const all = tableCommand(table('system_views', 'settings'), 0);
    if (all.kind !== 'range') throw new Error('not a range');
    const after = (name: string, startKeyInclusive = false): string[] => {
      const startKey = decorateKey(Buffer.from(name));
      const range = { ...all.range, startKey, startKeyInclusive };
      const result = systemViews(SOURCES).read({ ...all, range });
      if (result.kind !== 'data') throw new Error(result.message);
      return result.partitions.map(({ key }) => key.bytes.toString());
    };
    expect(after('cluster_name')).toEqual(names.filter((name) => name > 'cluster_name'));
    expect(after('cluster_name', true)).toEqual(names.filter((name) => name >= 'cluster_name'));
    expect(after('d')).toEqual(names.filter((name) => name > 'd'));
    expect(after('zzz')).toEqual([]);
  });

  it('refuse to be written', () => {
    expect(systemViews(SOURCES).filtersImplicitly(table('system_views', 'clients'))).toBe(true);
    expect(systemViews(SOURCES).filtersImplicitly(table('system_views', 'system_logs'))).toBe(
      false,
    );
  });
});
