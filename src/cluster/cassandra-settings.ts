// cassandra.yaml's names and values, as a topology or `--set` gives them, into a node's configuration. Unknown names are
// refused with the nearest known ones; units are cassandra.yaml's (10s, 32MiB, 1MiB/s).

import type { NodeConfig } from '../node/node-config.ts';
import { CONSISTENCY_LEVELS } from '../data/consistency.ts';
import {
  AGE_THRESHOLDS,
  DEFAULT_GUARDRAILS,
  SIZE_SETTINGS,
} from '../node/guardrails/guardrail-settings.ts';
import { settingsProblem } from '../node/guardrails/validate-settings.ts';
import { DEFAULT_NODE_CONFIG, PAXOS_STATE_PURGINGS, PAXOS_VARIANTS } from '../node/node-config.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import { parseDurationMs } from '../topology/units.ts';

type Setting = string | number | boolean | null | readonly (string | number)[];

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/** Settings that count things; every other number is a duration in milliseconds or a size in bytes. */
const COUNTS: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULT_GUARDRAILS).filter(
    (name) => name.endsWith('_threshold') && !SIZE_SETTINGS.has(name) && !AGE_THRESHOLDS.has(name),
  ),
  'num_tokens',
  'allocate_tokens_for_local_replication_factor',
  'default_keyspace_rf',
  'max_hints_delivery_threads',
  'paxos_repair_parallelism',
  'unlogged_batch_across_partitions_warn_threshold',
  'tombstone_warn_threshold',
  'tombstone_failure_threshold',
  'phi_convict_threshold',
  'dynamic_snitch_badness_threshold',
  'native_transport_port',
  'storage_port',
  'native_transport_max_concurrent_connections',
]);

/** Settings that name one of a few ways. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  paxos_variant: PAXOS_VARIANTS,
  paxos_state_purging: PAXOS_STATE_PURGINGS,
};

/** Throws InvalidDocument with the name, the value and what fits. */
export function nodeConfig(settings: Readonly<Record<string, Setting>>): NodeConfig {
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(DEFAULT_NODE_CONFIG, name)) {
      const near = nearest(name, Object.keys(DEFAULT_NODE_CONFIG));
      throw new InvalidDocument(
        `cassandra.${name}: there is no such setting${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
      );
    }
    changed[name] = parseSetting(name, value);
  }
  const config = { ...DEFAULT_NODE_CONFIG, ...(changed as Partial<NodeConfig>) };
  const problem = settingsProblem(config);
  if (problem !== null) throw new InvalidDocument(`cassandra: ${problem}`);
  return config;
}

function parseSetting(name: string, value: Setting): unknown {
  const usual = DEFAULT_NODE_CONFIG[name as keyof NodeConfig];
  if (typeof usual === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw misfit(name, value, 'true or false');
  }
  if (SIZE_SETTINGS.has(name)) return parseSize(name, value);
  if (AGE_THRESHOLDS.has(name)) return parseAge(name, value);
  if (typeof usual === 'number' || COUNTS.has(name)) return parseNumber(name, value);
  const choices = CHOICES[name];
  if (choices !== undefined && !choices.includes(String(value)))
    throw misfit(name, value, choices.join(', '));
  if (name === 'initial_token') return value === null ? null : parseList(value);
  if (Array.isArray(usual)) return checkedList(name, parseList(value));
  return value === null ? null : String(value);
}

/** A YAML list, or its items in one text with commas between them. */
function parseList(value: Setting): readonly string[] {
  if (value === null) return [];
  const items = typeof value === 'object' ? value.map(String) : String(value).split(',');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

function checkedList(name: string, items: readonly string[]): readonly string[] {
  if (name.startsWith('table_properties_')) return items.map((item) => item.toLowerCase());
  if (!name.includes('_consistency_levels_')) return items;
  const levels: readonly string[] = CONSISTENCY_LEVELS;
  const unknown = items.find((item) => !levels.includes(item));
  if (unknown !== undefined) throw misfit(name, unknown, levels.join(', '));
  return items;
}

/** Null, or empty: off. A number alone is no size. */
function parseSize(name: string, value: Setting): number | null {
  if (value === null || value === '') return null;
  const bytes = sizeOf(String(value));
  if (bytes === null) throw misfit(name, value, 'a size such as 32MiB');
  return bytes;
}

/** `32MiB` -> bytes; null: no size. */
export function sizeOf(text: string): number | null {
  const size = /^(\d+(?:\.\d+)?)\s*(b|kib|mib|gib)(?:\/s)?$/i.exec(text.trim());
  return size === null ? null : Number(size[1]) * (SIZES[(size[2] ?? 'b').toLowerCase()] ?? 1);
}

function parseAge(name: string, value: Setting): number | null {
  if (value === null || value === '') return null;
  const text = String(value);
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? null : parseDurationMs(text);
  if (ms === null) throw misfit(name, value, 'a duration such as 1d or 500ms');
  return ms;
}

function parseNumber(name: string, value: Setting): number | null {
  if (value === null) return null;
  if (typeof value === 'number') return value;
  const text = String(value).trim();
  if (COUNTS.has(name)) {
    const count = Number(text);
    if (Number.isFinite(count)) return count;
    throw misfit(name, value, 'a number');
  }
  const size = sizeOf(text);
  if (size !== null) return size;
  const duration = /^\d+(\.\d+)?$/.test(text) ? null : parseDurationMs(text);
  if (duration !== null) return duration;
  throw misfit(name, value, 'a duration such as 10s or 500ms, or a size such as 32MiB');
}

function misfit(name: string, value: Setting, fits: string): InvalidDocument {
  return new InvalidDocument(`cassandra.${name}: ${String(value)} does not fit; write ${fits}`);
}
