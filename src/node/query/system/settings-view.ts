// system_views.settings: the node's configuration as text, each setting in the unit cassandra.yaml gives it.
// Cassandra: db/virtual/SettingsTable.

import type { NodeConfig } from '../../node-config.ts';
import { CONSISTENCY_LEVELS } from '../../../data/consistency.ts';
import { javaHashOrder } from '../../../data/java-hash-order.ts';
import { AGE_THRESHOLDS, SIZE_SETTINGS } from '../../guardrails/guardrail-settings.ts';
import { durationText, sizeText } from './setting-text.ts';
import { OLD_NAMES, SETTINGS_DEFAULTS } from './settings-defaults.ts';
import type { VirtualRow } from './virtual-tables.ts';

/** Milliseconds of the configuration in coarser units, where Cassandra prints those. */
const COARSE_UNITS: Readonly<Record<string, readonly [suffix: string, ms: number]>> = {
  max_hint_window: ['h', 3_600_000],
  dynamic_snitch_reset_interval: ['m', 60_000],
  native_transport_timeout: ['s', 1_000],
  paxos_purge_grace_period: ['s', 1_000],
  trace_type_query_ttl: ['d', 86_400_000],
};

const MILLISECONDS = /_(timeout|window|period|update_interval|reset_interval)$/;
const NOT_MILLISECONDS = /^(hint_window_persistent_enabled|ring_delay)$/;
const BYTES: Readonly<Record<string, readonly [suffix: string, bytes: number]>> = {
  hinted_handoff_throttle: ['KiB', 1_024],
  batchlog_replay_throttle: ['KiB', 1_024],
  batch_size_warn_threshold: ['KiB', 1_024],
  batch_size_fail_threshold: ['KiB', 1_024],
  max_hints_size_per_host: ['B', 1],
  commitlog_segment_size: ['MiB', 1_048_576],
  commitlog_total_space: ['MiB', 1_048_576],
  native_transport_max_frame_size: ['MiB', 1_048_576],
  native_transport_max_request_data_in_flight: ['B', 1],
  native_transport_max_request_data_in_flight_per_ip: ['B', 1],
  prepared_statements_cache_size: ['MiB', 1_048_576],
  max_value_size: ['MiB', 1_048_576],
  max_mutation_size: ['KiB', 1_024],
  repair_session_space: ['MiB', 1_048_576],
};

/** Settings of this program that cassandra.yaml does not have. */
const OURS = new Set([
  'hints_dispatch_interval',
  'batchlog_replay_interval',
  'gossip_interval',
  'ring_delay',
  'ignore_replay_errors',
  'sai_vector_allow_custom_parameters',
]);

/** `more`: settings known elsewhere (addresses, the snitch, the partitioner). */
export function settingRows(
  config: NodeConfig,
  more: Readonly<Record<string, string | null>>,
): VirtualRow[] {
  const shown = new Map(SETTINGS_DEFAULTS);
  for (const [name, value] of Object.entries(config)) {
    if (!OURS.has(name)) shown.set(name, settingText(name, value));
  }
  for (const name of OLD_NAMES) shown.set(name, oldText(name, config));
  for (const [name, value] of oldGuardrails(config)) shown.set(name, value);
  for (const [name, value] of Object.entries(more)) shown.set(name, value);
  return [...shown].map(([name, value]) => ({ name, value }));
}

const OLD_UNITS: Readonly<Record<string, number>> = { ms: 1, kb: 1_024, mb: 1_048_576 };

/** A setting under the name it had before 4.1: the bare number in the unit its name ends with. */
function oldText(name: string, config: NodeConfig): string | null {
  const [, current = '', unit = 'ms'] = /^(.*?)(?:_in)?_(ms|kb|mb)$/.exec(name) ?? [];
  const value: unknown = Object.entries(config).find(([other]) => other === current)?.[1];
  return typeof value === 'number' ? String(Math.floor(value / (OLD_UNITS[unit] ?? 1))) : null;
}

/** cassandra.yaml's 4.0 counted the system's own keyspaces and tables too. */
const SYSTEM_KEYSPACES = 5;
const SYSTEM_TABLES = 48;

function oldGuardrails(config: NodeConfig): readonly (readonly [string, string | null])[] {
  const bytes = config.partition_size_warn_threshold;
  const mebibytes = bytes === null ? null : Math.floor(bytes / 1_048_576);
  return [
    ['keyspace_count_warn_threshold', String(config.keyspaces_warn_threshold + SYSTEM_KEYSPACES)],
    ['table_count_warn_threshold', String(config.tables_warn_threshold + SYSTEM_TABLES)],
    ['compaction_tombstone_warning_threshold', String(config.partition_tombstones_warn_threshold)],
    ['compaction_large_partition_warning_threshold', mebibytes === null ? null : `${mebibytes}MiB`],
    [
      'compaction_large_partition_warning_threshold_mb',
      mebibytes === null ? null : String(mebibytes),
    ],
  ];
}

function settingText(name: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value))
    return name === 'initial_token' ? value.join(',') : `[${inOrder(name, value).join(', ')}]`;
  if (typeof value !== 'number') return String(value);
  if (SIZE_SETTINGS.has(name)) return sizeText(value);
  if (AGE_THRESHOLDS.has(name)) return durationText(value);
  const bytes = BYTES[name];
  if (bytes !== undefined) return unitText(value, bytes);
  const coarse = COARSE_UNITS[name];
  if (coarse !== undefined) return unitText(value, coarse);
  if (MILLISECONDS.test(name) && !NOT_MILLISECONDS.test(name)) return `${value}ms`;
  const isDouble = name === 'phi_convict_threshold' || name === 'dynamic_snitch_badness_threshold';
  return isDouble && Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Sets are shown in the order Cassandra keeps them in. */
function inOrder(name: string, items: readonly string[]): readonly string[] {
  if (name.startsWith('table_properties_')) return javaHashOrder(items);
  if (!name.includes('_consistency_levels_')) return items;
  return CONSISTENCY_LEVELS.filter((level) => items.includes(level));
}

/** In the unit when it comes out even, else in the smallest one. */
function unitText(value: number, [suffix, factor]: readonly [string, number]): string {
  if (value % factor === 0) return `${value / factor}${suffix}`;
  return suffix.endsWith('B') ? `${value}B` : `${value}ms`;
}
