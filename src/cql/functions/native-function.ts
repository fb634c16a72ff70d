// How the rows of native functions are written: a short form that is completed to a CqlFunction,
// and helpers to read arguments. Cassandra: cql3/functions/NativeScalarFunction.java,
// NativeFunction.withLegacyName.

import type { CqlType } from '../../data/cql-type.ts';
import type {
  Aggregate,
  AggregateFunction,
  CqlFunction,
  FunctionContext,
  FunctionSignature,
  ScalarFunction,
} from './function.ts';
import { defaultColumnName } from './function.ts';

export interface NativeScalar {
  readonly name: string;
  readonly args: readonly CqlType[];
  readonly returns: CqlType;
  readonly run: (args: readonly (Buffer | null)[], context: FunctionContext) => Buffer | null;
  /** Defaults to true. */
  readonly isPure?: boolean;
  readonly isMonotonic?: (isConstant: readonly boolean[]) => boolean;
  readonly columnName?: (argumentNames: readonly string[]) => string;
}

export function scalar(row: NativeScalar): ScalarFunction {
  const signature: FunctionSignature = {
    keyspace: 'system',
    name: row.name,
    argumentTypes: row.args,
    returnType: row.returns,
  };
  return {
    ...signature,
    kind: 'scalar',
    isNative: true,
    calledOnNullInput: true,
    isPure: row.isPure ?? true,
    isMonotonic: row.isMonotonic ?? (() => false),
    execute: row.run,
    columnName: row.columnName ?? defaultColumnName(signature),
  };
}

export interface NativeAggregate {
  readonly name: string;
  readonly args: readonly CqlType[];
  readonly returns: CqlType;
  readonly start: () => Aggregate;
  readonly columnName?: (argumentNames: readonly string[]) => string;
}

export function aggregate(row: NativeAggregate): AggregateFunction {
  const signature: FunctionSignature = {
    keyspace: 'system',
    name: row.name,
    argumentTypes: row.args,
    returnType: row.returns,
  };
  return {
    ...signature,
    kind: 'aggregate',
    isNative: true,
    newAggregate: row.start,
    columnName: row.columnName ?? defaultColumnName(signature),
  };
}

/** The function and the same under its name from before 5.0. */
export function withLegacyName<T extends CqlFunction>(
  make: (name: string) => T,
  name: string,
  legacy: string,
): T[] {
  return [make(name), make(legacy)];
}

/**
 * The argument, or null where a function sees none: null, and zero bytes of all but texts, blobs
 * and structures.
 */
export function argument(
  args: readonly (Buffer | null)[],
  index: number,
  type: CqlType,
): Buffer | null {
  const bytes = args[index] ?? null;
  if (bytes === null || bytes.length > 0 || type.kind !== 'native') return bytes;
  return type.name === 'text' || type.name === 'ascii' || type.name === 'blob' ? bytes : null;
}
