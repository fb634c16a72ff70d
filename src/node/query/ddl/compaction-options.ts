// The compaction option of a table: strategies exist here by name and are checked as Cassandra checks them, since the
// option is stored, printed and read by others; nothing is compacted. Test: test/facts-conformance/errors.test.ts.
// Cassandra: schema/CompactionParams, db/compaction/*.validateOptions.

import { configError } from '../../../data/cql-error.ts';
import { doubleText, parseJavaDouble } from '../../../data/java-number.ts';
import { javaHashOrder } from './java-hash-order.ts';
import { parseJavaInt, parseJavaLong } from './properties.ts';
import { validateUnifiedOptions } from './unified-compaction-options.ts';

const PACKAGE = 'org.apache.cassandra.db.compaction.';
type Options = ReadonlyMap<string, string>;
type Leftover = Set<string>;

interface Strategy {
  readonly takesThresholds: boolean;
  /** Checks values and takes the names it understands out of `unknown`. */
  validate(options: Options, unknown: Leftover): void;
}

const STRATEGIES: Readonly<Record<string, Strategy>> = {
  SizeTieredCompactionStrategy: { takesThresholds: true, validate: validateSizeTiered },
  LeveledCompactionStrategy: { takesThresholds: true, validate: validateLeveled },
  TimeWindowCompactionStrategy: { takesThresholds: true, validate: validateTimeWindow },
  UnifiedCompactionStrategy: { takesThresholds: false, validate: validateUnifiedOptions },
};

/** The stored form of a compaction map: the full class name and default thresholds; throws CONFIG_ERROR. */
export function parseCompaction(map: Options): Options {
  const name = map.get('class');
  if (name === undefined)
    throw configError("Missing sub-option 'class' for the 'compaction' option");
  const className = name.includes('.') ? name : PACKAGE + name;
  const strategy = className.startsWith(PACKAGE)
    ? STRATEGIES[className.slice(PACKAGE.length)]
    : undefined;
  if (strategy === undefined) {
    throw configError(`Unable to find compaction strategy class '${className}'`);
  }
  validateOverlapping(map);
  const options = new Map([...map, ['class', className]]);
  if (strategy.takesThresholds) {
    if (!options.has('min_threshold')) options.set('min_threshold', '4');
    if (!options.has('max_threshold')) options.set('max_threshold', '32');
  }
  return options;
}

/** Leveled tables have a larger default. */
export function defaultBloomFilterFpChance(compaction: Options): number {
  return compaction.get('class') === `${PACKAGE}LeveledCompactionStrategy` ? 0.1 : 0.01;
}

/** Checks the values of a parsed compaction map; throws CONFIG_ERROR. */
export function validateCompaction(compaction: Options): void {
  const simpleName = (compaction.get('class') ?? '').slice(PACKAGE.length);
  const options = new Map([...compaction].filter(([name]) => name !== 'class'));
  const unknown = new Set(options.keys());
  validateCommon(options, unknown);
  STRATEGIES[simpleName]?.validate(options, unknown);
  if (unknown.size > 0) {
    const names = javaHashOrder(unknown).join(', ');
    throw configError(`Properties specified [${names}] are not understood by ${simpleName}`);
  }
  validateThresholds(options);
}

function validateOverlapping(options: Options): void {
  const value = (options.get('provide_overlapping_tombstones') ?? 'NONE').toUpperCase();
  if (!['NONE', 'ROW', 'CELL'].includes(value)) {
    throw configError(
      `Invalid value ${value} for 'provide_overlapping_tombstones' compaction sub-option - ` +
        'must be one of the following [NONE, ROW, CELL].',
    );
  }
}

function validateThresholds(options: Options): void {
  const [min, max] = ['min_threshold', 'max_threshold'].map((name, i) => {
    const text = options.get(name);
    if (text === undefined) return i === 0 ? 4 : 32;
    if (!/^\d+$/.test(text)) {
      throw configError(
        `Invalid value ${text} for '${name}' compaction sub-option - must be an integer`,
      );
    }
    return Number(text);
  }) as [number, number];
  if (min <= 0 || max <= 0) {
    throw configError(
      'Disabling compaction by setting compaction thresholds to 0 has been removed, ' +
        "set the compaction option 'enabled' to false instead.",
    );
  }
  if (min <= 1) throw configError(`Min compaction threshold cannot be less than 2 (got ${min})`);
  if (min > max) {
    throw configError(
      `Min compaction threshold (got ${min}) cannot be greater than max compaction threshold (got ${max})`,
    );
  }
}

function validateCommon(options: Options, unknown: Leftover): void {
  const threshold = options.get('tombstone_threshold');
  if (threshold !== undefined) {
    const value = parseJavaDouble(threshold);
    if (value === null) throw notAnInt(threshold, 'tombstone_threshold');
    if (value < 0) {
      throw configError(`tombstone_threshold must be greater than 0, but was ${value.toFixed(6)}`);
    }
  }
  const interval = options.get('tombstone_compaction_interval');
  if (interval !== undefined) {
    const value = parseJavaLong(interval);
    if (value === null) throw notAnInt(interval, 'tombstone_compaction_interval');
    if (value < 0) {
      throw configError(`tombstone_compaction_interval must be greater than 0, but was ${value}`);
    }
  }
  const unchecked = options.get('unchecked_tombstone_compaction');
  if (unchecked !== undefined && !isBoolean(unchecked)) {
    throw configError(
      `'unchecked_tombstone_compaction' should be either 'true' or 'false', not '${unchecked}'`,
    );
  }
  const logAll = options.get('log_all');
  if (logAll !== undefined && !isBoolean(logAll)) {
    throw configError(`'log_all' should either be 'true' or 'false', not ${logAll}`);
  }
  const enabled = options.get('enabled');
  if (enabled !== undefined && !isBoolean(enabled)) {
    throw configError(`enabled should either be 'true' or 'false', not ${enabled}`);
  }
  for (const name of COMMON_NAMES) unknown.delete(name);
}

const COMMON_NAMES = [
  'tombstone_threshold',
  'tombstone_compaction_interval',
  'unchecked_tombstone_compaction',
  'log_all',
  'enabled',
  'only_purge_repaired_tombstones',
  'provide_overlapping_tombstones',
];

function validateSizeTiered(options: Options, unknown: Leftover): void {
  validateBuckets(options, unknown);
  unknown.delete('min_threshold');
  unknown.delete('max_threshold');
}

function validateBuckets(options: Options, unknown: Leftover): void {
  const size = options.get('min_sstable_size');
  if (size !== undefined) {
    const value = parseJavaLong(size);
    if (value === null) throw notAnInt(size, 'min_sstable_size');
    if (value < 0) throw configError(`min_sstable_size must be non negative: ${value}`);
  }
  const low = bucket(options, 'bucket_low', 0.5);
  const high = bucket(options, 'bucket_high', 1.5);
  if (high <= low) {
    throw configError(
      `bucket_high value (${doubleText(high)}) is less than or equal to the bucket_low value (${doubleText(low)})`,
    );
  }
  for (const name of ['min_sstable_size', 'bucket_low', 'bucket_high']) unknown.delete(name);
}

function bucket(options: Options, name: string, other: number): number {
  const text = options.get(name);
  if (text === undefined) return other;
  const value = parseJavaDouble(text);
  if (value === null) throw configError(`${text} is not a parsable float for ${name}`);
  return value;
}

function validateLeveled(options: Options, unknown: Leftover): void {
  const size = positiveInt(options, 'sstable_size_in_mb', 1);
  const fanout = positiveInt(options, 'fanout_size', 10);
  const levelBytes = BigInt(fanout) ** 8n * BigInt(size) * 1_048_576n;
  if (levelBytes > 0x7fff_ffff_ffff_ffffn) {
    throw configError(
      'At most 9223372036854775807 bytes may be in a compaction level; ' +
        `your maxSSTableSize must be absurdly high to compute ${levelBytes}`,
    );
  }
  for (const name of ['sstable_size_in_mb', 'fanout_size', 'single_sstable_uplevel']) {
    unknown.delete(name);
  }
  validateSizeTiered(options, unknown);
}

function positiveInt(options: Options, name: string, other: number): number {
  const text = options.get(name);
  if (text === undefined) return other;
  const value = parseJavaInt(text);
  if (value === null) throw notAnInt(text, name);
  if (value < 1) throw configError(`${name} must be larger than 0, but was ${value}`);
  return value;
}

function validateTimeWindow(options: Options, unknown: Leftover): void {
  oneOf(options, 'timestamp_resolution', [
    'SECONDS',
    'MILLISECONDS',
    'MICROSECONDS',
    'NANOSECONDS',
  ]);
  oneOf(options, 'compaction_window_unit', ['MINUTES', 'HOURS', 'DAYS']);
  const size = options.get('compaction_window_size');
  if (size !== undefined) {
    const value = parseJavaInt(size);
    if (value === null) throw notAnInt(size, 'compaction_window_size');
    if (value < 1) throw configError(`${value} must be greater than 1 for compaction_window_size`);
  }
  const frequency = options.get('expired_sstable_check_frequency_seconds');
  if (frequency !== undefined) {
    const value = parseJavaLong(frequency);
    if (value === null) throw notAnInt(frequency, 'expired_sstable_check_frequency_seconds');
    if (value < 0) {
      throw configError(
        `expired_sstable_check_frequency_seconds must not be negative, but was ${value}`,
      );
    }
  }
  validateAggressiveExpiration(options);
  for (const name of TIME_WINDOW_NAMES) unknown.delete(name);
  validateSizeTiered(options, unknown);
}

const TIME_WINDOW_NAMES = [
  'timestamp_resolution',
  'compaction_window_unit',
  'compaction_window_size',
  'expired_sstable_check_frequency_seconds',
  'unsafe_aggressive_sstable_expiration',
];

function validateAggressiveExpiration(options: Options): void {
  const name = 'unsafe_aggressive_sstable_expiration';
  const value = options.get(name);
  if (value === undefined) return;
  if (!isBoolean(value)) throw configError(`${name} is not 'true' or 'false' (${value})`);
  if (value.toLowerCase() === 'true') {
    throw configError(
      `${name} is requested but not allowed, restart cassandra with ` +
        '-Dcassandra.allow_unsafe_aggressive_sstable_expiration=true to allow it',
    );
  }
}

function oneOf(options: Options, name: string, allowed: readonly string[]): void {
  const value = options.get(name);
  if (value !== undefined && !allowed.includes(value)) {
    throw configError(`${value} is not valid for ${name}`);
  }
}

function isBoolean(text: string): boolean {
  return text.toLowerCase() === 'true' || text.toLowerCase() === 'false';
}

function notAnInt(text: string, name: string): Error {
  return configError(`${text} is not a parsable int (base10) for ${name}`);
}
