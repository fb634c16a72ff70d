// Runs a SELECT with aggregates or GROUP BY: rows are read page after page into groups, a page of the answer is a
// number of groups. Cassandra: SelectStatement.pageAggregateQuery, service/pager/AggregationQueryPager.

import { compositeKey } from '../../../data/partition-key.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import { readFailure } from '../../coordinator/errors.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import type { DecoratedKey } from '../../../data/partition.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import { decorateKey } from '../../../ring/token.ts';
import type { Done, Execution } from '../execution.ts';
import { fetchSafely } from './fetch.ts';
import { readerOf } from './page-reader.ts';
import { queryOf } from './paged-query.ts';
import { Pager } from './pager.ts';
import type { PagingState } from './paging-state.ts';
import { encodePagingState, UNLIMITED } from './paging-state.ts';
import { GroupState, rowsResponse, sortedRows } from './result-rows.ts';
import { keyComponents } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { Grouping, SelectPlan } from './select-plan.ts';

/** Rows read at a time where the client asked for no pages. */
const ROWS_AT_ONCE = 10_000;

function warnOfAggregation(plan: SelectPlan, execution: Execution): void {
  const { restrictions } = plan;
  if (!restrictions.hasPartitionRestrictions) {
    addWarning(execution.request, 'Aggregation query used without partition key');
  } else if (restrictions.keyIsIn) {
    addWarning(
      execution.request,
      'Aggregation query used on multiple partition keys (IN restriction)',
    );
  }
}

/** Partitions that come in the order of IN cannot be sorted page by page. Throws INVALID. */
export function refuseSortedPages(plan: SelectPlan, { pageSize }: Execution): void {
  if (plan.sortColumns.length === 0 || pageSize <= 0) return;
  throw invalid(
    'Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ' +
      'ORDER BY or the IN and sort client side, or disable paging for this query',
  );
}

export function executeGroups(
  plan: SelectPlan,
  execution: Execution,
  limit: number,
  perPartitionLimit: number,
  state: PagingState | null,
  done: Done,
): void {
  const query = queryOf(plan, execution, UNLIMITED, UNLIMITED);
  execution.bind.guard?.atMost('page_size', execution.pageSize, plan.table.name);
  warnOfAggregation(plan, execution);
  refuseSortedPages(plan, execution);
  const keys = query?.source.kind === 'keys' ? query.source.keys : null;
  const run = new GroupRun({ plan, execution, limit, perPartitionLimit, state, keys });
  if (query === null) {
    done(rowsResponse(plan, execution, run.emptyRows(), null));
    return;
  }
  const pager = new Pager(query, readerOf(plan, execution), rowState(state), decorateKey);
  run.read(pager, done);
}

/** The pager below counts rows, the state counts groups: rows know no limit, but a finished partition stays so. */
function rowState(state: PagingState | null): PagingState | null {
  if (state === null) return null;
  return {
    ...state,
    remaining: UNLIMITED,
    remainingInPartition: state.remainingInPartition === 0 ? 0 : UNLIMITED,
  };
}

interface GroupRunParts {
  readonly plan: SelectPlan;
  readonly execution: Execution;
  readonly limit: number;
  readonly perPartitionLimit: number;
  readonly state: PagingState | null;
  /** The partitions that are asked for by key; null: a range. */
  readonly keys: readonly DecoratedKey[] | null;
}

/** Groups a page; 0: all. Cassandra ignores the size with DISTINCT, and a size of one for partitions of one row. */
function groupsAPage({ plan, execution, keys }: GroupRunParts): number {
  const { pageSize } = execution;
  if (plan.statement.distinct) return 0;
  const oneRowEach = keys !== null && plan.table.clustering.length === 0;
  return oneRowEach && pageSize === 1 ? 0 : pageSize;
}

/** Reads rows page after page into groups until the page of groups is full. */
class GroupRun {
  private readonly plan: SelectPlan;
  private readonly execution: Execution;
  private readonly group: GroupState;
  private readonly keys: readonly DecoratedKey[] | null;
  private readonly pageSize: number;
  private readonly rows: ResultRow[] = [];
  private readonly sortKeys: (readonly (Buffer | null)[])[] = [];
  private readonly grouping: Grouping | null;
  private readonly limit: number;
  private readonly perPartitionLimit: number;
  private remaining: number;
  private remainingInPartition: number;
  private partition: readonly Buffer[] | null = null;
  private isFull = false;
  /** The last row seen. */
  private last: RowView | null = null;

  constructor(parts: GroupRunParts) {
    const { plan, execution, limit, perPartitionLimit, state } = parts;
    this.plan = plan;
    this.execution = execution;
    this.keys = parts.keys;
    this.pageSize = groupsAPage(parts);
    this.group = new GroupState(plan, execution);
    this.grouping =
      plan.aggregation === 'all' || plan.aggregation === 'none' ? null : plan.aggregation;
    this.limit = limit;
    this.perPartitionLimit = perPartitionLimit;
    this.remaining = state?.remaining ?? (this.sorts ? UNLIMITED : limit);
    this.remainingInPartition = perPartitionLimit;
    if (state !== null && state.rowMark !== null) {
      this.remainingInPartition = state.remainingInPartition;
      if (state.partitionKey !== null)
        this.partition = keyComponents(plan.table, state.partitionKey);
    }
  }

  /** The limit is then for the sorted groups. */
  private get sorts(): boolean {
    return this.plan.sortColumns.length > 0;
  }

  /** Without GROUP BY an aggregation over nothing gives one row. */
  emptyRows(): readonly ResultRow[] {
    return this.grouping === null ? [this.group.output()] : [];
  }

  read(pager: Pager, done: Done): void {
    const { pageSize } = this;
    const atOnce = pageSize > 0 ? pageSize : ROWS_AT_ONCE;
    fetchSafely(
      pager,
      atOnce,
      (view) => this.visit(view),
      done,
      () => {
        if (this.isFull) {
          const { version } = this.execution;
          const ends = this.remaining <= 0 || (this.last !== null && this.isLastOfKeys(this.last));
          done(
            rowsResponse(
              this.plan,
              this.execution,
              this.rows,
              ends ? null : encodePagingState(this.stateOf(pager), version),
            ),
          );
        } else if (pager.isExhausted) {
          this.closeGroup();
          done(rowsResponse(this.plan, this.execution, this.sorted(), this.endState()));
        } else this.read(pager, done);
      },
    );
  }

  private sorted(): readonly ResultRow[] {
    const rows = sortedRows(this.plan, this.rows, this.sortKeys);
    return this.sorts && rows.length > this.limit ? rows.slice(0, this.limit) : rows;
  }

  /** After a page that the last group filled comes an empty one, as after a full page of rows. */
  private endState(): Buffer | null {
    const { grouping, last, remaining, pageSize } = this;
    const isFull = pageSize > 0 && this.rows.length >= pageSize;
    if (grouping === null || last === null || !isFull || remaining <= 0) return null;
    if (this.isLastOfKeys(last)) return null;
    const clustering = last.row?.clustering ?? [];
    const state = {
      partitionKey: compositeKey(last.key),
      rowMark: clustering.length === 0 ? null : clustering,
      remaining,
      remainingInPartition: 0,
    };
    return encodePagingState(state, this.execution.version);
  }

  /** Whether nothing can follow the row: it is in the last partition, which has one row or gave all that it may. */
  private isLastOfKeys({ key, row }: RowView): boolean {
    const lastKey = this.keys?.at(-1);
    if (lastKey === undefined || !lastKey.bytes.equals(compositeKey(key))) return false;
    const hasOneRow = row === null || this.plan.table.clustering.length === 0;
    return hasOneRow || this.remainingInPartition <= 0;
  }

  private stateOf(pager: Pager): PagingState {
    const state = pager.state();
    if (state.rowMark === null)
      return { ...state, remaining: this.remaining, remainingInPartition: UNLIMITED };
    return { ...state, remaining: this.remaining, remainingInPartition: this.remainingInPartition };
  }

  private visit(view: RowView): boolean {
    const { grouping, group } = this;
    if (grouping === null) {
      group.add(view, null);
      return true;
    }
    const value = this.groupValue(view, grouping);
    if (!group.isEmpty && !group.accepts(view, grouping, value)) {
      this.closeGroup();
      const { pageSize } = this;
      if (this.remaining <= 0 || (pageSize > 0 && this.rows.length >= pageSize)) {
        this.isFull = true;
        return false;
      }
    }
    this.last = view;
    this.enterPartition(view);
    if (this.remainingInPartition > 0) group.add(view, value);
    return true;
  }

  /** In Cassandra replicas group the rows: a function that fails is a read that failed. */
  private groupValue(view: RowView, grouping: Grouping): Buffer | null {
    try {
      return this.group.valueOf(view, grouping);
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      const { consistency, services } = this.execution;
      const failures = new Map([[services.self, 'UNKNOWN' as const]]);
      const counts = { received: 0, blockFor: 1, dataPresent: false };
      throw new CqlException(readFailure({ consistency, ...counts, failures }));
    }
  }

  private enterPartition(view: RowView): void {
    const { partition } = this;
    if (
      partition !== null &&
      partition.every((component, i) => component.equals(view.key[i] as Buffer))
    )
      return;
    if (partition !== null) this.remainingInPartition = this.perPartitionLimit;
    this.partition = view.key;
  }

  private closeGroup(): void {
    if (this.group.isEmpty && this.grouping !== null) return;
    this.rows.push(this.group.output());
    if (this.sorts) this.sortKeys.push(this.group.sortKey());
    this.remaining--;
    this.remainingInPartition--;
    this.group.reset();
  }
}
