// Runs the frequent read: one command, its rows straight into the answer. The same pages and states as a Pager's.
// Test: test/query/paging.test.ts, test/query/prepared.test.ts.

import { enforcesStrictLiveness, isLive } from '../../../data/deletion.ts';
import { liveStaticRow } from '../../../data/live-view.ts';
import type { PartitionData, Row } from '../../../data/partition.ts';
import type { DataLimits, SinglePartitionRead } from '../../../data/read-command.ts';
import type { ColumnMetadata } from '../../../data/schema.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import type { Done, Execution } from '../execution.ts';
import { failed, thrownError } from '../execution.ts';
import { filterFor } from './column-filter.ts';
import type { FastRead } from './fast-read.ts';
import { fastSource } from './fast-read.ts';
import { encodePagingState, UNLIMITED } from './paging-state.ts';
import { evaluationOf, NO_RESULTS, outputRow, rowsResponse } from './result-rows.ts';
import { columnValue, keyComponents } from './row-view.ts';
import type { RowView } from './row-view.ts';
import type { SelectPlan } from './select-plan.ts';

export function executeFastRead(
  plan: SelectPlan,
  fast: FastRead,
  execution: Execution,
  limit: number,
  done: Done,
): void {
  const { bind, pageSize, nowSeconds, services, request, consistency } = execution;
  const asked = Math.min(
    pageSize > 0 ? pageSize : Infinity,
    limit === UNLIMITED ? Infinity : limit,
  );
  const limits: DataLimits = {
    rows: asked,
    perPartition: Infinity,
    countedInFirstPartition: 0,
    distinct: false,
  };
  const { key, clustering } = fastSource(fast, bind.values, plan.isReversed);
  const command: SinglePartitionRead = {
    kind: 'partition',
    table: plan.table,
    key,
    columns: filterFor(plan.selection.filter, bind),
    filter: null,
    indexName: null,
    ann: null,
    limits,
    clustering,
    nowSeconds,
    isTracked: services.config.read_thresholds_enabled,
  };
  services.coordinator.read([command], consistency, request, (result) => {
    if (!result.ok) {
      done(failed(result.error));
      return;
    }
    const partition = result.partitions[0];
    const rows: ResultRow[] = [];
    let last: Row | null = null;
    try {
      if (partition !== undefined) last = take(partition, plan, fast, command, execution, rows);
    } catch (error) {
      done(failed(thrownError(error)));
      return;
    }
    const isFull = rows.length >= asked && (limit === UNLIMITED || rows.length < limit);
    done(
      rowsResponse(
        plan,
        execution,
        rows,
        isFull ? nextState(last, execution, limit, rows.length) : null,
      ),
    );
  });
}

/** Adds up to as many rows as were asked for; answers the last one. */
function take(
  partition: PartitionData,
  plan: SelectPlan,
  fast: FastRead,
  command: SinglePartitionRead,
  execution: Execution,
  out: ResultRow[],
): Row | null {
  const { nowSeconds, limits, clustering } = command;
  const { rows } = partition;
  const key = keyComponents(plan.table, partition.key.bytes);
  const strict = enforcesStrictLiveness(plan.table);
  const staticRow = liveStaticRow(partition, nowSeconds);
  const { columns } = fast;
  const evaluation = columns === null ? evaluationOf(execution) : null;
  const add = (row: Row | null): void => {
    const view = { key, row, staticRow, nowSeconds };
    if (columns !== null) out.push(valuesOf(columns, view));
    else if (evaluation !== null) out.push(outputRow(plan.selection, view, evaluation, NO_RESULTS));
  };
  let last: Row | null = null;
  for (let i = 0; i < rows.length && out.length < limits.rows; i++) {
    const row = rows[clustering.reversed ? rows.length - 1 - i : i] as Row;
    if (!isLive(row, nowSeconds, strict)) continue;
    last = row;
    add(row);
  }
  if (last === null && staticRow !== null && plan.restrictions.returnsStaticOnlyPartitions) {
    add(null);
  }
  return last;
}

function valuesOf(columns: readonly ColumnMetadata[], view: RowView): ResultRow {
  const values: (Buffer | null)[] = [];
  for (let i = 0; i < columns.length; i++)
    values.push(columnValue(view, columns[i] as ColumnMetadata));
  return values;
}

/** Where the next page begins; null: the partition has no further row. */
function nextState(
  last: Row | null,
  execution: Execution,
  limit: number,
  taken: number,
): Buffer | null {
  if (last === null || last.clustering.length === 0) return null;
  const state = {
    partitionKey: null,
    rowMark: last.clustering,
    remaining: limit - taken,
    remainingInPartition: UNLIMITED - taken,
  };
  return encodePagingState(state, execution.version);
}
