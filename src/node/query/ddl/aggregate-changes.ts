// CREATE AGGREGATE. Test: test/facts-conformance/errors.test.ts. Cassandra: CreateAggregateStatement.

import type { CreateAggregateStatement } from '../../../cql/ast.ts';
import type { RawType } from '../../../cql/ast.ts';
import { codecFor } from '../../../data/codec/codec.ts';
import { configError, invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type {
  AggregateMetadata,
  FunctionMetadata,
  KeyspaceMetadata,
  Schema,
} from '../../../data/schema.ts';
import { isCompatible } from '../../../data/type-compatibility.ts';
import { freeze, typeName, typesEqual } from '../../../data/type-names.ts';
import type { Requirement } from '../../auth/requirement.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { functionResource } from '../../auth/resource.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import {
  callableEvent,
  createdCallables,
  creationRequirements,
  existingCallable,
  findCallable,
  refuseBothDirectives,
  refuseFrozen,
  refuseFrozenArgument,
} from './callables.ts';
import { bareScope, termBytes } from './literals.ts';
import { prepareType } from './prepare-type.ts';
import { printPrepared } from '../terms/raw-type.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { existingKeyspace, withKeyspace } from './schema-change.ts';

export function createAggregate(
  statement: CreateAggregateStatement,
  current: string | null,
): DdlChange {
  const keyspaceName = keyspaceOf(statement.function, current);
  const { name } = statement.function;
  return {
    keyspace: keyspaceName,
    requirements: (schema) => [
      ...creationRequirements({
        ...statement,
        rawTypes: statement.argumentTypes,
        keyspaceName,
        name,
        schema,
      }),
      ...executeRequirements(statement, keyspaceName, schema),
    ],
    apply(keyspaces, environment) {
      refuseBothDirectives(statement);
      for (const type of statement.argumentTypes) refuseFrozenArgument(type);
      refuseFrozen('State type', statement.stateType);
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      const created = newAggregate(statement, keyspace, environment);
      if (findCallable(keyspace.functions, name, created.argumentTypes) !== undefined) {
        throw invalid(`Aggregate '${name}' cannot replace a function`);
      }
      const existing = findCallable(keyspace.aggregates, name, created.argumentTypes);
      if (existing !== undefined) {
        if (statement.ifNotExists) return keyspaces;
        if (!statement.orReplace) throw invalid(`Aggregate '${name}' already exists`);
        if (!isCompatible(created.returnType, existing.returnType)) {
          throw invalid(
            `Cannot replace aggregate '${name}', the new return type ${typeName(created.returnType)} isn't compatible ` +
              `with the return type ${typeName(existing.returnType)} of existing function`,
          );
        }
      }
      const others = keyspace.aggregates.filter((other) => other !== existing);
      return withKeyspace(keyspaces, { ...keyspace, aggregates: [...others, created] });
    },
    event: (diff) => callableEvent(diff, 'AGGREGATE', keyspaceName, name, statement.argumentTypes),
    created: (diff) => createdCallables(diff, 'aggregates'),
  };
}

function newAggregate(
  statement: CreateAggregateStatement,
  keyspace: KeyspaceMetadata,
  environment: DdlEnvironment,
): AggregateMetadata {
  const type = (raw: RawType): CqlType => prepareType(raw, keyspace.name, keyspace.types);
  const { name } = statement.function;
  const argumentTypes = statement.argumentTypes.map(type);
  const stateType = type(statement.stateType);
  const stateFunction = stateFunctionOf(statement, keyspace, [stateType, ...argumentTypes]);
  const finalFunction = finalFunctionOf(statement, keyspace, stateType);
  const initial = initialCondition(statement, stateType, environment, keyspace.name);
  if (!stateFunction.calledOnNullInput && initial === null) {
    throw invalid(
      `Cannot create aggregate '${name}' without INITCOND because state function ${keyspace.name}.` +
        `${stateFunction.name} does not accept 'null' arguments`,
    );
  }
  return {
    keyspace: keyspace.name,
    name,
    argumentTypes,
    stateFunction: stateFunction.name,
    stateType,
    finalFunction: finalFunction?.name ?? null,
    returnType: finalFunction?.returnType ?? stateFunction.returnType,
    initialCondition: initial === null ? null : codecFor(freeze(stateType)).toCqlLiteral(initial),
    initialConditionBytes: initial,
  };
}

function stateFunctionOf(
  statement: CreateAggregateStatement,
  keyspace: KeyspaceMetadata,
  types: readonly CqlType[],
): FunctionMetadata {
  const raw = [statement.stateType, ...statement.argumentTypes]
    .map((type) => printPrepared(type, keyspace.name))
    .join(', ');
  const text = `${keyspace.name}.${statement.stateFunction}(${raw})`;
  const found = findCallable(keyspace.functions, statement.stateFunction, types);
  if (found === undefined) {
    if (findCallable(keyspace.aggregates, statement.stateFunction, types) !== undefined) {
      throw invalid(`State function ${text} isn't a scalar function`);
    }
    throw invalid(`State function ${text} doesn't exist`);
  }
  const [stateType] = types;
  if (stateType === undefined || !typesEqual(found.returnType, stateType)) {
    throw invalid(
      `State function ${text} return type must be the same as the first argument type - check STYPE, argument and ` +
        'return types',
    );
  }
  return found;
}

function finalFunctionOf(
  statement: CreateAggregateStatement,
  keyspace: KeyspaceMetadata,
  stateType: CqlType,
): FunctionMetadata | null {
  if (statement.finalFunction === null) return null;
  const text = `${keyspace.name}.${statement.finalFunction}(${printPrepared(statement.stateType, keyspace.name)})`;
  const found = findCallable(keyspace.functions, statement.finalFunction, [stateType]);
  if (found !== undefined) return found;
  if (findCallable(keyspace.aggregates, statement.finalFunction, [stateType]) !== undefined) {
    throw invalid(`Final function ${text} isn't a scalar function`);
  }
  throw invalid(`Final function ${text} doesn't exist`);
}

function initialCondition(
  statement: CreateAggregateStatement,
  stateType: CqlType,
  { schema, nowMs }: DdlEnvironment,
  keyspace: string,
): Buffer | null {
  const term = statement.initialCondition;
  if (term === null) return null;
  const value = termBytes(term, stateType, bareScope(keyspace, schema, nowMs));
  const codec = codecFor(stateType);
  const isEmpty = value === null || (value.length === 0 && codec.isEmptyMeaningless);
  if (term.kind !== 'null' && isEmpty) {
    throw invalid('INITCOND must not be empty for all types except TEXT, ASCII, BLOB');
  }
  return value;
}

/** Cassandra looks the functions up while it checks permissions, and fails there when they are missing. */
function executeRequirements(
  statement: CreateAggregateStatement,
  keyspaceName: string,
  schema: Schema,
): readonly Requirement[] {
  if (!schema.keyspaces.has(keyspaceName)) {
    throw configError(`Keyspace ${keyspaceName} doesn't exist`);
  }
  const required = [
    {
      name: statement.stateFunction,
      types: [statement.stateType, ...statement.argumentTypes],
    },
    ...(statement.finalFunction === null
      ? []
      : [{ name: statement.finalFunction, types: [statement.stateType] }]),
  ];
  return required.map(({ name, types }): Requirement => {
    const existing = existingCallable(schema, keyspaceName, name, types);
    if (existing !== undefined) return permissionOn('EXECUTE', functionResource(existing));
    const message = 'java.util.NoSuchElementException: No value present';
    return { kind: 'refused', error: { code: 'SERVER_ERROR', message } };
  });
}
