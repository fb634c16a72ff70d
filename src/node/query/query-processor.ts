// The door of the query layer: QUERY, PREPARE, EXECUTE and BATCH become plans and run. EXECUTE of a cached statement is
// the hot path: a look-up, the values, the plan. Test: test/query/. Cassandra: cql3/QueryProcessor, transport/messages.

import type { Int64 } from '../../base/int64.ts';
import { unreachable } from '../../base/assert.ts';
import type { AuthStatement, DescribeStatement, SchemaStatement } from '../../cql/ast.ts';
import type { FunctionContext } from '../../cql/functions/function.ts';
import { parseStatement } from '../../cql/parse.ts';
import { CqlException, invalid } from '../../data/cql-error.ts';
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
import { NO_EXTRAS } from '../../protocol/responses/response.ts';
import { VOID } from '../../protocol/responses/result.ts';
import type { Clock, Random } from '../../world/ports.ts';
import type { Coordinator, RequestContext } from '../coordinator/coordinator.ts';
import type { NodeConfig } from '../node-config.ts';
import type { SchemaView } from '../schema-view.ts';
import { checkNodeLocal } from './consistency-checks.ts';
import { isAuthStatement } from './statement-kinds.ts';
import type { Done, Execution, QueryServices } from './execution.ts';
import { failed, isLocal } from './execution.ts';
import type { AuthExecutor, DdlExecutor, DescribeExecutor, StatementAuthorizer, StatementCall } from './executors.ts';
import type { LocalAccess } from './local-access.ts';
import { executeBatch, validateBatch } from './modification/batch.ts';
import type { BatchPlan } from './modification/batch.ts';
import { executeModification } from './modification/execute-modification.ts';
import type { ModificationPlan } from './modification/modification-plan.ts';
import { validateModification } from './modification/modification-plan.ts';
import { NodeListPaths } from './modification/update-parameters.ts';
import type { PreparedStatement } from './prepared-statement.ts';
import { prepareStatement, statementId } from './prepared-statement.ts';
import { executeSelect } from './select/execute-select.ts';
import type { SelectPlan } from './select/select-plan.ts';
import type { CacheEntry } from './statement-cache.ts';
import { fitnessOf, StatementCache } from './statement-cache.ts';
import type { TraceSession, Tracer } from './tracing.ts';
import type { UserCodeRunner } from './user-code.ts';
import { NO_USER_CODE } from './user-code.ts';

export interface QueryProcessorParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: NodeConfig;
  readonly schema: SchemaView;
  readonly coordinator: Coordinator;
  readonly local: LocalAccess;
  readonly ddl: DdlExecutor;
  readonly describe: DescribeExecutor;
  readonly auth: AuthExecutor;
  readonly authorizer: StatementAuthorizer;
  readonly tracer?: Tracer | null;
  readonly runner?: UserCodeRunner;
}

/** Answers one request; called exactly once, maybe at once. */
export type ProcessorDone = (response: StatementResponse, extras?: ResponseExtras) => void;

const TEXT_CACHE_BYTES = 8 * 1024 * 1024;
const MARKERS_MAX = 65_535;

export class QueryProcessor {
  private readonly parts: QueryProcessorParts;
  private readonly services: QueryServices;
  private readonly runner: UserCodeRunner;
  private readonly prepared: StatementCache;
  /** Plans of statements that came as text, by keyspace and text. */
  private readonly texts = new StatementCache(TEXT_CACHE_BYTES);
  private readonly random: Random;
  private readonly timeUuids: TimeUuidGenerator;
  /** Connections that were told about USE with prepared statements. */
  private readonly warnedOfUse = new WeakSet<ClientState>();

  constructor(parts: QueryProcessorParts) {
    const { clock, config, schema, coordinator, local } = parts;
    this.parts = parts;
    this.runner = parts.runner ?? NO_USER_CODE;
    this.random = parts.random.fork('query functions');
    this.timeUuids = new TimeUuidGenerator(this.random.bytes(8));
    this.prepared = new StatementCache(config.prepared_statements_cache_size);
    const nextTimeUuid = (): Buffer => this.timeUuids.next(clock.wallMs());
    const listPaths = new NodeListPaths(clock, nextTimeUuid);
    this.services = { clock, random: this.random, config, schema, coordinator, local, listPaths, nextTimeUuid };
  }

  get preparedCount(): number {
    return this.prepared.size;
  }

  /** Forgets a prepared statement or all of them (a restart without its system table). */
  clearPrepared(): void {
    this.prepared.clear();
    this.texts.clear();
  }

  /** Prepares a statement again after a restart, as system.prepared_statements has it. False: it no longer fits. */
  restorePrepared(text: string, keyspace: string | null): boolean {
    try {
      this.storePrepared(text, keyspace);
      return true;
    } catch (error) {
      if (error instanceof CqlException) return false;
      throw error;
    }
  }

  execute(request: ClientRequest, client: ClientState, done: ProcessorDone): void {
    const session = request.tracing ? this.trace(request, client) : null;
    const context: RequestContext = {
      startedAtMs: this.parts.clock.nowMs(),
      trace: session?.trace ?? null,
      warnings: null,
    };
    const answer: Done = (response) => {
      if (session === null && context.warnings === null) {
        done(response);
        return;
      }
      session?.end();
      done(response, extrasOf(context, session));
    };
    try {
      this.dispatch(request, client, context, answer);
    } catch (error) {
      if (!(error instanceof CqlException)) throw error;
      answer(failed(error.error));
    }
  }

  private dispatch(request: ClientRequest, client: ClientState, context: RequestContext, done: Done): void {
    switch (request.kind) {
      case 'execute':
        return this.executePrepared(request, client, context, done);
      case 'query':
        return this.executeText(request, client, context, done);
      case 'prepare':
        return done(this.prepare(request, client, context));
      case 'batch':
        return this.executeBatchMessage(request, client, context, done);
      default:
        return unreachable(request);
    }
  }

  // ------------------------------------------------------------------------------------------------------- EXECUTE

  private executePrepared(request: ExecuteRequest, client: ClientState, context: RequestContext, done: Done): void {
    const { parameters, id } = request;
    const { prepared } = this.entryOf(id);
    const values = parameters.names === null ? parameters.values : byName(prepared, parameters);
    if (values.length !== prepared.markers) {
      throw invalid(`there were ${prepared.markers} markers(?) in CQL but ${values.length} bound variables`);
    }
    const execution = this.execution(parameters, values, client, context);
    const { resultMetadataId } = request;
    if (prepared.resultColumns === null) {
      this.run(prepared, execution, prepared.keyspace, done);
      return;
    }
    const isChanged = resultMetadataId !== null && !resultMetadataId.equals(prepared.resultMetadataId);
    if (!isChanged && !parameters.skipMetadata) {
      this.run(prepared, execution, prepared.keyspace, done);
      return;
    }
    this.run(prepared, execution, prepared.keyspace, (response) => {
      if (response.kind !== 'rows') done(response);
      else if (isChanged) {
        done({ ...response, metadata: { ...response.metadata, changedId: prepared.resultMetadataId } });
      } else done({ ...response, metadata: { ...response.metadata, noMetadata: true } });
    });
  }

  private entryOf(id: Buffer): CacheEntry {
    const key = id.toString('latin1');
    const entry = this.prepared.get(key);
    if (entry === undefined) throw unprepared(id);
    const { current } = this.parts.schema;
    if (entry.schema !== current) this.refresh(entry, key, id);
    entry.isUsed = true;
    return entry;
  }

  /** After a change of the schema: keeps the plan, makes it anew, or drops the statement. */
  private refresh(entry: CacheEntry, key: string, id: Buffer): void {
    const { current } = this.parts.schema;
    const fitness = fitnessOf(entry.prepared, current);
    if (fitness === 'gone') {
      this.prepared.delete(key);
      throw unprepared(id);
    }
    if (fitness === 'plan-again') entry.prepared = this.plan(entry.prepared.text, entry.prepared.keyspace);
    entry.schema = current;
  }

  // --------------------------------------------------------------------------------------------------------- QUERY

  private executeText(request: QueryRequest, client: ClientState, context: RequestContext, done: Done): void {
    const { parameters, query } = request;
    const keyspace = this.keyspaceOf(parameters.keyspace, client);
    context.trace?.event(`Parsing ${query}`);
    const prepared = this.planOfText(query, keyspace);
    context.trace?.event('Preparing statement');
    const values = parameters.names === null ? parameters.values : byName(prepared, parameters);
    if (values.length !== prepared.markers) throw invalid('Invalid amount of bind variables');
    const execution = this.execution(parameters, values, client, context);
    if (!parameters.skipMetadata || prepared.resultColumns === null) {
      this.run(prepared, execution, keyspace, done);
      return;
    }
    this.run(prepared, execution, keyspace, (response) => {
      if (response.kind !== 'rows') done(response);
      else done({ ...response, metadata: { ...response.metadata, noMetadata: true } });
    });
  }

  private keyspaceOf(requested: string | null, client: ClientState): string | null {
    if (requested === null) return client.keyspace;
    if (!this.parts.schema.current.keyspaces.has(requested)) throw invalid(`Keyspace '${requested}' does not exist`);
    return requested;
  }

  private planOfText(text: string, keyspace: string | null): PreparedStatement {
    const { current } = this.parts.schema;
    const key = `${keyspace ?? ''}\u0000${text}`;
    const entry = this.texts.get(key);
    if (entry !== undefined) {
      if (entry.schema === current || fitnessOf(entry.prepared, current) === 'fits') {
        entry.schema = current;
        entry.isUsed = true;
        return entry.prepared;
      }
      this.texts.delete(key);
    }
    const prepared = this.plan(text, keyspace);
    // The constant 'now' means the moment of preparing: such a plan serves once.
    const isLasting = prepared.plan.kind !== 'other' && !/'now'/i.test(text);
    if (isLasting) this.texts.put(key, prepared, current);
    return prepared;
  }

  private plan(text: string, keyspace: string | null): PreparedStatement {
    return prepareStatement(parseStatement(text), {
      schema: this.parts.schema.current,
      keyspace,
      nowMs: this.parts.clock.wallMs(),
      runner: this.runner,
      filtersImplicitly: (table) => table.kind === 'virtual' && this.parts.local.filtersImplicitly(table),
    });
  }

  // ------------------------------------------------------------------------------------------------------- PREPARE

  private prepare(request: PrepareRequest, client: ClientState, context: RequestContext): StatementResponse {
    const keyspace = this.keyspaceOf(request.keyspace, client);
    context.trace?.event('Preparing statement');
    const { prepared, id } = this.storePrepared(request.query, keyspace);
    if (!prepared.isQualified && keyspace !== null && !this.warnedOfUse.has(client)) {
      this.warnedOfUse.add(client);
      context.warnings = [useWarning(client.keyspace, keyspace, id)];
    }
    return {
      kind: 'prepared',
      id,
      resultMetadataId: prepared.resultMetadataId,
      bindColumns: prepared.bindColumns,
      partitionKeyIndexes: prepared.partitionKeyIndexes,
      resultColumns: prepared.resultColumns,
    };
  }

  /** Both ids of a statement are known: with and without the keyspace. */
  private storePrepared(
    text: string,
    keyspace: string | null,
  ): { readonly prepared: PreparedStatement; readonly id: Buffer } {
    const { current } = this.parts.schema;
    const plain = statementId(text, null);
    const qualified = statementId(text, keyspace);
    const known = this.prepared.get(qualified.toString('latin1'));
    if (known !== undefined && known.schema === current && known.prepared.keyspace === keyspace) {
      return { prepared: known.prepared, id: known.prepared.isQualified ? plain : qualified };
    }
    const prepared = this.plan(text, keyspace);
    if (prepared.markers > MARKERS_MAX) {
      throw invalid(
        `Too many markers(?). ${prepared.markers} markers exceed the allowed maximum of ${MARKERS_MAX}`,
      );
    }
    this.prepared.put(plain.toString('latin1'), prepared, current);
    if (keyspace !== null) this.prepared.put(qualified.toString('latin1'), prepared, current);
    return { prepared, id: prepared.isQualified ? plain : qualified };
  }

  // --------------------------------------------------------------------------------------------------------- BATCH

  private executeBatchMessage(request: BatchRequest, client: ClientState, context: RequestContext, done: Done): void {
    const { parameters, statements, type } = request;
    const keyspace = this.keyspaceOf(parameters.keyspace, client);
    const entries = statements.map((entry) => this.batchEntry(entry, keyspace));
    const plans = entries.map(({ prepared }) => modificationOf(prepared));
    const batch: BatchPlan = { kind: 'batch', type, plans, attributes: { timestamp: null, ttl: null } };
    validateBatch(batch);
    for (const plan of plans) validateModification(plan);
    const base = this.execution(parameters, [], client, context);
    const executions = entries.map(({ values }) => ({ ...base, bind: { ...base.bind, values } }));
    const first = entries[0];
    if (!this.parts.authorizer.isNeeded || first === undefined) {
      executeBatch(batch, base, executions, done);
      return;
    }
    const call = callOf(base, keyspace);
    this.authorizeAll(entries.map(({ prepared }) => prepared), call, done, () => executeBatch(batch, base, executions, done));
  }

  private batchEntry(
    entry: BatchEntry,
    keyspace: string | null,
  ): { readonly prepared: PreparedStatement; readonly values: readonly BoundValue[] } {
    const prepared = entry.kind === 'query' ? this.planOfText(entry.query, keyspace) : this.entryOf(entry.id).prepared;
    const { values } = entry;
    if (values.length !== prepared.markers) {
      throw invalid(`There were ${prepared.markers} markers(?) in CQL but ${values.length} bound variables`);
    }
    return { prepared, values };
  }

  private authorizeAll(
    statements: readonly PreparedStatement[],
    call: StatementCall,
    done: Done,
    next: () => void,
    from = 0,
  ): void {
    const { authorizer } = this.parts;
    const statement = statements[from];
    if (statement === undefined) {
      next();
      return;
    }
    authorizer.authorize(statement.statement, call, statement.userFunctions, (error) => {
      if (error !== null) done(failed(error));
      else guarded(done, () => this.authorizeAll(statements, call, done, next, from + 1));
    });
  }

  // ------------------------------------------------------------------------------------------------------- running

  private execution(
    parameters: QueryParameters,
    values: readonly BoundValue[],
    client: ClientState,
    request: RequestContext,
  ): Execution {
    const nowMs = this.parts.clock.wallMs();
    const functions: FunctionContext = {
      nowMs,
      nextTimeUuid: this.services.nextTimeUuid,
      randomBytes: this.randomBytes,
    };
    return {
      services: this.services,
      client,
      request,
      version: client.protocolVersion,
      consistency: parameters.consistency,
      serialConsistency: parameters.serialConsistency,
      pageSize: parameters.pageSize,
      pagingState: parameters.pagingState,
      timestamp: parameters.timestamp ?? this.nextTimestamp(client),
      nowSeconds: parameters.nowInSeconds ?? Math.floor(nowMs / 1000),
      bind: { values, functions },
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

  private run(prepared: PreparedStatement, execution: Execution, keyspace: string | null, done: Done): void {
    const { authorizer } = this.parts;
    const { kind } = prepared.plan;
    if (!authorizer.isNeeded || kind === 'other' || kind === 'use') {
      this.runAuthorized(prepared, execution, keyspace, done);
      return;
    }
    authorizer.authorize(prepared.statement, callOf(execution, keyspace), prepared.userFunctions, (error) => {
      if (error !== null) done(failed(error));
      else guarded(done, () => this.runAuthorized(prepared, execution, keyspace, done));
    });
  }

  private runAuthorized(prepared: PreparedStatement, execution: Execution, keyspace: string | null, done: Done): void {
    const { plan } = prepared;
    switch (plan.kind) {
      case 'select':
        if (plan.selection.hasMasks) return this.selectMasked(plan, execution, done);
        return executeSelect(plan, execution, done);
      case 'modification':
        return executeModification(plan, execution, done);
      case 'batch':
        return executeBatch(plan, execution, plan.plans.map(() => execution), done);
      case 'use':
        return this.use(plan.keyspace, execution.client, done);
      case 'truncate':
        return this.truncate(plan.table, execution, done);
      case 'other':
        return this.runOther(prepared, execution, keyspace, done);
      default:
        return unreachable(plan);
    }
  }

  private selectMasked(plan: SelectPlan, execution: Execution, done: Done): void {
    this.parts.authorizer.unmasks(execution.client, plan.table, (unmask) =>
      guarded(done, () => executeSelect(plan, { ...execution, unmask }, done)),
    );
  }

  private use(keyspace: string, client: ClientState, done: Done): void {
    if (!this.parts.schema.current.keyspaces.has(keyspace)) throw invalid(`Keyspace '${keyspace}' does not exist`);
    client.keyspace = keyspace;
    done({ kind: 'set-keyspace', keyspace });
  }

  private truncate(table: Extract<PreparedStatement['plan'], { kind: 'truncate' }>['table'], execution: Execution, done: Done): void {
    checkNodeLocal(execution.consistency);
    const keyspace = this.parts.schema.current.keyspaces.get(table.keyspace);
    if (keyspace !== undefined && isLocal(keyspace)) {
      const error = this.parts.local.truncate(table);
      done(error === null ? VOID : failed(error));
      return;
    }
    this.parts.coordinator.truncate(table, execution.request, (error) => done(error === null ? VOID : failed(error)));
  }

  private runOther(prepared: PreparedStatement, execution: Execution, keyspace: string | null, done: Done): void {
    checkNodeLocal(execution.consistency);
    const { statement } = prepared;
    const call = callOf(execution, keyspace);
    if (statement.kind === 'describe') this.parts.describe.execute(statement as DescribeStatement, call, done);
    else if (isAuthStatement(statement)) this.parts.auth.execute(statement as AuthStatement, call, done);
    else this.parts.ddl.execute(statement as SchemaStatement, call, done);
  }

  private trace(request: ClientRequest, client: ClientState): TraceSession | null {
    const { tracer = null } = this.parts;
    if (tracer === null) return null;
    const parameters = request.kind === 'prepare' ? null : request.parameters;
    const consistency = parameters?.consistency ?? null;
    const serialConsistency = parameters?.serialConsistency ?? null;
    const of = (name: string, query: string): TraceSession =>
      tracer.begin({ client, request: name, query, consistency, serialConsistency });
    switch (request.kind) {
      case 'query':
        return of('Execute CQL3 query', request.query);
      case 'execute': {
        const entry = this.prepared.get(request.id.toString('latin1'));
        return of('Execute CQL3 prepared query', entry?.prepared.text ?? '');
      }
      case 'prepare':
        return of('Preparing CQL3 query', request.query);
      case 'batch':
        return of('Execute batch of CQL3 queries', '');
    }
  }
}

function extrasOf(context: RequestContext, session: TraceSession | null): ResponseExtras {
  if (context.warnings === null && session === null) return NO_EXTRAS;
  return { warnings: context.warnings ?? [], tracingId: session?.id ?? null };
}

function guarded(done: Done, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CqlException)) throw error;
    done(failed(error.error));
  }
}

function callOf(execution: Execution, keyspace: string | null): StatementCall {
  const { client, request, pageSize, pagingState } = execution;
  return { client, keyspace, context: request, pageSize: pageSize > 0 ? pageSize : null, pagingState };
}

/** Values given by name, in the order of the markers; those that name no marker are dropped. */
function byName(prepared: PreparedStatement, parameters: QueryParameters): readonly BoundValue[] {
  const { names, values } = parameters;
  if (names === null) return values;
  return prepared.bindColumns.flatMap(({ name }) => {
    const at = names.indexOf(name);
    return at < 0 ? [] : [values[at] as BoundValue];
  });
}

function modificationOf(prepared: PreparedStatement): ModificationPlan {
  if (prepared.plan.kind === 'modification') return prepared.plan;
  throw invalid('Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.');
}

function unprepared(id: Buffer): CqlException {
  return new CqlException({
    code: 'UNPREPARED',
    id,
    message:
      `Prepared query with ID ${id.toString('hex')} not found (either the query was not prepared on this host (maybe ` +
      'the host has been restarted?) or you have prepared too many queries and it has been evicted from the internal ' +
      'cache)',
  });
}

function useWarning(used: string | null, keyspace: string, id: Buffer): string {
  return (
    '`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in non-qualified ' +
    'table names. Please consider removing instances of `Session#setKeyspace(<keyspace>)`, `Session#execute("USE ' +
    '<keyspace>")` and `cluster.newSession(<keyspace>)` from your code, and always use fully qualified table names ' +
    `(e.g. <keyspace>.<table>). Keyspace used: ${used ?? keyspace}, statement keyspace: ${keyspace}, statement id: ` +
    id.toString('hex')
  );
}
