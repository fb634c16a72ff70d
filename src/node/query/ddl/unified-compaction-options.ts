// Checks of UnifiedCompactionStrategy's options. Test: test/facts-conformance/errors.test.ts.
// Cassandra: db/compaction/unified/Controller.validateOptions.

import { configError } from '../../../data/cql-error.ts';
import { parseJavaDouble } from '../../../data/java-number.ts';
import { parseJavaInt, parseJavaLong } from './properties.ts';

type Options = ReadonlyMap<string, string>;

const MEBIBYTE = 1_048_576;
const NAMES = [
  'scaling_parameters',
  'base_shard_count',
  'target_sstable_size',
  'flush_size_override',
  'max_sstables_to_compact',
  'expired_sstable_check_frequency_seconds',
  'unsafe_aggressive_sstable_expiration',
  'overlap_inclusion_method',
  'min_sstable_size',
  'sstable_growth',
];

/** Throws CONFIG_ERROR; takes the names it understands out of `unknown`. */
export function validateUnifiedOptions(options: Options, unknown: Set<string>): void {
  for (const part of options.get('scaling_parameters')?.split(',') ?? []) {
    validateScalingParameter(part.trim());
  }
  validateCounts(options);
  const target = targetBytes(options);
  const flush = options.get('flush_size_override');
  if (flush !== undefined) {
    const bytes = sizeInBytes('flush_size_override', flush);
    if (bytes < MEBIBYTE) throw tooSmall('flush_size_override', flush);
  }
  validateMinSize(options, target);
  validateWords(options);
  for (const name of NAMES) unknown.delete(name);
}

function validateScalingParameter(value: string): void {
  const match = /^(?:(N)|L(\d+)|T(\d+)|([+-]?\d+))$/.exec(value);
  if (match === null) {
    throw configError(`Scaling parameter ${value} must match N|L[0-9]+|T[0-9]+|[+-]?[0-9]+`);
  }
  const fan = match[2] ?? match[3];
  if (fan !== undefined && Number(fan) < 2) {
    throw configError(`Fan factor cannot be lower than 2 in ${value}`);
  }
}

function validateCounts(options: Options): void {
  const shards = options.get('base_shard_count');
  if (shards !== undefined) {
    const value = parseJavaInt(shards);
    if (value === null) {
      throw configError(`${shards} is not a parsable int (base10) for base_shard_count`);
    }
    if (value <= 0) {
      throw configError(`Invalid configuration, base_shard_count should be positive: ${value}`);
    }
  }
  const sstables = options.get('max_sstables_to_compact');
  if (sstables !== undefined && parseJavaInt(sstables) === null) {
    throw configError(`${sstables} is not a parsable int (base10) for max_sstables_to_compact`);
  }
  const frequency = options.get('expired_sstable_check_frequency_seconds');
  if (frequency === undefined) return;
  const seconds = parseJavaLong(frequency);
  if (seconds === null) {
    throw configError(
      `${frequency} is not a parsable long (base10) for expired_sstable_check_frequency_seconds`,
    );
  }
  if (seconds <= 0) {
    throw configError(
      `Invalid configuration, expired_sstable_check_frequency_seconds should be positive: ${seconds}`,
    );
  }
}

function targetBytes(options: Options): number {
  const text = options.get('target_sstable_size');
  if (text === undefined) return 1_024 * MEBIBYTE;
  const bytes = sizeInBytes('target_sstable_size', text);
  if (bytes >= 2 ** 63) throw configError(`target_sstable_size ${text} is out of range of Long.`);
  if (bytes < MEBIBYTE) throw tooSmall('target_sstable_size', text);
  return Math.ceil(bytes);
}

function validateMinSize(options: Options, target: number): void {
  const text = options.get('min_sstable_size');
  if (text === undefined) return;
  const parsed = parseSize(text);
  if (typeof parsed === 'string') {
    throw configError(`${text} is not a valid size in bytes for min_sstable_size`);
  }
  const bytes = Math.trunc(parsed);
  if (bytes < 0) {
    throw configError(
      'Invalid configuration, min_sstable_size should be greater than or equal to 0 (zero)',
    );
  }
  if (bytes >= Math.ceil(target * Math.SQRT1_2)) {
    throw configError(
      `Invalid configuration, min_sstable_size (${memoryText(bytes)}) should be less than 70% of the ` +
        `targetSSTableSize (${memoryText(target)})`,
    );
  }
}

function validateWords(options: Options): void {
  const unsafe = options.get('unsafe_aggressive_sstable_expiration');
  if (unsafe !== undefined && !['true', 'false'].includes(unsafe.toLowerCase())) {
    throw configError(
      `unsafe_aggressive_sstable_expiration should either be 'true' or 'false', not ${unsafe}`,
    );
  }
  const overlap = options.get('overlap_inclusion_method');
  if (overlap !== undefined && !['NONE', 'SINGLE', 'TRANSITIVE'].includes(overlap.toUpperCase())) {
    throw configError(
      `Invalid overlap inclusion method ${overlap}. The valid options are [NONE, SINGLE, TRANSITIVE].`,
    );
  }
  const growth = options.get('sstable_growth');
  if (growth === undefined) return;
  const trimmed = growth.trim();
  const percent = trimmed.endsWith('%');
  const number = percent ? trimmed.slice(0, -1).trim() : trimmed;
  const value = parseJavaDouble(number);
  if (value === null) {
    throw configError(
      `sstable_growth is not a valid number between 0 and 1: For input string: "${number}"`,
    );
  }
  const share = percent ? value / 100 : value;
  if (share < 0 || share > 1) {
    throw configError(`sstable_growth ${growth} must be between 0 and 1`);
  }
}

function sizeInBytes(name: string, text: string): number {
  const parsed = parseSize(text);
  if (typeof parsed === 'number') return parsed;
  throw configError(`${name} ${text} is not a valid size in bytes: ${parsed}`);
}

/** `1GiB`, `200 MB`: bytes, or what is wrong. */
function parseSize(text: string): number | string {
  if (!text.endsWith('B')) return `${text} does not end in unit B`;
  const match = /^([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([kKMGTPE]?)(i?)B$/.exec(text);
  if (match === null) return 'null';
  const power = ['', 'K', 'M', 'G', 'T', 'P', 'E'].indexOf((match[2] ?? '').toUpperCase());
  return Number(match[1]) * (match[3] === 'i' ? 1_024 : 1_000) ** power;
}

function tooSmall(name: string, text: string): Error {
  return configError(`${name} ${text} is not acceptable, size must be at least 1.000MiB`);
}

/** FBUtilities.prettyPrintMemory. */
function memoryText(bytes: number): string {
  if (bytes >= 1 << 30) return `${(bytes / (1 << 30)).toFixed(3)}GiB`;
  if (bytes >= 1 << 20) return `${(bytes / (1 << 20)).toFixed(3)}MiB`;
  return `${(bytes / 1_024).toFixed(3)}KiB`;
}
