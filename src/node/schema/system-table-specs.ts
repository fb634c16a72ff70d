// The tables of the stored system keyspaces, as one compact line of data each: names, comments, keys, columns and the
// options that differ from their keyspace's. Checked against a running Cassandra's DESCRIBE: test/describe/.
// Cassandra: db/SystemKeyspace, schema/SchemaKeyspace, auth/AuthKeyspace, SystemDistributedKeyspace, TraceKeyspace.

import type { TableParams } from '../../data/schema.ts';

export interface SystemTableSpec {
  readonly name: string;
  readonly comment: string;
  /** `(a text, b int), c int`: partition key (parentheses when composite), then clustering columns. */
  readonly key: string;
  /** The other columns. */
  readonly columns: string;
  readonly params?: Partial<TableParams>;
}

const COMPACTION = 'org.apache.cassandra.db.compaction.';
const MIN_TWO = new Map([
  ['class', `${COMPACTION}SizeTieredCompactionStrategy`],
  ['max_threshold', '32'],
  ['min_threshold', '2'],
]);
const LEVELED = new Map([
  ['class', `${COMPACTION}LeveledCompactionStrategy`],
  ['max_threshold', '32'],
  ['min_threshold', '4'],
]);
const TIME_WINDOW = new Map([
  ['class', `${COMPACTION}TimeWindowCompactionStrategy`],
  ['compaction_window_size', '1'],
  ['compaction_window_unit', 'DAYS'],
  ['max_threshold', '32'],
  ['min_threshold', '4'],
]);

export const SYSTEM_TABLES: readonly SystemTableSpec[] = [
  {
    name: 'available_ranges',
    comment: 'available keyspace/ranges during bootstrap/replace that are ready to be served',
    key: 'keyspace_name text',
    columns: 'ranges set<blob>',
  },
  {
    name: 'available_ranges_v2',
    comment: 'available keyspace/ranges during bootstrap/replace that are ready to be served',
    key: 'keyspace_name text',
    columns: 'full_ranges set<blob>, transient_ranges set<blob>',
  },
  {
    name: 'batches',
    comment: 'batches awaiting replay',
    key: 'id timeuuid',
    columns: 'version int, mutations list<blob>',
    params: { compaction: MIN_TWO },
  },
  {
    name: 'built_views',
    comment: 'built views',
    key: 'keyspace_name text, view_name text',
    columns: 'status_replicated boolean',
  },
  {
    name: 'compaction_history',
    comment: 'week-long compaction history',
    key: 'id timeuuid',
    columns:
      'bytes_in bigint, bytes_out bigint, columnfamily_name text, compacted_at timestamp, ' +
      'compaction_properties frozen<map<text, text>>, keyspace_name text, ' +
      'rows_merged map<int, bigint>',
    params: { default_time_to_live: 604800 },
  },
  {
    name: 'IndexInfo',
    comment: 'built column indexes',
    key: 'table_name text, index_name text',
    columns: 'value blob',
  },
  {
    name: 'local',
    comment: 'information about the local node',
    key: 'key text',
    columns:
      'bootstrapped text, broadcast_address inet, broadcast_port int, cluster_name text, ' +
      'cql_version text, data_center text, gossip_generation int, host_id uuid, ' +
      'listen_address inet, listen_port int, native_protocol_version text, partitioner text, ' +
      'rack text, release_version text, rpc_address inet, rpc_port int, schema_version uuid, ' +
      'tokens set<text>, truncated_at map<uuid, blob>',
  },
  {
    name: 'paxos',
    comment: 'in-progress paxos proposals',
    key: 'row_key blob, cf_id uuid',
    columns:
      'in_progress_ballot timeuuid, in_progress_read_ballot timeuuid, most_recent_commit blob, ' +
      'most_recent_commit_at timeuuid, most_recent_commit_version int, proposal blob, ' +
      'proposal_ballot timeuuid, proposal_version int',
    params: { compaction: LEVELED },
  },
  {
    name: 'paxos_repair_history',
    comment: 'paxos repair history',
    key: 'keyspace_name text, table_name text',
    columns: 'points frozen<list<frozen<tuple<blob, timeuuid>>>>',
  },
  {
    name: 'peer_events',
    comment: 'events related to peers',
    key: 'peer inet',
    columns: 'hints_dropped map<timeuuid, int>',
  },
  {
    name: 'peer_events_v2',
    comment: 'events related to peers',
    key: 'peer inet, peer_port int',
    columns: 'hints_dropped map<timeuuid, int>',
  },
  {
    name: 'peers',
    comment: 'information about known peers in the cluster',
    key: 'peer inet',
    columns:
      'data_center text, host_id uuid, preferred_ip inet, rack text, release_version text, ' +
      'rpc_address inet, schema_version uuid, tokens set<text>',
  },
  {
    name: 'peers_v2',
    comment: 'information about known peers in the cluster',
    key: 'peer inet, peer_port int',
    columns:
      'data_center text, host_id uuid, native_address inet, native_port int, ' +
      'preferred_ip inet, preferred_port int, rack text, release_version text, ' +
      'schema_version uuid, tokens set<text>',
  },
  {
    name: 'prepared_statements',
    comment: 'prepared statements',
    key: 'prepared_id blob',
    columns: 'logged_keyspace text, query_string text',
  },
  {
    name: 'repairs',
    comment: 'repairs',
    key: 'parent_id timeuuid',
    columns:
      'coordinator inet, coordinator_port int, last_update timestamp, repaired_at timestamp, ' +
      'started_at timestamp, state int, cfids set<uuid>, participants set<inet>, ' +
      'participants_wp set<text>, ranges set<blob>',
  },
  {
    name: 'size_estimates',
    comment:
      'per-table primary range size estimates, table is deprecated in favor of table_estimates',
    key: 'keyspace_name text, table_name text, range_start text, range_end text',
    columns: 'mean_partition_size bigint, partitions_count bigint',
  },
  {
    name: 'sstable_activity',
    comment: 'historic sstable read rates',
    key: '(keyspace_name text, columnfamily_name text, generation int)',
    columns: 'rate_120m double, rate_15m double',
  },
  {
    name: 'sstable_activity_v2',
    comment: 'historic sstable read rates',
    key: '(keyspace_name text, table_name text, id text)',
    columns: 'rate_120m double, rate_15m double',
  },
  {
    name: 'table_estimates',
    comment: 'per-table range size estimates',
    key: 'keyspace_name text, table_name text, range_type text, range_start text, range_end text',
    columns: 'mean_partition_size bigint, partitions_count bigint',
  },
  {
    name: 'top_partitions',
    comment: 'Stores the top partitions',
    key: 'keyspace_name text, table_name text, top_type text',
    columns: 'last_update timestamp, top frozen<list<frozen<tuple<text, bigint>>>>',
  },
  {
    name: 'transferred_ranges',
    comment: 'record of transferred ranges for streaming operation',
    key: '(operation text, keyspace_name text), peer inet',
    columns: 'ranges set<blob>',
  },
  {
    name: 'transferred_ranges_v2',
    comment: 'record of transferred ranges for streaming operation',
    key: '(operation text, keyspace_name text), peer inet, peer_port int',
    columns: 'ranges set<blob>',
  },
  {
    name: 'view_builds_in_progress',
    comment: 'views builds current progress',
    key: 'keyspace_name text, view_name text, start_token text, end_token text',
    columns: 'keys_built bigint, last_token text',
  },
];

export const SYSTEM_SCHEMA_TABLES: readonly SystemTableSpec[] = [
  {
    name: 'aggregates',
    comment: 'user defined aggregate definitions',
    key: 'keyspace_name text, aggregate_name text, argument_types frozen<list<text>>',
    columns: 'final_func text, initcond text, return_type text, state_func text, state_type text',
  },
  {
    name: 'column_masks',
    comment: 'column dynamic data masks',
    key: 'keyspace_name text, table_name text, column_name text',
    columns:
      'function_argument_nulls frozen<list<boolean>>, ' +
      'function_argument_types frozen<list<text>>, ' +
      'function_argument_values frozen<list<text>>, function_keyspace text, ' +
      'function_name text',
  },
  {
    name: 'columns',
    comment: 'column definitions',
    key: 'keyspace_name text, table_name text, column_name text',
    columns: 'clustering_order text, column_name_bytes blob, kind text, position int, type text',
  },
  {
    name: 'dropped_columns',
    comment: 'dropped column registry',
    key: 'keyspace_name text, table_name text, column_name text',
    columns: 'dropped_time timestamp, kind text, type text',
  },
  {
    name: 'functions',
    comment: 'user defined function definitions',
    key: 'keyspace_name text, function_name text, argument_types frozen<list<text>>',
    columns:
      'argument_names frozen<list<text>>, body text, called_on_null_input boolean, ' +
      'language text, return_type text',
  },
  {
    name: 'indexes',
    comment: 'secondary index definitions',
    key: 'keyspace_name text, table_name text, index_name text',
    columns: 'kind text, options frozen<map<text, text>>',
  },
  {
    name: 'keyspaces',
    comment: 'keyspace definitions',
    key: 'keyspace_name text',
    columns: 'durable_writes boolean, replication frozen<map<text, text>>',
  },
  {
    name: 'tables',
    comment: 'table definitions',
    key: 'keyspace_name text, table_name text',
    columns:
      'additional_write_policy text, allow_auto_snapshot boolean, ' +
      'bloom_filter_fp_chance double, caching frozen<map<text, text>>, cdc boolean, ' +
      'comment text, compaction frozen<map<text, text>>, compression frozen<map<text, text>>, ' +
      'crc_check_chance double, dclocal_read_repair_chance double, default_time_to_live int, ' +
      'extensions frozen<map<text, blob>>, flags frozen<set<text>>, gc_grace_seconds int, ' +
      'id uuid, incremental_backups boolean, max_index_interval int, memtable text, ' +
      'memtable_flush_period_in_ms int, min_index_interval int, read_repair text, ' +
      'read_repair_chance double, speculative_retry text',
  },
  {
    name: 'triggers',
    comment: 'trigger definitions',
    key: 'keyspace_name text, table_name text, trigger_name text',
    columns: 'options frozen<map<text, text>>',
  },
  {
    name: 'types',
    comment: 'user defined type definitions',
    key: 'keyspace_name text, type_name text',
    columns: 'field_names frozen<list<text>>, field_types frozen<list<text>>',
  },
  {
    name: 'views',
    comment: 'view definitions',
    key: 'keyspace_name text, view_name text',
    columns:
      'additional_write_policy text, allow_auto_snapshot boolean, base_table_id uuid, ' +
      'base_table_name text, bloom_filter_fp_chance double, caching frozen<map<text, text>>, ' +
      'cdc boolean, comment text, compaction frozen<map<text, text>>, ' +
      'compression frozen<map<text, text>>, crc_check_chance double, ' +
      'dclocal_read_repair_chance double, default_time_to_live int, ' +
      'extensions frozen<map<text, blob>>, gc_grace_seconds int, id uuid, ' +
      'include_all_columns boolean, incremental_backups boolean, max_index_interval int, ' +
      'memtable text, memtable_flush_period_in_ms int, min_index_interval int, ' +
      'read_repair text, read_repair_chance double, speculative_retry text, where_clause text',
  },
];

export const SYSTEM_AUTH_TABLES: readonly SystemTableSpec[] = [
  {
    name: 'cidr_groups',
    comment: 'cidr groups to cidrs mapping',
    key: 'cidr_group text',
    columns: 'cidrs frozen<set<frozen<tuple<inet, smallint>>>>',
  },
  {
    name: 'cidr_permissions',
    comment: 'user cidr permissions',
    key: 'role text',
    columns: 'cidr_groups frozen<set<text>>',
  },
  {
    name: 'identity_to_role',
    comment: 'mtls authorized identities lookup table',
    key: 'identity text',
    columns: 'role text',
  },
  {
    name: 'network_permissions',
    comment: 'user network permissions',
    key: 'role text',
    columns: 'dcs frozen<set<text>>',
  },
  {
    name: 'resource_role_permissons_index',
    comment: 'index of db roles with permissions granted on a resource',
    key: 'resource text, role text',
    columns: '',
  },
  {
    name: 'role_members',
    comment: 'role memberships lookup table',
    key: 'role text, member text',
    columns: '',
  },
  {
    name: 'role_permissions',
    comment: 'permissions granted to db roles',
    key: 'role text, resource text',
    columns: 'permissions set<text>',
  },
  {
    name: 'roles',
    comment: 'role definitions',
    key: 'role text',
    columns: 'can_login boolean, is_superuser boolean, salted_hash text, member_of set<text>',
  },
];

export const SYSTEM_DISTRIBUTED_TABLES: readonly SystemTableSpec[] = [
  {
    name: 'parent_repair_history',
    comment: 'Repair history',
    key: 'parent_id timeuuid',
    columns:
      'exception_message text, exception_stacktrace text, finished_at timestamp, ' +
      'keyspace_name text, started_at timestamp, columnfamily_names set<text>, ' +
      'options map<text, text>, requested_ranges set<text>, successful_ranges set<text>',
    params: { default_time_to_live: 2592000, compaction: TIME_WINDOW },
  },
  {
    name: 'partition_denylist',
    comment: 'Partition keys which have been denied access',
    key: '(ks_name text, table_name text), key blob',
    columns: '',
  },
  {
    name: 'repair_history',
    comment: 'Repair history',
    key: '(keyspace_name text, columnfamily_name text), id timeuuid',
    columns:
      'coordinator inet, coordinator_port int, exception_message text, ' +
      'exception_stacktrace text, finished_at timestamp, parent_id timeuuid, range_begin text, ' +
      'range_end text, started_at timestamp, status text, participants set<inet>, ' +
      'participants_v2 set<text>',
    params: { default_time_to_live: 2592000, compaction: TIME_WINDOW },
  },
  {
    name: 'view_build_status',
    comment: 'Materialized View build status',
    key: '(keyspace_name text, view_name text), host_id uuid',
    columns: 'status text',
  },
];

export const SYSTEM_TRACES_TABLES: readonly SystemTableSpec[] = [
  {
    name: 'events',
    comment: 'tracing events',
    key: 'session_id uuid, event_id timeuuid',
    columns: 'activity text, source inet, source_elapsed int, source_port int, thread text',
  },
  {
    name: 'sessions',
    comment: 'tracing sessions',
    key: 'session_id uuid',
    columns:
      'client inet, command text, coordinator inet, coordinator_port int, duration int, ' +
      'request text, started_at timestamp, parameters map<text, text>',
  },
];
