// cassandra.yaml's names and values, as a topology or `--set` gives them, into a node's configuration. Unknown names are
// refused with the nearest known ones; units are cassandra.yaml's (10s, 32MiB, 1MiB/s).

import type { NodeConfig } from '../node/node-config.ts';
import { DEFAULT_NODE_CONFIG, PAXOS_VARIANTS } from '../node/node-config.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import { nearest } from '../topology/place.ts';
import { parseDurationMs } from '../topology/units.ts';

type Setting = string | number | boolean | null;

const SIZES: Readonly<Record<string, number>> = {
  b: 1,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/** Settings that count things; every other number is a duration in milliseconds or a size in bytes. */
const COUNTS: ReadonlySet<string> = new Set([
  'num_tokens',
  'allocate_tokens_for_local_replication_factor',
  'default_keyspace_rf',
  'max_hints_delivery_threads',
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
const CHOICES: Readonly<Record<string, readonly string[]>> = { paxos_variant: PAXOS_VARIANTS };

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
  return { ...DEFAULT_NODE_CONFIG, ...(changed as Partial<NodeConfig>) };
}

function parseSetting(name: string, value: Setting): unknown {
  const usual = DEFAULT_NODE_CONFIG[name as keyof NodeConfig];
  if (typeof usual === 'boolean') {
    if (typeof value === 'boolean') return value;
    throw misfit(name, value, 'true or false');
  }
  if (typeof usual === 'number' || COUNTS.has(name)) return parseNumber(name, value);
  const choices = CHOICES[name];
  if (choices !== undefined && !choices.includes(String(value)))
    throw misfit(name, value, choices.join(', '));
  if (name === 'initial_token')
    return value === null
      ? null
      : String(value)
          .split(',')
          .map((token) => token.trim());
  if (Array.isArray(usual))
    return value === null
      ? []
      : String(value)
          .split(',')
          .map((item) => item.trim());
  return value === null ? null : String(value);
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
  const size = /^(\d+(?:\.\d+)?)\s*(b|kib|mib|gib)(?:\/s)?$/i.exec(text);
  if (size !== null) return Number(size[1]) * (SIZES[(size[2] ?? 'b').toLowerCase()] ?? 1);
  const duration = /^\d+(\.\d+)?$/.test(text) ? null : parseDurationMs(text);
  if (duration !== null) return duration;
  throw misfit(name, value, 'a duration such as 10s or 500ms, or a size such as 32MiB');
}

function misfit(name: string, value: Setting, fits: string): InvalidDocument {
  return new InvalidDocument(`cassandra.${name}: ${String(value)} does not fit; write ${fits}`);
}
