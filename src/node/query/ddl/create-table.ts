// CREATE TABLE: columns, keys, orders and options of a new table, refused in Cassandra's order and words.
// Test: test/facts-conformance/errors.test.ts. Cassandra: CreateTableStatement, CqlParser's table definitions.

import type {
  ClusteringOrder,
  ColumnDefinition,
  CreateTableStatement,
  PrimaryKeyDefinition,
} from '../../../cql/ast.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import { isMultiCell } from '../../../data/cql-type.ts';
import type { KeyspaceMetadata, TableMetadata } from '../../../data/schema.ts';
import { referencesDuration, typeName } from '../../../data/type-names.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { allTablesResource, tableResource } from '../../auth/resource.ts';
import type { ColumnSpec } from '../../schema/table-builder.ts';
import { buildTable, compareText } from '../../schema/table-builder.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import {
  guardCompression,
  guardNewTable,
  guardTimeWindows,
  guardVectors,
} from '../../guardrails/guarded-schema.ts';
import { ensureMaskingEnabled, prepareMask } from './masks.ts';
import { isNative, prepareType } from './prepare-type.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { existingKeyspace, withKeyspace, withTables } from './schema-change.ts';
import { TableOptions } from './table-options.ts';
import { refuseNestedNonFrozen, validateTable } from './table-validation.ts';

/** Throws INVALID for what the statement's text alone shows to be wrong. */
export function createTable(statement: CreateTableStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const { name } = statement.table;
  const primaryKey = onlyPrimaryKey(statement);
  refuseDuplicates(statement);
  let options = new TableOptions(statement.properties);
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('CREATE', allTablesResource(keyspaceName))],
    validate(environment) {
      const { guard } = environment;
      options = options.guarded(guard);
      if (guard !== null) guardNewTable(statement, environment.schema, guard);
      guardTimeWindows(keyspaceName, options.forNewTable(), guard);
      for (const { name: column, type, mask } of statement.columns) {
        if (guard !== null) guardVectors(type, `Column ${column}`, guard);
        if (mask !== null) ensureMaskingEnabled(environment);
      }
    },
    apply(keyspaces, environment) {
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      if (keyspace.tables.has(name)) {
        if (statement.ifNotExists) return keyspaces;
        throw new CqlException({
          code: 'ALREADY_EXISTS',
          message: `Cannot add already existing table "${name}" to keyspace "${keyspaceName}"`,
          keyspace: keyspaceName,
          table: name,
        });
      }
      const table = build({ statement, keyspace, primaryKey, options, environment });
      validateTable(table, environment);
      guardCompression(table.params, environment.guard);
      return withKeyspace(keyspaces, withTables(keyspace, table));
    },
    event: () => ({ change: 'CREATED', target: 'TABLE', keyspace: keyspaceName, name }),
    created: () => [tableResource(keyspaceName, name)],
  };
}

function onlyPrimaryKey(statement: CreateTableStatement): PrimaryKeyDefinition {
  const { name } = statement.table;
  const [first, second] = statement.primaryKeys;
  if (second !== undefined) {
    throw invalid(`Multiple PRIMARY KEY specified for table '${name}' (exactly one required)`);
  }
  if (first === undefined) {
    throw invalid(`No PRIMARY KEY specifed for table '${name}' (exactly one required)`);
  }
  return first;
}

function refuseDuplicates(statement: CreateTableStatement): void {
  const { name } = statement.table;
  const duplicate = firstDuplicate(statement.columns.map((column) => column.name));
  if (duplicate !== null) {
    throw invalid(`Duplicate column '${duplicate}' declaration for table '${name}'`);
  }
  const ordered = firstDuplicate(statement.clusteringOrder.map(({ column }) => column));
  if (ordered !== null) {
    throw invalid(
      `Duplicate column '${ordered}' in CLUSTERING ORDER BY clause for table '${name}'`,
    );
  }
}

export function firstDuplicate(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}

interface Build {
  readonly statement: CreateTableStatement;
  readonly keyspace: KeyspaceMetadata;
  readonly primaryKey: PrimaryKeyDefinition;
  readonly options: TableOptions;
  readonly environment: DdlEnvironment;
}

interface PreparedColumn extends ColumnSpec {
  readonly static: boolean;
}

function build(input: Build): TableMetadata {
  const { statement, keyspace, primaryKey, options, environment } = input;
  options.validate();
  const params = options.forNewTable();
  const columns = prepareColumns(statement.columns, input);
  for (const { type } of columns.values()) refuseNestedNonFrozen(type);
  const names = new Set<string>();
  for (const name of [...primaryKey.partitionKey, ...primaryKey.clustering]) {
    validateKeyColumn(name, columns.get(name), names, statement.table.name);
  }
  validateClusteringOrder(statement.clusteringOrder, primaryKey.clustering);
  const rest = [...columns.values()].filter((column) => !names.has(column.name));
  if (statement.compactStorage) {
    validateCompact(primaryKey, rest);
  } else if (primaryKey.clustering.length === 0 && rest.some((column) => column.static)) {
    throw invalid(
      'Static columns are only useful (and thus allowed) if the table has at least one clustering column',
    );
  }
  const hasCounters = statement.columns.some(({ type }) => isNative(type, 'counter'));
  if (hasCounters) {
    if (rest.some(({ type }) => type.kind !== 'native' || type.name !== 'counter')) {
      throw invalid('Cannot mix counter and non counter columns in the same table');
    }
    if (params.default_time_to_live > 0) {
      throw invalid('Cannot set default_time_to_live on a table with counters');
    }
  }
  const descending = new Set(
    statement.clusteringOrder.filter(({ ascending }) => !ascending).map(({ column }) => column),
  );
  const of = (name: string): ColumnSpec => columns.get(name) as PreparedColumn;
  return buildTable({
    id: options.id() ?? environment.nextTableId(),
    keyspace: keyspace.name,
    name: statement.table.name,
    partitionKey: primaryKey.partitionKey.map(of),
    clustering: primaryKey.clustering.map((name) => ({
      ...of(name),
      reversed: descending.has(name),
    })),
    statics: rest.filter((column) => column.static),
    regulars: rest.filter((column) => !column.static),
    ...(statement.compactStorage ? { flags: compactFlags(primaryKey, hasCounters) } : {}),
    params,
  });
}

/** By name, in UTF-8 order, which is the order in which their faults are found. */
function prepareColumns(
  definitions: readonly ColumnDefinition[],
  { statement, keyspace, environment }: Build,
): Map<string, PreparedColumn> {
  const sorted = [...definitions].sort((a, b) => compareText(a.name, b.name));
  return new Map(
    sorted.map((definition) => {
      const { name } = definition;
      const type = prepareType(definition.type, keyspace.name, keyspace.types);
      const column = { keyspace: keyspace.name, table: statement.table.name, name, type };
      const mask =
        definition.mask === null ? null : prepareMask(definition.mask, column, environment);
      return [name, { name, type, mask, static: definition.static }];
    }),
  );
}

function validateKeyColumn(
  name: string,
  column: PreparedColumn | undefined,
  seen: Set<string>,
  table: string,
): void {
  if (column === undefined) {
    throw invalid(`Unknown column '${name}' referenced in PRIMARY KEY for table '${table}'`);
  }
  if (seen.has(name)) {
    throw invalid(`Duplicate column '${name}' in PRIMARY KEY clause for table '${table}'`);
  }
  seen.add(name);
  validateKeyType(name, column.type);
  if (column.static) throw invalid(`Static column '${name}' cannot be part of the PRIMARY KEY`);
}

function validateKeyType(name: string, type: CqlType): void {
  if (isMultiCell(type)) {
    if (type.kind === 'udt') {
      throw invalid(
        `Invalid non-frozen user-defined type "${type.keyspace}.${type.name}" for PRIMARY KEY column '${name}'`,
      );
    }
    throw invalid(
      `Invalid non-frozen collection type ${typeName(type)} for PRIMARY KEY column '${name}'`,
    );
  }
  if (type.kind === 'native' && type.name === 'counter') {
    throw invalid(`counter type is not supported for PRIMARY KEY column '${name}'`);
  }
  if (referencesDuration(type)) {
    throw invalid(`duration type is not supported for PRIMARY KEY column '${name}'`);
  }
}

function validateClusteringOrder(
  order: readonly ClusteringOrder[],
  clustering: readonly string[],
): void {
  const written = order.map(({ column }) => column);
  const others = written.filter((name) => !clustering.includes(name));
  if (others.length > 0) {
    throw invalid(
      'Only clustering key columns can be defined in CLUSTERING ORDER directive: ' +
        `[${others.join(', ')}] are not clustering columns`,
    );
  }
  for (const [i, name] of written.entries()) {
    const expected = clustering[i];
    if (expected === undefined || expected === name) continue;
    if (written.includes(expected)) {
      throw invalid(
        'The order of columns in the CLUSTERING ORDER directive must match that of the clustering columns ' +
          `(${expected} must appear before ${name})`,
      );
    }
    throw invalid(`Missing CLUSTERING ORDER for column ${expected}`);
  }
}

function validateCompact(primaryKey: PrimaryKeyDefinition, rest: readonly PreparedColumn[]): void {
  if (rest.some(({ type }) => isMultiCell(type))) {
    throw invalid('Non-frozen collections and UDTs are not supported with COMPACT STORAGE');
  }
  if (rest.some((column) => column.static)) {
    throw invalid('Static columns are not supported in COMPACT STORAGE tables');
  }
  if (primaryKey.clustering.length === 0) {
    if (rest.length === 0) {
      throw invalid('No definition found that is not part of the PRIMARY KEY');
    }
  } else if (rest.length > 1) {
    throw invalid(
      'COMPACT STORAGE with composite PRIMARY KEY allows no more than one column not part of the PRIMARY KEY ' +
        `(got: ${rest.map(({ name }) => name).join(', ')})`,
    );
  }
}

function compactFlags(primaryKey: PrimaryKeyDefinition, hasCounters: boolean): Set<string> {
  const flags = new Set<string>();
  if (primaryKey.clustering.length > 0) flags.add('dense');
  if (primaryKey.clustering.length > 1) flags.add('compound');
  if (hasCounters) flags.add('counter');
  return flags;
}
