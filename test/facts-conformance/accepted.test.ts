// Odd statements that a real node accepts (accepted.json): the kind of answer, its columns, its warnings.

import { afterAll, beforeAll, describe, test } from 'vitest';
import type { DecodedResponse } from '../../src/protocol/responses/response.ts';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { facts } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { SETUP, startFactNode } from './fact-node.ts';
import { expectRecorded } from './known-differences.ts';

interface Accepted {
  readonly section: string;
  readonly cql: string;
  readonly result: string;
  readonly warnings: readonly string[];
}

const ROWS = facts<Accepted[]>('accepted.json');

const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

/** As the recording prints answers. */
function printed({ response }: DecodedResponse): string {
  switch (response.kind) {
    case 'schema-change':
      return `CHANGE [${printChange(response.change)}]`;
    case 'set-keyspace':
      return `USE ${response.keyspace}`;
    case 'rows': {
      const columns = response.metadata.columns.map(
        ({ name, type }) => `(${quoted(name)}, '${wireTypeName(type)}')`,
      );
      return `ROWS [${columns.join(', ')}]`;
    }
    case 'error':
      return `${response.error.code} ${response.error.message}`;
    default:
      return response.kind.toUpperCase();
  }
}

function printChange(change: SchemaChange): string {
  const parts = [change.change, change.target, change.keyspace].map(quoted);
  if (change.target !== 'KEYSPACE') parts.push(quoted(change.name));
  if ('argumentTypes' in change) parts.push(`[${change.argumentTypes.map(quoted).join(', ')}]`);
  return parts.join(', ');
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
    if (response.kind === 'schema-change') await client.setUp(...SETUP);
    expectRecorded({
      file: 'accepted.json',
      row: cql,
      ours: [printed(answer), ...(answer.extras.warnings ?? [])].join('\n'),
      recorded: [result, ...warnings].join('\n'),
    });
  });
});
