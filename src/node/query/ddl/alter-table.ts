// ALTER and DROP TABLE. Each form is refused in Cassandra's order and words; views that show the table follow it.
// Test: test/facts-conformance/errors.test.ts. Cassandra: AlterTableStatement, DropTableStatement.

import type {
  AlterTableStatement,
  ColumnDefinition,
  DropTableStatement,
  TableAlteration,
} from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import { qualifiedText, quoteIfNeeded } from '../../../data/identifier.ts';
import type {
  ColumnMask,
  ColumnMetadata,
  DroppedColumn,
  KeyspaceMetadata,
  TableMetadata,
} from '../../../data/schema.ts';
import { internColumn } from '../../../data/schema.ts';
import { isSerializationCompatible } from '../../../data/type-compatibility.ts';
import { typeName } from '../../../data/type-names.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { tableResource } from '../../auth/resource.ts';
import {
  guardCompression,
  guardTimeWindows,
  guardVectors,
} from '../../guardrails/guarded-schema.ts';
import { isCompactTable, storedColumns } from '../../schema/compact-tables.ts';
import type { ColumnSpec } from '../../schema/table-builder.ts';
import { rebuildTable } from '../../schema/table-builder.ts';
import { existingColumn, keyspaceOf } from '../schema-lookup.ts';
import { indexTarget } from './index-validation.ts';
import { javaHashOrder } from './java-hash-order.ts';
import { ensureMaskingEnabled, prepareMask } from './masks.ts';
import { prepareType } from './prepare-type.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { viewsOf, withKeyspace, withoutTable, withTables } from './schema-change.ts';
import { TableOptions } from './table-options.ts';
import { refuseNestedNonFrozen, validateTable } from './table-validation.ts';

export function alterTable(statement: AlterTableStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const { name } = statement.table;
  const { alteration } = statement;
  let options: TableOptions | null = null;
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('ALTER', tableResource(keyspaceName, name))],
    validate(environment) {
      if (alteration.kind === 'mask-column' && alteration.mask !== null) {
        ensureMaskingEnabled(environment);
      }
      const { guard } = environment;
      if (alteration.kind === 'properties') {
        options = new TableOptions(alteration.properties).guarded(guard);
        guardTimeWindows(keyspaceName, options.forNewTable(), guard);
      }
      if (alteration.kind === 'add-columns' && guard !== null) {
        for (const column of alteration.columns)
          guardVectors(column.type, `Column ${column.name}`, guard);
      }
    },
    apply(keyspaces, environment) {
      const keyspace = keyspaces.get(keyspaceName);
      const table = keyspace?.tables.get(name);
      if (keyspace === undefined || table === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Table '${keyspaceName}.${name}' doesn't exist`);
      }
      if (table.kind === 'view') {
        throw invalid(
          'Cannot use ALTER TABLE on a materialized view; use ALTER MATERIALIZED VIEW instead',
        );
      }
      const changed = alter(alteration, { keyspace, table, environment, options });
      return changed === keyspace ? keyspaces : withKeyspace(keyspaces, changed);
    },
    event: () => ({ change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}

export function dropTable(statement: DropTableStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const { name } = statement.table;
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('DROP', tableResource(keyspaceName, name))],
    apply(keyspaces, environment) {
      environment.guard?.ensureEnabled('drop_truncate_table_enabled');
      const keyspace = keyspaces.get(keyspaceName);
      const table = keyspace?.tables.get(name);
      if (keyspace === undefined || table === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Table '${keyspaceName}.${name}' doesn't exist`);
      }
      if (table.kind === 'view') {
        throw invalid(
          'Cannot use DROP TABLE on a materialized view. Please use DROP MATERIALIZED VIEW instead.',
        );
      }
      if (viewsOf(keyspace, table).length > 0) {
        // The keyspace stands where the views' names should: so does Cassandra print it.
        throw invalid(
          `Cannot drop a table when materialized views still depend on it (${keyspaceName})`,
        );
      }
      return withKeyspace(keyspaces, withoutTable(keyspace, name));
    },
    event: () => ({ change: 'DROPPED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}

interface Target {
  readonly keyspace: KeyspaceMetadata;
  readonly table: TableMetadata;
  readonly environment: DdlEnvironment;
  /** Of an alteration of properties: what guardrails leave of them. */
  readonly options: TableOptions | null;
}

type Of<K extends TableAlteration['kind']> = Extract<TableAlteration, { kind: K }>;

/** The keyspace with the altered table and its views; the same object when nothing changes. */
function alter(alteration: TableAlteration, target: Target): KeyspaceMetadata {
  switch (alteration.kind) {
    case 'alter-column-type':
      throw invalid('Altering column types is no longer supported');
    case 'mask-column':
      return maskColumn(alteration, target);
    case 'add-columns':
      return addColumns(alteration, target);
    case 'drop-columns':
      return dropColumns(alteration, target);
    case 'rename-columns':
      return renameColumns(alteration, target);
    case 'drop-compact-storage':
      return dropCompactStorage(target);
    case 'properties':
      return alterOptions(alteration, target);
  }
}

function maskColumn(alteration: Of<'mask-column'>, target: Target): KeyspaceMetadata {
  const { keyspace, table, environment } = target;
  const column = table.columns.get(alteration.column);
  if (column === undefined) {
    if (alteration.ifColumnExists) return keyspace;
    throw invalid(`Column with name '${alteration.column}' doesn't exist on table '${table.name}'`);
  }
  const mask =
    alteration.mask === null
      ? null
      : prepareMask(alteration.mask, { ...column, keyspace: keyspace.name }, environment);
  const changed = withMask(table, column.name, mask);
  validateTable(changed, environment);
  const views = viewsOf(keyspace, table).map((view) => withMask(view, column.name, mask));
  return withTables(keyspace, changed, ...views);
}

function withMask(table: TableMetadata, name: string, mask: ColumnMask | null): TableMetadata {
  return mapColumns(table, (column) => (column.name === name ? { ...column, mask } : column));
}

/** The table with each column replaced by what `change` makes of it. */
export function mapColumns(
  table: TableMetadata,
  change: (column: ColumnMetadata) => ColumnSpec,
): TableMetadata {
  return rebuildTable(table, {
    partitionKey: table.partitionKey.map(change),
    clustering: table.clustering.map(change),
    statics: table.statics.map(change),
    regulars: table.regulars.map(change),
  });
}

function addColumns(alteration: Of<'add-columns'>, target: Target): KeyspaceMetadata {
  const { keyspace, environment } = target;
  const { guard } = environment;
  guard?.ensureEnabled('alter_table');
  let { table } = target;
  let views = viewsOf(keyspace, table);
  for (const definition of alteration.columns) {
    if (definition.mask !== null) ensureMaskingEnabled(environment);
    const added = addColumn(definition, { ...target, table }, alteration.ifColumnNotExists);
    if (added === null) continue;
    table = definition.static
      ? rebuildTable(table, { statics: [...table.statics, added] })
      : rebuildTable(table, { regulars: [...table.regulars, added] });
    if (definition.static) continue;
    views = views.map((view) =>
      view.view?.includeAllColumns === true
        ? rebuildTable(view, { regulars: [...view.regulars, added] })
        : view,
    );
  }
  guard?.atMost('columns_per_table', table.columns.size, table.name);
  if (table === target.table) return keyspace;
  validateTable(table, environment);
  return withTables(keyspace, table, ...views);
}

/** null: it is there already, and IF NOT EXISTS was written. */
function addColumn(
  definition: ColumnDefinition,
  target: Target,
  ifNotExists: boolean,
): ColumnSpec | null {
  const { keyspace, table, environment } = target;
  const { name } = definition;
  const type = prepareType(definition.type, keyspace.name, keyspace.types);
  const column = { keyspace: keyspace.name, table: table.name, name, type };
  const mask = definition.mask === null ? null : prepareMask(definition.mask, column, environment);
  if (table.columns.has(name)) {
    if (ifNotExists) return null;
    throw invalid(`Column with name '${name}' already exists`);
  }
  if (isCompactTable(table.flags)) {
    throw invalid('Cannot add new column to a COMPACT STORAGE table');
  }
  if (definition.static && table.clustering.length === 0) {
    throw invalid(
      'Static columns are only useful (and thus allowed) if the table has at least one clustering column',
    );
  }
  refuseNestedNonFrozen(type, ` for column ${name}`);
  const dropped = table.droppedColumns.get(name);
  if (dropped !== undefined) refuseReAdding(definition, type, dropped, table);
  return { name, type, mask };
}

function refuseReAdding(
  definition: ColumnDefinition,
  type: CqlType,
  dropped: DroppedColumn,
  table: TableMetadata,
): void {
  const { name } = definition;
  const old = dropped.column;
  if (!isSerializationCompatible(type, old.type)) {
    throw invalid(
      `Cannot add a column '${name}' of type ${typeName(type)}, incompatible with previously dropped column ` +
        `'${name}' of type ${typeName(old.type)}`,
    );
  }
  if ((old.kind === 'static') !== definition.static) {
    throw invalid(
      `Cannot re-add previously dropped column '${name}' of kind ${definition.static ? 'STATIC' : 'REGULAR'}, ` +
        `incompatible with previous kind ${old.kind.toUpperCase()}`,
    );
  }
  if (table.isCounter) throw invalid(`Cannot re-add previously dropped counter column ${name}`);
}

function dropColumns(alteration: Of<'drop-columns'>, target: Target): KeyspaceMetadata {
  const { keyspace, table, environment } = target;
  environment.guard?.ensureEnabled('alter_table');
  const dropped = new Map(table.droppedColumns);
  const gone = new Set<ColumnMetadata>();
  const micros =
    alteration.timestamp === null ? environment.nowMicros : Number(alteration.timestamp);
  for (const name of javaHashOrder(new Set(alteration.columns))) {
    const column = droppableColumn(name, alteration.ifColumnExists, keyspace, table);
    if (column === null) continue;
    gone.add(column);
    const type = expandUserTypes(column.type);
    // Stored in milliseconds; what is kept here is what a reader of the rows would see.
    const droppedTimeMicros = Math.floor(micros / 1_000) * 1_000;
    dropped.set(name, {
      column: internColumn({ ...column, type, mask: null }),
      droppedTimeMicros,
    });
  }
  if (gone.size === 0) return keyspace;
  const changed = rebuildTable(table, {
    statics: table.statics.filter((column) => !gone.has(column)),
    regulars: table.regulars.filter((column) => !gone.has(column)),
    droppedColumns: dropped,
  });
  return withTables(keyspace, changed);
}

function droppableColumn(
  name: string,
  ifExists: boolean,
  keyspace: KeyspaceMetadata,
  table: TableMetadata,
): ColumnMetadata | null {
  const column = table.columns.get(name);
  if (column === undefined) {
    if (ifExists) return null;
    throw invalid(`Column ${name} was not found in table '${qualifiedText(table)}'`);
  }
  if (isKeyColumn(column)) throw invalid(`Cannot drop PRIMARY KEY column ${name}`);
  if (column.type.kind === 'udt' && isMultiCell(column.type)) {
    throw invalid(`Cannot drop non-frozen column ${name} of user type ${typeName(column.type)}`);
  }
  const indexes = dependentIndexes(table, column);
  if (indexes !== '') {
    throw invalid(
      `Cannot drop column ${name} because it has dependent secondary indexes (${indexes})`,
    );
  }
  if (viewsOf(keyspace, table).length > 0) {
    throw invalid(`Cannot drop column ${name} on base table ${table.name} with materialized views`);
  }
  return column;
}

/** What a dropped column remembers holds no user types, so that those may be dropped too. */
function expandUserTypes(type: CqlType): CqlType {
  switch (type.kind) {
    case 'udt':
      return { kind: 'tuple', elements: type.fieldTypes.map(expandUserTypes) };
    case 'tuple':
      return { kind: 'tuple', elements: type.elements.map(expandUserTypes) };
    case 'list':
    case 'set':
    case 'vector':
      return { ...type, element: expandUserTypes(type.element) };
    case 'map':
      return { ...type, key: expandUserTypes(type.key), value: expandUserTypes(type.value) };
    default:
      return type;
  }
}

function renameColumns(alteration: Of<'rename-columns'>, target: Target): KeyspaceMetadata {
  const { keyspace } = target;
  target.environment.guard?.ensureEnabled('alter_table');
  let { table } = target;
  let views = viewsOf(keyspace, table);
  const renames = new Map(alteration.renames.map(({ from, to }) => [from, to]));
  for (const from of javaHashOrder(renames.keys())) {
    const to = renames.get(from) ?? from;
    const column = existingColumn(target.table, from);
    if (!isKeyColumn(column)) throw invalid(`Cannot rename non PRIMARY KEY column ${from}`);
    if (target.table.columns.has(to)) {
      throw invalid(
        `Cannot rename column ${from} to ${to} in table '${qualifiedText(table)}'; ` +
          'another column with that name already exists',
      );
    }
    const indexes = dependentIndexes(target.table, column);
    if (indexes !== '') {
      throw invalid(
        `Can't rename column ${from} because it has dependent secondary indexes (${indexes})`,
      );
    }
    table = withRenamed(table, from, to);
    views = views.map((view) => (view.columns.has(from) ? withRenamed(view, from, to) : view));
  }
  return withTables(keyspace, table, ...views);
}

function withRenamed(table: TableMetadata, from: string, to: string): TableMetadata {
  const renamed = mapColumns(table, (column) =>
    column.name === from ? { ...column, name: to } : column,
  );
  if (renamed.view === null) return renamed;
  const whereClause = renameIdentifier(renamed.view.whereClause, from, to);
  return { ...renamed, view: { ...renamed.view, whereClause } };
}

/** Replaces an identifier in a printed WHERE clause, leaving string literals alone. */
function renameIdentifier(clause: string, from: string, to: string): string {
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_]\w*/g;
  const old = quoteIfNeeded(from);
  return clause.replaceAll(token, (found) => (found === old ? quoteIfNeeded(to) : found));
}

function dropCompactStorage({ keyspace, table, environment }: Target): KeyspaceMetadata {
  if (!environment.config.drop_compact_storage_enabled) {
    throw invalid('DROP COMPACT STORAGE is disabled. Enable in cassandra.yaml to use.');
  }
  if (!isCompactTable(table.flags)) {
    throw invalid('Cannot DROP COMPACT STORAGE on table without COMPACT STORAGE');
  }
  const flags = new Set(table.isCounter ? ['compound', 'counter'] : ['compound']);
  // What Cassandra stored all along and hid now shows: a clustering `column1`, a `value`.
  const columns = storedColumns(table);
  const of = (kind: ColumnMetadata['kind']): ColumnMetadata[] =>
    columns.filter((column) => column.kind === kind);
  const changed = rebuildTable(table, {
    clustering: of('clustering'),
    statics: of('static'),
    regulars: of('regular'),
    flags,
  });
  return withTables(keyspace, changed);
}

function alterOptions(alteration: Of<'properties'>, target: Target): KeyspaceMetadata {
  const { keyspace, table } = target;
  const options = target.options ?? new TableOptions(alteration.properties);
  options.validate();
  const params = options.forAlteredTable(table.params);
  if (table.isCounter && params.default_time_to_live > 0) {
    throw invalid('Cannot set default_time_to_live on a table with counters');
  }
  if (params.gc_grace_seconds === 0 && viewsOf(keyspace, table).length > 0) {
    throw invalid(
      'Cannot alter gc_grace_seconds of the base table of a materialized view to 0, since this value is used to ' +
        'TTL undelivered updates. Setting gc_grace_seconds too low might cause undelivered updates to expire ' +
        'before being replayed.',
    );
  }
  guardCompression(params, target.environment.guard);
  return withTables(keyspace, rebuildTable(table, { params }));
}

function dependentIndexes(table: TableMetadata, column: ColumnMetadata): string {
  return table.indexes
    .filter((index) => indexTarget(table, index)?.column === column)
    .map(({ name }) => name)
    .join(', ');
}

function isKeyColumn(column: ColumnMetadata): boolean {
  return column.kind === 'partition_key' || column.kind === 'clustering';
}
