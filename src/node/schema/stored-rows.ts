// Reads whole partitions of this node's own system tables through the local store: no limits, no filters, tombstones
// included. Test: test/schema/.

import { ALL_SLICES } from '../../data/clustering-order.ts';
import type { PartitionData } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { assert } from '../../base/assert.ts';
import { decorateKey } from '../../ring/token.ts';
import type { LocalStore } from '../replica/local-store.ts';

const EVERYTHING = {
  columns: { fetched: null },
  filter: null,
  indexName: null,
  ann: null,
  limits: {
    rows: Infinity,
    perPartition: Infinity,
    countedInFirstPartition: 0,
    distinct: false,
  },
  clustering: { kind: 'slices', slices: ALL_SLICES, reversed: false },
} as const;

/** One partition by its serialized key; null when the store has none. */
export function readPartition(
  store: LocalStore,
  table: TableMetadata,
  key: Buffer,
  nowSeconds: number,
): PartitionData | null {
  const command = { ...EVERYTHING, kind: 'partition', table, key: decorateKey(key), nowSeconds };
  return read(store, command as ReadCommand)[0] ?? null;
}

/** Every partition, in (token, key) order. */
export function readTable(
  store: LocalStore,
  table: TableMetadata,
  nowSeconds: number,
): readonly PartitionData[] {
  const command: ReadCommand = {
    ...EVERYTHING,
    kind: 'range',
    table,
    nowSeconds,
    range: {
      left: null,
      leftInclusive: false,
      right: null,
      rightInclusive: true,
      startKey: null,
      startKeyInclusive: true,
      startAfter: null,
    },
  };
  return read(store, command);
}

function read(store: LocalStore, command: ReadCommand): readonly PartitionData[] {
  const result = store.read(command);
  assert(result.kind === 'data', `a readable local table ${command.table.keyspace}.${command.table.name}`);
  return result.partitions;
}
