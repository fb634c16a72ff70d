// Odd statements that a real node accepts (accepted.json): the kind of answer, its columns, its warnings.

import { afterAll, beforeAll, describe, test } from 'vitest';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { facts } from '../read-facts.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { SETUP, startFactNode } from './fact-node.ts';
import { expectRecorded } from './known-differences.ts';
import { printReply } from './print-reply.ts';

interface Accepted {
  readonly section: string;
  readonly cql: string;
  readonly result: string;
  readonly warnings: readonly string[];
}

const ROWS = facts<Accepted[]>('accepted.json');

/** As the real node was put in order: what was created is dropped again; after anything else the setup is run anew. */
function undo({ change, target, ...named }: SchemaChange): readonly string[] {
  if (change !== 'CREATED') return SETUP;
  if (!('name' in named)) return [`DROP KEYSPACE ${named.keyspace}`];
  const types = 'argumentTypes' in named ? `(${named.argumentTypes.join(', ')})` : '';
  return [`DROP ${target} ${named.keyspace}."${named.name}"${types}`];
}

describe.each([...new Set(ROWS.map(({ section }) => section))])('%s', (section) => {
  let node: FactNode;
  let client: FactClient;

  beforeAll(async () => {
    node = await startFactNode('plain');
    client = await node.connect();
    await client.setUp(...SETUP);
  });
  afterAll(() => node.stop());

  const rows = ROWS.filter((row) => row.section === section);
  test.each(rows)('$cql', async ({ cql, result, warnings }) => {
    const answer = await client.query(cql);
    const { response } = answer;
    if (response.kind === 'schema-change') await client.setUp(...undo(response.change));
    expectRecorded({
      file: 'accepted.json',
      row: cql,
      ours: [printReply(answer), ...(answer.extras.warnings ?? [])].join('\n'),
      recorded: [result, ...warnings].join('\n'),
    });
  });
});
