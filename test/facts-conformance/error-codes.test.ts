// A text that Cassandra gives under one code never comes under another from us, whatever the statement: statements of
// errors.json, taken apart and put together at random, and every answer whose text is one of the recorded templates.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordedErrors } from '../read-facts.ts';
import type { FactClient, FactNode } from './fact-node.ts';
import { SETUP, startFactNode } from './fact-node.ts';

const ROWS = recordedErrors().filter(({ section }) => !section.startsWith('auth'));

const tokensOf = (cql: string): readonly string[] =>
  cql.match(/'(?:[^']|'')*'|"[^"]*"|\$\$.*?\$\$|[\w.-]+|\s+|./gs) ?? [];

/** The text with a blank for what the statement gave: names, values, positions. */
function template(message: string, cql: string): string {
  const given = new Set(cql.toLowerCase().match(/\w+/g) ?? []);
  return message
    .replaceAll(/\w+/g, (word) => (given.has(word.toLowerCase()) || /\d/.test(word) ? '_' : word))
    .replaceAll(/\(?\.\.\..*\.\.\.\)?$/gs, '');
}

const CODES = new Map<string, Set<string>>();
for (const { cql, message, name } of ROWS) {
  const key = template(message, cql);
  CODES.set(key, (CODES.get(key) ?? new Set<string>()).add(name));
}

let node: FactNode;
let client: FactClient;

beforeAll(async () => {
  node = await startFactNode('plain');
  client = await node.connect();
  await client.setUp(...SETUP);
});
afterAll(() => node.stop());

/** A recorded statement in which stretches of tokens are those of others. */
const statement = fc
  .tuple(
    fc.constantFrom(...ROWS),
    fc.array(fc.tuple(fc.constantFrom(...ROWS), fc.nat(), fc.nat(), fc.nat(4)), { maxLength: 3 }),
  )
  .map(([{ cql }, changes]) => {
    const tokens = [...tokensOf(cql)];
    for (const [other, at, from, count] of changes) {
      const others = tokensOf(other.cql);
      const start = from % others.length;
      tokens.splice(at % tokens.length, count, ...others.slice(start, start + count));
    }
    return tokens.join('');
  });

test('every recorded text carries its recorded code', async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(statement, async (cql) => {
      const { response } = await client.query(cql);
      if (response.kind === 'schema-change' || response.kind === 'set-keyspace')
        await client.setUp(...SETUP);
      if (response.kind !== 'error') return;
      const { code, message } = response.error;
      const codes = CODES.get(template(message, cql));
      if (codes === undefined) return;
      met.add(template(message, cql));
      expect([...codes], `${code}: ${message}`).toContain(code);
    }),
    { numRuns: 1_500 },
  );
  expect(met.size).toBeGreaterThan(CODES.size / 4);
});
