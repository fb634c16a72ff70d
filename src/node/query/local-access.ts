// Tables that no replica set owns: system tables of this node and virtual tables, whose rows are computed. The node
// implements it over its store and its registry of virtual tables.

import type { CqlError } from '../../data/cql-error.ts';
import type { Mutation } from '../../data/partition.ts';
import type { ReadCommand } from '../../data/read-command.ts';
import type { TableMetadata } from '../../data/schema.ts';
import type { ReplicaResult } from '../storage/replica-result.ts';

export interface LocalAccess {
  /** As a replica reads: partitions in (token, key) order, cut by the command's limits. */
  read(command: ReadCommand): ReplicaResult;
  /** null: applied. Virtual tables mostly refuse. */
  write(mutations: readonly Mutation[]): CqlError | null;
  truncate(table: TableMetadata): CqlError | null;
  /** Virtual tables that filter without ALLOW FILTERING. */
  filtersImplicitly(table: TableMetadata): boolean;
}
