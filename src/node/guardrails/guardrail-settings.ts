// The settings of guardrails and read thresholds, named as in cassandra.yaml, with Cassandra 5.0's defaults, and what it
// refuses to start with. Test: test/guardrails/. Cassandra: config/Config, GuardrailsOptions, DatabaseDescriptor.

import type { ConsistencyLevel } from '../../data/consistency.ts';

/** Counts; -1: off. */
type CountThreshold =
  | 'keyspaces'
  | 'tables'
  | 'columns_per_table'
  | 'secondary_indexes_per_table'
  | 'materialized_views_per_table'
  | 'page_size'
  | 'partition_keys_in_select'
  | 'in_select_cartesian_product'
  | 'partition_tombstones'
  | 'items_per_collection'
  | 'fields_per_udt'
  | 'vector_dimensions'
  | 'data_disk_usage_percentage'
  | 'minimum_replication_factor'
  | 'maximum_replication_factor'
  | 'sai_sstable_indexes_per_query';

const SIZES = [
  'partition_size',
  'column_value_size',
  'collection_size',
  'sai_string_term_size',
  'sai_frozen_term_size',
  'sai_vector_term_size',
  'coordinator_read_size',
  'local_read_size',
  'row_index_read_size',
] as const;
/** Bytes; null: off. */
type SizeThreshold = (typeof SIZES)[number];

const AGES = ['maximum_timestamp', 'minimum_timestamp'] as const;
/** Milliseconds from now, fractions for microseconds; null: off. */
type AgeThreshold = (typeof AGES)[number];

type Switch =
  | 'user_timestamps_enabled'
  | 'alter_table_enabled'
  | 'group_by_enabled'
  | 'drop_truncate_table_enabled'
  | 'drop_keyspace_enabled'
  | 'secondary_indexes_enabled'
  | 'uncompressed_tables_enabled'
  | 'compact_tables_enabled'
  | 'read_before_write_list_operations_enabled'
  | 'allow_filtering_enabled'
  | 'simplestrategy_enabled'
  | 'vector_type_enabled'
  | 'zero_ttl_on_twcs_warned'
  | 'zero_ttl_on_twcs_enabled'
  | 'non_partition_restricted_index_query_enabled'
  | 'intersect_filtering_query_warned'
  | 'intersect_filtering_query_enabled'
  | 'read_thresholds_enabled';

type Ends = 'warn_threshold' | 'fail_threshold';

export type GuardrailSettings = Readonly<
  Record<`${CountThreshold}_${Ends}`, number> &
    Record<`${SizeThreshold | AgeThreshold}_${Ends}`, number | null> &
    Record<Switch, boolean> &
    Record<`table_properties_${'warned' | 'ignored' | 'disallowed'}`, readonly string[]> &
    Record<
      `${'read' | 'write'}_consistency_levels_${'warned' | 'disallowed'}`,
      readonly ConsistencyLevel[]
    > & { data_disk_usage_max_disk_size: number | null }
>;

function settingsOf(names: readonly string[]): string[] {
  return names.flatMap((name) => [`${name}_warn_threshold`, `${name}_fail_threshold`]);
}

export const SIZE_SETTINGS: ReadonlySet<string> = new Set([
  ...settingsOf(SIZES),
  'data_disk_usage_max_disk_size',
]);
export const AGE_THRESHOLDS: ReadonlySet<string> = new Set(settingsOf(AGES));

const KIB = 1_024;

function ends<N extends string, T>(name: N, warn: T, fail: T): Record<`${N}_${Ends}`, T> {
  const both = { [`${name}_warn_threshold`]: warn, [`${name}_fail_threshold`]: fail };
  return both as Record<`${N}_${Ends}`, T>;
}

function noSize<N extends string>(name: N): Record<`${N}_${Ends}`, number | null> {
  return ends<N, number | null>(name, null, null);
}

export const DEFAULT_GUARDRAILS: GuardrailSettings = {
  ...ends('keyspaces', -1, -1),
  ...ends('tables', -1, -1),
  ...ends('columns_per_table', -1, -1),
  ...ends('secondary_indexes_per_table', -1, -1),
  ...ends('materialized_views_per_table', -1, -1),
  ...ends('page_size', -1, -1),
  ...ends('partition_keys_in_select', -1, -1),
  ...ends('in_select_cartesian_product', -1, -1),
  ...ends('partition_tombstones', -1, -1),
  ...ends('items_per_collection', -1, -1),
  ...ends('fields_per_udt', -1, -1),
  ...ends('vector_dimensions', -1, -1),
  ...ends('data_disk_usage_percentage', -1, -1),
  ...ends('minimum_replication_factor', -1, -1),
  ...ends('maximum_replication_factor', -1, -1),
  ...ends('sai_sstable_indexes_per_query', 32, -1),
  ...noSize('partition_size'),
  ...noSize('column_value_size'),
  ...noSize('collection_size'),
  ...ends('sai_string_term_size', KIB, 8 * KIB),
  ...ends('sai_frozen_term_size', KIB, 8 * KIB),
  ...ends('sai_vector_term_size', 16 * KIB, 32 * KIB),
  ...noSize('coordinator_read_size'),
  ...noSize('local_read_size'),
  ...noSize('row_index_read_size'),
  ...noSize('maximum_timestamp'),
  ...noSize('minimum_timestamp'),
  data_disk_usage_max_disk_size: null,
  table_properties_warned: [],
  table_properties_ignored: [],
  table_properties_disallowed: [],
  read_consistency_levels_warned: [],
  read_consistency_levels_disallowed: [],
  write_consistency_levels_warned: [],
  write_consistency_levels_disallowed: [],
  user_timestamps_enabled: true,
  alter_table_enabled: true,
  group_by_enabled: true,
  drop_truncate_table_enabled: true,
  drop_keyspace_enabled: true,
  secondary_indexes_enabled: true,
  uncompressed_tables_enabled: true,
  compact_tables_enabled: true,
  read_before_write_list_operations_enabled: true,
  allow_filtering_enabled: true,
  simplestrategy_enabled: true,
  vector_type_enabled: true,
  zero_ttl_on_twcs_warned: true,
  zero_ttl_on_twcs_enabled: true,
  non_partition_restricted_index_query_enabled: true,
  intersect_filtering_query_warned: true,
  intersect_filtering_query_enabled: true,
  read_thresholds_enabled: false,
};
