// BATCH messages and statements: what may stand in them, their sizes and warnings, one mutation a partition.

import { describe, expect, test } from 'vitest';
import type { BoundValue } from '../../src/protocol/bound-value.ts';
import { DEFAULT_PARAMETERS } from '../../src/protocol/query-parameters.ts';
import type { BatchRequest } from '../../src/protocol/requests/batch.ts';
import { PLAIN_HEADER } from '../../src/protocol/requests/request.ts';
import { int } from '../int-bytes.ts';
import type { Answer } from './single-node.ts';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE pr WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE pr',
    'CREATE TABLE t (k int, c int, extra int, v text, PRIMARY KEY (k,c))',
    'CREATE TABLE cnt (k int PRIMARY KEY, n counter)',
    'CREATE TABLE l (k int PRIMARY KEY, v list<int>)',
  );
  return node;
}

type Statement = string | readonly [string, ...BoundValue[]];

function send(
  node: SingleNode,
  type: BatchRequest['type'],
  statements: readonly Statement[],
): Answer {
  return node.send({
    kind: 'batch',
    ...PLAIN_HEADER,
    type,
    parameters: DEFAULT_PARAMETERS,
    statements: statements.map((statement) => {
      const [query, ...values] = typeof statement === 'string' ? [statement] : statement;
      return { kind: 'query', query, values };
    }),
  });
}

const insert = (k: number, length: number, c = 1): string =>
  `INSERT INTO t (k,c,v) VALUES (${k},${c},'${'x'.repeat(length)}')`;
const partitions = (count: number, length: number): readonly string[] =>
  Array.from({ length: count }, (_, k) => insert(k, length));

const SIZE_WARNING =
  'Batch for [pr.t] is of size 9288, exceeding specified threshold of 5120 by 4168.';
const SPREAD_WARNING =
  'Unlogged batch covering 12 partitions detected against table [pr.t]. You should use a logged batch for atomicity, ' +
  'or asynchronous writes for performance.';

describe('what may stand in a batch message', () => {
  test.each<[string, BatchRequest['type'], readonly Statement[], string | null]>([
    ['nothing', 'LOGGED', [], null],
    [
      'a SELECT',
      'LOGGED',
      ['SELECT * FROM t'],
      'Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.',
    ],
    [
      'a batch',
      'LOGGED',
      [`BEGIN BATCH ${insert(1, 1)}; APPLY BATCH`],
      'Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.',
    ],
    [
      'schema',
      'LOGGED',
      ['CREATE TABLE x (k int PRIMARY KEY)'],
      'Invalid statement in batch: only UPDATE, INSERT and DELETE statements are allowed.',
    ],
    [
      'a counter, logged',
      'LOGGED',
      ['UPDATE cnt SET n=n+1 WHERE k=1'],
      'Cannot include a counter statement in a logged batch',
    ],
    [
      'counters and others',
      'UNLOGGED',
      ['UPDATE cnt SET n=n+1 WHERE k=1', insert(1, 1)],
      'Counter and non-counter mutations cannot exist in the same batch',
    ],
    [
      'others in a counter batch',
      'COUNTER',
      [insert(1, 1)],
      'Cannot include non-counter statement in a counter batch',
    ],
    ['a timestamp', 'LOGGED', ['INSERT INTO t (k,c) VALUES (1,1) USING TIMESTAMP 5'], null],
    [
      'too few values',
      'LOGGED',
      [['INSERT INTO t (k,c) VALUES (?,?)', Buffer.alloc(4)]],
      'There were 2 markers(?) in CQL but 1 bound variables',
    ],
  ])('%s (%s)', (_name, type, statements, message) => {
    const { response } = send(newNode(), type, statements);
    if (message === null) expect(response).toEqual({ kind: 'void' });
    else expect(response).toEqual({ kind: 'error', error: { code: 'INVALID', message } });
  });
});

describe('sizes', () => {
  test.each<[string, BatchRequest['type'], readonly string[], readonly string[]]>([
    ['one partition over the first threshold', 'LOGGED', [insert(1, 6000), insert(1, 1, 2)], []],
    ['one partition over the second', 'LOGGED', [insert(1, 60_000)], []],
    ['a logged batch over the first', 'LOGGED', partitions(12, 700), [SIZE_WARNING]],
    ['an unlogged one', 'UNLOGGED', partitions(12, 700), [SIZE_WARNING, SPREAD_WARNING]],
    ['many partitions', 'UNLOGGED', partitions(12, 1), [SPREAD_WARNING]],
    ['ten partitions', 'UNLOGGED', partitions(10, 1), []],
  ])('%s', (_name, type, statements, warnings) => {
    expect(send(newNode(), type, statements)).toEqual({ response: { kind: 'void' }, warnings });
  });

  test('over the second threshold nothing is written', () => {
    const node = newNode();
    const message = 'Batch too large';
    expect(send(node, 'LOGGED', partitions(12, 7000)).response).toEqual({
      kind: 'error',
      error: { code: 'INVALID', message },
    });
    expect(node.rows('SELECT k FROM t').rows).toEqual([]);
  });
});

describe('what a batch does', () => {
  test('writes all rows, those of one partition with one timestamp; the later of equal cells does not win by order', () => {
    const node = newNode();
    send(node, 'LOGGED', [
      insert(1, 1),
      insert(1, 2, 2),
      insert(2, 3),
      "UPDATE t SET v='a' WHERE k=1 AND c=1",
    ]);
    const { rows } = node.rows('SELECT k, c, v, writetime(v) FROM t');
    expect(rows.map(([k, c, v]) => [k?.at(3), c?.at(3), v?.toString()])).toEqual([
      [1, 1, 'x'],
      [1, 2, 'xx'],
      [2, 1, 'xxx'],
    ]);
    expect(new Set(rows.map((row) => row[3]?.toString('hex'))).size).toBe(1);
  });

  test('counts every counter statement, of the same row too', () => {
    const node = newNode();
    send(node, 'COUNTER', [
      'UPDATE cnt SET n=n+1 WHERE k=1',
      'UPDATE cnt SET n=n+5 WHERE k=1',
      'UPDATE cnt SET n=n-2 WHERE k=2',
    ]);
    const { rows } = node.rows('SELECT k, n FROM cnt');
    expect(rows.map(([k, n]) => [k?.at(3), Number(n?.readBigInt64BE())])).toEqual([
      [1, 6],
      [2, -2],
    ]);
  });

  test('appends to a list in order, from each statement', () => {
    const node = newNode();
    send(node, 'LOGGED', [
      'UPDATE l SET v=v+[1,2] WHERE k=1',
      'UPDATE l SET v=v+[3] WHERE k=1',
      'UPDATE l SET v=[0]+v WHERE k=1',
    ]);
    expect(node.rows('SELECT JSON v FROM l').rows[0]?.[0]?.toString()).toBe('{"v": [0, 1, 2, 3]}');
  });

  test('reads before it writes where a list index needs it', () => {
    const node = newNode();
    node.setUp('INSERT INTO l (k,v) VALUES (1,[1,2,3])', 'INSERT INTO l (k,v) VALUES (2,[4])');
    send(node, 'LOGGED', [
      'UPDATE l SET v[1]=9 WHERE k=1',
      'DELETE v[0] FROM l WHERE k=2',
      'INSERT INTO l (k,v) VALUES (3,[7])',
    ]);
    const { rows } = node.rows('SELECT JSON * FROM l');
    expect(rows.map((row) => row[0]?.toString()).sort()).toEqual([
      '{"k": 1, "v": [1, 9, 3]}',
      '{"k": 2, "v": null}',
      '{"k": 3, "v": [7]}',
    ]);
  });

  test('all or nothing by its conditions; a rejected one shows its rows', () => {
    const node = newNode();
    const statements = [1, 2].map(
      (c) => `INSERT INTO t (k,c,v) VALUES (77,${c},'${'ab'[c - 1]}') IF NOT EXISTS`,
    );
    expect(send(node, 'LOGGED', statements).response).toMatchObject({
      kind: 'rows',
      rows: [[Buffer.of(1)]],
    });
    const { response } = send(node, 'LOGGED', statements);
    if (response.kind !== 'rows') throw new Error(response.kind);
    expect(response.metadata.columns.map(({ name }) => name)).toEqual([
      '[applied]',
      'k',
      'c',
      'extra',
      'v',
    ]);
    expect(response.rows.map((row) => row.map((value) => value?.toString('hex') ?? null))).toEqual([
      ['00', '0000004d', '00000001', null, '61'],
      ['00', '0000004d', '00000002', null, '62'],
    ]);
  });

  test('takes prepared statements and binds each its own values', () => {
    const node = newNode();
    const { id } = node.prepare('INSERT INTO pr.t (k,c,v) VALUES (?,?,?)');
    node.send({
      kind: 'batch',
      ...PLAIN_HEADER,
      type: 'LOGGED',
      parameters: DEFAULT_PARAMETERS,
      statements: [1, 2, 3].map((k) => ({
        kind: 'prepared',
        id,
        values: [int(k), int(0), Buffer.from(`v${k}`)],
      })),
    });
    expect(
      node.rows('SELECT v FROM t WHERE k IN (1,2,3)').rows.map((row) => row[0]?.toString()),
    ).toEqual(['v1', 'v2', 'v3']);
  });

  test('USING TIMESTAMP of the batch holds for all', () => {
    const node = newNode();
    node.setUp(`BEGIN BATCH USING TIMESTAMP 42 ${insert(1, 1)}; ${insert(2, 1)}; APPLY BATCH`);
    expect(node.rows('SELECT writetime(v) FROM t').rows.map((row) => row[0]?.at(7))).toEqual([
      42, 42,
    ]);
  });
});
