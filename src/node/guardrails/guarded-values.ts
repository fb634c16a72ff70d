// Guardrails on the values of a write: how large a value, how large and many-membered a collection, how long a term of a
// storage-attached index. Test: test/cql/guardrails-writes.cql, guardrails-defaults.cql.
// Cassandra: cql3/UpdateParameters.addCell, Lists, Sets, Maps, index/sai/StorageAttachedIndex.validateTermSizeForRow.

import { collectionSize } from '../../data/codec/packing.ts';
import type { CqlType } from '../../data/cql-type.ts';
import { javaHashOrder } from '../../data/java-hash-order.ts';
import type { Cell, Mutation, PartitionData, Row } from '../../data/partition.ts';
import type { ColumnMetadata, TableMetadata } from '../../data/schema.ts';
import type { IndexTarget } from '../storage/index-target.ts';
import { indexTarget, termsOf } from '../storage/index-target.ts';
import type { Guard } from './guardrails.ts';

/** Bytes of a cell besides value and path, as Cassandra counts data: timestamp, time to live, time of deletion. */
const CELL_BYTES = 8 + 4 + 8;

export function guardValue(guard: Guard, column: ColumnMetadata, value: Buffer): void {
  guard.atMost('column_value_size', value.length, column.name);
}

/** Only what is written counts, not what is there already. */
export function guardItems(guard: Guard, column: ColumnMetadata, value: Buffer): void {
  if (!isCollection(column.type) || !guard.limits('items_per_collection')) return;
  const count = collectionSize(value);
  if (count > 0 || !column.isComplex) guard.atMost('items_per_collection', count, column.name);
}

export function guardCollection(
  guard: Guard,
  column: ColumnMetadata,
  cells: readonly Cell[],
): void {
  if (!isCollection(column.type) || !guard.limits('collection_size')) return;
  const size = cells.reduce(
    (sum, { value, path }) => sum + CELL_BYTES + value.length + (path?.length ?? 0),
    0,
  );
  if (cells.length > 0) guard.atMost('collection_size', size, column.name);
}

/** Of a frozen collection, one cell. */
export function guardCollectionBytes(guard: Guard, column: ColumnMetadata, bytes: number): void {
  if (isCollection(column.type)) guard.atMost('collection_size', CELL_BYTES + bytes, column.name);
}

function isCollection({ kind }: CqlType): boolean {
  return kind === 'list' || kind === 'set' || kind === 'map';
}

/** The storage-attached indexes of a table, in the order Cassandra asks them. */
export function guardedTargets(table: TableMetadata): readonly IndexTarget[] {
  if (table.indexes.length === 0) return NO_TARGETS;
  const byName = new Map(table.indexes.map((index) => [index.name, index]));
  return javaHashOrder(byName.keys()).flatMap((name) => {
    const index = byName.get(name);
    const target = index === undefined ? null : indexTarget(table, index);
    const isAttached = target?.className === 'sai' || target?.className === 'vector';
    return target !== null && isAttached ? [target] : [];
  });
}

const NO_TARGETS: readonly IndexTarget[] = [];

export function guardTerms(
  guard: Guard,
  targets: readonly IndexTarget[],
  mutations: readonly Mutation[],
): void {
  if (targets.length === 0) return;
  for (const { updates } of mutations) {
    for (const update of updates) for (const target of targets) guardUpdate(guard, target, update);
  }
}

function guardUpdate(guard: Guard, target: IndexTarget, update: PartitionData): void {
  // Targets are of one table, by its columns' identity.
  if (update.table.columns.get(target.column.name) !== target.column) return;
  if (target.column.kind === 'static') guardRow(guard, target, update, update.staticRow);
  else for (const row of update.rows) guardRow(guard, target, update, row);
}

function guardRow(guard: Guard, target: IndexTarget, update: PartitionData, row: Row | null): void {
  const name = guardrailOf(target);
  // A term of entries is longer in Cassandra by two bytes: lengths and ends of its two parts.
  const more = target.kind === 'entries' ? 2 : 0;
  for (const term of termsOf(target, update.key, row)) {
    guard.atMost(name, term.length + more, target.column.name);
  }
}

function guardrailOf({
  className,
  column,
  kind,
}: IndexTarget): 'sai_vector_term_size' | 'sai_frozen_term_size' | 'sai_string_term_size' {
  if (className === 'vector') return 'sai_vector_term_size';
  const { type } = column;
  const isWhole = kind === 'full' || type.kind === 'tuple' || type.kind === 'udt';
  return isWhole ? 'sai_frozen_term_size' : 'sai_string_term_size';
}
