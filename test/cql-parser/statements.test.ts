// What statements parse to: one of each kind of thing that statement preparation relies on.

import { expect, test } from 'vitest';
import type { Statement } from '../../src/cql/ast.ts';
import { parseStatement } from '../../src/cql/parse.ts';

function parse(cql: string): Statement {
  return parseStatement(cql).statement;
}

test('bind markers are counted through the statement, with their names', () => {
  const { bindMarkers, statement } = parseStatement(
    'BEGIN BATCH USING TIMESTAMP ? INSERT INTO t (a) VALUES (:A); UPDATE t SET a = :"B" WHERE k IN ? APPLY BATCH;',
  );
  expect(bindMarkers).toEqual([null, 'a', 'B', null]);
  expect(statement).toMatchObject({
    kind: 'batch',
    type: 'LOGGED',
    attributes: { timestamp: { kind: 'marker', index: 0, name: null }, ttl: null },
    statements: [
      { kind: 'insert', values: [{ kind: 'marker', index: 1, name: 'a' }] },
      { kind: 'update', where: { relations: [{ kind: 'in-marker', marker: { index: 3 } }] } },
    ],
  });
});

test('markers of a reading that was given up are not counted', () => {
  expect(parseStatement('SELECT (a.b)[?], JSON[?] FROM t WHERE k = ?').bindMarkers).toEqual([
    null,
    null,
    null,
  ]);
});

test('names fold to lower case unless quoted', () => {
  expect(parse('USE MyKs')).toEqual({ kind: 'use', keyspace: 'myks' });
  expect(parse('USE "MyKs"')).toEqual({ kind: 'use', keyspace: 'MyKs' });
  expect(parse('TRUNCATE TABLE Ks."T"')).toEqual({
    kind: 'truncate',
    table: { keyspace: 'ks', name: 'T' },
  });
});

test('SELECT', () => {
  expect(
    parse(
      "SELECT DISTINCT a AS X, ttl(b['k']) FROM ks.t WHERE (a, b) > (1, ?) AND expr(i, 'x') GROUP BY a " +
        'ORDER BY v ANN OF [1.0] DESC PER PARTITION LIMIT 2 LIMIT :l ALLOW FILTERING',
    ),
  ).toEqual({
    kind: 'select',
    json: false,
    distinct: true,
    selectors: [
      { selector: { kind: 'column', name: 'a' }, alias: 'x' },
      {
        selector: {
          kind: 'cell-attribute',
          attribute: 'ttl',
          column: 'b',
          selector: {
            kind: 'element',
            receiver: { kind: 'column', name: 'b' },
            key: { kind: 'literal', type: 'STRING', text: 'k' },
          },
        },
        alias: null,
      },
    ],
    table: { keyspace: 'ks', name: 't' },
    where: {
      relations: [
        {
          kind: 'multi',
          columns: ['a', 'b'],
          operator: '>',
          value: {
            kind: 'tuple',
            elements: [
              { kind: 'literal', type: 'INTEGER', text: '1' },
              { kind: 'marker', index: 0, name: null },
            ],
          },
        },
      ],
      expressions: [
        {
          index: { keyspace: null, name: 'i' },
          value: { kind: 'literal', type: 'STRING', text: 'x' },
        },
      ],
    },
    groupBy: [{ kind: 'column', name: 'a' }],
    orderBy: [
      {
        column: 'v',
        ann: { kind: 'list', elements: [{ kind: 'literal', type: 'FLOAT', text: '1.0' }] },
        descending: true,
      },
    ],
    perPartitionLimit: { kind: 'literal', type: 'INTEGER', text: '2' },
    limit: { kind: 'marker', index: 1, name: 'l' },
    allowFiltering: true,
  });
});

test('JSON and DISTINCT are words of the grammar or columns', () => {
  expect(parse('SELECT JSON DISTINCT a FROM t')).toMatchObject({ json: true, distinct: true });
  expect(parse('SELECT JSON, DISTINCT FROM t')).toMatchObject({
    json: false,
    distinct: false,
    selectors: [{ selector: { name: 'json' } }, { selector: { name: 'distinct' } }],
  });
});

test('assignments', () => {
  const update = parse(
    "UPDATE t SET a = 1, b = b + 1, c = c -3, d = 'x' + d, e -= ?, f[1] = 2, g.h = 3 WHERE k = 1",
  );
  expect(
    update.kind === 'update' ? update.assignments.map(({ kind, column }) => [kind, column]) : [],
  ).toEqual([
    ['set', 'a'],
    ['add', 'b'],
    ['add', 'c'],
    ['prepend', 'd'],
    ['subtract', 'e'],
    ['set-element', 'f'],
    ['set-field', 'g'],
  ]);
});

test('conditions', () => {
  expect(parse('UPDATE t SET a = 1 WHERE k = 1 IF EXISTS')).toMatchObject({
    ifExists: true,
    conditions: [],
  });
  expect(
    parse('DELETE a FROM t WHERE k = 1 IF exists = 1 AND b[2] IN ? AND c.d != null'),
  ).toMatchObject({
    ifExists: false,
    deletions: [{ kind: 'column', column: 'a' }],
    conditions: [
      { column: 'exists', target: null, value: { kind: 'term', operator: '=' } },
      {
        column: 'b',
        target: { kind: 'element' },
        value: { kind: 'in-marker', marker: { index: 0 } },
      },
      {
        column: 'c',
        target: { kind: 'field', field: 'd' },
        value: { operator: '!=', term: { kind: 'null' } },
      },
    ],
  });
});

test('CREATE TABLE', () => {
  expect(
    parse(
      'CREATE TABLE t (a int, b text STATIC MASKED WITH DEFAULT, c varchar, PRIMARY KEY ((a), c),) ' +
        "WITH CLUSTERING ORDER BY (c DESC) AND COMPACT STORAGE AND comment = 'x' AND caching = {'keys': 1} AND cdc = true",
    ),
  ).toEqual({
    kind: 'create-table',
    table: { keyspace: null, name: 't' },
    ifNotExists: false,
    columns: [
      { name: 'a', type: { kind: 'native', name: 'int' }, static: false, mask: null },
      {
        name: 'b',
        type: { kind: 'native', name: 'text' },
        static: true,
        mask: { function: { keyspace: 'system', name: 'mask_default' }, args: [] },
      },
      {
        name: 'c',
        type: { kind: 'native', name: 'text', written: 'varchar' },
        static: false,
        mask: null,
      },
    ],
    primaryKeys: [{ partitionKey: ['a'], clustering: ['c'] }],
    properties: new Map<string, unknown>([
      ['comment', 'x'],
      ['caching', new Map([['keys', '1']])],
      ['cdc', 'true'],
    ]),
    compactStorage: true,
    clusteringOrder: [{ column: 'c', ascending: false }],
  });
});

test('roles and permissions', () => {
  expect(parse("CREATE USER Bob WITH PASSWORD 'p' SUPERUSER")).toMatchObject({
    kind: 'create-role',
    role: 'Bob',
    user: true,
    options: { password: 'p', superuser: true, login: true },
  });
  expect(parse("CREATE ROLE Bob WITH ACCESS TO DATACENTERS {'a', 'b'}")).toMatchObject({
    role: 'bob',
    user: false,
    options: { superuser: false, login: false, datacenters: ['a', 'b'], cidrs: null },
  });
  expect(parse('GRANT ALL ON ks.t TO bob')).toEqual({
    kind: 'grant-permissions',
    permissions: ['ALTER', 'DROP', 'SELECT', 'MODIFY', 'AUTHORIZE', 'UNMASK', 'SELECT_MASKED'],
    resource: { kind: 'table', table: { keyspace: 'ks', name: 't' } },
    role: 'bob',
  });
  expect(parse('GRANT all TO unmask')).toEqual({
    kind: 'grant-role',
    role: 'all',
    grantee: 'unmask',
  });
});

test('functions and aggregates', () => {
  expect(
    parse(
      "CREATE FUNCTION ks.f(A int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE Java AS $$it's$$",
    ),
  ).toMatchObject({
    kind: 'create-function',
    function: { keyspace: 'ks', name: 'f' },
    arguments: [{ name: 'a' }],
    calledOnNullInput: false,
    language: 'java',
    body: "it's",
  });
  expect(parse('DROP AGGREGATE f()')).toMatchObject({ kind: 'drop-aggregate', argumentTypes: [] });
  expect(parse('DROP FUNCTION f')).toMatchObject({ kind: 'drop-function', argumentTypes: null });
});
