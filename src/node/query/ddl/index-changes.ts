// CREATE and DROP INDEX: what may be indexed how, names by default, duplicates. Options of index classes are checked
// with the whole table (index-validation.ts). Test: test/facts-conformance/errors.test.ts.
// Cassandra: CreateIndexStatement, IndexAttributes, IndexTarget, DropIndexStatement.

import type { CreateIndexStatement, DropIndexStatement, IndexTarget } from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import { quoteIfNeeded } from '../../../data/identifier.ts';
import type {
  ColumnMetadata,
  IndexMetadata,
  KeyspaceMetadata,
  TableMetadata,
} from '../../../data/schema.ts';
import { referencesDuration } from '../../../data/type-names.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { tableResource } from '../../auth/resource.ts';
import { isCompactTable } from '../../schema/compact-tables.ts';
import { rebuildTable } from '../../schema/table-builder.ts';
import { existingColumn, keyspaceOf } from '../schema-lookup.ts';
import type { TargetType } from './index-validation.ts';
import { SASI_CLASS } from './index-validation.ts';
import { Properties } from './properties.ts';
import type { DdlChange } from './schema-change.ts';
import { existingKeyspace, withKeyspace, withTables } from './schema-change.ts';
import { validateTable } from './table-validation.ts';

/** The name of the ordinary index in USING. */
const LEGACY_NAME = 'legacy_local_table';
const SASI_WARNING = 'SASI indexes are experimental and are not recommended for production use.';

export function createIndex(statement: CreateIndexStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const tableName = statement.table.name;
  const className = indexClass(statement);
  const options = new Properties(statement.properties);
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('ALTER', tableResource(keyspaceName, tableName))],
    apply(keyspaces, environment) {
      const written = validateOptions(options, className);
      const { guard } = environment;
      guard?.ensureEnabled('secondary_indexes');
      if (className === SASI_CLASS && !environment.config.sasi_indexes_enabled) {
        throw invalid('SASI indexes are disabled. Enable in cassandra.yaml to use.');
      }
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      const table = keyspace.tables.get(tableName);
      if (table === undefined) throw invalid(`Table '${tableName}' doesn't exist`);
      if (statement.name !== null && indexedTable(keyspace, statement.name) !== null) {
        if (statement.ifNotExists) return keyspaces;
        throw invalid(`Index '${statement.name}' already exists`);
      }
      if (table.isCounter) throw invalid("Secondary indexes on counter tables aren't supported");
      if (table.kind === 'view') {
        throw invalid("Secondary indexes on materialized views aren't supported");
      }
      const what = statement.name === null ? '' : `${statement.name} `;
      guard?.atMost(
        'secondary_indexes_per_table',
        table.indexes.length + 1,
        `${what}on table ${table.name}`,
      );
      const index = newIndex({ statement, keyspace, table, className, written });
      const equal = table.indexes.find((other) => equalsWithoutName(other, index));
      if (equal !== undefined) {
        if (statement.ifNotExists) return keyspaces;
        throw invalid(`Index ${index.name} is a duplicate of existing index ${equal.name}`);
      }
      const changed = rebuildTable(table, { indexes: [...table.indexes, index] });
      validateTable(changed, environment);
      return withKeyspace(keyspaces, withTables(keyspace, changed));
    },
    event: () => ({ change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name: tableName }),
    warnings: () => (className === SASI_CLASS ? [SASI_WARNING] : []),
  };
}

export function dropIndex(statement: DropIndexStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.index, current);
  const { name } = statement.index;
  return {
    keyspace: keyspaceName,
    requirements(schema) {
      const keyspace = schema.keyspaces.get(keyspaceName);
      const table = keyspace === undefined ? null : indexedTable(keyspace, name);
      if (table === null) return [];
      return [permissionOn('ALTER', tableResource(keyspaceName, table.name))];
    },
    apply(keyspaces) {
      const keyspace = keyspaces.get(keyspaceName);
      const table = keyspace === undefined ? null : indexedTable(keyspace, name);
      if (keyspace === undefined || table === null) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Index '${keyspaceName}.${name}' doesn't exist'`);
      }
      const indexes = table.indexes.filter((index) => index.name !== name);
      return withKeyspace(keyspaces, withTables(keyspace, rebuildTable(table, { indexes })));
    },
    event: (diff) => ({
      change: 'UPDATED',
      target: 'TABLE',
      keyspace: keyspaceName,
      name: diff.altered[0]?.tables.altered[0]?.after.name ?? '',
    }),
  };
}

/** The class after USING; null for an ordinary index. */
function indexClass({ custom, using }: CreateIndexStatement): string | null {
  const name = using ?? LEGACY_NAME;
  return !custom && name.toLowerCase() === LEGACY_NAME ? null : name;
}

function validateOptions(
  options: Properties,
  className: string | null,
): ReadonlyMap<string, string> {
  options.validateNames(new Set(['options']));
  if (className === null && options.has('options')) {
    throw invalid('Cannot specify options for a non-CUSTOM index');
  }
  const written = options.stringMap('options') ?? new Map<string, string>();
  for (const name of ['class_name', 'target']) {
    if (written.has(name)) throw invalid(`Cannot specify ${name} as a CUSTOM option`);
  }
  return written;
}

function indexedTable(keyspace: KeyspaceMetadata, name: string): TableMetadata | null {
  for (const table of keyspace.tables.values()) {
    if (table.indexes.some((index) => index.name === name)) return table;
  }
  return null;
}

interface NewIndex {
  readonly statement: CreateIndexStatement;
  readonly keyspace: KeyspaceMetadata;
  readonly table: TableMetadata;
  readonly className: string | null;
  readonly written: ReadonlyMap<string, string>;
}

interface PreparedTarget {
  readonly column: ColumnMetadata;
  readonly type: TargetType;
}

function newIndex({ statement, keyspace, table, className, written }: NewIndex): IndexMetadata {
  const targets = statement.targets.map((target) => prepareTarget(target, table));
  if (targets.length === 0 && className === null) {
    throw invalid('Only CUSTOM indexes can be created without specifying a target column');
  }
  if (targets.length > 1) {
    if (className === null) throw invalid('Only CUSTOM indexes support multiple columns');
    const seen = new Set<ColumnMetadata>();
    for (const { column } of targets) {
      if (seen.has(column)) throw invalid(`Duplicate column '${column.name}' in index target list`);
      seen.add(column);
    }
  }
  for (const target of targets) validateTarget(target, table, className !== null);
  const target = targets.map(targetText).join(',');
  const options = new Map(
    className === null
      ? [['target', target]]
      : [...written, ['class_name', className], ['target', target]],
  ) as ReadonlyMap<string, string>;
  return {
    name: statement.name ?? defaultName(keyspace, table, targets),
    kind: className === null ? 'COMPOSITES' : 'CUSTOM',
    options,
  };
}

function prepareTarget(target: IndexTarget, table: TableMetadata): PreparedTarget {
  const column = existingColumn(table, target.column);
  const isCollection = ['list', 'set', 'map'].includes(column.type.kind);
  if (target.kind === 'simple') return { column, type: isCollection ? 'values' : 'simple' };
  return { column, type: target.kind === 'keys-and-values' ? 'entries' : target.kind };
}

function targetText({ column, type }: PreparedTarget): string {
  const name = quoteIfNeeded(column.name);
  return type === 'simple' ? name : `${type}(${name})`;
}

function defaultName(
  keyspace: KeyspaceMetadata,
  table: TableMetadata,
  targets: readonly PreparedTarget[],
): string {
  const [only, second] = targets;
  const middle = only !== undefined && second === undefined ? `_${only.column.name}` : '';
  const base = `${table.name}${middle}_idx`.replaceAll(/\W/g, '');
  let name = base;
  for (let i = 1; indexedTable(keyspace, name) !== null; i++) name = `${base}_${i}`;
  return name;
}

function equalsWithoutName(a: IndexMetadata, b: IndexMetadata): boolean {
  if (a.kind !== b.kind || a.options.size !== b.options.size) return false;
  return [...a.options].every(([key, value]) => b.options.get(key) === value);
}

function validateTarget(target: PreparedTarget, table: TableMetadata, custom: boolean): void {
  const { column, type: kind } = target;
  const { type } = column;
  if (custom) validateCustomColumn(column.name);
  if (referencesDuration(type)) refuseDuration(column);
  if (isCompactTable(table.flags) && table.kind === 'regular') {
    if (column.kind === 'partition_key' || column.kind === 'clustering') {
      throw invalid(
        'Secondary indexes are not supported on PRIMARY KEY columns in COMPACT STORAGE tables',
      );
    }
    if (table.flags.has('dense')) {
      throw invalid(
        'Secondary indexes are not supported on compact value column of COMPACT STORAGE tables',
      );
    }
  }
  if (column.kind === 'partition_key' && table.partitionKey.length === 1) {
    throw invalid(`Cannot create secondary index on the only partition key column ${column.name}`);
  }
  const isCollection = type.kind === 'list' || type.kind === 'set' || type.kind === 'map';
  const isFrozen = isCollection && type.frozen;
  if (isFrozen && kind !== 'full') {
    throw invalid(
      `Cannot create ${column.reversed ? '' : kind}() index on frozen column ${column.name}. Frozen collections are immutable and must be ` +
        `fully indexed by using the 'full(${quoteIfNeeded(column.name)})' modifier`,
    );
  }
  if (!isFrozen && kind === 'full') {
    throw invalid('full() indexes can only be created on frozen collections');
  }
  if (!isCollection && kind !== 'simple') {
    throw invalid(
      `Cannot create ${kind}() index on ${column.name}. Non-collection columns only support simple indexes`,
    );
  }
  if ((kind === 'keys' || kind === 'entries') && type.kind !== 'map') {
    throw invalid(`Cannot create index on ${kind} of column ${column.name} with non-map type`);
  }
  if (type.kind === 'udt' && isMultiCell(type)) {
    throw invalid(`Cannot create index on non-frozen UDT column ${column.name}`);
  }
}

function validateCustomColumn(name: string): void {
  if (!/^\w+$/.test(name)) {
    throw invalid(`Column '${name}' contains non-alphanumeric-underscore characters`);
  }
  if (name.length > 48) {
    throw invalid(`Column '${name}' is longer than the permissible name length of 48 characters`);
  }
}

function refuseDuration(column: ColumnMetadata): void {
  const what = {
    list: 'collections containing durations',
    set: 'collections containing durations',
    map: 'collections containing durations',
    tuple: 'tuples containing durations',
    udt: 'UDTs containing durations',
    native: 'duration columns',
    vector: 'duration columns',
    custom: 'duration columns',
  }[column.type.kind];
  throw invalid(`Secondary indexes are not supported on ${what}`);
}
