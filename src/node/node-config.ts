// Every limit and timeout of a node, named as in cassandra.yaml, with Cassandra 5.0's shipped defaults.
// Durations are milliseconds, sizes bytes, whatever unit the yaml would print. Read-only to the services.

import type { GuardrailSettings } from './guardrails/guardrail-settings.ts';
import { DEFAULT_GUARDRAILS } from './guardrails/guardrail-settings.ts';

/** Cassandra: config/Config.PaxosVariant. */
export const PAXOS_VARIANTS = [
  'v1_without_linearizable_reads_or_rejected_writes',
  'v1',
  'v2_without_linearizable_reads_or_rejected_writes',
  'v2_without_linearizable_reads',
  'v2',
] as const;
export type PaxosVariant = (typeof PAXOS_VARIANTS)[number];

/** Cassandra: config/Config.PaxosStatePurging. */
export const PAXOS_STATE_PURGINGS = ['legacy', 'gc_grace', 'repaired'] as const;
export type PaxosStatePurging = (typeof PAXOS_STATE_PURGINGS)[number];

export interface NodeConfig extends GuardrailSettings {
  readonly cluster_name: string;
  readonly num_tokens: number;
  readonly initial_token: readonly string[] | null;
  readonly allocate_tokens_for_local_replication_factor: number | null;
  readonly allocate_tokens_for_keyspace: string | null;
  readonly auto_bootstrap: boolean;
  readonly default_keyspace_rf: number;

  readonly read_request_timeout: number;
  readonly range_request_timeout: number;
  readonly write_request_timeout: number;
  readonly counter_write_request_timeout: number;
  readonly cas_contention_timeout: number;
  readonly truncate_request_timeout: number;
  readonly request_timeout: number;
  readonly repair_request_timeout: number;
  readonly native_transport_timeout: number;
  readonly slow_query_log_timeout: number;

  readonly hinted_handoff_enabled: boolean;
  readonly hinted_handoff_disabled_datacenters: readonly string[];
  readonly max_hint_window: number;
  readonly hint_window_persistent_enabled: boolean;
  readonly hinted_handoff_throttle: number;
  readonly max_hints_delivery_threads: number;
  readonly hints_flush_period: number;
  /** The dispatcher's round; fixed at 10 s in Cassandra. */
  readonly hints_dispatch_interval: number;
  /** 0: unlimited. */
  readonly max_hints_size_per_host: number;

  readonly batchlog_replay_throttle: number;
  /** The replay round; fixed at 10 s in Cassandra. */
  readonly batchlog_replay_interval: number;
  readonly batch_size_warn_threshold: number;
  readonly batch_size_fail_threshold: number;
  readonly unlogged_batch_across_partitions_warn_threshold: number;

  readonly tombstone_warn_threshold: number;
  readonly tombstone_failure_threshold: number;

  /** Milliseconds between gossip rounds; fixed at 1 s in Cassandra. */
  readonly gossip_interval: number;
  readonly phi_convict_threshold: number;
  /** -Dcassandra.ring_delay_ms. */
  readonly ring_delay: number;

  readonly dynamic_snitch: boolean;
  readonly dynamic_snitch_badness_threshold: number;
  readonly dynamic_snitch_update_interval: number;
  readonly dynamic_snitch_reset_interval: number;

  readonly trace_type_query_ttl: number;
  readonly paxos_variant: PaxosVariant;
  readonly paxos_state_purging: PaxosStatePurging;
  readonly paxos_purge_grace_period: number;
  readonly paxos_repair_enabled: boolean;
  /** Partitions finished at once. */
  readonly paxos_repair_parallelism: number;
  /** Whoever may still be at work on a partition is given the time to end it. */
  readonly paxos_repair_race_wait: boolean;
  readonly skip_paxos_repair_on_topology_change: boolean;
  readonly skip_paxos_repair_on_topology_change_keyspaces: readonly string[];
  readonly ideal_consistency_level: string | null;

  readonly commitlog_sync: 'periodic' | 'batch' | 'group';
  readonly commitlog_sync_period: number;
  readonly commitlog_sync_group_window: number;
  readonly commitlog_segment_size: number;
  /** Log above which everything is written to a checkpoint and the log before it removed. Cassandra's default: 8 GiB. */
  readonly commitlog_total_space: number;
  readonly disk_failure_policy: 'die' | 'stop_paranoid' | 'stop' | 'best_effort' | 'ignore';
  readonly commit_failure_policy: 'die' | 'stop' | 'stop_commit' | 'ignore';
  /** -Dcassandra.commitlog.ignorereplayerrors: a damaged commit log ends a segment, not the start. */
  readonly ignore_replay_errors: boolean;
  readonly auto_snapshot: boolean;

  readonly materialized_views_enabled: boolean;
  readonly user_defined_functions_enabled: boolean;
  readonly sasi_indexes_enabled: boolean;
  readonly drop_compact_storage_enabled: boolean;
  /** -Dcassandra.sai.vector.allow_custom_parameters: vector indexes take options about a graph. */
  readonly sai_vector_allow_custom_parameters: boolean;
  readonly dynamic_data_masking_enabled: boolean;
  readonly transient_replication_enabled: boolean;
  readonly authenticator: 'AllowAllAuthenticator' | 'PasswordAuthenticator';
  readonly authorizer: 'AllowAllAuthorizer' | 'CassandraAuthorizer';

  readonly native_transport_port: number;
  readonly storage_port: number;
  readonly native_transport_max_frame_size: number;
  readonly native_transport_max_concurrent_connections: number;
  readonly native_transport_max_request_data_in_flight: number;
  readonly native_transport_max_request_data_in_flight_per_ip: number;
  readonly prepared_statements_cache_size: number;
  readonly max_value_size: number;
  readonly max_mutation_size: number;
  readonly repair_session_space: number;
}

export const DEFAULT_NODE_CONFIG: NodeConfig = {
  ...DEFAULT_GUARDRAILS,

  cluster_name: 'Starfish',
  num_tokens: 16,
  initial_token: null,
  allocate_tokens_for_local_replication_factor: 3,
  allocate_tokens_for_keyspace: null,
  auto_bootstrap: true,
  default_keyspace_rf: 1,

  read_request_timeout: 5_000,
  range_request_timeout: 10_000,
  write_request_timeout: 2_000,
  counter_write_request_timeout: 5_000,
  cas_contention_timeout: 1_000,
  truncate_request_timeout: 60_000,
  request_timeout: 10_000,
  repair_request_timeout: 120_000,
  native_transport_timeout: 12_000,
  slow_query_log_timeout: 500,

  hinted_handoff_enabled: true,
  hinted_handoff_disabled_datacenters: [],
  max_hint_window: 3 * 3_600_000,
  hint_window_persistent_enabled: true,
  hinted_handoff_throttle: 1_024 * 1_024,
  max_hints_delivery_threads: 2,
  hints_flush_period: 10_000,
  hints_dispatch_interval: 10_000,
  max_hints_size_per_host: 0,

  batchlog_replay_throttle: 1_024 * 1_024,
  batchlog_replay_interval: 10_000,
  batch_size_warn_threshold: 5 * 1_024,
  batch_size_fail_threshold: 50 * 1_024,
  unlogged_batch_across_partitions_warn_threshold: 10,

  tombstone_warn_threshold: 1_000,
  tombstone_failure_threshold: 100_000,

  gossip_interval: 1_000,
  phi_convict_threshold: 8,
  ring_delay: 30_000,

  dynamic_snitch: true,
  dynamic_snitch_badness_threshold: 1.0,
  dynamic_snitch_update_interval: 100,
  dynamic_snitch_reset_interval: 600_000,

  trace_type_query_ttl: 86_400_000,
  paxos_variant: 'v1',
  paxos_state_purging: 'legacy',
  paxos_purge_grace_period: 60_000,
  paxos_repair_enabled: true,
  paxos_repair_parallelism: 2,
  paxos_repair_race_wait: true,
  skip_paxos_repair_on_topology_change: false,
  skip_paxos_repair_on_topology_change_keyspaces: [],
  ideal_consistency_level: null,

  commitlog_sync: 'periodic',
  commitlog_sync_period: 10_000,
  commitlog_sync_group_window: 1_000,
  commitlog_segment_size: 32 * 1_024 * 1_024,
  commitlog_total_space: 256 * 1_024 * 1_024,
  disk_failure_policy: 'stop',
  commit_failure_policy: 'stop',
  ignore_replay_errors: false,
  auto_snapshot: true,

  materialized_views_enabled: false,
  user_defined_functions_enabled: false,
  sasi_indexes_enabled: false,
  drop_compact_storage_enabled: false,
  sai_vector_allow_custom_parameters: false,
  dynamic_data_masking_enabled: false,
  transient_replication_enabled: false,
  authenticator: 'AllowAllAuthenticator',
  authorizer: 'AllowAllAuthorizer',

  native_transport_port: 9042,
  storage_port: 7000,
  native_transport_max_frame_size: 16 * 1_024 * 1_024,
  native_transport_max_concurrent_connections: -1,
  native_transport_max_request_data_in_flight: 256 * 1_024 * 1_024,
  native_transport_max_request_data_in_flight_per_ip: 64 * 1_024 * 1_024,
  prepared_statements_cache_size: 10 * 1_024 * 1_024,
  max_value_size: 256 * 1_024 * 1_024,
  max_mutation_size: 16 * 1_024 * 1_024,
  repair_session_space: 32 * 1_024 * 1_024,
};
