// Values that a secondary index cannot hold: its entries are keyed by them. Checked before anything is written.
// Cassandra: index/internal/CassandraIndex.validate.

import { invalid } from '../../../data/cql-error.ts';
import type { ColumnData, Mutation, PartitionData, Row } from '../../../data/partition.ts';
import { isComplexData } from '../../../data/partition.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { guardTerms } from '../../guardrails/guarded-values.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import type { TableIndex } from '../restrictions/index-support.ts';
import { IndexRegistry } from '../restrictions/index-support.ts';
import type { ModificationPlan } from './modification-plan.ts';

const INDEXED_BYTES_MAX = 65_535;

/** The indexes of a table whose values are limited. */
export function limitedIndexes(table: TableMetadata): readonly TableIndex[] {
  return IndexRegistry.of(table).indexes.filter(
    ({ implementation, column }) =>
      implementation === 'legacy' && column !== null && column.position < 0,
  );
}

/** What the indexes of a statement's table have to say of its values. Throws INVALID. */
export function checkIndexes(
  { limitedIndexes: limited, guardedTargets }: ModificationPlan,
  mutations: readonly Mutation[],
  guard: Guard | null,
): void {
  checkIndexedValues(limited, mutations);
  if (guard !== null) guardTerms(guard, guardedTargets, mutations);
}

/** Throws INVALID for a value that is too long. `indexes` are of one table. */
function checkIndexedValues(indexes: readonly TableIndex[], mutations: readonly Mutation[]): void {
  if (indexes.length === 0) return;
  for (const { updates } of mutations) {
    for (const update of updates) for (const index of indexes) checkUpdate(index, update);
  }
}

function checkUpdate(index: TableIndex, update: PartitionData): void {
  if (update.staticRow !== null) checkRow(index, update, update.staticRow);
  for (const row of update.rows) checkRow(index, update, row);
}

function checkRow(index: TableIndex, { table }: PartitionData, row: Row): void {
  const entry = row.data.find(({ column }) => column === index.column);
  if (entry === undefined) return;
  for (const value of indexedValues(index, entry)) {
    if (value.length < INDEXED_BYTES_MAX) continue;
    throw invalid(
      `Cannot index value of size ${value.length} for index ${index.metadata.name} on ` +
        `${table.keyspace}.${table.name}(${entry.column.name}) (maximum allowed size=${INDEXED_BYTES_MAX})`,
    );
  }
}

function indexedValues({ target }: TableIndex, entry: ColumnData): readonly Buffer[] {
  if (!isComplexData(entry)) return [entry.value];
  const byPath = target === 'keys' || entry.column.type.kind === 'set';
  return entry.cells.map((cell) => (byPath ? (cell.path ?? cell.value) : cell.value));
}
