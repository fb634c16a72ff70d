// Guardrails on schema statements: tables, types, keyspaces. Test: test/cql/guardrails-schema.cql,
// guardrails-switches.cql. Cassandra: the validate and apply methods of cql3/statements/schema,
// locator/AbstractReplicationStrategy.maybeWarnOnOptions.

import type { CreateTableStatement, RawType } from '../../cql/ast.ts';
import type {
  KeyspaceMetadata,
  ReplicationParams,
  Schema,
  TableParams,
} from '../../data/schema.ts';
import { replicationOf } from '../../ring/replication.ts';
import { isSystemKeyspace } from '../schema/system-keyspaces.ts';
import type { Guard } from './guardrails.ts';

/** Those that users made. */
export function userKeyspaces(schema: Schema): readonly KeyspaceMetadata[] {
  return [...schema.keyspaces.values()].filter(({ name }) => !isSystemKeyspace(name));
}

export function guardNewTable(statement: CreateTableStatement, schema: Schema, guard: Guard): void {
  const { name } = statement.table;
  guard.atMost('columns_per_table', statement.columns.length, name);
  if (guard.limits('tables')) {
    const tables = userKeyspaces(schema).reduce((sum, keyspace) => sum + keyspace.tables.size, 0);
    guard.atMost('tables', tables + 1, name);
  }
  if (statement.compactStorage) guard.ensureEnabled('compact_tables');
}

/** A table of time windows whose rows never expire by themselves. */
export function guardTimeWindows(keyspace: string, params: TableParams, guard: Guard | null): void {
  if (guard === null || params.default_time_to_live !== 0 || isSystemKeyspace(keyspace)) return;
  const className = params.compaction.get('class') ?? '';
  if (className.endsWith('TimeWindowCompactionStrategy')) guard.ensureEnabled('zero_ttl_on_twcs');
}

export function guardCompression(params: TableParams, guard: Guard | null): void {
  if (guard === null) return;
  const { compression } = params;
  if (compression.get('enabled') === 'false') guard.ensureEnabled('uncompressed_tables_enabled');
}

/** Vectors in the type, but not those in vectors. `what`: `Column v`, `Field v`. */
export function guardVectors(type: RawType, what: string, guard: Guard): void {
  switch (type.kind) {
    case 'vector':
      guard.ensureEnabled('vector_type_enabled', what);
      guard.atMost('vector_dimensions', type.dimension, what);
      return;
    case 'list':
    case 'set':
      guardVectors(type.element, what, guard);
      return;
    case 'map':
      guardVectors(type.key, what, guard);
      guardVectors(type.value, what, guard);
      return;
    case 'tuple':
      for (const element of type.elements) guardVectors(element, what, guard);
      return;
    default:
  }
}

/** Only the short name is looked for. */
export function guardStrategy(
  written: ReadonlyMap<string, string> | null,
  guard: Guard | null,
): void {
  if (written?.get('class') === 'SimpleStrategy') guard?.ensureEnabled('simplestrategy');
}

export function guardReplication(keyspace: string, params: ReplicationParams, guard: Guard): void {
  if (isSystemKeyspace(keyspace)) return;
  const replication = replicationOf(params);
  const factors =
    replication.kind === 'network' ? replication.factors.values() : [replication.total];
  for (const factor of factors) guard.replicationFactor(factor, keyspace);
}
