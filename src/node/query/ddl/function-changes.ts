// CREATE FUNCTION; DROP FUNCTION and AGGREGATE. Bodies are compiled by the node's user-code runner, which decides which
// languages there are. Test: test/facts-conformance/errors.test.ts.
// Cassandra: CreateFunctionStatement, DropFunctionStatement, DropAggregateStatement.

import type { CreateFunctionStatement, DropFunctionStatement, RawType } from '../../../cql/ast.ts';
import { printType } from '../../../cql/print-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type {
  AggregateMetadata,
  FunctionMetadata,
  KeyspaceMetadata,
} from '../../../data/schema.ts';
import { isCompatible } from '../../../data/type-compatibility.ts';
import { signatureTypeName, typeName } from '../../../data/type-names.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { functionResource } from '../../auth/resource.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import {
  callableEvent,
  createdCallables,
  creationRequirements,
  findCallable,
  refuseBothDirectives,
  refuseFrozen,
  refuseFrozenArgument,
} from './callables.ts';
import { prepareType } from './prepare-type.ts';
import { printPrepared } from '../terms/raw-type.ts';
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

export function dropFunction(statement: DropFunctionStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.function, current);
  const { name } = statement.function;
  const isFunction = statement.kind === 'drop-function';
  const what = isFunction ? 'Function' : 'Aggregate';
  const written = statement.argumentTypes;
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
        const text = callableText(keyspaceName, name, written, printType);
        throw invalid(`${what} '${text}' doesn't exist`);
      }
      const isPrepared = matching(keyspace, name, null).length > 0;
      const print = isPrepared ? (raw: RawType) => printPrepared(raw, keyspaceName) : printType;
      const text = callableText(keyspaceName, name, written, print);
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

function callableText(
  keyspace: string,
  name: string,
  types: readonly RawType[] | null,
  print: (raw: RawType) => string,
): string {
  return types === null
    ? `${keyspace}.${name}`
    : `${keyspace}.${name}(${types.map(print).join(', ')})`;
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
