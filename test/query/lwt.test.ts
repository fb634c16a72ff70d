// Conditional statements and what their answers look like, as recorded from a real node.

import { describe, expect, test } from 'vitest';
import type { RowsResult } from '../../src/protocol/responses/rows.ts';
import { int } from '../int-bytes.ts';
import { factText } from '../read-facts.ts';
import { wireTypeName } from '../wire-type-name.ts';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE e WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'CREATE TABLE e.lw (k int, c int, s int static, v int, w text, PRIMARY KEY (k,c))',
  );
  return node;
}

/** A result as the recording prints it. */
function printed({ metadata, rows }: RowsResult): string {
  const columns = metadata.columns.map(({ name, type }) => `('${name}', '${wireTypeName(type)}')`);
  const values = rows.map(
    (row) => `[${row.map((v) => (v === null ? 'None' : `'${v.toString('hex')}'`)).join(', ')}]`,
  );
  return `ROWS [${columns.join(', ')}] [${values.join(', ')}]`;
}

const LINES = factText('raw-checks.txt').split('\n');
const SHAPES = LINES.slice(LINES.indexOf('--- LWT shapes') + 1).flatMap((line) => {
  const match = /^(.*) -> (ROWS .*?)(?: 1)?$/.exec(line);
  return match === null ? [] : [{ cql: match[1] as string, answer: match[2] as string }];
});

describe('recorded', () => {
  const node = newNode();
  test.each(SHAPES)('$cql', ({ cql, answer }) => {
    expect(printed(node.rows(cql))).toBe(answer);
  });
});

const applied = (node: SingleNode, cql: string): boolean => node.rows(cql).rows[0]?.[0]?.[0] === 1;

function filled(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE e WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE e',
    'CREATE TYPE ut (a int, b text)',
    'CREATE TABLE c (k int PRIMARY KEY, v int, l list<int>, st set<int>, m map<text,int>, u ut, fu frozen<ut>, fl frozen<list<int>>)',
    "INSERT INTO c (k,v,l,st,m,u,fu,fl) VALUES (1,5,[1,2],{1,2},{'a':1},{a:1,b:'x'},{a:1,b:'x'},[1,2])",
  );
  return node;
}

describe('conditions', () => {
  test.each([
    ['v=5', true],
    ['v!=5', false],
    ['v>4', true],
    ['v>=6', false],
    ['v IN (1,5)', true],
    ['v IN ()', false],
    ['l=[1,2]', true],
    ['l=[2,1]', false],
    ['l>[1]', true],
    ['l[0]=1', true],
    ['l[1]=1', false],
    ['l[7]=null', true],
    ['l CONTAINS 2', true],
    ['l CONTAINS 9', false],
    ['st={2,1}', true],
    ['st CONTAINS 1', true],
    ['st!=null', true],
    ["m={'a':1}", true],
    ["m['a']=1", true],
    ["m['a']>1", false],
    ["m['z']=null", true],
    ["m CONTAINS KEY 'a'", true],
    ['m CONTAINS 1', true],
    ["u={a:1,b:'x'}", true],
    ['u.a=1', true],
    ["u.b='y'", false],
    ["fu={a:1,b:'x'}", true],
    ['fl=[1,2]', true],
    ['fl IN ([1,2],[3])', true],
    ['v=5 AND l[0]=2', false],
    ['v=null', false],
  ])('IF %s: %s', (condition, expected) => {
    expect(applied(filled(), `UPDATE c SET v=6 WHERE k=1 IF ${condition}`)).toBe(expected);
  });

  test('of an absent row only null holds', () => {
    const node = filled();
    expect(applied(node, 'UPDATE c SET v=6 WHERE k=9 IF v=5')).toBe(false);
    expect(applied(node, 'UPDATE c SET v=6 WHERE k=9 IF v!=5')).toBe(true);
  });

  test('a list index out of bound is the answer', () => {
    const node = filled();
    expect(node.query('UPDATE c SET l[7]=1 WHERE k=1 IF v=5').response).toMatchObject({
      error: { code: 'INVALID', message: 'List index 7 out of bound, list has size 2' },
    });
  });

  test('markers, in conditions too', () => {
    const node = filled();
    const { id, bindColumns } = node.prepare('UPDATE c SET v=? WHERE k=? IF v=? AND v IN ?');
    expect(bindColumns.map(({ name }) => name)).toEqual(['v', 'k', 'v', 'in(v)']);
    const list = Buffer.concat([int(1), int(4), int(5)]);
    const { response } = node.execute(id, [int(7), int(1), int(5), list]);
    expect(response).toMatchObject({ kind: 'rows', rows: [[Buffer.of(1)]] });
  });

  test('on a table of this node alone', () => {
    const node = new SingleNode();
    const insert =
      "INSERT INTO system.\"IndexInfo\" (table_name,index_name) VALUES ('ks','i') IF NOT EXISTS";
    expect(applied(node, insert)).toBe(true);
    expect(applied(node, insert)).toBe(false);
  });
});
