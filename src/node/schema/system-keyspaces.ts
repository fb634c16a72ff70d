// The keyspaces every node has from its first breath: system and system_schema (local), system_auth,
// system_distributed and system_traces (replicated, stored with timestamp 0 so that a user's ALTER wins), system_views
// and system_virtual_schema (virtual). Built once a process; all nodes share the objects.
// Cassandra: SchemaConstants, SystemKeyspace, AuthKeyspace, SystemDistributedKeyspace, TraceKeyspace.

import type { KeyspaceMetadata, TableMetadata, TableParams } from '../../data/schema.ts';
import type { SystemTableSpec } from './system-table-specs.ts';
import {
  SYSTEM_AUTH_TABLES,
  SYSTEM_DISTRIBUTED_TABLES,
  SYSTEM_SCHEMA_TABLES,
  SYSTEM_TABLES,
  SYSTEM_TRACES_TABLES,
} from './system-table-specs.ts';
import type { ColumnSpec } from './table-builder.ts';
import { buildTable, DEFAULT_TABLE_PARAMS, systemTableId } from './table-builder.ts';
import { parseTypeText } from './type-text.ts';
import { SYSTEM_VIEWS_TABLES, SYSTEM_VIRTUAL_SCHEMA_TABLES } from './virtual-table-specs.ts';

const LOCATOR = 'org.apache.cassandra.locator.';
const NO_TYPES = new Map<string, never>();

const LOCAL_KEYSPACE_NAMES: ReadonlySet<string> = new Set(['system', 'system_schema']);
const REPLICATED_KEYSPACE_NAMES: ReadonlySet<string> = new Set([
  'system_auth',
  'system_distributed',
  'system_traces',
]);
const VIRTUAL_KEYSPACE_NAMES: ReadonlySet<string> = new Set([
  'system_views',
  'system_virtual_schema',
]);

/** system and system_schema: one copy a node, never replicated. */
export function isLocalSystemKeyspace(name: string): boolean {
  return LOCAL_KEYSPACE_NAMES.has(name);
}

/** system_auth, system_distributed, system_traces. */
export function isReplicatedSystemKeyspace(name: string): boolean {
  return REPLICATED_KEYSPACE_NAMES.has(name);
}

export function isVirtualSystemKeyspace(name: string): boolean {
  return VIRTUAL_KEYSPACE_NAMES.has(name);
}

/** Any keyspace that no user made. Names are compared in lower case, as Cassandra does. */
export function isSystemKeyspace(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    isLocalSystemKeyspace(lower) ||
    isReplicatedSystemKeyspace(lower) ||
    isVirtualSystemKeyspace(lower)
  );
}

const DAY_SECONDS = 86_400;
const FLUSH_HOURLY = { memtable_flush_period_in_ms: 3_600_000 };

export const SYSTEM_KEYSPACE = local('system', SYSTEM_TABLES, {
  ...FLUSH_HOURLY,
  gc_grace_seconds: 0,
});

export const SYSTEM_SCHEMA_KEYSPACE = local('system_schema', SYSTEM_SCHEMA_TABLES, {
  ...FLUSH_HOURLY,
  gc_grace_seconds: 7 * DAY_SECONDS,
});

/** In the order of a node's start. */
export const REPLICATED_SYSTEM_KEYSPACES: readonly KeyspaceMetadata[] = [
  replicated('system_auth', 1, SYSTEM_AUTH_TABLES, { gc_grace_seconds: 90 * DAY_SECONDS }),
  replicated('system_distributed', 3, SYSTEM_DISTRIBUTED_TABLES, {
    gc_grace_seconds: 10 * DAY_SECONDS,
  }),
  replicated('system_traces', 2, SYSTEM_TRACES_TABLES, { gc_grace_seconds: 0 }),
];

export const VIRTUAL_KEYSPACES: readonly KeyspaceMetadata[] = [
  virtual('system_views', SYSTEM_VIEWS_TABLES),
  virtual('system_virtual_schema', SYSTEM_VIRTUAL_SCHEMA_TABLES),
];

function local(
  name: string,
  specs: readonly SystemTableSpec[],
  params: Partial<TableParams>,
): KeyspaceMetadata {
  return keyspace(name, 'LocalStrategy', new Map(), tables(name, specs, params));
}

function replicated(
  name: string,
  factor: number,
  specs: readonly SystemTableSpec[],
  params: Partial<TableParams>,
): KeyspaceMetadata {
  const options = new Map([['replication_factor', `${factor}`]]);
  return keyspace(name, 'SimpleStrategy', options, tables(name, specs, params));
}

function virtual(name: string, specs: readonly SystemTableSpec[]): KeyspaceMetadata {
  const made = tables(name, specs, {}, 'virtual');
  return { ...keyspace(name, 'LocalStrategy', new Map(), made), kind: 'virtual' };
}

function keyspace(
  name: string,
  strategy: string,
  options: ReadonlyMap<string, string>,
  made: ReadonlyMap<string, TableMetadata>,
): KeyspaceMetadata {
  return {
    name,
    kind: 'regular',
    durableWrites: true,
    replication: { className: LOCATOR + strategy, options },
    tables: made,
    types: NO_TYPES,
    functions: [],
    aggregates: [],
  };
}

function tables(
  keyspaceName: string,
  specs: readonly SystemTableSpec[],
  defaults: Partial<TableParams>,
  kind: 'regular' | 'virtual' = 'regular',
): ReadonlyMap<string, TableMetadata> {
  const made = specs.map((spec): readonly [string, TableMetadata] => {
    const { partitionKey, clustering } = parseKey(spec.key);
    const params = { ...DEFAULT_TABLE_PARAMS, ...defaults, comment: spec.comment, ...spec.params };
    const table = buildTable({
      id: systemTableId(keyspaceName, spec.name),
      keyspace: keyspaceName,
      name: spec.name,
      kind,
      partitionKey,
      clustering,
      regulars: parseColumns(spec.columns),
      params,
    });
    return [spec.name, table];
  });
  return new Map(made);
}

function parseKey(key: string): { partitionKey: ColumnSpec[]; clustering: ColumnSpec[] } {
  if (!key.startsWith('(')) {
    const [first, ...rest] = parseColumns(key);
    return { partitionKey: first === undefined ? [] : [first], clustering: rest };
  }
  const end = key.indexOf(')');
  return {
    partitionKey: parseColumns(key.slice(1, end)),
    clustering: parseColumns(key.slice(end + 1).replace(/^, /, '')),
  };
}

/** `a text, b frozen<map<text, int>>`: names are as they are, never quoted. */
function parseColumns(text: string): ColumnSpec[] {
  const columns: ColumnSpec[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const char = text[at];
    if (char === '<') depth++;
    else if (char === '>') depth--;
    if (at < text.length && (char !== ',' || depth > 0)) continue;
    const column = text.slice(start, at).trim();
    const blank = column.indexOf(' ');
    if (column !== '') {
      columns.push({
        name: column.slice(0, blank),
        type: parseTypeText(column.slice(blank + 1), NO_TYPES),
      });
    }
    start = at + 1;
  }
  return columns;
}
