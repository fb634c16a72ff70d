// CREATE, ALTER and DROP KEYSPACE. What replication options mean: ring/replication-options.ts.
// Test: test/facts-conformance/errors.test.ts.
// Cassandra: CreateKeyspaceStatement, AlterKeyspaceStatement, DropKeyspaceStatement.

import type {
  AlterKeyspaceStatement,
  CreateKeyspaceStatement,
  DropKeyspaceStatement,
} from '../../../cql/ast.ts';
import { configError, CqlException, invalid } from '../../../data/cql-error.ts';
import type { KeyspaceMetadata, ReplicationParams } from '../../../data/schema.ts';
import {
  prepareReplication,
  raisedFactorWarning,
  refuseDuringRangeMovements,
  validateReplication,
} from '../../../ring/replication-options.ts';
import { permissionOn } from '../../auth/requirement.ts';
import { ALL_KEYSPACES, keyspaceFunctionsResource, keyspaceResource } from '../../auth/resource.ts';
import { guardReplication, guardStrategy, userKeyspaces } from '../../guardrails/guarded-schema.ts';
import { Properties } from './properties.ts';
import type { DdlChange, DdlEnvironment } from './schema-change.ts';
import { existingKeyspace, withKeyspace } from './schema-change.ts';

const NAMES: ReadonlySet<string> = new Set(['replication', 'durable_writes']);

export function createKeyspace(statement: CreateKeyspaceStatement): DdlChange {
  const { name } = statement;
  const properties = new Properties(statement.properties);
  let warnings: readonly string[] = [];
  return {
    keyspace: name,
    requirements: () => [permissionOn('CREATE', ALL_KEYSPACES)],
    validate({ guard, schema }) {
      guard?.atMost('keyspaces', userKeyspaces(schema).length + 1, name);
    },
    apply(keyspaces, environment) {
      const { guard } = environment;
      const written = writtenReplication(properties);
      if (written === null) throw invalid("Missing mandatory option 'replication'");
      guardStrategy(written, guard);
      if (keyspaces.has(name)) {
        if (statement.ifNotExists) return keyspaces;
        throw new CqlException({
          code: 'ALREADY_EXISTS',
          message: `Cannot add existing keyspace "${name}"`,
          keyspace: name,
          table: '',
        });
      }
      const durableWrites = properties.boolean('durable_writes', true);
      const replication = prepareReplication(written, null, environment.replication);
      warnings = validateReplication(name, replication, environment.replication);
      if (guard !== null) guardReplication(name, replication, guard);
      const keyspace: KeyspaceMetadata = {
        name,
        kind: 'regular',
        durableWrites,
        replication,
        tables: new Map(),
        types: new Map(),
        functions: [],
        aggregates: [],
      };
      return withKeyspace(keyspaces, keyspace);
    },
    event: () => ({ change: 'CREATED', target: 'KEYSPACE', keyspace: name }),
    warnings: () => warnings,
    created: () => [keyspaceResource(name), keyspaceFunctionsResource(name)],
  };
}

export function alterKeyspace(statement: AlterKeyspaceStatement): DdlChange {
  const { name } = statement;
  const properties = new Properties(statement.properties);
  let warnings: readonly string[] = [];
  return {
    keyspace: name,
    requirements: () => [permissionOn('ALTER', keyspaceResource(name))],
    apply(keyspaces, environment) {
      const written = writtenReplication(properties);
      if (statement.ifExists && !keyspaces.has(name)) return keyspaces;
      const before = existingKeyspace(keyspaces, name);
      const durableWrites = properties.boolean('durable_writes', before.durableWrites);
      const replication = alteredReplication(written, before, environment);
      const { guard } = environment;
      guardStrategy(written, guard);
      warnings = validateReplication(name, replication, environment.replication);
      if (guard !== null) guardReplication(name, replication, guard);
      refuseDuringRangeMovements(environment.moving);
      return withKeyspace(keyspaces, { ...before, durableWrites, replication });
    },
    event: () => ({ change: 'UPDATED', target: 'KEYSPACE', keyspace: name }),
    warnings(diff) {
      const [altered] = diff.altered;
      if (altered === undefined) return warnings;
      const raised = raisedFactorWarning(altered.before.replication, altered.after.replication);
      return raised === null ? warnings : [...warnings, raised];
    },
  };
}

export function dropKeyspace(statement: DropKeyspaceStatement): DdlChange {
  const { name } = statement;
  return {
    keyspace: name,
    requirements: () => [permissionOn('DROP', keyspaceResource(name))],
    apply(keyspaces, { guard }) {
      guard?.ensureEnabled('drop_keyspace_enabled');
      if (statement.ifExists && !keyspaces.has(name)) return keyspaces;
      existingKeyspace(keyspaces, name);
      return new Map([...keyspaces].filter(([other]) => other !== name));
    },
    event: () => ({ change: 'DROPPED', target: 'KEYSPACE', keyspace: name }),
  };
}

/** null: not written. */
function writtenReplication(properties: Properties): ReadonlyMap<string, string> | null {
  properties.validateNames(NAMES);
  const written = properties.stringMap('replication');
  if (written !== null && written.size > 0 && !written.has('class')) {
    throw configError('Missing replication strategy class');
  }
  return written;
}

function alteredReplication(
  written: ReadonlyMap<string, string> | null,
  before: KeyspaceMetadata,
  environment: DdlEnvironment,
): ReplicationParams {
  if (written === null || !written.has('class')) return before.replication;
  return prepareReplication(written, before.replication, environment.replication);
}
