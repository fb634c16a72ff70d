// CREATE and DROP FUNCTION and AGGREGATE. Bodies are compiled by the node's user-code runner, which decides which
// languages there are. Test: test/schema/errors.test.ts.
// Cassandra: CreateFunctionStatement, CreateAggregateStatement, DropFunctionStatement, DropAggregateStatement.

import type {
  CreateAggregateStatement,
  CreateFunctionStatement,
  DropFunctionStatement,
  RawType,
} from '../../../cql/ast.ts';
import { printType } from '../../../cql/print-type.ts';
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
import { freeze, signatureTypeName, typeName, typesEqual } from '../../../data/type-names.ts';
import type { SchemaChange } from '../../../protocol/responses/schema-change.ts';
import type { Requirement } from '../../auth/requirement.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { functionResource, keyspaceFunctionsResource } from '../../auth/resource.ts';
import type { SchemaDiff } from '../../schema/diff.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import { bareScope, termBytes } from './literals.ts';
import { isExplicitlyFrozen, prepareType } from './prepare-type.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { existingKeyspace, withKeyspace } from './schema-change.ts';

const DISABLED =
  'User-defined functions are disabled in cassandra.yaml - set user_defined_functions_enabled=true to enable';

export function createFunction(
  statement: CreateFunctionStatement,
  current: string | null,
): DdlChange {
  const keyspaceName = keyspaceOf(statement.function, current);
  const { name } = statement.function;
  const rawTypes = statement.arguments.map(({ type }) => type);
  return {
    keyspace: keyspaceName,
    requirements: (schema) =>
      creationRequirements({ ...statement, rawTypes, keyspaceName, name, schema }),
    apply(keyspaces, environment) {
      validateFunction(statement, environment);
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      const created = newFunction(statement, keyspace);
      const compiled = environment.runner.compile(created);
      if (!compiled.ok) throw invalid(compiled.message);
      if (findCallable(keyspace.aggregates, name, created.argumentTypes) !== undefined) {
        throw invalid(`Function '${name}' cannot replace an aggregate`);
      }
      const existing = findCallable(keyspace.functions, name, created.argumentTypes);
      if (existing !== undefined) {
        if (statement.ifNotExists) return keyspaces;
        refuseReplacement(statement, existing, created);
      }
      const others = keyspace.functions.filter((other) => other !== existing);
      return withKeyspace(keyspaces, { ...keyspace, functions: [...others, created] });
    },
    event: (diff) => callableEvent(diff, 'FUNCTION', keyspaceName, name, rawTypes),
    created: (diff) => createdCallables(diff, 'functions'),
  };
}

function validateFunction(statement: CreateFunctionStatement, environment: DdlEnvironment): void {
  const { name } = statement.function;
  refuseBothDirectives(statement);
  if (!environment.config.user_defined_functions_enabled) throw invalid(DISABLED);
  const names = statement.arguments.map((argument) => argument.name);
  if (new Set(names).size !== names.length) {
    throw invalid(
      `Duplicate argument names for given function ${name} with argument names [${names.join(', ')}]`,
    );
  }
  for (const { type } of statement.arguments) refuseFrozenArgument(type);
  refuseFrozen('Return type', statement.returns);
}

function refuseBothDirectives(statement: {
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
}): void {
  if (statement.ifNotExists && statement.orReplace) {
    throw invalid("Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives");
  }
}

function refuseFrozenArgument(type: RawType): void {
  refuseFrozen('Argument', type);
}

function refuseFrozen(what: string, type: RawType): void {
  if (!isExplicitlyFrozen(type)) return;
  const text = printType(type);
  throw invalid(`${what} '${text}' cannot be frozen; remove frozen<> modifier from '${text}'`);
}

function newFunction(
  statement: CreateFunctionStatement,
  keyspace: KeyspaceMetadata,
): FunctionMetadata {
  const type = (raw: RawType): CqlType => prepareType(raw, keyspace.name, keyspace.types);
  return {
    keyspace: keyspace.name,
    name: statement.function.name,
    argumentNames: statement.arguments.map((argument) => argument.name),
    argumentTypes: statement.arguments.map((argument) => type(argument.type)),
    returnType: type(statement.returns),
    calledOnNullInput: statement.calledOnNullInput,
    language: statement.language,
    body: statement.body,
  };
}

function refuseReplacement(
  statement: CreateFunctionStatement,
  existing: FunctionMetadata,
  created: FunctionMetadata,
): void {
  const { name } = created;
  if (!statement.orReplace) throw invalid(`Function '${name}' already exists`);
  if (created.calledOnNullInput !== existing.calledOnNullInput) {
    const directive = created.calledOnNullInput
      ? 'CALLED ON NULL INPUT'
      : 'RETURNS NULL ON NULL INPUT';
    throw invalid(`Function '${name}' must have ${directive} directive`);
  }
  if (!isCompatible(created.returnType, existing.returnType)) {
    throw invalid(
      `Cannot replace function '${name}', the new return type ${typeName(created.returnType)} is not compatible with ` +
        `the return type ${typeName(existing.returnType)} of existing function`,
    );
  }
}

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
    event: (diff) =>
      callableEvent(diff, 'AGGREGATE', keyspaceName, name, statement.argumentTypes),
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
  const raw = [statement.stateType, ...statement.argumentTypes].map(printType).join(', ');
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
  const text = `${keyspace.name}.${statement.finalFunction}(${printType(statement.stateType)})`;
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

interface Creation {
  readonly orReplace: boolean;
  readonly rawTypes: readonly RawType[];
  readonly keyspaceName: string;
  readonly name: string;
  readonly schema: Schema;
}

function creationRequirements(creation: Creation): readonly Requirement[] {
  const { orReplace, rawTypes, keyspaceName, name, schema } = creation;
  const existing = orReplace ? existingCallable(schema, keyspaceName, name, rawTypes) : undefined;
  if (existing !== undefined) return [permissionOn('ALTER', functionResource(existing))];
  return [permissionOn('CREATE', keyspaceFunctionsResource(keyspaceName))];
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

function existingCallable(
  schema: Schema,
  keyspaceName: string,
  name: string,
  rawTypes: readonly RawType[],
): FunctionMetadata | AggregateMetadata | undefined {
  const keyspace = schema.keyspaces.get(keyspaceName);
  if (keyspace === undefined) return undefined;
  const types = rawTypes.map((raw) => prepareType(raw, keyspaceName, keyspace.types));
  return (
    findCallable(keyspace.functions, name, types) ?? findCallable(keyspace.aggregates, name, types)
  );
}

interface Callable {
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
}

/** Cassandra compares argument types without regard to freezing at the top. */
function findCallable<T extends Callable>(
  callables: readonly T[],
  name: string,
  types: readonly CqlType[],
): T | undefined {
  return callables.find(
    (callable) =>
      callable.name === name &&
      callable.argumentTypes.length === types.length &&
      callable.argumentTypes.every((type, i) => {
        const other = types[i];
        return other !== undefined && typesEqual(freeze(type), freeze(other));
      }),
  );
}

function callableEvent(
  diff: SchemaDiff,
  target: 'FUNCTION' | 'AGGREGATE',
  keyspace: string,
  name: string,
  rawTypes: readonly RawType[],
): SchemaChange {
  const changes = target === 'FUNCTION' ? diff.altered[0]?.functions : diff.altered[0]?.aggregates;
  const change = (changes?.created.length ?? 0) > 0 ? 'CREATED' : 'UPDATED';
  return { change, target, keyspace, name, argumentTypes: rawTypes.map(printType) };
}

function createdCallables(diff: SchemaDiff, kind: 'functions' | 'aggregates') {
  return (diff.altered[0]?.[kind].created ?? []).map(functionResource);
}

export function dropFunction(statement: DropFunctionStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.function, current);
  const { name } = statement.function;
  const isFunction = statement.kind === 'drop-function';
  const what = isFunction ? 'Function' : 'Aggregate';
  const written = statement.argumentTypes;
  const text =
    written === null
      ? `${keyspaceName}.${name}`
      : `${keyspaceName}.${name}(${written.map(printType).join(', ')})`;
  return {
    keyspace: keyspaceName,
    requirements(schema) {
      const keyspace = schema.keyspaces.get(keyspaceName);
      if (keyspace === undefined) return [];
      return matching(keyspace, name, written).map((callable) =>
        permissionOn('DROP', functionResource(callable)),
      );
    },
    apply(keyspaces) {
      const keyspace = keyspaces.get(keyspaceName);
      if (keyspace === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`${what} '${text}' doesn't exist`);
      }
      refuseAmbiguousDrop(statement, keyspace);
      for (const type of written ?? []) refuseFrozenArgument(type);
      const list: readonly (FunctionMetadata | AggregateMetadata)[] = isFunction
        ? keyspace.functions
        : keyspace.aggregates;
      const dropped = matching(keyspace, name, written).find((found) => list.includes(found));
      if (dropped === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`${what} '${text}' doesn't exist`);
      }
      if ('body' in dropped) refuseUsedFunction(dropped, keyspace, text);
      return withKeyspace(keyspaces, {
        ...keyspace,
        functions: keyspace.functions.filter((other) => other !== dropped),
        aggregates: keyspace.aggregates.filter((other) => other !== dropped),
      });
    },
    event(diff) {
      const changes = diff.altered[0];
      const [dropped] = (isFunction ? changes?.functions : changes?.aggregates)?.dropped ?? [];
      const argumentTypes = (dropped?.argumentTypes ?? []).map(signatureTypeName);
      const target = isFunction ? 'FUNCTION' : 'AGGREGATE';
      return { change: 'DROPPED', target, keyspace: keyspaceName, name, argumentTypes };
    },
  };
}

function refuseAmbiguousDrop(statement: DropFunctionStatement, keyspace: KeyspaceMetadata): void {
  const { name } = statement.function;
  if (statement.argumentTypes !== null || matching(keyspace, name, null).length < 2) return;
  const kind = statement.kind === 'drop-function' ? 'FUNCTION' : 'AGGREGATE';
  throw invalid(
    `'DROP ${kind} ${name}' matches multiple function definitions; specify the argument types by issuing a statement ` +
      `like 'DROP ${kind} ${name} (type, type, ...)'. You can use cqlsh 'DESCRIBE ${kind} ${name}' command to find all ` +
      'overloads',
  );
}

/** Functions and aggregates of the name; with the argument types when they are written. */
function matching(
  keyspace: KeyspaceMetadata,
  name: string,
  written: readonly RawType[] | null,
): (FunctionMetadata | AggregateMetadata)[] {
  const named = [...keyspace.functions, ...keyspace.aggregates].filter((f) => f.name === name);
  if (written === null) return named;
  const types = written.map((raw) => prepareType(raw, keyspace.name, keyspace.types));
  return named.filter((callable) => findCallable([callable], name, types) !== undefined);
}

function refuseUsedFunction(
  dropped: FunctionMetadata,
  keyspace: KeyspaceMetadata,
  text: string,
): void {
  const aggregates = keyspace.aggregates.filter((aggregate) => {
    const stateTypes = [aggregate.stateType, ...aggregate.argumentTypes];
    return (
      findCallable([dropped], aggregate.stateFunction, stateTypes) !== undefined ||
      (aggregate.finalFunction !== null &&
        findCallable([dropped], aggregate.finalFunction, [aggregate.stateType]) !== undefined)
    );
  });
  if (aggregates.length > 0) {
    const names = aggregates.map((aggregate) => `${aggregate.keyspace}.${aggregate.name}`);
    throw invalid(`Function '${text}' is still referenced by aggregates ${names.join(', ')}`);
  }
  const tables = [...keyspace.tables.values()].filter((table) =>
    [...table.columns.values()].some(
      ({ mask }) => mask?.keyspace === dropped.keyspace && mask.name === dropped.name,
    ),
  );
  if (tables.length > 0) {
    const names = tables.map((table) => table.name).join(', ');
    throw invalid(`Function '${text}' is still referenced by column masks in tables ${names}`);
  }
}
