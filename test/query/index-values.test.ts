// Values that a secondary index cannot hold are refused, whichever way they are written.

import { describe, expect, test } from 'vitest';
import { SingleNode } from './single-node.ts';

function newNode(): SingleNode {
  const node = new SingleNode();
  node.setUp(
    "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE ks',
    'CREATE TABLE t (k int, c int, v text, m map<text,text>, s text static, free text, PRIMARY KEY (k,c))',
    'CREATE INDEX v_idx ON t(v)',
    'CREATE INDEX m_idx ON t(keys(m))',
    'CREATE INDEX s_idx ON t(s)',
  );
  return node;
}

const long = 'x'.repeat(65_535);
const text = (index: string, column: string): string =>
  `Cannot index value of size 65535 for index ${index} on ks.t(${column}) (maximum allowed size=65535)`;

describe('a value of 65,535 bytes', () => {
  test.each([
    ['INSERT', `INSERT INTO t (k,c,v) VALUES (1,1,'${long}')`, text('v_idx', 'v')],
    ['UPDATE', `UPDATE t SET m['${long}']='a' WHERE k=1 AND c=1`, text('m_idx', 'm')],
    ['a static', `UPDATE t SET s='${long}' WHERE k=1`, text('s_idx', 's')],
    [
      'a batch',
      `BEGIN BATCH INSERT INTO t (k,c,v) VALUES (1,1,'${long}'); APPLY BATCH`,
      text('v_idx', 'v'),
    ],
    [
      'a condition',
      `INSERT INTO t (k,c,v) VALUES (1,1,'${long}') IF NOT EXISTS`,
      text('v_idx', 'v'),
    ],
  ])('%s', (_name, cql, message) => {
    const node = newNode();
    expect(node.query(cql).response).toEqual({
      kind: 'error',
      error: { code: 'INVALID', message },
    });
    expect(node.rows('SELECT k FROM t').rows).toEqual([]);
  });

  test('is fine where no index looks', () => {
    const node = newNode();
    node.setUp(
      `INSERT INTO t (k,c,free) VALUES (1,1,'${long}')`,
      `INSERT INTO t (k,c,v) VALUES (1,2,'${long.slice(1)}')`,
      `UPDATE t SET m['a']='${long}' WHERE k=1 AND c=1`,
    );
  });
});
