// Keeps the stores of this node in step with its schema: a table that appears gets a store, one that goes loses it.

import type { Schema, TableMetadata } from '../data/schema.ts';
import type { NodeStorage } from './storage/node-storage.ts';

/** `onDropped`: hears of tables that are gone, before their data is. */
export function alignStores(
  storage: NodeStorage,
  before: Schema,
  after: Schema,
  onDropped: (table: TableMetadata) => void = () => undefined,
): void {
  const kept = new Set<string>();
  for (const keyspace of after.keyspaces.values()) {
    if (keyspace.kind === 'virtual') continue;
    for (const table of keyspace.tables.values()) {
      kept.add(table.id);
      const known = storage.store(table.id);
      if (known === undefined) storage.createTable(table);
      else if (known.table !== table) storage.alterTable(table);
    }
  }
  for (const keyspace of before.keyspaces.values()) {
    if (after.keyspaces.get(keyspace.name) === keyspace) continue;
    for (const table of keyspace.tables.values()) {
      if (kept.has(table.id)) continue;
      onDropped(table);
      storage.dropTable(table.id);
    }
  }
}
