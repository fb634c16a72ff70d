// Every error a client can receive, as a closed union of values: code and numbers as the native protocol has them.
// Encoding per protocol version: protocol/responses/error.ts. Cassandra: exceptions/*, transport/messages/ErrorMessage.

import type { ConsistencyLevel } from './consistency.ts';

export type WriteType =
  | 'SIMPLE'
  | 'BATCH'
  | 'UNLOGGED_BATCH'
  | 'COUNTER'
  | 'BATCH_LOG'
  | 'CAS'
  | 'VIEW'
  | 'CDC';

export const FAILURE_REASONS = {
  UNKNOWN: 0,
  READ_TOO_MANY_TOMBSTONES: 1,
  TIMEOUT: 2,
  INCOMPATIBLE_SCHEMA: 3,
  READ_SIZE: 4,
  NODE_DOWN: 5,
  INDEX_NOT_AVAILABLE: 6,
  READ_TOO_MANY_INDEXES: 7,
} as const;
export type FailureReason = keyof typeof FAILURE_REASONS;

interface Base {
  readonly message: string;
}
type Level = { readonly consistency: ConsistencyLevel };
type Counts = Level & { readonly received: number; readonly blockFor: number };
/** Endpoint text (ip:port of the storage address) -> reason. */
type Failures = { readonly failures: ReadonlyMap<string, FailureReason> };

export type CqlError = Base &
  (
    | {
        readonly code:
          | 'SERVER_ERROR'
          | 'PROTOCOL_ERROR'
          | 'BAD_CREDENTIALS'
          | 'OVERLOADED'
          | 'IS_BOOTSTRAPPING';
      }
    | {
        readonly code:
          | 'TRUNCATE_ERROR'
          | 'SYNTAX_ERROR'
          | 'UNAUTHORIZED'
          | 'INVALID'
          | 'CONFIG_ERROR'
          | 'CDC_WRITE_FAILURE';
      }
    | ({ readonly code: 'UNAVAILABLE'; readonly required: number; readonly alive: number } & Level)
    | ({
        readonly code: 'WRITE_TIMEOUT';
        readonly writeType: WriteType;
        readonly contentions?: number;
      } & Counts)
    | ({ readonly code: 'READ_TIMEOUT'; readonly dataPresent: boolean } & Counts)
    | ({ readonly code: 'READ_FAILURE'; readonly dataPresent: boolean } & Counts & Failures)
    | ({ readonly code: 'WRITE_FAILURE'; readonly writeType: WriteType } & Counts & Failures)
    | {
        readonly code: 'FUNCTION_FAILURE';
        readonly keyspace: string;
        readonly function: string;
        readonly argumentTypes: readonly string[];
      }
    | ({ readonly code: 'CAS_WRITE_UNKNOWN' } & Counts)
    | { readonly code: 'ALREADY_EXISTS'; readonly keyspace: string; readonly table: string }
    | { readonly code: 'UNPREPARED'; readonly id: Buffer }
  );

export type CqlErrorCode = CqlError['code'];

export const ERROR_CODES: Readonly<Record<CqlErrorCode, number>> = {
  SERVER_ERROR: 0x0000,
  PROTOCOL_ERROR: 0x000a,
  BAD_CREDENTIALS: 0x0100,
  UNAVAILABLE: 0x1000,
  OVERLOADED: 0x1001,
  IS_BOOTSTRAPPING: 0x1002,
  TRUNCATE_ERROR: 0x1003,
  WRITE_TIMEOUT: 0x1100,
  READ_TIMEOUT: 0x1200,
  READ_FAILURE: 0x1300,
  FUNCTION_FAILURE: 0x1400,
  WRITE_FAILURE: 0x1500,
  CDC_WRITE_FAILURE: 0x1600,
  CAS_WRITE_UNKNOWN: 0x1700,
  SYNTAX_ERROR: 0x2000,
  UNAUTHORIZED: 0x2100,
  INVALID: 0x2200,
  CONFIG_ERROR: 0x2300,
  ALREADY_EXISTS: 0x2400,
  UNPREPARED: 0x2500,
};

/**
 * Carries a CqlError through code that parses, prepares or validates a statement. It is caught once, at the edge of
 * node/query; the coordinator and the replicas pass errors as values.
 */
export class CqlException extends Error {
  override readonly name = 'CqlException';
  readonly error: CqlError;
  constructor(error: CqlError) {
    super(error.message);
    this.error = error;
  }
}

export function invalid(message: string): CqlException {
  return new CqlException({ code: 'INVALID', message });
}
export function syntaxError(message: string): CqlException {
  return new CqlException({ code: 'SYNTAX_ERROR', message });
}
export function configError(message: string): CqlException {
  return new CqlException({ code: 'CONFIG_ERROR', message });
}
export function unauthorized(message: string): CqlException {
  return new CqlException({ code: 'UNAUTHORIZED', message });
}
/** The answer to a fault of the program, as Cassandra's to any exception: what was thrown, in words. */
export function faultError(thrown: unknown): CqlError {
  return { code: 'SERVER_ERROR', message: String(thrown) };
}

export function serverError(message: string): CqlException {
  return new CqlException({ code: 'SERVER_ERROR', message });
}
