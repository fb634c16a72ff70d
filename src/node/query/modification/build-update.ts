// From a prepared modification and bound values to mutations: partitions and rows resolved, operations applied, range
// deletions made; several statements collect into one mutation a partition.
// Cassandra: ModificationStatement.addUpdates, UpdateStatement/DeleteStatement.addUpdateForKey, BatchUpdatesCollector.

import { invalid } from '../../../data/cql-error.ts';
import { findRow } from '../../../data/merge-partitions.ts';
import { clusteringOrder } from '../../../data/clustering-order.ts';
import type { Clustering, DecoratedKey, Mutation, PartitionData } from '../../../data/partition.ts';
import { NO_CLUSTERING } from '../../../data/partition.ts';
import { livenessOf, PartitionBuilder, RowBuilder } from '../../../data/partition-builder.ts';
import type { TableMetadata } from '../../../data/schema.ts';
import { requestedClusterings, requestedSlices } from '../restrictions/clustering-values.ts';
import { checkClusteringSize } from './fast-write.ts';
import { applyOperations } from './apply-operation.ts';
import type { ModificationPlan } from './modification-plan.ts';
import { isCompactTable } from '../../schema/compact-tables.ts';
import { isStaticOnly, updatesRegularRows } from './modification-plan.ts';
import type { CurrentRow, UpdateParameters } from './update-parameters.ts';
import { deletionOf, overwriteOf } from './update-parameters.ts';

/** The partitions as they are, where operations look at them, by key id. */
export type CurrentPartitions = ReadonlyMap<string, PartitionData>;

/** Collects the updates of one request. Counter updates stay apart: each is a mutation of its own. */
export class UpdateCollector {
  private readonly mutations = new Map<
    string,
    { key: DecoratedKey; keyspace: string; tables: Map<string, PartitionBuilder> }
  >();
  private serial = 0;

  /** The update of a table under a key. */
  builder(table: TableMetadata, key: DecoratedKey): PartitionBuilder {
    const apart = table.isCounter ? `${this.serial++} ` : '';
    const id = `${apart}${table.keyspace} ${key.id}`;
    let mutation = this.mutations.get(id);
    if (mutation === undefined) {
      mutation = { key, keyspace: table.keyspace, tables: new Map() };
      this.mutations.set(id, mutation);
    }
    let builder = mutation.tables.get(table.id);
    if (builder === undefined) {
      builder = new PartitionBuilder(table, key);
      mutation.tables.set(table.id, builder);
    }
    return builder;
  }

  build(createdAtMs: number): Mutation[] {
    return [...this.mutations.values()].map(({ key, keyspace, tables }) => ({
      keyspace,
      key,
      updates: [...tables.values()].map((builder) => builder.build()),
      createdAtMs,
    }));
  }
}

/** True when the plan deletes slices rather than named rows. */
export function hasSlices(plan: ModificationPlan): boolean {
  return (
    plan.type === 'DELETE' &&
    !plan.restrictions.clustering.isEmpty &&
    plan.restrictions.isColumnRange
  );
}

/** The clusterings a plan writes; NO_CLUSTERING stands for a partition (or its static row). */
export function writtenClusterings(
  plan: ModificationPlan,
  parameters: UpdateParameters,
): readonly Clustering[] {
  const { restrictions, table } = plan;
  if (restrictions.clustering.isEmpty) return [NO_CLUSTERING];
  const clusterings = requestedClusterings(restrictions, parameters.bind);
  if (!isCompactTable(table.flags)) return clusterings;
  if (!table.flags.has('compound')) refuseEmptyClustering(table, clusterings);
  // Rows of a dense table may lack the end of their clustering.
  return clusterings.map((values) => table.clustering.map((_, i) => values[i] ?? null));
}

/** The one clustering value is the name of the cell in such a table. Throws INVALID. */
function refuseEmptyClustering(table: TableMetadata, clusterings: readonly Clustering[]): void {
  const [column] = table.clustering;
  if (column === undefined || !clusterings.some(([value]) => (value?.length ?? 0) === 0)) return;
  throw invalid(`Invalid empty or null value for column ${column.name}`);
}

/** Adds what the plan does to the given partitions. */
export function addUpdates(
  plan: ModificationPlan,
  keys: readonly DecoratedKey[],
  parameters: UpdateParameters,
  current: CurrentPartitions,
  collector: UpdateCollector,
): void {
  if (hasSlices(plan)) {
    const slices = requestedSlices(plan.restrictions, parameters.bind);
    if (slices.length > 0 && plan.regularOperations.length + plan.staticOperations.length > 0) {
      throw invalid('Range deletions are not supported for specific columns');
    }
    for (const key of keys) {
      const builder = collector.builder(plan.table, key);
      for (const slice of slices) builder.addRange({ ...slice, deletion: deletionOf(parameters) });
    }
    return;
  }
  const clusterings = writtenClusterings(plan, parameters);
  for (const clustering of clusterings) checkClusteringSize(clustering);
  // Each row's update adds to a static counter: they must not become one.
  const isApart = plan.table.isCounter && plan.staticOperations.length > 0;
  for (const key of keys) {
    let builder = collector.builder(plan.table, key);
    for (const [i, clustering] of clusterings.entries()) {
      if (isApart && i > 0) builder = collector.builder(plan.table, key);
      addUpdate(plan, clustering, parameters, current.get(key.id) ?? null, builder);
    }
  }
}

/** Adds what the plan does to one row (or partition). */
export function addUpdate(
  plan: ModificationPlan,
  clustering: Clustering,
  parameters: UpdateParameters,
  current: PartitionData | null,
  builder: PartitionBuilder,
): void {
  if (plan.type === 'DELETE') addDeletion(plan, clustering, parameters, current, builder);
  else addWrite(plan, clustering, parameters, current, builder);
}

function addWrite(
  plan: ModificationPlan,
  clustering: Clustering,
  parameters: UpdateParameters,
  current: PartitionData | null,
  builder: PartitionBuilder,
): void {
  const { table } = plan;
  if (updatesRegularRows(plan)) {
    const row = new RowBuilder(clustering);
    if (plan.type === 'INSERT' && hasRowMarkers(table)) row.setLiveness(livenessOf(parameters));
    if (plan.regularOperations.length === 0) checkCompactValue(table);
    const existing = rowOf(current, clustering);
    applyOperations(plan.regularOperations, row, parameters, existing);
    builder.addRow(row.build());
  }
  if (plan.staticOperations.length > 0) addStatics(plan, parameters, current, builder);
}

/** Rows of compact tables exist by their values, unless they have no value column. */
function hasRowMarkers(table: TableMetadata): boolean {
  return !isCompactTable(table.flags) || table.regulars.length === 0;
}

function checkCompactValue({ flags, regulars }: TableMetadata): void {
  const value = regulars[0];
  if (value === undefined || !isCompactTable(flags)) return;
  throw invalid(`Column ${value.name} is mandatory for this COMPACT STORAGE table`);
}

function addStatics(
  plan: ModificationPlan,
  parameters: UpdateParameters,
  current: PartitionData | null,
  builder: PartitionBuilder,
): void {
  const row = new RowBuilder();
  const existing = current?.staticRow ?? null;
  applyOperations(plan.staticOperations, row, parameters, existing);
  builder.addStatic(row.build());
}

function addDeletion(
  plan: ModificationPlan,
  clustering: Clustering,
  parameters: UpdateParameters,
  current: PartitionData | null,
  builder: PartitionBuilder,
): void {
  const { table, regularOperations, staticOperations } = plan;
  const size = table.clustering.length;
  if (regularOperations.length === 0 && staticOperations.length === 0) {
    if (clustering.length === 0) {
      builder.deletePartition(
        parameters.isConditional === true ? overwriteOf(parameters) : deletionOf(parameters),
      );
    } else builder.addRow(new RowBuilder(clustering).deleteRow(deletionOf(parameters)).build());
    return;
  }
  if (regularOperations.length > 0) {
    if (clustering.length === 0 && size > 0) {
      throw invalid('Range deletions are not supported for specific columns');
    }
    const row = new RowBuilder(clustering);
    const existing = rowOf(current, clustering);
    applyOperations(regularOperations, row, parameters, existing);
    builder.addRow(row.build());
  }
  if (staticOperations.length > 0) addStatics(plan, parameters, current, builder);
}

function rowOf(current: PartitionData | null, clustering: Clustering): CurrentRow {
  if (current === null) return null;
  const at = findRow(clusteringOrder(current.table), current.rows, clustering);
  return at < 0 ? null : (current.rows[at] ?? null);
}

/** Static-only statements read and test the static row. */
export function touchesOnlyStatics(plan: ModificationPlan): boolean {
  return isStaticOnly(plan) && plan.restrictions.clustering.isEmpty;
}
