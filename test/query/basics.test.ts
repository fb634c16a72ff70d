// Statements end to end on one node: what is written comes back.

import { describe, expect, test } from 'vitest';
import { int } from '../int-bytes.ts';
import { SingleNode } from './single-node.ts';

function node(): SingleNode {
  const one = new SingleNode();
  one.setUp(
    "CREATE KEYSPACE ks WITH replication={'class':'SimpleStrategy','replication_factor':1}",
    'USE ks',
    'CREATE TABLE kv (k int PRIMARY KEY, v int, t text)',
    'CREATE TABLE t (k int, c int, s int static, v text, PRIMARY KEY (k,c))',
  );
  return one;
}

describe('writing and reading', () => {
  test('text statements', () => {
    const one = node();
    one.setUp("INSERT INTO kv (k,v,t) VALUES (1,2,'x')", 'UPDATE kv SET v=3 WHERE k=1');
    const { rows, metadata } = one.rows('SELECT * FROM kv WHERE k=1');
    expect(rows).toEqual([[int(1), Buffer.from('x'), int(3)]]);
    expect(metadata.columns.map(({ name }) => name)).toEqual(['k', 't', 'v']);
  });

  test('prepared statements', () => {
    const one = node();
    const insert = one.prepare('INSERT INTO ks.t (k,c,v) VALUES (?,?,?)');
    expect(insert.partitionKeyIndexes).toEqual([0]);
    for (let c = 0; c < 5; c++) {
      expect(one.execute(insert.id, [int(1), int(c), Buffer.from(`v${c}`)]).response).toEqual({
        kind: 'void',
      });
    }
    const select = one.prepare('SELECT c, v FROM ks.t WHERE k=? AND c=?');
    expect(one.execute(select.id, [int(1), int(3)]).response).toMatchObject({
      rows: [[int(3), Buffer.from('v3')]],
    });
    const all = one.prepare('SELECT c FROM ks.t WHERE k=?');
    expect(one.execute(all.id, [int(1)]).response).toMatchObject({
      rows: [0, 1, 2, 3, 4].map((c) => [int(c)]),
    });
  });

  test('statics, deletes and ranges', () => {
    const one = node();
    one.setUp(
      'UPDATE t SET s=9 WHERE k=5',
      "INSERT INTO t (k,c,v) VALUES (6,1,'a')",
      "INSERT INTO t (k,c,v) VALUES (6,2,'b')",
      "INSERT INTO t (k,c,v) VALUES (6,3,'c')",
      'DELETE FROM t WHERE k=6 AND c>1',
    );
    expect(one.rows('SELECT k,c,s FROM t WHERE k=5').rows).toEqual([[int(5), null, int(9)]]);
    expect(one.rows('SELECT c FROM t WHERE k=6').rows).toEqual([[int(1)]]);
    expect(one.rows('SELECT count(*) FROM t').rows).toHaveLength(1);
  });
});
