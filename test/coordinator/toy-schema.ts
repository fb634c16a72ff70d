// Keyspaces, tables and values for the tests of coordination.

import { required } from '../../src/base/assert.ts';
import { isTombstone } from '../../src/data/deletion.ts';
import { NATIVE } from '../../src/data/cql-type.ts';
import { isComplexData, LIVE, NO_LIVENESS } from '../../src/data/partition.ts';
import type { DecoratedKey, Mutation, PartitionData, Row } from '../../src/data/partition.ts';
import {
  liveCell,
  livenessOf,
  singleRowPartition,
  tombstoneCell,
} from '../../src/data/partition-builder.ts';
import { FULL_SLICE } from '../../src/data/clustering-order.ts';
import type { PartitionRangeRead, SinglePartitionRead } from '../../src/data/read-command.ts';
import type {
  ColumnMetadata,
  KeyspaceMetadata,
  Schema,
  TableMetadata,
  TableParams,
} from '../../src/data/schema.ts';
import { decorateKey } from '../../src/ring/token.ts';
import { buildTable, DEFAULT_TABLE_PARAMS } from '../../src/node/schema/table-builder.ts';
import { WHOLE_RING } from '../../src/node/storage/table-store.ts';
import { int } from '../int-bytes.ts';

export const KEYSPACE = 'ks';

/** CREATE TABLE ks.t (k text, c int, v text, PRIMARY KEY (k, c)) */
export function toyTable(params: Partial<TableParams> = {}, name = 't'): TableMetadata {
  return buildTable({
    id:
      name === 't'
        ? '00000000-0000-1000-8000-00000000000a'
        : '00000000-0000-1000-8000-00000000000b',
    keyspace: KEYSPACE,
    name,
    partitionKey: [{ name: 'k', type: NATIVE.text }],
    clustering: name === 't' ? [{ name: 'c', type: NATIVE.int }] : [],
    regulars: [
      { name: name === 't' ? 'v' : 'n', type: name === 't' ? NATIVE.text : NATIVE.counter },
    ],
    isCounter: name !== 't',
    params: { ...DEFAULT_TABLE_PARAMS, ...params },
  } as Parameters<typeof buildTable>[0]);
}

/** CREATE TABLE ks.maps (k text PRIMARY KEY, m map<text, text>) */
export function toyMaps(params: Partial<TableParams> = {}): TableMetadata {
  return buildTable({
    id: '00000000-0000-1000-8000-00000000000c',
    keyspace: KEYSPACE,
    name: 'maps',
    partitionKey: [{ name: 'k', type: NATIVE.text }],
    regulars: [
      { name: 'm', type: { kind: 'map', key: NATIVE.text, value: NATIVE.text, frozen: false } },
    ],
    params: { ...DEFAULT_TABLE_PARAMS, ...params },
  });
}

/** `factors` by datacenter, or a number for SimpleStrategy. */
export function toyKeyspace(
  factors: Readonly<Record<string, number>> | number,
  tables: readonly TableMetadata[],
): KeyspaceMetadata {
  const isSimple = typeof factors === 'number';
  const options = isSimple ? { replication_factor: factors } : factors;
  return {
    name: KEYSPACE,
    kind: 'regular',
    durableWrites: true,
    replication: {
      className: `org.apache.cassandra.locator.${isSimple ? 'SimpleStrategy' : 'NetworkTopologyStrategy'}`,
      options: new Map(Object.entries(options).map(([name, factor]) => [name, String(factor)])),
    },
    tables: new Map(tables.map((table) => [table.name, table])),
    types: new Map(),
    functions: [],
    aggregates: [],
  };
}

export function toySchema(keyspace: KeyspaceMetadata): Schema {
  return { keyspaces: new Map([[keyspace.name, keyspace]]), version: 'toy' };
}

/** The keyspace of a toy schema. */
export function keyspaceOf(schema: Schema): KeyspaceMetadata {
  return required(schema.keyspaces.get(KEYSPACE), 'the keyspace');
}

export function key(text: string): DecoratedKey {
  return decorateKey(Buffer.from(text));
}

export function valueColumn(table: TableMetadata): ColumnMetadata {
  return table.regulars[0] as ColumnMetadata;
}

interface WriteSpec {
  readonly k: string;
  readonly c?: number;
  /** null: a tombstone. */
  readonly v: string | null;
  readonly timestamp: number;
  readonly nowSeconds?: number;
}

/** INSERT INTO t (k, c, v) VALUES (...) USING TIMESTAMP; a deleted value when v is null. */
export function update(table: TableMetadata, spec: WriteSpec): PartitionData {
  const { k, c = 0, v, timestamp, nowSeconds = 0 } = spec;
  const column = valueColumn(table);
  const at = { timestamp, ttl: 0, nowSeconds };
  const cell = v === null ? tombstoneCell(column, at) : liveCell(column, Buffer.from(v), at);
  const row: Row = {
    clustering: table.clustering.length === 0 ? [] : [int(c)],
    liveness: livenessOf(at),
    deletion: LIVE,
    data: [cell],
  };
  return {
    table,
    key: key(k),
    deletion: LIVE,
    staticRow: null,
    rows: [row],
    rangeTombstones: [],
  };
}

/** DELETE FROM t WHERE k = ? AND c = ? */
export function rowDeletion(table: TableMetadata, spec: Omit<WriteSpec, 'v'>): PartitionData {
  const { k, c = 0, timestamp, nowSeconds = 0 } = spec;
  const base = update(table, { ...spec, v: null });
  const row: Row = {
    clustering: [int(c)],
    liveness: livenessOf({ timestamp: -Infinity, ttl: 0, nowSeconds: 0 }),
    deletion: { markedForDeleteAt: timestamp, localDeletionTime: nowSeconds },
    data: [],
  };
  return { ...base, key: key(k), rows: [row] };
}

export function mutation(partition: PartitionData, createdAtMs: number): Mutation {
  return { keyspace: KEYSPACE, key: partition.key, updates: [partition], createdAtMs };
}

interface MapSpec {
  readonly k: string;
  /** null: the element is deleted. */
  readonly elements: ReadonlyMap<string, string | null>;
  readonly timestamp: number;
  readonly nowSeconds: number;
}

/** UPDATE maps SET m[...] = ... WHERE k = ? */
export function mapUpdate(table: TableMetadata, spec: MapSpec): PartitionData {
  const { k, elements, timestamp, nowSeconds } = spec;
  const column = valueColumn(table);
  const at = { timestamp, ttl: 0, nowSeconds };
  const cells = [...elements].map(([name, value]) => {
    const path = Buffer.from(name);
    return value === null
      ? tombstoneCell(column, at, path)
      : liveCell(column, Buffer.from(value), at, path);
  });
  const row: Row = {
    clustering: [],
    liveness: NO_LIVENESS,
    deletion: LIVE,
    data: [{ column, deletion: LIVE, cells }],
  };
  return singleRowPartition(table, key(k), row);
}

/** `k.name=value` of the live elements, in order. */
export function elementsText(partitions: readonly PartitionData[]): string {
  const parts = partitions.flatMap(({ key: { bytes }, rows }) =>
    rows.flatMap(({ data }) =>
      data.flatMap((entry) =>
        isComplexData(entry)
          ? entry.cells
              .filter((cell) => !isTombstone(cell))
              .map(({ path, value }) => `${bytes}.${path}=${value}`)
          : [],
      ),
    ),
  );
  return parts.length === 0 ? 'nothing' : parts.join(' ');
}

interface ReadSpec {
  readonly k: string;
  readonly limit?: number;
  readonly nowSeconds?: number;
  readonly reversed?: boolean;
}

export function readOf(table: TableMetadata, spec: ReadSpec): SinglePartitionRead {
  return {
    kind: 'partition',
    key: key(spec.k),
    ...readBase(table, spec),
  };
}

export function rangeOf(table: TableMetadata, spec: Omit<ReadSpec, 'k'> = {}): PartitionRangeRead {
  return { kind: 'range', range: WHOLE_RING, ...readBase(table, spec) };
}

function readBase(table: TableMetadata, spec: Omit<ReadSpec, 'k'>) {
  return {
    table,
    columns: { fetched: null },
    filter: null,
    indexName: null,
    ann: null,
    limits: {
      rows: spec.limit ?? Infinity,
      perPartition: Infinity,
      countedInFirstPartition: 0,
      distinct: false,
    },
    clustering: { kind: 'slices' as const, slices: [FULL_SLICE], reversed: spec.reversed ?? false },
    nowSeconds: spec.nowSeconds ?? 1_767_225_600,
  };
}

/** `c:v` of the live rows, in order; a dead row is left out. */
export function rowsText(partitions: readonly PartitionData[]): string {
  const parts = partitions.flatMap((partition) =>
    partition.rows.flatMap((row) => {
      const cell = row.data[0];
      if (cell === undefined || !('value' in cell)) return [];
      if (cell.localDeletionTime !== Number.MAX_SAFE_INTEGER && cell.ttl === 0) return [];
      const c = row.clustering[0];
      const k = partition.key.bytes.toString();
      return [
        `${k}/${c === null || c === undefined ? '-' : c.readInt32BE()}=${cell.value.toString()}`,
      ];
    }),
  );
  return parts.length === 0 ? 'nothing' : parts.join(' ');
}
