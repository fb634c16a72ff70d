// The rows of system tables (system-rows.json) through the port of a node: system_schema of a keyspace, what one node
// and three say of themselves and of each other, virtual tables.

import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { required } from '../../src/base/assert.ts';
import { codecFor } from '../../src/data/codec/codec.ts';
import { systemRows } from '../schema/system-rows.ts';
import { wireTypeName } from '../wire-type-name.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { startFactNode } from './fact-node.ts';
import { expectRecorded } from './known-differences.ts';
import { showing } from './shown-value.ts';

type Row = Readonly<Record<string, unknown>>;
interface Table {
  readonly columns: readonly (readonly [string, string])[];
  readonly rows: readonly Row[];
}
interface NodeTables {
  readonly local: Table;
  readonly peers: Table;
  readonly peers_v2: Table;
}

const FACTS = systemRows<{
  readonly ddl: readonly string[];
  readonly userKeyspace: Readonly<Record<string, Table>>;
  readonly systemKeyspaces: Table;
  readonly systemTableRow: Table;
  readonly virtualKeyspaces: Table;
  readonly virtualTables: Table;
  readonly virtualColumnsSample: Table;
  readonly oneNode: NodeTables;
  readonly threeNodes: Readonly<Record<string, NodeTables | Table>>;
  readonly views: Readonly<Record<string, Table>>;
}>();

/** bigint as text, blob as 0x hex, timestamp as ms; a NaN of the file is read as null. */
const shown = showing((name, bytes) => {
  switch (name) {
    case 'boolean':
      return bytes[0] === 1;
    case 'int':
      return bytes.readInt32BE(0);
    case 'double':
      return Number.isNaN(bytes.readDoubleBE(0)) ? null : bytes.readDoubleBE(0);
    case 'timestamp':
      return Number(bytes.readBigInt64BE(0));
    case 'blob':
      return `0x${bytes.toString('hex')}`;
    case 'text':
      return bytes.toString();
    default:
      return codecFor({ kind: 'native', name: name as 'inet' }).toText(bytes);
  }
});

async function read(client: FactClient, cql: string): Promise<Table> {
  const { metadata, rows } = await client.rows(cql);
  return {
    columns: metadata.columns.map(({ name, type }) => [name, wireTypeName(type)] as const),
    rows: rows.map((row) =>
      Object.fromEntries(
        metadata.columns.map(({ name, type }, i) => [name, shown(type, row[i] ?? null)]),
      ),
    ),
  };
}

/** Of the day, or of the run: that they are there counts, not what they are. */
const OF_THE_DAY = new Set([
  'id',
  'base_table_id',
  'dropped_time',
  'host_id',
  'schema',
  'gossip_generation',
  'truncated_at',
  'port',
  'request_count',
  'generation',
  'heartbeat',
]);

/** What gossip carries some time after the start only. */
const LATER = new Set(['load', 'load_version']);

function ofAnyDay(name: string, value: unknown, block: string): unknown {
  const isOfTheDay = OF_THE_DAY.has(name) || name.endsWith('_version');
  if (value !== null && isOfTheDay) return typeof value;
  return typeof value === 'string' ? value.replaceAll(block, '127.0') : value;
}

function comparable({ columns, rows }: Table, block = '127.0'): Table {
  return {
    columns,
    rows: rows.map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !LATER.has(name))
          .map(([name, value]) => [name, ofAnyDay(name, value, block)]),
      ),
    ),
  };
}

describe('one node', () => {
  let node: FactNode;
  let client: FactClient;

  beforeAll(async () => {
    node = await startFactNode('plain');
    client = await node.connect();
    await client.setUp(
      ...FACTS.ddl,
      "CREATE KEYSPACE e WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    );
  });
  afterAll(() => node.stop());

  test.each(Object.keys(FACTS.userKeyspace))('system_schema.%s of a keyspace', async (table) => {
    const found = await read(
      client,
      `SELECT * FROM system_schema.${table} WHERE keyspace_name='ds'`,
    );
    expect(comparable(found)).toEqual(comparable(required(FACTS.userKeyspace[table], table)));
  });

  test('system_schema.keyspaces', async () => {
    const { columns, rows } = FACTS.systemKeyspaces;
    const found = await read(client, 'SELECT * FROM system_schema.keyspaces');
    expect(found.columns).toEqual(columns);
    expect(found.rows).toEqual(rows);
  });

  test('the row of system.local in system_schema.tables, with its id', async () => {
    const found = await read(
      client,
      "SELECT * FROM system_schema.tables WHERE keyspace_name='system' AND table_name='local'",
    );
    expect(found).toEqual(FACTS.systemTableRow);
  });

  test.each([
    ['keyspaces', FACTS.virtualKeyspaces],
    ['tables', FACTS.virtualTables],
  ])('system_virtual_schema.%s', async (table, recorded) => {
    expect(await read(client, `SELECT * FROM system_virtual_schema.${table}`)).toEqual(recorded);
  });

  test('system_virtual_schema.columns', async () => {
    const found = await read(
      client,
      "SELECT * FROM system_virtual_schema.columns WHERE keyspace_name='system_views' AND table_name='clients'",
    );
    expect(found).toEqual(FACTS.virtualColumnsSample);
  });

  test.each(['local', 'peers', 'peers_v2'] as const)('system.%s', async (table) => {
    const found = await read(client, `SELECT * FROM system.${table}`);
    expectRows(table, comparable(found, node.block), comparable(FACTS.oneNode[table]));
  });

  test.each(Object.keys(FACTS.views))('system_views.%s', async (view) => {
    await client.setUp('USE ds');
    const found = await read(client, `SELECT * FROM system_views.${view}`);
    const recorded = required(FACTS.views[view], view);
    expectRows(view, comparable(found, node.block), comparable(recorded));
  });

  test('indexes, views and sizes of tables', async () => {
    const built = await read(
      client,
      'SELECT index_name FROM system."IndexInfo" WHERE table_name=\'ds\'',
    );
    expect(built.rows.map((row) => row['index_name'])).toEqual(
      required(FACTS.userKeyspace['indexes'], 'indexes')
        .rows.map((row) => row['index_name'])
        .sort(),
    );
    const views = await read(client, 'SELECT * FROM system.built_views');
    expect(views.rows).toEqual(
      ['mv_all', 'mv_some'].map((name) => ({
        keyspace_name: 'ds',
        view_name: name,
        status_replicated: true,
      })),
    );
    await client.setUp("INSERT INTO ds.simple (k, v) VALUES (1, 'x')");
    const sizes = await read(
      client,
      "SELECT partitions_count FROM system.size_estimates WHERE keyspace_name='ds' AND table_name='simple'",
    );
    expect(sizes.rows).toHaveLength(17);
    expect(sizes.rows.filter((row) => row['partitions_count'] === '1')).toHaveLength(1);
  });

  test('TRUNCATE is remembered in system.local until the table is dropped', async () => {
    await client.setUp('CREATE TABLE e.gone (k int PRIMARY KEY)', 'TRUNCATE e.gone');
    const { rows } = await read(
      client,
      "SELECT id FROM system_schema.tables WHERE keyspace_name='e' AND table_name='gone'",
    );
    const id = String(rows[0]?.['id']);
    const truncations = async (): Promise<Table> =>
      read(client, 'SELECT truncated_at FROM system.local');
    expect(JSON.stringify(await truncations())).toContain(`"${id}":"0x`);
    const snapshots = await read(client, 'SELECT * FROM system_views.snapshots');
    expect(snapshots.rows).toMatchObject([
      { keyspace_name: 'e', table_name: 'gone', ephemeral: false, true_size: '0' },
    ]);
    await client.setUp('DROP TABLE e.gone');
    expect(JSON.stringify(await truncations())).not.toContain(id);
  });
});

function expectRows(table: string, ours: Table, theirs: Table): void {
  expect(ours.columns).toEqual(theirs.columns);
  expectRecorded({
    file: 'system-rows.json',
    row: table,
    ours: differing(ours, theirs),
    recorded: '',
  });
}

/** Settings that the recorded node's cassandra.yaml had otherwise; its tokens stood there in another order. */
const SET_OTHERWISE = new Set([
  'cas_contention_timeout',
  'cas_contention_timeout_in_ms',
  'commitlog_segment_size',
  'commitlog_segment_size_in_mb',
  'commitlog_sync_group_window',
  'commitlog_sync_group_window_in_ms',
  'concurrent_counter_writes',
  'concurrent_reads',
  'concurrent_writes',
  'hints_flush_period',
  'hints_flush_period_in_ms',
  'initial_token',
  'max_mutation_size',
  'max_mutation_size_in_kb',
]);

/** Names of the columns in which rows differ, of settings their own; how many rows there are when that differs. */
function differing(ours: Table, theirs: Table): string {
  if (ours.rows.length !== theirs.rows.length)
    return `${ours.rows.length} rows, there ${theirs.rows.length}`;
  const unequal = ours.rows.flatMap((row, i) =>
    ours.columns
      .map(([column]) => column)
      .filter((column) => !isDeepStrictEqual(row[column], theirs.rows[i]?.[column]))
      .map((column) => (column === 'value' ? String(row['name']) : column)),
  );
  return [...new Set(unequal)].filter((name) => !SET_OTHERWISE.has(name)).join(', ');
}

/** Rows come in the order of their keys' tokens, and the addresses are others here. */
function byPeer(a: Row, b: Row): number {
  return String(a['peer']) < String(b['peer']) ? -1 : 1;
}

describe('three nodes', () => {
  let node: FactNode;

  beforeAll(async () => {
    node = await startFactNode('three');
  });
  afterAll(() => node.stop());

  // The third was not asked.
  const NODES = [1, 2].flatMap((at) =>
    (['local', 'peers', 'peers_v2'] as const).map((table) => ({ at, table })),
  );

  test.each(NODES)('system.$table of node $at', async ({ at, table }) => {
    const client = await node.connect({ node: at });
    const found = await read(client, `SELECT * FROM system.${table}`);
    const recorded = required(FACTS.threeNodes[`127.0.1.${at}`], 'a node') as NodeTables;
    const sorted = { ...found, rows: found.rows.toSorted(byPeer) };
    expectRows(table, comparable(sorted, node.block), comparable(recorded[table]));
    client.close();
  });
});
