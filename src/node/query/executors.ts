// How the query layer hands over the statements it does not run itself: schema changes, DESCRIBE, roles and
// permissions. Each executor authorizes, validates and runs; `done` is called exactly once, maybe at once.

import type {
  AuthStatement,
  DescribeStatement,
  SchemaStatement,
  Statement,
} from '../../cql/ast.ts';
import type { FunctionSignature } from '../../cql/functions/function.ts';
import type { CqlError } from '../../data/cql-error.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { ClientState } from '../../protocol/client-state.ts';
import type { StatementResponse } from '../../protocol/responses/response.ts';
import type { RequestContext } from '../coordinator/coordinator.ts';

/** What comes along with a statement. */
export interface StatementCall {
  readonly client: ClientState;
  /** The keyspace of unqualified names: the request's own (version 5) or the connection's; null: none. */
  readonly keyspace: string | null;
  readonly context: RequestContext;
  /** Rows a page; null: everything at once. */
  readonly pageSize: number | null;
  readonly pagingState: Buffer | null;
  /** The statement's source, for the few errors that quote it. */
  readonly text?: string;
}

export type ExecutorDone = (response: StatementResponse) => void;

export interface DdlExecutor {
  execute(statement: SchemaStatement, call: StatementCall, done: ExecutorDone): void;
}

export interface DescribeExecutor {
  execute(statement: DescribeStatement, call: StatementCall, done: ExecutorDone): void;
}

export interface AuthExecutor {
  execute(statement: AuthStatement, call: StatementCall, done: ExecutorDone): void;
}

/**
 * May this client run this statement? For SELECT, modifications, batches and TRUNCATE, after preparation has found
 * their tables; executors check their own. null: yes. Answers at once unless roles or permissions must be read.
 */
export interface StatementAuthorizer {
  /** False: never refuses anything (AllowAllAuthorizer); callers may skip the call. */
  readonly isNeeded: boolean;
  authorize(
    statement: Statement,
    call: StatementCall,
    /** User-defined functions that the statement calls. */
    functions: readonly FunctionSignature[],
    done: (error: CqlError | null) => void,
  ): void;
  /** Whether the client sees masked columns of the table as they are. */
  unmasks(client: ClientState, table: TableMetadata, done: (unmasks: boolean) => void): void;
  /** Whether a client that sees masks may select by what is behind them (SELECT_MASKED). */
  selectsMasked(client: ClientState, table: TableMetadata, done: (selects: boolean) => void): void;
}
