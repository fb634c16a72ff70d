// Runs the statements of a schema file on one node, in one session, so that USE and unqualified
// names work. Each error names the statement.

import { existsSync, readFileSync } from 'node:fs';
import type { NodePlacement } from '../cluster/placement.ts';
import { RawClient } from '../load/raw-client.ts';
import { InvalidDocument } from '../topology/load-topology.ts';
import { splitStatements } from '../topology/schema-text.ts';
import type { Topology } from '../topology/topology.ts';

export interface SchemaScript {
  /** What the statements came from, for the errors. */
  readonly source: string;
  /** Keyspace that unqualified names mean; null: none. */
  readonly keyspace: string | null;
  readonly statements: readonly string[];
}

/** The schema files of a topology's keyspaces. Throws InvalidDocument for one that is missing. */
export function schemaFiles(topology: Topology): readonly SchemaScript[] {
  return Object.entries(topology.keyspaces).flatMap(([keyspace, { schema }]) => {
    if (schema === undefined) return [];
    if (!existsSync(schema))
      throw new InvalidDocument(`keyspaces.${keyspace}.schema: there is no file ${schema}.`);
    return [
      { source: schema, keyspace, statements: splitStatements(readFileSync(schema, 'utf8')) },
    ];
  });
}

/** Rejects with an Error that names the source and the statement. */
export async function applySchema(
  node: NodePlacement,
  { source, keyspace, statements }: SchemaScript,
): Promise<void> {
  const client = await RawClient.connect({ address: node.address, port: node.nativePort });
  try {
    const all = keyspace === null ? statements : [`USE "${keyspace}"`, ...statements];
    for (const statement of all) {
      const answer = await client.queryAt(statement, 'ONE');
      if (answer.kind === 'error')
        throw new Error(`${source}: ${answer.error.message}\n  in: ${statement}`);
    }
  } finally {
    client.close();
  }
}
