// Runs a prepared SELECT: limits and paging state, which partitions or which range, reading page by page, and the
// rows of the answer. Cassandra: cql3/statements/SelectStatement.execute.

import { ALL_SLICES } from '../../../data/clustering-order.ts';
import type { ConsistencyLevel } from '../../../data/consistency.ts';
import { isSerial } from '../../../data/consistency.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import { required } from '../../../base/assert.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import { emptyPartition } from '../../../data/merge-partitions.ts';
import type { PartitionData } from '../../../data/partition.ts';
import type { AnnOrdering, ClusteringFilter, ReadCommand } from '../../../data/read-command.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import type { StatementResponse } from '../../../protocol/responses/response.ts';
import { decorateKey } from '../../../ring/token.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import { checkReadConsistency } from '../consistency-checks.ts';
import type { Done, Execution } from '../execution.ts';
import { failed, isLocal } from '../execution.ts';
import { requestedClusterings, requestedSlices } from '../restrictions/clustering-values.ts';
import { partitionKeys, partitionRange } from '../restrictions/key-values.ts';
import { chooseIndex, rowFilterOf } from '../restrictions/row-filter.ts';
import { firstColumn } from '../restrictions/restriction.ts';
import type { PreparedTerm } from '../terms/term.ts';
import { bindTerm } from '../terms/term.ts';
import { executeTopK } from './top-k.ts';
import { fastClustering, fastKey } from './fast-read.ts';
import type { PagedQuery, PageReader, PartitionsResult, RangeRows } from './pager.ts';
import { Pager } from './pager.ts';
import type { PagingState } from './paging-state.ts';
import { decodePagingState, encodePagingState, UNLIMITED } from './paging-state.ts';
import { GroupState, PlainRows } from './result-rows.ts';
import { keyComponents } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { Grouping, SelectPlan } from './select-plan.ts';

/** Rows read at a time where the client asked for no pages. */
const ROWS_AT_ONCE = 10_000;

/** Throws INVALID before anything is read; later errors go to `done`. */
export function executeSelect(plan: SelectPlan, execution: Execution, done: Done): void {
  checkReadConsistency(execution.consistency);
  const limit = limitOf(plan.limit, execution);
  const perPartitionLimit = limitOf(plan.perPartitionLimit, execution);
  if (plan.restrictions.isTopK) {
    executeTopK(plan, execution, { limit, perPartitionLimit }, done);
    return;
  }
  const state = pagingStateOf(plan, execution);
  if (plan.aggregation === 'none') executePlain(plan, execution, limit, perPartitionLimit, state, done);
  else executeGroups(plan, execution, limit, perPartitionLimit, state, done);
}

/** UNLIMITED without one. */
export function limitOf(term: PreparedTerm | null, execution: Execution): number {
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
  return pagingState === null ? null : decodePagingState(pagingState, version, plan.table.clustering.length);
}

// ------------------------------------------------------------------------------------------------------- the query

/** What is read; null: nothing can match. */
export function queryOf(
  plan: SelectPlan,
  execution: Execution,
  limit: number,
  perPartitionLimit: number,
): PagedQuery | null {
  const { table, restrictions, selection, fast, isReversed, statement } = plan;
  const { bind, nowSeconds } = execution;
  const base = {
    table,
    columns: selection.filter,
    filter: null,
    indexName: null,
    ann: null,
    nowSeconds,
    distinct: statement.distinct,
    showsStaticOnly: restrictions.returnsStaticOnlyPartitions,
    limit,
    perPartitionLimit,
  };
  if (fast !== null) {
    const source = { kind: 'keys', keys: [fastKey(fast, bind.values)] } as const;
    return { ...base, source, clustering: fastClustering(fast, bind.values, isReversed) };
  }
  const filter = rowFilterOf(restrictions, bind);
  const clustering = clusteringOf(plan, execution);
  if (clustering === null) return null;
  const shared = { ...base, filter, indexName: chooseIndex(restrictions), ann: annOf(plan, execution) };
  if (restrictions.isKeyRange) {
    const range = partitionRange(restrictions, bind);
    return range === null ? null : { ...shared, source: { kind: 'range', range }, clustering };
  }
  const keys = partitionKeys(restrictions, bind);
  return keys.length === 0 ? null : { ...shared, source: { kind: 'keys', keys }, clustering };
}

function clusteringOf(plan: SelectPlan, execution: Execution): ClusteringFilter | null {
  const { restrictions, isReversed, statement, selection } = plan;
  if (statement.distinct) return { kind: 'slices', slices: ALL_SLICES, reversed: false };
  const seesStatics = selection.columns.some((column) => column.kind === 'static');
  if (restrictions.isColumnRange) {
    const slices = requestedSlices(restrictions, execution.bind);
    if (slices.length === 0 && !seesStatics) return null;
    return { kind: 'slices', slices, reversed: isReversed };
  }
  if (restrictions.table.clustering.length === 0) return { kind: 'slices', slices: ALL_SLICES, reversed: isReversed };
  const clusterings = requestedClusterings(restrictions, execution.bind);
  if (clusterings.length === 0 && !seesStatics) return null;
  return { kind: 'names', clusterings, reversed: isReversed };
}

function annOf(plan: SelectPlan, execution: Execution): AnnOrdering | null {
  const { ann } = plan.restrictions.others;
  if (ann === null || ann.kind !== 'ann') return null;
  const column = firstColumn(ann);
  const vector = bindTerm(ann.value, execution.bind);
  if (vector === null) throw invalid(`Unsupported null value for column ${column.name}`);
  if (vector === UNSET) throw invalid(`Unsupported unset value for column ${column.name}`);
  const index = plan.restrictions.indexes.indexes.find((candidate) => candidate.column === column);
  return { column, vector, indexName: index?.metadata.name ?? '' };
}

/** The way to the data: replicas, or this node's own tables. */
export function readerOf(plan: SelectPlan, execution: Execution): PageReader {
  const { services, request, consistency } = execution;
  const keyspace = required(services.schema.current.keyspaces.get(plan.table.keyspace), plan.table.keyspace);
  if (isLocal(keyspace)) return new LocalReader(execution);
  return {
    partitions: (commands, done) => {
      if (isSerial(consistency) && commands.length > 1) {
        throw invalid('SERIAL/LOCAL_SERIAL consistency may only be requested for one partition at a time');
      }
      services.coordinator.read(commands, consistency, request, done);
    },
    range: (command, done) => services.coordinator.readRange(command, rangeLevel(consistency), request, done),
  };
}

/** A range is not read through paxos. */
function rangeLevel(consistency: ConsistencyLevel): ConsistencyLevel {
  if (consistency === 'SERIAL') return 'QUORUM';
  return consistency === 'LOCAL_SERIAL' ? 'LOCAL_QUORUM' : consistency;
}

class LocalReader implements PageReader {
  private readonly execution: Execution;
  constructor(execution: Execution) {
    this.execution = execution;
  }

  partitions(commands: Parameters<PageReader['partitions']>[0], done: (result: PartitionsResult) => void): void {
    const partitions: PartitionData[] = [];
    for (const command of commands) {
      const result = this.read(command);
      if (!result.ok) {
        done(result);
        return;
      }
      partitions.push(result.partitions[0] ?? emptyPartition(command.table, command.key));
    }
    done({ ok: true, partitions });
  }

  range(command: Parameters<PageReader['range']>[0], done: (result: RangeRows) => void): void {
    done(this.read(command));
  }

  private read(command: ReadCommand): RangeRows {
    const { services, consistency } = this.execution;
    const result = services.local.read(command);
    if (result.kind === 'data') {
      return { ok: true, partitions: result.partitions, limitReached: result.limitReached };
    }
    const error: CqlError = {
      code: 'READ_FAILURE',
      message: result.message,
      consistency,
      received: 0,
      blockFor: 1,
      dataPresent: false,
      failures: new Map(),
    };
    return { ok: false, error };
  }
}

// ---------------------------------------------------------------------------------------------------------- answers

export function rowsResponse(
  plan: SelectPlan,
  rows: readonly ResultRow[],
  pagingState: Buffer | null,
): StatementResponse {
  const columns = plan.selection.resultColumns;
  return { kind: 'rows', metadata: pagingState === null ? { columns } : { columns, pagingState }, rows };
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
  if (sorts && pageSize > 0) {
    throw invalid(
      'Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either remove the ' +
        'ORDER BY or the IN and sort client side, or disable paging for this query',
    );
  }
  const query = queryOf(plan, execution, sorts ? UNLIMITED : limit, perPartitionLimit);
  if (query === null) {
    done(rowsResponse(plan, [], null));
    return;
  }
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
    done(rowsResponse(plan, sorts && rows.length > limit ? rows.slice(0, limit) : rows, next));
  });
}

/** Errors of functions and values met while reading are answers; those before the first read are thrown. */
export function fetchSafely(
  pager: Pager,
  rows: number,
  visit: (view: RowView) => boolean,
  done: Done,
  next: () => void,
): void {
  let failure: CqlError | null = null;
  const guarded = (view: RowView): boolean => {
    try {
      return visit(view);
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      failure = error.error;
      return false;
    }
  };
  pager.fetch(rows, guarded, (error) => {
    const problem = failure ?? error;
    if (problem !== null) {
      done(failed(problem));
      return;
    }
    try {
      next();
    } catch (thrown) {
      if (!(thrown instanceof CqlException)) throw thrown;
      done(failed(thrown.error));
    }
  });
}

// ------------------------------------------------------------------------------------------------------------ groups

function warnOfAggregation(plan: SelectPlan, execution: Execution): void {
  const { restrictions } = plan;
  if (!restrictions.hasPartitionRestrictions) {
    addWarning(execution.request, 'Aggregation query used without partition key');
  } else if (restrictions.keyIsIn) {
    addWarning(execution.request, 'Aggregation query used on multiple partition keys (IN restriction)');
  }
}

function executeGroups(
  plan: SelectPlan,
  execution: Execution,
  limit: number,
  perPartitionLimit: number,
  state: PagingState | null,
  done: Done,
): void {
  warnOfAggregation(plan, execution);
  const query = queryOf(plan, execution, UNLIMITED, UNLIMITED);
  const run = new GroupRun(plan, execution, limit, perPartitionLimit, state);
  if (query === null) {
    done(rowsResponse(plan, run.emptyRows(), null));
    return;
  }
  const rowState = state === null ? null : { ...state, remaining: UNLIMITED, remainingInPartition: state.remainingInPartition === 0 ? 0 : UNLIMITED };
  const pager = new Pager(query, readerOf(plan, execution), rowState, decorateKey);
  run.read(pager, done);
}

/** Reads rows page after page into groups until the page of groups is full. */
class GroupRun {
  private readonly plan: SelectPlan;
  private readonly execution: Execution;
  private readonly group: GroupState;
  private readonly rows: ResultRow[] = [];
  private readonly grouping: Grouping | null;
  private readonly perPartitionLimit: number;
  private remaining: number;
  private remainingInPartition: number;
  private partition: readonly Buffer[] | null = null;
  private isFull = false;

  constructor(plan: SelectPlan, execution: Execution, limit: number, perPartitionLimit: number, state: PagingState | null) {
    this.plan = plan;
    this.execution = execution;
    this.group = new GroupState(plan, execution);
    this.grouping = plan.aggregation === 'all' || plan.aggregation === 'none' ? null : plan.aggregation;
    this.perPartitionLimit = perPartitionLimit;
    this.remaining = state?.remaining ?? limit;
    this.remainingInPartition = perPartitionLimit;
    if (state !== null && state.rowMark !== null) {
      this.remainingInPartition = state.remainingInPartition;
      if (state.partitionKey !== null) this.partition = keyComponents(plan.table, state.partitionKey);
    }
  }

  /** Without GROUP BY an aggregation over nothing gives one row. */
  emptyRows(): readonly ResultRow[] {
    return this.grouping === null ? [this.group.output()] : [];
  }

  read(pager: Pager, done: Done): void {
    const { pageSize } = this.execution;
    const atOnce = pageSize > 0 ? pageSize : ROWS_AT_ONCE;
    fetchSafely(pager, atOnce, (view) => this.visit(view), done, () => {
      if (this.isFull) {
        const { version } = this.execution;
        const ends = this.remaining <= 0;
        done(rowsResponse(this.plan, this.rows, ends ? null : encodePagingState(this.stateOf(pager), version)));
      } else if (pager.isExhausted) {
        this.closeGroup();
        done(rowsResponse(this.plan, this.rows, null));
      } else this.read(pager, done);
    });
  }

  private stateOf(pager: Pager): PagingState {
    const state = pager.state();
    if (state.rowMark === null) return { ...state, remaining: this.remaining, remainingInPartition: UNLIMITED };
    return { ...state, remaining: this.remaining, remainingInPartition: this.remainingInPartition };
  }

  private visit(view: RowView): boolean {
    const { grouping, group } = this;
    if (grouping === null) {
      group.add(view);
      return true;
    }
    if (!group.isEmpty && !group.accepts(view, grouping)) {
      this.closeGroup();
      const { pageSize } = this.execution;
      if (this.remaining <= 0 || (pageSize > 0 && this.rows.length >= pageSize)) {
        this.isFull = true;
        return false;
      }
    }
    this.enterPartition(view);
    if (this.remainingInPartition > 0) group.add(view);
    return true;
  }

  private enterPartition(view: RowView): void {
    const { partition } = this;
    if (partition !== null && partition.every((component, i) => component.equals(view.key[i] as Buffer))) return;
    if (partition !== null) this.remainingInPartition = this.perPartitionLimit;
    this.partition = view.key;
  }

  private closeGroup(): void {
    if (this.group.isEmpty && this.grouping !== null) return;
    this.rows.push(this.group.output());
    this.remaining--;
    this.remainingInPartition--;
    this.group.reset();
  }
}
