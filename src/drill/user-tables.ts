// The tables that users made: what reset empties and the checks compare. Asked over CQL, so of
// every engine alike.

import type { Engine } from '../engine/engine.ts';
import { RawClient } from '../load/raw-client.ts';

export interface UserTable {
  readonly keyspace: string;
  readonly table: string;
}

/** Rejects when no node is up. */
export async function userTables(engine: Engine): Promise<readonly UserTable[]> {
  const node = engine.status().find(({ state }) => state === 'up');
  if (node === undefined) throw new Error('No node is up.');
  const client = await RawClient.connect({ address: node.address, port: node.nativePort });
  try {
    const answer = await client.query('SELECT keyspace_name, table_name FROM system_schema.tables');
    if (answer.kind !== 'rows') throw new Error(`system_schema.tables answered ${answer.kind}`);
    return answer.rows
      .map(([keyspace, table]) => ({
        keyspace: keyspace?.toString('utf8') ?? '',
        table: table?.toString('utf8') ?? '',
      }))
      .filter(({ keyspace }) => keyspace !== 'system' && !keyspace.startsWith('system_'));
  } finally {
    client.close();
  }
}
