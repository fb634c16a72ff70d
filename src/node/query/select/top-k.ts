// ORDER BY .. ANN OF: the best rows of all replicas, sorted by similarity; no paging, one replica a range.
// Cassandra: SelectStatement (restrictions.isTopK), index/sai/plan/VectorTopKProcessor.

import type { Int64 } from '../../../base/int64.ts';
import { compareInt64 } from '../../../base/int64.ts';
import { isDatacenterLocal, isSerial } from '../../../data/consistency.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import { invalid } from '../../../data/cql-error.ts';
import { cellOf, forEachLiveRow } from '../../../data/live-view.ts';
import type { PartitionData } from '../../../data/partition.ts';
import { similarityFunction, vectorSimilarity } from '../../../data/vector-similarity.ts';
import type { ResultRow } from '../../../protocol/responses/rows.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import type { Done, Execution } from '../execution.ts';
import { failed } from '../execution.ts';
import { answering } from '../modification/execute-modification.ts';
import { readerOf } from './page-reader.ts';
import { queryOf } from './paged-query.ts';
import type { PagedQuery, PageReader, PartitionsResult } from './pager.ts';
import { UNLIMITED } from './paging-state.ts';
import { evaluationOf, outputRow, rowsResponse } from './result-rows.ts';
import { keyComponents } from './row-view.ts';
import type { SelectPlan } from './select-plan.ts';

const LIMIT_MAX = 1000;

/** Throws INVALID before anything is read. */
export function executeTopK(
  plan: SelectPlan,
  execution: Execution,
  limits: { readonly limit: number; readonly perPartitionLimit: number },
  done: Done,
): void {
  const { limit, perPartitionLimit } = limits;
  if (plan.aggregation !== 'none') throw invalid('Top-K queries can not be run with aggregation');
  const own = oneReplica(execution);
  if (limit === UNLIMITED) {
    throw invalid(
      'Top-K queries must have a limit specified and the limit must be less than the query page size',
    );
  }
  if (perPartitionLimit !== UNLIMITED)
    throw invalid('Top-K queries do not support per-partition limits');
  const { pageSize } = execution;
  if (pageSize > 0 && pageSize < limit) {
    addWarning(
      execution.request,
      `Top-K queries do not support paging and the page size is set to ${pageSize}, which is less than LIMIT ${limit}. ` +
        `The page size has been set to ${limit} to match the LIMIT.`,
    );
  }
  if (limit > LIMIT_MAX) {
    throw invalid(
      `Use of ANN OF in an ORDER BY clause requires a LIMIT that is not greater than ${LIMIT_MAX}. LIMIT was ${limit}`,
    );
  }
  const query = queryOf(plan, own, limit, perPartitionLimit);
  if (query === null || query.ann === null) {
    done(rowsResponse(plan, execution, [], null));
    return;
  }
  const { column, vector } = query.ann;
  const kind = similarityFunction(query.table, query.ann);
  const evaluation = evaluationOf(own);
  const found: { readonly row: ResultRow; readonly score: number; readonly writtenAt: Int64 }[] =
    [];
  readBest(
    query,
    limit,
    readerOf(plan, own),
    (partitions) => {
      answering(done, () => {
        for (const partition of partitions) {
          const key = keyComponents(partition.table, partition.key.bytes);
          forEachLiveRow(partition, query, (row, staticRow) => {
            const view = { key, row, staticRow, nowSeconds: query.nowSeconds };
            const cell = row === null ? null : cellOf(row, column, query.nowSeconds);
            if (cell === null) return;
            const score = vectorSimilarity(kind, vector, cell.value);
            const values = outputRow(plan.selection, view, evaluation, []);
            found.push({ row: values, score, writtenAt: cell.timestamp });
          });
        }
        found.sort((a, b) => b.score - a.score || compareInt64(a.writtenAt, b.writtenAt));
        done(
          rowsResponse(
            plan,
            execution,
            found.slice(0, limit).map(({ row }) => row),
            null,
          ),
        );
      });
    },
    (error) => done(failed(error)),
  );
}

/** One read; every replica answers with its best rows. */
function readBest(
  query: PagedQuery,
  limit: number,
  reader: PageReader,
  found: (partitions: readonly PartitionData[]) => void,
  fail: (error: CqlError) => void,
): void {
  const { table, columns, filter, indexName, ann, nowSeconds, clustering, source, isTracked } =
    query;
  const limits = {
    rows: limit,
    perPartition: Infinity,
    countedInFirstPartition: 0,
    distinct: false,
  };
  const shared = {
    table,
    columns,
    filter,
    indexName,
    ann,
    limits,
    clustering,
    nowSeconds,
    isTracked,
  };
  const finish = (result: PartitionsResult): void => {
    if (result.ok) found(result.partitions);
    else fail(result.error);
  };
  if (source.kind === 'range')
    reader.range({ ...shared, kind: 'range', range: source.range }, finish);
  else
    reader.partitions(
      source.keys.map((key) => ({ ...shared, kind: 'partition', key })),
      finish,
    );
}

/** Levels above ONE are lowered, with a warning. */
function oneReplica(execution: Execution): Execution {
  const { consistency } = execution;
  if (isSerial(consistency)) {
    throw invalid(
      `Top-K queries can only be run with consistency level ONE/LOCAL_ONE. Consistency level ${consistency} was used.`,
    );
  }
  if (consistency === 'ONE' || consistency === 'LOCAL_ONE') return execution;
  const lowered = isDatacenterLocal(consistency) ? 'LOCAL_ONE' : 'ONE';
  addWarning(
    execution.request,
    'Top-K queries can only be run with consistency level ONE / LOCAL_ONE / NODE_LOCAL. Consistency level ' +
      `${consistency} was requested. Downgrading the consistency level to ${lowered}.`,
  );
  return { ...execution, consistency: lowered };
}
