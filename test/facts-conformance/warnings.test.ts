// Statements that a real node answered with warnings (raw-checks.txt), or without where one might expect them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { factText } from '../read-facts.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { SETUP, startFactNode } from './fact-node.ts';
import { printReply } from './print-reply.ts';

const [, section = ''] = factText('raw-checks.txt').split('--- warnings\n');
const ROWS = [...section.matchAll(/^(.*?) -> (.*) \| \[(.*)\]$/gm)].map(
  ([, cql = '', reply = '', warnings = '']) => ({ cql, reply, warnings }),
);

let node: FactNode;
let client: FactClient;

beforeAll(async () => {
  node = await startFactNode('plain');
  client = await node.connect();
  await client.setUp(...SETUP);
});
afterAll(() => node.stop());

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

test('the section is whole', () => {
  expect(ROWS.length).toBe(19);
});

test.each(ROWS)('$cql', async ({ cql, reply, warnings }) => {
  const answer = await client.query(cql);
  const ours = head(printReply(answer));
  expect(ours.startsWith(head(reply).trimEnd())).toBe(true);
  expect(printWarnings(answer.extras.warnings ?? [])).toBe(warnings);
});
