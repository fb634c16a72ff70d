// Guardrails on what a statement's text asks for: held when it is planned, or each time before it runs.
// Cassandra: SelectStatement.RawStatement.prepareSelection, the validate methods of cql3/statements.

import { CqlException, invalid } from '../../data/cql-error.ts';
import type { ModificationPlan } from '../query/modification/modification-plan.ts';
import type { PreparedStatement } from '../query/prepared-statement.ts';
import {
  CANNOT_USE_ALLOW_FILTERING,
  NEEDS_ALLOW_FILTERING,
} from '../query/restrictions/statement-restrictions.ts';
import type { SelectPlan } from '../query/select/select-plan.ts';
import { isSystemKeyspace } from '../schema/system-keyspaces.ts';
import type { Guard } from './guardrails.ts';

/** Plans a statement; who may not use ALLOW FILTERING is not told to. */
export function plannedUnder<T>(guard: Guard, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    const isToFilter = error instanceof CqlException && error.error === NEEDS_ALLOW_FILTERING;
    if (isToFilter && !guard.isEnabled('allow_filtering')) {
      throw invalid(CANNOT_USE_ALLOW_FILTERING);
    }
    throw error;
  }
}

export function guardPlanned({ statement }: PreparedStatement, guard: Guard): void {
  if (statement.kind === 'select' && statement.groupBy.length > 0) guard.ensureEnabled('group_by');
}

/** Of a statement that nobody has prepared before. */
export function guardPrepared(prepared: PreparedStatement, guard: Guard): void {
  guardPlanned(prepared, guard);
  const { plan } = prepared;
  if (plan.kind === 'select') guardSelect(plan, guard);
  if (plan.kind === 'modification') guardModification(plan, guard);
  if (plan.kind === 'batch') for (const inner of plan.plans) guardModification(inner, guard);
  if (plan.kind === 'truncate') guard.ensureEnabled('drop_truncate_table_enabled');
}

export function guardSelect({ statement, table }: SelectPlan, guard: Guard): void {
  if (statement.allowFiltering && !isSystemKeyspace(table.keyspace)) {
    guard.ensureEnabled('allow_filtering');
  }
}

export function guardModification({ attributes }: ModificationPlan, guard: Guard): void {
  if (attributes.timestamp !== null) guard.ensureEnabled('user_timestamps');
}
