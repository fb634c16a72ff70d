// A text that Cassandra gives under one code never comes under another from us, whatever the statement: statements of
// errors.json, taken apart and put together at random, and every answer whose text is one of the recorded templates.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recordedErrors } from '../read-facts.ts';
import { plainNode, SETUP } from './fact-node.ts';

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

const here = plainNode(...SETUP);

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
      const { response } = await here.client.query(cql);
      if (response.kind === 'schema-change' || response.kind === 'set-keyspace')
        await here.client.setUp(...SETUP);
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
