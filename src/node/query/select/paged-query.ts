// What a SELECT reads, for bound values: the partitions or the range, the rows, the filter, the index.
// Cassandra: SelectStatement.getQuery, getClusteringIndexFilter, getRowFilter.

import { ALL_SLICES } from '../../../data/clustering-order.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { AnnOrdering, ClusteringFilter, RowFilter } from '../../../data/read-command.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { replicationOf } from '../../../ring/replication.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import { isLocalSystemKeyspace, isVirtualSystemKeyspace } from '../../schema/system-keyspaces.ts';
import type { Execution } from '../execution.ts';
import { requestedClusterings, requestedSlices } from '../restrictions/clustering-values.ts';
import { decoratedKeys, keyBytes, partitionRange } from '../restrictions/key-values.ts';
import { checkIndexedValue, chooseIndex, rowFilterOf } from '../restrictions/row-filter.ts';
import { firstColumn } from '../restrictions/restriction.ts';
import { bindTerm } from '../terms/term.ts';
import { filterFor } from './column-filter.ts';
import { fastSource } from './fast-read.ts';
import type { PagedQuery } from './pager.ts';
import type { SelectPlan } from './select-plan.ts';

/** What is read; null: nothing can match. */
export function queryOf(
  plan: SelectPlan,
  execution: Execution,
  limit: number,
  perPartitionLimit: number,
): PagedQuery | null {
  const { restrictions, fast } = plan;
  const { bind } = execution;
  if (bind.guard !== null) guardSource(plan, execution, bind.guard);
  // Values are refused in Cassandra's order: what is filtered by, keys, rows, whether a key can be one; rows before
  // ranges of keys.
  const filter = fast === null ? rowFilterOf(restrictions, bind) : null;
  const keys = fast === null && !restrictions.isKeyRange ? keyBytes(restrictions, bind) : null;
  if (keys !== null && keys.length === 0) return null;
  if (bind.guard !== null && keys !== null && restrictions.keyIsIn) {
    bind.guard.atMost('partition_keys_in_select', keys.length, plan.table.name);
  }
  const quick = fast === null ? null : fastSource(fast, bind.values, plan.isReversed);
  const clustering = quick === null ? clusteringOf(plan, execution) : quick.clustering;
  if (clustering === null || (keys !== null && isNowhere(clustering))) return null;
  const source =
    quick === null
      ? sourceOf(plan, execution, keys)
      : ({ kind: 'keys', keys: [quick.key] } as const);
  if (source === null) return null;
  const indexName = fast === null ? chooseIndex(restrictions) : null;
  checkIndexedValue(restrictions, filter, indexName);
  return {
    table: plan.table,
    source,
    columns: filterFor(plan.selection.filter, bind),
    clustering,
    filter,
    indexName,
    ann: fast === null ? annOf(plan, execution) : null,
    nowSeconds: execution.nowSeconds,
    distinct: plan.statement.distinct,
    showsStaticOnly: restrictions.returnsStaticOnlyPartitions,
    limit,
    perPartitionLimit,
    isTracked: execution.services.config.read_thresholds_enabled,
    isGrouped: plan.aggregation === 'all',
  };
}

function sourceOf(
  { restrictions }: SelectPlan,
  { bind }: Execution,
  bytes: readonly Buffer[] | null,
): PagedQuery['source'] | null {
  if (bytes === null) {
    const range = partitionRange(restrictions, bind);
    return range === null ? null : { kind: 'range', range };
  }
  const keys = decoratedKeys(restrictions, bytes, bind);
  return keys.length === 0 ? null : { kind: 'keys', keys };
}

/** What the index or the filter of the query means for the nodes that answer it. */
function guardSource(plan: SelectPlan, execution: Execution, guard: Guard): void {
  const { restrictions, table } = plan;
  if (restrictions.needsFiltering && needsReconciliation(plan, execution)) {
    const filter = rowFilterOf(restrictions, execution.bind);
    if (filter !== null && isMutableIntersection(filter)) {
      guard.ensureEnabled('intersect_filtering_query');
    }
  }
  const isIndexed = restrictions.isKeyRange && restrictions.usesSecondaryIndexing;
  const isLocalSystem =
    isLocalSystemKeyspace(table.keyspace) || isVirtualSystemKeyspace(table.keyspace);
  if (isIndexed && !isLocalSystem) {
    guard.ensureEnabled('non_partition_restricted_index_query_enabled');
  }
}

/** More than one replica answers, and their answers are merged. */
function needsReconciliation({ table }: SelectPlan, execution: Execution): boolean {
  const { consistency, services } = execution;
  if (consistency === 'ONE' || consistency === 'LOCAL_ONE' || consistency === 'NODE_LOCAL')
    return false;
  if (table.kind === 'virtual') return false;
  const keyspace = services.schema.current.keyspaces.get(table.keyspace);
  return keyspace !== undefined && replicationOf(keyspace.replication).total > 1;
}

/** Conditions on several columns that each may change alone. Cassandra: RowFilter.isMutableIntersection. */
function isMutableIntersection({ expressions }: RowFilter): boolean {
  const columns = new Set<ColumnMetadata>();
  for (const expression of expressions) {
    if (expression.kind === 'custom') continue;
    const { column } = expression;
    if (column.kind === 'static' && expressions.length > 1) return true;
    if (column.position < 0) columns.add(column);
  }
  return columns.size > 1;
}

function isNowhere(filter: ClusteringFilter): boolean {
  return (filter.kind === 'names' ? filter.clusterings : filter.slices).length === 0;
}

function clusteringOf(plan: SelectPlan, execution: Execution): ClusteringFilter | null {
  const { restrictions, isReversed, statement, selection } = plan;
  if (statement.distinct) return { kind: 'slices', slices: ALL_SLICES, reversed: false };
  const seesStatics = selection.columns.some((column) => column.kind === 'static');
  if (restrictions.isColumnRange) {
    const slices = requestedSlices(restrictions, execution.bind);
    if (slices.length === 0 && !seesStatics) return null;
    return { kind: 'slices', slices, reversed: isReversed };
  }
  if (restrictions.table.clustering.length === 0)
    return { kind: 'slices', slices: ALL_SLICES, reversed: isReversed };
  const clusterings = requestedClusterings(restrictions, execution.bind);
  if (clusterings.length === 0 && !seesStatics) return null;
  return { kind: 'names', clusterings, reversed: isReversed };
}

function annOf(plan: SelectPlan, execution: Execution): AnnOrdering | null {
  const { ann } = plan.restrictions.others;
  if (ann === null || ann.kind !== 'ann') return null;
  const column = firstColumn(ann);
  const vector = bindTerm(ann.value, execution.bind);
  if (vector === null) throw invalid(`Unsupported null value for column ${column.name}`);
  if (vector === UNSET) throw invalid(`Unsupported unset value for column ${column.name}`);
  const index = plan.restrictions.indexes.indexes.find((candidate) => candidate.column === column);
  return { column, vector, indexName: index?.metadata.name ?? '' };
}
