// The frequent read, planned at preparation: one partition by its key, whole or one row of it, bare columns. Whatever
// does not fit takes execute-select.ts alone. Cassandra has no such thing; the result is the same.

import { ALL_SLICES } from '../../../data/clustering-order.ts';
import type { ClusteringFilter } from '../../../data/read-command.ts';
import type { BoundValue } from '../../../protocol/bound-value.ts';
import type { DecoratedKey } from '../../../data/partition.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { Slot } from '../modification/fast-write.ts';
import { slotKeyBytes, slotKeyOf, slotKeyValue, slotOf } from '../modification/fast-write.ts';
import type { SelectPlan } from './select-plan.ts';

export interface FastRead {
  readonly key: readonly Slot[];
  /** Empty: the whole partition, by `whole`. */
  readonly clustering: readonly Slot[];
  readonly whole: ClusteringFilter;
  /** The answer can be made from one read of a replica. */
  readonly isDirect: boolean;
  /** What each row gives; null: rows need evaluation. */
  readonly columns: readonly ColumnMetadata[] | null;
}

/** null: the statement is not that simple. */
export function planFastRead(plan: SelectPlan): FastRead | null {
  const { table, restrictions, statement, aggregation } = plan;
  if (restrictions.isKeyRange || restrictions.usesSecondaryIndexing || restrictions.token !== null)
    return null;
  if (
    aggregation !== 'none' ||
    statement.distinct ||
    plan.sortColumns.length > 0 ||
    restrictions.isTopK
  )
    return null;
  const { filtered } = restrictions;
  if (filtered.partition || filtered.clustering || filtered.others) return null;
  const key: Slot[] = [];
  for (const column of table.partitionKey) {
    const restriction = restrictions.partition.of(column);
    if (restriction === undefined || restriction.kind !== 'eq' || restriction.multi) return null;
    const slot = slotOf(restriction.value, column);
    if (slot === null) return null;
    key.push(slot);
  }
  const clustering: Slot[] = [];
  if (!restrictions.clustering.isEmpty) {
    for (const column of table.clustering) {
      const restriction = restrictions.clustering.of(column);
      if (restriction === undefined || restriction.kind !== 'eq' || restriction.multi) return null;
      const slot = slotOf(restriction.value, column);
      if (slot === null) return null;
      clustering.push(slot);
    }
  }
  const whole: ClusteringFilter = { kind: 'slices', slices: ALL_SLICES, reversed: plan.isReversed };
  const { selection } = plan;
  const isDirect = !plan.isLocal && plan.perPartitionLimit === null;
  const columns = selection.isJson || selection.hasMasks ? null : selection.simple;
  return { key, clustering, whole, isDirect, columns };
}

export interface FastSource {
  readonly key: DecoratedKey;
  readonly clustering: ClusteringFilter;
}

/** Values are refused in Cassandra's order: the key's, the rows', then whether the key can be one. */
export function fastSource(
  fast: FastRead,
  values: readonly BoundValue[],
  reversed: boolean,
): FastSource {
  const bytes = slotKeyBytes(fast.key, values);
  const clustering = fastClustering(fast, values, reversed);
  return { key: slotKeyOf(bytes), clustering };
}

function fastClustering(
  fast: FastRead,
  values: readonly BoundValue[],
  reversed: boolean,
): ClusteringFilter {
  if (fast.clustering.length === 0) return fast.whole;
  const clustering: Buffer[] = [];
  for (const slot of fast.clustering) clustering.push(slotKeyValue(slot, values));
  return { kind: 'names', clusterings: [clustering], reversed };
}
