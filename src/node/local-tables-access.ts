// Reads and writes of tables that live on this node alone: system tables from the store, virtual tables from what
// computes their rows.

import type { CqlError } from '../data/cql-error.ts';
import type { Mutation } from '../data/partition.ts';
import type { ReadCommand } from '../data/read-command.ts';
import type { TableMetadata } from '../data/schema.ts';
import type { LocalAccess } from './query/local-access.ts';
import type { LocalStore } from './replica/local-store.ts';
import type { ReplicaResult } from './storage/replica-result.ts';

/** Computes the rows of virtual tables. */
export interface VirtualTables {
  read(command: ReadCommand): ReplicaResult;
  filtersImplicitly(table: TableMetadata): boolean;
  /** null: done. Most virtual tables refuse. */
  write(mutations: readonly Mutation[]): CqlError | null;
}

export class LocalTablesAccess implements LocalAccess {
  private readonly store: LocalStore;
  private readonly virtual: VirtualTables;
  private readonly beforeRead: (command: ReadCommand) => void;

  /** `beforeRead` brings tables that are counted on demand up to date. */
  constructor(
    store: LocalStore,
    virtual: VirtualTables,
    beforeRead: (command: ReadCommand) => void,
  ) {
    this.store = store;
    this.virtual = virtual;
    this.beforeRead = beforeRead;
  }

  read(command: ReadCommand): ReplicaResult {
    if (command.table.kind === 'virtual') return this.virtual.read(command);
    this.beforeRead(command);
    return this.store.read(command);
  }

  write(mutations: readonly Mutation[]): CqlError | null {
    const [first] = mutations;
    if (first?.updates[0]?.table.kind === 'virtual') return this.virtual.write(mutations);
    for (const mutation of mutations) {
      const failure = this.store.apply(mutation);
      if (failure !== null)
        return { code: 'SERVER_ERROR', message: `java.lang.RuntimeException: ${failure}` };
    }
    return null;
  }

  truncate(table: TableMetadata): CqlError | null {
    if (table.kind === 'virtual') {
      return {
        code: 'INVALID',
        message: `Truncation is not supported by table ${table.keyspace}.${table.name}`,
      };
    }
    this.store.truncate(table, () => undefined);
    return null;
  }

  filtersImplicitly(table: TableMetadata): boolean {
    return this.virtual.filtersImplicitly(table);
  }
}
