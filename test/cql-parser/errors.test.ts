// Mutated statements meet the same fate in our parser as in Cassandra 5.0.9's: the error to the letter, or they parse.
// recorded.json holds what its parser said (null = parsed). Whole statements are asked of a node in
// test/facts-conformance.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { outcome } from './fixtures.ts';

test('mutated statements fail where and as they fail in Cassandra', () => {
  const text = readFileSync(new URL('recorded.json', import.meta.url), 'utf8');
  const recorded = JSON.parse(text) as { cql: string; error: string | null }[];
  expect(recorded.length).toBeGreaterThan(3000);
  for (const { cql, error } of recorded) {
    const expected = error === null ? 'OK' : `SYNTAX_ERROR ${error}`;
    expect({ cql, outcome: outcome(cql) }).toEqual({ cql, outcome: expected });
  }
});
