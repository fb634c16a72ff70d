// What terms are prepared in: the keyspace that unqualified functions and types belong to, the schema, and the bind
// markers found on the way.

import type { CqlFunction } from '../../../cql/functions/function.ts';
import type { Schema, TableMetadata } from '../../../data/schema.ts';
import type { BindVariables } from '../bind-variables.ts';

export interface TermScope {
  readonly keyspace: string;
  readonly schema: Schema;
  /** The table the statement is about; token() takes its arguments from there. */
  readonly table: TableMetadata | null;
  readonly variables: BindVariables;
  /** What the timestamp 'now' means in this preparation. */
  readonly nowMs: number;
  /** See CallSite of cql/functions/function-factory.ts. */
  readonly firstNames?: Map<string, string>;
  readonly userFunctions: (keyspace: string, name: string) => readonly CqlFunction[];
}
