// Odd statements that a real node accepts (accepted.json): the kind of answer, its columns, its warnings. And those of
// raw-checks.txt that it answered with warnings, or without where one might expect them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SchemaChange } from '../../src/protocol/responses/schema-change.ts';
import { facts, factText } from '../read-facts.ts';
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

const [, warned = ''] = factText('raw-checks.txt').split('--- warnings\n');
const WARNED = [...warned.matchAll(/^(.*?) -> (.*) \| \[(.*)\]$/gm)].map(
  ([, cql = '', reply = '', warnings = '']) => ({ cql, reply, warnings }),
);

function printWarnings(warnings: readonly string[]): string {
  return warnings
    .map((warning) => {
      const quote = warning.includes("'") ? '"' : "'";
      return `${quote}${warning.replaceAll('\n', '\\n')}${quote}`;
    })
    .join(', ');
}

/** Without the values of the rows; the recording cuts long replies. */
const head = (reply: string): string => reply.replace(/\)\] \[\[.*$/, ')]').replaceAll(/['"]/g, '');

let node: FactNode;
let client: FactClient;

beforeAll(async () => {
  node = await startFactNode('plain');
  client = await node.connect();
});
afterAll(() => node.stop());

test('the files are whole', () => {
  expect([ROWS.length, WARNED.length]).toEqual([98, 19]);
});

describe('with warnings', () => {
  beforeAll(() => client.setUp(...SETUP));

  test.each(WARNED)('$cql', async ({ cql, reply, warnings }) => {
    const answer = await client.query(cql);
    const ours = head(printReply(answer));
    expect(ours.startsWith(head(reply).trimEnd())).toBe(true);
    expect(printWarnings(answer.extras.warnings ?? [])).toBe(warnings);
  });
});

describe.each([...new Set(ROWS.map(({ section }) => section))])('%s', (section) => {
  beforeAll(() => client.setUp(...SETUP));

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
