// Handles to the tables of system_schema, in the order in which their content is digested.
// Cassandra: schema/SchemaKeyspaceTables.

import { required } from '../../base/assert.ts';
import type { TableMetadata } from '../../data/schema.ts';
import { SYSTEM_SCHEMA_KEYSPACE } from './system-keyspaces.ts';

export const SCHEMA_TABLE_NAMES = [
  'column_masks',
  'columns',
  'triggers',
  'dropped_columns',
  'views',
  'types',
  'functions',
  'aggregates',
  'indexes',
  'tables',
  'keyspaces',
] as const;

export type SchemaTableName = (typeof SCHEMA_TABLE_NAMES)[number];

/** Metadata of each table of system_schema. */
export const SCHEMA_TABLES: Readonly<Record<SchemaTableName, TableMetadata>> = Object.fromEntries(
  SCHEMA_TABLE_NAMES.map((name) => [
    name,
    required(SYSTEM_SCHEMA_KEYSPACE.tables.get(name), `system_schema.${name}`),
  ]),
) as Record<SchemaTableName, TableMetadata>;
