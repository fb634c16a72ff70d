// Runs a prepared SELECT: limits and paging state, then the way that fits: the frequent read, groups, nearest
// neighbours, or page by page. Cassandra: cql3/statements/SelectStatement.execute.

import { invalid } from '../../../data/cql-error.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { decorateKey } from '../../../ring/token.ts';
import { guardSelect } from '../../guardrails/guarded-statements.ts';
import { checkReadConsistency } from '../consistency-checks.ts';
import type { Done, Execution } from '../execution.ts';
import type { PreparedTerm } from '../terms/term.ts';
import { bindTerm } from '../terms/term.ts';
import { checkBound } from './evaluate.ts';
import { executeFastRead } from './execute-fast-read.ts';
import { executeGroups, refuseSortedPages } from './execute-groups.ts';
import { executeTopK } from './top-k.ts';
import { fetchSafely } from './fetch.ts';
import { readerOf } from './page-reader.ts';
import { queryOf } from './paged-query.ts';
import { Pager } from './pager.ts';
import type { PagingState } from './paging-state.ts';
import { decodePagingState, encodePagingState, UNLIMITED } from './paging-state.ts';
import { PlainRows, rowsResponse } from './result-rows.ts';
import type { RowView } from './row-view.ts';
import type { SelectPlan } from './select-plan.ts';

/** Throws INVALID before anything is read; later errors go to `done`. */
export function executeSelect(plan: SelectPlan, execution: Execution, done: Done): void {
  const { guard } = execution.bind;
  if (guard !== null) guardSelect(plan, guard);
  checkReadConsistency(execution.consistency);
  guard?.readLevel(execution.consistency);
  const limit = limitOf(plan.limit, execution);
  const perPartitionLimit = limitOf(plan.perPartitionLimit, execution);
  for (const selector of plan.selection.bound) checkBound(selector, execution.bind);
  if (plan.restrictions.isTopK) {
    executeTopK(plan, execution, { limit, perPartitionLimit }, done);
    return;
  }
  const state = pagingStateOf(plan, execution);
  if (state === null && plan.fast !== null && plan.fast.isDirect) {
    guardPage(plan, execution, limit);
    executeFastRead(plan, plan.fast, execution, limit, done);
    return;
  }
  if (plan.aggregation === 'none')
    executePlain(plan, execution, limit, perPartitionLimit, state, done);
  else executeGroups(plan, execution, limit, perPartitionLimit, state, done);
}

/** A page that all rows fit in is none. */
function guardPage({ table }: SelectPlan, { bind, pageSize }: Execution, limit: number): void {
  if (bind.guard === null || pageSize <= 0 || limit <= pageSize) return;
  bind.guard.atMost('page_size', pageSize, table.name);
}

/** UNLIMITED without one. */
function limitOf(term: PreparedTerm | null, execution: Execution): number {
  if (term === null) return UNLIMITED;
  const value = bindTerm(term, execution.bind);
  if (value === UNSET) return UNLIMITED;
  if (value === null) throw invalid('Invalid null value of limit');
  const limit = value.length === 4 ? value.readInt32BE(0) : 0;
  if (limit <= 0) throw invalid('LIMIT must be strictly positive');
  return limit;
}

function pagingStateOf(plan: SelectPlan, execution: Execution): PagingState | null {
  const { pagingState, version } = execution;
  return pagingState === null
    ? null
    : decodePagingState(pagingState, version, plan.table.clustering.length);
}

function executePlain(
  plan: SelectPlan,
  execution: Execution,
  limit: number,
  perPartitionLimit: number,
  state: PagingState | null,
  done: Done,
): void {
  const { pageSize } = execution;
  const sorts = plan.sortColumns.length > 0;
  const query = queryOf(plan, execution, sorts ? UNLIMITED : limit, perPartitionLimit);
  if (query === null) {
    done(rowsResponse(plan, execution, [], null));
    return;
  }
  guardPage(plan, execution, query.limit);
  refuseSortedPages(plan, execution);
  const pager = new Pager(query, readerOf(plan, execution), state, decorateKey);
  const result = new PlainRows(plan, execution);
  const visit = (view: RowView): boolean => {
    result.add(view);
    return true;
  };
  fetchSafely(pager, pageSize > 0 ? pageSize : Infinity, visit, done, () => {
    const rows = result.sorted();
    const isPaged = pageSize > 0 && !pager.isExhausted;
    const next = isPaged ? encodePagingState(pager.state(), execution.version) : null;
    done(
      rowsResponse(
        plan,
        execution,
        sorts && rows.length > limit ? rows.slice(0, limit) : rows,
        next,
      ),
    );
  });
}
