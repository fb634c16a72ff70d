// WITH options of tables and views: text and maps made into TableParams, every value checked in Cassandra's order and
// words. Test: test/facts-conformance/errors.test.ts.
// Cassandra: TableAttributes, TableParams, CachingParams, CompressionParams.

import type { PropertyMap } from '../../../cql/ast.ts';
import { configError, serverError } from '../../../data/cql-error.ts';
import { doubleText } from '../../../data/java-number.ts';
import type { TableParams } from '../../../data/schema.ts';
import { parseUuid } from '../../../data/uuid.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import { DEFAULT_TABLE_PARAMS } from '../../schema/table-builder.ts';
import {
  defaultBloomFilterFpChance,
  parseCompaction,
  validateCompaction,
} from './compaction-options.ts';
import { parseCompression } from './compression-options.ts';
import { javaHashOrder } from './java-hash-order.ts';
import { parseJavaInt, Properties } from './properties.ts';
import { speculativeRetryText } from './speculative-retry.ts';

/** What may stand after WITH of a table. */
export const TABLE_PROPERTIES: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULT_TABLE_PARAMS),
  'auto_repair',
  'id',
]);

const TTL_MAX_SECONDS = 630_720_000;
const MIN_BLOOM_FILTER_FP_CHANCE = 6.71e-5;

export class TableOptions {
  private readonly map: PropertyMap;
  private readonly properties: Properties;

  constructor(map: PropertyMap) {
    this.map = map;
    this.properties = new Properties(map);
  }

  /** What a guardrail leaves of them. Throws INVALID for what it does not allow. */
  guarded(guard: Guard | null): TableOptions {
    const ignored = guard?.tableProperties(this.map.keys()) ?? [];
    if (ignored.length === 0) return this;
    return new TableOptions(new Map([...this.map].filter(([name]) => !ignored.includes(name))));
  }

  has(name: string): boolean {
    return this.properties.has(name);
  }

  /** The written default_time_to_live, or 0. */
  defaultTimeToLive(): number {
    return this.properties.int('default_time_to_live', 0);
  }

  /** Checks names and values on their own; throws SYNTAX_ERROR or CONFIG_ERROR. */
  validate(): void {
    this.properties.validateNames(TABLE_PROPERTIES);
    if (this.properties.has('auto_repair')) {
      throw configError(
        'auto_repair option is not supported unless auto-repair is enabled with -Dcassandra.autorepair.enable=true',
      );
    }
    validateParams(this.forNewTable());
  }

  /** The table's id as written, lower case; null when not written. Throws CONFIG_ERROR. */
  id(): string | null {
    const text = this.properties.string('id');
    if (text === null) return null;
    if (parseUuid(text) === null) throw configError('Invalid table id');
    return text.toLowerCase();
  }

  forNewTable(): TableParams {
    const params = this.applyTo(DEFAULT_TABLE_PARAMS);
    if (this.has('bloom_filter_fp_chance')) return params;
    return { ...params, bloom_filter_fp_chance: defaultBloomFilterFpChance(params.compaction) };
  }

  forAlteredTable(previous: TableParams): TableParams {
    if (this.id() !== null) throw configError('Cannot alter table id.');
    return this.applyTo(previous);
  }

  private applyTo(base: TableParams): TableParams {
    const p = this.properties;
    const map = <T>(name: string, other: T, parse: (m: ReadonlyMap<string, string>) => T): T => {
      const value = p.stringMap(name);
      return value === null ? other : parse(value);
    };
    const text = <T>(name: string, other: T, parse: (s: string) => T): T => {
      const value = p.string(name);
      return value === null ? other : parse(value);
    };
    return {
      allow_auto_snapshot: p.boolean('allow_auto_snapshot', base.allow_auto_snapshot),
      bloom_filter_fp_chance: p.double('bloom_filter_fp_chance', base.bloom_filter_fp_chance),
      caching: map('caching', base.caching, parseCaching),
      comment: p.string('comment') ?? base.comment,
      compaction: map('compaction', base.compaction, parseCompaction),
      compression: map('compression', base.compression, parseCompression),
      memtable: text('memtable', base.memtable, parseMemtable),
      default_time_to_live: p.int('default_time_to_live', base.default_time_to_live),
      gc_grace_seconds: p.int('gc_grace_seconds', base.gc_grace_seconds),
      incremental_backups: p.boolean('incremental_backups', base.incremental_backups),
      max_index_interval: p.int('max_index_interval', base.max_index_interval),
      memtable_flush_period_in_ms: p.int(
        'memtable_flush_period_in_ms',
        base.memtable_flush_period_in_ms,
      ),
      min_index_interval: p.int('min_index_interval', base.min_index_interval),
      speculative_retry: text('speculative_retry', base.speculative_retry, speculativeRetryText),
      additional_write_policy: text(
        'additional_write_policy',
        base.additional_write_policy,
        speculativeRetryText,
      ),
      crc_check_chance: p.double('crc_check_chance', base.crc_check_chance),
      cdc: p.boolean('cdc', base.cdc),
      read_repair: text('read_repair', base.read_repair, parseReadRepair),
      // Written extensions are accepted and dropped, as Cassandra does.
      extensions: base.extensions,
    };
  }
}

/** Throws CONFIG_ERROR. Cassandra: TableParams.validate. */
export function validateParams(params: TableParams): void {
  validateCompaction(params.compaction);
  const chance = params.bloom_filter_fp_chance;
  if (!(chance > MIN_BLOOM_FILTER_FP_CHANCE && chance <= 1)) {
    throw configError(
      `bloom_filter_fp_chance must be larger than ${doubleText(MIN_BLOOM_FILTER_FP_CHANCE)} and less than or equal ` +
        `to 1.0 (got ${doubleText(chance)})`,
    );
  }
  const crc = params.crc_check_chance;
  if (crc < 0 || crc > 1) {
    throw configError(
      'crc_check_chance must be larger than or equal to 0 and smaller than or equal to 1.0 ' +
        `(got ${doubleText(crc)})`,
    );
  }
  atLeast('default_time_to_live', params.default_time_to_live, 0);
  if (params.default_time_to_live > TTL_MAX_SECONDS) {
    throw configError(
      `default_time_to_live must be less than or equal to ${TTL_MAX_SECONDS} (got ${params.default_time_to_live})`,
    );
  }
  atLeast('gc_grace_seconds', params.gc_grace_seconds, 0);
  atLeast('min_index_interval', params.min_index_interval, 1);
  if (params.max_index_interval < params.min_index_interval) {
    throw configError(
      `max_index_interval must be greater than or equal to min_index_interval (${params.min_index_interval}) ` +
        `(got ${params.max_index_interval})`,
    );
  }
  atLeast('memtable_flush_period_in_ms', params.memtable_flush_period_in_ms, 0);
}

function atLeast(name: string, value: number, least: number): void {
  if (value >= least) return;
  throw configError(`${name} must be greater than or equal to ${least} (got ${value})`);
}

function parseCaching(map: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const keys = map.get('keys');
  const cacheKeys = keys !== undefined && keysWord(keys);
  const rows = map.get('rows_per_partition');
  const cached = rows === undefined ? 'NONE' : rowsWord(rows);
  const unknown = [...map.keys()].filter((k) => k !== 'keys' && k !== 'rows_per_partition');
  if (unknown.length > 0) {
    throw configError(
      `Invalid caching sub-options [${javaHashOrder(unknown).join(', ')}]: ` +
        "only 'keys' and 'rows_per_partition' are allowed",
    );
  }
  return new Map([
    ['keys', cacheKeys ? 'ALL' : 'NONE'],
    ['rows_per_partition', cached],
  ]);
}

function keysWord(value: string): boolean {
  const upper = value.toUpperCase();
  if (upper === 'ALL') return true;
  if (upper === 'NONE') return false;
  throw configError(
    `Invalid value '${value}' for caching sub-option 'keys': only 'ALL' and 'NONE' are allowed`,
  );
}

function rowsWord(value: string): string {
  const upper = value.toUpperCase();
  if (upper === 'ALL' || upper === 'NONE') return upper;
  const count = /^\d+$/.test(value) ? parseJavaInt(value) : null;
  if (count === null) {
    throw configError(
      `Invalid value '${value}' for caching sub-option 'rows_per_partition': ` +
        "only 'ALL', 'NONE', and integer values are allowed",
    );
  }
  if (count === 0) return 'NONE';
  return count === 0x7fff_ffff ? 'ALL' : `${count}`;
}

function parseMemtable(key: string): string {
  if (key === 'default' || key === 'skiplist' || key === 'trie') return key;
  throw configError(`Memtable configuration "${key}" not found.`);
}

function parseReadRepair(value: string): 'BLOCKING' | 'NONE' {
  const upper = value.toUpperCase();
  if (upper === 'BLOCKING' || upper === 'NONE') return upper;
  throw serverError(
    'java.lang.IllegalArgumentException: No enum constant ' +
      `org.apache.cassandra.service.reads.repair.ReadRepairStrategy.${upper}`,
  );
}
