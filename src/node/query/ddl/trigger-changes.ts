// CREATE and DROP TRIGGER. Triggers are Java classes, of which there are none here: creating one is refused as
// Cassandra refuses a class it cannot load. Cassandra: CreateTriggerStatement, DropTriggerStatement.

import type { CreateTriggerStatement, DropTriggerStatement } from '../../../cql/ast.ts';
import { invalid } from '../../../data/cql-error.ts';
import { rebuildTable } from '../../schema/table-builder.ts';
import { keyspaceOf } from '../schema-lookup.ts';
import type { DdlChange } from './schema-change.ts';
import { existingKeyspace, withKeyspace, withTables } from './schema-change.ts';

export function createTrigger(
  statement: CreateTriggerStatement,
  current: string | null,
): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const { name } = statement.table;
  const message = 'Only superusers are allowed to perform CREATE TRIGGER queries';
  return {
    keyspace: keyspaceName,
    requirements: () => [{ kind: 'superuser', message }],
    apply(keyspaces) {
      const table = existingKeyspace(keyspaces, keyspaceName).tables.get(name);
      if (table === undefined) throw invalid(`Table '${name}' doesn't exist`);
      if (table.kind === 'view') throw invalid('Cannot CREATE TRIGGER for a materialized view');
      if (table.triggers.some((trigger) => trigger.name === statement.name)) {
        if (statement.ifNotExists) return keyspaces;
        throw invalid(`Trigger '${statement.name}' already exists`);
      }
      throw invalid(`Trigger class '${statement.className}' couldn't be loaded`);
    },
    event: () => ({ change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}

export function dropTrigger(statement: DropTriggerStatement, current: string | null): DdlChange {
  const keyspaceName = keyspaceOf(statement.table, current);
  const { name } = statement.table;
  const message = 'Only superusers are allowed to perfrom DROP TRIGGER queries';
  return {
    keyspace: keyspaceName,
    requirements: () => [{ kind: 'superuser', message }],
    apply(keyspaces) {
      const keyspace = keyspaces.get(keyspaceName);
      const table = keyspace?.tables.get(name);
      const trigger = table?.triggers.find((other) => other.name === statement.name);
      if (keyspace === undefined || table === undefined || trigger === undefined) {
        if (statement.ifExists) return keyspaces;
        throw invalid(`Trigger '${statement.name}' on '${keyspaceName}.${name}' doesn't exist`);
      }
      const triggers = table.triggers.filter((other) => other !== trigger);
      return withKeyspace(keyspaces, withTables(keyspace, rebuildTable(table, { triggers })));
    },
    event: () => ({ change: 'UPDATED', target: 'TABLE', keyspace: keyspaceName, name }),
  };
}
