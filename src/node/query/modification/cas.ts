// Conditional updates and batches: one request of one partition of one table, decided on its content as the paxos
// round finds it, and the result set the client gets. Cassandra: cql3/statements/CQL3CasRequest, ModificationStatement.
// buildCasResultSet, BatchStatement.makeCasRequest.

import type { Int64 } from '../../../base/int64.ts';
import { addInt64 } from '../../../base/int64.ts';
import { ALL_SLICES, clusteringOrder } from '../../../data/clustering-order.ts';
import { invalid, serverError } from '../../../data/cql-error.ts';
import { NATIVE } from '../../../data/cql-type.ts';
import { isLive } from '../../../data/deletion.ts';
import { liveStaticRow } from '../../../data/live-view.ts';
import { pairHashOrder } from '../../../data/java-hash-order.ts';
import { emptyPartition, findRow } from '../../../data/merge-partitions.ts';
import type {
  Clustering,
  DecoratedKey,
  DeletionTime,
  PartitionData,
  Row,
  Slice,
} from '../../../data/partition.ts';
import { isComplexData, NO_CLUSTERING } from '../../../data/partition.ts';
import { PartitionBuilder } from '../../../data/partition-builder.ts';
import type { ClusteringFilter, SinglePartitionRead } from '../../../data/read-command.ts';
import { NO_LIMITS } from '../../../data/read-command.ts';
import type { ColumnMetadata, TableMetadata } from '../../../data/schema.ts';
import type { StatementResponse } from '../../../protocol/responses/response.ts';
import type { ResultColumn } from '../../../protocol/responses/result-metadata.ts';
import type { RowsResult } from '../../../protocol/responses/rows.ts';
import type { CasDecision, CasRequest, CasResult } from '../../coordinator/coordinator.ts';
import { checkCommitConsistency, checkSerialConsistency } from '../consistency-checks.ts';
import type { Done, Execution } from '../execution.ts';
import { failed, thrownError } from '../execution.ts';
import { partitionKeys } from '../restrictions/key-values.ts';
import { requestedSlices } from '../restrictions/clustering-values.ts';
import { UNSET } from '../../../protocol/bound-value.ts';
import { columnValue, keyComponents } from '../select/row-view.ts';
import { addUpdate, hasSlices, touchesOnlyStatics, writtenClusterings } from './build-update.ts';
import type { BoundCondition, PreparedCondition } from './conditions.ts';
import { conditionHolds } from './condition-holds.ts';
import { bindCondition } from './conditions.ts';
import { keyspaceOfPlan, updateParameters } from './execute-modification.ts';
import { checkIndexes } from './index-values.ts';
import type { ModificationPlan } from './modification-plan.ts';
import { hasConditions, updatesRegularRows } from './modification-plan.ts';
import type { UpdateParameters } from './update-parameters.ts';
import { BallotListPaths, overwriteOf } from './update-parameters.ts';

interface CasUpdate {
  readonly plan: ModificationPlan;
  readonly clustering: Clustering;
  readonly parameters: UpdateParameters;
}

/** A deletion of several rows; its bounds are looked at before anything is read. */
interface CasRange {
  readonly plan: ModificationPlan;
  readonly slices: readonly Slice[];
  readonly parameters: UpdateParameters;
}

interface RowConditions {
  readonly clustering: Clustering;
  readonly isStatic: boolean;
  readonly kind: 'exists' | 'not-exists' | 'columns';
  readonly conditions: BoundCondition[];
}

/** Runs conditional statements (more than one: a batch). `executions` are per statement for a batch. */
export function executeConditional(
  plans: readonly ModificationPlan[],
  execution: Execution,
  done: Done,
  executions: readonly Execution[] = [execution],
): void {
  const first = plans[0] as ModificationPlan;
  const { table } = first;
  const isBatch = plans.length > 1 || (executions !== undefined && executions[0] !== execution);
  const builder = new CasBuilder(table, isBatch);
  plans.forEach((plan, i) => builder.add(plan, executions[i] ?? execution));
  const serialConsistency = checkSerialConsistency(execution.serialConsistency);
  checkCommitConsistency(execution.consistency, keyspaceOfPlan(first, execution));
  const request = builder.build(execution, serialConsistency);
  const answer = (result: CasResult): void => {
    if (!result.ok) done(failed(result.error));
    else if (result.applied) done(appliedResult(table));
    else done(rejectedResult(result.current, builder, execution.nowSeconds));
  };
  if (first.isLocal) answer(decideLocally(request, execution));
  else execution.services.coordinator.cas(request, execution.request, answer);
}

/** A table of this node alone needs no agreement. */
function decideLocally(request: CasRequest, { services, timestamp }: Execution): CasResult {
  const { table, read } = request;
  const result = services.local.read(read);
  if (result.kind === 'failure') {
    return { ok: false, error: { code: 'SERVER_ERROR', message: result.message } };
  }
  const current = result.partitions[0] ?? emptyPartition(table, read.key);
  const decision = request.evaluate(current, Number(timestamp));
  if (decision.kind === 'error') return { ok: false, error: decision.error };
  if (decision.kind === 'reject') return { ok: true, applied: false, current };
  const error = services.local.write([decision.mutation]);
  return error === null ? { ok: true, applied: true } : { ok: false, error };
}

class CasBuilder {
  private readonly table: TableMetadata;
  private readonly isBatch: boolean;
  private key: DecoratedKey | null = null;
  private readonly updates: CasUpdate[] = [];
  private readonly ranges: CasRange[] = [];
  private readonly rowConditions: RowConditions[] = [];
  private readonly conditionColumns = new Set<ColumnMetadata>();
  private showsAll = false;
  private updatesRegular = false;
  private updatesStatic = false;

  constructor(table: TableMetadata, isBatch: boolean) {
    this.table = table;
    this.isBatch = isBatch;
  }

  add(plan: ModificationPlan, execution: Execution): void {
    const { restrictions } = plan;
    const what = plan.type === 'UPDATE' ? 'updates' : 'deletions';
    const keys = partitionKeys(restrictions, execution.bind);
    if (restrictions.keyIsIn) {
      if (this.isBatch) {
        throw serverError(
          'java.lang.IllegalArgumentException: Batch with conditions cannot span multiple partitions (you cannot use ' +
            'IN on the partition key)',
        );
      }
      throw invalid(`IN on the partition key is not supported with conditional ${what}`);
    }
    const key = keys[0] as DecoratedKey;
    if (this.key === null) this.key = key;
    else if (!this.key.bytes.equals(key.bytes))
      throw invalid('Batch with conditions cannot span multiple partitions');
    if (restrictions.clustering.hasIn) {
      throw invalid(`IN on the clustering key columns is not supported with conditional ${what}`);
    }
    const parameters = updateParameters(plan, execution);
    this.updatesRegular ||= updatesRegularRows(plan);
    if (hasSlices(plan)) {
      const slices = requestedSlices(plan.restrictions, parameters.bind);
      this.ranges.push({ plan, slices, parameters });
      return;
    }
    const clustering = writtenClusterings(plan, parameters)[0] ?? NO_CLUSTERING;
    if (hasConditions(plan)) {
      this.updatesStatic ||= plan.staticOperations.length > 0;
      this.addConditions(plan, clustering, execution);
    }
    for (const column of plan.readColumns) this.conditionColumns.add(column);
    this.updates.push({ plan, clustering, parameters });
  }

  private addConditions(
    plan: ModificationPlan,
    clustering: Clustering,
    execution: Execution,
  ): void {
    const { conditions } = plan;
    switch (conditions.kind) {
      case 'none':
        return;
      case 'columns': {
        const isStatic = ({ column }: PreparedCondition): boolean => column.kind === 'static';
        const all = conditions.conditions;
        const rest = all.filter((condition) => !isStatic(condition));
        this.addColumnConditions(rest, clustering, false, execution);
        this.addColumnConditions(all.filter(isStatic), clustering, true, execution);
        return;
      }
      case 'exists':
      case 'not-exists':
        this.showsAll = true;
        this.addExistence(conditions.kind, clustering, touchesOnlyStatics(plan));
    }
  }

  private addColumnConditions(
    conditions: readonly PreparedCondition[],
    clustering: Clustering,
    isStatic: boolean,
    execution: Execution,
  ): void {
    if (conditions.length === 0) return;
    const known = this.conditionsOf(clustering, isStatic);
    if (known !== undefined && known.kind !== 'columns')
      throw invalid('Cannot mix IF conditions and IF NOT EXISTS for the same row');
    const target = known ?? this.newConditions(clustering, isStatic, 'columns');
    for (const condition of conditions) {
      target.conditions.push(bindCondition(condition, execution.bind));
      this.conditionColumns.add(condition.column);
    }
  }

  private addExistence(
    kind: 'exists' | 'not-exists',
    clustering: Clustering,
    isStatic: boolean,
  ): void {
    const known = this.conditionsOf(clustering, isStatic);
    if (known === undefined) this.newConditions(clustering, isStatic, kind);
    else if (known.kind === 'columns') {
      const exists = kind === 'exists' ? 'EXISTS' : 'NOT EXISTS';
      throw invalid(`Cannot mix IF conditions and IF ${exists} for the same row`);
    } else if (known.kind !== kind) {
      throw invalid('Cannot mix IF EXISTS and IF NOT EXISTS conditions for the same row');
    }
  }

  private conditionsOf(clustering: Clustering, isStatic: boolean): RowConditions | undefined {
    const order = clusteringOrder(this.table);
    return this.rowConditions.find(
      (c) => c.isStatic === isStatic && (isStatic || order.compare(c.clustering, clustering) === 0),
    );
  }

  private newConditions(
    clustering: Clustering,
    isStatic: boolean,
    kind: RowConditions['kind'],
  ): RowConditions {
    const conditions: RowConditions = { clustering, isStatic, kind, conditions: [] };
    this.rowConditions.push(conditions);
    return conditions;
  }

  /** Columns of the row shown when the conditions do not hold; null: all of them. */
  shownColumns(): readonly ColumnMetadata[] {
    const { table } = this;
    if (this.showsAll) return [...table.columns.values()];
    const columns = new Set<ColumnMetadata>(
      this.isBatch ? [...table.partitionKey, ...table.clustering] : [],
    );
    for (const { conditions } of this.rowConditions) {
      const conditioned = conditions.map((c) => c.condition.column);
      for (const column of conditioned) if (column.kind !== 'static') columns.add(column);
      for (const column of conditioned) columns.add(column);
    }
    return [...columns];
  }

  build(execution: Execution, serialConsistency: 'SERIAL' | 'LOCAL_SERIAL'): CasRequest {
    const { table } = this;
    const { nowSeconds, consistency } = execution;
    return {
      table,
      read: this.readCommand(nowSeconds),
      serialConsistency,
      commitConsistency: consistency,
      evaluate: (current, ballotMicros) => this.decide(current, ballotMicros, execution),
    };
  }

  private readCommand(nowSeconds: number): SinglePartitionRead {
    const { table } = this;
    const order = clusteringOrder(table);
    const rows = this.rowConditions
      .filter((c) => !c.isStatic)
      .map((c) => c.clustering)
      .sort((a, b) => order.compare(a, b));
    const byName: ClusteringFilter = { kind: 'names', clusterings: rows, reversed: false };
    const whole = rows.length === 0 || table.clustering.length === 0;
    const clustering: ClusteringFilter = whole
      ? { kind: 'slices', slices: ALL_SLICES, reversed: false }
      : byName;
    return {
      kind: 'partition',
      table,
      key: this.key as DecoratedKey,
      columns: { fetched: this.columnsToRead(), onlyFetched: true },
      filter: null,
      indexName: null,
      ann: null,
      limits: rows.length === 0 ? { ...NO_LIMITS, rows: 1 } : NO_LIMITS,
      clustering,
      nowSeconds,
    };
  }

  /** What a row shows of other columns is null. */
  columnsToRead(): ReadonlySet<ColumnMetadata> {
    const { table, conditionColumns } = this;
    const of = (kind: 'static' | 'regular', all: boolean): readonly ColumnMetadata[] => {
      if (all) return kind === 'static' ? table.statics : table.regulars;
      return [...conditionColumns].filter((column) => column.kind === kind);
    };
    return new Set([...of('static', this.updatesStatic), ...of('regular', this.updatesRegular)]);
  }

  private decide(current: PartitionData, ballotMicros: number, execution: Execution): CasDecision {
    try {
      const { nowSeconds } = execution;
      const conditions = inCheckingOrder(this.rowConditions, this.table);
      if (!conditions.every((one) => holds(one, current, nowSeconds))) return { kind: 'reject' };
      return { kind: 'apply', mutation: this.mutation(current, ballotMicros, execution) };
    } catch (error) {
      return { kind: 'error', error: thrownError(error) };
    }
  }

  private mutation(
    current: PartitionData,
    ballotMicros: number,
    execution: Execution,
  ): Extract<CasDecision, { kind: 'apply' }>['mutation'] {
    const { table } = this;
    const key = this.key as DecoratedKey;
    const builder = new PartitionBuilder(table, key);
    const listPaths = new BallotListPaths(ballotMicros, execution.services.listPaths);
    const timestamp = addInt64(ballotMicros, 0);
    for (const { plan, clustering, parameters } of this.updates) {
      const own = { ...parameters, timestamp, listPaths, isConditional: true };
      addUpdate(plan, clustering, own, current, builder);
    }
    for (const { plan, slices, parameters } of this.ranges) {
      if (plan.regularOperations.length + plan.staticOperations.length > 0)
        throw invalid('Range deletions are not supported for specific columns');
      const at = { ...parameters, timestamp };
      for (const slice of slices) builder.addRange({ ...slice, deletion: overwriteOf(at) });
    }
    const updates = [deletingEarlier(builder.build(), timestamp)];
    const { nowMs } = execution.bind.functions;
    const mutation = { keyspace: table.keyspace, key, updates, createdAtMs: nowMs };
    const [any] = [...this.updates, ...this.ranges];
    if (any !== undefined) checkIndexes(any.plan, [mutation], execution.bind.guard);
    return mutation;
  }
}

/** Deletions of a conditional update are a microsecond older than its cells. PartitionUpdate.updateAllTimestamp. */
function deletingEarlier(update: PartitionData, ballot: Int64): PartitionData {
  const earlier = (deletion: DeletionTime): DeletionTime =>
    deletion.markedForDeleteAt === ballot
      ? { ...deletion, markedForDeleteAt: addInt64(ballot, -1) }
      : deletion;
  const lowered = (row: Row): Row => ({
    ...row,
    deletion: earlier(row.deletion),
    data: row.data.map((entry) =>
      isComplexData(entry) ? { ...entry, deletion: earlier(entry.deletion) } : entry,
    ),
  });
  const { staticRow, rows } = update;
  return {
    ...update,
    staticRow: staticRow === null ? null : lowered(staticRow),
    rows: rows.map(lowered),
  };
}

function holds(conditions: RowConditions, current: PartitionData, nowSeconds: number): boolean {
  const row = liveRowOf(conditions, current, nowSeconds);
  if (conditions.kind === 'exists') return row !== null;
  if (conditions.kind === 'not-exists') return row === null;
  const inOrder = pairHashOrder(conditions.conditions, ({ condition, key }) => [
    condition.column.name,
    key === UNSET ? null : key,
  ]);
  return inOrder.every((condition) => conditionHolds(condition, row, nowSeconds));
}

/** The order in which conditions are looked at, and the first that fails ends it: statics, then the rows in order. */
function inCheckingOrder(
  all: readonly RowConditions[],
  table: TableMetadata,
): readonly RowConditions[] {
  const order = clusteringOrder(table);
  return all.toSorted((a, b) => {
    if (a.isStatic || b.isStatic) return Number(b.isStatic) - Number(a.isStatic);
    return order.compare(a.clustering, b.clustering);
  });
}

function liveRowOf(
  conditions: RowConditions,
  current: PartitionData,
  nowSeconds: number,
): Row | null {
  if (conditions.isStatic) return liveStaticRow(current, nowSeconds);
  const at = findRow(clusteringOrder(current.table), current.rows, conditions.clustering);
  const row = at < 0 ? null : (current.rows[at] ?? null);
  return row !== null && isLive(row, nowSeconds) ? row : null;
}

// --------------------------------------------------------------------------------------------------------- results

function appliedColumn(table: TableMetadata): ResultColumn {
  return { keyspace: table.keyspace, table: table.name, name: '[applied]', type: NATIVE.boolean };
}

const TRUE = Buffer.of(1);
const FALSE = Buffer.of(0);

/** A cache of result columns a table, so that their encoding is remembered. */
const appliedColumns = new WeakMap<TableMetadata, readonly ResultColumn[]>();

function appliedResult(table: TableMetadata): StatementResponse {
  let columns = appliedColumns.get(table);
  if (columns === undefined) {
    columns = [appliedColumn(table)];
    appliedColumns.set(table, columns);
  }
  return { kind: 'rows', metadata: { columns }, rows: [[TRUE]] };
}

/** `[applied]` false and the rows as they are; without a row only the first column. */
function rejectedResult(
  current: PartitionData,
  request: CasBuilder,
  nowSeconds: number,
): RowsResult {
  const columns = request.shownColumns();
  const { table } = current;
  const key = keyComponents(current.table, current.key.bytes);
  const staticRow = liveStaticRow(current, nowSeconds);
  const live: (Row | null)[] = current.rows.filter((row) => isLive(row, nowSeconds));
  if (live.length === 0 && staticRow !== null) live.push(null);
  if (live.length === 0)
    return { kind: 'rows', metadata: { columns: [appliedColumn(table)] }, rows: [[FALSE]] };
  const shown = columns.map(({ keyspace, table: name, name: column, type }) => ({
    keyspace,
    table: name,
    name: column,
    type,
  }));
  const rows = live.map((row) => [
    FALSE,
    ...columns.map((column) => columnValue({ key, row, staticRow, nowSeconds }, column)),
  ]);
  return { kind: 'rows', metadata: { columns: [appliedColumn(table), ...shown] }, rows };
}
