// coordinator_read_size thresholds: how many bytes of values one answer may have. A row is only refused once another
// follows it, so that every row can be read alone. Test: test/cql/read-thresholds.cql.
// Cassandra: SelectStatement.maybeWarn, maybeFail, loggableTokens, cql3/selection/ResultSetBuilder.

import type { CqlError } from '../../../data/cql-error.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import { MIN_TOKEN, tokenText } from '../../../ring/token.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import { readFailure } from '../../coordinator/errors.ts';
import type { Execution } from '../execution.ts';
import { partitionKeys, partitionRange } from '../restrictions/key-values.ts';
import type { SelectPlan } from './select-plan.ts';

/** The error that takes the answer's place; null: the answer may go, perhaps with a warning. */
export function sizeRefusal(
  plan: SelectPlan,
  execution: Execution,
  rows: readonly ResultRow[],
): CqlError | null {
  const {
    read_thresholds_enabled: isEnabled,
    coordinator_read_size_warn_threshold: warn,
    coordinator_read_size_fail_threshold: fail,
  } = execution.services.config;
  if (!isEnabled || (warn === null && fail === null)) return null;
  const { before, all } = sizes(rows);
  const text = (kind: string, threshold: number): string =>
    `Read on table ${plan.table.keyspace}.${plan.table.name} has exceeded the size ${kind} threshold of ` +
    `${threshold.toLocaleString('en-US')} bytes with ${tokensText(plan, execution)}`;
  if (fail !== null && before > fail) {
    const cause = text('failure', fail);
    addWarning(execution.request, cause);
    const { consistency, services } = execution;
    const failures = new Map([[services.self, 'READ_SIZE' as const]]);
    const counts = { received: 0, blockFor: 1, dataPresent: true };
    return readFailure({ consistency, ...counts, failures, cause });
  }
  if (warn !== null && all > warn) addWarning(execution.request, text('warning', warn));
  return null;
}

/** Bytes of all rows, and of all but the last. */
function sizes(rows: readonly ResultRow[]): { readonly before: number; readonly all: number } {
  let before = 0;
  let all = 0;
  for (const row of rows) {
    before = all;
    for (const value of row) all += value?.length ?? 0;
  }
  return { before, all };
}

function tokensText({ restrictions }: SelectPlan, { bind }: Execution): string {
  const silent = { ...bind, guard: null };
  if (restrictions.isKeyRange || restrictions.usesSecondaryIndexing) {
    const range = partitionRange(restrictions, silent);
    const { left = null, right = null } = range ?? {};
    const open = left !== null && range?.leftInclusive === true ? '[' : '(';
    const close = right !== null && range?.rightInclusive === true ? ']' : ')';
    const [from, to] = [left, right].map((token) => tokenText(token ?? MIN_TOKEN));
    return `token range: ${open}${from}, ${to}${close}`;
  }
  const tokens = partitionKeys(restrictions, silent).map(tokenText);
  return tokens.length === 1 ? `token: ${tokens[0]}` : `tokens: [${tokens.join(', ')}]`;
}
