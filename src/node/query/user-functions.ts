// User-defined functions and aggregates as callable functions. Running a body is the node's business: see
// user-code.ts. Cassandra: cql3/functions/UDFunction, UDAggregate.

import type {
  Aggregate,
  CqlFunction,
  FunctionContext,
  ScalarFunction,
} from '../../cql/functions/function.ts';
import { defaultColumnName } from '../../cql/functions/function.ts';
import { CqlException } from '../../data/cql-error.ts';
import type { AggregateMetadata, FunctionMetadata, Schema } from '../../data/schema.ts';
import { typeName, typesEqual } from '../../data/type-names.ts';
import type { CompiledUserFunction, UserCodeRunner } from './user-code.ts';

function functionFailure(fn: FunctionMetadata, message: string): CqlException {
  return new CqlException({
    code: 'FUNCTION_FAILURE',
    message,
    keyspace: fn.keyspace,
    function: fn.name,
    argumentTypes: fn.argumentTypes.map(typeName),
  });
}

function scalarOf(fn: FunctionMetadata, runner: UserCodeRunner): ScalarFunction {
  const signature = {
    keyspace: fn.keyspace,
    name: fn.name,
    argumentTypes: fn.argumentTypes,
    returnType: fn.returnType,
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
      const result = compiled(fn, runner).call(args);
      if (!result.ok) throw functionFailure(fn, result.message);
      return result.value;
    },
  };
}

/** A cache: a function's metadata is one object for as long as it does not change. */
const compiledFunctions = new WeakMap<FunctionMetadata, CompiledUserFunction>();

function compiled(fn: FunctionMetadata, runner: UserCodeRunner): CompiledUserFunction {
  const known = compiledFunctions.get(fn);
  if (known !== undefined) return known;
  const result = runner.compile(fn);
  if (!result.ok) throw functionFailure(fn, result.message);
  compiledFunctions.set(fn, result.function);
  return result.function;
}

/** The functions and aggregates of a keyspace that have the name. */
export function userFunctionsOf(
  schema: Schema,
  keyspaceName: string,
  name: string,
  runner: UserCodeRunner,
): readonly CqlFunction[] {
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) return [];
  const functions = keyspace.functions
    .filter((fn) => fn.name === name)
    .map((fn) => scalarOf(fn, runner));
  const aggregates = keyspace.aggregates
    .filter((aggregate) => aggregate.name === name)
    .map((aggregate) => aggregateOf(aggregate, keyspace.functions, runner));
  return [...functions, ...aggregates];
}

function aggregateOf(
  metadata: AggregateMetadata,
  functions: readonly FunctionMetadata[],
  runner: UserCodeRunner,
): CqlFunction {
  const { keyspace, name, argumentTypes, returnType, stateType } = metadata;
  const signature = { keyspace, name, argumentTypes, returnType };
  const find = (
    functionName: string | null,
    types: readonly (typeof stateType)[],
  ): ScalarFunction | null => {
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
    newAggregate: (context) =>
      new UserAggregate(state, final, metadata.initialConditionBytes, context),
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
