// Runs a prepared INSERT, UPDATE or DELETE: reads rows that operations look at, builds mutations, hands them to the
// coordinator (or to this node's own tables). Conditional ones go to cas.ts.
// Cassandra: ModificationStatement.execute, executeWithoutCondition, readRequiredLists.

import { required } from '../../../base/assert.ts';
import type { ConsistencyLevel } from '../../../data/consistency.ts';
import { ALL_SLICES } from '../../../data/clustering-order.ts';
import type { CqlError, WriteType } from '../../../data/cql-error.ts';
import type { DecoratedKey, Mutation, PartitionData } from '../../../data/partition.ts';
import type { ClusteringFilter, SinglePartitionRead } from '../../../data/read-command.ts';
import { NO_LIMITS } from '../../../data/read-command.ts';
import type { KeyspaceMetadata } from '../../../data/schema.ts';
import { VOID } from '../../../protocol/responses/result.ts';
import type { WriteKind } from '../../coordinator/coordinator.ts';
import { writeFailure } from '../../coordinator/errors.ts';
import { guardModification } from '../../guardrails/guarded-statements.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import { checkReadBeforeWrite, checkWriteConsistency } from '../consistency-checks.ts';
import type { Done, Execution } from '../execution.ts';
import { failed, thrownError } from '../execution.ts';
import { partitionKeys } from '../restrictions/key-values.ts';
import { requestedSlices } from '../restrictions/clustering-values.ts';
import { timestampOf, ttlOf } from './attributes.ts';
import type { CurrentPartitions } from './build-update.ts';
import {
  addUpdates,
  hasSlices,
  touchesOnlyStatics,
  UpdateCollector,
  writtenClusterings,
} from './build-update.ts';
import { executeConditional } from './cas.ts';
import { fastMutation } from './fast-write.ts';
import { checkIndexes } from './index-values.ts';
import type { ModificationPlan } from './modification-plan.ts';
import { hasConditions } from './modification-plan.ts';
import type { UpdateParameters } from './update-parameters.ts';

interface WriteOptions {
  readonly kind: WriteKind;
  readonly consistency: ConsistencyLevel;
}

/** Of plain writes by level: made once, not per request. */
const SIMPLE = new Map<ConsistencyLevel, WriteOptions>();

export function writeOptions(kind: WriteKind, consistency: ConsistencyLevel): WriteOptions {
  if (kind !== 'simple') return { kind, consistency };
  let options = SIMPLE.get(consistency);
  if (options === undefined) {
    options = Object.freeze({ kind, consistency });
    SIMPLE.set(consistency, options);
  }
  return options;
}

const NO_CURRENT: CurrentPartitions = new Map();

export function keyspaceOfPlan(plan: ModificationPlan, execution: Execution): KeyspaceMetadata {
  const { keyspace } = plan.table;
  return required(
    execution.services.schema.current.keyspaces.get(keyspace),
    `keyspace ${keyspace}`,
  );
}

/** Throws INVALID before anything is sent; later errors go to `done`. */
export function executeModification(
  plan: ModificationPlan,
  execution: Execution,
  done: Done,
): void {
  const { guard } = execution.bind;
  if (guard !== null) {
    guardModification(plan, guard);
    guard.writeLevels(execution.consistency, execution.serialConsistency);
  }
  if (hasConditions(plan)) {
    executeConditional([plan], execution, done);
    return;
  }
  checkWriteConsistency(execution.consistency, plan.table);
  if (guard !== null) {
    guardDisks(plan, execution);
    guardTimestamp(plan, execution, guard);
  }
  const { fast } = plan;
  if (fast !== null) {
    const { services, bind, request } = execution;
    const time = writeTime(plan, execution);
    const mutations = [fastMutation(fast, bind.values, time, bind.functions.nowMs, guard)];
    checkIndexes(plan, mutations, guard);
    const { coordinator } = services;
    coordinator.write(
      mutations,
      writeOptions('simple', execution.consistency),
      request,
      (error) => {
        done(error === null ? VOID : failed(error));
      },
    );
    return;
  }
  const keys = partitionKeys(plan.restrictions, execution.bind);
  const parameters = updateParameters(plan, execution);
  readCurrent(plan, keys, parameters, execution, done, (current) => {
    const collector = new UpdateCollector();
    addUpdates(plan, keys, parameters, current, collector);
    write(plan, collector, execution, done);
  });
}

/** Room at the replicas of what a statement writes. Throws INVALID. */
export function guardDisks(plan: ModificationPlan, execution: Execution): void {
  const { services, bind } = execution;
  const { guard } = bind;
  if (guard === null || services.disks?.isOn !== true || plan.isLocal) return;
  const keys = partitionKeys(plan.restrictions, { ...bind, guard: null });
  services.disks.guard(keyspaceOfPlan(plan, execution), keys, guard);
}

/** Only a timestamp in the statement counts, and only where it stands alone. */
function guardTimestamp(plan: ModificationPlan, execution: Execution, guard: Guard): void {
  const { attributes, table } = plan;
  if (attributes.timestamp === null || plan.isLocal) return;
  const { bind, timestamp } = execution;
  const nowMicros = Math.floor(bind.functions.nowMs) * 1_000;
  guard.timestamp(timestampOf(attributes, timestamp, bind), nowMicros, table.name);
}

export function writeTime(
  plan: ModificationPlan,
  execution: Execution,
): Pick<UpdateParameters, 'timestamp' | 'ttl' | 'nowSeconds'> {
  const { bind, nowSeconds } = execution;
  return {
    timestamp: timestampOf(plan.attributes, execution.timestamp, bind),
    ttl: ttlOf(plan.attributes, plan.table, bind, Math.floor(bind.functions.nowMs / 1000)),
    nowSeconds,
  };
}

export function updateParameters(plan: ModificationPlan, execution: Execution): UpdateParameters {
  const { bind, services } = execution;
  const { timestamp, ttl, nowSeconds } = writeTime(plan, execution);
  return { timestamp, ttl, nowSeconds, bind, listPaths: services.listPaths };
}

function write(
  plan: ModificationPlan,
  collector: UpdateCollector,
  execution: Execution,
  done: Done,
): void {
  const { services, request, consistency, bind } = execution;
  const mutations = collector.build(bind.functions.nowMs);
  checkIndexes(plan, mutations, bind.guard);
  if (mutations.length === 0) {
    done(VOID);
    return;
  }
  if (plan.isLocal) {
    const error = services.local.write(mutations);
    done(error === null ? VOID : failed(error));
    return;
  }
  const several: WriteKind = mutations.length === 1 ? 'simple' : 'unlogged-batch';
  const kind: WriteKind = plan.table.isCounter ? 'counter' : several;
  const refused = nullBoundFailure(mutations, kind, execution);
  if (refused !== null) {
    done(failed(refused));
    return;
  }
  services.coordinator.write(mutations, writeOptions(kind, consistency), request, (error) => {
    done(error === null ? VOID : failed(error));
  });
}

const WRITE_TYPES: Readonly<Record<WriteKind, WriteType>> = {
  simple: 'SIMPLE',
  'unlogged-batch': 'UNLOGGED_BATCH',
  'logged-batch': 'BATCH',
  counter: 'COUNTER',
  'counter-batch': 'COUNTER',
};

/** A range that ends at null cannot be stored: Cassandra's replicas fail. */
export function nullBoundFailure(
  mutations: readonly Mutation[],
  kind: WriteKind,
  { services, consistency }: Execution,
): CqlError | null {
  const isBad = mutations.some(({ updates }) =>
    updates.some(({ rangeTombstones }) =>
      rangeTombstones.some(
        ({ start, end }) => start.prefix.includes(null) || end.prefix.includes(null),
      ),
    ),
  );
  if (!isBad) return null;
  const writeType = WRITE_TYPES[kind];
  const failures = new Map([[services.self, 'UNKNOWN' as const]]);
  return writeFailure({ writeType, consistency, received: 0, blockFor: 1, failures });
}

// ------------------------------------------------------------------------------------------------ read before write

/** Reads the partitions that operations look at; calls `next` at once when there is nothing to read. */
export function readCurrent(
  plan: ModificationPlan,
  keys: readonly DecoratedKey[],
  parameters: UpdateParameters,
  execution: Execution,
  done: Done,
  next: (current: CurrentPartitions) => void,
): void {
  if (!plan.requiresRead || keys.length === 0) {
    next(NO_CURRENT);
    return;
  }
  checkReadBeforeWrite(execution.consistency);
  const clustering = readFilter(plan, parameters);
  const commands = keys.map((key): SinglePartitionRead => ({
    kind: 'partition',
    table: plan.table,
    key,
    columns: { fetched: plan.readColumns },
    filter: null,
    indexName: null,
    ann: null,
    limits: NO_LIMITS,
    clustering,
    nowSeconds: execution.nowSeconds,
  }));
  const { services } = execution;
  if (plan.isLocal) {
    const partitions = new Map<string, PartitionData>();
    for (const command of commands) {
      const result = services.local.read(command);
      if (result.kind === 'data')
        for (const partition of result.partitions) partitions.set(partition.key.id, partition);
    }
    next(partitions);
    return;
  }
  services.coordinator.read(commands, execution.consistency, execution.request, (result) => {
    if (!result.ok) {
      done(failed(result.error));
      return;
    }
    answering(done, () =>
      next(new Map(result.partitions.map((partition) => [partition.key.id, partition]))),
    );
  });
}

/** Runs the rest of a statement in a callback, where a thrown error is the answer. */
export function answering(done: Done, run: () => void): void {
  try {
    run();
  } catch (error) {
    done(failed(thrownError(error)));
  }
}

function readFilter(plan: ModificationPlan, parameters: UpdateParameters): ClusteringFilter {
  if (touchesOnlyStatics(plan) || plan.table.clustering.length === 0) {
    return { kind: 'slices', slices: ALL_SLICES, reversed: false };
  }
  if (hasSlices(plan)) {
    return {
      kind: 'slices',
      slices: requestedSlices(plan.restrictions, parameters.bind),
      reversed: false,
    };
  }
  // Guardrails speak once, where the rows are written.
  const silent = { ...parameters, bind: { ...parameters.bind, guard: null } };
  return { kind: 'names', clusterings: writtenClusterings(plan, silent), reversed: false };
}
