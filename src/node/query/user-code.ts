// The port behind which user-defined functions run. The core never evaluates code itself: whoever starts a node
// provides a runner that is deterministic (no clock, no randomness, no input or output) and bounded in time and memory.
// Cassandra: cql3/functions/UDFunction, JavaBasedUDFunction.

import type { CqlType } from '../../data/cql-type.ts';

export interface UserFunctionSource {
  readonly keyspace: string;
  readonly name: string;
  /** Lower case, as in CREATE FUNCTION ... LANGUAGE. */
  readonly language: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly CqlType[];
  readonly returnType: CqlType;
  readonly body: string;
}

/** A result of user code: bytes of the return type, or what went wrong (it threw, or ran out of time or memory). */
export type UserCodeResult =
  | { readonly ok: true; readonly value: Buffer | null }
  | { readonly ok: false; readonly message: string };

export interface CompiledUserFunction {
  /** One value an argument, serialized; null for null. Never throws. */
  call(args: readonly (Buffer | null)[]): UserCodeResult;
}

export type CompileResult =
  | { readonly ok: true; readonly function: CompiledUserFunction }
  /** The text the client of CREATE FUNCTION receives. */
  | { readonly ok: false; readonly message: string };

export interface UserCodeRunner {
  /** Compiles or refuses (unknown language, syntax error). Equal sources may give the same object. */
  compile(source: UserFunctionSource): CompileResult;
}

/** Runs nothing: for nodes whose starter provides no runner. */
export const NO_USER_CODE: UserCodeRunner = {
  compile: ({ language }) => ({
    ok: false,
    message: `User-defined functions in ${language} cannot run here: no runner was provided.`,
  }),
};
