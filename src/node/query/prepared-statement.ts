// A statement ready to run: its plan, its bind markers, its result columns, and the schema it was planned for.
// Cassandra: cql3/QueryHandler.Prepared, cql3/CQLStatement.

import { createHash } from 'node:crypto';
import type {
  ModificationStatement,
  ParsedStatement,
  QualifiedName,
  Statement,
} from '../../cql/ast.ts';
import type { FunctionSignature } from '../../cql/functions/function.ts';
import { invalid } from '../../data/cql-error.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../data/schema.ts';
import { typeClassName } from '../../data/type-names.ts';
import type { ResultColumn } from '../../protocol/responses/result-metadata.ts';
import { userFunctionsCalled } from './called-functions.ts';
import { BindVariables } from './bind-variables.ts';
import { prepareAttributes } from './modification/attributes.ts';
import type { BatchPlan } from './modification/batch.ts';
import { validateBatch } from './modification/batch.ts';
import type { ModificationPlan } from './modification/modification-plan.ts';
import {
  hasConditions,
  prepareModification,
  validateModification,
} from './modification/modification-plan.ts';
import { existingTable, keyspaceOf } from './schema-lookup.ts';
import type { SelectPlan } from './select/select-plan.ts';
import { prepareSelect } from './select/select-plan.ts';
import type { UserCodeRunner } from './user-code.ts';
import { userFunctionsOf } from './user-functions.ts';

export type StatementPlan =
  | SelectPlan
  | ModificationPlan
  | BatchPlan
  | { readonly kind: 'use'; readonly keyspace: string }
  | { readonly kind: 'truncate'; readonly table: TableMetadata }
  /** Run by an executor: schema, roles, DESCRIBE. */
  | { readonly kind: 'other' };

export interface PreparedStatement {
  readonly text: string;
  /** The keyspace of unqualified names when it was prepared. */
  readonly keyspace: string | null;
  readonly statement: Statement;
  readonly plan: StatementPlan;
  readonly markers: number;
  readonly bindColumns: readonly ResultColumn[];
  readonly partitionKeyIndexes: readonly number[];
  /** null: all but SELECT. */
  readonly resultColumns: readonly ResultColumn[] | null;
  readonly resultMetadataId: Buffer;
  /** Every name carries its keyspace. */
  readonly isQualified: boolean;
  /** Tables the plan holds. */
  readonly tables: readonly TableMetadata[];
  /** Keyspaces whose functions the plan may have called. */
  readonly keyspaces: readonly KeyspaceMetadata[];
  readonly userFunctions: readonly FunctionSignature[];
  /** Its answer's columns depend on the outcome. */
  readonly isConditional: boolean;
}

export interface PreparationContext {
  readonly schema: Schema;
  readonly keyspace: string | null;
  readonly nowMs: number;
  readonly runner: UserCodeRunner;
  /** The node's; see CallSite of cql/functions/function-factory.ts. */
  readonly firstNames: Map<string, string>;
  readonly filtersImplicitly: (table: TableMetadata) => boolean;
}

/** Throws the errors of preparing the statement. */
export function prepareStatement(
  parsed: ParsedStatement,
  context: PreparationContext,
): PreparedStatement {
  const { statement, text } = parsed;
  // Markers in schema statements bind nothing: their executors refuse them.
  const variables = new BindVariables(bindsValues(statement) ? parsed.bindMarkers : []);
  const plan = planOf(statement, variables, context);
  const tables = tablesOf(plan);
  const last = tables[tables.length - 1];
  const bindColumns = variables.specifications();
  const isOneTable =
    tables.every((table) => table.id === last?.id) &&
    bindColumns.every(({ keyspace, table }) => keyspace === last?.keyspace && table === last.name);
  const resultColumns = plan.kind === 'select' ? plan.selection.resultColumns : null;
  const keyspaces = [
    ...new Set(tables.map((table) => context.schema.keyspaces.get(table.keyspace))),
  ];
  let metadataId: Buffer | null = null;
  return {
    text,
    keyspace: context.keyspace,
    statement,
    plan,
    markers: variables.count,
    bindColumns,
    partitionKeyIndexes:
      last === undefined || !isOneTable ? [] : variables.partitionKeyIndexes(last),
    resultColumns,
    get resultMetadataId() {
      return (metadataId ??= resultMetadataId(resultColumns ?? []));
    },
    isQualified: isQualified(statement),
    tables,
    keyspaces: keyspaces.filter((keyspace) => keyspace !== undefined),
    userFunctions:
      plan.kind === 'select' || plan.kind === 'modification' || plan.kind === 'batch'
        ? userFunctionsCalled(plan)
        : [],
    isConditional:
      plan.kind === 'modification'
        ? hasConditions(plan)
        : plan.kind === 'batch' && plan.plans.some(hasConditions),
  };
}

function bindsValues({ kind }: Statement): boolean {
  switch (kind) {
    case 'select':
    case 'insert':
    case 'insert-json':
    case 'update':
    case 'delete':
    case 'batch':
      return true;
    default:
      return false;
  }
}

function planOf(
  statement: Statement,
  variables: BindVariables,
  context: PreparationContext,
): StatementPlan {
  switch (statement.kind) {
    case 'select': {
      const table = tableOf(statement.table, context);
      const scope = { ...scopeOf(table.keyspace, variables, context), table };
      return prepareSelect(statement, table, scope, {
        filtersImplicitly: context.filtersImplicitly(table),
      });
    }
    case 'insert':
    case 'insert-json':
    case 'update':
    case 'delete': {
      const plan = planModification(statement, variables, context);
      validateModification(plan);
      return plan;
    }
    case 'batch': {
      const plans = statement.statements.map((inner) =>
        planModification(inner, variables, context),
      );
      const scope = scopeOf('', variables, context);
      const attributes = prepareAttributes(
        statement.attributes,
        { keyspace: '[batch]', table: '[batch]' },
        scope,
      );
      const plan: BatchPlan = { kind: 'batch', type: statement.type, plans, attributes };
      validateBatch(plan);
      for (const inner of plans) validateModification(inner);
      return plan;
    }
    case 'use':
      return { kind: 'use', keyspace: statement.keyspace };
    case 'truncate': {
      const table = tableOf(statement.table, context);
      if (table.kind === 'view') {
        throw invalid(
          'Cannot TRUNCATE materialized view directly; must truncate base table instead',
        );
      }
      return { kind: 'truncate', table };
    }
    default:
      return { kind: 'other' };
  }
}

function tableOf(name: QualifiedName, context: PreparationContext): TableMetadata {
  return existingTable(context.schema, keyspaceOf(name, context.keyspace), name.name);
}

function scopeOf(
  keyspace: string,
  variables: BindVariables,
  context: PreparationContext,
): {
  readonly keyspace: string;
  readonly schema: Schema;
  readonly table: null;
  readonly variables: BindVariables;
  readonly nowMs: number;
  readonly firstNames: Map<string, string>;
  readonly userFunctions: (keyspace: string, name: string) => ReturnType<typeof userFunctionsOf>;
} {
  const { schema, nowMs, runner, firstNames } = context;
  const userFunctions = (inKeyspace: string, name: string): ReturnType<typeof userFunctionsOf> =>
    userFunctionsOf(schema, inKeyspace, name, runner);
  return { keyspace, schema, table: null, variables, nowMs, firstNames, userFunctions };
}

function planModification(
  statement: ModificationStatement,
  variables: BindVariables,
  context: PreparationContext,
): ModificationPlan {
  const table = tableOf(statement.table, context);
  return prepareModification(statement, table, {
    ...scopeOf(table.keyspace, variables, context),
    table,
  });
}

function tablesOf(plan: StatementPlan): readonly TableMetadata[] {
  switch (plan.kind) {
    case 'select':
    case 'modification':
    case 'truncate':
      return [plan.table];
    case 'batch':
      return plan.plans.map((inner) => inner.table);
    default:
      return [];
  }
}

function isQualified(statement: Statement): boolean {
  switch (statement.kind) {
    case 'select':
    case 'insert':
    case 'insert-json':
    case 'update':
    case 'delete':
    case 'truncate':
      return statement.table.keyspace !== null;
    case 'batch':
      return statement.statements.every((inner) => inner.table.keyspace !== null);
    default:
      return false;
  }
}

/** Cassandra: ResultSet.ResultMetadata.computeResultMetadataId. */
export function resultMetadataId(columns: readonly ResultColumn[]): Buffer {
  const hash = createHash('md5');
  for (const { name, type } of columns) {
    hash.update(name, 'utf8');
    hash.update(SEPARATOR);
    hash.update(typeClassName(type), 'utf8');
    hash.update(SEPARATOR);
    hash.update(SEPARATOR);
  }
  return hash.digest();
}

const SEPARATOR = Buffer.of(0);

/** The id a client executes the statement by: over its text, behind the keyspace that unqualified names were in. */
export function statementId(text: string, keyspace: string | null): Buffer {
  return createHash('md5')
    .update((keyspace ?? '') + text, 'utf8')
    .digest();
}
