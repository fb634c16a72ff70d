// The door of the query layer: QUERY, PREPARE, EXECUTE and BATCH become plans and run. EXECUTE of a cached statement is
// the hot path: a look-up, the values, the plan. Test: test/query/. Cassandra: cql3/QueryProcessor, transport/messages.

import { unreachable } from '../../base/assert.ts';
import type { Int64 } from '../../base/int64.ts';
import type { FunctionContext } from '../../cql/functions/function.ts';
import { CqlException, faultError, invalid, unauthorized } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { TimeUuidGenerator } from '../../data/time-uuid.ts';
import type { BoundValue } from '../../protocol/bound-value.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { QueryParameters } from '../../protocol/query-parameters.ts';
import type { BatchEntry, BatchRequest } from '../../protocol/requests/batch.ts';
import type { ExecuteRequest } from '../../protocol/requests/execute.ts';
import type { PrepareRequest } from '../../protocol/requests/prepare.ts';
import type { QueryRequest } from '../../protocol/requests/query.ts';
import type { ClientRequest } from '../../protocol/requests/request.ts';
import type { ResponseExtras, StatementResponse } from '../../protocol/responses/response.ts';
import type { Clock, Endpoint, Random } from '../../world/ports.ts';
import type { Coordinator, RequestContext } from '../coordinator/coordinator.ts';
import { addWarning } from '../coordinator/coordinator.ts';
import { FaultScope } from '../messaging/fault-scope.ts';
import type { GuardrailSettings } from '../guardrails/guardrail-settings.ts';
import type { GuardrailScope } from '../guardrails/guardrails.ts';
import { guardPlanned, guardPrepared, plannedUnder } from '../guardrails/guarded-statements.ts';
import { Guard } from '../guardrails/guardrails.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import type { DiskGuard, Done, Execution, QueryServices } from './execution.ts';
import { failed, thrownError } from './execution.ts';
import type { LocalAccess } from './local-access.ts';
import type { BatchPlan } from './modification/batch.ts';
import { executeBatch, validateBatch } from './modification/batch.ts';
import { answering } from './modification/execute-modification.ts';
import type { ModificationPlan } from './modification/modification-plan.ts';
import { validateModification } from './modification/modification-plan.ts';
import { NodeListPaths } from './modification/update-parameters.ts';
import type { PreparedStatement } from './prepared-statement.ts';
import type { Executors } from './run-statement.ts';
import { StatementRunner } from './run-statement.ts';
import { isAuthStatement } from './statement-kinds.ts';
import type { PreparedStore } from './statement-plans.ts';
import { NO_PREPARED_STORE, StatementPlans } from './statement-plans.ts';
import type { Tracer, TraceSession } from './tracing.ts';
import { beginTrace } from './tracing.ts';
import type { UserCodeRunner } from './user-code.ts';
import { NO_USER_CODE } from './user-code.ts';

export interface QueryProcessorParts extends Executors {
  /** This node. */
  readonly self: Endpoint;
  readonly clock: Clock;
  readonly random: Random;
  readonly config: NodeConfig;
  readonly schema: SchemaView;
  readonly coordinator: Coordinator;
  readonly local: LocalAccess;
  readonly tracer?: Tracer | null;
  /** nodetool settraceprobability: the share of requests that are traced unasked, 0 to 1. */
  readonly traceProbability?: () => number;
  readonly runner?: UserCodeRunner;
  readonly preparedStore?: PreparedStore;
  /** The messaging's: faults in what a request waits for are its answer. */
  readonly faults?: FaultScope;
  /** Whom guardrails hold for; null: nobody. */
  readonly guardrails?: GuardrailScope | null;
  /** As they are at the moment; absent: the configuration's. */
  readonly guardrailSettings?: () => GuardrailSettings;
  readonly diskUsage?: DiskGuard;
}

/** Answers one request; called exactly once, maybe at once. */
export type ProcessorDone = (response: StatementResponse, extras?: ResponseExtras) => void;

/** What `system_views.cql_metrics` tells. Cassandra: metrics/CQLMetrics. */
export interface CqlMetrics {
  readonly prepared: number;
  readonly evicted: number;
  readonly preparedExecuted: number;
  readonly regularExecuted: number;
}

export class QueryProcessor {
  private readonly parts: QueryProcessorParts;
  private readonly services: QueryServices;
  private readonly plans: StatementPlans;
  private readonly runner: StatementRunner;
  private readonly random: Random;
  private readonly faults: FaultScope;
  private readonly timeUuids: TimeUuidGenerator;
  /** Connections that were told about USE with prepared statements. */
  private readonly warnedOfUse = new WeakSet<ClientState>();
  private preparedExecuted = 0;
  private regularExecuted = 0;

  constructor(parts: QueryProcessorParts) {
    const { self, clock, config, schema, coordinator, local, runner = NO_USER_CODE } = parts;
    this.parts = parts;
    this.faults = parts.faults ?? new FaultScope();
    this.runner = new StatementRunner(parts);
    this.random = parts.random.fork('query functions');
    this.timeUuids = new TimeUuidGenerator(this.random.bytes(8));
    const nextTimeUuid = (): Buffer => this.timeUuids.next(clock.wallMs());
    const listPaths = new NodeListPaths(clock, nextTimeUuid);
    this.services = {
      self: String(self),
      config,
      schema,
      coordinator,
      local,
      listPaths,
      disks: parts.diskUsage ?? null,
      nextTimeUuid,
    };
    const filtersImplicitly = (table: TableMetadata): boolean =>
      table.kind === 'virtual' && local.filtersImplicitly(table);
    const firstNames = new Map<string, string>();
    const environment = {
      schema: () => schema.current,
      context: (keyspace: string | null) => ({
        schema: schema.current,
        keyspace,
        nowMs: clock.wallMs(),
        runner,
        firstNames,
        filtersImplicitly,
      }),
    };
    const { preparedStore = NO_PREPARED_STORE } = parts;
    this.plans = new StatementPlans(
      environment,
      config.prepared_statements_cache_size,
      preparedStore,
    );
  }

  get preparedCount(): number {
    return this.plans.preparedCount;
  }

  metrics(): CqlMetrics {
    const { preparedCount, evictedCount } = this.plans;
    const { preparedExecuted, regularExecuted } = this;
    return { prepared: preparedCount, evicted: evictedCount, preparedExecuted, regularExecuted };
  }

  /** Forgets all statements. */
  clearPrepared(): void {
    this.plans.clear();
  }

  /** Prepares a statement again after a restart. False: it no longer fits the schema. */
  restorePrepared(text: string, keyspace: string | null): boolean {
    try {
      this.plans.prepare(text, keyspace, true);
      return true;
    } catch (error) {
      if (error instanceof CqlException) return false;
      throw error;
    }
  }

  execute(request: ClientRequest, client: ClientState, done: ProcessorDone): void {
    const { tracer = null } = this.parts;
    const session =
      tracer !== null && (request.tracing || this.isSampled())
        ? beginTrace(tracer, request, client, (id) => this.plans.textOf(id))
        : null;
    const context: RequestContext = {
      startedAtMs: this.parts.clock.nowMs(),
      trace: session?.trace ?? null,
      warnings: null,
      guard: null,
      reads: null,
    };
    let isAnswered = false;
    const answer: Done = (response) => {
      isAnswered = true;
      // A client that did not ask for tracing is not told of it.
      if (session !== null && !request.tracing) session.end();
      context.reads?.tell(context);
      const told = request.tracing ? session : null;
      if (told === null && context.warnings === null) done(response);
      else done(response, extrasOf(context, told));
    };
    const onFault = (thrown: unknown): void => {
      if (!isAnswered) answer(failed(faultError(thrown)));
    };
    this.faults.run(onFault, () => {
      try {
        this.dispatchGuarded(request, client, context, answer);
      } catch (error) {
        answer(failed(thrownError(error)));
      }
    });
  }

  /** Once it is known whether guardrails hold for the client. */
  private dispatchGuarded(
    request: ClientRequest,
    client: ClientState,
    context: RequestContext,
    done: Done,
  ): void {
    const { guardrails = null, config, guardrailSettings = () => config } = this.parts;
    if (guardrails === null) {
      this.dispatch(request, client, context, done);
      return;
    }
    guardrails.holdFor(client, (holds, error) => {
      if (error !== null) {
        done(failed(error));
        return;
      }
      if (holds) context.guard = new Guard(guardrailSettings(), context);
      answering(done, () => this.dispatch(request, client, context, done));
    });
  }

  private isSampled(): boolean {
    const { traceProbability } = this.parts;
    if (traceProbability === undefined) return false;
    const probability = traceProbability();
    return probability > 0 && this.random.float() < probability;
  }

  private dispatch(
    request: ClientRequest,
    client: ClientState,
    context: RequestContext,
    done: Done,
  ): void {
    switch (request.kind) {
      case 'execute':
        this.executePrepared(request, client, context, done);
        return;
      case 'query':
        this.executeText(request, client, context, done);
        return;
      case 'prepare':
        done(this.prepare(request, client, context));
        return;
      case 'batch':
        this.executeBatch(request, client, context, done);
        return;
      default:
        unreachable(request);
    }
  }

  private executePrepared(
    request: ExecuteRequest,
    client: ClientState,
    context: RequestContext,
    done: Done,
  ): void {
    const { parameters, resultMetadataId } = request;
    const prepared = this.plans.ofId(request.id);
    const values = valuesOf(prepared, parameters);
    if (values.length !== prepared.markers) {
      throw invalid(
        `there were ${prepared.markers} markers(?) in CQL but ${values.length} bound variables`,
      );
    }
    this.preparedExecuted++;
    const isChanged =
      resultMetadataId !== null &&
      prepared.resultColumns !== null &&
      !resultMetadataId.equals(prepared.resultMetadataId);
    const changedId = isChanged ? prepared.resultMetadataId : null;
    const execution = this.execution(parameters, values, client, context, changedId);
    this.runner.run(prepared, execution, prepared.keyspace, done);
  }

  private executeText(
    request: QueryRequest,
    client: ClientState,
    context: RequestContext,
    done: Done,
  ): void {
    const { parameters, query } = request;
    const keyspace = this.keyspaceOf(parameters.keyspace, client);
    context.trace?.event(`Parsing ${query}`);
    const prepared = this.textPlan(query, keyspace, context.guard);
    context.trace?.event('Preparing statement');
    const values = valuesOf(prepared, parameters);
    if (values.length !== prepared.markers) throw invalid('Invalid amount of bind variables');
    this.regularExecuted++;
    const execution = this.execution(parameters, values, client, context, null);
    this.runner.run(prepared, execution, keyspace, done);
  }

  private textPlan(query: string, keyspace: string | null, guard: Guard | null): PreparedStatement {
    if (guard === null) return this.plans.ofText(query, keyspace);
    const prepared = plannedUnder(guard, () => this.plans.ofText(query, keyspace));
    guardPlanned(prepared, guard);
    return prepared;
  }

  private keyspaceOf(requested: string | null, client: ClientState): string | null {
    if (requested === null) return client.keyspace;
    if (this.parts.schema.current.keyspaces.has(requested)) return requested;
    throw invalid(`Keyspace '${requested}' does not exist`);
  }

  private prepare(
    request: PrepareRequest,
    client: ClientState,
    context: RequestContext,
  ): StatementResponse {
    const keyspace = this.keyspaceOf(request.keyspace, client);
    context.trace?.event('Preparing statement');
    const { guard } = context;
    const prepare = (): ReturnType<StatementPlans['prepare']> =>
      this.plans.prepare(request.query, keyspace);
    const { prepared, id, isNew } = guard === null ? prepare() : plannedUnder(guard, prepare);
    if (guard !== null && isNew) guardPrepared(prepared, guard);
    if (isAuthStatement(prepared.statement) && client.user === null) throw anonymous();
    if (isNew && !prepared.isQualified && keyspace !== null)
      this.warnOfUse(request, client, context, id);
    return {
      kind: 'prepared',
      id,
      resultMetadataId: prepared.resultMetadataId,
      bindColumns: prepared.bindColumns,
      partitionKeyIndexes: prepared.partitionKeyIndexes,
      resultColumns: prepared.resultColumns,
    };
  }

  /** Once a connection, and each time the request names the keyspace. */
  private warnOfUse(
    request: PrepareRequest,
    client: ClientState,
    context: RequestContext,
    id: Buffer,
  ): void {
    const keyspace = request.keyspace ?? client.keyspace ?? '';
    if (request.keyspace === null) {
      if (this.warnedOfUse.has(client)) return;
      this.warnedOfUse.add(client);
    }
    addWarning(context, useWarning(keyspace, id));
  }

  private executeBatch(
    request: BatchRequest,
    client: ClientState,
    context: RequestContext,
    done: Done,
  ): void {
    const { parameters, statements, type } = request;
    const keyspace = this.keyspaceOf(parameters.keyspace, client);
    const prepared = statements.map((entry) => this.batchStatement(entry, keyspace));
    const plans = prepared.map(modificationOf);
    const batch: BatchPlan = { kind: 'batch', type, plans, attributes: NO_ATTRIBUTES };
    validateBatch(batch);
    for (const plan of plans) validateModification(plan);
    const base = this.execution(parameters, [], client, context, null);
    const { functions, guard } = base.bind;
    const executions = statements.map(({ values }) => ({
      ...base,
      bind: { values, functions, guard },
    }));
    this.runner.authorizeAll(prepared, base, keyspace, done, () => {
      executeBatch(batch, base, executions, done);
    });
  }

  private batchStatement(entry: BatchEntry, keyspace: string | null): PreparedStatement {
    const prepared =
      entry.kind === 'query' ? this.plans.ofText(entry.query, keyspace) : this.plans.ofId(entry.id);
    const { length } = entry.values;
    if (length !== prepared.markers) {
      throw invalid(
        `There were ${prepared.markers} markers(?) in CQL but ${length} bound variables`,
      );
    }
    return prepared;
  }

  private execution(
    parameters: QueryParameters,
    values: readonly BoundValue[],
    client: ClientState,
    request: RequestContext,
    changedId: Buffer | null,
  ): Execution {
    const nowMs = this.parts.clock.wallMs();
    const { nextTimeUuid } = this.services;
    const functions: FunctionContext = { nowMs, nextTimeUuid, randomBytes: this.randomBytes };
    return {
      services: this.services,
      client,
      request,
      version: client.protocolVersion,
      consistency: parameters.consistency,
      serialConsistency: parameters.serialConsistency,
      pageSize: parameters.pageSize,
      pagingState: parameters.pagingState,
      skipMetadata: parameters.skipMetadata,
      changedId,
      timestamp: parameters.timestamp ?? this.nextTimestamp(client),
      nowSeconds: parameters.nowInSeconds ?? Math.floor(nowMs / 1000),
      bind: { values, functions, guard: request.guard },
      unmask: true,
    };
  }

  private readonly randomBytes = (length: number): Buffer => this.random.bytes(length);

  /** Microseconds, rising on each connection though the clock stands still. */
  private nextTimestamp(client: ClientState): Int64 {
    const now = this.parts.clock.wallMicros();
    const next = now > client.lastTimestampMicros ? now : client.lastTimestampMicros + 1;
    client.lastTimestampMicros = next;
    return next;
  }
}

const NO_ATTRIBUTES = Object.freeze({ timestamp: null, ttl: null });

function extrasOf(context: RequestContext, session: TraceSession | null): ResponseExtras {
  session?.end();
  return { warnings: context.warnings ?? [], tracingId: session?.id ?? null };
}

/** Values given by name, in the order of the markers; those that name no marker are dropped. */
function valuesOf(prepared: PreparedStatement, parameters: QueryParameters): readonly BoundValue[] {
  const { names, values } = parameters;
  if (names === null) return values;
  return prepared.bindColumns.flatMap(({ name }) => {
    const at = names.indexOf(name);
    return at < 0 ? [] : [values[at] as BoundValue];
  });
}

function modificationOf(prepared: PreparedStatement): ModificationPlan {
  if (prepared.plan.kind === 'modification') return prepared.plan;
  throw invalid(
    'Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.',
  );
}

function anonymous(): CqlException {
  return unauthorized('You have to be logged in and not anonymous to perform this request');
}

function useWarning(keyspace: string, id: Buffer): string {
  return (
    '`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in non-qualified ' +
    'table names. Please consider removing instances of `Session#setKeyspace(<keyspace>)`, `Session#execute("USE ' +
    '<keyspace>")` and `cluster.newSession(<keyspace>)` from your code, and always use fully qualified table names ' +
    `(e.g. <keyspace>.<table>). Keyspace used: ${keyspace}, statement keyspace: ${keyspace}, statement id: ` +
    id.toString('hex')
  );
}
