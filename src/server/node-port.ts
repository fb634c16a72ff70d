// What the CQL edge needs of a node. The node implements it; the edge never looks behind it.

import type { CqlError } from '../data/cql-error.ts';
import type { ClientState } from '../protocol/client-state.ts';
import type { ClientRequest } from '../protocol/requests/request.ts';
import type { ResponseExtras, StatementResponse } from '../protocol/responses/response.ts';

/** What STARTUP is answered with. */
export type StartupResult =
  | { readonly kind: 'ready' }
  /**
   * `authenticator` is a class name drivers know: org.apache.cassandra.auth.PasswordAuthenticator.
   */
  | { readonly kind: 'authenticate'; readonly authenticator: string }
  | { readonly kind: 'error'; readonly error: CqlError };

/** What AUTH_RESPONSE is answered with. */
export type AuthResult =
  /** The node has set `ClientState.user`. */
  | { readonly kind: 'success'; readonly token: Buffer | null }
  | { readonly kind: 'challenge'; readonly token: Buffer | null }
  /** The connection stays open and may try again. */
  | { readonly kind: 'error'; readonly error: CqlError };

/** Answers one statement; called exactly once, maybe before `execute` returns. */
export type StatementDone = (response: StatementResponse, extras?: ResponseExtras) => void;

export interface CqlNode {
  startup(client: ClientState): StartupResult;
  /**
   * `token` is the SASL token as sent. `done` is called exactly once, maybe before this returns.
   */
  authenticate(client: ClientState, token: Buffer | null, done: (result: AuthResult) => void): void;
  /**
   * Runs QUERY, PREPARE, EXECUTE or BATCH. `request.tracing` asks for a tracing id in the extras.
   */
  execute(request: ClientRequest, client: ClientState, done: StatementDone): void;
}
