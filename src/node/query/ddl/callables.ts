// What functions and aggregates share as schema objects: overloads found by their argument types, the rules on how an
// argument is written, the permissions to create one, the events. Test: test/facts-conformance/errors.test.ts.
// Cassandra: CreateFunctionStatement, CreateAggregateStatement, cql3/functions/Function.

import type { RawType } from '../../../cql/ast.ts';
import { printType } from '../../../cql/print-type.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { CqlType } from '../../../data/cql-type.ts';
import type { AggregateMetadata, FunctionMetadata, Schema } from '../../../data/schema.ts';
import { freeze, typesEqual } from '../../../data/type-names.ts';
import type { SchemaChange } from '../../../protocol/responses/schema-change.ts';
import type { Requirement } from '../../auth/requirement.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { functionResource, keyspaceFunctionsResource } from '../../auth/resource.ts';
import type { SchemaDiff } from '../../schema/diff.ts';
import { isExplicitlyFrozen, prepareType } from './prepare-type.ts';
import { printPrepared } from '../terms/raw-type.ts';

export function refuseBothDirectives(statement: {
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
}): void {
  if (statement.ifNotExists && statement.orReplace) {
    throw invalid("Cannot use both 'OR REPLACE' and 'IF NOT EXISTS' directives");
  }
}

export function refuseFrozenArgument(type: RawType): void {
  refuseFrozen('Argument', type);
}

export function refuseFrozen(what: string, type: RawType): void {
  if (!isExplicitlyFrozen(type)) return;
  const text = printType(type);
  throw invalid(`${what} '${text}' cannot be frozen; remove frozen<> modifier from '${text}'`);
}

export interface Creation {
  readonly orReplace: boolean;
  readonly rawTypes: readonly RawType[];
  readonly keyspaceName: string;
  readonly name: string;
  readonly schema: Schema;
}

export function creationRequirements(creation: Creation): readonly Requirement[] {
  const { orReplace, rawTypes, keyspaceName, name, schema } = creation;
  const existing = orReplace ? existingCallable(schema, keyspaceName, name, rawTypes) : undefined;
  if (existing !== undefined) return [permissionOn('ALTER', functionResource(existing))];
  return [permissionOn('CREATE', keyspaceFunctionsResource(keyspaceName))];
}

export function existingCallable(
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

export interface Callable {
  readonly name: string;
  readonly argumentTypes: readonly CqlType[];
}

/** Cassandra compares argument types without regard to freezing at the top. */
export function findCallable<T extends Callable>(
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

export function callableEvent(
  diff: SchemaDiff,
  target: 'FUNCTION' | 'AGGREGATE',
  keyspace: string,
  name: string,
  rawTypes: readonly RawType[],
): SchemaChange {
  const changes = target === 'FUNCTION' ? diff.altered[0]?.functions : diff.altered[0]?.aggregates;
  const change = (changes?.created.length ?? 0) > 0 ? 'CREATED' : 'UPDATED';
  return {
    change,
    target,
    keyspace,
    name,
    argumentTypes: rawTypes.map((raw) => printPrepared(raw, keyspace)),
  };
}

export function createdCallables(diff: SchemaDiff, kind: 'functions' | 'aggregates') {
  return (diff.altered[0]?.[kind].created ?? []).map(functionResource);
}
