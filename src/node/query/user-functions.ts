// User-defined functions and aggregates as callable functions. Running a body is the node's business: it hands in a
// runner. Cassandra: cql3/functions/UDFunction, UDAggregate.

import type { Aggregate, CqlFunction, FunctionContext, ScalarFunction } from '../../cql/functions/function.ts';
import { defaultColumnName } from '../../cql/functions/function.ts';
import { CqlException } from '../../data/cql-error.ts';
import type { AggregateMetadata, FunctionMetadata, Schema } from '../../data/schema.ts';
import { typeName, typesEqual } from '../../data/type-names.ts';

/** Runs function bodies. Throws an Error whose message the client reads. */
export interface UserFunctionRunner {
  run(fn: FunctionMetadata, args: readonly (Buffer | null)[]): Buffer | null;
}

/** Refuses: the body's language is not run here. */
export const NO_RUNNER: UserFunctionRunner = {
  run: (fn) => {
    throw new Error(`functions in language ${fn.language} are not run by this node`);
  },
};

function functionFailure(fn: FunctionMetadata, message: string): CqlException {
  return new CqlException({
    code: 'FUNCTION_FAILURE',
    message,
    keyspace: fn.keyspace,
    function: fn.name,
    argumentTypes: fn.argumentTypes.map(typeName),
  });
}

function scalarOf(fn: FunctionMetadata, runner: UserFunctionRunner): ScalarFunction {
  const signature = {
    keyspace: fn.keyspace, name: fn.name, argumentTypes: fn.argumentTypes, returnType: fn.returnType,
  };
  return {
    ...signature,
    kind: 'scalar',
    isNative: false,
    calledOnNullInput: fn.calledOnNullInput,
    isPure: false,
    isMonotonic: () => false,
    columnName: defaultColumnName(signature),
    execute: (args) => {
      if (!fn.calledOnNullInput && args.includes(null)) return null;
      try {
        return runner.run(fn, args);
      } catch (error) {
        if (error instanceof CqlException) throw error;
        throw functionFailure(fn, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** The functions and aggregates of a keyspace that have the name. */
export function userFunctionsOf(
  schema: Schema,
  keyspaceName: string,
  name: string,
  runner: UserFunctionRunner,
): readonly CqlFunction[] {
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) return [];
  const functions = keyspace.functions.filter((fn) => fn.name === name).map((fn) => scalarOf(fn, runner));
  const aggregates = keyspace.aggregates
    .filter((aggregate) => aggregate.name === name)
    .map((aggregate) => aggregateOf(aggregate, keyspace.functions, runner));
  return [...functions, ...aggregates];
}

function aggregateOf(
  metadata: AggregateMetadata,
  functions: readonly FunctionMetadata[],
  runner: UserFunctionRunner,
): CqlFunction {
  const { keyspace, name, argumentTypes, returnType, stateType } = metadata;
  const signature = { keyspace, name, argumentTypes, returnType };
  const find = (functionName: string | null, types: readonly typeof stateType[]): ScalarFunction | null => {
    const found = functions.find(
      (fn) =>
        fn.name === functionName &&
        fn.argumentTypes.length === types.length &&
        fn.argumentTypes.every((type, i) => typesEqual(type, types[i] as typeof type)),
    );
    return found === undefined ? null : scalarOf(found, runner);
  };
  const state = find(metadata.stateFunction, [stateType, ...argumentTypes]);
  const final = find(metadata.finalFunction, [stateType]);
  return {
    ...signature,
    kind: 'aggregate',
    isNative: false,
    columnName: defaultColumnName(signature),
    newAggregate: (context) => new UserAggregate(state, final, metadata.initialConditionBytes, context),
  };
}

class UserAggregate implements Aggregate {
  private readonly step: ScalarFunction | null;
  private readonly final: ScalarFunction | null;
  private readonly initial: Buffer | null;
  private readonly context: FunctionContext;
  private state: Buffer | null;

  constructor(
    step: ScalarFunction | null,
    final: ScalarFunction | null,
    initial: Buffer | null,
    context: FunctionContext,
  ) {
    this.step = step;
    this.final = final;
    this.initial = initial;
    this.context = context;
    this.state = initial;
  }

  add(args: readonly (Buffer | null)[]): void {
    const { step } = this;
    if (step === null) return;
    if (!step.calledOnNullInput) {
      if (args.includes(null)) return;
      // Without an initial condition the first value of a null-averse function is its state.
      if (this.state === null) {
        this.state = args[0] ?? null;
        return;
      }
    }
    this.state = step.execute([this.state, ...args], this.context);
  }

  result(): Buffer | null {
    return this.final === null ? this.state : this.final.execute([this.state], this.context);
  }

  reset(): void {
    this.state = this.initial;
  }
}
