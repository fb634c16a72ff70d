// Result column names, error texts' relations and terms, and print -> parse of generated terms.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Selector, Term } from '../../src/cql/ast.ts';
import { isReservedWord, parseStatement, parseTerm, quoteIdentifier } from '../../src/cql/parse.ts';
import { printRelation, printSelector, printTerm, printType } from '../../src/cql/print.ts';
import type { SelectorNaming } from '../../src/cql/print.ts';
import { facts, recordedErrors } from '../read-facts.ts';

/** Functions of the recorded schema that are not Cassandra's own. */
const USER_FUNCTIONS = new Set(['fn', 'ag']);

const NAMING: SelectorNaming = {
  functionName({ function: { name } }) {
    return `${USER_FUNCTIONS.has(name) ? 'e' : 'system'}.${name}`;
  },
  typeName(type) {
    return type.kind === 'udt' ? `e.${type.name.name}` : printType(type);
  },
};

interface SelectorRow {
  readonly cql: string;
  /** Absent where the statement failed. */
  readonly columns?: readonly (readonly [string, string])[];
}

test('result columns have Cassandra’s names', () => {
  let compared = 0;
  for (const { cql, columns } of facts<readonly SelectorRow[]>('selectors.json')) {
    if (columns === undefined) continue;
    const { statement } = parseStatement(cql);
    if (statement.kind !== 'select' || statement.selectors.length === 0) continue;
    const names = statement.json
      ? ['[json]']
      : statement.selectors.map(({ selector, alias }) => alias ?? printSelector(selector, NAMING));
    expect({ cql, names }).toEqual({ cql, names: columns.map(([name]) => name) });
    compared += names.length;
  }
  expect(compared).toBeGreaterThan(100);
});

function selectorOf(text: string): Selector {
  const { statement } = parseStatement(`SELECT ${text} FROM t`);
  if (statement.kind !== 'select' || statement.selectors[0] === undefined) throw new Error(text);
  return statement.selectors[0].selector;
}

test.each([
  ['(Vector<int, 2>)[k, V]', '(vector<int, 2>)[k, v]'],
  ['(addr){street: t, num: k}', '(e.addr){street: t, num: k}'],
  ['cast(v AS varchar)', 'cast(v as text)'],
  ['count(1)', 'count'],
  ['null', 'NULL'],
  ['a.b.c[1]["x"..]'.replaceAll('"', "'"), "a.b.c[1]['x'..]"],
  ['- - a', '--a'],
  ['{1: a, 2: b}', '{1: a, 2: b}'],
  ['toDate(f(:x))', 'system.todate(system.f(?))'],
])('%s is named %s', (text, name) => {
  expect(printSelector(selectorOf(text), NAMING)).toBe(name);
});

test('relations print as Cassandra’s errors quote them', () => {
  const quoting =
    /^(?:Unsupported "!=" relation|Unsupported restriction|.* relations): (.*)$|columns\. (.*) is not valid\.$/;
  let compared = 0;
  for (const { cql, message } of recordedErrors()) {
    const match = quoting.exec(message);
    const quoted = match?.[1] ?? match?.[2];
    if (quoted === undefined || !cql.startsWith('SELECT')) continue;
    const { statement } = parseStatement(cql);
    if (statement.kind !== 'select') continue;
    expect(statement.where.relations.map(printRelation)).toContain(quoted);
    compared++;
  }
  expect(compared).toBeGreaterThan(8);
});

test.each([
  ['k IN (1, ?)', 'k IN (1, ?)'],
  ['k IN :x', 'k IN ?'],
  ['"K" CONTAINS KEY \'a\'', '"K" CONTAINS KEY \'a\''],
  ["m['a']=1", "m['a'] = 1"],
  ['token(a,b)>f(1)', 'token(a, b) > f(1)'],
  ['(a,"B") IN ((1,2),(3,4))', '(a, "B") IN ((1, 2), (3, 4))'],
  ['(a,b) IN ()', '(a, b) IN ()'],
  ['(a,b) <= ?', '(a, b) <= ?'],
])('relation %s prints %s', (text, printed) => {
  const { statement } = parseStatement(`SELECT * FROM t WHERE ${text}`);
  if (statement.kind !== 'select') throw new Error(text);
  expect(statement.where.relations.map(printRelation)).toEqual([printed]);
});

test.each([
  ['1 + 2', 'system."_add"(1, 2)'],
  ['-f(1)', 'system."_negate"(f(1))'],
  ['cast(1 as varchar)', 'system.cast_as_text(1)'],
  ['(frozen<list<"Foo">>)1', '(frozen<list<frozen<Foo>>>)1'],
  ["('Int32Type')1", "('org.apache.cassandra.db.marshal.Int32Type')1"],
  ["(1, 'it''s', :x, NULL)", "(1, 'it's', ?, NULL)"],
  ['"Ks"."F"(token(1), KEYS(2))', '"Ks"."F"(token(1), "KEYS"(2))'],
])('term %s prints %s', (text, printed) => {
  expect(printTerm(parseTerm(text))).toBe(printed);
});

/** Terms whose printed form is CQL again: no markers, no arithmetic, no quotes inside strings. */
const printableTerm = fc.letrec<{ term: Term }>((tie) => {
  const name = fc.constantFrom('f', 'to_date', 'count', 'Mixed', 'select', 'a b');
  const terms = fc.array(tie('term'), { maxLength: 3 });
  const someTerms = fc.array(tie('term'), { minLength: 1, maxLength: 3 });
  return {
    term: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc
        .bigInt()
        .map((value): Term => ({ kind: 'literal', type: 'INTEGER', text: value.toString() })),
      fc.stringMatching(/^[^']*$/).map((text): Term => ({ kind: 'literal', type: 'STRING', text })),
      fc.uuid().map((text): Term => ({ kind: 'literal', type: 'UUID', text })),
      fc.constantFrom<Term>(
        { kind: 'null' },
        { kind: 'literal', type: 'FLOAT', text: '1.5e3' },
        { kind: 'literal', type: 'FLOAT', text: '-Infinity' },
        { kind: 'literal', type: 'DURATION', text: '1y2mo' },
        { kind: 'literal', type: 'HEX', text: '0xCafe' },
        { kind: 'literal', type: 'BOOLEAN', text: 'True' },
      ),
      terms.map((elements): Term => ({ kind: 'list', elements })),
      terms.map((elements): Term => ({ kind: 'set', elements })),
      someTerms.map((elements): Term => ({ kind: 'tuple', elements })),
      fc
        .array(fc.record({ key: tie('term'), value: tie('term') }), { minLength: 1, maxLength: 3 })
        .map((entries): Term => ({ kind: 'map', entries })),
      fc
        .record({ ns: fc.option(name), name, args: terms })
        .map(({ ns, name: own, args }): Term => ({
          kind: 'call',
          function: { keyspace: ns, name: own },
          args,
        })),
      tie('term').map((term): Term => ({ kind: 'udt', fields: [{ name: 'f', value: term }] })),
    ),
  };
}).term;

test('printed terms parse to themselves', () => {
  fc.assert(
    fc.property(printableTerm, (term) => {
      expect(parseTerm(printTerm(term))).toEqual(term);
    }),
    { numRuns: 500 },
  );
});

test('identifiers are quoted when they must be, and read back', () => {
  expect(quoteIdentifier('plain_1')).toBe('plain_1');
  expect(quoteIdentifier('ttl')).toBe('ttl');
  expect(quoteIdentifier('Table')).toBe('"Table"');
  expect(quoteIdentifier('table')).toBe('"table"');
  expect(quoteIdentifier('1a')).toBe('"1a"');
  expect(quoteIdentifier('a"b')).toBe('"a""b"');
  expect(isReservedWord('Select')).toBe(true);
  expect(isReservedWord('keys')).toBe(false);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      const { statement } = parseStatement(`USE ${quoteIdentifier(name)}`);
      expect(statement).toEqual({ kind: 'use', keyspace: name });
    }),
  );
});
