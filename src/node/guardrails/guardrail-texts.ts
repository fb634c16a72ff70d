// What each guardrail says: one row a guardrail, in Cassandra's words. guardrails.ts holds values against them.
// Test: test/cql/guardrails-*.cql. Cassandra: db/guardrails/Guardrails.

import type { Int64 } from '../../base/int64.ts';
import type { GuardrailSettings } from './guardrail-settings.ts';

interface Violation {
  readonly isWarning: boolean;
  readonly what: string;
  readonly value: Int64;
  readonly threshold: Int64;
}

interface Threshold {
  readonly reason: string | null;
  text(violation: Violation): string;
}

/** Told differently when it warns and when it fails. */
function eitherText(
  warning: (violation: Violation) => string,
  failure: (violation: Violation) => string,
): Threshold {
  return { reason: null, text: (v) => (v.isWarning ? warning(v) : failure(v)) };
}

function sameText(text: (violation: Violation, word: string) => string, reason = ''): Threshold {
  return {
    reason: reason === '' ? null : reason,
    text: (v) => text(v, v.isWarning ? 'warning' : 'failure'),
  };
}

const VALUE_SIZE = sameText(
  ({ what, value, threshold }, word) =>
    `Value of column '${what}' has size ${value}, this exceeds the ${word} threshold of ${threshold}.`,
);

/** Guardrail to its texts; its settings are its name and `_warn_threshold`, `_fail_threshold`. */
export const THRESHOLDS = {
  keyspaces: eitherText(
    ({ what, value, threshold }) =>
      `Creating keyspace ${what}, current number of keyspaces ${value} exceeds warning threshold of ${threshold}.`,
    ({ what, threshold }) =>
      `Cannot have more than ${threshold} keyspaces, aborting the creation of keyspace ${what}`,
  ),
  tables: eitherText(
    ({ what, value, threshold }) =>
      `Creating table ${what}, current number of tables ${value} exceeds warning threshold of ${threshold}.`,
    ({ what, threshold }) =>
      `Cannot have more than ${threshold} tables, aborting the creation of table ${what}`,
  ),
  columns_per_table: eitherText(
    ({ what, value, threshold }) =>
      `The table ${what} has ${value} columns, this exceeds the warning threshold of ${threshold}.`,
    ({ what, value, threshold }) =>
      `Tables cannot have more than ${threshold} columns, but ${value} provided for table ${what}`,
  ),
  secondary_indexes_per_table: eitherText(
    ({ what, value, threshold }) =>
      `Creating secondary index ${what}, current number of indexes ${value} exceeds warning threshold of ${threshold}.`,
    ({ what, threshold }) =>
      `Tables cannot have more than ${threshold} secondary indexes, aborting the creation of secondary index ${what}`,
  ),
  materialized_views_per_table: eitherText(
    ({ what, value, threshold }) =>
      `Creating materialized view ${what}, current number of views ${value} exceeds warning threshold of ${threshold}.`,
    ({ what, threshold }) =>
      `Tables cannot have more than ${threshold} materialized views, aborting the creation of materialized view ${what}`,
  ),
  fields_per_udt: eitherText(
    ({ what, value, threshold }) =>
      `The user type ${what} has ${value} columns, this exceeds the warning threshold of ${threshold}.`,
    ({ what, value, threshold }) =>
      `User types cannot have more than ${threshold} columns, but ${value} provided for user type ${what}.`,
  ),
  vector_dimensions: sameText(
    ({ what, value, threshold }, word) =>
      `${what} has a vector of ${value} dimensions, this exceeds the ${word} threshold of ${threshold}.`,
  ),
  page_size: eitherText(
    ({ what, value, threshold }) =>
      `Query for table ${what} with page size ${value} exceeds warning threshold of ${threshold}.`,
    ({ what, value, threshold }) =>
      `Aborting query for table ${what}, page size ${value} exceeds fail threshold of ${threshold}.`,
  ),
  partition_keys_in_select: eitherText(
    ({ what, value, threshold }) =>
      `Query with partition keys in IN clause on table ${what}, with number of partition keys ${value} ` +
      `exceeds warning threshold of ${threshold}.`,
    ({ what, value, threshold }) =>
      `Aborting query with partition keys in IN clause on table ${what}, number of partition keys ${value} ` +
      `exceeds fail threshold of ${threshold}.`,
  ),
  in_select_cartesian_product: eitherText(
    ({ what, value, threshold }) =>
      `The cartesian product of the IN restrictions on ${what} produces ${value} values, ` +
      `this exceeds warning threshold of ${threshold}.`,
    ({ what, value, threshold }) =>
      `Aborting query because the cartesian product of the IN restrictions on ${what} produces ${value} values, ` +
      `this exceeds fail threshold of ${threshold}.`,
  ),
  column_value_size: VALUE_SIZE,
  collection_size: sameText(
    ({ what, value, threshold }, word) =>
      `Detected collection ${what} of size ${value}, this exceeds the ${word} threshold of ${threshold}.`,
  ),
  items_per_collection: sameText(
    ({ what, value, threshold }, word) =>
      `Detected collection ${what} with ${value} items, this exceeds the ${word} threshold of ${threshold}.`,
  ),
  minimum_replication_factor: sameText(
    ({ what, value, threshold }, word) =>
      `The keyspace ${what} has a replication factor of ${value}, below the ${word} threshold of ${threshold}.`,
  ),
  maximum_replication_factor: sameText(
    ({ what, value, threshold }, word) =>
      `The keyspace ${what} has a replication factor of ${value}, above the ${word} threshold of ${threshold}.`,
  ),
  maximum_timestamp: sameText(
    ({ what, value, threshold }, word) =>
      `The modification to table ${what} has a timestamp ${value} after the maximum allowable ${word} threshold ${threshold}`,
    "Timestamps too far in the future can lead to data that can't be easily overwritten",
  ),
  minimum_timestamp: sameText(
    ({ what, value, threshold }, word) =>
      `The modification to table ${what} has a timestamp ${value} before the minimum allowable ${word} threshold ${threshold}`,
    'Timestamps too far in the past can cause writes can be unexpectedly lost',
  ),
  sai_string_term_size: VALUE_SIZE,
  sai_frozen_term_size: VALUE_SIZE,
  sai_vector_term_size: VALUE_SIZE,
} as const satisfies Readonly<Record<string, Threshold>>;

export type ThresholdName = keyof typeof THRESHOLDS;
/** Those of sizes and counts that must not be exceeded; the others count the other way or from now. */
export type LimitName = Exclude<
  ThresholdName,
  'minimum_replication_factor' | 'minimum_timestamp' | 'maximum_timestamp'
>;

export interface Flag {
  readonly enabled: keyof GuardrailSettings;
  /** Allowed, and warned of, when this setting is true. */
  readonly warned?: keyof GuardrailSettings;
  readonly reason: string | null;
  readonly feature: string;
}

export const FLAGS = {
  user_timestamps: {
    enabled: 'user_timestamps_enabled',
    reason: null,
    feature: 'User provided timestamps (USING TIMESTAMP)',
  },
  group_by: { enabled: 'group_by_enabled', reason: null, feature: 'GROUP BY functionality' },
  alter_table: {
    enabled: 'alter_table_enabled',
    reason: null,
    feature: 'ALTER TABLE changing columns',
  },
  drop_truncate_table_enabled: {
    enabled: 'drop_truncate_table_enabled',
    reason: null,
    feature: 'DROP and TRUNCATE TABLE functionality',
  },
  drop_keyspace_enabled: {
    enabled: 'drop_keyspace_enabled',
    reason: null,
    feature: 'DROP KEYSPACE functionality',
  },
  secondary_indexes: {
    enabled: 'secondary_indexes_enabled',
    reason: null,
    feature: 'Creating secondary indexes',
  },
  uncompressed_tables_enabled: {
    enabled: 'uncompressed_tables_enabled',
    reason: null,
    feature: 'Uncompressed table',
  },
  compact_tables: {
    enabled: 'compact_tables_enabled',
    reason: null,
    feature: 'Creation of new COMPACT STORAGE tables',
  },
  zero_ttl_on_twcs: {
    enabled: 'zero_ttl_on_twcs_enabled',
    warned: 'zero_ttl_on_twcs_warned',
    reason:
      'It is suspicious to use default_time_to_live set to 0 with such compaction strategy. Please keep in mind that ' +
      'data will not start to automatically expire after they are older than a respective compaction window unit of a ' +
      'certain size. Please set TTL for your INSERT or UPDATE statements if you expect data to be expired as table ' +
      'settings will not do it. ',
    feature:
      '0 default_time_to_live on a table with TimeWindowCompactionStrategy compaction strategy',
  },
  intersect_filtering_query: {
    enabled: 'intersect_filtering_query_enabled',
    warned: 'intersect_filtering_query_warned',
    reason:
      'Filtering queries involving an intersection on multiple mutable (i.e. non-key) columns over unrepaired data at ' +
      'read consistency levels that would require coordinator reconciliation may violate the guarantees of those ' +
      'consistency levels.',
    feature:
      'Filtering query with intersection on mutable columns at consistency level requiring coordinator reconciliation',
  },
  read_before_write_list_operations: {
    enabled: 'read_before_write_list_operations_enabled',
    reason: null,
    feature: 'List operation requiring read before write',
  },
  allow_filtering: {
    enabled: 'allow_filtering_enabled',
    reason:
      'ALLOW FILTERING can potentially visit all the data in the table and have unpredictable performance.',
    feature: 'Querying with ALLOW FILTERING',
  },
  simplestrategy: { enabled: 'simplestrategy_enabled', reason: null, feature: 'SimpleStrategy' },
  vector_type_enabled: {
    enabled: 'vector_type_enabled',
    reason: null,
    feature: 'usage of the vector type',
  },
  non_partition_restricted_index_query_enabled: {
    enabled: 'non_partition_restricted_index_query_enabled',
    reason:
      'Executing a query on secondary indexes without partition key restriction might degrade performance',
    feature: 'Non-partition key restricted query',
  },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof FLAGS;
