// CREATE, ALTER and DROP TYPE; tables, types and functions that use an altered type follow it.
// Test: test/facts-conformance/errors.test.ts. Cassandra: CreateTypeStatement, AlterTypeStatement, DropTypeStatement.

import type {
  AlterTypeStatement,
  CreateTypeStatement,
  DropTypeStatement,
} from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import type { UserType } from '../../../data/cql-type.ts';
import { qualifiedText } from '../../../data/identifier.ts';
import type { KeyspaceMetadata } from '../../../data/schema.ts';
import { referencesUserType, withUpdatedUserType } from '../../../data/type-names.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { allTablesResource } from '../../auth/resource.ts';
import { guardVectors } from '../../guardrails/guarded-schema.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import { mapColumns } from './alter-table.ts';
import { firstDuplicate } from './create-table.ts';
import { javaHashOrder } from './java-hash-order.ts';
import { isNative, prepareType } from './prepare-type.ts';
import { printPrepared } from '../terms/raw-type.ts';
import type { DdlChange } from './schema-change.ts';
import { existingKeyspace, withKeyspace } from './schema-change.ts';

export function createType(statement: CreateTypeStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.type, current);
  const { name } = statement.type;
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('CREATE', allTablesResource(keyspaceName))],
    validate({ guard }) {
      if (guard === null) return;
      guard.atMost('fields_per_udt', statement.fields.length, name);
      for (const field of statement.fields) guardVectors(field.type, `Field ${field.name}`, guard);
    },
    apply(keyspaces) {
      const keyspace = existingKeyspace(keyspaces, keyspaceName);
      if (keyspace.types.has(name)) {
        if (statement.ifNotExists) return keyspaces;
        throw invalid(`A user type with name '${name}' already exists`);
      }
      const duplicate = firstDuplicate(statement.fields.map((field) => field.name));
      if (duplicate !== null) {
        throw invalid(`Duplicate field name '${duplicate}' in type '${name}'`);
      }
      for (const { type } of statement.fields) refuseFieldType(type);
      const type: UserType = {
        kind: 'udt',
        keyspace: keyspaceName,
        name,
        fieldNames: statement.fields.map((field) => field.name),
        fieldTypes: statement.fields.map((field) =>
          prepareType(field.type, keyspaceName, keyspace.types),
        ),
        frozen: false,
      };
      return withKeyspace(keyspaces, {
        ...keyspace,
        types: new Map([...keyspace.types, [name, type]]),
      });
    },
    event: () => ({ change: 'CREATED', target: 'TYPE', keyspace: keyspaceName, name }),
  };
}

export function alterType(statement: AlterTypeStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.type, current);
  const { name } = statement.type;
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('ALTER', allTablesResource(keyspaceName))],
    apply(keyspaces, { guard }) {
      const keyspace = keyspaces.get(keyspaceName);
      const type = keyspace?.types.get(name);
      if (keyspace === undefined || type === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Type ${keyspaceName}.${name} doesn't exist`);
      }
      const changed = alter(statement, keyspace, type, guard);
      if (changed === type) return keyspaces;
      return withKeyspace(keyspaces, withUserType(keyspace, changed));
    },
    event: () => ({ change: 'UPDATED', target: 'TYPE', keyspace: keyspaceName, name }),
  };
}

function alter(
  statement: AlterTypeStatement,
  keyspace: KeyspaceMetadata,
  type: UserType,
  guard: Guard | null,
): UserType {
  const { alteration } = statement;
  switch (alteration.kind) {
    case 'alter-field-type':
      throw invalid('Altering field types is no longer supported');
    case 'add-field':
      return addField(alteration, keyspace, type, guard);
    case 'rename-fields':
      return renameFields(alteration, keyspace, type);
  }
}

type Alteration = AlterTypeStatement['alteration'];

function addField(
  alteration: Extract<Alteration, { kind: 'add-field' }>,
  keyspace: KeyspaceMetadata,
  type: UserType,
  guard: Guard | null,
): UserType {
  const { field } = alteration;
  refuseFieldType(field.type);
  const text = qualifiedText(type);
  if (type.fieldNames.includes(field.name)) {
    if (alteration.ifFieldNotExists) return type;
    throw invalid(
      `Cannot add field ${field.name} to type ${text}: a field with name ${field.name} already exists`,
    );
  }
  const added = prepareType(field.type, keyspace.name, keyspace.types);
  if (referencesUserType(added, type.keyspace, type.name)) {
    throw invalid(
      `Cannot add new field ${field.name} of type ${printPrepared(field.type, keyspace.name)} to user type ${text} ` +
        'as it would create a circular reference',
    );
  }
  const keyed = [...keyspace.tables.values()].filter((table) =>
    table.partitionKey.some((column) => referencesUserType(column.type, type.keyspace, type.name)),
  );
  if (keyed.length > 0) {
    throw invalid(
      `Cannot add new field ${field.name} of type ${printPrepared(field.type, keyspace.name)} to user type ${text} as the type is being ` +
        `used in partition key by the following tables: ${keyed.map((t) => `${t.keyspace}.${t.name}`).join(', ')}`,
    );
  }
  if (guard !== null) {
    guard.atMost('fields_per_udt', type.fieldNames.length + 1, type.name);
    guardVectors(field.type, `Field ${field.name}`, guard);
  }
  return {
    ...type,
    fieldNames: [...type.fieldNames, field.name],
    fieldTypes: [...type.fieldTypes, added],
  };
}

function renameFields(
  alteration: Extract<Alteration, { kind: 'rename-fields' }>,
  keyspace: KeyspaceMetadata,
  type: UserType,
): UserType {
  const dependent = keyspace.aggregates.filter(
    ({ initialCondition, stateType }) =>
      initialCondition !== null && referencesUserType(stateType, type.keyspace, type.name),
  );
  if (dependent.length > 0) {
    const names = dependent.map((a) => `${a.keyspace}.${a.name}`).join(', ');
    throw invalid(
      `Cannot alter user type ${qualifiedText(type)} as it is still used in INITCOND by aggregates ${names}`,
    );
  }
  const names = [...type.fieldNames];
  const renames = new Map(alteration.renames.map(({ from, to }) => [from, to]));
  for (const from of javaHashOrder(renames.keys())) {
    const index = type.fieldNames.indexOf(from);
    if (index < 0) {
      if (alteration.ifFieldExists) continue;
      throw invalid(`Unkown field ${from} in user type ${qualifiedText(type)}`);
    }
    names[index] = renames.get(from) ?? from;
  }
  const duplicate = names.find((name, i) => names.indexOf(name) !== i);
  if (duplicate !== undefined) {
    // The keyspace stands where the type's name should: so does Cassandra print it.
    throw invalid(`Duplicate field name ${duplicate} in type ${type.keyspace}`);
  }
  return { ...type, fieldNames: names };
}

/** The keyspace with every use of the type replaced. */
function withUserType(keyspace: KeyspaceMetadata, type: UserType): KeyspaceMetadata {
  const uses = (of: Parameters<typeof referencesUserType>[0]): boolean =>
    referencesUserType(of, type.keyspace, type.name);
  const update = <T extends Parameters<typeof withUpdatedUserType>[0]>(of: T): T =>
    withUpdatedUserType(of, type) as T;
  const types = new Map(
    [...keyspace.types.values()].map((other) => [
      other.name,
      other.name === type.name ? type : update(other),
    ]),
  );
  const tables = new Map(
    [...keyspace.tables].map(([name, table]) => [
      name,
      [...table.columns.values()].some((column) => uses(column.type))
        ? mapColumns(table, (column) => ({ ...column, type: update(column.type) }))
        : table,
    ]),
  );
  return {
    ...keyspace,
    types,
    tables,
    functions: keyspace.functions.map((function_) => ({
      ...function_,
      argumentTypes: function_.argumentTypes.map(update),
      returnType: update(function_.returnType),
    })),
    aggregates: keyspace.aggregates.map((aggregate) => ({
      ...aggregate,
      argumentTypes: aggregate.argumentTypes.map(update),
      stateType: update(aggregate.stateType),
      returnType: update(aggregate.returnType),
    })),
  };
}

export function dropType(statement: DropTypeStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.type, current);
  const { name } = statement.type;
  return {
    keyspace: keyspaceName,
    requirements: () => [permissionOn('DROP', allTablesResource(keyspaceName))],
    apply(keyspaces) {
      const keyspace = keyspaces.get(keyspaceName);
      if (keyspace === undefined || !keyspace.types.has(name)) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Type '${keyspaceName}.${name}' doesn't exist`);
      }
      refuseUsedType(keyspace, name);
      const types = new Map([...keyspace.types].filter(([other]) => other !== name));
      return withKeyspace(keyspaces, { ...keyspace, types });
    },
    event: () => ({ change: 'DROPPED', target: 'TYPE', keyspace: keyspaceName, name }),
  };
}

function refuseUsedType(keyspace: KeyspaceMetadata, name: string): void {
  const uses = (of: Parameters<typeof referencesUserType>[0]): boolean =>
    referencesUserType(of, keyspace.name, name);
  const refuse = (what: string, users: readonly string[]): void => {
    if (users.length === 0) return;
    throw invalid(
      `Cannot drop user type '${keyspace.name}.${name}' as it is still used by ${what} ${users.join(', ')}`,
    );
  };
  const functions = [...keyspace.functions, ...keyspace.aggregates].filter(
    (f) =>
      f.argumentTypes.some(uses) || uses(f.returnType) || ('stateType' in f && uses(f.stateType)),
  );
  refuse(
    'functions',
    functions.map((f) => `${f.keyspace}.${f.name}`),
  );
  const types = [...keyspace.types.values()].filter(
    (type) => type.name !== name && type.fieldTypes.some(uses),
  );
  refuse(
    'user types',
    types.map((type) => type.name),
  );
  const tables = [...keyspace.tables.values()].filter(
    (table) => table.kind !== 'view' && [...table.columns.values()].some(({ type }) => uses(type)),
  );
  refuse(
    'tables',
    tables.map((table) => table.name),
  );
}

function refuseFieldType(type: CreateTypeStatement['fields'][number]['type']): void {
  if (isNative(type, 'counter')) throw invalid('A user type cannot contain counters');
  if (type.kind === 'udt' && !type.frozen) {
    throw invalid('A user type cannot contain non-frozen UDTs');
  }
}
