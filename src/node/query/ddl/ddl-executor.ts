// Runs schema statements: leave to do it, switches and limits, the change itself (local, then pushed to the peers), the
// creator's permissions, the answer. Test: test/facts-conformance/errors.test.ts.
// Cassandra: AlterSchemaStatement.execute.

import type { SchemaStatement } from '../../../cql/ast.ts';
import { unreachable } from '../../../base/assert.ts';
import { CqlException, invalid } from '../../../data/cql-error.ts';
import type { CqlError } from '../../../data/cql-error.ts';
import { uuidText } from '../../../data/uuid.ts';
import type { ReplicationEnvironment } from '../../../ring/replication-options.ts';
import { VOID } from '../../../protocol/responses/result.ts';
import type { Clock, Endpoint } from '../../../world/ports.ts';
import type { Authorizer } from '../../auth/authorizer.ts';
import {
  allTablesResource,
  functionResource,
  keyspaceFunctionsResource,
  keyspaceResource,
  tableResource,
} from '../../auth/resource.ts';
import type { Resource } from '../../auth/resource.ts';
import { addWarning } from '../../coordinator/coordinator.ts';
import type { NodeConfig } from '../../node-config.ts';
import type { SchemaDiff } from '../../schema/diff.ts';
import { isEmptyDiff } from '../../schema/diff.ts';
import type { SchemaService } from '../../schema/schema-service.ts';
import { isLocalSystemKeyspace, isVirtualSystemKeyspace } from '../../schema/system-keyspaces.ts';
import type { DdlExecutor, ExecutorDone, StatementCall } from '../executors.ts';
import type { UserCodeRunner } from '../user-code.ts';
import { createAggregate } from './aggregate-changes.ts';
import { alterTable, dropTable } from './alter-table.ts';
import { createTable } from './create-table.ts';
import { createFunction, dropFunction } from './function-changes.ts';
import { createIndex, dropIndex } from './index-changes.ts';
import { alterKeyspace, createKeyspace, dropKeyspace } from './keyspace-changes.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { validateKeyspaceName } from './table-validation.ts';
import { createTrigger, dropTrigger } from './trigger-changes.ts';
import { alterType, createType, dropType } from './type-changes.ts';
import { alterView, createView, dropView } from './view-changes.ts';

export interface SchemaStatementsOptions {
  readonly clock: Clock;
  readonly config: NodeConfig;
  readonly schema: SchemaService;
  readonly authorizer: Authorizer;
  readonly runner: UserCodeRunner;
  /** The cluster as replication options see it, at the moment of a statement. */
  readonly replication: () => ReplicationEnvironment;
  /** Peers that join, leave or move at the moment. */
  readonly moving: () => readonly Endpoint[];
  /** A new version 1 UUID: table ids. */
  readonly nextTimeUuid: () => Buffer;
  /** Makes the schema's rows durable before the answer; absent: they are. */
  readonly persist?: (done: (error: string | null) => void) => void;
}

export class SchemaStatements implements DdlExecutor {
  private readonly options: SchemaStatementsOptions;

  constructor(options: SchemaStatementsOptions) {
    this.options = options;
  }

  execute(statement: SchemaStatement, call: StatementCall, done: ExecutorDone): void {
    const answer = (error: CqlError): void => done({ kind: 'error', error });
    attempt(answer, () => {
      const change = schemaChangeOf(statement, call.keyspace);
      const requirements = change.requirements(this.options.schema.current);
      this.options.authorizer.check(call.client, requirements, (error) => {
        if (error !== null) answer(error);
        else attempt(answer, () => this.run(change, call, done));
      });
    });
  }

  private run(change: DdlChange, call: StatementCall, done: ExecutorDone): void {
    const { schema, authorizer } = this.options;
    const environment = this.environment(call);
    change.validate?.(environment);
    if (isLocalSystemKeyspace(change.keyspace) || isVirtualSystemKeyspace(change.keyspace)) {
      throw invalid(`System keyspace '${change.keyspace}' is not user-modifiable`);
    }
    validateKeyspaceName(change.keyspace);
    const diff = schema.transform((keyspaces) => change.apply(keyspaces, environment));
    for (const warning of change.warnings?.(diff) ?? []) environment.warn(warning);
    if (isEmptyDiff(diff)) return done(VOID);
    authorizer.revokeAllOn(droppedResources(diff));
    const response = { kind: 'schema-change', change: change.event(diff) } as const;
    const created = change.created?.(diff) ?? [];
    const answer = (): void => {
      if (created.length === 0) done(response);
      else
        authorizer.grantToCreator(call.client, created, (error) =>
          done(error === null ? response : { kind: 'error', error }),
        );
    };
    const { persist } = this.options;
    return persist === undefined
      ? answer()
      : persist((error) =>
          error === null ? answer() : done({ kind: 'error', error: notDurable(error) }),
        );
  }

  private environment(call: StatementCall): DdlEnvironment {
    const { clock, config, schema, runner, replication, moving, nextTimeUuid } = this.options;
    return {
      config,
      replication: replication(),
      moving: moving(),
      runner,
      schema: schema.current,
      nowMs: clock.wallMs(),
      nowMicros: clock.wallMicros(),
      nextTableId: () => uuidText(nextTimeUuid()),
      warn: (text) => addWarning(call.context, text),
      guard: call.context.guard,
    };
  }
}

function attempt(answer: (error: CqlError) => void, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof CqlException)) throw error;
    answer(error.error);
  }
}

function notDurable(error: string): CqlError {
  return {
    code: 'SERVER_ERROR',
    message: `The schema change could not be written to the commit log: ${error}`,
  };
}

/** The change a statement stands for; throws CqlException for what its text alone shows to be wrong. */
function schemaChangeOf(statement: SchemaStatement, keyspace: string | null): DdlChange {
  switch (statement.kind) {
    case 'create-keyspace':
      return createKeyspace(statement);
    case 'alter-keyspace':
      return alterKeyspace(statement);
    case 'drop-keyspace':
      return dropKeyspace(statement);
    case 'create-table':
      return createTable(statement, keyspace);
    case 'alter-table':
      return alterTable(statement, keyspace);
    case 'drop-table':
      return dropTable(statement, keyspace);
    case 'create-type':
      return createType(statement, keyspace);
    case 'alter-type':
      return alterType(statement, keyspace);
    case 'drop-type':
      return dropType(statement, keyspace);
    case 'create-index':
      return createIndex(statement, keyspace);
    case 'drop-index':
      return dropIndex(statement, keyspace);
    case 'create-view':
      return createView(statement, keyspace);
    case 'alter-view':
      return alterView(statement, keyspace);
    case 'drop-view':
      return dropView(statement, keyspace);
    case 'create-function':
      return createFunction(statement, keyspace);
    case 'create-aggregate':
      return createAggregate(statement, keyspace);
    case 'drop-function':
    case 'drop-aggregate':
      return dropFunction(statement, keyspace);
    case 'create-trigger':
      return createTrigger(statement, keyspace);
    case 'drop-trigger':
      return dropTrigger(statement, keyspace);
    default:
      return unreachable(statement);
  }
}

function droppedResources(diff: SchemaDiff): Resource[] {
  const dropped: Resource[] = [];
  for (const keyspace of diff.dropped) {
    const { name } = keyspace;
    dropped.push(keyspaceResource(name), allTablesResource(name), keyspaceFunctionsResource(name));
    for (const table of keyspace.tables.values()) dropped.push(tableResource(name, table.name));
    for (const callable of [...keyspace.functions, ...keyspace.aggregates]) {
      dropped.push(functionResource(callable));
    }
  }
  for (const { tables, functions, aggregates } of diff.altered) {
    for (const table of tables.dropped) dropped.push(tableResource(table.keyspace, table.name));
    for (const callable of [...functions.dropped, ...aggregates.dropped]) {
      dropped.push(functionResource(callable));
    }
  }
  return dropped;
}
