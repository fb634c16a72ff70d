// What a CQL function is to its callers: a signature and something to run. Native functions and
// user-defined ones look alike. Functions see the world only through their context. Cassandra:
// cql3/functions/{Function,ScalarFunction, AggregateFunction}.java.

import type { CqlType } from '../../data/cql-type.ts';
import { qualifiedText } from '../../data/identifier.ts';
import { signatureTypeName, typeName } from '../../data/type-names.ts';

/** What a function may know of its surroundings. One per execution of a statement. */
export interface FunctionContext {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  /** The node's next timeuuid (data/time-uuid.ts, TimeUuidGenerator). */
  nextTimeUuid(): Buffer;
  randomBytes(length: number): Buffer;
}

export interface FunctionSignature {
  readonly keyspace: string;
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
  readonly returnType: CqlType;
}

interface FunctionBase extends FunctionSignature {
  /** Whether it is one of Cassandra's own. */
  readonly isNative: boolean;
  /** The name of the result column: `system.max(v)`, `v + 1`, `cast(v as text)`, `count`. */
  columnName(argumentNames: readonly string[]): string;
}

export interface ScalarFunction extends FunctionBase {
  readonly kind: 'scalar';
  /** False: a null argument gives null without a call. Native functions are all called. */
  readonly calledOnNullInput: boolean;
  /** Equal arguments give equal results: not so for now() and uuid(). */
  readonly isPure: boolean;
  /**
   * Whether results grow with the argument that is not yet known, the others being constants: GROUP
   * BY asks. `isConstant[i]` tells which arguments are known.
   */
  isMonotonic(isConstant: readonly boolean[]): boolean;
  /** Throws CqlException. `args` holds valid values of `argumentTypes`. */
  execute(args: readonly (Buffer | null)[], context: FunctionContext): Buffer | null;
}

export interface AggregateFunction extends FunctionBase {
  readonly kind: 'aggregate';
  newAggregate(context: FunctionContext): Aggregate;
}

/** The state of an aggregation over the rows of one group. */
export interface Aggregate {
  add(args: readonly (Buffer | null)[]): void;
  result(): Buffer | null;
  reset(): void;
}

export type CqlFunction = ScalarFunction | AggregateFunction;

/** `system.sum : (int) -> int`, as error texts list signatures. */
export function signatureText(signature: FunctionSignature): string {
  const args = signature.argumentTypes.map(signatureTypeName).join(', ');
  return `${cqlName(signature)} : (${args}) -> ${typeName(signature.returnType)}`;
}

/** `system.sum`, `system."_add"`; token stands alone. */
function cqlName(signature: FunctionSignature): string {
  const { keyspace, name } = signature;
  return keyspace === 'system' && name === 'token' ? name : qualifiedText(signature);
}

/** `system.sum`: how most texts and column names call a function. */
export function functionName({
  keyspace,
  name,
}: {
  readonly keyspace: string;
  readonly name: string;
}): string {
  return `${keyspace}.${name}`;
}

export function defaultColumnName(
  signature: FunctionSignature,
): (argumentNames: readonly string[]) => string {
  return (argumentNames) => `${functionName(signature)}(${argumentNames.join(', ')})`;
}
