// CREATE, ALTER and DROP MATERIALIZED VIEW. Test: test/facts-conformance/errors.test.ts.
// Cassandra: CreateViewStatement, AlterViewStatement, DropViewStatement.

import type {
  AlterViewStatement,
  CreateViewStatement,
  DropViewStatement,
  Selector,
} from '../../../cql/ast.ts';
import { printSelector, printWhereClause, TEXT_NAMING } from '../../../cql/print.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import type { ColumnMetadata, Schema, TableMetadata } from '../../../data/schema.ts';
import { referencesDuration, typeName } from '../../../data/type-names.ts';
import type { Requirement } from '../../auth/requirement.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { tableResource } from '../../auth/resource.ts';
import { buildTable, rebuildTable } from '../../schema/table-builder.ts';
import { viewRestrictions } from '../restrictions/view-restrictions.ts';
import { existingColumn, keyspaceOf } from '../schema-lookup.ts';
import { firstDuplicate } from './create-table.ts';
import { columnHashOrder } from './java-hash-order.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import {
  existingKeyspace,
  viewsOf,
  withKeyspace,
  withoutTable,
  withTables,
} from './schema-change.ts';
import { TableOptions } from './table-options.ts';
import { validateTable } from './table-validation.ts';

const USAGE_WARNING =
  'Materialized views are experimental and are not recommended for production use.';

export function createView(statement: CreateViewStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.view, current);
  const { name } = statement.view;
  const baseName = statement.baseTable.name;
  validateStatement(statement, keyspaceName);
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('ALTER', tableResource(keyspaceName, baseName))],
    apply(keyspaces, environment) {
      if (!environment.config.materialized_views_enabled) {
        throw invalid('Materialized views are disabled. Enable in cassandra.yaml to use.');
      }
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      const base = keyspace.tables.get(baseName);
      if (base === undefined || base.kind === 'view') {
        throw invalid(`Base table '${baseName}' doesn't exist`);
      }
      const existing = keyspace.tables.get(name);
      if (existing?.kind === 'regular') {
        throw invalid(
          `Cannot create materialized view '${name}' - a table with the same name already exists`,
        );
      }
      if (existing !== undefined) {
        if (statement.ifNotExists) return keyspaces;
        throw new CqlException({
          code: 'ALREADY_EXISTS',
          message: `Cannot add already existing table "${name}" to keyspace "${keyspaceName}"`,
          keyspace: keyspaceName,
          table: name,
        });
      }
      const { guard } = environment;
      if (base.isCounter) throw invalid('Materialized views are not supported on counter tables');
      const options = new TableOptions(statement.properties).guarded(guard);
      const views = viewsOf(keyspace, base).length;
      guard?.atMost('materialized_views_per_table', views + 1, `${name} on table ${baseName}`);
      const view = build(statement, base, options, environment);
      validateTable(view, environment);
      return withKeyspace(keyspaces, withTables(keyspace, view));
    },
    event: () => ({ change: 'CREATED', target: 'TABLE', keyspace: keyspaceName, name }),
    warnings: () => [USAGE_WARNING],
  };
}

function validateStatement(statement: CreateViewStatement, keyspaceName: string): void {
  const { name } = statement.view;
  const { keyspace } = statement.baseTable;
  if (keyspace !== null && keyspace !== keyspaceName) {
    throw invalid('Cannot create a materialized view on a table in a different keyspace');
  }
  if (containsMarker([statement.selectors, statement.where])) {
    throw invalid('Bind variables are not allowed in CREATE MATERIALIZED VIEW statements');
  }
  if (statement.primaryKey.partitionKey.length === 0) {
    throw invalid(`No PRIMARY KEY specifed for view '${name}' (exactly one required)`);
  }
  const duplicate = firstDuplicate(statement.clusteringOrder.map(({ column }) => column));
  if (duplicate !== null) {
    throw invalid(
      `Duplicate column '${duplicate}' in CLUSTERING ORDER BY clause for view '${name}'`,
    );
  }
}

function containsMarker(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(containsMarker);
  if (typeof value !== 'object' || value === null) return false;
  if ('kind' in value && value.kind === 'marker') return true;
  return Object.values(value).some(containsMarker);
}

function build(
  statement: CreateViewStatement,
  base: TableMetadata,
  options: TableOptions,
  environment: DdlEnvironment,
): TableMetadata {
  const { name } = statement.view;
  refuseBase(statement, base);
  const selected = selectedColumns(statement, base);
  const fixed = columnHashOrder(selected.map((column) => column.name))
    .map((column) => existingColumn(base, column))
    .find((column) => column.kind === 'static');
  if (fixed !== undefined) {
    throw invalid(`Cannot include static column '${fixed.name}' in materialized view '${name}'`);
  }
  const key = keyColumns(statement, base, selected);
  validateClusteringOrder(statement);
  validateKey(statement, base, key);
  validateWhere(statement, base, key, environment.schema);
  options.validate();
  if (options.defaultTimeToLive() !== 0) {
    throw invalid(
      'Cannot set default_time_to_live for a materialized view. Data in a materialized view always expire at the ' +
        'same time than the corresponding data in the parent table.',
    );
  }
  const ordered = new Map(
    statement.clusteringOrder.map(({ column, ascending }) => [column, !ascending]),
  );
  const of = (column: string): ColumnMetadata => existingColumn(base, column);
  return buildTable({
    id: options.id() ?? environment.nextTableId(),
    keyspace: base.keyspace,
    name,
    kind: 'view',
    partitionKey: statement.primaryKey.partitionKey.map((column) => ({
      ...of(column),
      reversed: false,
    })),
    clustering: statement.primaryKey.clustering.map((column) => ({
      ...of(column),
      reversed: ordered.get(column) ?? of(column).reversed,
    })),
    regulars: selected
      .filter((column) => !key.has(column.name))
      .map((column) => ({ ...column, reversed: false })),
    params: options.forNewTable(),
    view: {
      baseTable: base.name,
      baseTableId: base.id,
      includeAllColumns: statement.selectors.length === 0,
      whereClause: printWhereClause(statement.where),
    },
  });
}

function refuseBase(statement: CreateViewStatement, base: TableMetadata): void {
  if (base.params.gc_grace_seconds !== 0) return;
  throw invalid(
    `Cannot create materialized view '${statement.view.name}' for base table '${base.name}' with gc_grace_seconds of ` +
      '0, since this value is used to TTL undelivered updates. Setting gc_grace_seconds too low might cause ' +
      'undelivered updates to expire before being replayed.',
  );
}

function selectedColumns(statement: CreateViewStatement, base: TableMetadata): ColumnMetadata[] {
  if (statement.selectors.length === 0) return [...base.columns.values()];
  const columns = statement.selectors.map(({ selector, alias }) => {
    if (alias !== null) {
      throw invalid(
        'Cannot use aliases when defining a materialized view (got org.apache.cassandra.cql3.selection.RawSelector@0)',
      );
    }
    if (selector.kind !== 'column') {
      throw invalid(
        `Can only select columns by name when defining a materialized view (got ${selectableText(selector)})`,
      );
    }
    return existingColumn(base, selector.name);
  });
  return [...new Set(columns)];
}

/** Some print as written. Of the others Cassandra names the class; the address behind it differs from run to run. */
function selectableText(selector: Selector): string {
  const name = SELECTABLE_CLASSES[selector.kind];
  return name === undefined
    ? printSelector(selector, TEXT_NAMING)
    : `org.apache.cassandra.cql3.selection.Selectable$${name}$Raw@0`;
}

const SELECTABLE_CLASSES: Readonly<Partial<Record<Selector['kind'], string>>> = {
  call: 'WithFunction',
  'count-rows': 'WithFunction',
  operation: 'WithFunction',
  negation: 'WithFunction',
  cast: 'WithCast',
  'cell-attribute': 'WritetimeOrTTL',
  field: 'WithFieldSelection',
  term: 'WithTerm',
  'type-hint': 'WithTypeHint',
  list: 'WithArrayLiteral',
  set: 'WithSet',
  'map-or-udt': 'WithMapOrUdt',
  'tuple-or-parentheses': 'BetweenParenthesesOrWithTuple',
};

function keyColumns(
  statement: CreateViewStatement,
  base: TableMetadata,
  selected: readonly ColumnMetadata[],
): ReadonlySet<string> {
  const view = statement.view.name;
  const key = new Set<string>();
  for (const name of [...statement.primaryKey.partitionKey, ...statement.primaryKey.clustering]) {
    const column = base.columns.get(name);
    if (column === undefined || !selected.includes(column)) {
      throw invalid(
        `Unknown column '${name}' referenced in PRIMARY KEY for materialized view '${view}'`,
      );
    }
    if (key.has(name)) {
      throw invalid(
        `Duplicate column '${name}' in PRIMARY KEY clause for materialized view '${view}'`,
      );
    }
    key.add(name);
    validateKeyType(column);
  }
  return key;
}

function validateKeyType({ name, type }: ColumnMetadata): void {
  if (isMultiCell(type)) {
    const what = type.kind === 'udt' ? 'user-defined type' : 'collection type';
    throw invalid(
      `Invalid non-frozen ${what} '${typeName(type)}' for PRIMARY KEY column '${name}'`,
    );
  }
  if (type.kind === 'native' && type.name === 'counter') {
    throw invalid(`counter type is not supported for PRIMARY KEY column '${name}'`);
  }
  if (referencesDuration(type)) {
    throw invalid(`duration type is not supported for PRIMARY KEY column '${name}'`);
  }
}

function validateClusteringOrder(statement: CreateViewStatement): void {
  const { clusteringOrder: order, primaryKey } = statement;
  if (order.length === 0) return;
  const isExact =
    order.length === primaryKey.clustering.length &&
    order.every(({ column }, i) => column === primaryKey.clustering[i]);
  if (!isExact) {
    throw invalid(
      'Clustering key columns must exactly match columns in CLUSTERING ORDER BY directive',
    );
  }
}

function validateKey(
  statement: CreateViewStatement,
  base: TableMetadata,
  key: ReadonlySet<string>,
): void {
  const baseKey = [...base.partitionKey, ...base.clustering].map(({ name }) => name);
  const missing = baseKey.filter((name) => !key.has(name));
  if (missing.length > 0) {
    throw invalid(
      `Cannot create materialized view '${statement.view.name}' without primary key columns ${missing.join(', ')} ` +
        `from base table '${base.name}'`,
    );
  }
  const others = columnHashOrder([...key].filter((name) => !baseKey.includes(name)));
  if (others.length > 1) {
    throw invalid(
      `Cannot include more than one non-primary key column in materialized view primary key (got ${others.join(', ')})`,
    );
  }
}

function validateWhere(
  statement: CreateViewStatement,
  base: TableMetadata,
  key: ReadonlySet<string>,
  schema: Schema,
): void {
  const { relations, expressions } = statement.where;
  if (relations.some(({ kind }) => kind === 'token')) {
    throw invalid('Cannot use token relation when defining a materialized view');
  }
  if (expressions.length > 0) {
    throw invalid(
      `WHERE clause for materialized view '${statement.view.name}' cannot contain custom index expressions`,
    );
  }
  const restrictions = viewRestrictions(statement.where, base, schema);
  const free = columnHashOrder(key).filter(
    (name) => !restrictions.isRestricted(existingColumn(base, name)),
  );
  if (free.length > 0) {
    throw invalid(
      `Primary key columns ${free.join(', ')} must be restricted with 'IS NOT NULL' or otherwise`,
    );
  }
  const illegal = restrictions.others.columns.map(({ name }) => name);
  if (illegal.length > 0) {
    throw invalid(
      `Non-primary key columns can only be restricted with 'IS NOT NULL' (got: ${illegal.join(',')} restricted illegally)`,
    );
  }
}

export function alterView(statement: AlterViewStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.view, current);
  const { name } = statement.view;
  const written = new TableOptions(statement.properties);
  return {
    keyspace: keyspaceName,
    requirements: (schema) => baseRequirement(schema.keyspaces.get(keyspaceName)?.tables.get(name)),
    apply(keyspaces, { guard }) {
      const keyspace = keyspaces.get(keyspaceName);
      const view = keyspace?.tables.get(name);
      if (keyspace === undefined || view?.kind !== 'view') {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Materialized view '${keyspaceName}.${name}' doesn't exist`);
      }
      written.validate();
      const options = written.guarded(guard);
      const params = options.forAlteredTable(view.params);
      if (params.gc_grace_seconds === 0) {
        throw invalid(
          'Cannot alter gc_grace_seconds of a materialized view to 0, since this value is used to TTL undelivered ' +
            'updates. Setting gc_grace_seconds too low might cause undelivered updates to expire before being replayed.',
        );
      }
      if (params.default_time_to_live > 0) {
        throw invalid(
          'Forbidden default_time_to_live detected for a materialized view. Data in a materialized view always expire ' +
            'at the same time than the corresponding data in the parent table. default_time_to_live must be set to ' +
            'zero, see CASSANDRA-12868 for more information',
        );
      }
      return withKeyspace(keyspaces, withTables(keyspace, rebuildTable(view, { params })));
    },
    event: () => ({ change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}

export function dropView(statement: DropViewStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.view, current);
  const { name } = statement.view;
  return {
    keyspace: keyspaceName,
    requirements: (schema) => baseRequirement(schema.keyspaces.get(keyspaceName)?.tables.get(name)),
    apply(keyspaces) {
      const keyspace = keyspaces.get(keyspaceName);
      if (keyspace === undefined || keyspace.tables.get(name)?.kind !== 'view') {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Materialized view '${keyspaceName}.${name}' doesn't exist`);
      }
      return withKeyspace(keyspaces, withoutTable(keyspace, name));
    },
    event: () => ({ change: 'DROPPED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}

function baseRequirement(view: TableMetadata | undefined): readonly Requirement[] {
  if (view === undefined || view.view === null) return [];
  return [permissionOn('ALTER', tableResource(view.keyspace, view.view.baseTable))];
}
