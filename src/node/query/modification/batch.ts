// BATCH, as CQL text or as a message: its checks, its mutations (one a partition), its sizes and warnings.
// Cassandra: cql3/statements/BatchStatement.

import type { Int64 } from '../../../base/int64.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { DecoratedKey, Mutation } from '../../../data/partition.ts';
import { VOID } from '../../../protocol/responses/result.ts';
import type { WriteKind } from '../../coordinator/coordinator.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import { guardModification } from '../../guardrails/guarded-statements.ts';
import { checkWriteConsistency } from '../consistency-checks.ts';
import type { Done, Execution } from '../execution.ts';
import { failed } from '../execution.ts';
import { partitionKeys } from '../restrictions/key-values.ts';
import type { PreparedAttributes } from './attributes.ts';
import { timestampOf } from './attributes.ts';
import type { CurrentPartitions } from './build-update.ts';
import { addUpdates, UpdateCollector } from './build-update.ts';
import { executeConditional } from './cas.ts';
import {
  answering,
  guardDisks,
  nullBoundFailure,
  readCurrent,
  updateParameters,
  writeOptions,
  writeTime,
} from './execute-modification.ts';
import { fastRow, slotKey } from './fast-write.ts';
import { checkIndexes } from './index-values.ts';
import type { ModificationPlan } from './modification-plan.ts';
import { hasConditions, validateModification } from './modification-plan.ts';
import { mutationsSize } from './mutation-size.ts';

export interface BatchPlan {
  readonly kind: 'batch';
  readonly type: 'LOGGED' | 'UNLOGGED' | 'COUNTER';
  readonly plans: readonly ModificationPlan[];
  readonly attributes: PreparedAttributes;
}

/** Checks that do not depend on values, in Cassandra's order. Throws INVALID. */
export function validateBatch(batch: BatchPlan): void {
  const { type, plans, attributes } = batch;
  if (attributes.ttl !== null) throw invalid('Global TTL on the BATCH statement is not supported.');
  const timestampSet = attributes.timestamp !== null;
  const conditional = plans.some(hasConditions);
  if (timestampSet && conditional)
    throw invalid('Cannot provide custom timestamp for conditional BATCH');
  if (timestampSet && type === 'COUNTER')
    throw invalid('Cannot provide custom timestamp for counter BATCH');
  if (timestampSet && plans.some((plan) => plan.attributes.timestamp !== null)) {
    throw invalid('Timestamp must be set either on BATCH or individual statements');
  }
  const counters = plans.some((plan) => plan.table.isCounter);
  const others = plans.some((plan) => !plan.table.isCounter);
  if (timestampSet && counters)
    throw invalid('Cannot provide custom timestamp for a BATCH containing counters');
  if (type === 'COUNTER' && others)
    throw invalid('Cannot include non-counter statement in a counter batch');
  if (counters && others)
    throw invalid('Counter and non-counter mutations cannot exist in the same batch');
  if (type === 'LOGGED' && counters)
    throw invalid('Cannot include a counter statement in a logged batch');
  validateVirtual(batch, conditional);
  if (conditional) checkOneTable(plans);
}

function validateVirtual({ type, plans }: BatchPlan, conditional: boolean): void {
  const virtual = plans.some((plan) => plan.table.kind === 'virtual');
  if (!virtual) return;
  if (type === 'LOGGED')
    throw invalid('Cannot include a virtual table statement in a logged batch');
  if (plans.some((plan) => plan.table.kind !== 'virtual')) {
    throw invalid('Mutations for virtual and regular tables cannot exist in the same batch');
  }
  if (conditional)
    throw invalid('Conditional BATCH statements cannot include mutations for virtual tables');
}

function checkOneTable(plans: readonly ModificationPlan[]): void {
  const first = plans[0]?.table;
  if (plans.some(({ table }) => table.keyspace !== first?.keyspace || table.name !== first.name)) {
    throw invalid('Batch with conditions cannot span multiple tables');
  }
}

/** `executions[i]` is the i-th statement's. Throws INVALID before anything is sent. */
export function executeBatch(
  batch: BatchPlan,
  execution: Execution,
  executions: readonly Execution[],
  done: Done,
): void {
  const { plans } = batch;
  const { guard } = execution.bind;
  for (const plan of plans) {
    validateModification(plan);
    if (guard !== null) guardModification(plan, guard);
  }
  guard?.writeLevels(execution.consistency, execution.serialConsistency);
  for (const [i, plan] of plans.entries()) guardDisks(plan, executions[i] as Execution);
  if (plans.length === 0) {
    done(VOID);
    return;
  }
  if (plans.some(hasConditions)) {
    executeConditional(plans, { ...execution }, done, executions);
    return;
  }
  for (const plan of plans) checkWriteConsistency(execution.consistency, plan.table);
  // Every statement's keys are looked at before any statement's values.
  const keys = plans.map((plan, i) => {
    const { bind } = executions[i] as Execution;
    return plan.fast === null
      ? partitionKeys(plan.restrictions, bind)
      : [slotKey(plan.fast.key, bind.values)];
  });
  const collector = new UpdateCollector();
  addStatement({ batch, executions, keys, collector, execution, done }, 0);
}

interface BatchRun {
  readonly batch: BatchPlan;
  readonly executions: readonly Execution[];
  /** The partitions of each statement. */
  readonly keys: readonly (readonly DecoratedKey[])[];
  readonly collector: UpdateCollector;
  readonly execution: Execution;
  readonly done: Done;
}

/** The collector takes the statements in order; one that reads continues in its callback. */
function addStatement(run: BatchRun, from: number): void {
  const { batch, executions, collector, execution, done } = run;
  for (let i = from; i < batch.plans.length; i++) {
    const plan = batch.plans[i] as ModificationPlan;
    const keys = run.keys[i] as readonly DecoratedKey[];
    const own = withTimestamp(batch, executions[i] as Execution);
    if (plan.fast !== null) {
      const builder = collector.builder(plan.table, keys[0] as DecoratedKey);
      builder.addRow(fastRow(plan.fast, own.bind.values, writeTime(plan, own), own.bind.guard));
      continue;
    }
    const parameters = updateParameters(plan, own);
    const add = (current: CurrentPartitions): void =>
      addUpdates(plan, keys, parameters, current, collector);
    if (!plan.requiresRead) {
      add(NO_PARTITIONS);
      continue;
    }
    let isAsync = false;
    let isRead = false;
    readCurrent(plan, keys, parameters, own, done, (current) => {
      add(current);
      isRead = true;
      if (isAsync) answering(done, () => addStatement(run, i + 1));
    });
    if (!isRead) {
      isAsync = true;
      return;
    }
  }
  const mutations = collector.build(execution.bind.functions.nowMs);
  const byTable = new Map(batch.plans.map((plan) => [plan.table, plan]));
  for (const plan of byTable.values()) checkIndexes(plan, mutations, execution.bind.guard);
  send(batch, mutations, execution, done);
}

const NO_PARTITIONS: CurrentPartitions = new Map();

function withTimestamp(batch: BatchPlan, execution: Execution): Execution {
  if (batch.attributes.timestamp === null) return execution;
  const timestamp: Int64 = timestampOf(batch.attributes, execution.timestamp, execution.bind);
  return { ...execution, timestamp };
}

function send(
  batch: BatchPlan,
  mutations: readonly Mutation[],
  execution: Execution,
  done: Done,
): void {
  const { services, request, consistency } = execution;
  warnOfTables(batch, execution);
  if (mutations.length === 0) {
    done(VOID);
    return;
  }
  const first = batch.plans[0] as ModificationPlan;
  if (first.isLocal) {
    const error = services.local.write(mutations);
    done(error === null ? VOID : failed(error));
    return;
  }
  const refused = nullBoundFailure(mutations, kindOf(batch, mutations), execution);
  if (refused !== null) {
    done(failed(refused));
    return;
  }
  checkSize(mutations, execution);
  if (batch.type !== 'LOGGED') checkSpread(mutations, execution);
  services.coordinator.write(
    mutations,
    writeOptions(kindOf(batch, mutations), consistency),
    request,
    (error) => {
      done(error === null ? VOID : failed(error));
    },
  );
}

function kindOf(batch: BatchPlan, mutations: readonly Mutation[]): WriteKind {
  if (batch.plans.some((plan) => plan.table.isCounter)) return 'counter-batch';
  if (mutations.length === 1) return 'simple';
  return batch.type === 'LOGGED' ? 'logged-batch' : 'unlogged-batch';
}

// ---------------------------------------------------------------------------------------------------------- limits

function tableNames(mutations: readonly Mutation[]): string {
  const names = new Set(
    mutations.flatMap((m) => m.updates.map(({ table }) => `${table.keyspace}.${table.name}`)),
  );
  return `[${[...names].join(', ')}]`;
}

/** Only batches of more than one partition are measured. */
function checkSize(mutations: readonly Mutation[], execution: Execution): void {
  if (mutations.length <= 1) return;
  const { batch_size_warn_threshold: warn, batch_size_fail_threshold: fail } =
    execution.services.config;
  const size = mutationsSize(mutations);
  if (size <= warn) return;
  if (size > fail) throw invalid('Batch too large');
  addWarning(
    execution.request,
    `Batch for ${tableNames(mutations)} is of size ${size}, exceeding specified threshold of ${warn} by ${size - warn}.`,
  );
}

function checkSpread(mutations: readonly Mutation[], execution: Execution): void {
  if (mutations.length <= 1) return;
  const partitions = new Set(mutations.map((mutation) => mutation.key.id)).size;
  if (partitions <= execution.services.config.unlogged_batch_across_partitions_warn_threshold)
    return;
  const names = tableNames(mutations);
  addWarning(
    execution.request,
    `Unlogged batch covering ${partitions} partitions detected against table${names.includes(',') ? 's' : ''} ${names}. ` +
      'You should use a logged batch for atomicity, or asynchronous writes for performance.',
  );
}

/** A logged batch on a table without gc_grace may come back after its deletion. */
function warnOfTables(batch: BatchPlan, execution: Execution): void {
  if (batch.type !== 'LOGGED') return;
  const names = new Set(
    batch.plans
      .filter(({ table }) => table.params.gc_grace_seconds === 0)
      .map(({ table }) => `${table.keyspace}.${table.name}`),
  );
  if (names.size === 0) return;
  addWarning(
    execution.request,
    `Executing a LOGGED BATCH on table${names.size === 1 ? '' : 's'} [${[...names].join(', ')}], configured with a ` +
      'gc_grace_seconds of 0. The gc_grace_seconds is used to TTL batchlog entries, so setting gc_grace_seconds too ' +
      'low on tables involved in an atomic batch might cause batchlog entries to expire before being replayed.',
  );
}
