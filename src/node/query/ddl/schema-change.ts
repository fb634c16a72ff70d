// One schema statement, ready to run: whom it asks leave of, what it makes of the schema, what it tells the client.
// The executor (ddl-executor.ts) runs the steps in Cassandra's order. Cassandra: AlterSchemaStatement.

import { invalid } from '../../../data/cql-error.ts';
import type { KeyspaceMetadata, Schema, TableMetadata } from '../../../data/schema.ts';
import type { SchemaChange } from '../../../protocol/responses/schema-change.ts';
import type { ReplicationEnvironment } from '../../../ring/replication-options.ts';
import type { Endpoint } from '../../../world/ports.ts';
import type { Requirement } from '../../auth/requirement.ts';
import type { Resource } from '../../auth/resource.ts';
import type { Guard } from '../../guardrails/guardrails.ts';
import type { NodeConfig } from '../../node-config.ts';
import type { SchemaDiff } from '../../schema/diff.ts';
import type { Keyspaces } from '../../schema/schema-service.ts';
import type { UserCodeRunner } from '../user-code.ts';

/** What a schema change may look at. */
export interface DdlEnvironment {
  readonly config: NodeConfig;
  readonly replication: ReplicationEnvironment;
  /** Nodes that join, leave or move. */
  readonly moving: readonly Endpoint[];
  readonly runner: UserCodeRunner;
  /** The schema the change starts from. */
  readonly schema: Schema;
  readonly nowMs: number;
  readonly nowMicros: number;
  /** A new version 1 UUID. */
  nextTableId(): string;
  /** Sends a warning to the client; the same text once. */
  warn(text: string): void;
  /** The guardrails that hold for the client; null: none do. */
  readonly guard: Guard | null;
}

export interface DdlChange {
  /** The keyspace that is changed. */
  readonly keyspace: string;
  requirements(schema: Schema): readonly Requirement[];
  /** Checks that do not need the schema (guardrails, switches); before `apply`. */
  validate?(environment: DdlEnvironment): void;
  /** The changed keyspaces, or the same object when nothing is to be done. Throws CqlException. */
  apply(keyspaces: Keyspaces, environment: DdlEnvironment): Keyspaces;
  event(diff: SchemaDiff): SchemaChange;
  /** Also called when nothing changed. */
  warnings?(diff: SchemaDiff): readonly string[];
  /** What the creator gets all permissions on. */
  created?(diff: SchemaDiff): readonly Resource[];
}

export function withKeyspace(keyspaces: Keyspaces, keyspace: KeyspaceMetadata): Keyspaces {
  return new Map([...keyspaces, [keyspace.name, keyspace]]);
}

export function withTables(
  keyspace: KeyspaceMetadata,
  ...changed: readonly TableMetadata[]
): KeyspaceMetadata {
  const tables = new Map(keyspace.tables);
  for (const table of changed) tables.set(table.name, table);
  return { ...keyspace, tables };
}

export function withoutTable(keyspace: KeyspaceMetadata, name: string): KeyspaceMetadata {
  return { ...keyspace, tables: new Map([...keyspace.tables].filter(([other]) => other !== name)) };
}

/** Throws INVALID `Keyspace 'x' doesn't exist`. */
export function existingKeyspace(keyspaces: Keyspaces, name: string): KeyspaceMetadata {
  const keyspace = keyspaces.get(name);
  if (keyspace === undefined) throw invalid(`Keyspace '${name}' doesn't exist`);
  return keyspace;
}

export function viewsOf(keyspace: KeyspaceMetadata, table: TableMetadata): TableMetadata[] {
  return [...keyspace.tables.values()].filter(({ view }) => view?.baseTableId === table.id);
}
