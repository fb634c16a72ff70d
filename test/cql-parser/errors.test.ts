// Every statement that was sent to a running Cassandra 5.0.9 meets the same fate in our parser: the
// error to the letter, or it parses. recorded.json holds what Cassandra 5.0.9's parser said to
// mutated statements (null = parsed).

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { facts, recordedErrors } from '../read-facts.ts';
import { outcome } from './fixtures.ts';

/**
 * Syntax errors that Cassandra raises after parsing: property names and values, functions that
 * must exist.
 */
const RAISED_LATER =
  /^(Unknown property|Invalid value for property|Invalid (integer|double|boolean) value)|NoSuchElementException/;
/** Errors of another code that Cassandra raises while parsing. */
const RAISED_EARLY =
  /^(Multiple PRIMARY KEY specified|Duplicate column '.*' (declaration|in CLUSTERING ORDER BY))/;

const rows = recordedErrors();

test('syntax errors are Cassandra’s to the letter', () => {
  const syntax = rows.filter(
    (row) => row.name === 'SYNTAX_ERROR' && !RAISED_LATER.test(row.message),
  );
  expect(syntax.length).toBeGreaterThan(240);
  for (const { cql, message } of syntax) {
    expect({ cql, outcome: outcome(cql) }).toEqual({ cql, outcome: `SYNTAX_ERROR ${message}` });
  }
});

test('statements with other errors parse', () => {
  const others = rows.filter(
    (row) => row.name !== 'SYNTAX_ERROR' || RAISED_LATER.test(row.message),
  );
  expect(others.length).toBeGreaterThan(1000);
  for (const { cql, name, message } of others) {
    const expected = RAISED_EARLY.test(message) ? `${name} ${message}` : 'OK';
    expect({ cql, outcome: outcome(cql) }).toEqual({ cql, outcome: expected });
  }
});

test('odd statements that Cassandra accepts parse', () => {
  const accepted = facts<readonly { cql: string }[]>('accepted.json');
  const selected = facts<readonly { cql: string; columns?: unknown }[]>('selectors.json').filter(
    (row) => 'columns' in row,
  );
  expect(accepted.length + selected.length).toBeGreaterThan(130);
  for (const { cql } of [...accepted, ...selected]) {
    expect({ cql, outcome: outcome(cql) }).toEqual({ cql, outcome: 'OK' });
  }
});

test('mutated statements fail where and as they fail in Cassandra', () => {
  const text = readFileSync(new URL('recorded.json', import.meta.url), 'utf8');
  const recorded = JSON.parse(text) as { cql: string; error: string | null }[];
  expect(recorded.length).toBeGreaterThan(3000);
  for (const { cql, error } of recorded) {
    const expected = error === null ? 'OK' : `SYNTAX_ERROR ${error}`;
    expect({ cql, outcome: outcome(cql) }).toEqual({ cql, outcome: expected });
  }
});
