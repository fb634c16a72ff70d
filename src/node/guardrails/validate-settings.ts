// What Cassandra refuses to start with among the settings of guardrails and read thresholds, in its words.
// Test: test/guardrails/settings.test.ts. Cassandra: config/GuardrailsOptions,
// DatabaseDescriptor.applyReadThresholdsValidations.

import type { NodeConfig } from '../node-config.ts';
import { TABLE_PROPERTIES } from '../query/ddl/table-options.ts';
import { sizeText } from '../query/system/setting-text.ts';
import { DEFAULT_GUARDRAILS, SIZE_SETTINGS } from './guardrail-settings.ts';

const INT_MAX = 0x7fff_ffff;
const LONG_TERMS: ReadonlySet<string> = new Set([
  'partition_tombstones',
  'sai_sstable_indexes_per_query',
]);
const READ_SIZES = ['coordinator_read_size', 'local_read_size', 'row_index_read_size'];
/** Cassandra does not look at these. */
const UNCHECKED: ReadonlySet<string> = new Set([
  ...READ_SIZES,
  'sai_string_term_size',
  'sai_frozen_term_size',
  'sai_vector_term_size',
]);

/** Why a node does not start with these settings; null: it does. */
export function settingsProblem(config: NodeConfig): string | null {
  const problem = guardrailsProblem(config);
  if (problem !== null) return `Invalid guardrails configuration: ${problem}`;
  return readSizeProblem({ ...config });
}

/** What is wrong with the guardrails alone: a running node's may be changed, too. */
export function guardrailsProblem(config: NodeConfig): string | null {
  const settings: Readonly<Record<string, unknown>> = { ...config };
  for (const name of Object.keys(DEFAULT_GUARDRAILS)) {
    const problem = name.endsWith('_warn_threshold')
      ? thresholdProblem(name.slice(0, -'_warn_threshold'.length), settings)
      : otherProblem(name, settings[name]);
    if (problem !== null) return problem;
  }
  return factorProblem(config);
}

function thresholdProblem(
  name: string,
  settings: Readonly<Record<string, unknown>>,
): string | null {
  if (UNCHECKED.has(name)) return null;
  const warn = settings[`${name}_warn_threshold`] as number | null;
  const fail = settings[`${name}_fail_threshold`] as number | null;
  if (name.endsWith('_timestamp')) {
    return orderProblem(name, micros(warn), micros(fail), (value) => String(value));
  }
  if (SIZE_SETTINGS.has(`${name}_warn_threshold`)) {
    return (
      sizeProblem(`${name}_warn_threshold`, warn) ??
      sizeProblem(`${name}_fail_threshold`, fail) ??
      orderProblem(name, warn, fail, sizeText)
    );
  }
  let max = LONG_TERMS.has(name) ? Number.MAX_SAFE_INTEGER : INT_MAX;
  if (name === 'data_disk_usage_percentage') max = 100;
  return (
    countProblem(`${name}_warn_threshold`, warn, max) ??
    countProblem(`${name}_fail_threshold`, fail, max) ??
    orderProblem(name, off(warn), off(fail), String)
  );
}

function micros(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1_000);
}

function off(count: number | null): number | null {
  return count === -1 ? null : count;
}

function countProblem(name: string, value: number | null, max: number): string | null {
  if (value === null || value === -1) return null;
  if (value > max) return `Invalid value ${value} for ${name}: maximum allowed value is ${max}`;
  if (value === 0)
    return `Invalid value for ${name}: 0 is not allowed; if attempting to disable use -1`;
  return value > 0
    ? null
    : `Invalid value ${value} for ${name}: negative values are not allowed, outside of -1 which disables the guardrail`;
}

function sizeProblem(name: string, bytes: number | null): string | null {
  if (bytes !== 0) return null;
  return `Invalid value for ${name}: 0 is not allowed; if attempting to disable use an empty value`;
}

/** Both given: the warning comes first. A minimum warns above where it fails. */
function orderProblem(
  name: string,
  warn: number | null,
  fail: number | null,
  text: (value: number) => string,
): string | null {
  if (warn === null || fail === null) return null;
  const isMinimum = name === 'minimum_replication_factor';
  if (isMinimum ? fail <= warn : fail >= warn) return null;
  const than = isMinimum ? 'greater' : 'lower';
  return (
    `The warn threshold ${text(warn)} for ${name}_warn_threshold should be ${than} ` +
    `than the fail threshold ${text(fail)}`
  );
}

function otherProblem(name: string, value: unknown): string | null {
  if (name === 'data_disk_usage_max_disk_size') return sizeProblem(name, value as number | null);
  if (!name.startsWith('table_properties_')) return null;
  const unknown = (value as readonly string[]).filter((item) => !TABLE_PROPERTIES.has(item));
  if (unknown.length === 0) return null;
  return `Invalid value for ${name}: '[${unknown.join(', ')}]' do not parse as valid table properties`;
}

function factorProblem(config: NodeConfig): string | null {
  const usual = config.default_keyspace_rf;
  const least = config.minimum_replication_factor_fail_threshold;
  const most = config.maximum_replication_factor_fail_threshold;
  const text = (end: string, value: number, word: string): string =>
    `${end}imum_replication_factor_fail_threshold to be set (${value}) ` +
    `cannot be ${word} than default_keyspace_rf (${usual})`;
  if (least > usual) return text('min', least, 'greater');
  return most !== -1 && most < usual ? text('max', most, 'lesser') : null;
}

function readSizeProblem(settings: Readonly<Record<string, unknown>>): string | null {
  for (const name of READ_SIZES) {
    const warn = settings[`${name}_warn_threshold`] as number | null;
    const fail = settings[`${name}_fail_threshold`] as number | null;
    if (warn === null || fail === null || fail >= warn) continue;
    return (
      `${name}_fail_threshold (${sizeText(fail)}) must be greater than or equal to ` +
      `${name}_warn_threshold (${sizeText(warn)})`
    );
  }
  return null;
}
