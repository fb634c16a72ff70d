// The statements that DESCRIBE prints and that create the system keyspaces parse, with the shapes
// they should have.

import { expect, test } from 'vitest';
import type { CreateViewStatement, Statement } from '../../src/cql/ast.ts';
import { parseStatement, parseTerm, parseType, parseWhereClause } from '../../src/cql/parse.ts';
import { printWhereClause } from '../../src/cql/print.ts';
import { factText } from '../read-facts.ts';

/** Statements of a .cql file: comments out, split at `;` that end a line outside strings. */
function statementsOf(name: string): string[] {
  const withoutBlocks = factText(name).replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const lines = withoutBlocks.split('\n').filter((line) => !line.startsWith('--'));
  return lines
    .join('\n')
    .split(/;[ ]*\n/)
    .map((text) => text.trim())
    .filter((text) => /^[A-Z]+ /.test(text));
}

for (const [name, least] of [
  ['describe-samples.cql', 130],
  ['system-schema.cql', 50],
  ['errors-setup.cql', 30],
] as const) {
  test(`${name} parses`, () => {
    const statements = statementsOf(name);
    expect(statements.length).toBeGreaterThan(least);
    for (const text of statements) expect(parseStatement(text).text).toBe(text);
  });
}

function isView(statement: Statement): statement is CreateViewStatement {
  return statement.kind === 'create-view';
}

test('a view’s WHERE clause prints as DESCRIBE shows it, and parses again', () => {
  const views = statementsOf('describe-samples.cql')
    .map((text) => parseStatement(text))
    .filter((parsed) => isView(parsed.statement));
  expect(views.length).toBeGreaterThan(3);
  for (const { statement, text } of views) {
    if (!isView(statement)) continue;
    const printed = printWhereClause(statement.where);
    expect(text).toContain(`WHERE ${printed}`);
    expect(parseWhereClause(printed)).toEqual(statement.where);
  }
});

test('terms, types and WHERE clauses that stand alone', () => {
  expect(parseTerm("'a'")).toEqual({ kind: 'literal', type: 'STRING', text: 'a' });
  expect(parseTerm('(0, null)')).toEqual({
    kind: 'tuple',
    elements: [{ kind: 'literal', type: 'INTEGER', text: '0' }, { kind: 'null' }],
  });
  expect(parseType('frozen<list<ks."T">>')).toEqual({
    kind: 'list',
    element: { kind: 'udt', name: { keyspace: 'ks', name: 'T' }, frozen: true },
    frozen: true,
  });
  expect(parseType('map<varchar, vector<float, 3>>')).toEqual({
    kind: 'map',
    key: { kind: 'native', name: 'text', written: 'varchar' },
    value: {
      kind: 'vector',
      element: { kind: 'native', name: 'float' },
      dimension: 3,
      frozen: false,
    },
    frozen: false,
  });
  expect(parseWhereClause('')).toEqual({ relations: [], expressions: [] });
  expect(() => parseType('int int')).toThrow(
    "line 1:4 no viable alternative at input 'int' ([int] int)",
  );
  expect(() => parseTerm('1 2')).toThrow("line 1:2 no viable alternative at input '2' (1 [2])");
});
