// Reads whole partitions of this node's own system tables through the local store: no limits, no filters, tombstones
// included. Test: test/schema/.

import { ALL_SLICES } from '../../data/clustering-order.ts';
import type { PartitionData } from '../../data/partition.ts';
import type {
  PartitionRangeRead,
  ReadCommand,
  SinglePartitionRead,
} from '../../data/read-command.ts';
import { NO_LIMITS } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { assert } from '../../base/assert.ts';
import { decorateKey } from '../../ring/token.ts';
import type { LocalStore } from '../replica/local-store.ts';

const EVERYTHING = {
  columns: { fetched: null },
  filter: null,
  indexName: null,
  ann: null,
  limits: NO_LIMITS,
  clustering: { kind: 'slices', slices: ALL_SLICES, reversed: false },
} as const;

/** Reads one whole partition by its serialized key. */
export function partitionCommand(
  table: TableMetadata,
  key: Buffer,
  nowSeconds: number,
): SinglePartitionRead {
  return { ...EVERYTHING, kind: 'partition', table, key: decorateKey(key), nowSeconds };
}

/** Reads every partition, in (token, key) order. */
export function tableCommand(table: TableMetadata, nowSeconds: number): PartitionRangeRead {
  return {
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
}

/** One partition of this node's own; null when the store has none. */
export function readPartition(
  store: LocalStore,
  table: TableMetadata,
  key: Buffer,
  nowSeconds: number,
): PartitionData | null {
  return read(store, partitionCommand(table, key, nowSeconds))[0] ?? null;
}

/** Every partition of this node's own. */
export function readTable(
  store: LocalStore,
  table: TableMetadata,
  nowSeconds: number,
): readonly PartitionData[] {
  return read(store, tableCommand(table, nowSeconds));
}

function read(store: LocalStore, command: ReadCommand): readonly PartitionData[] {
  const result = store.read(command);
  assert(
    result.kind === 'data',
    `a readable local table ${command.table.keyspace}.${command.table.name}`,
  );
  return result.partitions;
}
