// Runs a planned statement once its client is allowed to: rows, mutations, and what executors and the connection do.

import { unreachable } from '../../base/assert.ts';
import type { AuthStatement, DescribeStatement, SchemaStatement } from '../../cql/ast.ts';
import type { CqlError } from '../../data/cql-error.ts';
import { invalid } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { VOID } from '../../protocol/responses/result.ts';
import { checkNodeLocal } from './consistency-checks.ts';
import type { Done, Execution } from './execution.ts';
import { failed, isLocal, thrownError } from './execution.ts';
import type {
  AuthExecutor,
  DdlExecutor,
  DescribeExecutor,
  StatementAuthorizer,
  StatementCall,
} from './executors.ts';
import { executeBatch } from './modification/batch.ts';
import { executeModification } from './modification/execute-modification.ts';
import type { PreparedStatement } from './prepared-statement.ts';
import { executeSelect } from './select/execute-select.ts';
import type { SelectPlan } from './select/select-plan.ts';
import { isAuthStatement } from './statement-kinds.ts';

/** Who runs what the query layer does not run itself. */
export interface Executors {
  readonly ddl: DdlExecutor;
  readonly describe: DescribeExecutor;
  readonly auth: AuthExecutor;
  readonly authorizer: StatementAuthorizer;
}

export class StatementRunner {
  private readonly executors: Executors;

  constructor(executors: Executors) {
    this.executors = executors;
  }

  /** `keyspace` is the one of unqualified names. Errors before the first read or write are thrown. */
  run(
    prepared: PreparedStatement,
    execution: Execution,
    keyspace: string | null,
    done: Done,
  ): void {
    const { authorizer } = this.executors;
    const { kind } = prepared.plan;
    if (!authorizer.isNeeded || kind === 'other' || kind === 'use') {
      this.runAuthorized(prepared, execution, keyspace, done);
      return;
    }
    this.authorizeAll([prepared], execution, keyspace, done, () => {
      this.runAuthorized(prepared, execution, keyspace, done);
    });
  }

  /** Calls `next` when the client may run all of them; else the first refusal is the answer. */
  authorizeAll(
    statements: readonly PreparedStatement[],
    execution: Execution,
    keyspace: string | null,
    done: Done,
    next: () => void,
    from = 0,
  ): void {
    const { authorizer } = this.executors;
    const prepared = statements[from];
    if (!authorizer.isNeeded || prepared === undefined) {
      guarded(done, next);
      return;
    }
    const call = callOf(prepared, execution, keyspace);
    authorizer.authorize(prepared.statement, call, prepared.userFunctions, (error) => {
      if (error !== null) done(failed(error));
      else this.authorizeAll(statements, execution, keyspace, done, next, from + 1);
    });
  }

  private runAuthorized(
    prepared: PreparedStatement,
    execution: Execution,
    keyspace: string | null,
    done: Done,
  ): void {
    const { plan } = prepared;
    switch (plan.kind) {
      case 'select':
        if (needsUnmasking(plan)) this.selectMasked(plan, execution, done);
        else executeSelect(plan, execution, done);
        return;
      case 'modification':
        executeModification(plan, execution, done);
        return;
      case 'batch':
        executeBatch(
          plan,
          execution,
          plan.plans.map(() => execution),
          done,
        );
        return;
      case 'use':
        use(plan.keyspace, execution, done);
        return;
      case 'truncate':
        truncate(plan.table, execution, done);
        return;
      case 'other':
        this.runOther(prepared, execution, keyspace, done);
        return;
      default:
        unreachable(plan);
    }
  }

  private selectMasked(plan: SelectPlan, execution: Execution, done: Done): void {
    const { authorizer } = this.executors;
    const { client } = execution;
    authorizer.unmasks(client, plan.table, (unmask) => {
      const select = (): void => executeSelect(plan, { ...execution, unmask }, done);
      if (unmask || plan.maskedRestricted.length === 0) {
        guarded(done, select);
        return;
      }
      authorizer.selectsMasked(client, plan.table, (selects) => {
        if (selects) guarded(done, select);
        else done(failed(maskedColumns(plan, client.user)));
      });
    });
  }

  private runOther(
    prepared: PreparedStatement,
    execution: Execution,
    keyspace: string | null,
    done: Done,
  ): void {
    checkNodeLocal(execution.consistency);
    const { statement } = prepared;
    const call = callOf(prepared, execution, keyspace);
    const { describe, auth, ddl } = this.executors;
    if (statement.kind === 'describe') describe.execute(statement as DescribeStatement, call, done);
    else if (isAuthStatement(statement)) auth.execute(statement as AuthStatement, call, done);
    else ddl.execute(statement as SchemaStatement, call, done);
  }
}

function needsUnmasking(plan: SelectPlan): boolean {
  return plan.selection.hasMasks || plan.maskedRestricted.length > 0;
}

function maskedColumns({ table, maskedRestricted }: SelectPlan, user: string | null): CqlError {
  const columns = maskedRestricted.map(({ name }) => name).join(', ');
  const message =
    `User ${user ?? 'anonymous'} has no UNMASK nor SELECT_MASKED permission on table ` +
    `${table.keyspace}.${table.name}, cannot query masked columns [${columns}]`;
  return { code: 'UNAUTHORIZED', message };
}

function use(keyspace: string, execution: Execution, done: Done): void {
  const { services, client } = execution;
  if (!services.schema.current.keyspaces.has(keyspace)) {
    throw invalid(`Keyspace '${keyspace}' does not exist`);
  }
  client.keyspace = keyspace;
  done({ kind: 'set-keyspace', keyspace });
}

function truncate(table: TableMetadata, execution: Execution, done: Done): void {
  execution.bind.guard?.ensureEnabled('drop_truncate_table_enabled');
  checkNodeLocal(execution.consistency);
  const { services, request } = execution;
  if (isLocal(table, services.schema.current)) {
    const error = services.local.truncate(table);
    done(error === null ? VOID : failed(error));
    return;
  }
  services.coordinator.truncate(table, request, (error) => {
    done(error === null ? VOID : failed(error));
  });
}

/** A thrown error is the answer. */
function guarded(done: Done, run: () => void): void {
  try {
    run();
  } catch (error) {
    done(failed(thrownError(error)));
  }
}

function callOf(
  { text }: PreparedStatement,
  execution: Execution,
  keyspace: string | null,
): StatementCall {
  const { client, request, pagingState } = execution;
  const pageSize = execution.pageSize > 0 ? execution.pageSize : null;
  return { client, keyspace, context: request, pageSize, pagingState, text };
}
