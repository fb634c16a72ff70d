// User-defined functions and aggregates as callable functions. How a body runs is the caller's business: it hands in
// what executes it. Test: test/functions/user-function.test.ts. Cassandra: cql3/functions/UDFunction.java, UDAggregate.java.

import { CqlException } from '../../data/cql-error.ts';
import type { AggregateMetadata, FunctionMetadata } from '../../data/schema.ts';
import { typeName } from '../../data/type-names.ts';
import type {
  Aggregate, AggregateFunction, FunctionContext, FunctionSignature, ScalarFunction,
} from './function.ts';
import { defaultColumnName } from './function.ts';

/** Runs a function's body on valid values. What it throws becomes FUNCTION_FAILURE with the error's text. */
export type UserBody = (args: readonly (Buffer | null)[], context: FunctionContext) => Buffer | null;

export function userScalar(metadata: FunctionMetadata, body: UserBody): ScalarFunction {
  const signature: FunctionSignature = metadata;
  const { keyspace, name, argumentTypes, returnType, calledOnNullInput } = metadata;
  return {
    kind: 'scalar',
    keyspace,
    name,
    argumentTypes,
    returnType,
    isNative: false,
    calledOnNullInput,
    isPure: false,
    isMonotonic: () => false,
    columnName: defaultColumnName(signature),
    execute: (args, context) => {
      if (!calledOnNullInput && args.includes(null)) return null;
      try {
        return body(args, context);
      } catch (error) {
        if (error instanceof CqlException) throw error;
        throw new CqlException({
          code: 'FUNCTION_FAILURE',
          message: String(error),
          keyspace,
          function: name,
          argumentTypes: argumentTypes.map(typeName),
        });
      }
    },
  };
}

/** `stateFunction` takes the state and the arguments; `finalFunction` (if any) the state. */
export function userAggregate(
  metadata: AggregateMetadata,
  stateFunction: ScalarFunction,
  finalFunction: ScalarFunction | null,
): AggregateFunction {
  const { keyspace, name, argumentTypes, returnType } = metadata;
  return {
    kind: 'aggregate',
    keyspace,
    name,
    argumentTypes,
    returnType,
    isNative: false,
    columnName: defaultColumnName(metadata),
    newAggregate: (context) => startAggregate(metadata, stateFunction, finalFunction, context),
  };
}

function startAggregate(
  metadata: AggregateMetadata,
  stateFunction: ScalarFunction,
  finalFunction: ScalarFunction | null,
  context: FunctionContext,
): Aggregate {
  let state = metadata.initialConditionBytes;
  return {
    add: (args) => {
      // A null argument leaves the state as it is; a null state is handed to the state function's own rule.
      if (!stateFunction.calledOnNullInput && args.includes(null)) return;
      state = stateFunction.execute([state, ...args], context);
    },
    result: () => (finalFunction === null ? state : finalFunction.execute([state], context)),
    reset: () => {
      state = metadata.initialConditionBytes;
    },
  };
}
