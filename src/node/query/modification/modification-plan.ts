// A prepared INSERT, UPDATE or DELETE: restrictions, operations, conditions, attributes; and its preparation, with the
// checks in Cassandra's order. Cassandra: cql3/statements/ModificationStatement, UpdateStatement, DeleteStatement.

import type {
  DeleteStatement,
  InsertJsonStatement,
  InsertStatement,
  ModificationStatement,
  Relation,
  UpdateStatement,
  WhereClause,
} from '../../../cql/ast.ts';
import { invalid, syntaxError } from '../../../data/cql-error.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import { guardedTargets } from '../../guardrails/guarded-values.ts';
import type { IndexTarget } from '../../storage/index-target.ts';
import { isLocal } from '../execution.ts';
import type { TableIndex } from '../restrictions/index-support.ts';
import type { StatementType } from '../restrictions/statement-restrictions.ts';
import { StatementRestrictions } from '../restrictions/statement-restrictions.ts';
import { isStaticCompactTable, storedColumns } from '../../schema/compact-tables.ts';
import { existingColumn } from '../schema-lookup.ts';
import type { TermScope } from '../terms/prepare-term.ts';
import type { PreparedTerm } from '../terms/term.ts';
import type { PreparedAttributes } from './attributes.ts';
import { prepareAttributes } from './attributes.ts';
import type { PreparedCondition } from './conditions.ts';
import { prepareCondition } from './conditions.ts';
import type { FastWrite } from './fast-write.ts';
import { planFastWrite } from './fast-write.ts';
import { limitedIndexes } from './index-values.ts';
import { jsonTerms } from './insert-json.ts';
import type { Operation } from './operations.ts';
import {
  prepareAssignment,
  prepareDeletion,
  prepareSet,
  requiresRead,
  setOperation,
} from './operations.ts';

export type PreparedConditions =
  | { readonly kind: 'none' | 'exists' | 'not-exists' }
  | { readonly kind: 'columns'; readonly conditions: readonly PreparedCondition[] };

export interface ModificationPlan {
  readonly kind: 'modification';
  readonly type: Exclude<StatementType, 'SELECT'>;
  readonly statement: ModificationStatement;
  readonly table: TableMetadata;
  readonly restrictions: StatementRestrictions;
  readonly regularOperations: readonly Operation[];
  readonly staticOperations: readonly Operation[];
  readonly attributes: PreparedAttributes;
  readonly conditions: PreparedConditions;
  readonly requiresRead: boolean;
  /** Columns that operations with a read look at. */
  readonly readColumns: ReadonlySet<ColumnMetadata>;
  /** Indexes that limit the size of values. */
  readonly limitedIndexes: readonly TableIndex[];
  /** Storage-attached indexes, whose terms a guardrail limits. */
  readonly guardedTargets: readonly IndexTarget[];
  /** The table lives on each node alone. */
  readonly isLocal: boolean;
  /** The plan of the frequent case, or null. */
  readonly fast: FastWrite | null;
}

export function hasConditions(plan: ModificationPlan): boolean {
  return plan.conditions.kind !== 'none';
}

/** Rows with clustering (or the only row of a partition) are written. */
export function updatesRegularRows(plan: ModificationPlan): boolean {
  return plan.table.clustering.length === 0 || !plan.restrictions.clustering.isEmpty;
}

function appliesToRegular(type: StatementType, operations: readonly Operation[]): boolean {
  if (operations.some((operation) => operation.column.kind !== 'static')) return true;
  return type === 'DELETE' && operations.length === 0;
}

function conditionsApplyTo(conditions: PreparedConditions, kind: 'static' | 'regular'): boolean {
  if (conditions.kind === 'exists' || conditions.kind === 'not-exists') return false;
  return (
    conditions.kind === 'columns' &&
    conditions.conditions.some((c) => (c.column.kind === 'static') === (kind === 'static'))
  );
}

function appliesOnlyToStatics(
  type: StatementType,
  operations: readonly Operation[],
  conditions: PreparedConditions,
): boolean {
  if (appliesToRegular(type, operations) || conditionsApplyTo(conditions, 'regular')) return false;
  return (
    operations.some((o) => o.column.kind === 'static') || conditionsApplyTo(conditions, 'static')
  );
}

export function isStaticOnly(plan: ModificationPlan): boolean {
  const operations = [...plan.regularOperations, ...plan.staticOperations];
  return appliesOnlyToStatics(plan.type, operations, plan.conditions);
}

// -------------------------------------------------------------------------------------------------------- preparing

/** Throws INVALID (SYNTAX_ERROR for contradicting assignments). */
export function prepareModification(
  statement: ModificationStatement,
  table: TableMetadata,
  scope: TermScope,
): ModificationPlan {
  const place = { keyspace: table.keyspace, table: table.name };
  const attributes = prepareAttributes(statement.attributes, place, scope);
  const conditions = prepareConditions(statement, table, scope);
  switch (statement.kind) {
    case 'insert':
      return prepareInsert(statement, table, attributes, conditions, scope);
    case 'insert-json':
      return prepareInsertJson(statement, table, attributes, conditions, scope);
    case 'update':
      return prepareUpdate(statement, table, attributes, conditions, scope);
    case 'delete':
      return prepareDelete(statement, table, attributes, conditions, scope);
  }
}

function prepareConditions(
  statement: ModificationStatement,
  table: TableMetadata,
  scope: TermScope,
): PreparedConditions {
  if (statement.kind === 'insert' || statement.kind === 'insert-json') {
    return { kind: statement.ifNotExists ? 'not-exists' : 'none' };
  }
  if (statement.ifExists) return { kind: 'exists' };
  if (statement.conditions.length === 0) return { kind: 'none' };
  if (statement.attributes.timestamp !== null) {
    throw invalid('Cannot provide custom timestamp for conditional updates');
  }
  return {
    kind: 'columns',
    conditions: statement.conditions.map((condition) => prepareCondition(condition, table, scope)),
  };
}

interface Parts {
  readonly type: ModificationPlan['type'];
  readonly statement: ModificationStatement;
  readonly table: TableMetadata;
  readonly attributes: PreparedAttributes;
  readonly conditions: PreparedConditions;
  readonly operations: readonly Operation[];
  readonly where: WhereClause;
  readonly onlyStatics: boolean;
  readonly equalities?: readonly {
    readonly column: ColumnMetadata;
    readonly value: PreparedTerm;
  }[];
}

function planOf(parts: Parts, scope: TermScope): ModificationPlan {
  const { type, statement, table, attributes, conditions, operations } = parts;
  const restrictions = new StatementRestrictions({
    type,
    table,
    where: parts.where,
    scope,
    equalities: parts.equalities ?? [],
    ann: null,
    selectsOnlyStatics: parts.onlyStatics,
    allowFiltering: false,
    filtersImplicitly: false,
    forView: false,
  });
  if (conditions.kind !== 'none') {
    if (table.isCounter) throw invalid('Conditional updates are not supported on counter tables');
    if (attributes.timestamp !== null)
      throw invalid('Cannot provide custom timestamp for conditional updates');
  }
  const reading = operations.filter(requiresRead);
  const plan = {
    kind: 'modification',
    type,
    statement,
    table,
    restrictions,
    regularOperations: operations.filter((o) => o.column.kind !== 'static'),
    staticOperations: operations.filter((o) => o.column.kind === 'static'),
    attributes,
    conditions,
    requiresRead: reading.length > 0,
    readColumns: new Set(reading.map((o) => o.column)),
    limitedIndexes: limitedIndexes(table),
    guardedTargets: guardedTargets(table),
    isLocal: isLocal(table, scope.schema),
    fast: null,
  } as const;
  return { ...plan, fast: planFastWrite(plan) };
}

function refuseCounters(table: TableMetadata): void {
  if (table.isCounter)
    throw invalid('INSERT statements are not allowed on counter tables, use UPDATE instead');
}

function prepareInsert(
  statement: InsertStatement,
  table: TableMetadata,
  attributes: PreparedAttributes,
  conditions: PreparedConditions,
  scope: TermScope,
): ModificationPlan {
  refuseCounters(table);
  const { columns, values } = statement;
  if (columns.length === 0) throw invalid('No columns provided to INSERT');
  if (columns.length !== values.length) throw invalid('Unmatched column names/values');
  if (new Set(columns).size !== columns.length)
    throw invalid('The column names contains duplicates');
  const relations: Relation[] = [];
  const operations: Operation[] = [];
  let setsClustering = false;
  columns.forEach((name, i) => {
    const column = existingColumn(table, name);
    const value = values[i] ?? { kind: 'null' };
    if (column.kind === 'clustering') setsClustering = true;
    if (column.position >= 0)
      relations.push({ kind: 'single', column: name, operator: '=', value });
    else operations.push(prepareSet(column, value, scope));
  });
  if (operations.length === 0) checkStaticCompact(table);
  const onlyStatics = !setsClustering && appliesOnlyToStatics('INSERT', operations, conditions);
  const where = { relations, expressions: [] };
  return planOf(
    { type: 'INSERT', statement, table, attributes, conditions, operations, where, onlyStatics },
    scope,
  );
}

/** A static compact table is stored with a hidden clustering, which such an INSERT would lack. */
function checkStaticCompact(table: TableMetadata): void {
  if (!isStaticCompactTable(table.flags)) return;
  const hidden = storedColumns(table).find((column) => column.kind === 'clustering');
  throw invalid(`Some clustering keys are missing: ${hidden?.name}`);
}

function prepareInsertJson(
  statement: InsertJsonStatement,
  table: TableMetadata,
  attributes: PreparedAttributes,
  conditions: PreparedConditions,
  scope: TermScope,
): ModificationPlan {
  refuseCounters(table);
  const terms = jsonTerms(statement, table, scope);
  const operations: Operation[] = [];
  const equalities: { readonly column: ColumnMetadata; readonly value: PreparedTerm }[] = [];
  for (const column of table.columns.values()) {
    const value = terms(column);
    if (column.position >= 0) equalities.push({ column, value });
    else operations.push(setOperation(column, value));
  }
  const onlyStatics =
    table.clustering.length === 0 && appliesOnlyToStatics('INSERT', operations, conditions);
  const where = { relations: [], expressions: [] };
  return planOf(
    {
      type: 'INSERT',
      statement,
      table,
      attributes,
      conditions,
      operations,
      where,
      onlyStatics,
      equalities,
    },
    scope,
  );
}

function prepareUpdate(
  statement: UpdateStatement,
  table: TableMetadata,
  attributes: PreparedAttributes,
  conditions: PreparedConditions,
  scope: TermScope,
): ModificationPlan {
  checkContradictions(statement);
  const operations = statement.assignments.map((assignment) =>
    prepareAssignment(assignment, table, conditions.kind !== 'none', scope),
  );
  refuseExpressions(statement.where);
  const onlyStatics = appliesOnlyToStatics('UPDATE', operations, conditions);
  return planOf(
    {
      type: 'UPDATE',
      statement,
      table,
      attributes,
      conditions,
      operations,
      where: statement.where,
      onlyStatics,
    },
    scope,
  );
}

/** `v = 1` beside any other assignment of v; two assignments of one field. The parser refuses most of them. */
function checkContradictions(statement: UpdateStatement): void {
  statement.assignments.forEach((assignment, i) => {
    const clash = statement.assignments.slice(0, i).some((other) => {
      if (other.column !== assignment.column) return false;
      if (other.kind === 'set' || assignment.kind === 'set') return true;
      return (
        other.kind === 'set-field' &&
        assignment.kind === 'set-field' &&
        other.field === assignment.field
      );
    });
    if (clash) throw syntaxError(`Multiple incompatible setting of column ${assignment.column}`);
  });
}

function refuseExpressions(where: WhereClause): void {
  if (where.expressions.length > 0) {
    throw invalid(
      'Custom index expressions cannot be used in WHERE clauses for UPDATE or DELETE statements',
    );
  }
}

function prepareDelete(
  statement: DeleteStatement,
  table: TableMetadata,
  attributes: PreparedAttributes,
  conditions: PreparedConditions,
  scope: TermScope,
): ModificationPlan {
  const operations = statement.deletions.map((deletion) => prepareDeletion(deletion, table, scope));
  refuseExpressions(statement.where);
  const onlyStatics = appliesOnlyToStatics('DELETE', operations, conditions);
  const plan = planOf(
    {
      type: 'DELETE',
      statement,
      table,
      attributes,
      conditions,
      operations,
      where: statement.where,
      onlyStatics,
    },
    scope,
  );
  if (hasConditions(plan) && !plan.restrictions.allKeysByEquality) {
    const text = 'DELETE statements must restrict all PRIMARY KEY columns with equality relations';
    if (appliesToRegular('DELETE', operations))
      throw invalid(`${text} in order to delete non static columns`);
    if (conditionsApplyTo(conditions, 'regular')) {
      throw invalid(`${text} in order to use IF condition on non static columns`);
    }
  }
  return plan;
}

/** Checks that do not depend on values. Cassandra: ModificationStatement.validate. */
export function validateModification(plan: ModificationPlan): void {
  const { table, attributes } = plan;
  const { timestamp, ttl } = attributes;
  if (hasConditions(plan) && timestamp !== null) {
    throw invalid('Cannot provide custom timestamp for conditional updates');
  }
  if (table.isCounter && timestamp !== null)
    throw invalid('Cannot provide custom timestamp for counter updates');
  if (table.isCounter && ttl !== null)
    throw invalid('Cannot provide custom TTL for counter updates');
  if (table.kind === 'view') throw invalid('Cannot directly modify a materialized view');
  if (table.kind !== 'virtual') return;
  if (timestamp !== null) throw invalid('Custom timestamp is not supported by virtual tables');
  if (ttl !== null) throw invalid('Expiring columns are not supported by virtual tables');
  if (hasConditions(plan)) throw invalid('Conditional updates are not supported by virtual tables');
}
