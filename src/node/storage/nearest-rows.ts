// ORDER BY v ANN OF: the rows of this node whose vectors are nearest, found by looking at all of them. Exact where
// Cassandra's graph index is approximate. The coordinator orders the rows of all replicas by `annScore`.
// Test: test/storage/table-store.test.ts. Cassandra: index/sai/plan/VectorTopKProcessor.

import { required } from '../../base/assert.ts';
import type { Int64 } from '../../base/int64.ts';
import { compareInt64 } from '../../base/int64.ts';
import { isLive } from '../../data/deletion.ts';
import { cellOf, LimitCounter, valueOf } from '../../data/live-view.ts';
import type { PartitionData, Row } from '../../data/partition.ts';
import type { AnnOrdering, ReadCommand } from '../../data/read-command.ts';
import type { SimilarityFunction } from '../../data/vector-similarity.ts';
import { similarityFunction, vectorSimilarity } from '../../data/vector-similarity.ts';
import type { StoredPartition } from './partition-read.ts';
import { ReadExecution, readPartition } from './partition-read.ts';
import type { TableStore } from './table-store.ts';

interface Scored {
  readonly row: Row;
  readonly score: number;
  /** When the vector was written: of equally near ones the older comes first. */
  readonly writtenAt: Int64;
}

/** The best `limit` rows, partitions in (token, key) order, rows in clustering order. */
export function nearestRows(
  store: TableStore,
  command: ReadCommand,
  execution: ReadExecution,
): PartitionData[] {
  const ann = required(command.ann, 'no ANN ordering');
  const kind = similarityFunction(store.table, ann);
  const scan = new ReadExecution(command, {
    table: store.table,
    counter: new LimitCounter({ ...command.limits, rows: Infinity, perPartition: Infinity }),
    tombstonesMax: Infinity,
  });
  const partitions = readAll(store, command, scan);
  execution.countTombstones(scan.tombstones);
  const scored: Scored[] = [];
  for (const { rows } of partitions) {
    for (const row of rows) {
      const score = annScore(row, ann, { kind, nowSeconds: command.nowSeconds });
      if (score === null) continue;
      const writtenAt = cellOf(row, ann.column, command.nowSeconds)?.timestamp ?? 0;
      scored.push({ row, score, writtenAt });
    }
  }
  scored.sort((a, b) => b.score - a.score || compareInt64(a.writtenAt, b.writtenAt));
  const chosen = new Set(scored.slice(0, command.limits.rows).map(({ row }) => row));
  execution.counter.beginPartition(false);
  execution.counter.count(chosen.size);
  return partitions
    .map((partition) => ({ ...partition, rows: partition.rows.filter((row) => chosen.has(row)) }))
    .filter((partition) => partition.rows.length > 0);
}

/** How near a live row's vector is, null without one: what the coordinator sorts by, descending. */
export function annScore(
  row: Row,
  ann: AnnOrdering,
  by: { readonly kind: SimilarityFunction; readonly nowSeconds: number },
): number | null {
  if (!isLive(row, by.nowSeconds)) return null;
  const vector = valueOf(row, ann.column, by.nowSeconds);
  if (vector === null || vector.length !== ann.vector.length) return null;
  const score = vectorSimilarity(by.kind, vector, ann.vector);
  return Number.isNaN(score) ? null : score;
}

function readAll(
  store: TableStore,
  command: ReadCommand,
  execution: ReadExecution,
): readonly PartitionData[] {
  const found: PartitionData[] = [];
  const take = (stored: StoredPartition) => {
    const read = readPartition(stored, execution, command.clustering, false);
    if (read !== null) found.push(read);
  };
  if (command.kind === 'range') store.forEachStored(command.range, take);
  else {
    const stored = store.stored(command.key.id);
    if (stored !== undefined) take(stored);
  }
  return found;
}
